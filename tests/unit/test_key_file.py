"""The key file: one of age whatever else it holds, and nobody becomes a stranger by it."""

from __future__ import annotations

import hmac
import os
import re
import uuid
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrage import IdentityError, decrypt, encrypt, x25519

from assets.lake.encryption import Sealer
from assets.lake.key_file import (
    CHANGES,
    HomeKeys,
    KeyFileError,
    change_under_way,
    hashes_of,
    read_keys,
    write_changes,
    write_keys,
)
from assets.lake.sealed_places import STAFF
from tests.examples import examples

OLD, NEW = x25519.Identity.generate(), x25519.Identity.generate()
NUMBER = "201203149800"
SECRETS = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4).map(b"".join)


def home_with(place: Path, content: str) -> Path:
    place.mkdir(exist_ok=True)
    path = place / "pupil.key"
    path.touch(0o600)
    path.write_text(content)
    return place


def identities_of_age(path: Path) -> list[str]:
    """Return what the tool `age` takes of an identity file: every line but empty ones and `#`."""
    lines = path.read_text(encoding="ascii").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_keys_of_a_home_that_never_changed_are_those_of_hkdf() -> None:
    """As it was written before there was a new key: homes that are there go on as they are."""
    root, sealer = str(OLD).encode(), Sealer(OLD)

    def derived(use: str) -> bytes:
        hkdf = HKDF(hashes.SHA256(), 32, salt=None, info=f"trappan {use}".encode())
        return hkdf.derive(root)

    made = hmac.digest(derived("key pupil"), NUMBER.encode(), "sha256").hex()[:32]
    assert sealer.key("pupil", NUMBER) == uuid.UUID(made)
    inner, outer = sealer.pads("word of protection")
    key = derived("mark word of protection").ljust(64, b"\0")
    assert (inner, outer) == (bytes(b ^ 0x36 for b in key), bytes(b ^ 0x5C for b in key))
    assert sealer.passing_text("portal", "x") == sealer.key_text("portal", "x")
    assert sha256(hashes_of(OLD)).digest() != sha256(root).digest()


@given(SECRETS, st.booleans(), st.booleans())
@settings(max_examples=examples(30), deadline=None)
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, secret: bytes, has_former: bool, change: bool
) -> None:
    home = home_with(tmp_path_factory.mktemp("home"), f"{OLD}\n")
    is_changing = has_former and change and len(secret) > 32
    keys = HomeKeys(NEW, OLD if has_former else None, secret, is_changing)
    write_keys(home, keys)
    if is_changing:
        with pytest.raises(KeyFileError, match="Pupils get new keys"):
            read_keys(home)
    found = read_keys(home, while_pupils_change=True)
    assert found.pupils_change is is_changing
    assert found.hashes_before == (secret[:-32] if is_changing else secret)
    assert (str(found.identity), found.hashes) == (str(NEW), secret)
    assert (found.former is not None) is has_former
    path = home / "pupil.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert identities_of_age(path) == [str(NEW), str(OLD if has_former else NEW)]
    sealed = encrypt(b"original", [OLD.to_public() if has_former else NEW.to_public()])
    of_age = [x25519.Identity.from_str(one) for one in identities_of_age(path)]
    assert decrypt(sealed, of_age) == b"original"


def as_read_before_there_was_a_new_key(home: Path) -> x25519.Identity:
    """Read a key file as every program did that had no `trappan rotate-key`, word for word."""
    path = home / "pupil.key"
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    secrets = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    try:
        (secret,) = secrets
        return x25519.Identity.from_str(secret)
    except (ValueError, IdentityError):
        raise KeyFileError(
            f"{path} is no key file. Expected one line that begins with AGE-SECRET-KEY-1. "
            "Restore it from the backup."
        ) from None


