"""CloudEvents 1.0 in Kafka's binary mode: the headers of every record that the hub writes."""

from datetime import datetime


def cloud_event(
    of: str, kind: str, source: str, at: datetime, content_type: str = "application/avro"
) -> tuple[tuple[str, bytes], ...]:
    """The headers of the record `of` (its id) of a kind, as `/frontdoor/<source>` writes it. Ids, times and kinds; never
    content."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": of,
        "ce_type": f"frontdoor.{kind}",
        "ce_source": f"/frontdoor/{source}",
        "ce_time": at.isoformat(),
        "content-type": content_type,
    }
    return tuple((name, value.encode()) for name, value in headers.items())
