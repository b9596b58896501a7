"""Keys are the same however they are asked for, and a seal opens with its own key only."""

from __future__ import annotations

import pytest

from assets.lake.encryption import KeyFileError, Sealer

ONE, OTHER = Sealer(b"a" * 64), Sealer(b"b" * 64)


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
