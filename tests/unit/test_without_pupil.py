"""What is left of a file without a pupil: every other line as it was, and in its place."""

from __future__ import annotations

import ast
import json
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.exports.files.archive import Archive
from assets.exports.files.rewritten import note_rewritten
from assets.exports.files.without_pupil import without
from assets.exports.pupils.erased_rows import KEY_COLUMNS, OTHER_KEYS
from assets.exports.pupils.tombstones import Tombstone, TombstoneError, Tombstones
from assets.lake.encryption import Sealer
from assets.lake.tables import TABLES
from assets.upkeep.erasure.portal import PUPIL_TABLES
from assets.upkeep.erasure.whom import Child

NUMBER, OTHER = "201203149800", "201509029805"
SPELLINGS = ("201203149800", "20120314-9800", "120314-9800", "1203149800", "20120314 9800")
SEALER = Sealer.unkept()
CHILD = Child(
    frozenset({SEALER.key("pupil", NUMBER)}),
    frozenset({NUMBER}),
    frozenset({("Åsa", "Öberg")}),
    False,
)
WHO = CHILD.who(SEALER)
ENCODINGS = {"utf-8": "utf-8-sig", "cp1252": "cp1252", "utf-16": "utf-16"}


@given(
    st.lists(st.sampled_from([*SPELLINGS, OTHER, "", "20150902-9805"]), max_size=12),
    st.sampled_from(sorted(ENCODINGS)),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.sampled_from([";", "\t", ","]),
)
def test_only_the_pupils_lines_are_empty(
    numbers: list[str], encoding: str, end: str, delimiter: str
) -> None:
    lines = ["Personnummer;Namn;Datum".replace(";", delimiter)]
    lines += [delimiter.join((number, "Bö Ek", "2026-10-05")) for number in numbers]
    content = end.join([*lines, ""]).encode(ENCODINGS[encoding])
    found = without(content, WHO, encoding, may_split=True)
    gone = {n for n, number in enumerate(numbers, 1) if number in SPELLINGS}
    assert found.is_named == bool(gone)
    if not gone:
        assert found.content is None
        return
    assert found.content is not None
    left = found.content.decode(ENCODINGS[encoding]).split(end)
    assert left == [*("" if n in gone else line for n, line in enumerate(lines)), ""]
    assert set(found.lines) == {n + 1 for n in gone}
    assert not without(found.content, WHO, encoding, may_split=True).is_named


def test_another_century_is_another_pupil() -> None:
    content = f"Nr;Namn\n{'19' + NUMBER[2:]};Bo Ek\n".encode()
    assert not without(content, WHO, "utf-8", may_split=True).is_named


def test_a_row_without_a_number_goes_by_both_names() -> None:
    rows = ["Nr;Namn", ";Åsa Öberg", f"{OTHER};Åsa Öberg", ";Åsa Ek", "x;ÖBERG, Åsa"]
    found = without("\n".join(rows).encode(), WHO, "utf-8", may_split=True)
    assert found.lines == (2, 5)


def test_a_number_in_anothers_text_becomes_a_pattern() -> None:
    rows = ["Nr;Namn;Text", f"{OTHER};Bo;syskon till 20120314-9800 i 8A"]
    found = without("\n".join(rows).encode(), WHO, "utf-8", may_split=True)
    assert found.lines == ()
    assert (
        found.content == "\n".join([rows[0], f"{OTHER};Bo;syskon till xxxxxxxx-xxxx i 8A"]).encode()
    )


@pytest.mark.parametrize(
    "rows",
    [
        ["Nr;Text", f'{NUMBER};"två', 'rader"'],
        [f"{NUMBER};Åsa", "Nr;Namn"],
    ],
)
def test_nothing_is_left_where_a_line_is_no_row(rows: list[str]) -> None:
    found = without("\n".join(rows).encode(), WHO, "utf-8", may_split=True)
    assert found.is_named
    assert found.content is None


def test_nothing_is_left_where_lines_do_not_say_whose_they_are() -> None:
    found = without(f"Elev {NUMBER}\n2026;60\n".encode(), WHO, "utf-8", may_split=False)
    assert found.content is None
    assert without(f"Nr\n{NUMBER}\n".encode(), WHO, "utf-8", may_split=False).is_named


