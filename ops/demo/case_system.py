"""A simulated case system: a real client of `outbound.social_care` that acknowledges every referral it is given.

Run as a process of its own, with kafka-python as a partner would use it. It commits an item only after the hub has
given a receipt for the answer.
"""

import itertools
import json
import os
import sys
import time
from typing import Any

import httpx
from kafka import KafkaConsumer  # type: ignore[import-untyped]

from connectors.social_care.write import write
from ops.children import Child, Children
from ops.endpoints import endpoint
from schemas.catalogue import codec
from schemas.settings import Settings

GROUP = "case-system"
TOPIC = "outbound.social_care"


class CaseSystem:
    """The process, seen from outside."""

    def __init__(self, settings: Settings) -> None:
        self._children = Children()
        env = {
            **os.environ,
            "FRONTDOOR_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "FRONTDOOR_RUN_DIR": str(settings.run_dir),
        }
        self.child: Child = self._children.spawn(
            [sys.executable, "-m", "ops.demo.case_system"], log=settings.run_dir / "logs" / "case-system.log", env=env
        )

    def close(self) -> None:
        """End it."""
        self._children.close()


def main() -> None:
    """Answer until killed."""
    settings = Settings()
    consumer = KafkaConsumer(
        TOPIC,
        bootstrap_servers=settings.bootstrap_servers,
        group_id=GROUP,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    decode = codec(TOPIC).decode
    url = _url(settings)
    with httpx.Client(base_url=url, timeout=20.0) as http:
        for number in itertools.count(1):
            message = next(consumer)
            item = decode(message.value)
            if item.kind == "referral":
                _acknowledge(http, json.loads(write(item)), number)
            consumer.commit()


def _acknowledge(http: httpx.Client, referral: dict[str, Any], number: int) -> None:
    """Say that a referral has come, under the contact id that it asks to be echoed."""
    body = {
        "event": "acknowledged",
        "frontdoor_contact_id": referral["frontdoor_contact_id"],
        "by": "Case system",
        "case_number": f"LCS-{number:06d}",
    }
    while True:
        answer = http.post("/case-events", content=json.dumps(body), headers={"Idempotency-Key": referral["message_id"]})
        if answer.status_code == 202:
            return
        if answer.status_code != 503:
            answer.raise_for_status()
        # The hub could not keep it: as a partner must, wait and send it again under the same key.
        time.sleep(float(answer.headers.get("Retry-After", "1")))


def _url(settings: Settings) -> str:
    found = endpoint(settings, "connector-social_care")
    if found is None:
        raise SystemExit("the social care connector is not running")
    return str(found["urls"]["http"])


if __name__ == "__main__":
    main()
