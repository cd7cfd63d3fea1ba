"""What notices are configured to do, from the settings. Without a channel there is no process of theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from ops.notices.channels import Channel, Mail, SettingRefused, Webhook
from schemas.settings import Settings


@dataclass(frozen=True)
class Configured:
    """The channels, the times of the rounds (London), and who runs the hub, by mail address."""

    channels: Sequence[Channel]
    rounds: Sequence[time]
    operators: Sequence[str]


def is_configured(settings: Settings) -> bool:
    """Whether anybody can be told anything."""
    return bool(settings.smtp_url or settings.webhook_url)


def configured(settings: Settings) -> Configured:
    """The settings understood. Raises `SettingRefused`."""
    channels: list[Channel] = []
    if settings.smtp_url:
        channels.append(Mail.at(settings.smtp_url, settings.smtp_from))
    if settings.webhook_url:
        channels.append(Webhook.at(settings.webhook_url, settings.webhook_secret or ""))
    operators = _listed(settings.operators or "")
    if any("@" not in address for address in operators):
        raise SettingRefused("FRONTDOOR_OPERATORS must be mail addresses with commas between them")
    return Configured(channels, [_time(text) for text in _listed(settings.notice_times)], operators)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _time(text: str) -> time:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = time(0, 0, 1)
    if found.tzinfo is not None or found.second or found.microsecond:
        raise SettingRefused("FRONTDOOR_NOTICE_TIMES must be London times like 14:00,16:00,23:00")
    return found
