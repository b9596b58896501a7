"""Read one parameter file, strictly: every fault names file, line, key, found and expected.

Here: YAML text to a checked `Parameter`. Not here: whether a set of files is complete or its
values fit together (`registry.py`).

The YAML is composed to nodes and never constructed to Python objects. That keeps the line of
every key, sees a key written twice (PyYAML lets the last one win in silence), and reads 10.1 as
exactly 10.1: PyYAML's own constructor would go through a binary float, take `yes` for 1 and
`010` for 8.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import yaml

from rules.errors import TrappanError
from rules.ladder import PARAMETERS, ParameterSpec
from rules.models import DatedValue, Parameter, Value

_KEYS = ("name", "description", "unit", "values")
_DATED_KEYS = ("valid_from", "value", "reference", "reference_sv")
# Each key with a reference, and how one begins that cites no document.
_OUR_CHOICE = {"reference": "our choice", "reference_sv": "Eget val"}
_KINDS = {
    "str": "the text",
    "int": "the number",
    "float": "the number",
    "bool": "the yes/no value",
    "timestamp": "the date or time",
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PERCENT = re.compile(r"(0|[1-9][0-9]{0,2})(\.[0-9]{1,2})?")
# "010" is eight in YAML 1.1 and ten to everybody else, so it is nothing here.
_INTEGER = re.compile(r"0|[1-9][0-9]{0,8}")
_MAX_MINUTES = 1440  # of a day
_MAX_DAYS = 366  # a limit in days longer than a school year is a slip of the keyboard


class RuleFileError(TrappanError, ValueError):
    """A parameter file or set is wrong; the message says where, what was found and expected."""


def fault(
    path: Path, found: str, expected: str, *, key: str = "", line: int | None = None
) -> RuleFileError:
    """The error for one fault, in the one form that every message of the loader has."""
    where = f"{path}:{line}" if line is not None else f"{path}"
    return RuleFileError(f"{where}: {key + ': ' if key else ''}found {found}, expected {expected}")


def read_values(name: str, text: str, source: str) -> tuple[Value, ...]:
    """Read values of a parameter that stand elsewhere than in its file, by the file's own rules.

    Args:
        name: the parameter.
        text: one value or several, as the file writes them, with commas between: `10,12.5`,
            `[4, 5, 6],[7, 8, 9]`, `pooled,each`.
        source: where the text stands, for messages: `--set`.

    Raises:
        RuleFileError: no such parameter, or no such value.
    """
    spec = PARAMETERS.get(name)
    if spec is None:
        raise RuleFileError(f"{source}: found {name!r}, expected {known_names(name, PARAMETERS)}")
    reader = _Reader(Path(f"{source} {name}"), text=f"[{text}]")
    items = reader.items(reader.compose(), "", "one value or more")
    return tuple(reader.value(item, "", spec) for item in items)


def known_names(name: str, known: Collection[str]) -> str:
    """Say which names are known, and which of them was likely meant."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"a known parameter{hint} Known are: {', '.join(sorted(known))}"


def read_parameter(path: Path) -> Parameter:
    """Read and check one parameter file.

    Args:
        path: a file `<parameter name>.yaml`, UTF-8.

    Returns:
        The parameter, its values oldest first.

    Raises:
        RuleFileError: the file breaks any of the rules in `docs/rules.md`.
    """
    reader = _Reader(path)
    top = reader.fields(reader.compose(), "", _KEYS)
    name = reader.text(top["name"], "name")
    if name != path.stem:
        raise reader.fault(top["name"], "name", f"the name of the file, {path.stem!r}")
    spec = PARAMETERS.get(name)
    if spec is None:
        raise reader.fault(top["name"], "name", known_names(name, PARAMETERS))
    if reader.text(top["unit"], "unit") != spec.unit:
        raise reader.fault(top["unit"], "unit", f"{spec.unit!r}, the unit of this parameter")
    return Parameter(
        name=name,
        description=reader.text(top["description"], "description"),
        unit=spec.unit,
        values=_dated_values(reader, top["values"], spec),
        path=path,
    )


def _dated_values(reader: _Reader, node: yaml.Node, spec: ParameterSpec) -> tuple[DatedValue, ...]:
    values: list[DatedValue] = []
    for i, item in enumerate(reader.items(node, "values", "a list of dated values")):
        key = f"values[{i}]"
        fields = reader.fields(item, key, _DATED_KEYS)
        valid_from = reader.day(fields["valid_from"], f"{key}.valid_from")
        if values and valid_from <= values[-1].valid_from:
            raise reader.fault(
                fields["valid_from"],
                f"{key}.valid_from",
                f"a day after {values[-1].valid_from} (each day once, the oldest value first)",
            )
        value = reader.value(fields["value"], f"{key}.value", spec)
        values.append(DatedValue(valid_from, value, *_references(reader, fields, key)))
    return tuple(values)


def _references(reader: _Reader, fields: dict[str, yaml.Node], at: str) -> tuple[str, str]:
    """The source of a value in English and in Swedish; both cite a document, or neither does."""
    references = [reader.text(fields[name], f"{at}.{name}") for name in _OUR_CHOICE]
    is_ours = []
    for (name, words), reference in zip(_OUR_CHOICE.items(), references, strict=True):
        is_ours.append(reference.lower().startswith(words.lower()))
        # "our choice" alone would be a number with no reason, which is what references prevent.
        if is_ours[-1] and not re.match(rf"{words}: \S", reference, re.IGNORECASE):
            raise reader.fault(fields[name], f"{at}.{name}", f"'{words}: ' and the reason")
    english, swedish = references
    if is_ours[0] != is_ours[1]:
        # A choice of ours that a list shows as a document's word would be believed as one.
        ours = f"'{_OUR_CHOICE['reference_sv']}: ' and the reason"
        expected = f"{ours if is_ours[0] else 'a document'}, as `reference` has it"
        raise reader.fault(fields["reference_sv"], f"{at}.reference_sv", expected)
    return english, swedish


