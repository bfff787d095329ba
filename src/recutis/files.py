"""Reading what people write (YAML, with places) and writing results (all or nothing)."""

from __future__ import annotations

import datetime
import difflib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from recutis.errors import InputError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)
_LARGEST_BYTES = 2_000_000
_LONGEST_SHOWN = 60
_LONGEST_PREFIX = 30  # characters of a folder's name that its temporary twin repeats; names end at 255 bytes
_DEEPEST = 60  # blocks inside blocks; our files have five
_MERGE = "tag:yaml.org,2002:merge"
_NUMBER_TAGS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
# 010 is eight, 0x10 sixteen, 1:30 ninety: nobody who writes a patient file means that.
_ODD_NUMBER = re.compile(r"[-+]?(?:0[0-9_]+|0[bx][0-9A-Fa-f_]+|[0-9_]+(?::[0-9_.]+)+)")
_KINDS: dict[type, str] = {list: "list", dict: "mapping", str: "text", int: "number", float: "number"}


@dataclass(frozen=True, kw_only=True)
class Document:
    """A parsed YAML mapping; `lines` gives the line of each dotted place such as `concerns.0.kind`."""

    name: str
    data: dict[str, object]
    lines: dict[str, int]

    def place(self, dotted: str) -> str:
        """'patient.age (line 3 of file.yaml)', or the nearest known parent of the place."""
        at = dotted
        while at and at not in self.lines:
            at = at.rpartition(".")[0]
        line = f"line {self.lines[at]} of {self.name}" if at and at in self.lines else self.name
        return f"{_printable(dotted)} ({line})" if dotted else self.name


def _printable(text: str) -> str:
    """One line that any terminal can show, cut where it is long."""
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return shown if len(shown) <= 2 * _LONGEST_SHOWN else f"{shown[: 2 * _LONGEST_SHOWN - 3]}..."


def _walk(node: yaml.Node, path: str, lines: dict[str, int], name: str) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode) and _ODD_NUMBER.fullmatch(node.value) and node.tag in _NUMBER_TAGS:
        msg = (
            f"{path} (line {lines[path]} of {name}) is {_printable(node.value)}, which YAML reads as another number; "
            "write a plain decimal number."
        )
        raise InputError(msg)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, item in node.value:
            word = str(key.value)
            if key.tag == _MERGE:
                msg = f"{name} uses a YAML merge key (<<) in line {key.start_mark.line + 1}; write the values out."
                raise InputError(msg)
            if word in seen:
                msg = f"{name}: the key '{word}' stands twice (line {key.start_mark.line + 1}); keep one."
                raise InputError(msg)
            seen.add(word)
            _walk(item, f"{path}.{word}" if path else word, lines, name)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _walk(item, f"{path}.{number}" if path else str(number), lines, name)


