"""Read one parameter file, strictly: every fault names file, line, key, found and expected.

Here: YAML text to a checked `Parameter`. Not here: how YAML is read (`strict_yaml.py`), whether a
set of files is complete or its values fit together (`registry.py`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationInfo,
    field_validator,
)

from rules.errors import TrappanError
from rules.ladder import PARAMETERS, ParameterSpec
from rules.models import DatedValue, Parameter, Value
from rules.strict_yaml import Document, StrictYamlError, read_yaml, unexpected

# Each key with a reference, and how one begins that cites no document.
_OUR_CHOICE = {"reference": "our choice", "reference_sv": "Eget val"}
_MOST_DECIMALS = 2
_MAX_MINUTES = 1440  # of a day
_MAX_DAYS = 366  # a limit in days longer than a school year is a slip of the keyboard
_GRADES = "a list of grades, 0 (förskoleklass) to 9, ascending and each once"


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
    try:
        document = _read(f"[{text}]")
        items = document.checked(_some_items("one value or more"))
        return tuple(document.checked(_value_of(spec), (i,)) for i in range(len(items)))
    except StrictYamlError as error:
        # What somebody wrote on the command line has no lines, and values no keys.
        raise _fault_of(Path(f"{source} {name}"), error, with_place=False) from None


def known_names(name: str, known: Collection[str]) -> str:
    """Say which names are known, and which of them was likely meant."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"a known parameter{hint} Known are: {', '.join(sorted(known))}"


