"""One page a topic, and their index: what is on it, who writes and reads it, and one example, decoded and raw."""

import base64
import json
from typing import Any

from ops.documents.headers import headers_of
from schemas.avro import committed_versions
from schemas.catalogue import Catalogue, Topic, codec
from schemas.examples import EXAMPLES

_NOTE = "<!-- Generated from schemas/topics.yaml: ./frontdoor schemas write -->"


class NoExample(LookupError):
    """A record model without an example. Names it, and where the example belongs."""


def topic_page(name: str, catalogue: Catalogue) -> str:
    """The Markdown page of a topic. Raises `NoExample`, and `KeyError` for a topic that is not in the catalogue."""
    topic = catalogue.topics[name]
    if topic.record not in EXAMPLES:
        raise NoExample(f"{topic.record} has no example in schemas/examples.py")
    versions = committed_versions(topic.record)
    example = EXAMPLES[topic.record]
    raw = base64.b64encode(codec(name).encode(example)).decode()
    decoded = json.dumps(json.loads(example.model_dump_json()), indent=2, ensure_ascii=False)
    facts = _facts(topic, catalogue) | {
        "Schema": f"subject `{name}-value`, " + ", ".join(f"version {v.version} has id {v.schema_id}" for v in versions)
    }
    return "\n".join([
        _NOTE, f"# `{name}`", "", topic.description, "",
        "| | |", "|---|---|", *(f"| {fact} | {value} |" for fact, value in facts.items()), "",
        f"## {topic.record}", "", _documentation(topic.record), "",
        "| Field | Type |", "|---|---|", *_fields(versions[-1].schema), "",
        "## Headers", "", "| Header | On every record | Meaning |", "|---|---|---|",
        *(f"| `{one.name}` | {'yes' if one.always else ''} | {one.meaning} |" for one in headers_of(name, catalogue)), "",
        "## Example", "", "Decoded:", "", "```json", decoded, "```", "",
        "As it stands on the topic, in base64: a zero byte, four bytes with the schema's id, Avro.", "",
        "```", *(raw[start : start + 100] for start in range(0, len(raw), 100)), "```", "",
    ])  # fmt: skip


def index_page(catalogue: Catalogue) -> str:
    """The Markdown index of all topic pages."""
    rows = (f"| [`{name}`]({name}.md) | {topic.record} | {topic.description} |" for name, topic in catalogue.topics.items())
    return "\n".join([_NOTE, "# Topics", "", "| Topic | Record | |", "|---|---|---|", *rows, ""])


def _facts(topic: Topic, catalogue: Catalogue) -> dict[str, str]:
    return {
        "Record": topic.record,
        "Key": topic.key,
        "Order": topic.order,
        "Partitions": str(catalogue.keyed_partitions),
        "Kept": "for ever" if topic.retention_days < 0 else f"{topic.retention_days} days",
        "Largest record": f"{topic.max_message_bytes} bytes",
        "Written by": ", ".join(topic.writers),
        "Read by": ", ".join(topic.readers),
        "Names a child": "yes" if topic.personal else "no",
    }


def _documentation(record: str) -> str:
    return " ".join((type(EXAMPLES[record]).__doc__ or "").split())


def _fields(schema: dict[str, Any]) -> list[str]:
    return [f"| `{field['name']}` | {_type(field['type'])} |" for field in schema["fields"]]


def _type(kind: Any) -> str:
    """An Avro type in a few words."""
    match kind:
        case list():
            others = [one for one in kind if one != "null"]
            return " or ".join(_type(one) for one in others) + (", or nothing" if len(others) < len(kind) else "")
        case {"type": "enum", "symbols": symbols}:
            return "one of " + ", ".join(f"`{symbol}`" for symbol in symbols)
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": "map", "values": values}:
            return f"map of {_type(values)}"
        case {"logicalType": logical}:
            return str(logical)
        case {"type": "record", "name": name}:
            return f"record {name}"
        case {"type": inner}:
            return _type(inner)
        case _:
            return str(kind)
