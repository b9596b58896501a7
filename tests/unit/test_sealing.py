"""Keys are the same however they are asked for, and a seal opens with its own key only."""

from __future__ import annotations

import ast
import hmac
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrage import x25519

from assets.lake.encryption import _STAYS, KeyCipher, KeyFileError, Sealer, SealError
from assets.lake.sealed_places import (
    LIST,
    LISTED,
    PERSON,
    SEALED_COLUMNS,
    STAFF,
    SealedPlace,
)
from tests.architecture.sources import modules
from tests.examples import examples

IDENTITY = x25519.Identity.generate()
ONE, OTHER = Sealer.unkept(), Sealer.unkept()
ROW = ("a1b2",)


@pytest.mark.parametrize("value", ["201203149800", "", "Åsa\x1fÖberg"])
def test_a_key_as_text_is_the_key(value: str) -> None:
    assert ONE.key_text("pupil", value) == str(ONE.key("pupil", value))
    assert ONE.key_text("pupil", value) != ONE.key_text("staff", value)
    assert ONE.key_text("pupil", value) != OTHER.key_text("pupil", value)


def test_a_sealed_text_opens_with_its_own_key_only() -> None:
    sealed = ONE.seal_text(STAFF, ROW, "Åsa Öberg")
    assert sealed != ONE.seal_text(STAFF, ROW, "Åsa Öberg")
    assert ONE.unseal_text(STAFF, ROW, sealed) == "Åsa Öberg"
    with pytest.raises(SealError, match=r"pupil\.key"):
        OTHER.unseal_text(STAFF, ROW, sealed)
    assert ONE.unseal(STAFF, ROW, ONE.seal(STAFF, ROW, {"name": "Åsa"})) == {"name": "Åsa"}


PLACES = (*SEALED_COLUMNS, LIST, LISTED)
_LONGEST = max(len(place.bound_to) for place in PLACES)
WHOLE_ROWS = st.lists(st.text(max_size=3), min_size=_LONGEST, max_size=_LONGEST)


@given(
    st.sampled_from(PLACES),
    st.sampled_from(PLACES),
    WHOLE_ROWS,
    WHOLE_ROWS,
)
@settings(max_examples=examples(200), deadline=None)
def test_a_seal_opens_in_its_own_row_and_place_only(
    place: SealedPlace, other: SealedPlace, row: list[str], other_row: list[str]
) -> None:
    own = row[: len(place.bound_to)]
    elsewhere = other_row[: len(other.bound_to)]
    sealed = ONE.seal_text(place, own, "Åsa")
    assert ONE.unseal_text(place, own, sealed) == "Åsa"
    if (place, own) != (other, elsewhere):
        with pytest.raises(SealError, match=other.name):
            ONE.unseal_text(other, elsewhere, sealed)
        assert ONE.opened(other, elsewhere, sealed) is None


def test_no_two_rows_of_a_place_have_one_binding() -> None:
    assert PERSON.binding("a\x1f1:b", "c") != PERSON.binding("a", "b\x1f1:c")
    with pytest.raises(ValueError, match="person_key, content_key"):
        PERSON.binding("a")


@pytest.mark.parametrize("damage", [b"", b"short", bytes(12), bytes(28), bytes(80)])
def test_bytes_that_are_no_seal_do_not_open(damage: bytes) -> None:
    assert ONE.opened(STAFF, ROW, damage) is None


def test_every_use_has_a_key_of_its_own() -> None:
    kinds = [ONE.key_text(kind, "201203149800") for kind in ("pupil", "staff", "short number")]
    pads = {ONE.pads("word of protection"), ONE.pads("pupil"), OTHER.pads("pupil")}
    assert len(set(kinds)) == len(pads) == len(kinds)


def test_a_mark_made_in_sql_is_an_hmac() -> None:
    inner, outer = ONE.pads("word of protection")
    key = bytes(byte ^ 0x36 for byte in inner)
    assert sha256(outer + sha256(inner + b"said").digest()).digest() == hmac.digest(
        key, b"said", "sha256"
    )


