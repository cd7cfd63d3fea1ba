"""The base of every record that travels on a topic."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _to_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time on a topic needs an offset; give UTC")
    return value.astimezone(UTC)


#: An instant, always kept in UTC; a naive time is refused, because nobody could say which day it is.
Instant = Annotated[datetime, AfterValidator(_to_utc)]


class Record(BaseModel):
    """An immutable record; unknown fields are an error, so that drift shows in tests and not in production."""

    model_config = ConfigDict(frozen=True, extra="forbid")
