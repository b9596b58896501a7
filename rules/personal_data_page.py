"""docs/personal-data.md, as it is made of the registry (`personal_data.py`)."""

from __future__ import annotations

from rules.personal_data import (
    HOWS,
    PLACES,
    TABLES_OF_NOBODY,
    TABLES_OF_PUPILS,
)

_INTRODUCTION = (
    "Every place, below the home or outside of it, made of `rules/personal_data.py`. A test fills "
    "a home with a night, a publication and a follow-up, and fails when a file is of no place "
    "here, or when a name stands in clear where it is said to be sealed. *Not yet* is what is true "
    "today."
)
_REACHED = (
    "`trappan erase` takes one pupil out ([how](operators-erasure.md)); there is no command for "
    "retention or a new key yet. `trappan backup` copies what is sealed as it lies and encrypts "
    "all else for a key that is kept elsewhere; `pupil.key` is never in it. What `trappan verify` "
    "notices of a file: a bit flipped anywhere, cut short, gone."
)


def as_markdown() -> str:
    """Return docs/personal-data.md."""
    lines = [
        "# Where personal data lies",
        "",
        _INTRODUCTION,
        "",
        "How it lies there:",
        "",
        *(f"- **{how}**: {words}." for how, words in HOWS.items()),
        "",
        "| place | where | what | how | who reads it |",
        "|---|---|---|---|---|",
        *(f"| {p.name} | {p.shown} | {p.what} | {p.how} | {p.readers} |" for p in PLACES),
        "",
        "## What reaches it",
        "",
        _REACHED,
        "",
        "| place | backup | verify notices | erasure of one pupil | goes by itself | a new key |",
        "|---|---|---|---|---|---|",
        *(
            f"| {p.name} | {p.backup} | {', '.join(p.noticed) or '-'} | {p.erasure} | "
            f"{p.retention} | {p.rotation} |"
            for p in PLACES
            if p.how != "nobody"
        ),
        "",
        "## Tables of the lake",
        "",
        "Of pupils or staff: " + ", ".join(f"`{name}`" for name in sorted(TABLES_OF_PUPILS)) + ".",
        "",
        "Of nobody: " + ", ".join(f"`{name}`" for name in sorted(TABLES_OF_NOBODY)) + ".",
        "",
        "Their columns: [data dictionary](data-dictionary.md).",
    ]
    return "\n".join(lines) + "\n"