def _refuse_odd_structure(text: str, name: str) -> None:
    """Aliases can blow a small file up, and the parser is slow on deep nesting: stop at the first sign of either."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            msg = f"{name} uses a YAML alias (*name); write the values out."
            raise InputError(msg)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            msg = f"{name} is nested too deeply to be a file of this kind; write it flat."
            raise InputError(msg)


def read_yaml(path: Path) -> Document:
    """Parse one YAML mapping.

    Raises InputError when the file cannot be read, is not UTF-8, is not YAML, holds aliases or
    several documents, repeats a key, or is not a mapping.
    """
    name = path.name
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            msg = f"{path} is larger than {_LARGEST_BYTES} bytes; a file of this kind has a few hundred lines at most."
            raise InputError(msg)
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
            reason = "the path holds a character that no path may hold"
        msg = f"Cannot read {_printable(str(path))}: {reason}. Give the path of a readable YAML file."
        raise InputError(msg) from error
    try:
        _refuse_odd_structure(text, name)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it does not parse"
        msg = f"{name} is not valid YAML{line}: {problem}. Correct it and run again."
        raise InputError(msg) from error
    except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        # The parser's own slips on odd tags and impossible dates, such as '!!int ""' or 2026-13-45.
        if isinstance(error, InputError):
            raise
        msg = f"{name} is not valid YAML: a value cannot be read ({_printable(str(error))}). Correct it and run again."
        raise InputError(msg) from error
    lines: dict[str, int] = {}
    if node is not None:
        _walk(node, "", lines, name)
    if not isinstance(data, dict) or not data:
        found = "nothing" if not data else f"a {_KINDS.get(type(data), 'single value')}"
        msg = f"{name} must hold keys and values at the top (such as 'patient:'); found {found}."
        raise InputError(msg)
    return Document(name=name, data={str(key): item for key, item in data.items()}, lines=lines)


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    here: object = model
    for part in location:
        if isinstance(part, int):
            continue
        fields = here.model_fields if isinstance(here, type) and issubclass(here, BaseModel) else {}
        if part not in fields:
            return list(fields)
        here = _inner_model(fields[part].annotation)
    return list(here.model_fields) if isinstance(here, type) and issubclass(here, BaseModel) else []


def _inner_model(annotation: object) -> object:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None


def _shown(value: object) -> str:
    """A single value as written; nothing for blocks, which would fill the screen."""
    if value is None or isinstance(value, (dict, list, tuple, BaseModel)):
        return ""
    if isinstance(value, datetime.date):
        return f" is {value.isoformat()}"
    if isinstance(value, bool):
        return f" is {str(value).lower()}"
    text = "too long a number to show" if isinstance(value, int) and abs(value) >= 10**_LONGEST_SHOWN else repr(value)
    text = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
    return f" is {_printable(text)}"


def _unknown_key(document: Document, model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    known = _known_keys(model, location[:-1])
    near = difflib.get_close_matches(str(location[-1]).lower(), known, n=1, cutoff=0.4)
    hint = f"did you mean '{near[0]}'?" if near else f"known keys are {', '.join(known)}."
    return f"Unknown key {document.place(_dotted(location))}: {hint}"


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part != "[key]")


_WORDED = {
    "model_type": "write keys and values here",
    "model_attributes_type": "write keys and values here",
    "tuple_type": "write a list in square brackets",
    "too_short": "give at least one",
    "dict_type": "write keys and values here",
    "string_type": "write a word",
    "invalid_key": "keys must be words",
    "is_instance_of": "this is not the kind of value that belongs here",
}


def _in_order(error: ValidationError) -> list[ErrorDetails]:
    # A mistyped key comes first: it often explains a missing answer.
    return sorted(error.errors(), key=lambda item: item["type"] != "extra_forbidden")


def _sentence(document: Document, model: type[BaseModel], first: ErrorDetails, *, others: int = 0) -> str:
    location = tuple(first["loc"])
    also = f" ({others} more to correct after this.)" if others else ""
    if first["type"] == "extra_forbidden":
        return f"{_unknown_key(document, model, location)}{also}"
    place = document.place(_dotted(location))
    if first["type"] == "missing":
        return f"Missing {place}: this must be answered.{also}"
    message = _WORDED.get(first["type"], first["msg"]).removeprefix("Value error, ").rstrip(".")
    # The machine's word "input" says less than "it" beside the place.
    message = message.replace("Input should be", "it should be")
    if first["type"] != "value_error" or message.startswith("There "):
        message = message[:1].lower() + message[1:]
    if first["type"] == "literal_error" and isinstance(first["input"], str):
        allowed = re.findall(r"'([^']*)'", str(first["ctx"]["expected"]))
        near = difflib.get_close_matches(first["input"].lower(), allowed, n=1, cutoff=0.8)
        message = (f"did you mean '{near[0]}'? " if near else "") + message
    named = message.partition(" ")[0]
    if not location and named in document.lines:
        # A check of the whole file names its own place: add the line.
        message = document.place(named) + message.removeprefix(named)
        return f"{_printable_sentence(message)}.{also}"
    return f"{place}{_shown(first['input'])}: {_printable_sentence(message)}.{also}"


def _printable_sentence(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def validate(model: type[Model], document: Document) -> Model:
    """The model filled from a document.

    Raises InputError: one sentence naming the place, the value, and what is allowed.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        found = _in_order(error)
        raise InputError(_sentence(document, model, found[0], others=len(found) - 1)) from error


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that keeps a document from being read: where (empty: the whole), and the sentence about it.

    `missing` says that nothing is wrong there yet: a value that must be given is absent.
    """

    location: tuple[int | str, ...]
    sentence: str
    missing: bool

    @property
    def place(self) -> str:
        """The location as a dotted place, such as `concerns.0.kind`."""
        return _dotted(self.location)


def problems(model: type[BaseModel], document: Document) -> tuple[Problem, ...]:
    """Everything that keeps a model from being filled from a document, in the order in which to correct it; empty when nothing does.

    A check of a whole block is made only when each value of the block can be read: more may come up after these.
    """
    try:
        model.model_validate(document.data)
    except ValidationError as error:
        return tuple(
            Problem(
                location=tuple(part for part in item["loc"] if part != "[key]"),
                sentence=_sentence(document, model, item),
                missing=item["type"] == "missing",
            )
            for item in _in_order(error)
        )
    return ()


def _refuse_clash(items: list[Path], made: Path, target: Path) -> None:
    """Stop before the first file is replaced when a folder stands where a file belongs, or the other way round."""
    for item in items:
        place = target / item.relative_to(made)
        if place.exists() and place.is_dir() != item.is_dir():
            kinds = ("folder", "file") if place.is_dir() else ("file", "folder")
            msg = f"{place} is a {kinds[0]} but a {kinds[1]} of that name must be written; move it or give another --out."
            raise InputError(msg)


@contextmanager
def writing_folder(target: Path) -> Iterator[Path]:
    """A temporary folder beside `target` that takes its place only when the block ends well.

    An existing target folder is kept: its files of the same names are replaced, others stay.
    Raises InputError when the place cannot be written.
    """
    if target.is_symlink() and not target.exists():
        msg = f"{target} is a link to a folder that does not exist; make that folder or give another with --out."
        raise InputError(msg)
    if target.exists() and not target.is_dir():
        msg = f"{target} is a file; give a folder with --out."
        raise InputError(msg)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            with tempfile.TemporaryFile(dir=target):
                pass
        made = Path(tempfile.mkdtemp(prefix=f".{target.name[:_LONGEST_PREFIX]}-", dir=target.parent))
    except OSError as error:
        msg = f"Cannot write to {target}: {error.strerror}. Give a writable folder with --out."
        raise InputError(msg) from error
    try:
        yield made
        if target.is_dir():
            items = sorted(made.rglob("*"))
            _refuse_clash(items, made, target)
            for item in items:
                place = target / item.relative_to(made)
                if item.is_dir():
                    place.mkdir(exist_ok=True)
                else:
                    item.replace(place)
        else:
            made.chmod(0o755)
            made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
