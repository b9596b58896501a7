"""Environment into typed settings, read once.

Every setting is `TRAPPAN_<NAME>`, but those of the S3 server, which have the names that S3 clients
know; the command line's `--home` stands before `TRAPPAN_HOME`.
Not here: anything that decides a number on a list (that is a parameter in `rules`).
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, DirectoryPath, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from assets.exports.ingest import Progress
from assets.lake.access import LakeAccess
from assets.lake.settings import LakeSettings, S3Settings
from assets.pull.access import PullAccess
from assets.pull.pull import Progress as PullProgress

#: The folder of the checkout: the packages, `dagster.yaml` and the samples lie in it.
PROJECT_ROOT = Path(__file__).resolve().parents[1]
STOCKHOLM = ZoneInfo("Europe/Stockholm")


class Settings(BaseSettings):
    """What an operator can set; see docs/operators.md.

    Attributes:
        home: folder of everything that persists.
        inbox: folder of offered files; empty means `HOME/inbox`.
        sources: file of the servers that are asked; empty means `HOME/sources.yaml`.
        layouts: folder of the user's own layouts; empty means `HOME/layouts`.
        catalog: DuckLake metadata string; empty means SQLite under the home.
        data_path: folder or `s3://` prefix of the lake's files; empty means under the home.
        s3_url_style: how a bucket stands in an address; None for what the server is likely to take.
        s3_endpoint: address of the S3 server, `https://host:port`; empty means Amazon's.
        s3_region: of the bucket.
        s3_key_id: access key.
        s3_secret: of the access key.
        s3_session_token: of keys that are lent.
        s3_ca_bundle: PEM file of the authorities of the S3 server's certificate.
        rule_set: name of the rule set.
        rules: folder of the user's own rule sets; empty means `HOME/rules`.
        memory_limit: DuckDB's memory.
        max_temp_size: DuckDB's spill files at most.
        threads: DuckDB's threads, 0 for all cores.
        lock_wait_seconds: how long a writer waits for another.
        settle_seconds: a file that was written to within so many seconds may still be arriving.
        archive: whether the original of every file is kept, sealed.
    """

    model_config = SettingsConfigDict(env_prefix="TRAPPAN_", extra="ignore")

    home: Path = Path("var")
    inbox: Path | None = None
    sources: Path | None = None
    layouts: DirectoryPath | None = None
    catalog: str = ""
    data_path: str = ""
    s3_url_style: Literal["path", "vhost"] | None = None
    s3_endpoint: str = Field(
        default="", validation_alias=AliasChoices("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    )
    s3_region: str = Field(
        default="us-east-1", validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION")
    )
    s3_key_id: str = Field(default="", validation_alias="AWS_ACCESS_KEY_ID")
    s3_secret: SecretStr = Field(default=SecretStr(""), validation_alias="AWS_SECRET_ACCESS_KEY")
    s3_session_token: SecretStr = Field(default=SecretStr(""), validation_alias="AWS_SESSION_TOKEN")
    s3_ca_bundle: str = Field(default="", validation_alias="AWS_CA_BUNDLE")
    rule_set: str = Field(default="stockholm", pattern=r"^[a-z][a-z0-9_]*$")
    rules: DirectoryPath | None = None
    memory_limit: str = Field(default="3GB", pattern=r"^\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB)$")
    max_temp_size: str = Field(default="50GB", pattern=r"^\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB)$")
    threads: int = Field(default=0, ge=0, le=1024)
    lock_wait_seconds: float = Field(default=900, ge=0)
    settle_seconds: float = Field(default=10, ge=0, le=600)
    archive: Literal["on", "off"] = "on"

    @property
    def lake(self) -> LakeSettings:
        """What the lake is opened with."""
        return LakeSettings(
            home=self.home.resolve(),
            catalog=self.catalog,
            data_path=self.data_path,
            s3=S3Settings(
                endpoint=self.s3_endpoint,
                region=self.s3_region,
                key_id=self.s3_key_id,
                secret=self.s3_secret.get_secret_value(),
                session_token=self.s3_session_token.get_secret_value(),
                url_style=self.s3_url_style or "",
                ca_bundle=self.s3_ca_bundle,
            ),
            memory_limit=self.memory_limit,
            max_temp_size=self.max_temp_size,
            threads=self.threads,
            lock_wait_seconds=self.lock_wait_seconds,
        )

    @property
    def inbox_folder(self) -> Path:
        """Where offered files lie when none are named."""
        return (self.inbox or self.home / "inbox").resolve()

    @property
    def layouts_folder(self) -> Path:
        """Where the user's own layouts lie, read besides the shipped ones."""
        return (self.layouts or self.home / "layouts").resolve()

    @property
    def rules_folder(self) -> Path:
        """Where the user's own rule sets lie, a folder each, besides the shipped ones."""
        return (self.rules or self.home / "rules").resolve()

    @property
    def sources_file(self) -> Path:
        """Which servers `trappan pull` asks."""
        return (self.sources or self.home / "sources.yaml").resolve()

    @property
    def pulled_folder(self) -> Path:
        """Where files lie that `trappan pull` fetched."""
        return (self.home / "pulled").resolve()


def yesterday() -> date:
    """Return the day before today in Stockholm: the last day that is over."""
    return (datetime.now(STOCKHOLM) - timedelta(days=1)).date()


def lake_access(
    settings: Settings,
    paths: tuple[Path, ...] | None = None,
    on_progress: Progress | None = None,
    *,
    with_pulled: bool = False,
    begins_anew: bool = False,
    retried: str | None = None,
) -> LakeAccess:
    """Return what the Dagster assets are given.

    Args:
        settings: the settings.
        paths: offered files or folders; the inbox and what was pulled when None.
        on_progress: for a person who watches.
        with_pulled: what was pulled too, besides `paths`.
        begins_anew: a lake that is gone is made again.
        retried: hash of an archived file that is read again, in place of the inbox.
    """
    return LakeAccess(
        settings=replace(settings.lake, begins_anew=begins_anew),
        inbox=paths if paths is not None else (settings.inbox_folder,),
        pulled=settings.pulled_folder if with_pulled or paths is None else None,
        rule_set=settings.rule_set,
        rules_folder=settings.rules_folder,
        day_before_run=yesterday,
        layouts_folder=settings.layouts_folder,
        now=time.time,
        on_progress=on_progress,
        settle_seconds=settings.settle_seconds,
        keeps_originals=settings.archive == "on",
        retried=retried,
    )


def pull_access(
    settings: Settings, source: str | None = None, on_progress: PullProgress | None = None
) -> PullAccess:
    """Return what the pull is given.

    Args:
        settings: the settings.
        source: only this source; all when None.
        on_progress: for a person who watches.
    """
    return PullAccess(
        sources_file=settings.sources_file,
        pulled=settings.pulled_folder,
        now=time.time,
        source=source,
        on_progress=on_progress,
    )
