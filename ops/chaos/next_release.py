"""The release after this one, as far as a running hub can tell: every schema has a version more.

Its folder of schemas is made here (`write_schemas`), which processes of this release can read (`FRONTDOOR_NEWER_SCHEMAS`), and
`become` makes this process one of that release.
"""

import json
import os
from pathlib import Path

from schemas import avro, record
from schemas.settings import Settings

#: A field of every record that this release knows nothing of; readers of this release must step over its bytes.
FIELD = {"name": "written_by", "type": "string", "default": "the next release"}


def schemas_folder(run_dir: Path) -> Path:
    """Where the next release has its schemas."""
    return run_dir / "next-release" / "avsc"


def mark(run_dir: Path, role: str) -> Path:
    """A file that is there while a role is to run as the next release."""
    return run_dir / "next-release" / f"{role}.runs"


def write_schemas(run_dir: Path) -> Path:
    """Every committed version, and one more of each subject. Returns the folder."""
    to, ids = schemas_folder(run_dir), json.loads((avro.AVSC / "ids.json").read_text())
    for subject in sorted({name.partition("/")[0] for name in ids}):
        (to / subject).mkdir(parents=True)
        versions = avro.committed_versions(subject)
        for version in versions:
            (to / subject / f"v{version.version}.avsc").write_text(json.dumps(version.schema))
        newest = versions[-1]
        schema = {**newest.schema, "fields": [*newest.schema["fields"], FIELD]}
        (to / subject / f"v{newest.version + 1}.avsc").write_text(json.dumps(schema))
        ids[f"{subject}/v{newest.version + 1}"] = max(ids.values()) + 1
    (to / "ids.json").write_text(json.dumps(ids))
    return to


def become_if_marked(role: str) -> None:
    """Run this process as the next release, if its role is to. Before any of the hub's records are imported."""
    run_dir = Settings().run_dir
    if mark(run_dir, role).exists():
        avro.AVSC = schemas_folder(run_dir)
        # The next release's models have the field; ours let it pass.
        record.Record.model_config["extra"] = "ignore"


def know_the_next(run_dir: Path | None) -> None:
    """From now on this process reads what the next release writes there; None: no more."""
    from ops.audit.decoding import decoder_of
    from schemas.catalogue import codec

    if run_dir is None:
        os.environ.pop("FRONTDOOR_NEWER_SCHEMAS", None)
    else:
        os.environ["FRONTDOOR_NEWER_SCHEMAS"] = str(schemas_folder(run_dir))
    codec.cache_clear()
    decoder_of.cache_clear()
