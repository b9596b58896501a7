"""Environment into typed settings, read once.

Every setting is `TRAPPAN_<NAME>`, but those of the S3 server, which have the names that S3 clients
know; the command line's `--home` stands before `TRAPPAN_HOME`.
Not here: anything that decides a number on a list (that is a parameter in `rules`), what the assets
are given (`resources.py`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, DirectoryPath, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from assets.lake.settings import (
    LEAST_LIST_DAYS,
    LEAST_MOMENT_DAYS,
    LIST_DAYS,
    MOMENT_DAYS,
    LakeSettings,
    S3Settings,
)

if TYPE_CHECKING:
    from assets.delivery.settings import DeliverySettings, MailSettings
    from assets.upkeep.reporting.telling import ReportSettings

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
        threads: DuckDB's threads, 0 for all cores; a run with little to do takes one.
        lock_wait_seconds: how long a writer waits for another.
        past_days: so long every moment of the lake's past can be asked for.
        past_list_days: so long what lists were made from.
        settle_seconds: a file that was written to within so many seconds may still be arriving.
        archive: whether the original of every file is kept, sealed.
        mentor_lists: whether each mentor gets files of the own beside a current list.
        portal_database: the portal's Postgres database; empty means its file in the home.
        delivery_target: where copies of the lists go; empty means nowhere.
        delivery_link: how readers reach the target's root; for the notices.
        delivery_password: of an SFTP account.
        delivery_password_file: a file with it.
        delivery_key_file: private key of an SFTP account.
        delivery_known_hosts: keys of SFTP servers; empty means `~/.ssh/known_hosts`.
        delivery_timeout_seconds: for a connection to the target, and for each answer.
        delivery_tries: of each file and notice.
        recipients: file of corrections to who gets what; empty means `HOME/recipients.yaml`.
        workbook_password: of delivered workbooks; empty means none.
        workbook_password_file: a file with it.
        mail_host: the mail server that takes notices; empty means no notices.
        mail_port: its port.
        mail_security: whether it is spoken with in TLS.
        mail_from: the address that notices come from.
        mail_user: account of the mail server.
        mail_password: of the account.
        mail_password_file: a file with it.
        mail_ca_bundle: PEM file of the authorities of its certificate.
        report_to: mail addresses that are told of each night, with commas between; empty for none.
        report_when: whether they are told of nights too that ended well.
        ping_url: a dead-man's address that is asked when a night ended well.
        ping_seconds: for all of it.
        metrics_file: where the newest night's metrics go; empty means under the home.
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
    past_days: int = Field(default=MOMENT_DAYS, ge=LEAST_MOMENT_DAYS, le=3650)
    past_list_days: int = Field(default=LIST_DAYS, ge=LEAST_LIST_DAYS, le=3650)
    settle_seconds: float = Field(default=10, ge=0, le=600)
    archive: Literal["on", "off"] = "on"
    mentor_lists: Literal["on", "off"] = "on"
    portal_database: SecretStr = SecretStr("")
    delivery_target: str = ""
    delivery_link: str = ""
    delivery_password: SecretStr = SecretStr("")
    delivery_password_file: Path | None = None
    delivery_key_file: Path | None = None
    delivery_known_hosts: Path | None = None
    delivery_timeout_seconds: float = Field(default=30, gt=0, le=600)
    delivery_tries: int = Field(default=4, ge=1, le=20)
    recipients: Path | None = None
    workbook_password: SecretStr = SecretStr("")
    workbook_password_file: Path | None = None
    mail_host: str = ""
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_from: str = ""
    mail_user: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_password_file: Path | None = None
    mail_ca_bundle: Path | None = None
    report_to: str = ""
    report_when: Literal["always", "trouble"] = "always"
    ping_url: SecretStr = SecretStr("")
    ping_seconds: float = Field(default=10, gt=0, le=60)
    metrics_file: Path | None = None

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
            moment_days=self.past_days,
            list_days=self.past_list_days,
        )

    def delivery(self) -> DeliverySettings:
        """Return where lists are delivered to, and how.

        Raises:
            DeliveryError: a setting is not as it should be.
        """
        # Here, not at the top: most questions ask nothing of it.
        from assets.delivery.settings import (  # noqa: PLC0415
            Credential,
            DeliverySettings,
            TargetSettings,
        )

        def secret(name: str, text: SecretStr, file: Path | None) -> Credential:
            return Credential(f"TRAPPAN_{name}", text.get_secret_value(), file)

        return DeliverySettings(
            target=TargetSettings(
                url=self.delivery_target,
                link=self.delivery_link,
                password=secret(
                    "DELIVERY_PASSWORD", self.delivery_password, self.delivery_password_file
                ),
                key_file=self.delivery_key_file,
                known_hosts=self.delivery_known_hosts,
                s3=self.lake.s3,
                timeout_seconds=self.delivery_timeout_seconds,
                tries=self.delivery_tries,
            ),
            mail=self._mail(),
            recipients_file=(self.recipients or self.home / "recipients.yaml").resolve(),
            workbook_password=secret(
                "WORKBOOK_PASSWORD", self.workbook_password, self.workbook_password_file
            ),
        )

    def _mail(self) -> MailSettings:
        from assets.delivery.settings import Credential, MailSettings  # noqa: PLC0415

        password = self.mail_password.get_secret_value()
        return MailSettings(
            host=self.mail_host,
            port=self.mail_port,
            security=self.mail_security,
            sender=self.mail_from,
            user=self.mail_user,
            password=Credential("TRAPPAN_MAIL_PASSWORD", password, self.mail_password_file),
            ca_bundle=self.mail_ca_bundle,
            timeout_seconds=self.delivery_timeout_seconds,
            tries=self.delivery_tries,
        )

    def reports(self) -> ReportSettings:
        """Return who is told of a night, and how.

        Raises:
            DeliveryError: a setting of the mail server is not as it should be.
            ReportSettingError: one of the reports is not.
            PingError: the dead-man's address is none.
        """
        from assets.upkeep.reporting.ping import PingSettings  # noqa: PLC0415
        from assets.upkeep.reporting.telling import ReportSettings  # noqa: PLC0415

        receivers = (one.strip() for one in self.report_to.split(","))
        return ReportSettings(
            mail=self._mail(),
            receivers=tuple(one for one in receivers if one),
            when=self.report_when,
            ping=PingSettings(self.ping_url.get_secret_value(), self.ping_seconds),
            metrics_file=self.metrics_file.resolve() if self.metrics_file else None,
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
