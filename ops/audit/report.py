"""A verdict as people read it: what holds, what does not with the record ids, who was not assessed."""

from itertools import groupby

from rich.console import Console
from rich.table import Table

from ops.audit.london_day import LONDON
from ops.audit.verdict import INVARIANTS, Verdict

#: How many violations of one invariant, and how many children, are printed; `--json` has more.
_SHOWN = 10


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Print it whole, the answer first and again last."""
    answer = _answer(verdict)
    console.print(answer, style="bold green" if verdict.ok else "bold red")
    _invariants(verdict, console)
    _violations(verdict, console)
    _figures(verdict, console)
    _not_assessed(verdict, console)
    if verdict.pending_total:
        oldest = max(waiting.age_seconds for waiting in verdict.pending)
        console.print(f"{verdict.pending_total:,} results are still under way; the oldest has waited {oldest:.1f} s.")
    if not verdict.ok:
        console.print(answer, style="bold red")


def _answer(verdict: Verdict) -> str:
    rate = verdict.read / verdict.seconds if verdict.seconds else 0.0
    read = f"{verdict.read:,} records in {verdict.seconds:.1f} s ({rate:,.0f}/s)"
    if verdict.ok:
        return f"The log holds: every promise kept. {read}"
    broken = [name for name, number in verdict.violated.items() if number]
    return f"The log does NOT hold: {sum(verdict.violated.values()):,} violations of {', '.join(broken)}. {read}"


def _invariants(verdict: Verdict, console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("invariant", no_wrap=True)
    table.add_column("promise")
    table.add_column("violated", justify="right", no_wrap=True)
    for name, promise in INVARIANTS.items():
        number = verdict.violated.get(name, 0)
        table.add_row(name, promise, f"{number:,}" if number else "-", style="red" if number else "")
    console.print(table)


def _violations(verdict: Verdict, console: Console) -> None:
    order = list(INVARIANTS)
    found = sorted(verdict.violations, key=lambda violation: order.index(violation.invariant))
    for name, group in groupby(found, key=lambda violation: violation.invariant):
        console.print(f"\n{name}: {INVARIANTS[name]}", style="red", soft_wrap=True)
        for violation in list(group)[:_SHOWN]:
            where = f" at {violation.topic}/{violation.partition}/{violation.offset}" if violation.topic else ""
            line = f"  {' '.join(violation.record_ids)}{where}: {violation.explanation}"
            console.print(line, soft_wrap=True, markup=False, highlight=False)
        if (more := verdict.violated[name] - _SHOWN) > 0:
            console.print(f"  and {more:,} more; --json names them")


def _figures(verdict: Verdict, console: Console) -> None:
    c = verdict.counts
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(c.dispositions.items()))
    repeats = sum(c.repeated_records.values())
    lines = [
        f"received   {c.received:,} messages ({c.deliveries:,} deliveries): {kinds or 'none'}",
        f"contacts   {c.contacts:,}, and {c.unreadable:,} unreadable messages; routed {c.routed:,}; repaired {c.repaired:,}",
        f"clocks     {c.clocks:,}: {c.met_by_proof:,} met by proof, {c.met_by_claim:,} by claim, {c.missed:,} missed,"
        f" {c.not_verifiable:,} not verifiable, {c.ended_by_reading:,} ended by reading, {c.carried:,} carried,"
        f" {c.open:,} open",
        f"flags      {c.flags_standing:,} standing, {c.flags_withdrawn:,} withdrawn",
        f"repeats    {repeats:,} records repeat an id with the same content",
    ]
    odd = {"unmatched": c.unmatched, "dead letters": c.dead_letters, "refused ticks": c.refused_ticks, "expired": c.expired}
    if any(odd.values()):
        lines.append("also       " + ", ".join(f"{number:,} {name}" for name, number in odd.items() if number))
    console.print()
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)


def _not_assessed(verdict: Verdict, console: Console) -> None:
    if not verdict.not_assessed_total:
        console.print("Every contact has a risk assessment that counts.")
        return
    overdue = sum(entry.overdue for entry in verdict.not_assessed)
    console.print(f"\nNot assessed: {verdict.not_assessed_total:,}, of which {overdue:,} overdue (London time)")
    table = Table(box=None, pad_edge=False)
    for column in ("contact or receipt", "why", "arrived", "limit", "allocated to"):
        table.add_column(column, no_wrap=column != "allocated to")
    first = sorted(verdict.not_assessed, key=lambda entry: (not entry.overdue, entry.due_at))[:_SHOWN]
    for entry in first:
        arrived, due = entry.received_at.astimezone(LONDON), entry.due_at.astimezone(LONDON)
        table.add_row(
            entry.contact_id or entry.receipt_id,
            entry.why + (", overdue" if entry.overdue else ""),
            f"{arrived:%a %d %b %H:%M}",
            f"{due:%a %d %b %H:%M}",
            entry.allocated_to or "nobody",
        )
    console.print(table)
    if verdict.not_assessed_total > len(first):
        console.print(f"and {verdict.not_assessed_total - len(first):,} more; --json names them")
