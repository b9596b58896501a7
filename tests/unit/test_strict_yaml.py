"""The one YAML reader: what it takes as which value, and how it tells a fault."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from rules.strict_yaml import (
    Document,
    StrictYamlError,
    Unread,
    YamlFloat,
    YamlPath,
    read_yaml,
    unexpected,
)


class Lesson(BaseModel):
    model_config = ConfigDict(extra="forbid")

    minutes: int
    share: YamlFloat = 0.5
    file: YamlPath | None = None


class Day(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["school", "break"]
    lessons: tuple[Lesson, ...] = ()
    is_short: bool = False


def document(text: str) -> Document:
    found = read_yaml(text)
    assert found is not None
    return found


def fault_of(text: str) -> StrictYamlError:
    with pytest.raises(StrictYamlError) as caught:
        document(text).checked(Day)
    return caught.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("10", 10),
        ("-3", -3),
        ("10.10", Decimal("10.10")),
        ("true", True),
        ("2026-11-15", date(2026, 11, 15)),
        ("~", None),
        ("'10'", "10"),
        ("1e3", "1e3"),
        ("2026-1-2", "2026-1-2"),
        ("[a, 2]", ("a", 2)),
        ("{a: {b: 1}}", {"a": {"b": 1}}),
        # What people read in one way and YAML in another.
        ("010", Unread("010")),
        ("1_000", Unread("1_000")),
        ("1:30", Unread("1:30")),
        ("0x1F", Unread("0x1F")),
        ("1.0e+1", Unread("1.0e+1")),
        (".nan", Unread(".nan")),
        ("9" * 5000, Unread("9" * 5000)),
        ("no", Unread("no")),
        ("On", Unread("On")),
        ("2026-02-30", Unread("2026-02-30")),
        ("2026-11-15T10:00:00", Unread("2026-11-15T10:00:00")),
        ("!!python/name:os.system ''", Unread("")),
        ("!mine 5", Unread("5")),
        ("!!binary aGVq", Unread("aGVq")),
    ],
)
def test_a_scalar_is_what_everybody_reads_in_it_or_nothing(written: str, value: object) -> None:
    found = document(written).content
    assert found == value
    assert type(found) is type(value)


def test_nothing_is_no_document() -> None:
    assert read_yaml("") is None
    assert read_yaml("# only a word to the reader\n") is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: &x [1]\nb: *x\n", 2),
        ("a: 1\n---\nb: 1\n", 2),
        ("a: [1\nb: 2\n", 2),
        ("a: \x07", None),
        ("[" * 5000, None),
    ],
)
def test_what_is_not_one_plain_document_is_refused_by_line(text: str, line: int | None) -> None:
    with pytest.raises(StrictYamlError) as caught:
        read_yaml(text)
    assert (caught.value.kind, caught.value.line) == ("syntax", line)


def test_a_model_takes_decimals_paths_and_lists() -> None:
    day = document(
        "kind: school\nlessons:\n- {minutes: 40, share: 0.25, file: a/b}\n- {minutes: 60, share: 1}"
    ).checked(Day)
    assert [lesson.share for lesson in day.lessons] == [0.25, 1.0]
    assert str(day.lessons[0].file) == "a/b"


@pytest.mark.parametrize(
    ("text", "kind", "key", "line", "found"),
    [
        ("- 1", "no_mapping", "", 1, "the list [1]"),
        ("kind: school\nlesons: []", "unknown_key", "", 2, "the unknown key 'lesons'"),
        ("kinds: school", "unknown_key", "", 1, "the unknown key 'kinds'"),
        ("lessons: []", "missing_key", "", 1, "no key 'kind'"),
        ("kind: school\nkind: break", "key_twice", "", 2, "the key 'kind' twice"),
        ("kind: skola", "value", "kind", 1, "the text 'skola'"),
        ("kind: school\nis_short: yes", "value", "is_short", 2, "the yes/no value 'yes'"),
        ("kind: school\nis_short: 1", "value", "is_short", 2, "the number '1'"),
        (
            "kind: school\nlessons:\n- minutes: 40\n- minutes: '40'",
            "value",
            "lessons[1].minutes",
            4,
            "the text '40'",
        ),
        (
            "kind: school\nlessons:\n- minutes: true",
            "value",
            "lessons[0].minutes",
            3,
            "the yes/no value 'true'",
        ),
        (
            "kind: school\nlessons:\n- minutes: 40\n\n- share: 0.5",
            "missing_key",
            "lessons[1]",
            5,
            "no key 'minutes'",
        ),
    ],
)
def test_a_fault_has_its_kind_key_line_and_what_was_found(
    text: str, kind: str, key: str, line: int, found: str
) -> None:
    fault = fault_of(text)
    assert (fault.kind, fault.key, fault.line, fault.found) == (kind, key, line, found)


@given(st.text(st.sampled_from("ab: -[]{}\n#&*!|>'\"%@`,?~.019\t\x00\u2028å"), max_size=60))
def test_whatever_somebody_writes_is_read_or_told(text: str) -> None:
    # Nothing else may come out: whatever it were, no caller would have words for it.
    with suppress(StrictYamlError):
        found = read_yaml(text)
        if found is not None:
            found.checked(Day)


def test_what_was_expected_is_reported_in_words() -> None:
    assert fault_of("kind: skola").expected == "'school' or 'break'"
    assert str(unexpected("a school day")) == "a school day"
    told = document("lessons:\n- minutes: 40").fault(("lessons", 0, "minutes"), "at most 30")
    assert str(told) == "line 2: found the number '40', expected at most 30"
