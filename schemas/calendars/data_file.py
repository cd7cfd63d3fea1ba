"""Data files people edit (clocks, calendars), read so that every problem names its line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Annotated, Generic, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

#: Where an entry stands in a file: its keys and list positions from the top.
Loc = tuple[int | str, ...]


class DataFileError(ValueError):
    """A policy or calendar file that must not be used; names file, line and entry of every problem found."""


def _iso_day(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("write a date as YYYY-MM-DD")  # a bare number would be read as seconds since 1970
    return value


def _hour_and_minute(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{2}:[0-9]{2}", value):
        raise ValueError('write a time of day as "HH:MM"')
    return value


Day = Annotated[date, BeforeValidator(_iso_day)]
LocalTime = Annotated[time, BeforeValidator(_hour_and_minute)]
Text = Annotated[str, Field(min_length=1)]


class Entry(BaseModel):
    """A part of a data file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class DataFile(Generic[Model]):
    """A validated file, and the line on which each of its entries stands."""

    path: Path
    value: Model
    lines: Mapping[Loc, int]

    def refuse(self, loc: Loc, message: str) -> NoReturn:
        """Raise DataFileError for a problem that is seen only when files are read together."""
        raise DataFileError(_problem(self.path, self.lines, loc, message))


def read_data_file(path: Path, model: type[Model]) -> DataFile[Model]:
    """Read one YAML file. Scalars reach the model as written: 14:00 never becomes 840, nor `no` False.

    Raises DataFileError naming the line for: a file that cannot be read, bad YAML, a key given twice, an
    alias, and everything the model refuses.
    """
    lines: dict[Loc, int] = {}
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(
            f"{path}: cannot be read ({type(error).__name__}): give a readable UTF-8 file"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise DataFileError(f"{path}{where}: not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise DataFileError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(root, yaml.MappingNode):
        raise DataFileError(f"{path}, line 1: the file must be a mapping with a `version`")
    content = _plain(root, (), lines, path, set())
    try:
        return DataFile(path, model.model_validate(content), lines)
    except ValidationError as error:
        raise DataFileError("\n".join(explain(error, path, lines))) from error


def explain(error: ValidationError, path: Path, lines: Mapping[Loc, int], prefix: Loc = ()) -> Iterator[str]:
    """One line of text for each problem pydantic found."""
    for problem in error.errors(include_url=False):
        found = f" (found {problem['input']!r})" if isinstance(problem["input"], str | int) else ""
        message = problem["msg"].removeprefix("Value error, ") + found
        yield _problem(path, lines, prefix + problem["loc"], message)


def _problem(path: Path, lines: Mapping[Loc, int], loc: Loc, message: str) -> str:
    known = next((loc[:end] for end in range(len(loc), 0, -1) if loc[:end] in lines), None)
    line = f", line {lines[known]}" if known else ""
    place = " > ".join(str(part) for part in loc)
    return f"{path}{line}: {place + ': ' if place else ''}{message}"


def _plain(node: yaml.Node, loc: Loc, lines: dict[Loc, int], path: Path, seen: set[int]) -> object:
    if id(node) in seen:
        raise DataFileError(
            _problem(path, lines, loc, "an alias (*name) is not allowed here: write the entry out")
        )
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            twice = key in mapping
            lines[(*loc, key)] = key_node.start_mark.line + 1
            if twice:
                raise DataFileError(_problem(path, lines, (*loc, key), "this key is given twice"))
            mapping[key] = _plain(value_node, (*loc, key), lines, path, seen)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        items: list[object] = []
        for position, item in enumerate(node.value):
            lines[(*loc, position)] = item.start_mark.line + 1
            items.append(_plain(item, (*loc, position), lines, path, seen))
        return items
    return node.value
