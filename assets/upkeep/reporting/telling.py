"""Who is told of a night: its metrics, a mail, a ping. None of it changes how the night ended.

A fault is said in the report, and by `trappan status`; the next night tries again. Not here: what
is said (`words.py`, `metrics.py`), how a ping is sent (`ping.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

from assets.delivery.mail import MailServer
from assets.delivery.recipients import is_address
from assets.delivery.settings import MailSettings
from assets.upkeep.reporting.commands import CommandReport, CommandReports
from assets.upkeep.reporting.kept import FOLDER
from assets.upkeep.reporting.metrics import FILE_NAME, write_metrics
from assets.upkeep.reporting.ping import PingSettings, ping
from assets.upkeep.reporting.report import NightReport, NightResult, Told
from assets.upkeep.reporting.words import mail_subject, mail_text
from rules.errors import TrappanError

#: So long a night's process may wait for a mail server: it is the night's last work.
_MOST_TRIES, _MOST_SECONDS = 3, 15.0
MailWhen = Literal["always", "trouble"]


class ReportSettingError(TrappanError):
    """Who is told can't be told as it is set; says which setting and what is expected."""


@dataclass(frozen=True)
class ReportSettings:
    """Who is told of a night, and how.

    Attributes:
        mail: the mail server; the same as that of the lists' notices.
        receivers: mail addresses; none for no mail.
        when: a mail after every night, or only when it did not end well or something waits.
        ping: the dead-man's address.
        metrics_file: where metrics go; None for the home's own.
    """

    mail: MailSettings = field(default_factory=MailSettings)
    receivers: tuple[str, ...] = ()
    when: MailWhen = "always"
    ping: PingSettings = field(default_factory=PingSettings)
    metrics_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse addresses that are none, receivers without a server, a wrong file name."""
        wrong = sum(not is_address(address) for address in self.receivers)
        if wrong:
            raise ReportSettingError(
                f"TRAPPAN_REPORT_TO: {wrong} of {len(self.receivers)} are no mail addresses. "
                "Expected such as drift@kommun.example, with commas between."
            )
        if self.receivers and not self.mail.host:
            raise ReportSettingError(
                "TRAPPAN_REPORT_TO is set, but no mail server. Expected TRAPPAN_MAIL_HOST too."
            )
        if self.receivers and not is_address(self.mail.sender):
            raise ReportSettingError("TRAPPAN_MAIL_FROM: expected a mail address.")
        if self.metrics_file and self.metrics_file.suffix != ".prom":
            raise ReportSettingError(
                "TRAPPAN_METRICS_FILE: expected a file whose name ends in .prom; the collector "
                "reads no other."
            )

    def metrics_place(self, home: Path) -> Path:
        """Return where metrics go."""
        return self.metrics_file or home / FOLDER / FILE_NAME


def tell(report: NightReport, settings: ReportSettings, home: Path, now: datetime) -> Told:
    """Tell everybody who is to be told of a night, and return who was and what failed.

    Args:
        report: the night's, which is written already.
        settings: who is told.
        home: the home.
        now: with a time zone.
    """
    faults: list[str] = []

    def tried(what: str, act: Callable[[], None]) -> str:
        try:
            act()
        except TrappanError as error:
            faults.append(f"{what}: {error}".rstrip(".") + ".")
        except OSError as error:
            faults.append(f"{what}: {error.strerror or type(error).__name__}.")
        except Exception as error:
            # Whatever it is, the night has ended as it has; its own words can quote anything.
            faults.append(f"{what}: {type(error).__name__}.")
        else:
            return "sent"
        return "failed"

    place = settings.metrics_place(home)
    is_in_home = settings.metrics_file is None
    metrics = tried("metrics", lambda: write_metrics(report, place, is_in_home=is_in_home))
    mail = "off"
    if settings.receivers:
        is_due = settings.when == "always" or report.result != NightResult.WELL
        mail = tried("mail", lambda: _mail(report, settings, now)) if is_due else "not due"
    pinged = "off"
    if settings.ping.url:
        # Somebody who waits for it is told of what waits too, by its not coming.
        is_due = report.result == NightResult.WELL
        pinged = tried("ping", lambda: ping(settings.ping)) if is_due else "not due"
    return Told(
        mail=mail,
        ping=pinged,
        metrics="written" if metrics == "sent" else metrics,
        faults=tuple(faults),
    )


def _mail(report: NightReport, settings: ReportSettings, now: datetime) -> None:
    """Send the mail about a night.

    Raises:
        MailFaultError: it was not taken.
        DeliveryError: the password can't be read.
    """
    with MailServer(patient_mail(settings.mail)) as server:
        server.send(message_of(report, settings, now))


def patient_mail(mail: MailSettings) -> MailSettings:
    """Return a mail server's settings with the patience that a report has."""
    return replace(
        mail,
        tries=min(mail.tries, _MOST_TRIES),
        timeout_seconds=min(mail.timeout_seconds, _MOST_SECONDS),
    )


