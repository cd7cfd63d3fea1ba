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
def wanted(newly: frozenset[str] = frozenset()) -> dict[Path, str]:
    """Every generated file under `docs/`, by its path there, with what it should hold: nothing yet, for what shows a schema
    of the records `newly`, which is not committed. Raises `NoExample`."""
    topics = catalogue()
    document = "" if newly else yaml.safe_dump(asyncapi(topics), sort_keys=False, allow_unicode=True, width=120)
    found = {Path("asyncapi.yaml"): document}
    for record in MODELS:
        found[Path("json-schemas") / f"{record}.schema.json"] = (
            json.dumps(json_schema(record), indent=2, ensure_ascii=False) + "\n"
        )
    for name, topic in topics.topics.items():
        found[Path("topics") / f"{name}.md"] = "" if topic.record in newly else topic_page(name, topics)
    found[Path("topics") / "index.md"] = index_page(topics)
    return found


def stale(docs: Path = DOCS, newly: frozenset[str] = frozenset()) -> list[Path]:
    """The files that are not as they should be, or will not be once the schemas of the records `newly` are committed, and
    those that nothing generates any more."""
    files = wanted(newly)
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