def test_the_key_file_is_one_of_age_and_its_owners_only(tmp_path: Path) -> None:
    made = Sealer.of_home(tmp_path)
    path = tmp_path / "pupil.key"
    assert path.stat().st_mode & 0o777 == 0o600
    (line,) = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert line == str(made.identity)
    # The same keys and seals the next day, and with the key that age-keygen would write.
    again = Sealer.of_home(tmp_path)
    assert again.key_text("pupil", "201203149800") == made.key_text("pupil", "201203149800")
    assert again.unseal_text(STAFF, ROW, made.seal_text(STAFF, ROW, "Åsa")) == "Åsa"
    path.write_text(f"# created: 2026-11-15T10:00:00+01:00\n# public key: age1x\n{line}\n")
    again = Sealer.of_home(tmp_path)
    assert again.unseal_text(STAFF, ROW, made.seal_text(STAFF, ROW, "Åsa")) == "Åsa"


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 64, b"# nothing\n", b"AGE-SECRET-KEY-1QQ\n", "two", "shortened"],
    ids=["empty", "zeros", "comment", "no key", "two", "shortened"],
)
def test_a_file_that_is_no_key_file_is_reported_without_its_content(
    tmp_path: Path, content: bytes | str
) -> None:
    keys = [str(x25519.Identity.generate()) for _ in range(2)]
    if content == "two":
        content = "\n".join(keys).encode()
    elif content == "shortened":
        content = keys[0][:-1].encode()
    assert isinstance(content, bytes)
    path = tmp_path / "pupil.key"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match="no key file") as caught:
        Sealer.of_home(tmp_path)
    assert not any(key[20:40] in str(caught.value) for key in keys)


#: Kinds of keys that the lake has in columns, and delivery's log, so that they change there.
STORED = {
    *("pupil", "short number", "identity", "staff", "class", "held file", "protection source"),
    *("ss12000_person", "crossing"),
}


def test_every_kind_of_key_changes_with_pupils_keys_or_says_why_not() -> None:
    """A new kind is either stored in a column of the lake, or made of nothing that changes."""
    used: set[str] = set()
    for module in modules("assets", "pipelines", "portal", "rules"):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in {"key", "key_text"} and len(node.args) == 2:
                kind = node.args[0]
                # Within the sealer it is handed on.
                if isinstance(kind, ast.Constant):
                    used.add(str(kind.value))
                else:
                    assert module.path.name == "encryption.py", module.path
    assert used == STORED | _STAYS
    assert STORED.isdisjoint(_STAYS)


@given(st.lists(st.uuids(), min_size=1, max_size=20), st.lists(st.binary(min_size=32, max_size=32)))
@settings(max_examples=examples(50), deadline=None)
def test_a_key_has_one_next_key_and_one_way_back(keys: list[UUID], later: list[bytes]) -> None:
    blocks = b"".join(key.bytes for key in keys)
    after = blocks
    for secret in later:
        after = KeyCipher(secret).after(after)
    found = [after[at : at + 16] for at in range(0, len(after), 16)]
    # Each by itself, whatever stands beside it.
    assert len(set(found)) == len(set(keys))
    root = bytes(range(32))
    sealer = Sealer(IDENTITY, hashes=root + b"".join(later))
    for key, block in zip(keys, found, strict=True):
        assert sealer.first_text(str(UUID(bytes=block))) == str(key)
    if later:
        assert found != [key.bytes for key in keys]


def test_keys_of_now_are_those_of_before_enciphered() -> None:
    first = Sealer(IDENTITY, hashes=bytes(32))
    now = Sealer(IDENTITY, hashes=bytes(32) + b"1" * 32)
    again = Sealer(IDENTITY, hashes=bytes(32) + b"1" * 32 + b"2" * 32)
    for kind in STORED:
        keys = [one.key_text(kind, "x") for one in (first, now, again)]
        assert len(set(keys)) == 3
        assert [
            one.first_text(key) for one, key in zip((first, now, again), keys, strict=True)
        ] == [keys[0]] * 3
        assert UUID(bytes=KeyCipher(b"2" * 32).after(UUID(keys[1]).bytes)) == UUID(keys[2])
    for kind in _STAYS:
        assert {one.key_text(kind, "x") for one in (first, now, again)} == {
            first.key_text(kind, "x")
        }
    # Who has an older secret makes no mark of now.
    assert len({one.mark_text("grant", "x") for one in (first, now, again)}) == 3
    assert len({one.pads("word of protection") for one in (first, now, again)}) == 3
    assert now.is_shown_in(b"x" + (b"1" * 32).hex().encode())
