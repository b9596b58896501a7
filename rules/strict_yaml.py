"""The one reader of YAML that somebody writes by hand: rules, layouts and sources.

YAML text is composed to nodes and never constructed by PyYAML, which would let the last of two
equal keys win in silence, take `yes` for true and `010` for eight, send 10.1 through a binary
float, and unfold aliases without end. The values that come of the nodes are checked by pydantic,
strictly: a fault knows its line, its key, what was found and what was expected. Not here: what the
keys mean, and the words of each caller's message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

import yaml
from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from rules.errors import TrappanError

#: Where a value stands: keys and numbers of items, from the top.
Place = tuple[str | int, ...]
Checked = TypeVar("Checked")
Kind = Literal[
    "syntax", "no_mapping", "unknown_key", "missing_key", "key_twice", "value", "own_words"
]

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KINDS = {
    "str": "the text",
    "int": "the number",
    "float": "the number",
    "bool": "the yes/no value",
    "timestamp": "the date or time",
}
_UNEXPECTED = "unexpected"
_INPUT = "Input should be "
_KIND_OF_ERROR: dict[str, Kind] = {
    _UNEXPECTED: "value",
    "extra_forbidden": "unknown_key",
    "missing": "missing_key",
    "model_type": "no_mapping",
    "dict_type": "no_mapping",
}


class StrictYamlError(TrappanError, ValueError):
    """A YAML text is not what was expected.

    Attributes:
        kind: what is wrong in general.
        place: of the value, or of the mapping whose key it is.
        line: of the text, from 1; None when it has none.
        found: what stands there, with its value: not for a file that may hold secrets.
        expected: in words; empty for keys, which only the caller can name. Of the kind
            `own_words`, the whole sentence that a model's validator says.
    """

    def __init__(
        self, kind: Kind, place: Place, line: int | None, *, found: str, expected: str
    ) -> None:
        super().__init__(f"line {line}: found {found}, expected {expected}")
        self.kind = kind
        self.place = place
        self.line = line
        self.found = found
        self.expected = expected

    @property
    def key(self) -> str:
        """The place as `values[0].value`; empty for the whole text."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.place)
        return "".join(parts).removeprefix(".")


@dataclass(frozen=True)
class Unread:
    """A scalar that people and YAML read differently; no type of ours takes it."""

    text: str


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="found an alias (*)", problem_mark=mark)
        return super().compose_node(parent, index)