class _Reader:
    """The nodes of one file as checked values; of a text in its place, when one is given."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        self._path = path
        self._text = text

    def compose(self) -> yaml.Node:
        try:
            text = self._path.read_bytes().decode("utf-8") if self._text is None else self._text
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            raise fault(
                self._path,
                f"broken YAML ({error.problem})",
                "one YAML document",
                line=self._line(mark),
            ) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise fault(self._path, f"unreadable text ({error})", "YAML in UTF-8") from error
        if node is None:
            raise fault(self._path, "an empty file", f"the keys {', '.join(_KEYS)}")
        return node

    def fault(self, node: yaml.Node, key: str, expected: str) -> RuleFileError:
        line = self._line(node.start_mark)
        return fault(self._path, _describe(node), expected, key=key, line=line)

    def _line(self, mark: yaml.Mark | None) -> int | None:
        """The line of a file; a text that somebody wrote on the command line has none."""
        return mark.line + 1 if mark and self._text is None else None

    def fields(self, node: yaml.Node, at: str, keys: Sequence[str]) -> dict[str, yaml.Node]:
        """The values of a mapping that must have exactly `keys`, each once."""
        expected = f"the keys {', '.join(keys)}"
        if not isinstance(node, yaml.MappingNode):
            raise self.fault(node, at, f"a mapping with {expected}")
        found: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = str(key_node.value)
            if key not in keys:
                raise fault(self._path, f"the unknown key {key!r}", expected, key=at, line=line)
            if key in found:
                raise fault(self._path, f"the key {key!r} twice", "it once", key=at, line=line)
            found[key] = value_node
        for key in keys:
            if key not in found:
                line = node.start_mark.line + 1
                raise fault(self._path, f"no key {key!r}", expected, key=at, line=line)
        return found

    def items(self, node: yaml.Node, key: str, expected: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.fault(node, key, f"{expected} with at least one item")
        return list(node.value)

    def text(self, node: yaml.Node, key: str) -> str:
        # Line breaks of a folded text are the file's layout and not part of the text.
        text = " ".join(node.value.split()) if _kind(node) == "str" else ""
        if not text:
            raise self.fault(node, key, "a text that is not empty")
        return text

    def day(self, node: yaml.Node, key: str) -> date:
        expected = "a date of the calendar as YYYY-MM-DD, without quotes and without time"
        if _kind(node) != "timestamp" or not _DAY.fullmatch(node.value):
            raise self.fault(node, key, expected)
        try:
            return date.fromisoformat(node.value)
        except ValueError as error:
            raise self.fault(node, key, expected) from error

    def value(self, node: yaml.Node, key: str, spec: ParameterSpec) -> Value:
        if spec.unit == "percent":
            return self._percent(node, key)
        if spec.unit == "grades":
            return self._grades(node, key)
        if spec.unit == "days":
            return self._integer(node, key, 1, _MAX_DAYS, f"whole days, 1 to {_MAX_DAYS}")
        if spec.unit == "minutes":
            return self._integer(node, key, 1, _MAX_MINUTES, f"minutes, 1 to {_MAX_MINUTES}")
        if _kind(node) != "str" or node.value not in spec.choices:
            raise self.fault(node, key, f"one of {', '.join(spec.choices)}")
        return str(node.value)

    def _percent(self, node: yaml.Node, key: str) -> Decimal:
        expected = "a percentage over 0 and at most 100, with a point and at most two decimals"
        if _kind(node) not in {"int", "float"} or not _PERCENT.fullmatch(node.value):
            raise self.fault(node, key, expected)
        percent = Decimal(node.value)
        if not 0 < percent <= 100:
            raise self.fault(node, key, expected)
        return percent

    def _grades(self, node: yaml.Node, key: str) -> tuple[int, ...]:
        expected = "a list of grades, 0 (förskoleklass) to 9, ascending and each once"
        grades = tuple(
            self._integer(item, f"{key}[{i}]", 0, 9, "a grade, 0 to 9")
            for i, item in enumerate(self.items(node, key, expected))
        )
        if list(grades) != sorted(set(grades)):
            raise self.fault(node, key, expected)
        return grades

    def _integer(self, node: yaml.Node, key: str, low: int, high: int, expected: str) -> int:
        if _kind(node) != "int" or not _INTEGER.fullmatch(node.value):
            raise self.fault(node, key, expected)
        number = int(node.value)
        if not low <= number <= high:
            raise self.fault(node, key, expected)
        return number


def _kind(node: yaml.Node) -> str:
    """`str`, `int`, `float`, `bool`, `timestamp`, `null`, `seq` or `map`."""
    return str(node.tag).rpartition(":")[2]


def _describe(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        values = [item.value if isinstance(item, yaml.ScalarNode) else "…" for item in node.value]
        return f"the list [{', '.join(values)}]"
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if _kind(node) == "null" or not node.value:
        return "nothing"
    return f"{_KINDS.get(_kind(node), 'the value')} {node.value!r}"
