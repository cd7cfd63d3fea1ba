"""From the recipients file to what the engine uses: an outlet, a writer and a policy for each recipient."""

from connectors.channels import SecretMissing
from connectors.delivery.addresses import (
    FolderAddress,
    HttpAddress,
    InboxAddress,
    MailAddress,
    MeshAddress,
    MllpAddress,
    SftpAddress,
)
from connectors.delivery.engine import Route
from connectors.delivery.no_address import NoAddress, nothing
from connectors.delivery.outcome import Outlet
from connectors.delivery.recipients import Recipient, RecipientsRefused
from connectors.delivery.schedule import Policy
from connectors.delivery.signing import BadSecret
from connectors.delivery.statement_item import with_statements
from connectors.registry import writer_for
from connectors.transports.folder_out import FolderOut
from connectors.transports.http_out import HttpOut
from connectors.transports.inbox_out import InboxOut
from connectors.transports.mail_out import MailOut
from connectors.transports.mesh_out import MeshOut
from connectors.transports.mllp_out import MllpOut
from connectors.transports.sftp_out import SftpOut
from connectors.transports.topic_out import TopicOut
from schemas.outbound import UNLISTED_SCHOOL
from schemas.ports import DurableLog

#: Ways on which one message waits for the one before it.
_ONE_AT_A_TIME = (MllpAddress, FolderAddress, InboxAddress, SftpAddress, MeshAddress, MailAddress)


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
            write=with_statements(writer_for(one.agency, one.format)),
            policy=one.policy(duty_manager),
            parallel=1 if isinstance(one.address, _ONE_AT_A_TIME) else one.parallel,
            attempt_seconds=one.attempt_seconds,
        )
    if any(one.school is not None for one in recipients):
        # Schools that are not listed: a person sees at once that nobody was told, and who must be found.
        policy = Policy(owner=duty_manager)
        routes[UNLISTED_SCHOOL] = Route(outlet=NoAddress(), write=nothing, policy=policy)
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
        case SftpAddress() as address:
            return SftpOut(address)
        case MeshAddress() as address:
            return MeshOut(address)
        case MailAddress() as address:
            return MailOut(address)
        case address:
            return TopicOut(address.topic, durable)
