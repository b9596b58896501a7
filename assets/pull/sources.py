"""Which servers are asked, for what and how: `sources.yaml`, checked before anything is fetched.

The file holds no secrets, only where they are (`credentials.py`). Not here: HTTP (`sessions.py`),
which windows of time are asked for (`windows.py`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from assets.pull.credentials import Secret, SourcesError, Strict, text_of, text_of_owner
from rules.strict_yaml import StrictYamlError, YamlFloat, YamlPath, read_yaml

Endpoint = Literal[
    "organisations",
    "persons",
    "groups",
    "duties",
    "activities",
    "calendarEvents",
    "attendances",
    "aggregatedAttendance",
    "deletedEntities",
]


class NoAuth(Strict):
    """No words to the server; a client certificate may speak instead."""

    kind: Literal["none"] = "none"


class TokenAuth(Strict):
    """A token that somebody issued, sent as it is."""

    kind: Literal["token"]
    secret: Secret


class ClientCredentials(Strict):
    """OAuth 2.0 client credentials: a token is fetched, and fetched again when it ends."""

    kind: Literal["client_credentials"]
    token_url: str
    client_id: str = Field(min_length=1)
    secret: Secret
    scope: str | None = None
    send_secret: Literal["basic", "post"] = "basic"  # noqa: S105 - how, not what

    @field_validator("token_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        return _safe_url(url)


class Tls(Strict):
    """Files for TLS, PEM; relative paths are relative to the folder of `sources.yaml`."""

    certificate: YamlPath | None = None
    key: YamlPath | None = None
    ca_bundle: YamlPath | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.key is not None and self.certificate is None:
            raise ValueError("key without certificate; expected both")
        return self


class Source(Strict):
    """One server.

    Attributes:
        name: of its own; part of folder and file names.
        base_url: what stands before `/persons`; https, or http on this machine.
        auth: how we say who we are.
        tls: client certificate and authorities.
        endpoints: what is fetched, in this order.
        limit: objects a page at most; the server's own when None.
        paging: whether the server knows `limit` and `pageToken`.
        modified_filter: whether it knows `meta.modified.after`; without, all is fetched each time.
        repeat_parameters: whether the window's required parameters stand beside a page token; tried
            and remembered when None.
        expand_reference_names: whether names of subjects are asked for with
            `expandReferenceNames`; tried and remembered when None.
        months_back: months before the present one that the first pull fetches.
        months_again: whole months of aggregatedAttendance that later pulls fetch again.
        overlap_minutes: so much before the last good pull is asked for once more.
        connect_timeout_seconds: for the connection.
        read_timeout_seconds: for the next bytes of an answer.
        retries: further tries after a passing fault.
        backoff_seconds: wait before the second further try; doubles each time.
        retry_after_most_seconds: a server's longer wish is cut to this.
        most_pages: more in one window is an endless answer.
        most_answer_minutes: for one page, from its first byte to its last.
        most_response_mb: one page's most megabytes, unpacked.
        proxy: address of a proxy; none of the environment's is used.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    base_url: str
    auth: Annotated[NoAuth | TokenAuth | ClientCredentials, Field(discriminator="kind")] = NoAuth()
    tls: Tls = Tls()
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    limit: int | None = Field(default=None, ge=1, le=100_000)
    paging: bool = True
    modified_filter: bool = True
    repeat_parameters: bool | None = None
    expand_reference_names: bool | None = None
    months_back: int = Field(default=3, ge=0, le=24)
    months_again: int = Field(default=2, ge=0, le=24)
    overlap_minutes: int = Field(default=60, ge=0, le=10_080)
    connect_timeout_seconds: YamlFloat = Field(default=10, gt=0, le=600)
    read_timeout_seconds: YamlFloat = Field(default=120, gt=0, le=3600)
    retries: int = Field(default=4, ge=0, le=20)
    backoff_seconds: YamlFloat = Field(default=1, ge=0, le=600)
    retry_after_most_seconds: int = Field(default=300, ge=0, le=3600)
    most_pages: int = Field(default=100_000, ge=1)
    most_answer_minutes: YamlFloat = Field(default=60, gt=0, le=1440)
    most_response_mb: YamlFloat = Field(default=2048, gt=0)
    proxy: str | None = None

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        return _safe_url(url).rstrip("/")

    @field_validator("endpoints")
    @classmethod
    def _is_each_once(cls, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        if len(set(endpoints)) < len(endpoints):
            raise ValueError("an endpoint stands there twice; expected each once")
        return endpoints

    @model_validator(mode="after")
    def _keeps_clear_text_here(self) -> Self:
        urls = [self.base_url]
        if isinstance(self.auth, ClientCredentials):
            urls.append(self.auth.token_url)
        if self.proxy and any(urlsplit(url).scheme == "http" for url in urls):
            raise ValueError("a proxy would read an address with http; expected https or no proxy")
        return self

    @property
    def keeps_deleted(self) -> bool:
        """Whether lessons are fetched, but not which of them were taken away."""
        lessons = {"attendances", "calendarEvents"} & set(self.endpoints)
        return bool(lessons) and "deletedEntities" not in self.endpoints

    @property
    def host(self) -> str:
        """The server's name and port, for messages."""
        return urlsplit(self.base_url).netloc


class _Sources(Strict):
    sources: tuple[Source, ...] = Field(min_length=1)


def load_sources(path: Path) -> tuple[Source, ...]:
    """Return the sources of a file.

    Raises:
        SourcesError: it isn't there, isn't YAML, or says something that is not expected.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SourcesError(
            f"{path} is not there. Write one (docs/operators-pull.md), "
            "or name another with TRAPPAN_SOURCES."
        ) from None
    except OSError as error:
        raise SourcesError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SourcesError(f"{path} is not UTF-8. Save it as UTF-8.") from None
    content: object = None
    try:
        document = read_yaml(text)
        if document is None:
            raise SourcesError(f"{path}: the whole file: nothing stands in it.")
        content = document.content
        sources = document.checked(_Sources).sources
    except StrictYamlError as error:
        where = f"{path}, line {error.line}" if error.line is not None else f"{path}"
        raise SourcesError(f"{where}: {_told(error, content)}") from None
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise SourcesError(
                f"{path}: key 'sources': the name '{name}' is taken. Expected a name of its own."
            )
    return sources


def chosen(sources: Sequence[Source], name: str | None) -> tuple[Source, ...]:
    """Return the source of a name, all when it is None.

    Raises:
        SourcesError: no source has it.
    """
    if name is None:
        return tuple(sources)
    found = tuple(source for source in sources if source.name == name)
    if not found:
        known = ", ".join(source.name for source in sources)
        raise SourcesError(f"there is no source '{name}'. Expected one of: {known}.")
    return found


def check_secrets(source: Source, folder: Path) -> None:
    """Look whether everything that a source points to is there and its owner's only.

    Args:
        source: the source.
        folder: the folder of `sources.yaml`.

    Raises:
        SourcesError: a secret, key, certificate or bundle is not as it should be.
    """
    try:
        if isinstance(source.auth, TokenAuth | ClientCredentials):
            source.auth.secret.read(folder)
        tls = source.tls
        if tls.certificate:
            # Without a key file, the certificate's file holds the key.
            text_of_owner(folder / (tls.key or tls.certificate))
            text_of(folder / tls.certificate)
        if tls.ca_bundle:
            text_of(folder / tls.ca_bundle)
    except SourcesError as error:
        raise SourcesError(f"source '{source.name}': {error}") from None


def _safe_url(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("http would send pupils' data in clear; expected https://…")
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("expected an address such as https://server.example/ss12000/v2.0")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("expected an address without user, password, ? and #")
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _told(error: StrictYamlError, content: object) -> str:
    """Say what is wrong without its value: somebody may have written a secret there."""
    if error.kind == "syntax":
        return "not YAML. Look at indents and colons there."
    names: list[str] = []
    at: Any = content
    for part in error.place:
        # A key that stands there twice is reported before there is any content.
        at = at[part] if at is not None else None
        if isinstance(part, int):
            name = at.get("name") if isinstance(at, dict) else None
            names.append(name if isinstance(name, str) else f"no. {part + 1}")
        else:
            names.append(part)
    key = f"key '{'.'.join(names)}'" if names else "the whole file"
    if error.kind in {"unknown_key", "missing_key", "key_twice"}:
        words = error.found
    elif error.kind == "own_words":
        words = error.expected
    else:
        words = f"expected {error.expected}"
    return f"{key}: {words}. See docs/operators-pull.md."
