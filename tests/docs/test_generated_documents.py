"""What is generated is up to date, is what outside validators accept, and shows examples that are true."""

import base64
import json
import re
from pathlib import Path

import pytest
from pydantic import create_model
from typer.testing import CliRunner

from ops.cli import app
from ops.documents import files
from ops.documents.asyncapi import asyncapi
from ops.documents.headers import headers_of
from schemas.avro import committed_versions
from schemas.catalogue import MODELS, catalogue, codec
from schemas.examples import EXAMPLES

from ..examples.tools import CHECKOUT, TOOLS, needs_file, needs_program, run

DOCS = CHECKOUT / "docs"
NODE = TOOLS / "node"
#: It shows what each validator says.
SHOWN = (DOCS / "schemas.md").read_text()


def test_every_generated_document_is_up_to_date() -> None:
    assert [str(path) for path in files.stale()] == [], "run ./frontdoor schemas write and commit the result"


def test_a_document_that_was_changed_by_hand_or_is_nobodys_is_found_and_mended(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    assert len(files.write(docs)) == len(files.wanted())
    (docs / "topics" / "flags.md").write_text("mine")
    (docs / "topics" / "gone.md").write_text("of a topic that is no more")
    assert [str(path) for path in files.write(docs)] == ["topics/flags.md", "topics/gone.md"]
    assert files.stale(docs) == []


def test_a_dry_run_names_the_schema_of_a_changed_model_and_all_that_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = create_model("Probe", __base__=MODELS["Probe"], __module__=MODELS["Probe"].__module__, extra=(str, ""))
    monkeypatch.setitem(MODELS, "Probe", changed)
    done = CliRunner().invoke(app, ["schemas", "write", "--dry-run"])
    assert done.exit_code == 0, done.output
    schema = f"schemas/avsc/Probe/v{len(committed_versions('Probe')) + 1}.avsc"
    topics = [f"docs/topics/{name}.md" for name, topic in catalogue().topics.items() if topic.record == "Probe"]
    documents = ["docs/asyncapi.yaml", "docs/json-schemas/Probe.schema.json", *sorted(topics)]
    assert json.loads(done.stdout)["would_write"] == [schema, *documents]
    assert not (CHECKOUT / schema).exists()
    monkeypatch.undo()
    assert files.stale() == []


@pytest.mark.parametrize("topic", sorted(catalogue().topics))
def test_the_example_on_a_topics_page_decodes_to_what_the_page_shows(topic: str) -> None:
    page = (DOCS / "topics" / f"{topic}.md").read_text()
    [shown] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    [raw] = re.findall(r"```\n([A-Za-z0-9+/=\n]+)```", page)
    decoded = codec(topic).decode(base64.b64decode(raw))
    assert decoded.model_dump(mode="json") == json.loads(shown)


@pytest.mark.parametrize("record", sorted(MODELS))
def test_a_json_schema_is_one_and_takes_the_example(record: str) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the package jsonschema is not installed")
    schema = json.loads((DOCS / "json-schemas" / f"{record}.schema.json").read_text())
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    example = json.loads(EXAMPLES[record].model_dump_json())
    validator(schema).validate(example)
    assert not validator(schema).is_valid({**example, "unheard_of": 1})


@needs_program("node")
@needs_file(NODE / "node_modules" / "ajv-formats")
def test_ajv_compiles_every_json_schema_strictly_and_takes_its_example(tmp_path: Path) -> None:
    examples = {name: json.loads(record.model_dump_json()) for name, record in EXAMPLES.items()}
    (tmp_path / "examples.json").write_text(json.dumps(examples))
    script = CHECKOUT / "tests" / "docs" / "validate_json_schemas.mjs"
    told = run(["node", script, NODE, DOCS / "json-schemas", tmp_path / "examples.json"])
    assert told == f"{len(MODELS)} schemas, 0 wrong\n"
    assert told in SHOWN


def test_the_asyncapi_document_has_every_topic_as_the_broker_has_it() -> None:
    document = asyncapi(catalogue())
    assert set(document["channels"]) == {*catalogue().topics, "partner.in", "partner.out"}
    for name, topic in catalogue().topics.items():
        binding = document["channels"][name]["bindings"]["kafka"]
        assert (binding["topic"], binding["partitions"]) == (name, catalogue().keyed_partitions)
        assert str(binding["topicConfiguration"]["retention.ms"]) == topic.config()["retention.ms"]
        [to] = document["channels"][name]["messages"].values()
        message = document["components"]["messages"][to["$ref"].split("/")[-1]]
        assert set(message["headers"]["properties"]) == {one.name for one in headers_of(name, catalogue())}
        assert message["payload"]["schema"] == committed_versions(topic.record)[-1].schema


@needs_program("node")
@needs_file(NODE / "node_modules" / "@asyncapi" / "parser")
def test_asyncapis_own_parser_accepts_the_document() -> None:
    # As the page writes it, folders relative to the checkout.
    told = run(["node", "tests/docs/validate_asyncapi.mjs", NODE.relative_to(CHECKOUT), "docs/asyncapi.yaml"], cwd=CHECKOUT)
    assert told.startswith(f"{len(catalogue().topics) + 2} channels")
    assert told in SHOWN