def read_parameter(path: Path, content: bytes) -> Parameter:
    """Read and check one parameter file.

    Args:
        path: where it lies: `<parameter name>.yaml`.
        content: its bytes, UTF-8.

    Returns:
        The parameter, its values oldest first.

    Raises:
        RuleFileError: the file breaks any of the rules in `docs/rules-sets.md`.
    """
    try:
        return _parameter(path, _read(content.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise fault(path, f"unreadable text ({error})", "YAML in UTF-8") from error
    except StrictYamlError as error:
        raise _fault_of(path, error) from None


def _read(text: str) -> Document:
    document = read_yaml(text)
    if document is None:
        raise StrictYamlError(
            "syntax", (), None, found="an empty file", expected=_keys_of(_ParameterFile)
        )
    return document


def _parameter(path: Path, document: Document) -> Parameter:
    said = document.checked(_ParameterFile)
    if said.name != path.stem:
        raise document.fault(("name",), f"the name of the file, {path.stem!r}")
    spec = PARAMETERS.get(said.name)
    if spec is None:
        raise document.fault(("name",), known_names(said.name, PARAMETERS))
    if said.unit != spec.unit:
        raise document.fault(("unit",), f"{spec.unit!r}, the unit of this parameter")
    values: list[DatedValue] = []
    for i, dated in enumerate(said.values):
        if values and dated.valid_from <= values[-1].valid_from:
            raise document.fault(
                ("values", i, "valid_from"),
                f"a day after {values[-1].valid_from} (each day once, the oldest value first)",
            )
        value = document.checked(_value_of(spec), ("values", i, "value"))
        values.append(DatedValue(dated.valid_from, value, dated.reference, dated.reference_sv))
    return Parameter(
        name=said.name,
        description=said.description,
        unit=spec.unit,
        values=tuple(values),
        path=path,
    )


def _fault_of(path: Path, error: StrictYamlError, *, with_place: bool = True) -> RuleFileError:
    keys = _keys_of(_DatedValue if error.place else _ParameterFile)
    expected = f"a mapping with {keys}" if error.kind == "no_mapping" else error.expected or keys
    key, line = (error.key, error.line) if with_place else ("", None)
    return fault(path, error.found, expected, key=key, line=line)


def _keys_of(model: type[BaseModel]) -> str:
    return f"the keys {', '.join(model.model_fields)}"


def _text(value: object) -> str:
    # Line breaks of a folded text are the file's layout and not part of the text.
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text:
        raise unexpected("a text that is not empty")
    return text


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise unexpected("a date of the calendar as YYYY-MM-DD, without quotes and without time")
    return value


def _items(expected: str, value: object) -> tuple[object, ...]:
    if not isinstance(value, tuple) or not value:
        raise unexpected(f"{expected} with at least one item")
    return value


def _reference(reference: str, info: ValidationInfo) -> str:
    # "our choice" alone would be a number with no reason, which is what references prevent.
    words = _OUR_CHOICE[str(info.field_name)]
    if _is_our_choice(reference, words) and not re.match(rf"{words}: \S", reference, re.IGNORECASE):
        raise unexpected(f"'{words}: ' and the reason")
    return reference


def _is_our_choice(reference: str, words: str) -> bool:
    return reference.lower().startswith(words.lower())


_Text = Annotated[str, BeforeValidator(_text)]
_Reference = Annotated[_Text, AfterValidator(_reference)]
_Day = Annotated[date, BeforeValidator(_day)]


class _DatedValue(BaseModel):
    """One item of `values`; the value itself is checked by the parameter's unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_from: _Day
    value: Any
    reference: _Reference
    reference_sv: _Reference

    @field_validator("reference_sv")
    @classmethod
    def _cites_as_the_other_does(cls, swedish: str, info: ValidationInfo) -> str:
        english = info.data.get("reference")
        if english is None:
            return swedish
        is_ours = _is_our_choice(english, _OUR_CHOICE["reference"])
        if is_ours != _is_our_choice(swedish, _OUR_CHOICE["reference_sv"]):
            # A choice of ours that a list shows as a document's word would be believed as one.
            ours = f"'{_OUR_CHOICE['reference_sv']}: ' and the reason"
            raise unexpected(f"{ours if is_ours else 'a document'}, as `reference` has it")
        return swedish


class _ParameterFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Text
    description: _Text
    unit: _Text
    values: Annotated[
        tuple[_DatedValue, ...], BeforeValidator(partial(_items, "a list of dated values"))
    ]


@cache
def _some_items(expected: str) -> TypeAdapter[tuple[object, ...]]:
    return _checked_by(partial(_items, expected))


def _checked_by(check: Callable[[object], object]) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[Any, BeforeValidator(check)])


def _percent(value: object) -> Decimal:
    is_number = type(value) in {int, Decimal}
    percent = Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)
    decimals = -int(percent.as_tuple().exponent)
    if not is_number or not 0 < percent <= 100 or decimals > _MOST_DECIMALS:
        raise unexpected(
            "a percentage over 0 and at most 100, with a point and at most two decimals"
        )
    return percent


def _whole(low: int, high: int, expected: str, value: object) -> int:
    if type(value) is not int or not low <= value <= high:
        raise unexpected(expected)
    return value


def _ascending(grades: tuple[int, ...]) -> tuple[int, ...]:
    if list(grades) != sorted(set(grades)):
        raise unexpected(_GRADES)
    return grades


def _choice(choices: Collection[str], value: object) -> str:
    if not isinstance(value, str) or value not in choices:
        raise unexpected(f"one of {', '.join(choices)}")
    return value


_Grade = Annotated[int, BeforeValidator(partial(_whole, 0, 9, "a grade, 0 to 9"))]
_OF_UNIT: dict[str, TypeAdapter[Any]] = {
    "percent": _checked_by(_percent),
    "days": _checked_by(partial(_whole, 1, _MAX_DAYS, f"whole days, 1 to {_MAX_DAYS}")),
    "spells": _checked_by(partial(_whole, 1, _MAX_DAYS, f"spells of absence, 1 to {_MAX_DAYS}")),
    "minutes": _checked_by(partial(_whole, 1, _MAX_MINUTES, f"minutes, 1 to {_MAX_MINUTES}")),
    "grades": TypeAdapter(
        Annotated[
            tuple[_Grade, ...],
            BeforeValidator(partial(_items, _GRADES)),
            AfterValidator(_ascending),
        ]
    ),
}


def _value_of(spec: ParameterSpec) -> TypeAdapter[Value]:
    """What reads a value of a parameter, by its unit."""
    return _OF_UNIT.get(spec.unit) or _checked_by(partial(_choice, spec.choices))
