"""docs/personal-data.md, as it is made of the registry (`personal_data.py`)."""

from __future__ import annotations

from rules.personal_data import PLACES
from rules.personal_data_store import How

#: How data lies in a place, in words.
HOWS: dict[How, str] = {
    "clear": "in clear: mode 0600 and the disk's encryption are all that guards it",
    "sealed": "sealed as a whole with the home's key",
    "values sealed": "names, numbers, addresses and texts sealed one by one; keys, dates and "
    "minutes are read by who has the database",
    "keys only": "no name: keys of pupils or people, made with the home's key",
    "key": "opens what is sealed",
    "nobody": "no personal data",
}

#: The lake's tables, by what of a person they hold; every table is in one of the two.
TABLES_OF_PUPILS = frozenset(
    {
        *("protection_words", "pupil_references", "pupil_numbers", "number_changes"),
        *("files", "held_files", "row_problems", "lessons", "pupil_merges", "removed_lessons"),
        *("moved_lessons", "missing_lessons", "enrolments", "monthly_sums", "identity_sources"),
        *("identities", "staff", "school_units", "absence_daily", "absence_monthly"),
        *("absence_rolling", "flags", "superseded_flags", "superseded_listed_pupils"),
        *("superseded_listed_verdicts", "forecasts", "releases"),
        *("listed_pupils", "listed_verdicts", "contradicted_lessons", "joint_lessons"),
        *("uncounted_lessons", "moving_records", "enrolment_claims", "lift_releases"),
        *("lesson_removals", "unmerged_pairs", "ss12000_persons", "ss12000_enrolments"),
        *("ss12000_members", "ss12000_duties", "ss12000_roles", "ss12000_attendances"),
        *("ss12000_groups", "ss12000_activities", "ss12000_events", "ss12000_exceptions"),
        *("ss12000_deletions", "planned_lessons", "absence_words", "follow_up_events"),
    }
)
#: Nothing of anybody.
TABLES_OF_NOBODY = frozenset(
    {
        *("protection_totals", "protection_columns", "lesson_snapshots", "slot_sources"),
        *("class_coverage", "stale_days", "school_breaks", "school_sendings", "forecast_skill"),
        *("school_contracts", "school_silences", "publications", "parallel_values"),
        *("disputable_files", "file_releases", "ss12000_organisations", "absence_coverage"),
        *("joined_files", "follow_up_readings", "backfilled_months", "replaced_lists"),
    }
)

_INTRODUCTION = (
    "Every place, below the home or outside of it, made of `rules/personal_data.py`. A test fills "
    "a home with a night, a publication and a follow-up, and fails when a file is of no place "
    "here, or when a name stands in clear where it is said to be sealed."
)
_REACHED = (
    "`trappan erase` takes one pupil out ([how](operators-erasure.md)); `trappan retain` lets go "
    "of what the municipality decided, kind by kind ([how](operators-retention.md)), and without a "
    "decision of nothing; `trappan rotate-key` gives the home a new key, and with `--pupil-keys` "
    "every pupil another key in lake, lists, deliveries and portal "
    "([how](operators-keys.md)). `trappan backup` copies what is sealed as it lies and encrypts "
    "all else for a key that is kept elsewhere; `pupil.key` is never in it. What `trappan verify` "
    "notices of a file: a bit flipped where anything is read, cut short, gone."
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
