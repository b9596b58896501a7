"""How large a home is, and what is free around it. Asked of the file system only.

Not here: whether the disk is encrypted (`pipelines/cli/trust/disk.py`).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from assets.upkeep.reporting.report import DiskState

MIB = 2**20


def look_at_disk(home: Path) -> DiskState | None:
    """Return how large the home is and what is free around it; None when it can't be asked."""
    try:
        free = shutil.disk_usage(home)
    except OSError:
        return None
    return DiskState(
        home_mib=_size(home) // MIB, free_mib=free.free // MIB, total_mib=free.total // MIB
    )


def _size(folder: Path) -> int:
    """Bytes of all files below a folder; of what goes meanwhile, nothing."""
    total = 0
    # A folder that can't be read is left out: a wrong size must not cost a report.
    for root, _, names in os.walk(folder, onerror=None):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_blocks * 512  # noqa: PTH118
            except OSError:
                continue
    return total


def look_at_free(home: Path) -> int | None:
    """Return how many MiB are free where a home is, or will be; None when it can't be asked."""
    folder = next((path for path in (home, *home.parents) if path.exists()), home)
    try:
        return shutil.disk_usage(folder).free // MIB
    except OSError:
        return None
