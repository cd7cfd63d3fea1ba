"""The day as one self-contained HTML page: each contact a line from arrival to assessment, the flags, the verdict."""

from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from ops.day.result import DayResult, local, spoken

_STYLE = """
body{font:14px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:76rem;color:#1d1d1b;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}.ok{color:#00703c}.bad{color:#b10e1e;font-weight:600}
.row{display:grid;grid-template-columns:15rem 6rem 1fr;gap:.5rem;align-items:center;border-top:1px solid #e8e8e8;padding:2px 0}
.track{position:relative;height:14px;background:#f6f6f6}.bar{position:absolute;top:4px;height:6px;border-radius:3px;background:#00703c}
.bar.late{background:#b10e1e}.bar.open{background:repeating-linear-gradient(90deg,#b10e1e 0 6px,#f6f6f6 6px 10px)}
.bar.claim{background:#85b89a}.closed{position:absolute;top:1px;width:3px;height:12px;background:#1d1d1b}.day{position:absolute;top:0;width:1px;height:14px;background:#b1b4b6}
.risk{display:inline-block;width:.8em;height:.8em;border-radius:50%;margin-right:.4em;background:#b1b4b6}
.red{background:#d4351c}.amber{background:#f47738}.green{background:#00703c}.blue{background:#1d70b8}
.who{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}small{color:#505a5f}table{border-collapse:collapse}
td,th{text-align:left;padding:2px 1rem 2px 0;vertical-align:top}
"""


def write_page(path: Path, result: DayResult, title: str, start: datetime, end: datetime) -> None:
    """Write the page. The children in it are those of the day that ran."""
    path.write_text(page(result, title, start, end), encoding="utf-8")


def page(result: DayResult, title: str, start: datetime, end: datetime) -> str:
    """The page's HTML."""
    scale = _Scale(start, end)
    holds = result.audit.get("ok")
    verdict = '<span class="ok">holds</span>' if holds else '<span class="bad">failed</span>'
    standing = [flag for flag in result.flags if flag["state"] != "withdrawn"]
    rows = "".join(_row(story, scale) for story in sorted(result.contacts, key=lambda s: str(s["arrived"])))
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>
<h1>{escape(title)}</h1>
<p>{spoken(local(start))} to {spoken(local(end))}, London time. {len(result.refs)} messages, {len(result.contacts)} contacts,
<strong>{len(standing)}</strong> not risk assessed on the day they arrived. The audit {verdict}.</p>
<h2>Not assessed on the day of arrival</h2>{_flag_table(result, standing)}
<h2>One child, several contacts</h2>{_stories(result)}
<h2>Every contact, from arrival to assessment</h2>
<p><small>A bar runs from arrival to assessment; a second one begins where a correction opened the clock again. Green:
assessed on the day; pale green: by its own date, and told later. Red: assessed late. Striped: nobody assessed it. A thin
line is the midnight after which it is late; a black one, closure. Point at a line for its steps.</small></p>
{rows}
<h2>The audit</h2>{_audit(result.audit)}
</html>"""


class _Scale:
    def __init__(self, start: datetime, end: datetime) -> None:
        self._start, self._span = start, max(1.0, (end - start).total_seconds())
        self.end = end

    def percent(self, text: str) -> float:
        seconds = (datetime.fromisoformat(text) - self._start).total_seconds()
        return round(min(100.0, max(0.0, 100.0 * seconds / self._span)), 3)


def _row(story: dict[str, Any], scale: _Scale) -> str:
    if not story["arrived"]:
        return ""
    steps = " · ".join(f"{spoken(s['at'])} {s['type']}{' ' + s['by'] if s['by'] else ''}" for s in story["steps"])
    closed = "".join(_mark(scale, "closed", s["at"]) for s in story["steps"] if s["type"] == "closed")
    name = escape(story["name"] or ("unreadable message" if story["kind"] == "unreadable" else "no name"))
    risk = escape(story["risk"])
    return (
        f'<div class="row" title="{escape(steps)}"><div class="who"><i class="risk {risk}" title="risk: {risk or "not stated"}">'
        f"</i>{name} <small>{escape(story['ref'])}</small></div><small>{escape(story['agency'])}</small>"
        f'<div class="track">{"".join(_bar(clock, scale) for clock in story["clocks"])}{closed}</div></div>'
    )


#: How a bar looks: empty for assessed on the day; an unreadable message that was read in time needs no more than that.
_LOOKS = {"proof": "", "claim": "claim", "late": "late", "ended": "", "": "open"}


def _bar(clock: dict[str, str], scale: _Scale) -> str:
    left = scale.percent(clock["started"])
    width = max(0.25, scale.percent(clock["until"] or local(scale.end)) - left)
    return f'{_mark(scale, "day", clock["due"])}<i class="bar {_LOOKS[clock["met"]]}" style="left:{left}%;width:{width}%"></i>'


def _mark(scale: _Scale, kind: str, at: str) -> str:
    return f'<i class="{kind}" style="left:{scale.percent(at)}%"></i>'


def _flag_table(result: DayResult, standing: list[dict[str, Any]]) -> str:
    if not standing:
        return '<p class="ok">None.</p>'
    stories = {story["contact_id"]: story for story in result.contacts}
    rows = ""
    for flag in standing:
        story = stories.get(flag["contact_id"], {})
        # A clock that a correction opened again started with the correction.
        started = next((c["started"] for c in story.get("clocks", [])[flag["opening"] - 1 : flag["opening"]]), "")
        arrived, due = spoken(started) if started else "", spoken(flag["due"])
        child, worker = story.get("name") or "unreadable message", story.get("worker") or "nobody"
        state = f"{flag['state']}, {flag['result'].replace('_', ' ')}"
        cells = (child, story.get("agency", ""), arrived, due, worker, flag["ref"], state)
        rows += "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
    head = "".join(f"<th>{name}</th>" for name in ("Child", "From", "Clock started", "Late from", "Held by", "Message", "Flag"))
    return f"<table><tr>{head}</tr>{rows}</table>"


def _stories(result: DayResult) -> str:
    """Children with several contacts, children of one household, and questions that wait for a person."""
    names = {story["ref"]: story["name"] for story in result.contacts}
    lines = [
        f"{escape(names.get(story['story'], '') or 'no name')}: {escape(' + '.join(story['contacts']))}"
        + "".join(f" <small>({escape(ref)} says the same as {escape(of)})</small>" for ref, of in story["repeats"].items())
        for story in result.stories
    ]
    named = {ref: f"{escape(name or 'no name')} <small>{escape(ref)}</small>" for ref, name in names.items()}
    lines += [
        f"{', '.join(named.get(ref, escape(ref)) for ref in household)}: children of one household, kept apart"
        for household in result.households
    ]
    lines += [
        f"{named.get(review['ref'], escape(review['ref']))} may be the child of "
        f"{escape(', '.join(review['may_be'])) or 'a restricted story'}: waits for a person"
        for review in result.reviews
    ]
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>" if lines else "<p>None.</p>"


def _audit(audit: dict[str, Any]) -> str:
    counts = audit.get("counts", {})
    flat = {k: v for k, v in counts.items() if isinstance(v, int | float | str)} if isinstance(counts, dict) else {}
    rows = "".join(f"<tr><td>{escape(str(k))}</td><td>{escape(str(v))}</td></tr>" for k, v in flat.items())
    violations = "".join(f'<li class="bad">{escape(str(v))}</li>' for v in audit.get("violations", [])[:50])
    return f"<table>{rows}</table>" + (f"<ul>{violations}</ul>" if violations else '<p class="ok">No invariant is broken.</p>')
