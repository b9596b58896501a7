"""Who reads the files of which list, and what somebody may write to put it right."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.delivery.recipients import (
    Channel,
    Corrections,
    MentorKnown,
    Recipient,
    Register,
    is_address,
    key_of_address,
    load_corrections,
    register_of,
)
from assets.delivery.settings import DeliveryError
from assets.delivery.shares import ReaderKey, files_of, is_ours
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import STAFF
from tests.integration.delivery_home import OTHER, SCHOOL, mentor_key

REKTOR = ReaderKey(SCHOOL)
KEY = mentor_key(1)
MENTOR = ReaderKey(SCHOOL, KEY)
PRINCIPALS = {SCHOOL: ("Exempelskolan", "rut.ek@skola.example")}


def written(folder: Path, text: str) -> Corrections:
    path = folder / "recipients.yaml"
    path.write_text(text, encoding="utf-8")
    return load_corrections(path)


def recipient(key: ReaderKey, corrections: Corrections, mentors: str = "") -> Recipient:
    known = {KEY: MentorKnown(mentors, frozenset({"staff"}))} if mentors else {}
    return Register(corrections, PRINCIPALS, known).recipient(key)


def test_without_corrections_the_registers_own_addresses_count(tmp_path: Path) -> None:
    none = load_corrections(tmp_path / "recipients.yaml")
    assert recipient(REKTOR, none).addresses == ("rut.ek@skola.example",)
    assert recipient(MENTOR, none, "bo@skola.example").addresses == ("bo@skola.example",)
    assert recipient(ReaderKey(OTHER), none).addresses == ()


@pytest.mark.parametrize("between", [", ", ",", "; ", " "])
def test_two_rektorer_in_one_cell_are_both_told(between: str) -> None:
    cell = between.join(("bo@skola.example", "<my@skola.example>"))
    register = Register(Corrections(), {SCHOOL: ("", cell)}, {})
    assert register.recipient(REKTOR).addresses == ("bo@skola.example", "my@skola.example")


def test_two_mentors_in_one_cell_have_a_folder_each_and_both_have_the_pupil(lake: Lake) -> None:
    sealer = Sealer.of_home(lake.settings.home)
    both, one = "Bo@skola.example, my@skola.example", "bo@skola.example"
    keys = {cell: str(sealer.key("staff", cell)) for cell in (both, one, "ingen adress")}
    for cell, key in keys.items():
        sealed = sealer.seal(STAFF, (key,), {"name": "", "email": cell})
        lake.connection.execute("INSERT INTO staff VALUES (?, ?)", [key, sealed])
    register = register_of(lake, Corrections())
    bo, my = (
        register.recipient(ReaderKey(SCHOOL, key_of_address(sealer, address)))
        for address in ("bo@skola.example", "MY@skola.example")
    )
    assert bo.staff_keys == frozenset({keys[both], keys[one]})
    assert my.staff_keys == frozenset({keys[both]})
    assert [address.casefold() for address in bo.addresses] == ["bo@skola.example"]
    assert my.addresses == ("my@skola.example",)


def test_a_mentor_of_whom_no_address_is_known_is_not_told() -> None:
    register = Register(Corrections(), PRINCIPALS, {})
    assert register.recipient(ReaderKey(SCHOOL, "a7f3")).addresses == ()


def test_another_rektor_is_told_in_place_of_the_registers(tmp_path: Path) -> None:
    corrections = written(
        tmp_path,
        f'principals:\n  - school_unit: "{SCHOOL}"\n'
        "    addresses: [ny@skola.example, v@skola.example]\n",
    )
    assert recipient(REKTOR, corrections).addresses == ("ny@skola.example", "v@skola.example")


@pytest.mark.parametrize("channel", ["mail", "folder", "none"])
def test_a_mentor_may_want_a_folder_only_or_nothing(tmp_path: Path, channel: Channel) -> None:
    corrections = written(
        tmp_path, f"mentors:\n  - address: BO@skola.example\n    channel: {channel}\n"
    )
    assert recipient(MENTOR, corrections, "bo@skola.example").channel == channel
    assert recipient(MENTOR, corrections, "my@skola.example").channel == "mail"


def test_only_addresses_of_named_domains_are_told(tmp_path: Path) -> None:
    corrections = written(tmp_path, "mail_domains: [skola.example]\n")
    cell = "bo@evil.example, my@Skola.example, no@x.skola.example"
    found = Register(corrections, {SCHOOL: ("", cell)}, {}).recipient(REKTOR)
    assert found.addresses == ("my@Skola.example",)
    assert found.refused == 2
    assert recipient(MENTOR, corrections, "bo@evil.example").addresses == ()


def test_a_school_that_is_corrected_and_has_no_list_is_said(tmp_path: Path) -> None:
    corrections = written(tmp_path, f'principals:\n  - school_unit: "{OTHER}"\n    channel: none\n')
    assert Register(corrections, {}, {}).unused([REKTOR]) == [OTHER]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("principal: []\n", "line 1: the whole file: the unknown key 'principal'"),
        ("principals:\n  - school_unit: 99999901\n", "line 2: key 'principals[0].school_unit'"),
        ('principals:\n  - school_unit: "9"\n', "line 2"),
        ("mentors:\n  - address: secret.person\n", "a mail address such as"),
        ("mentors:\n  - address: a@b.example\n    channel: post\n", "line 3"),
        ("mentors:\n  - address: a@b.se\n  - address: A@b.se\n", "stands there twice"),
        ("mentors: [\n", "line"),
    ],
)
def test_a_wrong_line_is_named_without_what_stands_there(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(DeliveryError) as error:
        written(tmp_path, text)
    assert said in str(error.value)
    assert "secret.person" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        *("", "bo", "bo@", "@skola.example", "bo@skola", "bo@@skola.example", "bo@skola..example"),
        *("bo@skola.example\nBcc: x@y.example", "bo\r@skola.example", '"bo ek"@skola.example'),
        *("Bo <bo@skola.example>", "bö@skola.example", "bo@skola.example\x00", "bo@[127.0.0.1]"),
        f"{'b' * 250}@skola.example",
    ],
)
def test_what_is_no_plain_address_is_none(text: str) -> None:
    assert not is_address(text)


# --- which files go to whom ----------------------------------------------------------------------


def test_a_list_without_mentors_files_is_the_rektors_alone(tmp_path: Path) -> None:
    for name in ("franvarolista_1.xlsx", "franvarolista_1.html", "manifest.json", "list.sealed"):
        (tmp_path / name).touch()
    (tmp_path / ".dold.xlsx").touch()
    (tmp_path / "länk.html").symlink_to("/etc/passwd")
    assert [file.path for file in files_of(tmp_path, SCHOOL)] == [
        f"{SCHOOL}/rektor/franvarolista_1.html",
        f"{SCHOOL}/rektor/franvarolista_1.xlsx",
    ]


def test_a_mentors_files_go_to_that_mentor_and_no_other_folder_does(tmp_path: Path) -> None:
    for key in (KEY, "..dolt", "med blank", "x" * 65):
        (tmp_path / "mentorer" / key).mkdir(parents=True)
        (tmp_path / "mentorer" / key / "franvarolista_mentor.xlsx").touch()
    (tmp_path / "annat").mkdir()
    (tmp_path / "annat" / "franvarolista_2.xlsx").touch()
    (file,) = files_of(tmp_path, SCHOOL)
    assert file.reader == MENTOR
    assert file.path == f"{SCHOOL}/mentorer/{KEY}/franvarolista_mentor.xlsx"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{SCHOOL}/rektor/franvarolista_1.xlsx", True),
        (f"{SCHOOL}/rektor/.franvarolista_1.xlsx.part", True),
        (f"{SCHOOL}/mentorer/{KEY}/franvarolista_1.html", True),
        (f"{SCHOOL}/rektor/~$franvarolista_1.xlsx", False),
        (f"{SCHOOL}/rektor/under/franvarolista_1.xlsx", False),
        (f"{SCHOOL}/franvarolista_1.xlsx", False),
        ("rektor/franvarolista_1.xlsx", False),
    ],
)
def test_a_path_of_ours_is_told_from_others(path: str, *, expected: bool) -> None:
    assert is_ours(path) == expected
