"""The harness's network does what a bad network does, and nothing else: bytes that pass are the bytes that were sent."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ops.chaos.proxy import Proxy


class Broker:
    """Answers every line with itself in capitals, and remembers what arrived."""

    def __init__(self) -> None:
        self.heard = b""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    self.heard += data
                    connection.sendall(data.upper())
            except OSError:
                return

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.close()


@pytest.fixture
def proxy(broker: Broker) -> Iterator[Proxy]:
    made = Proxy(lambda: broker.port)
    yield made
    made.close()


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def received(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := client.recv(65536)):
        data += more
    return data


def until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.01)


@pytest.mark.parametrize("mode", ["open", "slow"])
def test_what_passes_is_whole(proxy: Proxy, mode: str) -> None:
    proxy.set(mode)  # type: ignore[arg-type]
    sent = b"abcdefgh" * 3000
    with connect(proxy) as client:
        client.sendall(sent)
        assert received(client, len(sent)) == sent.upper()


def test_a_cut_ends_connections_refuses_new_ones_and_passes(proxy: Proxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"a")
        assert received(client, 1) == b"A"
        proxy.set("cut")
        with pytest.raises(ConnectionResetError):
            while client.recv(10):
                pass
    with pytest.raises(OSError), connect(proxy) as client:
        client.sendall(b"b")
        if client.recv(10) == b"":
            raise ConnectionResetError
    proxy.set("open")
    with connect(proxy) as client:
        client.sendall(b"c")
        assert received(client, 1) == b"C"


def test_half_open_delivers_what_is_written_and_swallows_the_answer(proxy: Proxy, broker: Broker) -> None:
    with connect(proxy) as client:
        proxy.set("half-open")
        client.sendall(b"written")
        until(lambda: broker.heard == b"written")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(10)
        # As a network that comes back: the connection is gone, and the writer does not know what became of it.
        proxy.set("open")
        client.settimeout(10)
        with pytest.raises(ConnectionResetError):
            client.recv(10)
