"""A report as plain data, as a CSV and as people read it in a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from ops.reports.comparison import Line, Report, Share, Table
from ops.reports.intervals import METHOD, Difference
from ops.reports.suppression import RULE
from ops.reports.timeliness import BANDS, MEASURES, TITLES

#: What the hub cannot say of a child because no reader fills a field with it, and where it is looked for meanwhile.
TO_BE_MAPPED = (
    "looked-after: the contact has no field for it; it is read from fields kept as sent (lookedAfter, LAC, CLA, care status). "
    "Map it in every reader.",
    "disability: senders by FHIR and HL7 v2 name none, because those readers map no disability; school, police and social care "
    "notices do.",
    "ethnicity: words that are no NHS or census code are kept as sent and stay unknown.",
    "area: the outward postcode of the child's address; a sender that leaves the address out leaves it unknown.",
)

HEADINGS = (
    "measure", "dimension", "group", "in_time", "of", "percent", "others_in_time", "others_of", "others_percent",
    "gap_points", "gap_low", "gap_high", "finding", "suppressed", *(f"band {band}" for band in BANDS),
)  # fmt: skip


def as_data(report: Report) -> dict[str, Any]:
    """Plain data with stable keys. Percentages, gaps in percentage points; null where a figure is not shown."""
    return {
        "contacts": report.contacts,
        "method": METHOD,
        "level_of_all_intervals_together": report.level,
        "level_of_each": round(report.level_each, 6),
        "comparisons": report.comparisons,
        "suppression": RULE,
        "left_out": {measure: dict(counts) for measure, counts in report.left_out.items()},
        "findings": len(report.findings),
        "tables": [_table(table) for table in report.tables],
        "to_be_mapped": list(TO_BE_MAPPED),
    }


def as_rows(report: Report) -> Iterator[Sequence[str | int | float | None]]:
    """A row for each group under each measure, in the order of `HEADINGS`."""
    for table in report.tables:
        for line in table.lines:
            gap = _gap(line.gap)
            bands = [line.bands[band] if line.bands is not None else None for band in BANDS]
            yield (
                table.measure, table.dimension, line.group, *_share(line.share).values(), *_share(line.others).values(),
                *(gap or dict.fromkeys(("points", "low", "high"))).values(), _finding(line), "yes" if line.suppressed else "no",
                *bands,
            )  # fmt: skip


def print_report(report: Report, out: Console, heading: str) -> None:
    """For a person."""
    out.print(heading, style="bold")
    out.print(f"{report.contacts} contacts, {report.comparisons} comparisons.")
    out.print(f"Intervals: {METHOD}; all of them together hold with {report.level:.0%}.", style="dim")
    out.print(RULE, style="dim")
    for measure in MEASURES:
        left = ", ".join(f"{count} {why}" for why, count in sorted(report.left_out[measure].items()))
        out.print(f"\n{TITLES[measure]}" + (f" (left out: {left})" if left else ""), style="bold")
        grid = Grid("by", "group", "in time", "everyone else", "gap in points", "", box=None, pad_edge=False, header_style="dim")
        for table in (one for one in report.tables if one.measure == measure):
            for line in table.lines:
                grid.add_row(
                    table.dimension, line.group, _told(line.share), _told(line.others), _gap_told(line.gap), _remark(line)
                )
            grid.add_row(table.dimension, _unknown(table), "", "", "", "", style="dim")
        out.print(grid)
        if measure == "assessment":
            _print_bands(report, out)
    out.print("\nWhat should be mapped, so that fewer children are of unknown group:", style="dim")
    for line_ in TO_BE_MAPPED:
        out.print(f"  {line_}", style="dim")


def _print_bands(report: Report, out: Console) -> None:
    grid = Grid("by", "group", *BANDS, box=None, pad_edge=False, header_style="dim")
    shown = False
    for table in (one for one in report.tables if one.measure == "assessment"):
        for line in table.lines:
            if line.bands is not None and line.others_bands is not None:
                grid.add_row(table.dimension, line.group, *_percents(line.bands))
                grid.add_row("", "everyone else", *_percents(line.others_bands), style="dim")
                shown = True
    if shown:
        out.print("\nWorking days from the referral to the end of the assessment, percent of each band")
        out.print(grid)


def _percents(bands: Mapping[str, int]) -> list[str]:
    total = sum(bands.values())
    return [f"{100 * bands[band] / total:.1f}" if total else "" for band in BANDS]


def _table(table: Table) -> dict[str, Any]:
    return {
        "measure": table.measure,
        "dimension": table.dimension,
        "total": _share(table.total),
        "unknown": None if table.unknown is None else {"of": table.unknown.yes, "percent": _percent(table.unknown)},
        "unknown_among_others": table.unknown_among_others,
        "groups": [_line(line) for line in table.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "group": line.group,
        "suppressed": line.suppressed,
        "in_time": _share(line.share),
        "everyone_else": _share(line.others),
        "gap": _gap(line.gap),
        "finding": line.gap is not None and line.gap.found,
        "bands": line.bands,
        "everyone_else_bands": line.others_bands,
    }


def _percent(share: Share) -> float | None:
    return round(100 * share.value, 1) if share.of else None


def _share(share: Share | None) -> dict[str, int | float | None]:
    if share is None:
        return {"in_time": None, "of": None, "percent": None}
    return {"in_time": share.yes, "of": share.of, "percent": _percent(share)}


def _gap(gap: Difference | None) -> dict[str, float] | None:
    if gap is None:
        return None
    return {"points": round(100 * gap.value, 1), "low": round(100 * gap.low, 1), "high": round(100 * gap.high, 1)}


def _finding(line: Line) -> str:
    return "" if line.gap is None else "yes" if line.gap.found else "no"


def _told(share: Share | None) -> str:
    if share is None:
        return "not shown"
    return f"{100 * share.value:.1f} % of {share.of}" if share.of else "nobody"


def _gap_told(gap: Difference | None) -> str:
    return "" if gap is None else f"{100 * gap.value:+.1f} ({100 * gap.low:+.1f} to {100 * gap.high:+.1f})"


def _remark(line: Line) -> str:
    if line.suppressed:
        return "too few to show"
    if line.gap is None:
        return "nobody to compare with"
    return "" if not line.gap.found else "served later" if line.gap.value < 0 else "served sooner"


def _unknown(table: Table) -> str:
    if table.unknown is None:
        return "unknown: too few to show" if table.unknown_among_others else "too few to show"
    return f"unknown: {table.unknown.yes} of {table.unknown.of}" + (f" ({_percent(table.unknown)} %)" if table.unknown.of else "")
