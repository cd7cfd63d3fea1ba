"""A small MESH: mailboxes over HTTP with the authentication, the paging, the chunks and the headers of the real one.

Written from the behaviour of NHS England's sandbox; `test_mesh_of_nhs_england` asks that itself.
"""

import hmac
import json
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

MAILBOX, PASSWORD, SHARED_KEY = "X26HUB", "mailbox password", "shared key"


@dataclass
class Letter:
    """A message in the mailbox. `fails_after` cuts the body of its last chunk off there, until set back to None."""

    chunks: list[bytes]
    headers: dict[str, str] = field(default_factory=dict)
    fails_after: int | None = None
    acknowledged: bool = False


class MeshSandbox:
    """The mailbox X26HUB on a free port. `letters` may be changed while it serves; `asked` lists what was asked, in order."""

    def __init__(self) -> None:
        self.letters: dict[str, Letter] = {}
        self.asked: list[str] = []
        #: What was sent from the mailbox: headers by lower-case names, and bytes.
        self.sent: list[tuple[dict[str, str], bytes]] = []
        self.password = PASSWORD
        self._used: set[str] = set()
        sandbox = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                sandbox._get(self)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if not sandbox._knows(self):
                    self.answer(403)
                elif urlsplit(self.path).path.endswith("/outbox"):
                    sandbox._take(self, body)
                else:
                    self.answer(200)

            def do_PUT(self) -> None:
                sandbox._put(self)

            def log_message(self, *_: Any) -> None:
                pass

            def answer(self, code: int, body: bytes = b"", headers: dict[str, str] | None = None, cut: int | None = None) -> None:
                self.send_response(code)
                for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body if cut is None else body[:cut])
                self.close_connection = self.close_connection or cut is not None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def _knows(self, request: Any) -> bool:
        """Whether a request proves that it knows the password and the shared key, with a token that was not used before."""
        token = request.headers.get("Authorization", "")
        scheme, _, rest = token.partition(" ")
        parts = rest.split(":")
        if scheme != "NHSMESH" or len(parts) != 5 or parts[0] != MAILBOX or token in self._used:
            return False
        self._used.add(token)
        mailbox, nonce, count, stamp, digest = parts
        said = f"{mailbox}:{nonce}:{count}:{self.password}:{stamp}".encode()
        return hmac.compare_digest(digest, hmac.new(SHARED_KEY.encode(), said, sha256).hexdigest())

    def _get(self, request: Any) -> None:
        if not self._knows(request):
            request.answer(403)
            return
        url = urlsplit(request.path)
        self.asked.append(f"GET {url.path}")
        place = url.path.removeprefix(f"/messageexchange/{MAILBOX}/inbox").strip("/").split("/")
        waiting = [name for name, letter in self.letters.items() if not letter.acknowledged]
        if place == [""]:
            asked = parse_qs(url.query)
            wanted = asked.get("workflow_filter", [""])[0]
            found = [one for one in waiting if wanted in ("", self.letters[one].headers.get("Mex-WorkflowID"))]
            body = json.dumps({"messages": found[: int(asked["max_results"][0])], "links": {"self": request.path}}).encode()
            request.answer(200, body, {"Content-Type": "application/vnd.mesh.v2+json"})
            return
        letter = self.letters.get(place[0])
        if letter is None:
            request.answer(404)
            return
        number = int(place[1]) if len(place) > 1 else 1
        last = number >= len(letter.chunks)
        headers = {
            "Content-Type": "application/octet-stream", "Mex-MessageType": "DATA", "Mex-MessageID": place[0], "Mex-To": MAILBOX,
            "Mex-Chunk-Range": f"{number}:{len(letter.chunks)}", **letter.headers,
        }  # fmt: skip
        request.answer(200 if last else 206, letter.chunks[number - 1], headers, letter.fails_after if last else None)

    def _take(self, request: Any, body: bytes) -> None:
        """A message for another mailbox; as MESH, 417 for one that does not exist."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("mex-to") == "NOBODY":
            request.answer(417, json.dumps({"detail": [{"event": "SEND", "code": "12", "msg": "Unregistered"}]}).encode())
            return
        self.sent.append((headers, body))
        request.answer(202, json.dumps({"message_id": f"M{len(self.sent)}"}).encode())

    def _put(self, request: Any) -> None:
        if not self._knows(request):
            request.answer(403)
            return
        self.asked.append(f"PUT {request.path}")
        name = request.path.split("/")[-3]
        self.letters[name].acknowledged = True
        request.answer(200)
