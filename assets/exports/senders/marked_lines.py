"""Lines of JSON that carry a MAC of the home, as those of grants: made, looked at, and made again.

A line that was changed, or is another home's, fits nothing and counts for nothing. Not here: what
the lines say (`pipelines/cli/trust/grants.py`).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping

from assets.lake.encryption import Sealer, text_of_fields

#: Who of the staff may open identities.
GRANTS_FILE = "grants.jsonl"
_USE = "grant"


def marked_line(sealer: Sealer, said: Mapping[str, str]) -> str:
    """Return a line, without its end, that says this and carries its MAC."""
    return json.dumps({**said, "mac": _mac(sealer, said)}, ensure_ascii=False)


def fitting(sealer: Sealer, line: str) -> dict[str, str] | None:
    """Return what a line says; None when it is not as this home wrote it."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        return None
    mac = said.pop("mac", "")
    return said if hmac.compare_digest(mac.encode(), _mac(sealer, said).encode()) else None


def _mac(sealer: Sealer, said: Mapping[str, str]) -> str:
    return sealer.mark_text(_USE, text_of_fields(dict(said)))
