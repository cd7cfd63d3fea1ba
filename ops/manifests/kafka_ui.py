"""The configuration of a Kafka UI (kafbat/kafka-ui) in which no message that may name a child can be read."""

import re
from typing import Any

from schemas.catalogue import Catalogue


def masked_topics(catalogue: Catalogue) -> str:
    """A regular expression of the topics that are masked: all but those which are known to name nobody, so that a topic
    nobody has thought of is masked too."""
    open_topics = "|".join(re.escape(name) for name, topic in catalogue.topics.items() if not topic.personal)
    return f"(?!(?:{open_topics})$).*"


def configuration(catalogue: Catalogue, bootstrap: str, registry: str) -> dict[str, Any]:
    """The file's content. Every field of a masked topic is replaced: a new one must not be forgotten either."""
    pattern = masked_topics(catalogue)
    cluster = {
        "name": "frontdoor",
        "bootstrapServers": bootstrap,
        "schemaRegistry": registry,
        # Nothing is produced, deleted or changed from here.
        "readOnly": True,
        "masking": [{"type": "REPLACE", "replacement": "***", "topicKeysPattern": pattern, "topicValuesPattern": pattern}],
    }
    return {"kafka": {"clusters": [cluster]}, "dynamic.config.enabled": False}
