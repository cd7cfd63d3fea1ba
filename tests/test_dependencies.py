"""What the product imports, its own requirements install: nothing works here only because a machine happens to have it."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from connectors import registry

from .test_launcher import CHECKOUT, normal

ROOMS = ("schemas", "connectors", "streams", "ops")

#: Needed only to write schemas.
DEVELOPMENT_ONLY = {"py_avro_schema"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def test_every_package_that_the_product_imports_is_a_requirement_of_it() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    wanted = {normal(requirement.partition("==")[0]) for requirement in project["dependencies"]}
    files = [path for room in ROOMS for path in sorted((CHECKOUT / room).rglob("*.py"))]
    assert len(files) > 200
    outside = {name: path for path in files for name in imports(path)}
    for ours in (*ROOMS, "bench", *sys.stdlib_module_names, *DEVELOPMENT_ONLY):
        outside.pop(ours, None)
    whose = packages_distributions()
    # The foundations of FastAPI and pydantic come with them at the version that they want.
    allowed = wanted | {"starlette", "pydantic-core"}
    undeclared = {
        name: str(path.relative_to(CHECKOUT))
        for name, path in outside.items()
        if not {normal(distribution) for distribution in whose.get(name, [])} & allowed
    }
    assert undeclared == {}


def test_a_reader_whose_package_is_missing_stops_intake_before_its_first_message(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.load_readers()
    registry.reader.cache_clear()
    monkeypatch.delitem(sys.modules, "connectors.fields.workbooks")
    for name in [name for name in sys.modules if name.startswith(("connectors.police", "connectors.fields.shapes"))]:
        monkeypatch.delitem(sys.modules, name)
    # What `import` finds for a package that is not installed.
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ImportError, match="openpyxl"):
        registry.load_readers()
    registry.reader.cache_clear()