@pytest.mark.parametrize("former", [None, OLD], ids=["ended", "under way"])
def test_a_program_from_before_takes_no_key_file_of_a_new_key(
    tmp_path: Path, former: x25519.Identity | None
) -> None:
    """It would make every pupil a stranger; and from the first byte of the change on."""
    home = home_with(tmp_path / "home", f"{OLD}\n")
    assert str(as_read_before_there_was_a_new_key(home)) == str(OLD)
    write_keys(home, HomeKeys(NEW, former, hashes_of(OLD)))
    with pytest.raises(KeyFileError, match="no key file"):
        as_read_before_there_was_a_new_key(home)
    # A file with one identity and the line, as the first program with a new key wrote it.
    home_with(home, f"# keyed hashes: {hashes_of(OLD).hex()}\n{NEW}\n")
    assert str(as_read_before_there_was_a_new_key(home)) == str(NEW)
    found = read_keys(home)
    assert (str(found.identity), found.former, found.hashes) == (str(NEW), None, hashes_of(OLD))


@pytest.mark.parametrize("changes", [False, True], ids=["ended", "under way"])
def test_a_program_that_knows_one_secret_refuses_new_keys_of_pupils(
    tmp_path: Path, changes: bool
) -> None:
    """It would know pupils by the keys before; so read the line as it did, word for word."""
    home = home_with(tmp_path / "home", f"{OLD}\n")
    both = hashes_of(OLD) + bytes(32)
    write_keys(home, HomeKeys(NEW, OLD if changes else None, both, changes))
    (kept,) = (
        line.strip()
        for line in (home / "pupil.key").read_text().splitlines()
        if line.startswith("# keyed hashes:")
    )
    assert re.fullmatch("# keyed hashes: ([0-9a-f]{64})", kept) is None


def test_while_pupils_change_the_key_file_before_fits_too(tmp_path: Path) -> None:
    """What is known of changes is written first: killed in between, the old file is the one."""
    home = home_with(tmp_path / "home", f"{OLD}\n")
    keys = HomeKeys(OLD, None, hashes_of(OLD)).with_new_pupil_keys(NEW)
    write_changes(home, keys, [])
    assert read_keys(home).hashes == hashes_of(OLD)
    write_keys(home, keys)
    assert read_keys(home, while_pupils_change=True).hashes == keys.hashes
    ended = HomeKeys(NEW, None, keys.hashes)
    write_keys(home, ended)
    write_changes(home, ended, [])
    home_with(home, f"{OLD}\n")
    with pytest.raises(KeyFileError, match="every pupil would be a stranger"):
        read_keys(home)


LINE = f"# keyed hashes: {'ab' * 32}"
CHANGING = "# Pupils get new keys: nothing but `trappan rotate-key` may run until it has ended."


@pytest.mark.parametrize(
    "content",
    [
        f"{NEW}\n{OLD}\n",
        f"{NEW}\n{NEW}\n",
        f"{LINE}\n{NEW}\n{OLD}\n{x25519.Identity.generate()}\n",
        f"{LINE[:-1]}\n{NEW}\n",
        f"{LINE} \n{LINE}\n{NEW}\n",
        f"# keyed hashes:\n{NEW}\n",
        f"# keyed hashes {'ab' * 32}\n{LINE}x\n{NEW}\n",
        f"{LINE}\n",
        f"{LINE}\n{NEW}\nAGE-SECRET-KEY-1QQ\n",
        f"{LINE}{'ab' * 31}\n{NEW}\n",
        f"{LINE}\n{CHANGING}\n{NEW}\n{NEW}\n",
    ],
    ids=[
        *("two", "the same two", "three", "short", "twice", "nothing", "longer", "none", "half"),
        *("a second short", "pupils change without a key before"),
    ],
)
def test_a_file_of_which_a_line_is_wrong_is_refused(tmp_path: Path, content: str) -> None:
    home = home_with(tmp_path / "home", content)
    with pytest.raises(KeyFileError, match="no key file") as caught:
        Sealer.of_home(home)
    assert "ab" * 16 not in str(caught.value)
    assert str(NEW)[20:40] not in str(caught.value)


