"""The text of a scrape: what it promises to Prometheus, and that the page of metrics lists what there is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ops.metrics.distribution import BOUNDS, Distribution, Histogram
from ops.metrics.exposition import Sample, exposition
from ops.metrics.names import METRICS, OWN

from .reading import series

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs" / "metrics.md").read_text()
ALERTS = sorted((ROOT / "ops" / "alerts").glob("*.yml"))

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here: apt package prometheus")


def one_of_each() -> list[Sample | Histogram]:
    took = Distribution()
    took.observe(0.2)
    return [
        took.told(metric.name, *labels) if metric.kind == "histogram" else Sample(metric.name, 1.5, labels)
        for metric in (*METRICS, *OWN) for labels in [("a",) * len(metric.labels)]
    ]  # fmt: skip


def promtool(*arguments: str, text: str = "") -> str:
    run = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_the_page_lists_every_metric_as_it_is_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (gauge|counter|histogram) \| (.*?) ?\| (.*) \|$", DOC, re.MULTILINE)
    there = {(name, kind, tuple(re.findall(r"`(\w+)`", labels)), meaning) for name, kind, labels, meaning in rows}
    assert there == {(one.name, one.kind, one.labels, one.meaning) for one in (*METRICS, *OWN)}


def test_names_follow_the_conventions() -> None:
    for metric in (*METRICS, *OWN):
        assert re.fullmatch(r"(frontdoor|kafka|process)_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter")


@given(st.lists(st.floats(0, 100)))
def test_a_histogram_counts_each_observation_once_and_says_within_how_long(observed: list[float]) -> None:
    took = Distribution()
    for seconds in observed:
        took.observe(seconds)
    found = series(exposition([took.told("frontdoor_probe_seconds", "health")]))
    within = {dict(labels)["le"]: number for labels, number in found["frontdoor_probe_seconds_bucket"].items()}
    assert within == {
        **{repr(end): sum(seconds <= end for seconds in observed) for end in BOUNDS}, "+Inf": len(observed)
    }  # fmt: skip
    assert found["frontdoor_probe_seconds_sum"].popitem()[1] == pytest.approx(sum(observed))


@given(st.text())
def test_any_text_in_a_label_stays_in_its_label(text: str) -> None:
    start, end = 'frontdoor_quarantine{agency="', '"} 3'
    out = exposition([Sample("frontdoor_quarantine", 3, (text,)), Sample("frontdoor_quarantine", 4, (text + "x",))])
    samples = [line for line in out.split("\n") if line and not line.startswith("#")]
    assert len(samples) == 2
    labels = [line[len(start) : -len(end)] for line in samples]
    unescaped = {re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), label) for label in labels}
    assert unescaped == {text, text + "x"}


@pytest.mark.parametrize(
    ("samples", "error"),
    [
        ([Sample("frontdoor_unheard_of", 1)], KeyError),
        ([Sample("frontdoor_quarantine", 1)], ValueError),
        ([Sample("frontdoor_quarantine", 1, ("a",)), Sample("frontdoor_quarantine", 2, ("a",))], ValueError),
    ],
)
def test_what_is_not_in_the_catalogue_never_leaves(samples: list[Sample], error: type[Exception]) -> None:
    with pytest.raises(error):
        exposition(samples)


@needs_promtool
def test_prometheus_reads_every_metric_and_finds_nothing_to_complain_of() -> None:
    promtool("check", "metrics", text=exposition(one_of_each()))


def test_prometheus_own_client_reads_the_same() -> None:
    parser = pytest.importorskip("prometheus_client.parser", reason="prometheus-client is not installed")
    text = exposition(one_of_each())
    theirs = {
        (sample.name, frozenset(sample.labels.items()), sample.value)
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert theirs == {(name, labels, number) for name, values in series(text).items() for labels, number in values.items()}


@needs_promtool
@pytest.mark.parametrize("rules", ALERTS, ids=lambda path: path.stem)
def test_prometheus_takes_the_alert_rules_and_says_what_the_docs_show(rules: Path) -> None:
    assert promtool("check", "rules", str(rules.relative_to(ROOT))).strip() in (ROOT / "docs" / "schemas.md").read_text()


@needs_promtool
def test_each_alert_is_raised_when_it_should_be_and_only_then() -> None:
    promtool("test", "rules", str(Path(__file__).parent / "alerts_test.yml"))


def test_alerts_ask_for_metrics_that_exist_and_lead_to_a_runbook() -> None:
    names = {metric.name for metric in (*METRICS, *OWN)}
    names |= {f"{metric.name}_bucket" for metric in METRICS if metric.kind == "histogram"}
    anchors = {line[4:].strip().lower().replace(" ", "-") for line in DOC.splitlines() if line.startswith("### ")}
    rules = [rule for path in ALERTS for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) >= 12
    for rule in rules:
        used = set(re.findall(r"\b(?:frontdoor|kafka)_\w+", rule["expr"]))
        assert used <= names, rule["alert"]
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert page == "docs/metrics.md" and anchor in anchors, rule["alert"]
        assert rule["labels"]["about"] in ("child", "hub")
