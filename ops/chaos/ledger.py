"""What was sent and what was acknowledged, as lines of JSON: written by who sends, read by a program that is not ours."""

import json
import threading
import time
from pathlib import Path
from typing import Any


class Ledger:
    """Appends lines to a file; from several threads. Every line has the machine's time, in seconds, as `at`."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, what: str, **facts: Any) -> None:
        """One line, out of this process when this returns."""
        line = json.dumps({"what": what, "at": time.time(), **facts})
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """No more lines."""
        with self._lock:
            self._file.close()
