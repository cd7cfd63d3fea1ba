"""The health check of a container: ready is who has announced itself since it started, lives, and answers."""

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ops.endpoints import announce
from ops.ready import why_not_ready
from schemas.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]


def check(run_dir: Path) -> tuple[int, str]:
    environment = {"PATH": "", "PYTHONPATH": str(CHECKOUT), "FRONTDOOR_RUN_DIR": str(run_dir)}
    done = subprocess.run(
        [sys.executable, "-m", "ops.ready", "intake"], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_a_process_that_has_announced_itself_and_lives_is_ready(tmp_path: Path) -> None:
    assert check(tmp_path) == (1, "intake is not ready: it has not announced itself\n")
    announce(Settings(run_dir=tmp_path), "intake", {})
    assert check(tmp_path) == (0, "")


def test_one_that_has_ended_or_only_had_an_earlier_life_is_not(tmp_path: Path) -> None:
    announce(Settings(run_dir=tmp_path), "intake", {})
    file = tmp_path / "endpoints" / "intake.json"
    before = time.time() - 10 * 24 * 3600
    os.utime(file, (before, before))
    assert why_not_ready("intake", tmp_path) == "only an earlier process has announced itself"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    file.write_text(json.dumps({"pid": ended.pid, "urls": {}}))
    assert why_not_ready("intake", tmp_path) == "its process has ended"


def test_one_that_serves_must_answer_and_be_well(tmp_path: Path) -> None:
    class Answer(BaseHTTPRequestHandler):
        status = 200

        def do_GET(self) -> None:
            self.send_response(self.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    announce(Settings(run_dir=tmp_path), "intake", {"http": f"http://127.0.0.1:{server.server_address[1]}"})
    assert why_not_ready("intake", tmp_path) == ""
    Answer.status = 503
    assert why_not_ready("intake", tmp_path) == "it answers 503"
    server.shutdown()
    server.server_close()
    assert "it does not answer" in why_not_ready("intake", tmp_path)
