"""`make docs`: the page about where personal data lies, from the registry in code."""

from __future__ import annotations

from pathlib import Path

from rules.personal_data_page import as_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "personal-data.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(as_markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
