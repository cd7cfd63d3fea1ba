"""Reading a YAML file that people write, and saying what is wrong with it without quoting it: its lines hold credentials."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError


def read_yaml(path: Path, what: str, refused: type[ValueError]) -> Any:
    """What a file holds; `what` names it in the error. Raises `refused`."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise refused(f"The {what} {path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        # The parser's own text quotes lines.
        raise refused(f"The {what} {path} is not YAML in UTF-8.") from None


def explained(error: ValidationError, entries: str) -> str:
    """What is wrong where; an item of the list `entries` is told by its number."""
    said = []
    for one in error.errors(include_input=False, include_url=False):
        where = [str(part) for part in one["loc"]]
        if len(where) > 1 and where[0] == entries:
            where[:2] = [f"entry {int(where[1]) + 1}"]
        said.append(f"{' '.join(where) or 'the whole file'}: {one['msg'].removeprefix('Value error, ')}")
    return "; ".join(said)
