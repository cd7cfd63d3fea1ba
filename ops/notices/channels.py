"""The ways out: mail over SMTP, and a signed webhook. Each delivers one notice or says why not.

The webhook is signed as what leaves for partners is: see `connectors.delivery.signing`.
"""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx

from connectors.delivery.signing import BadSecret, key_of, signature_headers
from ops.mail_address import mail_address
from ops.notices.outbox import Delivery

#: A folded subject reads badly in some mail programs; the protocol allows lines of 998.
_UNFOLDED = SMTP.clone(max_line_length=300)
#: What is wrong with one message or its recipient, and not with the server.
_OF_ONE_MESSAGE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError, ValueError)
_SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class NotDelivered(Exception):
    """The other side did not take it; says why, without anything of the notice. `everything`: nothing else would get
    through either, so there is no point in trying the rest now."""

    def __init__(self, why: str, everything: bool) -> None:
        super().__init__(why)
        self.everything = everything


class SettingRefused(ValueError):
    """A setting of a channel cannot be used; says which and what to write."""


class Channel(Protocol):
    """One way out."""

    @property
    def name(self) -> str:
        """What the outbox calls it."""
        ...

    def deliver(self, delivery: Delivery, now: datetime) -> None:
        """Returns once the other side has taken it. Raises `NotDelivered`."""
        ...


@dataclass(frozen=True)
class Mail:
    """Mail over SMTP: `smtp://`, `smtp+starttls://` or `smtps://`, with `user:password@` where the server asks for them."""

    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str
    timeout: float = 20.0
    name: str = "mail"

    @classmethod
    def at(cls, url: str, sender: str) -> "Mail":
        """The server of a URL. Raises `SettingRefused`."""
        try:
            parts = urlsplit(url)
            port = parts.port or _SCHEMES[parts.scheme]
            if not parts.hostname:
                raise KeyError
        except (ValueError, KeyError):
            raise SettingRefused("FRONTDOOR_SMTP_URL must be like smtp://host:25, smtp+starttls://… or smtps://…") from None
        if "@" not in parseaddr(sender)[1]:
            raise SettingRefused("FRONTDOOR_SMTP_FROM must be an address, like frontdoor@council.example")
        return cls(parts.hostname, port, parts.scheme, unquote(parts.username or ""), unquote(parts.password or ""), sender)

    def deliver(self, delivery: Delivery, now: datetime) -> None:
        """Hand one message over."""
        try:
            with self._connected() as server:
                refused = server.send_message(self._message(delivery), parseaddr(self.sender)[1], [delivery.address])
        except _OF_ONE_MESSAGE as error:
            raise NotDelivered(f"one message cannot be mailed ({type(error).__name__})", everything=False) from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotDelivered(f"the mail server did not take it ({type(error).__name__})", everything=True) from None
        if refused:
            raise NotDelivered("the mail server refused the recipient", everything=False)

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.security == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        if self.security == "smtp+starttls":
            server.starttls(context=context)
        if self.user:
            server.login(self.user, self.password)
        return server

    def _message(self, delivery: Delivery) -> EmailMessage:
        message = EmailMessage(policy=_UNFOLDED)
        message["Subject"] = delivery.subject
        message["From"] = self.sender
        message["To"] = mail_address(delivery.address, delivery.name)
        message["Date"] = format_datetime(delivery.queued_at)
        # The same in every try, so that a mail system can tell a repeat from a second message.
        message["Message-ID"] = f"<{delivery.message_id}@frontdoor.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(delivery.text)
        return message


@dataclass(frozen=True)
class Webhook:
    """A POST of JSON to `url`, signed with `secret`. Redirects are not followed."""

    url: str
    secret: bytes
    timeout: float = 10.0
    name: str = "webhook"

    @classmethod
    def at(cls, url: str, secret: str) -> "Webhook":
        """The receiver of a URL. A secret `whsec_…` is base64, any other is taken as it is. Raises `SettingRefused`."""
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise SettingRefused("FRONTDOOR_WEBHOOK_URL must be an http or https address")
        if not secret:
            raise SettingRefused("FRONTDOOR_WEBHOOK_SECRET is missing: the receiver could not tell who is speaking")
        try:
            return cls(url, key_of(secret))
        except BadSecret:
            raise SettingRefused("FRONTDOOR_WEBHOOK_SECRET begins with whsec_, but what follows is not base64") from None

    def deliver(self, delivery: Delivery, now: datetime) -> None:
        """Post one notice."""
        body = delivery.data.encode()
        signature = signature_headers(self.secret, delivery.message_id, body, int(now.timestamp()))
        headers = {"content-type": "application/json", **signature}
        try:
            answer = httpx.post(self.url, content=body, headers=headers, timeout=self.timeout)
        except httpx.HTTPError as error:
            raise NotDelivered(f"the webhook's receiver was not reached ({type(error).__name__})", everything=True) from None
        if not answer.is_success:
            raise NotDelivered(f"the webhook's receiver answered {answer.status_code}", everything=answer.status_code >= 500)
