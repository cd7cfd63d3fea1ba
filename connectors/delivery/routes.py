"""From the recipients file to what the engine uses: an outlet, a writer and a policy for each recipient."""

from connectors.channels import SecretMissing
from connectors.delivery.engine import Route
from connectors.delivery.outcome import Outlet
from connectors.delivery.recipients import (
    FolderAddress,
    HttpAddress,
    InboxAddress,
    MllpAddress,
    Recipient,
    RecipientsRefused,
)
from connectors.delivery.signing import BadSecret
from connectors.registry import writer_for
from connectors.transports.folder_out import FolderOut
from connectors.transports.http_out import HttpOut
from connectors.transports.inbox_out import InboxOut
from connectors.transports.mllp_out import MllpOut
from connectors.transports.topic_out import TopicOut
from schemas.ports import DurableLog

#: Ways on which one message waits for the one before it.
_ONE_AT_A_TIME = (MllpAddress, FolderAddress, InboxAddress)


def routes_to(recipients: tuple[Recipient, ...], durable: DurableLog, duty_manager: str) -> dict[str, Route]:
    """A route to each recipient. Raises `RecipientsRefused` when one cannot be made, naming the recipient."""
    routes = {}
    for one in recipients:
        try:
            outlet = _outlet(one, durable)
        except (SecretMissing, BadSecret) as error:
            raise RecipientsRefused(f"Recipient {one.id}: {error}.") from None
        except OSError as error:
            raise RecipientsRefused(f"Recipient {one.id}: a certificate file cannot be used: {error.strerror}.") from None
        routes[one.id] = Route(
            outlet=outlet,
            write=writer_for(one.agency, one.format),
            policy=one.policy(duty_manager),
            parallel=1 if isinstance(one.address, _ONE_AT_A_TIME) else one.parallel,
            attempt_seconds=one.attempt_seconds,
        )
    return routes


def _outlet(recipient: Recipient, durable: DurableLog) -> Outlet:
    match recipient.address:
        case HttpAddress() as address:
            return HttpOut(address)
        case MllpAddress() as address:
            return MllpOut(address)
        case FolderAddress(path=path):
            return FolderOut(path)
        case InboxAddress() as address:
            return InboxOut(address)
        case address:
            return TopicOut(address.topic, durable)
