"""What the pull's Dagster asset is given: where the sources are, where files go, and a clock.

A plain object without secrets: those are read when a server is asked, and kept nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assets.pull.pull import Fetched, Progress, pull_sources
from assets.pull.sources import chosen, load_sources


@dataclass(frozen=True)
class PullAccess:
    """The resource `pull`.

    Attributes:
        sources_file: `sources.yaml`.
        pulled: folder of the fetched files.
        now: seconds since 1970; the only clock.
        source: only this source; all when None.
        on_progress: for a person who watches.
    """

    sources_file: Path
    pulled: Path
    now: Callable[[], float]
    source: str | None = None
    on_progress: Progress | None = None

    def pull(self) -> list[Fetched]:
        """Fetch what is new, and return what became of each endpoint.

        Raises:
            SourcesError: the sources can't be read.
            PullError: files can't be written.
        """
        os.umask(0o077)
        sources = chosen(load_sources(self.sources_file), self.source)
        return pull_sources(
            sources,
            pulled=self.pulled,
            secrets=self.sources_file.parent,
            now=self.now,
            on_progress=self.on_progress,
        )
