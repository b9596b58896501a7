"""Which notices are due, and each as a mail that says how many and where, and names nobody.

The rektor is told once of each week that is over, a mentor once of each pupil who passes a limit:
what was told of is kept as HMACs, and forgotten when the pupil is under the limit again. A list
that waits is no news. Not here: the words (`swedish/delivery_texts.py`), the server (`mail.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from assets.delivery.delivery_log import DeliveryLog
from assets.delivery.recipients import Recipient, is_address
from assets.delivery.settings import DeliveryError
from assets.delivery.shares import MENTORS, ReaderKey
from assets.lake.encryption import Sealer
from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.release.week_states import iso_week
from assets.watchlists.swedish.delivery_texts import NoticeText

_SUNDAY = 7


@dataclass(frozen=True)
class Notice:
    """A mail to one address that is due.

    Attributes:
        reader: whose list it is about.
        address: who is told.
        address_key: HMAC of reader and address; stands for both in the log.
        text: what it says.
        reasons: everything that the address knows of once it is sent.
        known: what it knows of until then; what is no reason any more is forgotten.
        message_key: the same for the same news, so that a mail server knows one sent twice.
        is_news: else nothing is sent.
    """

    reader: ReaderKey
    address: str
    address_key: str
    text: NoticeText
    reasons: frozenset[str]
    known: frozenset[str]
    message_key: str
    is_news: bool = True

    def message(self, sender: str, now: datetime) -> EmailMessage:
        """Return it as a mail.

        Args:
            sender: the address that it comes from.
            now: with its time zone.

        Raises:
            DeliveryError: an address is none.
        """
        if not (is_address(sender) and is_address(self.address)):
            raise DeliveryError("an address of a notice is none. Look at TRAPPAN_MAIL_FROM")
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(addr_spec=sender)
        mail["To"] = Address(addr_spec=self.address)
        mail["Subject"] = self.text.subject
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{self.message_key}@{sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.text.body, charset="utf-8", cte="base64")
        return mail


def week_over(as_of: date) -> str:
    """Return the newest ISO week that is over: a Sunday's own, else the one before."""
    days = as_of.isoweekday() % _SUNDAY
    return iso_week(as_of - timedelta(days=days))


def due_notices(
    recipient: Recipient, watchlist: Watchlist, log: DeliveryLog, sealer: Sealer, link: str
) -> Iterator[Notice]:
    """Yield the notices to a recipient whose files lie there, one an address.

    Args:
        recipient: who.
        watchlist: the school's current list.
        log: knows what was told.
        sealer: makes keys.
        link: how readers reach the target's root.
    """
    reader = recipient.key
    week = week_over(watchlist.as_of)
    mine = [pupil for pupil in watchlist.pupils if _is_of(pupil, recipient)]
    new = sum(pupil.change == "new" for pupil in mine)
    where = _where(link, reader)
    school = f"{recipient.school_name} ({reader.school_unit_code})".strip()
    text = NoticeText(bool(reader.mentor), week, watchlist.as_of, len(mine), new, school, where)
    for address in recipient.addresses:
        told_as = f"{reader.folder}\x1f{address.casefold()}"
        address_key = sealer.key_text("address", told_as)
        known = log.told(address_key)
        reasons, news = _reasons(reader, mine, week, known, sealer)
        if not news and reasons == known:
            continue
        said = replace(text, new=len(news)) if reader.mentor else text
        message_key = sealer.key_text("notice", "\x1f".join((address_key, *sorted(reasons))))
        yield Notice(
            reader=reader,
            address=address,
            address_key=address_key,
            text=said,
            reasons=frozenset(reasons),
            known=frozenset(reasons & known),
            message_key=message_key,
            is_news=bool(news),
        )


def _reasons(
    reader: ReaderKey, mine: Iterable[PupilRow], week: str, known: set[str], sealer: Sealer
) -> tuple[set[str], set[str]]:
    """Return all reasons that hold now, and what is news: a week, or pupils."""
    if not reader.mentor:
        return {week}, {week} - known
    reasons: set[str] = set()
    news: set[str] = set()
    for pupil in mine:
        # What was told of a pupil before pupils got new keys stays told.
        first = sealer.first_text(pupil.pupil_key)
        # Who is at the third level has passed the first two.
        passed = {
            sealer.key_text("crossing", f"{reader.mentor}\x1f{first}\x1f{level}")
            for level in range(1, pupil.level + 1)
        }
        reasons |= passed
        if passed - known:
            news.add(pupil.pupil_key)
    return reasons, news


def _is_of(pupil: PupilRow, recipient: Recipient) -> bool:
    return not recipient.key.mentor or pupil.mentor_key in recipient.staff_keys


def _where(link: str, reader: ReaderKey) -> str:
    """Return where a reader looks; a mentor's own key is not sent by mail."""
    if not link:
        return ""
    below = MENTORS if reader.mentor else "rektor"
    between = "\\" if "\\" in link and "/" not in link else "/"
    return between.join((link.rstrip("/\\"), reader.school_unit_code, below))
