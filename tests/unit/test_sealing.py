"""Keys are the same however they are asked for, and a seal opens with its own key only."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyrage import x25519

from assets.lake.encryption import KeyFileError, Sealer

ONE, OTHER = Sealer.unkept(), Sealer.unkept()


@pytest.mark.parametrize("value", ["201203149800", "", "Åsa\x1fÖberg"])
def test_a_key_as_text_is_the_key(value: str) -> None:
    assert ONE.key_text("pupil", value) == str(ONE.key("pupil", value))
    assert ONE.key_text("pupil", value) != ONE.key_text("staff", value)
    assert ONE.key_text("pupil", value) != OTHER.key_text("pupil", value)


def test_a_sealed_text_opens_with_its_own_key_only() -> None:
    sealed = ONE.seal_text("Åsa Öberg")
    assert sealed != ONE.seal_text("Åsa Öberg")
    assert ONE.unseal_text(sealed) == "Åsa Öberg"
    with pytest.raises(KeyFileError, match=r"pupil\.key"):
        OTHER.unseal_text(sealed)
    assert ONE.unseal(ONE.seal({"name": "Åsa"})) == {"name": "Åsa"}


def test_the_key_file_is_one_of_age_and_its_owners_only(tmp_path: Path) -> None:
    made = Sealer.of_home(tmp_path)
    path = tmp_path / "pupil.key"
    assert path.stat().st_mode & 0o777 == 0o600
    (line,) = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert line == str(made.identity)
    # The same keys and seals the next day, and with the key that age-keygen would write.
    again = Sealer.of_home(tmp_path)
    assert again.key_text("pupil", "201203149800") == made.key_text("pupil", "201203149800")
    assert again.unseal_text(made.seal_text("Åsa")) == "Åsa"
    path.write_text(f"# created: 2026-11-15T10:00:00+01:00\n# public key: age1x\n{line}\n")
    assert Sealer.of_home(tmp_path).unseal_text(made.seal_text("Åsa")) == "Åsa"


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
