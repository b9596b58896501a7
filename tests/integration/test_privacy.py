"""Personal data stands in the lake's sealed values and on the lists, and nowhere else."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import AS_OF, SAMPLES, SampleHome, trappan

# Planted pupils with protected identity: name parts and number, in every form they come in.
PROTECTED = (
    "Hemligsson", "201503089813", "20150308-9813", "Doldersson", "201505259828", "20150525-9828",
    # From SS12000: number and id of the person.
    "201403229923", "884c9caa-da97-5b5c-b8b5-8f5fdcf23bb4",
)  # fmt: skip


def everything_below(home: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file's bytes, and every member of every workbook."""
    for path in home.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        yield str(path.relative_to(home)), content
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as book:
                for name in book.namelist():
                    yield f"{path.name}/{name}", book.read(name)


def forms(text: str) -> list[bytes]:
    """Return how a text can stand among bytes."""
    # Four letters stand among a home's sealed bytes by chance, now and then.
    assert len(text) >= 8, f"{text!r} is too short to be looked for among sealed bytes"
    plain = [text.encode(), text.encode("utf-16-le"), text.encode("cp1252")]
    return [*plain, *(form.hex().encode() for form in plain), text.encode().hex().upper().encode()]


@pytest.mark.parametrize("canary", PROTECTED)
def test_a_protected_pupil_stands_in_no_byte_of_the_home(
    sample_home: SampleHome, canary: str
) -> None:
    holding = [
        where
        for where, content in everything_below(sample_home.path)
        if any(form in content for form in forms(canary))
    ]
    assert holding == []


def numbers() -> list[str]:
    with (SAMPLES / "expected" / f"flags_{AS_OF}.csv").open(encoding="utf-8") as file:
        return sorted({row["civic_no"] for row in csv.DictReader(file)})


def test_no_identity_number_stands_in_any_file_of_the_home(sample_home: SampleHome) -> None:
    wanted = [form for number in numbers() for form in forms(number)]
    wanted += [form for n in numbers() for form in forms(f"{n[:8]}-{n[8:]}")]
    for where, content in everything_below(sample_home.path):
        assert not any(form in content for form in wanted), where


@pytest.mark.parametrize("name", ["Wikström", "Maja-Lena", "Tuva Hussein"])
def test_names_stand_on_the_lists_only(sample_home: SampleHome, name: str) -> None:
    holding = {
        where.split("/")[0]
        for where, content in everything_below(sample_home.path)
        if name.encode() in content and not where.endswith(".xml")
    }
    assert holding == {"lists"}


@pytest.mark.parametrize(
    "asked",
    [
        ("flags", "--as-of", AS_OF, "--all"),
        ("rates", "--month", "2026-10"),
        ("rates", "--month", "2026-11"),
    ],
    ids=" ".join,
)
def test_the_answers_leave_protected_pupils_out_and_say_how_many(
    sample_home: SampleHome, asked: tuple[str, ...]
) -> None:
    said = trappan(*asked, "--identities", "--format", "csv", "--home", sample_home.path)
    assert said.out.count("\n") > 20
    assert not any(canary in said.out for canary in PROTECTED)
    assert "3 pupils with protected identity are left out" in said.err


def test_everything_in_the_home_is_the_owners_only(sample_home: SampleHome) -> None:
    assert sample_home.path.stat().st_mode & 0o777 == 0o700
    wide = [
        path.name
        for path in sample_home.path.rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o077
    ]
    assert wide == []


def test_nothing_said_by_the_night_names_a_pupil(sample_home: SampleHome) -> None:
    said = sample_home.first_run.out + sample_home.first_run.err
    assert not any(number in said for number in numbers())
    assert not any(canary in said for canary in PROTECTED)