def test_of_objects_the_innermost_items_go() -> None:
    group = {
        "id": "g",
        "groupMemberships": [{"person": {"id": "child"}}, {"person": {"id": "other"}}],
    }
    persons = [
        {"id": "child", "civicNo": {"value": "20120314-9800"}, "emails": [{"value": "x"}]},
        {"id": "other", "civicNo": {"value": OTHER}},
    ]
    child = Child(
        CHILD.keys | {SEALER.key("ss12000_person", "child")}, CHILD.numbers, CHILD.names, False
    )
    content = json.dumps({"data": [group, *persons]}).encode()
    found = without(content, child.who(SEALER), "json", may_split=True)
    assert found.content is not None
    assert json.loads(found.content) == {
        "data": [
            {"id": "g", "groupMemberships": [{"person": {"id": "other"}}]},
            {"id": "other", "civicNo": {"value": OTHER}},
        ]
    }


def test_an_object_outside_of_lists_can_not_go() -> None:
    content = json.dumps({"civicNo": "20120314-9800", "data": []}).encode()
    found = without(content, WHO, "json", may_split=True)
    assert found.is_named
    assert found.content is None


def test_every_key_of_the_lake_is_of_a_pupil_or_of_something_else() -> None:
    keys = {c.name for table in TABLES for c in table.columns if c.type == "UUID"}
    assert keys == KEY_COLUMNS | OTHER_KEYS
    assert not KEY_COLUMNS & OTHER_KEYS


def test_every_table_of_the_portal_with_a_pupils_key_is_known() -> None:
    path = Path(__file__).resolve().parents[2] / "portal" / "models.py"
    found = {
        f"portal_{one.name.lower()}"
        for one in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(one, ast.ClassDef)
        and any(
            isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "pupil_key"
            for line in one.body
        )
    }
    assert found == set(PUPIL_TABLES)


def test_a_stone_knows_number_short_form_and_key_and_nobody_else(tmp_path: Path) -> None:
    stones = Tombstones.of_home(tmp_path, SEALER)
    assert not stones
    assert not stones.is_named_in(NUMBER)
    hashes = CHILD.hashes(stones)
    stones.with_stone(Tombstone("20261130-00000000", hashes, True)).keep(tmp_path, SEALER)
    again = Tombstones.of_home(tmp_path, SEALER)
    assert all(map(again.is_named_in, SPELLINGS))
    assert not again.is_named_in(OTHER)
    assert again.has_key(str(SEALER.key("pupil", NUMBER)))
    content = (tmp_path / "erasures" / "tombstones.json").read_bytes()
    assert NUMBER.encode() not in content
    assert str(SEALER.key("pupil", NUMBER)).encode() not in content
    assert not again.without(["20261130-00000000"])


def test_stones_that_are_gone_or_of_another_key_are_said(tmp_path: Path) -> None:
    stones = Tombstones.of_home(tmp_path, SEALER)
    stones.with_stone(Tombstone("a", CHILD.hashes(stones), False)).keep(tmp_path, SEALER)
    with pytest.raises(TombstoneError, match="can't be read"):
        Tombstones.of_home(tmp_path, Sealer.unkept())
    (tmp_path / "erasures" / "tombstones.json").unlink()
    (tmp_path / "erasures" / "20261130-00000000.json").write_text("{}")
    with pytest.raises(TombstoneError, match="is gone"):
        Tombstones.of_home(tmp_path, SEALER)


def test_an_original_whose_second_rewriting_was_killed_opens_as_it_was(tmp_path: Path) -> None:
    sealer, came = Sealer.of_home(tmp_path), sha256(b"as it came").hexdigest()
    archive = Archive(tmp_path, sealer)
    archive.rewrite(came, b"without one")
    # Killed between the note and the rewriting.
    note_rewritten(tmp_path / "archive", sealer, came, sha256(b"without two").hexdigest())
    opened = BytesIO()
    archive.write_original(came, opened)
    assert opened.getvalue() == b"without one"
    archive.rewrite(came, b"without two")
    assert archive.look_over(None) == (1, [])
    archive.close()