@pytest.mark.parametrize("left", ["the identity alone", "another line"])
def test_a_key_file_that_lacks_its_line_is_refused(tmp_path: Path, left: str) -> None:
    home = home_with(tmp_path / "home", f"{OLD}\n")
    keys = HomeKeys(NEW, None, hashes_of(OLD))
    write_changes(home, keys, [])
    assert Sealer.of_home(home).key("pupil", NUMBER) == Sealer(OLD).key("pupil", NUMBER)
    write_keys(home, keys)
    assert Sealer.of_home(home).key("pupil", NUMBER) == Sealer(OLD).key("pupil", NUMBER)
    said = (home / CHANGES).read_text()
    assert hashes_of(OLD).hex()[:16] not in said
    line = "" if left == "the identity alone" else f"{LINE}\n"
    home_with(home, f"{line}{NEW}\n")
    with pytest.raises(KeyFileError, match="every pupil would be a stranger"):
        Sealer.of_home(home)


def test_of_the_file_before_nothing_is_left_where_it_lay(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", f"{OLD}\n")
    path = home / "pupil.key"
    with path.open("rb") as before:
        write_keys(home, HomeKeys(NEW, None, hashes_of(OLD)))
        assert set(before.read()) == {0}
    # A second name of it is somebody's copy.
    os.link(path, tmp_path / "copy")
    write_keys(home, HomeKeys(OLD, None, hashes_of(OLD)))
    assert str(NEW) in (tmp_path / "copy").read_text()


def test_a_link_to_the_key_stays_one(tmp_path: Path) -> None:
    place = home_with(tmp_path / "safe", f"{OLD}\n") / "pupil.key"
    home = tmp_path / "home"
    home.mkdir()
    (home / "pupil.key").symlink_to(place)
    write_keys(home, HomeKeys(NEW, OLD, hashes_of(OLD)))
    assert (home / "pupil.key").is_symlink()
    assert identities_of_age(place) == [str(NEW), str(OLD)]


def test_a_sealer_goes_by_the_key_file_of_the_moment(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", f"{OLD}\n")
    running, kept = Sealer.of_home(home), hashes_of(OLD)
    of_old = running.seal_text(STAFF, ("a",), "Åsa")
    write_keys(home, HomeKeys(NEW, OLD, kept))
    of_both = running.seal_text(STAFF, ("a",), "Åsa")
    assert Sealer(NEW).unseal_text(STAFF, ("a",), of_both) == "Åsa"
    other = Sealer.of_home(home)
    write_keys(home, HomeKeys(NEW, None, kept))
    assert [running.unseal_text(STAFF, ("a",), one) for one in (of_old, of_both)] == ["Åsa"] * 2
    assert other.unseal_text(STAFF, ("a",), of_old) == "Åsa"
    assert [str(one) for one in running.identities] == [str(NEW), str(OLD)]
    assert [str(one) for one in Sealer.of_home(home).identities] == [str(NEW)]
    # What another process sealed with a key that this one has not met yet.
    third = x25519.Identity.generate()
    write_keys(home, HomeKeys(third, None, kept))
    of_third = Sealer(third).seal_text(STAFF, ("a",), "Åsa")
    assert running.unseal_text(STAFF, ("a",), of_third) == "Åsa"


def test_a_sealer_does_not_take_another_homes_key_for_a_new_one(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", f"{OLD}\n")
    running = Sealer.of_home(home)
    home_with(home, f"# longer\n{NEW}\n")
    with pytest.raises(KeyFileError, match="another home's key"):
        running.seal_text(STAFF, ("a",), "Åsa")


def test_a_damaged_note_of_changes_is_said(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", f"{OLD}\n")
    assert change_under_way(home) == ""
    for content in ("{", "[]", '{"changes": 1}'):
        (home / CHANGES).write_text(content)
        with pytest.raises(KeyFileError, match="damaged"):
            change_under_way(home)
