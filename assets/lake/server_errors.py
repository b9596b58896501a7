"""What is said when a server of the lake fails: Postgres with the catalog, S3 with the data files.

Found when tried with DuckDB 1.5.5: the words of a failed login quote the whole catalog string, a
password in it too, and those of a failed write can quote a row. So the trouble is reported in our
words, and of DuckDB's own only what a pattern names. Not here: how the servers are reached
(`settings.py`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import duckdb


class _Trouble(NamedTuple):
    pattern: str
    words: str


_AGAIN = "What a step changes is kept whole or not at all, and the lists that are out still stand."
_POSTGRES, _S3 = "The lake's Postgres server", "The lake's S3 server"

#: What DuckDB says (a pattern), and what we say; the first that fits counts. `{name}` is a group.
_TROUBLES = (
    # Postgres: the login.
    _Trouble(
        r"password authentication failed|no password supplied|"
        r"(?:Ident|Peer|GSSAPI|LDAP|certificate|scram\S*) authentication failed",
        f"{_POSTGRES} refused the login. Look at the user in TRAPPAN_CATALOG, and at its password "
        "in ~/.pgpass (mode 0600) or PGPASSWORD.",
    ),
    _Trouble(
        r'FATAL:\s+(?P<what>(?:database|role) "[^"]*" does not exist)',
        f"{_POSTGRES} says: {{what}}. Look at TRAPPAN_CATALOG, or have it made "
        "(docs/operators-scale-out.md).",
    ),
    _Trouble(
        r"no pg_hba\.conf entry",
        f"{_POSTGRES} takes no login from this machine, user and database, or none without TLS. "
        "Its pg_hba.conf needs a line for them; add sslmode=require to TRAPPAN_CATALOG for TLS.",
    ),
    _Trouble(
        r"permission denied for (?:database|schema|table|sequence)|must be owner of",
        f"{_POSTGRES} does not let its user do this. The user of TRAPPAN_CATALOG must own the "
        "database, or may use and create in its schema public (docs/operators-scale-out.md).",
    ),
    _Trouble(
        r"too many (?:clients|connections)|remaining connection slots",
        f"{_POSTGRES} has no free connection. Run again when others have ended, or have "
        "max_connections raised.",
    ),
    _Trouble(
        r"(?:could not (?:extend|write|create|open)|No space left).*(?:base/|pg_wal|pgsql_tmp)",
        f"{_POSTGRES}'s disk is full. {_AGAIN} Make room there and run again.",
    ),
    _Trouble(
        r"read-only transaction",
        f"{_POSTGRES} only lets us read: it is a standby, or the database is set so. Name the "
        "primary in TRAPPAN_CATALOG.",
    ),
    # Postgres: away, before or in the middle.
    _Trouble(
        r"server closed the connection unexpectedly|terminating connection|connection not open|"
        r"could not (?:receive data from|send data to) server|no connection to the server|"
        r"lost synchronization with server|Failed to execute query \"ROLLBACK\"",
        f"{_POSTGRES} went away in the middle. {_AGAIN} Run again when it is back.",
    ),
    _Trouble(
        r"the database system is (?P<what>starting up|shutting down|in recovery mode|not yet)",
        f"{_POSTGRES} is {{what}}. {_AGAIN} Run again when it is up.",
    ),
    _Trouble(
        r"could not translate host name",
        f"No machine has the name that TRAPPAN_CATALOG gives the lake's Postgres server. {_AGAIN} "
        "Look at host= and at the name service.",
    ),
    _Trouble(
        r"SSL error: |does not support SSL|root certificate file|"
        r"server certificate for",
        f"{_POSTGRES} and this machine agree on no safe connection (TLS). Look at sslmode and "
        "sslrootcert in TRAPPAN_CATALOG.",
    ),
    _Trouble(
        r"connection to server (?:at|on socket)|could not connect to server|timeout expired",
        f"{_POSTGRES} does not answer. {_AGAIN} Is it up, and are host= and port= in "
        "TRAPPAN_CATALOG its own? Run again when it answers.",
    ),
    _Trouble(
        r"Unable to connect to Postgres",
        "TRAPPAN_CATALOG can't be read by the Postgres client. Expected "
        "postgres:dbname=… host=… user=…",
    ),
    # The catalog was made for another place.
    _Trouble(
        r"DATA_PATH parameter .* does not match existing data path",
        "TRAPPAN_DATA_PATH is not where the lake of TRAPPAN_CATALOG keeps its data files. Set it "
        "as it was when the lake was made, or name another, new database.",
    ),
    # S3.
    _Trouble(
        r"NoSuchBucket",
        f"{_S3} has no bucket of the name in TRAPPAN_DATA_PATH. {_AGAIN} Correct the name, or have "
        "the bucket made, and run again.",
    ),
    _Trouble(
        r"RequestTimeTooSkewed",
        f"{_S3} refused us because this machine's clock is wrong. Set the clock and run again.",
    ),
    _Trouble(
        r"AuthorizationHeaderMalformed|PermanentRedirect|HTTP (?:code )?301\b",
        f"{_S3} says that the bucket is of another region. Set AWS_REGION to it.",
    ),
    _Trouble(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|InvalidClientTokenId",
        f"{_S3} does not know our keys. {_AGAIN} Look at AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, when the keys are lent), and run again.",
    ),
    _Trouble(
        r"HTTP (?:code )?40[13]\b|AccessDenied|Authentication Failure",
        f"{_S3} refused us. {_AGAIN} Look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; they "
        "need the right to list, read, write and delete at TRAPPAN_DATA_PATH. Then run again.",
    ),
    _Trouble(
        r"HTTP (?:code )?(?:404|416)\b|NoSuchKey",
        "A data file of the lake is missing at TRAPPAN_DATA_PATH, or cut. `trappan doctor` counts "
        "them. Restore the bucket and the catalog from one backup.",
    ),
    _Trouble(
        r"HTTP (?:code )?(?:429|5\d\d)\b|SlowDown|QuotaExceeded",
        f"{_S3} could not do what it was asked, also when asked again. {_AGAIN} Look at the server "
        "and at its free space, and run again.",
    ),
    _Trouble(
        r"SSL (?:peer certificate|connect error|server verification)",
        f"{_S3} shows a certificate that this machine does not trust. Put its authority into a PEM "
        "file and name it in AWS_CA_BUNDLE.",
    ),
    _Trouble(
        r"error for HTTP [A-Z]+ to|Could not (?:connect to server|resolve hostname|establish "
        r"connection)|Timeout was reached",
        f"{_S3} does not answer. {_AGAIN} Is it up, and is AWS_ENDPOINT_URL its address? Run again "
        "when it answers.",
    ),
)


def words_of_server(error: BaseException) -> str | None:
    """Return what is reported of a server's trouble; None when an error is none.

    Never repeats DuckDB's words, which can quote a password or a row, but for the name of a
    database or role that is not there.
    """
    if not isinstance(error, duckdb.Error):
        return None
    text = str(error)
    for trouble in _TROUBLES:
        found = re.search(trouble.pattern, text, re.DOTALL)
        if found:
            return trouble.words.format(**found.groupdict())
    return None
