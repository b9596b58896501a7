"""How many examples a property is tried with: few at every landing, many in `make search`."""

from __future__ import annotations

import os


def examples(usual: int) -> int:
    """Return the usual number of a property, or `TRAPPAN_ORACLE_EXAMPLES` when it is more."""
    return max(usual, int(os.environ.get("TRAPPAN_ORACLE_EXAMPLES", "0")))
