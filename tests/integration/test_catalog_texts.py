"""No text and no bytes of any column stand in the catalog: generated over the data dictionary."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.tables import TABLES
from tests.conftest import settings_of
from tests.integration.test_privacy import everything_below, forms

pytestmark = pytest.mark.usefixtures("lakes_are_made_as_everywhere")

#: A school unit's code is nobody's; reads are pruned by it.
IN_CLEAR = {"school_unit_code"}
CANARY = "Qvistzlatan{0}"
_OTHERS = {
    "UUID": "uuid()",
    "DATE": "DATE '2026-10-05'",
    "TIMESTAMP": "TIMESTAMP '2026-10-05 08:00'",
    "BOOLEAN": "true",
}


def is_text(kind: str) -> bool:
    """Whether a column of this type can hold words."""
    return kind.startswith(("VARCHAR", "BLOB"))


def test_no_text_of_any_column_of_the_dictionary_stands_in_the_lakes_files(tmp_path: Path) -> None:
    words: dict[str, str] = {}
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        for table in TABLES:
            values = []
            for column in table.columns:
                if is_text(column.type) and column.name not in IN_CLEAR:
                    word = CANARY.format(len(words))
                    words[word] = f"{table.name}.{column.name}"
                    value = f"'{word}'" if column.type != "BLOB" else f"encode('{word}')"
                    values.append(f"[{value}]" if column.type.endswith("[]") else value)
                else:
                    values.append(_OTHERS.get(column.type, "1"))
            lake.connection.execute(f"INSERT INTO {table.name} VALUES ({', '.join(values)})")
        assert len(words) > 60
        (asked,) = lake.rows("SELECT class_name FROM lessons")
        assert asked[0] in words
    found = {
        where: name
        for name, content in everything_below(tmp_path / "home")
        for word, where in words.items()
        if any(form in content for form in forms(word))
    }
    assert found == {}
