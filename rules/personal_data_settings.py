"""The places of keys and settings: what people write for a home, and the secrets.

A part of the registry (`personal_data.py`), which says what is said of each.
"""

from __future__ import annotations

from rules.personal_data_store import APART, NEVER, Store

KEYS_AND_SETTINGS: tuple[Store, ...] = (
    Store(
        "home's key",
        r"pupil\.key",
        "`pupil.key`",
        "the secrets: whoever has them and the home reads everything",
        "key",
        "trappan, the portal",
        backup=APART,
        erasure="-",
        retention="-",
        rotation="a new identity; a line more has what keyed hashes are made of, which stays or, "
        "with `--pupil-keys`, gets a secret more",
        noticed=("cut", "gone"),
    ),
    Store(
        "key changes",
        r"key-changes\.json",
        "`key-changes.json`",
        "when the home got a new key, public halves, how much was sealed again; a check of the key",
        "nobody",
        "the operator",
        retention="stays: it names nobody",
    ),
    Store(
        "people in settings",
        r"(?:roles|recipients|senders|access)\.yaml",
        "`roles.yaml`, `recipients.yaml`, `senders.yaml`, `access.yaml`",
        "mail addresses of staff",
        "clear",
        "the operator",
        erasure="by hand",
        retention="by hand",
    ),
    Store(
        "retention decision",
        r"retention\.yaml",
        "`retention.yaml`",
        "how long what stays, why, and who decided it: the municipality's own words",
        "nobody",
        "the operator",
        retention="by hand: the next decision takes its place",
    ),
    Store(
        "sources",
        r"sources\.yaml",
        "`sources.yaml`, or `TRAPPAN_SOURCES`",
        "servers and where their secrets are",
        "key",
        "the operator",
        erasure="-",
        retention="by hand",
    ),
    Store(
        "own rules and layouts",
        r"(?:layouts|rules)/.+",
        "`layouts/`, `rules/`",
        "column names and limits",
        "nobody",
        "the operator",
        retention="by hand",
    ),
    Store(
        "locks",
        r"no-lake-yet|(?:[a-z]+/)?[a-z-]*\.(?:lock|sum(?:\.new)?)",
        "`*.lock`, `*.sum`, `no-lake-yet`",
        "nothing: empty files, and checksums of the databases",
        "nobody",
        "trappan",
        backup=NEVER,
        retention="stays: nothing of anybody",
    ),
)
