"""Telling readers: every notice that is due goes out, or is named and waits for the next night.

Nobody is told of a list that does not lie where it should. Not here: which notices are due
(`notices.py`), how a server takes them (`mail.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from assets.delivery.delivery_log import DeliveryEvent, DeliveryLog
from assets.delivery.mail import MailFaultError, MailServer
from assets.delivery.notices import Notice, due_notices
from assets.delivery.plan import HomeState, Plan
from assets.delivery.results import NoticeFault
from assets.delivery.settings import DeliveryError, MailSettings
from assets.delivery.shares import ReaderKey
from assets.lake.encryption import Sealer


def notices_of(
    known: HomeState, plan: Plan, log: DeliveryLog, sealer: Sealer, link: str
) -> Iterator[Notice]:
    """Yield the notices to the readers of a plan's files, those that are no news too.

    Args:
        known: what stands.
        plan: what goes out, and to whom.
        log: knows what was told.
        sealer: makes keys.
        link: how readers reach the target's root.
    """
    # A list that waits is no news.
    lists = {one.school_unit_code: one.watchlist for one in known.lists if not one.is_held}
    for recipient in plan.mailed:
        watchlist = lists.get(recipient.key.school_unit_code)
        if watchlist is not None:
            yield from due_notices(recipient, watchlist, log, sealer, link)


def tell(
    settings: MailSettings,
    log: DeliveryLog,
    notices: Sequence[Notice],
    lacking: Collection[ReaderKey],
    now: datetime,
) -> tuple[int, tuple[NoticeFault, ...]]:
    """Send notices, and note what became of each.

    Args:
        settings: of the mail server.
        log: of the home.
        notices: those that are no news too.
        lacking: readers whose files do not all lie where they should.
        now: with its time zone.

    Returns:
        How many were sent, and those that were not.
    """
    told = 0
    untold: list[NoticeFault] = []
    stopped = ""
    with MailServer(settings) as server:
        for notice in notices:
            # Also where no mail goes out: who passes a limit once more is news once more.
            log.set_told(notice.address_key, notice.known)
            if not notice.is_news:
                continue
            words = "its list could not be delivered" if notice.reader in lacking else stopped
            if not words:
                words, is_of_server = _sent(server, notice, settings.sender, now)
                stopped = words if is_of_server else ""
            event = DeliveryEvent("notice", notice.reader, "done", address_key=notice.address_key)
            if words:
                untold.append(NoticeFault(notice.reader, words))
                log.note(replace(event, outcome="failed", words=words))
            else:
                log.set_told(notice.address_key, notice.reasons)
                log.note(event)
                told += 1
    return told, tuple(untold)


def _sent(server: MailServer, notice: Notice, sender: str, now: datetime) -> tuple[str, bool]:
    """Send a notice; return why it was not taken, and whether no other would be."""
    try:
        server.send(notice.message(sender, now))
    except MailFaultError as fault:
        return str(fault), fault.is_of_server
    except DeliveryError as error:
        return str(error), True
    return "", False
