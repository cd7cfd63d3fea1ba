"""E-mail out: one message an item, its id in `Message-ID`, the same in every repeat; the partner's format as text or attachment.

Subject, headers and file name are made of ids and codes: a mail's envelope is read by many.
"""

import asyncio
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.delivery.addresses import MailAddress
from connectors.delivery.outcome import Delivered, Failed, Outcome, Refused
from connectors.writing import Written
from schemas.outbound import OutboundItem

#: Seconds for one answer of the mail server.
_ANSWER_SECONDS = 20.0
_DOMAIN = "frontdoor.invalid"


class MailOut:
    """Hands mail for one address to one server. Raises `SecretMissing`, and `OSError` for a certificate file, when made.

    smtplib waits in this recipient's own thread.
    """

    def __init__(self, address: MailAddress) -> None:
        self._address = address
        self._password = address.password.read() if address.password is not None else ""
        self._tls = ssl.create_default_context(cafile=str(address.ca_file) if address.ca_file else None)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail-out")

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """One message; taken once the server has answered for it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._send, mail_of(item, written, self._address))

    def _send(self, message: EmailMessage) -> Outcome:
        try:
            with self._connected() as server:
                server.send_message(message, self._address.sender, [self._address.to])
        except smtplib.SMTPRecipientsRefused as error:
            return _refused(next(iter(error.recipients.values()))[0])
        except smtplib.SMTPAuthenticationError:
            # A password that has run out is no message's fault.
            return Failed("smtp_login")
        except smtplib.SMTPResponseException as error:
            # Before the message itself, what a server says is about us and not about it.
            return _refused(error.smtp_code) if isinstance(error, smtplib.SMTPDataError) else Failed(f"smtp_{error.smtp_code}")
        except ssl.SSLError:
            return Failed("smtp_tls")
        except smtplib.SMTPException as error:
            return Failed(f"smtp_{type(error).__name__}")
        except OSError:
            return Failed("unreachable")
        return Delivered()

    def _connected(self) -> smtplib.SMTP:
        address = self._address
        if address.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(address.host, address.port, timeout=_ANSWER_SECONDS, context=self._tls)
        else:
            server = smtplib.SMTP(address.host, address.port, timeout=_ANSWER_SECONDS)
        try:
            if address.security == "starttls":
                server.starttls(context=self._tls)
            if address.user:
                server.login(address.user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    async def close(self) -> None:
        """Nothing is kept open between two messages."""
        self._thread.shutdown(wait=False)


def _refused(code: int) -> Outcome:
    """What a server says about a message or its recipient: 5xx never, anything else later."""
    return Refused(f"smtp_{code}") if 500 <= code < 600 else Failed(f"smtp_{code}")


def mail_of(item: OutboundItem, written: Written, address: MailAddress) -> EmailMessage:
    """The message: text as its body, anything else as an attachment under a line that says what it is. Pure."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=300))
    what = item.kind.replace("_", " ")
    message["Subject"] = f"Front Door: {what} {item.item_id}"
    message["From"] = address.sender
    message["To"] = address.to
    message["Date"] = format_datetime(item.at)
    message["Message-ID"] = f"<{item.item_id}@{_DOMAIN}>"
    # So that no holiday note answers it, and no loop begins.
    message["Auto-Submitted"] = "auto-generated"
    main, _, kind = written.content_type.partition(";")[0].partition("/")
    if (main, kind) == ("text", "plain"):
        message.set_content(written.body.decode())
        return message
    message.set_content(f"Attached: {what} from the children's front door.\n")
    message.add_attachment(written.body, maintype=main, subtype=kind, filename=written.file_name)
    return message
