"""Every problem code has words, and a cure, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assets.exports.ledger.reasons import pattern, reason_of
from assets.exports.ledger.reasons_swedish import swedish_reason
from assets.exports.ss12000.json_child import load_shapes

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    *(ROOT / "sql" / "exports").glob("staged_*.sql"),
    *(ROOT / "sql" / "exports").glob("repeated_*.sql"),
    *(ROOT / "sql" / "exports").glob("keyed_*.sql"),
    ROOT / "assets" / "exports" / "pupils" / "identity_numbers.py",
    ROOT / "assets" / "exports" / "readers" / "row_reader.py",
    ROOT / "assets" / "exports" / "readers" / "row_shapes.py",
    ROOT / "assets" / "exports" / "readers" / "reshaping" / "canonical_rows.py",
    ROOT / "assets" / "exports" / "ledger" / "object_reasons.py",
    ROOT / "assets" / "exports" / "ledger" / "outcomes.py",
    ROOT / "assets" / "exports" / "ss12000" / "batch.py",
]
KEYS = (ROOT / "docs" / "layout-keys.md").read_text(encoding="utf-8")
MINUTES = ("scheduled", "present", "valid", "invalid", "other", "reported", "code")
CODES = sorted(
    {
        code
        for path in SOURCES
        for code in re.findall(r"""['"]([a-z][a-zA-Z_]+\.[a-z_]+)['"]""", path.read_text("utf-8"))
    }
    # An id that was taken away has no field by which it could be reported elsewhere.
    | set(re.findall(r"`((?:cell|code_minutes|week)\.[a-z_]+)`", KEYS))
    | {f"{kind}_minutes.{what}" for kind in MINUTES for what in ("decimals", "not_whole")}
    | {f"object.of_{name}" for name, shape in load_shapes().items() if shape.own}
)


def test_the_codes_were_found() -> None:
    assert len(CODES) > 35
    assert {"civic_no.check_digit", "row.cut_short", "row.contradicts"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_what_is_wrong_what_was_expected_and_how_to_mend_it(code: str) -> None:
    for words in (reason_of(code), swedish_reason(code)):
        assert words.what
        assert words.expected
        assert words.fix
    assert swedish_reason(code).what != reason_of(code).what


def test_a_pattern_shows_the_shape_and_nothing_else() -> None:
    assert pattern("Åsa-Lena 20120314-9800, 8A") == "xxx-xxxx 99999999-9999, 9x"
