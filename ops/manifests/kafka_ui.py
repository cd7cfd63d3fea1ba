"""The configuration of a Kafka UI (kafbat/kafka-ui) in which no field of a message can be read that may name anybody."""

import re
from typing import Any

from schemas.catalogue import Catalogue

MASK = "***"

#: Fields of the topics that name no child which are shown: ids, codes, keyed hashes, numbers and times. Whatever else such a
#: topic has is masked: the names and addresses of professionals, texts, and each new field until somebody has looked at it.
SHOWN = frozenset(
    "about absent agency areas at attempts authority_code authority_how band became candidates cap cause"
    " child_changed clock code contact_id contact_ids correction covers_since deliveries disposition due_at"
    " duplicate_of duty duty_from duty_to event_id event_ids evidence_event_id field file_name_hash flag_id guards"
    " happened_at happened_on hidden household index_size item_id kind level link link_id may_act model_version"
    " next_try_at normaliser notes offset opened opened_at opening other_contact outcome partition probe_id problem"
    " reason_code reason_hash reasons receipt_id received_at recipient record repaired_at repairs repeat_of"
    " restricted rests_on result review_id risk risk_changed round same score sender share sibling siblings since"
    " size started_at state step_at story_id team transport transport_id_hash twin type unsure vector verdict version"
    " was".split()
)
#: How the UI names the branch of a union that is not null: `{"long": 1}`, `{"Opened": {…}}`.
_BRANCHES = frozenset({"int", "long", "Opened", "Correction"})


def masked_topics(catalogue: Catalogue) -> str:
    """A regular expression of the topics of which every field is masked: all but those which are known to name no child, so
    that a topic nobody has thought of is masked too."""
    return _all_but(_open_topics(catalogue))


def configuration(catalogue: Catalogue, bootstrap: str, registry: str) -> dict[str, Any]:
    """The file's content."""
    masked, topics = masked_topics(catalogue), _open_topics(catalogue)
    replace = {"type": "REPLACE", "replacement": MASK}
    cluster = {
        "name": "frontdoor",
        "bootstrapServers": bootstrap,
        "schemaRegistry": registry,
        # Nothing is produced, deleted or changed from here.
        "readOnly": True,
        "masking": [
            {**replace, "topicKeysPattern": masked, "topicValuesPattern": masked},
            {**replace, "topicValuesPattern": _any_of(topics), "fieldsNamePattern": _all_but(SHOWN | _BRANCHES)},
        ],
    }
    return {"kafka": {"clusters": [cluster]}, "dynamic.config.enabled": False}


def _open_topics(catalogue: Catalogue) -> frozenset[str]:
    return frozenset(name for name, topic in catalogue.topics.items() if not topic.personal)


def _any_of(names: frozenset[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names))


def _all_but(names: frozenset[str]) -> str:
    return f"(?!(?:{_any_of(names)})$).*"
