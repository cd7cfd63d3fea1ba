"""Partners' systems on this machine, for the tests of what the hub fetches."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ..running import eventually


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of its own: the URL of its database."""
    found = shutil.which("initdb") or next(iter(sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))[::-1]), "")
    if not found:
        pytest.skip("PostgreSQL's server (initdb) is not installed")
    binaries = Path(found).resolve().parent
    base = tmp_path_factory.mktemp("postgres")
    account: dict[str, Any] = {}
    if os.getuid() == 0:
        # The server refuses to run as root.
        nobody = pwd.getpwnam("nobody")
        account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        base = Path("/tmp") / f"frontdoor-postgres-{os.getpid()}"
        base.mkdir(mode=0o700)
        os.chown(base, nobody.pw_uid, nobody.pw_gid)
    try:
        subprocess.run(
            [binaries / "initdb", "-D", base / "data", "-U", "frontdoor", "-A", "trust", "--no-sync"],
            check=True, capture_output=True, cwd=base, **account,
        )  # fmt: skip
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with (tmp_path_factory.mktemp("log") / "postgres.log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", base / "data", "-p", str(port), "-h", "127.0.0.1", "-k", "", "-F"],
                stdout=log, stderr=log, cwd=base, **account,
            )  # fmt: skip
        try:
            url = f"postgresql+psycopg://frontdoor@127.0.0.1:{port}/postgres"
            eventually(lambda: _answers(url), 60)
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    finally:
        if os.getuid() == 0:
            shutil.rmtree(base, ignore_errors=True)


def _answers(url: str) -> bool:
    engine = sa.create_engine(url)
    try:
        with engine.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], sa.Engine]]:
    """An empty database of a dialect: `sqlite` or `postgresql`."""
    made: list[sa.Engine] = []

    def make(dialect: str) -> sa.Engine:
        if dialect == "sqlite":
            url = f"sqlite:///{tmp_path}/their.db"
        else:
            server = sa.create_engine(request.getfixturevalue("postgres"), isolation_level="AUTOCOMMIT")
            name = f"b{uuid.uuid4().hex}"
            with server.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            url = server.url.set(database=name).render_as_string(hide_password=False)
            server.dispose()
        made.append(sa.create_engine(url))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()
