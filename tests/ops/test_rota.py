"""Every duty of a rota file counts, also the second one of the same person."""

from datetime import UTC, datetime
from pathlib import Path

from ops.rota import read_rota


def test_each_duty_of_one_person_stands_on_its_own(tmp_path: Path) -> None:
    file = tmp_path / "rota.csv"
    file.write_text(
        "worker_id,name,role,duty_from,duty_to\n"
        "w1,Ann Lee,worker,2026-05-01T08:00,2026-05-01T17:00\n"
        "m1,Ola Berg,manager,,\n"
        "w1,Ann Lee,worker,2026-05-02T08:00,2026-05-02T17:00\n"
    )
    duties = read_rota(file)
    assert [(duty.worker_id, duty.name) for duty in duties] == [("w1", "Ann Lee"), ("m1", "Ola Berg"), ("w1/2", "Ann Lee")]
    assert duties[2].duty_from == datetime(2026, 5, 2, 7, 0, tzinfo=UTC)
