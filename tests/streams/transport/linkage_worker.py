"""The linkage worker as the hub runs it, announced under the name that this folder's tests wait for."""

from ops.worker_process import run_worker
from schemas.settings import Settings
from streams.linkage.model import Scorer, shipped_model
from streams.linking import Linkage

if __name__ == "__main__":
    settings = Settings()
    run_worker(Linkage(Scorer(shipped_model()), settings.hash_key.encode()), settings, "counting")
