"""SS12000 files that are no JSON, cut, hostile or of another kind: each named, none kills us."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from assets.exports.files.received import ReceivedFile, UnreadableFileError, look_at
from assets.exports.ss12000.json_child import RefusedJson, _Objects
from assets.exports.ss12000.json_files import JsonRows, resource_of
from tests.integration.ingest_files import put
from tests.integration.ss12000_files import page, person, school

pytestmark = pytest.mark.usefixtures("objects_are_read_as_everywhere")


def looked_at(folder: Path, content: str | bytes) -> ReceivedFile:
    return look_at(put(folder, "fil.json", content))


def rows_of(folder: Path, content: str | bytes) -> JsonRows:
    """Read a file to its end."""
    rows = JsonRows(looked_at(folder, content))
    for _ in rows.frames():
        pass
    return rows


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        rows_of(folder, content)
    return str(caught.value)


@pytest.mark.parametrize(
    "start", ["{", " \n{", "\ufeff{", "[{", '{"data":[]}', "[]", "[\n  {", "{ }", "[[", "[1"]
)
def test_json_is_known_by_its_first_characters(tmp_path: Path, start: str) -> None:
    assert looked_at(tmp_path, start).is_json


@pytest.mark.parametrize("start", ["[Rapport]\n", "{Rapport}\n", "Skolenhetskod;Skola\n", "", "PK"])
def test_other_text_is_no_json(tmp_path: Path, start: str) -> None:
    assert not looked_at(tmp_path, start).is_json


@pytest.mark.parametrize("name", list(school()))
def test_a_resource_is_known_by_the_fields_of_its_objects(tmp_path: Path, name: str) -> None:
    objects = school()[name]
    assert resource_of(looked_at(tmp_path, page(objects))) == name
    assert rows_of(tmp_path, json.dumps(objects)).objects == len(objects)


@pytest.mark.parametrize(
    "content",
    ['{"data": {"persons": ["p"], "rooms": ["r", 3]}}', '{"pageToken":null,"data":{"a":[1,2,3]}}'],
)
def test_deletions_are_known_by_their_shape_and_each_id_counts(
    tmp_path: Path, content: str
) -> None:
    assert resource_of(looked_at(tmp_path, content)) == "deletedEntities"
    assert rows_of(tmp_path, content).objects == 3


def test_a_field_that_the_reader_does_not_know_is_read_past(tmp_path: Path) -> None:
    assert rows_of(tmp_path, page([person(shoeSize=38)], version="x")).objects == 1


def test_the_reason_of_an_absence_never_leaves_the_child(tmp_path: Path) -> None:
    reader = JsonRows(looked_at(tmp_path, page(school()["attendances"])))
    cells = [cell for frame in reader.frames() for row in frame.rows() for cell in row]
    assert "Sen ankomst" not in cells
    assert "15" in cells


@pytest.mark.parametrize(
    ("content", "has_more"),
    [
        (page([person()]), False),
        (page([person()], pageToken="abc]"), True),
        ('{"pageToken": "x", "data": [' + json.dumps(person()) + "]}", True),
        (page([person(givenName='"pageToken":"x"}')]), False),
    ],
)
def test_a_page_token_is_seen_wherever_it_stands(
    tmp_path: Path, content: str, has_more: bool
) -> None:
    assert rows_of(tmp_path, content).has_more is has_more


@pytest.mark.parametrize("content", ['{"data": [], "pageToken": null}', "[]", '{ "data":[ ] }'])
def test_a_list_without_objects_is_empty_not_wrong(tmp_path: Path, content: str) -> None:
    assert rows_of(tmp_path, content).objects == 0


GOOD = page([person()]).encode()
FAULTS: dict[str, tuple[bytes, str]] = {
    "not UTF-8": (GOOD.replace("Ö".encode(), "Ö".encode("cp1252")), "not UTF-8, in or after obj"),
    "a NUL": (GOOD.replace(b"Anna", b"An\x00a"), "a NUL or another control character"),
    "a NUL written out": (GOOD.replace(b"Anna", b"An\\u0000a"), "a NUL character in object 1"),
    "a lost letter": (GOOD.replace(b"Anna", "An\ufffda".encode()), "U+FFFD"),
    "a field twice": (GOOD.replace(b'"sex"', b'"id"'), "object 1 has a field twice"),
    "pages in a row": (GOOD + b"\n" + GOOD, "more than one JSON value"),
    "no list": (b'{"data": "persons"}', "it holds no list 'data'"),
    "deletions that are no list": (b'{"data": {"persons": "x"}}', "is no list of ids"),
    "no data": (b'{"error": "Access denied"}', "it holds no list 'data'"),
    "an unknown resource": (page([{"id": "1", "seats": 30}]).encode(), "none of its objects"),
    "NaN": (GOOD.replace(b"8,", b"NaN,"), "no JSON"),
    "a number of 100,000 digits": (
        GOOD.replace(b'"schoolYear": 8', b'"schoolYear": ' + b"8" * 100_000),
        "a number without end",
    ),
    "a comma too many": (GOOD.replace(b"}]", b"},]"), "no JSON"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_with_a_fault_is_refused_whole_and_the_fault_is_named(
    tmp_path: Path, fault: str
) -> None:
    content, words = FAULTS[fault]
    assert content != GOOD
    message = refusal(tmp_path, content)
    assert words in message
    assert "Anna" not in message
    assert "201203149800" not in message


def test_nesting_without_end_ends_the_child_only(tmp_path: Path) -> None:
    message = refusal(tmp_path, b'[{"givenName": ' + b"[" * 2_000_000)
    assert "nested more than 64 deep after object 0" in message


def test_an_object_without_end_is_refused(tmp_path: Path) -> None:
    parts = b",".join([b"{}"] * 2_000_000)
    message = refusal(tmp_path, GOOD.replace(b'"enrolments": [', b'"enrolments": [' + parts + b","))
    assert "object 1 is larger than 2 MB" in message


def test_a_file_cut_at_any_byte_is_refused_not_read_in_part() -> None:
    for cut in range(len(GOOD)):
        cut_short = _Objects(io.BytesIO(GOOD[:cut]))
        with pytest.raises(RefusedJson, match=r"it ends too early|no JSON|not UTF-8"):
            list(cut_short.objects())


def test_what_is_cut_is_refused_by_the_child_too(tmp_path: Path) -> None:
    assert "it ends too early: it was cut short" in refusal(tmp_path, GOOD[:-20])
