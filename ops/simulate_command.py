"""`frontdoor simulate`: thousands of seeds of faults against the hub's own decisions, without a broker."""

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from ops.simulator.seeds import Failure

#: Exit codes: every promise held in every run; one was broken; the question makes no sense.
HOLDS, BROKEN, BAD_QUESTION = 0, 1, 2


def simulate(
    seeds: Annotated[
        int | None, typer.Option(min=1, help="How many seeds to run, from 0 or from --seed on; by default 500.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Where to begin; alone: this seed only, with its story.")] = None,
    sabotage: Annotated[
        str, typer.Option(metavar="NAME", help="Take one protection away; 'list' prints them. The run must fail then.")
    ] = "",
    shuffles: Annotated[
        int, typer.Option(min=0, help="Instead: replay one recorded day under so many orders of arrival, and compare the flags.")
    ] = 0,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="How many processes share the seeds; by default one for each core.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run the hub's decisions on a log in memory under crashes, rebalances, paused workers, wrong clocks and poison, and what
    leaves the hub towards partners that hang, fail and break off.

    A seed is a run, the same everywhere. Of the first failing seed the shortest story that still fails is printed.
    Exit code 0: every promise held. 1: one was broken. 2: there is no such sabotage.
    """
    # Here, not above: readers of every format are slow to load, and other commands do not need them.
    from ops.simulator.seeds import ALL_SABOTAGES, explain, failing, tell

    if sabotage == "list":
        for name, what in ALL_SABOTAGES.items():
            typer.echo(f"{name:22} {what}")
        return
    if sabotage and sabotage not in ALL_SABOTAGES:
        typer.echo(f"There is no sabotage {sabotage!r}. There are: {', '.join(ALL_SABOTAGES)}", err=True)
        raise typer.Exit(BAD_QUESTION)
    if shuffles:
        _shuffle(shuffles, as_json)
    first = seed or 0
    count = seeds or (500 if seed is None else 1)
    began = time.monotonic()
    failed = failing(range(first, first + count), sabotage, jobs)
    seconds = round(time.monotonic() - began, 1)
    failure = explain(failed[0], sabotage) if failed else None
    if as_json:
        result = {
            "first_seed": first, "seeds": count, "sabotage": sabotage, "seconds": seconds, "failing": failed,
            "story": asdict(failure) if failure else None,
        }  # fmt: skip
        typer.echo(json.dumps(result, indent=2))
    else:
        if seed is not None and seeds is None and failure is None:
            typer.echo("\n".join(tell(seed, sabotage)))
        typer.echo(f"{count} seeds in {seconds} s: " + (f"{len(failed)} failed" if failed else "every promise held"))
        if failure is not None:
            _print(failure, sabotage)
    raise typer.Exit(BROKEN if failed else HOLDS)


def _shuffle(shuffles: int, as_json: bool) -> NoReturn:
    from ops.simulator.shuffle import differences

    began = time.monotonic()
    found = differences(shuffles)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        typer.echo(json.dumps({"shuffles": shuffles, "seconds": seconds, "differences": found}, indent=2))
    else:
        typer.echo(f"{shuffles} orders of arrival in {seconds} s: " + ("the flags differ" if found else "the same flags"))
        for line in found:
            typer.echo(f"  {line}")
    raise typer.Exit(BROKEN if found else HOLDS)


def _print(failure: "Failure", sabotage: str) -> None:
    typer.echo(f"\nSeed {failure.seed}, {failure.steps} of its {failure.of_steps} steps are enough:")
    for line in failure.told:
        typer.echo(f"  {line}")
    typer.echo("Broken:")
    for line in failure.broken:
        typer.echo(f"  {line}")
    again = f" --sabotage {sabotage}" if sabotage else ""
    typer.echo(f"Again: frontdoor simulate --seed {failure.seed}{again}")
