"""The command `trappan`, which loads the command line when it is run and not before.

A process that writes lists (`assets/watchlists/release/publish.py`) begins by loading the program
that started it, and has no use for any command. Not here: the commands (`cli/app.py`).
"""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from pipelines.cli import app  # noqa: PLC0415 - see above

    app.main()
