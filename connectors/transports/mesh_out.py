"""MESH out: one message an item into the recipient's mailbox. Its local id is the item's, the same in every repeat.

MESH takes a message for its mailbox; that nobody fetched it within five days comes back as a report into ours, which the
hub reads like any other message if the senders file lists that mailbox.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from mesh_client import MeshClient, MeshError

from connectors.delivery.addresses import MeshAddress
from connectors.delivery.outcome import Delivered, Failed, Outcome, Refused
from connectors.transports.mesh_connection import connect
from connectors.writing import Written
from schemas.outbound import OutboundItem

#: Seconds for one request.
_REQUEST_SECONDS = 25
_TAKEN = frozenset({200, 202})
#: Answers that say that the message, its recipient or its workflow is at fault.
_NEVER = frozenset({400, 413, 415, 417, 422})


class MeshOut:
    """Writes to one mailbox. Raises `SecretMissing` when made. MESH's client waits in this recipient's own thread."""

    def __init__(self, address: MeshAddress) -> None:
        self._address = address
        self._secrets = address.password.read(), address.shared_key.read()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mesh-out")
        self._client: MeshClient | None = None

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """One message."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._send, item, written)

    def _send(self, item: OutboundItem, written: Written) -> Outcome:
        try:
            # An item fits one chunk. The client's own sending of several looks at no answer but the first.
            answer = self._connected().send_chunk(
                self._address.to,
                written.body,
                1,
                1,
                workflow_id=self._address.workflow,
                local_id=item.item_id,
                filename=written.file_name,
                subject=f"Front Door: {item.kind.replace('_', ' ')}",
                content_type=written.content_type,
            )
        except OSError as error:
            self._disconnect()
            refused = getattr(error, "response", None)
            return Failed("unreachable" if refused is None else f"mesh_{refused.status_code}")
        except (MeshError, ValueError) as error:
            self._disconnect()
            return Failed(f"mesh_{type(error).__name__}")
        code = int(answer.status_code)
        if code in _TAKEN:
            return Delivered()
        return Refused(f"mesh_{code}") if code in _NEVER else Failed(f"mesh_{code}")

    def _connected(self) -> MeshClient:
        if self._client is None:
            # The engine tries again, and knows when.
            self._client = connect(self._address, *self._secrets, retries=0, timeout=_REQUEST_SECONDS)
        return self._client

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Let the connection go, without waiting for a MESH that hangs."""
        self._thread.submit(self._disconnect)
        self._thread.shutdown(wait=False)
