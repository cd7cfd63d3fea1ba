"""What is published: the source archive makes a wheel with every file of the product, and the documentation builds as a site."""

import os
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from ..examples.tools import CHECKOUT, run

ROOMS = ("schemas", "connectors", "streams", "ops", "bench")
#: With the pinned backend that is there: nothing is fetched.
BUILD = "import sys, setuptools.build_meta as backend; print(getattr(backend, 'build_' + sys.argv[1])(sys.argv[2]))"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product without what else is in a checkout: building leaves things behind."""
    copy = tmp_path_factory.mktemp("tree") / "frontdoor"
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for room in ROOMS:
        shutil.copytree(CHECKOUT / room, copy / room, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, copy)
    return copy


def product_files(tree: Path) -> set[str]:
    return {str(path.relative_to(tree)) for room in ROOMS for path in (tree / room).rglob("*") if path.is_file()}


def built(what: str, tree: Path, out: Path) -> Path:
    """A `sdist` or a `wheel` of a tree."""
    return out / run([sys.executable, "-c", BUILD, what, out], cwd=tree).splitlines()[-1]


def test_the_source_archive_makes_a_wheel_that_holds_every_file_of_the_product_and_no_other(tree: Path, tmp_path: Path) -> None:
    wanted = product_files(tree)
    assert "schemas/topics.yaml" in wanted and "ops/alerts/child-waiting.yml" in wanted
    with tarfile.open(built("sdist", tree, tmp_path)) as archive:
        archive.extractall(tmp_path / "sdist")
    [unpacked] = (tmp_path / "sdist").iterdir()
    assert product_files(unpacked) == wanted
    file = built("wheel", unpacked, tmp_path)
    with zipfile.ZipFile(file) as wheel:
        in_wheel = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert wanted - in_wheel == set(), "not in pyproject's package-data"
    assert in_wheel - wanted == set()
    installed = tmp_path / "installed"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check", "--target"]
    run([sys.executable, "-m", "pip", *install, installed, file])
    # `python -m ops --help`, and where that is from: the checkout is installed here too.
    program = "import ops, runpy; print(ops.__file__, flush=True); runpy.run_module('ops', run_name='__main__')"
    told = run([sys.executable, "-P", "-c", program, "--help"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)})
    assert told.startswith(str(installed)) and "reconcile" in told


def test_the_documentation_builds_as_a_site_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocstrings", reason="mkdocs and mkdocstrings are not installed")
    run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"], cwd=CHECKOUT)
    reference = (tmp_path / "site" / "reference.html").read_text()
    assert "Appends that count only when the broker has acknowledged them on disk" in reference
