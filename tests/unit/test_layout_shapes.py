"""What is proposed for a table with a column a lesson, or with a block a pupil."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.exports.layout_drafts import draft_layout
from assets.exports.layout_shapes import codes_of_lessons, lesson_columns, pupil_headings
from assets.exports.readers.layout_files import parse_layout, shipped_layouts
from assets.exports.readers.reshaping.forms import Form
from tests.examples import examples

LAYOUTS = Path(__file__).parents[2] / "data_samples" / "layouts"
HEADER = ["Datum", "Från", "Till", "Giltig min", "Ogiltig min"]
LESSON = ["2026-10-05", "08:20", "09:20", "0", "15"]


def draft_of(folder: str, name: str) -> str:
    """Return the draft of a sample, with its doubts still in it."""
    return draft_layout(LAYOUTS / folder / name, shipped_layouts(), "egen", None).text


def test_a_column_a_lesson_is_drafted_as_its_sample_says() -> None:
    text = draft_of("monsterlida", "vecka_46_20261114T0500.csv")
    sample = (LAYOUTS / "monsterlida" / "monsterlida.yaml").read_text(encoding="utf-8")
    meanings = {"1": "present", "?": "not_reported", "A": "valid", "F": "invalid", "X": "other"}
    for code, meaning in meanings.items():
        text = text.replace(f'"{code}": DECIDE', f'"{code}": {meaning}')
    text = text.replace("empty: not_reported", "empty: no_lesson")
    drafted, known = parse_layout(text, "draft"), parse_layout(sample, "sample")
    assert (drafted.kind, drafted.columns_are) == (known.kind, known.columns_are)
    assert drafted.columns["civic_no"].headers == known.columns["civic_no"].headers
    assert drafted.codes
    assert known.codes
    assert {code: said for code, said in drafted.codes.table.items() if code != "X"} == (
        known.codes.table
    )


def test_a_block_a_pupil_is_drafted_as_its_sample_says() -> None:
    text = draft_of("blockhult", "elevrapport_20261114T0500.csv")
    sample = (LAYOUTS / "blockhult" / "blockhult.yaml").read_text(encoding="utf-8")
    assert "# school_unit_code: {headers: [???]" in text
    drafted, known = parse_layout(text, "draft"), parse_layout(sample, "sample")
    assert (drafted.blocks, drafted.columns) == (known.blocks, known.columns)
    assert [one.form.parts for one in drafted.split] == [one.form.parts for one in known.split]


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        (["2026-10-05", "2026-10-06", "2026-10-07"], "{lesson_date}"),
        (["20261005 MA", "20261005 SV", "20261006 NO"], "{lesson_date} {subject}"),
        (
            ["Lektion Ma 2026/10/05 8.20–9.20", "Lektion No 2026/10/06 10.00–11.00"] * 2,
            "Lektion {subject} {lesson_date} {start_time}–{end_time}",
        ),
        (
            ["2026-10-05 08:20 Idrott och hälsa (A)", "2026-10-06 08:20 Bild (A)"] * 2,
            "{lesson_date} {start_time} {subject} (A)",
        ),
        # Two things differ, and nobody can tell which is the subject.
        (["A 2026-10-05 B", "C 2026-10-06 D", "E 2026-10-07 F"], ""),
        (["{x} 2026-10-05", "{x} 2026-10-06", "{x} 2026-10-07"], ""),
    ],
)
def test_the_form_of_headers_with_days(headers: list[str], form: str) -> None:
    found = lesson_columns(["Personnr", *headers], [])
    assert found
    assert (found.names, found.form) == (tuple(headers), form)


@given(
    subjects=st.lists(st.sampled_from(["MA", "Idrott och hälsa", "NO 2", "Bild"]), min_size=3),
    order=st.permutations(["{subject}", "{lesson_date}", "{start_time}-{end_time}"]),
    literal=st.sampled_from(["", "kl", "Lektion", "(grupp A)"]),
)
@settings(max_examples=examples(60))
def test_a_form_that_is_proposed_takes_every_header_apart(
    subjects: list[str], order: list[str], literal: str
) -> None:
    parts = [*order[:2], literal, *order[2:]]
    form = " ".join(part for part in parts if part)
    headers = [
        form.replace("{subject}", subject)
        .replace("{lesson_date}", f"2026-10-{5 + place % 20:02}")
        .replace("{start_time}", "08:20")
        .replace("{end_time}", f"09:{place % 60:02}")
        for place, subject in enumerate(subjects)
    ]
    found = lesson_columns(headers, [])
    assert found
    for header in headers if found.form else []:
        said = Form(found.form).taken_apart(header)
        assert said is not None
        assert said["lesson_date"] in header


def test_two_headers_with_days_are_no_lessons() -> None:
    assert lesson_columns(["Personnr", "Från 2026-10-05", "Till 2026-10-09"], []) is None


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (["F", "", "1", "F"], ("1", "F")),
        (["0", "60", "7,5"], ()),
        (["Giltig frånvaro", "F"], ()),
        ([], ()),
        ([str(number) + "a" for number in range(20)], ()),
    ],
)
def test_codes_are_told_from_minutes(cells: list[str], codes: tuple[str, ...]) -> None:
    assert codes_of_lessons(cells) == codes


@pytest.mark.parametrize(
    ("heading", "form"),
    [
        ("Elev: Öberg, Åsa (20120314-9800)", "Elev: {family_name}, {given_name} ({civic_no})"),
        ("20120314-9800 Klass: 8A", "{civic_no} Klass: {class_name}"),
        ("Elev Åsa Öberg, 20120314-9800", "Elev {given_name} {family_name}, {civic_no}"),
        ("Namn: Åsa Öberg Personnr: 201203149800",
         "Namn: {given_name} {family_name} Personnr: {civic_no}"),
        ("Åsa: 20120314-9800", ""),
        ("20120314-9800 Åsa Öberg", ""),
        ("Klass: 8A Elev: Åsa Öberg Hemlig: sak 20120314-9800", ""),
    ],
)  # fmt: skip
def test_the_form_of_a_heading_has_labels_and_nobodys_name(heading: str, form: str) -> None:
    found = pupil_headings([[heading], HEADER, LESSON, ["Summa", "", "", "0", "15"]], 1)
    assert found
    assert (found.form, found.rows, found.totals) == (form, [LESSON], ("Summa",))


@given(words=st.lists(st.from_regex(r"[A-ZÅÄÖ][a-zåäö]{6,9}[:,]?", fullmatch=True), max_size=6))
@settings(max_examples=examples(200))
def test_no_word_of_a_heading_that_is_no_label_gets_into_a_draft(words: list[str]) -> None:
    text = " ".join([*words[:3], "20120314-9800", *words[3:]])
    found = pupil_headings([[text], HEADER, LESSON], 1)
    assert found
    names = {word.strip(":,") for word in words} - {"Personnr", "Personnummer"}
    known = {word for word in names if f"{word.casefold()}:" in KNOWN_LABELS}
    assert not (names - known) & set(re.findall(r"\w+", found.form))


#: Words for our columns of so many letters, which are no names before a colon.
KNOWN_LABELS = {"klassnamn:", "förnamn:", "efternamn:", "startdatum:", "skolenhet:", "slutdatum:"}


def test_rows_with_a_number_in_a_column_are_no_headings() -> None:
    rows = [["Personnr", *HEADER], ["20120314-9800", *LESSON]]
    assert pupil_headings(rows, 0) is None


def test_minutes_in_columns_of_days_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "vecka.csv"
    rows = [["Skolenhetskod", "Personnummer", "2026-10-05", "2026-10-06", "2026-10-07"]]
    rows += [["99999901", "20120314-9800", "0", "60", "0"]]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    draft = draft_layout(path, shipped_layouts(), "egen", None)
    said = yaml.safe_load(draft.text)
    assert said["columns_are"] == {
        "parts": "{lesson_date}",
        "cells": "DECIDE",
        "empty": "not_reported",
    }
    assert said["kind"] == "lessons"
    assert "found the text 'DECIDE'" in draft.lacks