def message_of(report: NightReport, settings: ReportSettings, now: datetime) -> EmailMessage:
    """Return the mail about a night: counts and codes, no name and no words of a failure."""
    return mail_of(mail_subject(report), mail_text(report), report.run, settings, now)


def mail_of(
    subject: str, text: str, run: str, settings: ReportSettings, now: datetime
) -> EmailMessage:
    """Return a mail to who is told.

    Args:
        subject: of the mail.
        text: of the mail.
        run: the name of what it is about, for its Message-ID.
        settings: who is told.
        now: with a time zone.
    """
    sender = settings.mail.sender
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(addr_spec=sender)
    mail["To"] = [Address(addr_spec=address) for address in settings.receivers]
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{run}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text, charset="utf-8", cte="base64")
    return mail


def tell_of_command(report: CommandReport, settings: ReportSettings, now: datetime) -> str:
    """Send the mail about a command that did not end well; return what went wrong with it, or "".

    Args:
        report: of the command.
        settings: who is told.
        now: with a time zone.
    """
    if not settings.receivers or not report.is_trouble:
        return ""
    subject = f"trappan: the {report.name} {report.ending}"
    text = (
        f"{subject.partition(' ')[2]}.\n\nWhy, says reports/{report.file_name} in the home.\n"
        "How it stands now: `trappan status`.\n"
    )
    try:
        with MailServer(patient_mail(settings.mail)) as server:
            server.send(mail_of(subject, text, report.run, settings, now))
    except TrappanError as error:
        return f"mail: {error}"
    except Exception as error:
        # Whatever it is, the command has ended as it has; its own words can quote anything.
        return f"mail: {type(error).__name__}."
    return ""


def tell_of_killed(
    killed: Sequence[CommandReport], settings: ReportSettings, home: Path, now: datetime
) -> list[str]:
    """Send a mail about each command that never ended, and note it; return what went wrong.

    Of one that nobody could be told of the next who looks tells again.

    Args:
        killed: what never ended, as it was found before another could take its place.
        settings: who is told.
        home: the home.
        now: UTC.

    Raises:
        OSError: no room or no permission in the home.
    """
    faults = []
    for report in killed:
        fault = tell_of_command(report, settings, now)
        if fault:
            faults.append(f"Somebody was not told of the {report.name}: {fault}")
        else:
            CommandReports(home).note_told(report, now)
    return faults


def look_at_telling(settings: ReportSettings, home: Path) -> str:
    """Say whether everybody who is to be told can be; nothing is sent.

    Raises:
        MailFaultError: the mail server does not take us.
        DeliveryError: its password can't be read.
        ReportSettingError: metrics can't be written where they are to be.
    """
    said = ["no mail"]
    if settings.receivers:
        with MailServer(patient_mail(settings.mail)) as server:
            server.greet()
        said = [f"mail to {len(settings.receivers)} ({settings.when}), the server takes us"]
    # Not asked for: it would stand for a night.
    said.append("a ping when a night ended well" if settings.ping.url else "no ping")
    place = settings.metrics_place(home)
    if settings.metrics_file and not os.access(place.parent, os.W_OK | os.X_OK):
        raise ReportSettingError(
            f"TRAPPAN_METRICS_FILE: {place.parent} is not there, or can't be written to by this "
            "user. Expected the folder that the textfile collector reads."
        )
    said.append(f"metrics to {place}")
    return "; ".join(said)
