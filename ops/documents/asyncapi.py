"""The AsyncAPI 3 document: every topic with its broker settings, every record with its Avro schema, who reads what.

Names of the Kafka bindings: asyncapi/bindings, kafka/README.md.
"""

from typing import Any

from ops.documents.headers import Header, headers_of, partner_in_headers, partner_out_headers
from schemas.avro import committed_versions
from schemas.catalogue import MODELS, Catalogue, Kept

_BINDING = "0.5.0"
_AVRO = "application/vnd.apache.avro+json;version=1.9.0"
#: Where AsyncAPI knows the setting; the others stand in the catalogue.
_LISTS, _NUMBERS = ("cleanup.policy",), ("retention.ms", "max.message.bytes")


def asyncapi(catalogue: Catalogue) -> dict[str, Any]:
    """The document as plain data. Pure."""
    messages = {_message_name(name, catalogue): _message(name, catalogue) for name in catalogue.topics}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Front Door",
            "version": f"{catalogue.version}.0.0",
            "description": "The topics of a messaging hub for children's safeguarding partnerships. Values are Avro in "
            "Confluent's wire format; the hub's registry gives the schema of an id.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/avro",
        "channels": {
            **{name: _channel(name, topic, topic.record, catalogue) for name, topic in catalogue.topics.items()},
            "partner.in": _partner_channel(
                "in",
                catalogue.partner_in,
                partner_in_headers(),
                catalogue,
                "A message in any format of its sector, as the partner's own system writes it.",
            ),
            "partner.out": _partner_channel(
                "out",
                catalogue.partner_out,
                partner_out_headers(),
                catalogue,
                "A message in the format that the recipients file names for the organisation.",
            ),
        },
        "operations": dict(_operations(catalogue)),
        "components": {"messages": dict(sorted(messages.items()))},
    }


def _channel(name: str, topic: Kept, record: str, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "address": name,
        "description": topic.description,
        "messages": {record: {"$ref": f"#/components/messages/{_message_name(name, catalogue)}"}},
        "bindings": {"kafka": _topic_binding(name, topic, catalogue)},
    }


def _partner_channel(way: str, topic: Kept, headers: list[Header], catalogue: Catalogue, summary: str) -> dict[str, Any]:
    name = f"partner.{{organisation}}.{way}"
    named_in = "senders" if way == "in" else "recipients"
    binding = _topic_binding(name, topic, catalogue)
    del binding["topic"]
    return {
        "address": name,
        "description": topic.description,
        "parameters": {"organisation": {"description": f"The partner organisation's name in the {named_in} file."}},
        "messages": {
            "PartnerMessage": {
                "contentType": "application/octet-stream",
                "summary": summary,
                "headers": _headers(headers),
                "payload": {"type": "string"},
            }
        },
        "bindings": {"kafka": binding},
    }


def _topic_binding(name: str, topic: Kept, catalogue: Catalogue) -> dict[str, Any]:
    settings = topic.config()
    known: dict[str, Any] = {setting: settings[setting].split(",") for setting in _LISTS}
    known |= {setting: int(settings[setting]) for setting in _NUMBERS}
    return {
        "topic": name, "partitions": catalogue.keyed_partitions, "topicConfiguration": known, "bindingVersion": _BINDING,
    }  # fmt: skip


def _operations(catalogue: Catalogue) -> list[tuple[str, dict[str, Any]]]:
    """What each part of the hub does with each topic; workers read as a consumer group of their own name."""
    workers = {name.removesuffix("-rows") for name in catalogue.changelogs}
    found = []
    for name, topic in catalogue.topics.items():
        channel = {"$ref": f"#/channels/{name}"}
        for writer in topic.writers:
            found.append((f"{writer}.send.{name}", {"action": "send", "channel": channel}))
        for reader in topic.readers:
            operation: dict[str, Any] = {"action": "receive", "channel": channel}
            if reader in workers:
                group = {"type": "string", "enum": [f"frontdoor-{reader}"]}
                operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": _BINDING}}
            found.append((f"{reader}.receive.{name}", operation))
    found.append(("connector.receive.partner.in", {"action": "receive", "channel": {"$ref": "#/channels/partner.in"}}))
    found.append(("delivery.send.partner.out", {"action": "send", "channel": {"$ref": "#/channels/partner.out"}}))
    return found


def _message_name(name: str, catalogue: Catalogue) -> str:
    """The record's name, except where records of one kind have other headers than on their first topic."""
    record = catalogue.topics[name].record
    first = next(topic for topic, entry in catalogue.topics.items() if entry.record == record)
    return record if headers_of(name, catalogue) == headers_of(first, catalogue) else f"{record}.{name}"


def _headers(headers: list[Header]) -> dict[str, Any]:
    required = [one.name for one in headers if one.always]
    return {
        "type": "object",
        **({"required": required} if required else {}),
        "properties": {one.name: {"type": "string", "description": one.meaning} for one in headers},
    }


def _message(name: str, catalogue: Catalogue) -> dict[str, Any]:
    record = catalogue.topics[name].record
    told = (MODELS[record].__doc__ or "").strip().split("\n")[0]
    return {
        "name": f"frontdoor.{record}",
        "title": record,
        "summary": told,
        "contentType": "application/avro",
        "headers": _headers(headers_of(name, catalogue)),
        "payload": {"schemaFormat": _AVRO, "schema": committed_versions(record)[-1].schema},
        "bindings": {
            "kafka": {
                "key": {"type": "string"},
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "bindingVersion": _BINDING,
            }
        },
    }
