"""The one runner of all connectors: an agency's transports in one process, started together and stopped together."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from connectors.broker_reach import BrokerReach
from connectors.decoding import LARGEST_BODY
from connectors.edge import Edge, Large
from connectors.journal import Journal, JournalInUse
from connectors.large_store import LargeStore
from connectors.registry import reader
from connectors.room import room_for
from connectors.senders import FETCHED, MLLP_AGENCIES, Sender, Senders, SendersRefused, is_loopback, load_senders
from connectors.transports.fetchers import Fetcher, fetcher
from connectors.transports.folder import DropFolder
from connectors.transports.http import HttpDoor, build_app
from connectors.transports.http_server import HttpServer, listen
from connectors.transports.mllp import MllpServer
from connectors.transports.partner_topic import PartnerTopics
from connectors.transports.pulled import Inlet
from connectors.transports.view_answers import ViewAnswers
from schemas.catalogue import AGENCIES, catalogue
from schemas.ports import Clock, DurableLog
from schemas.probe import probe_token
from schemas.reading import Hint
from schemas.settings import Settings
from schemas.trace import UNTRACED, Tracer

log = logging.getLogger("frontdoor.connector")

#: Seconds for what is under way when the process is told to stop; an append is decided before they are over.
DRAIN_SECONDS = 9
#: A record is more than its body: the other fields, and the batch around it.
_RECORD_MARGIN = 256 * 1024
#: Larger bodies are not read for the note in an HL7 answer: the sender is waiting.
_READ_FOR_A_NOTE = 256 * 1024


class CannotRun(Exception):
    """The settings do not allow this connector to run. The text says what to change."""


class TransportFailed(Exception):
    """A transport cannot work any more; the process must end and be started anew. Names the transport, no content."""


async def run_connector(
    agency: str,
    settings: Settings,
    clock: Clock,
    log: DurableLog,
    *,
    announce: Callable[[dict[str, str]], None],
    stop: asyncio.Event,
    give_up: asyncio.Future[BaseException] | None = None,
    tracer: Tracer = UNTRACED,
) -> None:
    """Run every transport of `agency` until `stop` is set, then drain.

    `announce` is called with the addresses when all of them serve. `give_up` resolves when the log is beyond repair.
    Raises `CannotRun` before anything is served, `TransportFailed` afterwards.
    """
    senders = _checked(agency, settings)
    try:
        journal = Journal(settings.run_dir / "journal" / f"{agency}.jsonl")
    except JournalInUse as error:
        raise CannotRun(str(error)) from None
    except OSError as error:
        raise CannotRun(f"The run directory {settings.run_dir} cannot be used: {error.strerror}.") from None
    large = Large(LargeStore(settings.large_store_dir), settings.log_message_bytes)
    connector = _Connector(agency, settings, Edge(agency, log, clock, large, tracer), journal, senders, stop)
    try:
        await connector.run(announce, give_up)
    finally:
        await connector.close()
        journal.close()


def _checked(agency: str, settings: Settings) -> Senders:
    if agency not in AGENCIES:
        raise CannotRun(f"There is no agency {agency}; there are {', '.join(AGENCIES)}.")
    largest = catalogue().topics[f"received.{agency}"].max_message_bytes - _RECORD_MARGIN
    if not 0 < settings.log_message_bytes <= largest:
        raise CannotRun(
            f"FRONTDOOR_LOG_MESSAGE_BYTES is {settings.log_message_bytes}; the log takes messages of 1 to {largest} bytes."
        )
    if not 0 < settings.max_message_bytes <= LARGEST_BODY:
        raise CannotRun(
            f"FRONTDOOR_MAX_MESSAGE_BYTES is {settings.max_message_bytes}; readers take messages of 1 to {LARGEST_BODY} bytes."
        )
    try:
        senders = load_senders(settings.senders_file)
        senders.check_reachable(agency, settings.bind)
        senders.check_secrets(agency)
    except SendersRefused as error:
        raise CannotRun(str(error)) from None
    return senders


class _Connector:
    """The transports of one agency. Ports are bound before anything is served, so that all serve or none."""

    def __init__(
        self,
        agency: str,
        settings: Settings,
        edge: Edge,
        journal: Journal,
        senders: Senders,
        stop: asyncio.Event,
    ) -> None:
        self._agency = agency
        self._settings = settings
        self._edge = edge
        self._journal = journal
        self._senders = senders
        self._room = room_for(settings.max_message_bytes)
        self._view = ViewAnswers(settings)
        self._stop = stop
        self._failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def run(
        self, announce: Callable[[dict[str, str]], None], give_up: asyncio.Future[BaseException] | None
    ) -> None:
        http_socket = self._listen(self._settings.http_port, "FRONTDOOR_HTTP_PORT")
        http = HttpServer(build_app(self._http_door()), drain_seconds=DRAIN_SECONDS - 1)
        mllp = [(self._mllp(sender), self._mllp_socket(sender)) for sender in self._mllp_senders()]
        folders = [self._folder(sender) for sender in self._senders.of(self._agency, "folder")]
        urls = {"http": f"http://{_address(http_socket)}", "folder": str(folders[0].incoming.resolve())}
        if mllp:
            urls["mllp"] = _address(mllp[0][1])
        partners = self._senders.of(self._agency, "kafka")
        if partners:
            urls["kafka"] = partners[0].topic_name
        for server, listener in mllp:
            await server.start(listener)
        tasks = [self._watched("http", http.serve([http_socket]))]
        tasks += [self._watched("folder", folder.run(self._stop)) for folder in folders]
        if partners:
            tasks.append(self._watched("partner topics", self._partners(partners).run(self._stop)))
        tasks += [self._watched(sender.id, self._fetcher(sender).run(self._stop)) for sender in self._fetched_senders()]
        await self._until_http_serves(http)
        announce(urls)
        if not self._failure.done():
            stopped = asyncio.create_task(self._stop.wait())
            ends: set[asyncio.Future[Any]] = {stopped, self._failure}
            if give_up is not None:
                ends.add(give_up)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
        if give_up is not None and give_up.done():
            self._fail(give_up.result())
        self._stop.set()
        http.should_exit = True
        await asyncio.gather(*(server.stop(DRAIN_SECONDS - 1) for server, _ in mllp))
        await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
        if self._failure.done():
            raise self._failure.result()

    async def close(self) -> None:
        await self._view.close()

    # -- the transports

    def _http_door(self) -> HttpDoor:
        return HttpDoor(
            edge=self._edge,
            journal=self._journal,
            senders=self._senders,
            room=self._room,
            view=self._view,
            limit=self._settings.max_message_bytes,
            loopback=is_loopback(self._settings.bind),
            reachable=BrokerReach(self._settings.bootstrap_servers, self._edge.topic),
            failed=self._fail,
            statement_key=self._settings.statement_key_file,
            probe_token=probe_token(self._settings.hash_key),
        )

    def _mllp_senders(self) -> tuple[Sender, ...]:
        return self._senders.of(self._agency, "mllp") if self._agency in MLLP_AGENCIES else ()

    def _mllp(self, sender: Sender) -> MllpServer:
        return MllpServer(
            self._edge,
            self._journal,
            sender,
            self._room,
            limit=self._settings.max_message_bytes,
            failed=self._fail,
            misgiving=self._misgiving,
        )

    def _mllp_socket(self, sender: Sender) -> socket.socket:
        if sender.port:
            return self._listen(sender.port, f"the port of sender {sender.id}")
        return self._listen(self._settings.mllp_port, "FRONTDOOR_MLLP_PORT")

    def _folder(self, sender: Sender) -> DropFolder:
        return DropFolder(
            self._edge,
            self._journal,
            sender,
            sender.drop_folder(self._settings.run_dir),
            limit=self._settings.max_message_bytes,
            stepped=self._settings.clock == "stepped",
        )

    def _partners(self, senders: tuple[Sender, ...]) -> PartnerTopics:
        return PartnerTopics(
            self._edge,
            self._journal,
            senders,
            self._settings.bootstrap_servers,
            limit=self._settings.max_message_bytes,
            stepped=self._settings.clock == "stepped",
        )

    def _fetched_senders(self) -> list[Sender]:
        return [sender for transport in FETCHED for sender in self._senders.of(self._agency, transport)]

    def _fetcher(self, sender: Sender) -> Fetcher:
        settings = self._settings
        inlet = Inlet(
            self._edge, self._journal, sender, limit=settings.max_message_bytes, stepped=settings.clock == "stepped"
        )
        return fetcher(inlet, settings.run_dir)

    def _misgiving(self, body: bytes) -> str:
        """Why a person will have to look at a stored message, as far as reading it once tells. Never raises."""
        if len(body) > _READ_FOR_A_NOTE:
            return ""
        try:
            reading = reader(self._agency)(body, Hint(content_type="application/hl7-v2", transport="mllp"))
        except Exception as error:
            return f"stored, but the hub's reader failed on it ({type(error).__name__}): a person will read it"
        if reading.outcome != "quarantined":
            return ""
        return f"stored, but it could not be read, a person will look at it: {reading.reason}"

    # -- binding, serving, failing

    def _listen(self, port: int, setting: str) -> socket.socket:
        try:
            return listen(self._settings.bind, port)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a port"
            raise CannotRun(f"Cannot listen on {self._settings.bind} port {port} ({reason}). Change {setting}.") from None

    async def _until_http_serves(self, server: HttpServer) -> None:
        while not server.started and not self._failure.done():
            await asyncio.sleep(0.005)

    def _watched(self, name: str, work: Awaitable[None]) -> asyncio.Task[None]:
        async def watch() -> None:
            try:
                await work
            except Exception as error:
                self._fail(TransportFailed(f"{name}: {type(error).__name__}"))
            else:
                if not self._stop.is_set():
                    self._fail(TransportFailed(f"{name}: ended by itself"))

        return asyncio.create_task(watch(), name=name)

    def _fail(self, error: BaseException) -> None:
        with contextlib.suppress(asyncio.InvalidStateError):
            self._failure.set_result(
                error if isinstance(error, TransportFailed) else TransportFailed(f"journal: {type(error).__name__}")
            )


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
