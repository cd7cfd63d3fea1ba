"""The generated documents as files: what each should hold, which are stale, and writing them."""

import json
from functools import cache
from pathlib import Path

import yaml

from ops.documents.asyncapi import asyncapi
from ops.documents.json_schemas import json_schema
from ops.documents.topic_pages import index_page, topic_page
from schemas.catalogue import MODELS, catalogue

DOCS = Path(__file__).resolve().parents[2] / "docs"


@cache
def wanted() -> dict[Path, str]:
    """Every generated file under `docs/`, by its path there, with what it should hold. Raises `NoExample`."""
    topics = catalogue()
    found = {Path("asyncapi.yaml"): yaml.safe_dump(asyncapi(topics), sort_keys=False, allow_unicode=True, width=120)}
    for record in MODELS:
        found[Path("json-schemas") / f"{record}.schema.json"] = (
            json.dumps(json_schema(record), indent=2, ensure_ascii=False) + "\n"
        )
    for name in topics.topics:
        found[Path("topics") / f"{name}.md"] = topic_page(name, topics)
    found[Path("topics") / "index.md"] = index_page(topics)
    return found


def stale(docs: Path = DOCS) -> list[Path]:
    """The files that are not as they should be, and those that nothing generates any more."""
    files = wanted()
    changed = [path for path, text in files.items() if not (docs / path).is_file() or (docs / path).read_text() != text]
    there = {path.relative_to(docs) for folder in ("json-schemas", "topics") for path in (docs / folder).glob("*")}
    return sorted([*changed, *(there - set(files))])


def write(docs: Path = DOCS) -> list[Path]:
    """Bring every file up to date; returns those that changed."""
    files = wanted()
    changed = stale(docs)
    for path in changed:
        if path not in files:
            (docs / path).unlink()
            continue
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
        (docs / path).write_text(files[path])
    return changed