class Document:
    """A YAML text as plain values, each with the line it stands on.

    Attributes:
        content: dicts, tuples, texts, ints, Decimals, booleans, dates and None; `Unread` for what
            is none of them without doubt.
    """

    def __init__(self, root: yaml.Node) -> None:
        self._nodes: dict[Place, yaml.Node] = {}
        self._key_lines: dict[Place, int] = {}
        self.content = self._value(root, ())

    def line_of(self, place: Place) -> int | None:
        """Return the line of a value, or of the nearest that holds it."""
        found = next(
            (self._nodes[above] for above in _upwards(place) if above in self._nodes), None
        )
        return found.start_mark.line + 1 if found is not None else None

    def fault(self, place: Place, expected: str) -> StrictYamlError:
        """Return the error for a value that is not what was expected."""
        place = next(above for above in _upwards(place) if above in self._nodes)
        return StrictYamlError(
            "value",
            place,
            self.line_of(place),
            found=_describe(self._nodes[place]),
            expected=expected,
        )

    def checked(self, type_: type[Checked] | TypeAdapter[Checked], place: Place = ()) -> Checked:
        """Return the value of a place as a model or type of pydantic's, strictly.

        Raises:
            StrictYamlError: it is none; of several faults an unknown key comes first, which is
                often the missing one misspelt.
        """
        value = self.content
        for part in place:
            value = value[part]
        adapter: TypeAdapter[Checked] = (
            type_ if isinstance(type_, TypeAdapter) else _adapter(cast("Any", type_))
        )
        try:
            return adapter.validate_python(value, strict=True)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            first = min(errors, key=lambda one: one["type"] != "extra_forbidden")
            said = first["msg"].removeprefix("Value error, ")
            other: Kind = "value" if said.startswith(_INPUT) else "own_words"
            kind = _KIND_OF_ERROR.get(first["type"], other)
            said = said.removeprefix(_INPUT)
            raise self._error(kind, (*place, *first["loc"]), said) from None

    def _error(self, kind: Kind, loc: Place, said: str) -> StrictYamlError:
        place = self._in_the_text(loc)
        if kind in {"value", "own_words", "no_mapping"}:
            found = _describe(self._nodes[place])
            expected = "a mapping" if kind == "no_mapping" else said
            return StrictYamlError(kind, place, self.line_of(place), found=found, expected=expected)
        if kind == "missing_key":
            found = f"no key {loc[-1]!r}"
            return StrictYamlError(kind, place, self.line_of(place), found=found, expected="")
        found, line = f"the unknown key {place[-1]!r}", self._key_lines[place]
        return StrictYamlError(kind, place[:-1], line, found=found, expected="")

    def _in_the_text(self, loc: Place) -> Place:
        """Return a place without the steps that only pydantic makes: into a member of a union."""
        place: Place = ()
        for part in loc:
            if (*place, part) in self._nodes:
                place = (*place, part)
        return place

    def _value(self, node: yaml.Node, place: Place) -> Any:
        self._nodes[place] = node
        if isinstance(node, yaml.MappingNode) and _kind(node) == "map":
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode) and _kind(node) == "seq":
            return tuple(self._value(item, (*place, i)) for i, item in enumerate(node.value))
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                seen = _describe(key_node)
                raise StrictYamlError("value", place, line, found=seen, expected="a key")
            key = str(key_node.value)
            if key in found:
                seen = f"the key {key!r} twice"
                raise StrictYamlError("key_twice", place, line, found=seen, expected="it once")
            self._key_lines[*place, key] = line
            found[key] = self._value(value_node, (*place, key))
        return found


def read_yaml(text: str) -> Document | None:
    """Read a text that is one YAML document; None when nothing stands in it.

    Raises:
        StrictYamlError: it is none, has an alias, or a key twice.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
        return Document(node) if node is not None else None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error) or "nested without end"
        raise StrictYamlError(
            "syntax",
            (),
            mark.line + 1 if mark else None,
            found=f"broken YAML ({problem})",
            expected="one YAML document",
        ) from None


def unexpected(expected: str) -> PydanticCustomError:
    """Return the error that a validator raises of a value; what was found is added here."""
    return PydanticCustomError(_UNEXPECTED, "{expected}", {"expected": expected})


def _as_float(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def _as_path(value: object) -> object:
    return Path(value) if isinstance(value, str) else value


#: For fields of models: decimals come as Decimal and paths as text.
YamlFloat = Annotated[float, BeforeValidator(_as_float)]
YamlPath = Annotated[Path, BeforeValidator(_as_path)]


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def _upwards(place: Place) -> Iterator[Place]:
    return (place[:length] for length in range(len(place), -1, -1))


def _scalar(node: yaml.Node) -> object:
    text = str(node.value)
    match _kind(node):
        case "str":
            value: object = text
        case "null":
            value = None
        case "int" if _INTEGER.fullmatch(text):
            value = int(text)
        case "float" if _DECIMAL.fullmatch(text):
            value = Decimal(text)
        case "bool" if text in {"true", "false"}:
            value = text == "true"
        case "timestamp" if _is_day(text):
            value = date.fromisoformat(text)
        case _:
            value = Unread(text)
    return value


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _kind(node: yaml.Node) -> str:
    """`str`, `int`, `float`, `bool`, `timestamp`, `null`, `seq`, `map`, or a tag of one's own."""
    standard, _, kind = str(node.tag).rpartition("tag:yaml.org,2002:")
    return kind if not standard else ""


def _describe(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        values = [item.value if isinstance(item, yaml.ScalarNode) else "…" for item in node.value]
        return f"the list [{', '.join(values)}]"
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if _kind(node) == "null" or not node.value:
        return "nothing"
    return f"{_KINDS.get(_kind(node), 'the value')} {node.value!r}"
