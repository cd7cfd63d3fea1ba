"""Who may sign a risk assessment off, by the rota of the team that holds it. Pure.

A house rule: no source found says by whom assessments are signed. That nobody signs what they have assessed themselves is the
clock's to know (`four_eyes` in the policy).
"""

from collections.abc import Mapping

from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.codes import folded_name
from schemas.identity import output_id
from streams.allocation_rota import RotaWorker

#: Who may sign for everybody of their team.
SIGNING_ROLES = ("supervisor", "manager", "head")


def checked(signed: AllocationEvent, contact: str, workers: Mapping[str, RotaWorker], holder: str) -> CaseEvent:
    """The answer to a signature under the assessment of a contact that `holder` (a worker id, or empty) holds."""
    return CaseEvent(
        event_id=output_id(signed.event_id, "sign_off_checked", contact),
        type="sign_off_checked",
        contact_id=contact,
        at=signed.at,
        happened_at=signed.happened_at,
        by=signed.worker_name,
        problem=why_not(workers, holder, signed.worker_name, signed.worker_id),
        details={"signature": signed.signature},
    )


def why_not(workers: Mapping[str, RotaWorker], holder: str, name: str, worker_id: str = "") -> str:
    """Why a signature under the work of `holder` (a worker id, or empty) does not count; empty when it does: it is that of the
    supervisor whom the rota names for that worker, or of another supervisor, a manager or the head on the team's rota, on duty
    or not. `worker_id` tells people of one name apart."""
    named = [worker for worker in workers.values() if worker.duties and folded_name(worker.name) == folded_name(name)]
    named = [worker for worker in named if worker.worker_id == worker_id] or named
    if not named:
        return "signer_not_on_rota"
    chief = workers[holder].supervisor if holder in workers else ""
    may = [worker for worker in named if worker.role in SIGNING_ROLES or worker.worker_id == chief]
    if len(may) == len(named):
        return ""
    return "signers_name_not_unique" if may else "signer_not_a_supervisor"
