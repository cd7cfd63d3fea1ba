"""Each kind of fault against a hub without the protection that it needs: the run must turn red."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ops.chaos.run import Options, run
from ops.chaos.summary import said


@dataclass(frozen=True, slots=True)
class Trial:
    """A sabotage, and the faults that show it; `shows` is the kind it stands for, `targets` whom they must hit. `stops`:
    without its protection the hub does not come to an end; of others that would only show that the machine was too slow."""

    shows: str
    sabotage: str
    beside: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    nodes: int = 1
    seconds: float = 30.0
    rate: float = 2.0
    stops: bool = False


TRIALS = (
    Trial("kill-broker", "acks-before-durable"),
    Trial("broker-away", "acks-before-durable", seconds=65.0),
    Trial("cut-network", "acks-before-durable"),
    Trial("disk-full", "acks-before-durable", seconds=40.0),
    Trial("slow-network", "flush-gives-up", ("kill-worker",), seconds=60.0),
    Trial("half-open", "retries-count", seconds=40.0),
    Trial("kill-node", "acks-of-one", nodes=3, seconds=90.0, rate=8.0),
    Trial("kill-worker", "commit-ahead"),
    Trial("kill-recovering", "rows-forgotten"),
    Trial("rebalance", "rows-forgotten"),
    # The worker whose rows every message changes several times: a row that is late is then behind others.
    Trial("pause-worker", "zombies-trusted", targets=("cases",), seconds=100.0, rate=4.0),
    Trial("kill-connector", "acks-before-durable"),
    Trial("kill-ticker", "ticker-stays-down", seconds=15.0, stops=True),
    # Every contact goes to the case system: while it is down some wait of which nothing is written yet.
    Trial("kill-delivery", "delivery-commits-ahead", ("partner-times-out",), ("case-system",), seconds=45.0),
    Trial("next-release", "next-unknown"),
    Trial("partner-times-out", "one-line", seconds=45.0),
    Trial("partner-500", "answers-unread", seconds=25.0),
    Trial("partner-drops", "half-an-answer", seconds=25.0),
    Trial("poison", "poison-dropped", seconds=15.0),
    Trial("duplicate-storm", "dedupe-off", seconds=15.0),
    Trial("clock-jump", "day-of-the-tick", seconds=30.0),
)


def run_trials(
    options: Options, say: Callable[[str], None], progress: Callable[[int, int, str], None], finished: Callable[[Path], None]
) -> list[dict[str, Any]]:
    """Every trial (of `options.only`, if given), each in a folder of its own under the options' one, which `finished` gets
    when it is over. Raises as `run` does."""
    results = []
    for trial in [one for one in TRIALS if not options.only or one.shows in options.only]:
        folder = options.run_dir / trial.shows
        found = run(
            replace(
                options, run_dir=folder, sabotage=trial.sabotage, only=(trial.shows, *trial.beside), targets=trial.targets,
                nodes=trial.nodes, seconds=trial.seconds, rate=trial.rate, settle=120.0, patient=True,
            ),
            lambda line: None,
            progress,
        )  # fmt: skip
        finished(folder)
        result = {
            "fault": trial.shows,
            "sabotage": trial.sabotage,
            "red": not found["ok"] and (trial.stops or not found["stuck"]),
            "said": said(found),
            "faults": found["ledger"]["faults"],
            "seed": options.seed,
            "nodes": trial.nodes,
        }
        results.append(result)
        say(f"{trial.shows:18} without {trial.sabotage:24} {'red' if result['red'] else 'GREEN'}: {result['said']}")
    return results
