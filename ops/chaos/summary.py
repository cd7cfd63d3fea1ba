"""What several runs came to, as the tables of `docs/reliability.md`. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

#: With no failure in so many tries the odds of one are below three in so many, with 95 % confidence.
_RULE_OF_THREE = 3.0

#: What a run must not find, by what the verdict calls it.
_LOST = ("acknowledged and lost", "acknowledged and nobody says what became of it", "quarantined and not kept")
_DOUBLED = ("one message, two stories", "two dispositions under one version", "not exactly one clock", "not routed exactly once")
_LEFT = ("left and never came, and no list says so", "undelivered, and nobody's", "one partner down delayed another",
         "a contact's items out of order")  # fmt: skip
_FALSE, _MISSED = "a false flag", "a missed day without exactly one flag"


def tables(runs: Sequence[dict[str, Any]]) -> str:
    """Markdown: the runs, the faults and how long each kind was felt, what was found, and what it supports."""
    return "\n\n".join((_runs(runs), _faults(runs), _found(runs), _bound(runs)))


def felt_in_words(values: Sequence[float]) -> str:
    """The middle and the longest, in seconds."""
    return f"{values[len(values) // 2]:.1f} s | {values[-1]:.1f} s" if values else "| "


def _runs(runs: Sequence[dict[str, Any]]) -> str:
    lines = ["| Seed | Brokers | Seconds | Faults | Messages | Longest outage | Nights of the clock change | Verdict |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for run in runs:
        ledger = run["ledger"]
        lines.append(
            f"| {run['seed']} | {run['nodes']} | {run['seconds']} | {sum(ledger['faults'].values())} | {ledger['messages']:,} "
            f"| {ledger['longest_outage']:.0f} s | {ledger['clock_changes']} | {'holds' if run['ok'] else 'BROKEN'} |"
        )
    return "\n".join(lines)


def _faults(runs: Sequence[dict[str, Any]]) -> str:
    counts: Counter[str] = Counter()
    felt: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        counts.update(run["ledger"]["faults"])
        for kind, values in run["ledger"]["felt_seconds"].items():
            felt[kind] += values
    lines = ["| Fault | Times | Felt for, p50 | max |", "|---|---|---|---|"]
    lines += [f"| `{kind}` | {count} | {felt_in_words(sorted(felt[kind]))} |" for kind, count in sorted(counts.items())]
    return "\n".join([*lines, f"| **all** | **{counts.total()}** | | |"])


def _found(runs: Sequence[dict[str, Any]]) -> str:
    ledgers = [run["ledger"] for run in runs]
    wrong: Counter[str] = Counter()
    for one in ledgers:
        wrong.update(one["wrong"])

    def total(name: str) -> int:
        return sum(one[name] for one in ledgers)

    def left(name: str) -> int:
        return sum(one["left"][name] for one in ledgers)

    flags: Counter[str] = Counter()
    for one in ledgers:
        flags.update(one["flags"])
    named = (*_LOST, *_DOUBLED, *_LEFT, _FALSE, _MISSED)
    rows = {
        "messages sent, and attempts": f"{total('messages'):,}, {total('attempts'):,}",
        "acknowledged; never acknowledged": f"{total('acknowledged'):,}; {total('never_acknowledged')}",
        "acknowledged and lost": sum(wrong[name] for name in _LOST),
        "doubled under another id": sum(wrong[name] for name in _DOUBLED),
        "flags: missed days without exactly one; false": f"{wrong[_MISSED]}; {wrong[_FALSE]}",
        "flags on the log, as they ended": ", ".join(f"{name} {count:,}" for name, count in sorted(flags.items())),
        "items that left; given up, and on the list": f"{left('items'):,}; {left('undelivered'):,}",
        "items lost in silence, out of order, or delayed by another recipient": sum(wrong[name] for name in _LEFT),
        "of them asked about delay, because only another recipient was down": f"{left('beside_one_that_was_down'):,}",
        "records of the next release": f"{total('of_the_next_release'):,}",
        "whatever else the ledger's program called wrong": sum(count for name, count in wrong.items() if name not in named),
        "violations found by `audit`": sum(len(run["audit"]["violations"]) for run in runs),
    }
    if replays := [run["replay"] for run in runs if "replay" in run]:
        again = {part: sum(sum(one[part].values()) for one in replays) for part in ("records", "rows", "differences")}
        rows["outputs and rows decided again without faults; that differ"] = (
            f"{again['records']:,} and {again['rows']:,}; {again['differences']:,}"
        )
    repeated: Counter[str] = Counter()
    for one in ledgers:
        repeated.update(one["repeated_records"])
    rows["records repeated under one id, with the same content"] = (
        ", ".join(f"{count:,} on `{topic}`" for topic, count in sorted(repeated.items())) or "none"
    )
    return "\n".join(["| | |", "|---|---|", *(f"| {what} | {count} |" for what, count in rows.items())])


def _bound(runs: Sequence[dict[str, Any]]) -> str:
    faults = sum(sum(run["ledger"]["faults"].values()) for run in runs)
    messages = sum(run["ledger"]["acknowledged"] for run in runs)
    if not all(run["ok"] for run in runs):
        broken = ", ".join(str(run["seed"]) for run in runs if not run["ok"])
        return f"Not every promise held: seed {broken}."
    return (
        f"With no failure in {faults} faults the odds of one are below {_RULE_OF_THREE / faults:.2%} a fault, and with none "
        f"among {messages:,} acknowledged messages below {_RULE_OF_THREE / messages:.3%} a message, each with 95 % confidence "
        "(rule of three)."
    )


def said(run: dict[str, Any]) -> str:
    """What made a run red, the most frequent first; empty for one that is not."""
    wrong = sorted(run["ledger"]["wrong"].items(), key=lambda one: -one[1])
    parts = [f"{name} ({count})" for name, count in wrong[:3]]
    if violated := {name: count for name, count in run["audit"]["violated"].items() if count}:
        parts.append("audit: " + ", ".join(f"{name} ({count})" for name, count in violated.items()))
    if differ := run.get("replay", {}).get("differences"):
        parts.append("replay: " + ", ".join(f"{what} ({count})" for what, count in differ.items()))
    if run["stuck"]:
        parts.append("did not drain")
    return "; ".join(parts)


def trials_table(results: Sequence[dict[str, Any]], sabotages: Mapping[str, str]) -> str:
    """Markdown: for each kind of fault what was taken away, and what the verdict said."""
    lines = ["| Fault | Sabotage | What is taken away | What the verdict said |", "|---|---|---|---|"]
    for one in results:
        verdict = one["said"] if one["red"] else f"GREEN: {one['said'] or 'nothing'}"
        lines.append(f"| `{one['fault']}` | `{one['sabotage']}` | {sabotages[one['sabotage']]} | {verdict} |")
    return "\n".join(lines)
