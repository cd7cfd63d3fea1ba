"""Other people's servers for the length of a test: their program or the image of docker-compose.yml, asked until they answer."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from .tools import CHECKOUT


def image_of(service: str) -> str:
    """The image that docker-compose.yml runs as this service."""
    return str(yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"][service]["image"])


def has_image(image: str) -> bool:
    """Whether a container engine answers here and has the image. It is not pulled."""
    if shutil.which("docker") is None:
        return False
    there = ["docker", "image", "inspect", image]
    return subprocess.run(there, capture_output=True, check=False, timeout=30).returncode == 0


def in_container(image: str, env: Mapping[str, str], *folders: Path) -> list[str]:
    """The command that runs an image on this machine's own network; `folders` are where they are here, to be read."""
    variables = [word for name in env for word in ("--env", name)]
    volumes = [word for folder in folders for word in ("--volume", f"{folder}:{folder}:ro")]
    return ["docker", "run", "--rm", "--init", "--network", "host", *variables, *volumes, image]


def free_port() -> int:
    """A port that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], health: str, log: Path, env: Mapping[str, str] | None = None) -> Iterator[None]:
    """A server, from its first answer of 200 at the address `health`. Fails the test with the end of what it logged."""
    with log.open("wb") as told:
        running = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdout=told, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 120
    try:
        while not _answers(health):
            assert running.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)
        yield
    finally:
        running.terminate()
        running.wait(60)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
