"""Notices say how many and where, and nothing that comes from the data steers them.

Who is told when is held against plain Python: a rektor once a week, a mentor once a crossing.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from email.headerregistry import AddressHeader
from email.policy import SMTP, default
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.delivery.delivery_log import DeliveryLog
from assets.delivery.notices import Notice, due_notices, week_over
from assets.delivery.recipients import Corrections, Recipient, Register, is_address
from assets.delivery.settings import DeliveryError
from assets.delivery.shares import ReaderKey
from assets.lake.encryption import Sealer
from assets.watchlists.swedish.delivery_texts import NoticeText
from tests.examples import examples
from tests.integration.delivery_home import NOW, SCHOOL, SUNDAY, Child, mentor_key
from tests.unit.watchlist_factory import watchlist

ANNA = mentor_key(1)
HEADS = {"from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version",
         "content-type", "content-transfer-encoding"}  # fmt: skip
TEXT = NoticeText(False, "2026-W46", SUNDAY, 3, 1, "Exempelskolan", "https://skola.example/x")
NOTICE = Notice(ReaderKey(SCHOOL), "rut@skola.example", "k", TEXT, frozenset(), frozenset(), "m")
STEERING = (
    *("Skola\r\nBcc: x@evil.example", "a\nSubject: nytt", ".\r\n.\r\n"),
    *("=?utf-8?q?x=0ABcc:_y?=", "\u2028B: c"),
)
odd = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(STEERING)


@settings(max_examples=examples(50))
@given(school=odd, where=odd, address=odd | st.emails())
@example("Skola\r\n.\r\nMAIL FROM:<x>", "\\\\fil\\lista", "bo@skola.example\r\nBcc: z@evil.example")
def test_no_school_place_or_address_adds_a_header_or_a_reader(
    school: str, where: str, address: str
) -> None:
    text = replace(TEXT, school=school, where=where)
    notice = replace(NOTICE, text=text, address=address)
    # What no register takes as an address never gets so far; here it does.
    try:
        mail = notice.message("avsandare@skola.example", NOW)
    except DeliveryError:
        assert not is_address(address)
        return
    sent = mail.as_bytes(policy=SMTP)
    read = message_from_bytes(sent, policy=default)
    assert sorted(name.lower() for name in read.keys()) == sorted(HEADS)  # noqa: SIM118
    assert read["Subject"] == "Ny lista v. 46: 3 att bedöma, 1 ny"
    assert len(cast("AddressHeader", read["To"]).addresses) == 1
    if is_address(address):
        assert cast("AddressHeader", read["To"]).addresses[0].addr_spec == address
    # Nothing in clear: neither a line that ends the mail nor one that could be a head of it.
    assert all(len(line) <= 998 for line in sent.split(b"\r\n"))
    body = sent.partition(b"\r\n\r\n")[2]
    assert re.fullmatch(rb"[A-Za-z0-9+/=\r\n]+", body)
    assert len(read.get_content().splitlines()) == len(TEXT.body.splitlines())


@pytest.mark.parametrize(
    ("to_assess", "new", "subject"),
    [
        (3, 1, "Ny lista v. 46: 3 att bedöma, 1 ny"),
        (1, 0, "Ny lista v. 46: 1 att bedöma, ingen ny"),
        (40, 12, "Ny lista v. 46: 40 att bedöma, 12 nya"),
        (0, 0, "Ny lista v. 46: ingen att bedöma"),
    ],
)
def test_the_subject_has_a_week_and_two_numbers(to_assess: int, new: int, subject: str) -> None:
    assert replace(TEXT, to_assess=to_assess, new=new).subject == subject


@pytest.mark.parametrize(
    ("as_of", "week"),
    [
        (date(2026, 11, 15), "2026-W46"),
        (date(2026, 11, 16), "2026-W46"),
        (date(2026, 11, 21), "2026-W46"),
        (date(2026, 11, 22), "2026-W47"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2026-W53"),
    ],
)
def test_the_week_of_a_notice_is_the_newest_that_is_over(as_of: date, week: str) -> None:
    assert week_over(as_of) == week


def due(
    log: DeliveryLog, sealer: Sealer, key: ReaderKey, lists: Sequence[Child], day: date
) -> list[Notice]:
    made = replace(watchlist(), as_of=day, pupils=tuple(child.row for child in lists))
    staff = frozenset({key.mentor})
    recipient = Recipient(key, "Exempelskolan", ("anna@skola.example",), "mail", staff_keys=staff)
    return list(due_notices(recipient, made, log, sealer, "https://skola.example/listor"))


night = st.dictionaries(st.integers(0, 3), st.integers(1, 3), max_size=4)


@settings(max_examples=examples(15))
@given(st.lists(st.tuples(night, st.booleans()), min_size=1, max_size=12))
@example([({0: level} if level else {}, True) for level in (1, 1, 3, 1, 0, 1)])
@example([({0: 1}, False), ({0: 1}, True), ({0: 1, 1: 2}, True)])
def test_a_mentor_is_told_once_of_each_crossing(
    nights: list[tuple[dict[int, int], bool]],
) -> None:
    """`nights`: the level of each pupil on the list, and whether mail can be sent."""
    told_of: dict[int, int] = {}  # the highest level that the mentor knows of
    with tempfile.TemporaryDirectory() as folder:
        sealer = Sealer.unkept()
        with DeliveryLog.opened(Path(folder), sealer) as log:
            for number, (levels, is_sent) in enumerate(nights):
                lists = [Child(one, ANNA, level) for one, level in levels.items()]
                others = [Child(9, mentor_key(2), 3)]
                told_of = {one: min(told_of[one], levels[one]) for one in levels if one in told_of}
                news = sum(level > told_of.get(one, 0) for one, level in levels.items())
                day = SUNDAY + timedelta(days=number)
                notices = due(log, sealer, ReaderKey(SCHOOL, ANNA), lists + others, day)
                mails = [notice for notice in notices if notice.is_news]
                assert [(mail.text.to_assess, mail.text.new) for mail in mails] == (
                    [(len(lists), news)] if news else []
                )
                for notice in notices:
                    told = notice.reasons if is_sent else notice.known
                    log.set_told(notice.address_key, told)
                if news and is_sent:
                    told_of = dict(levels)


def test_a_rektor_is_told_once_of_each_week_that_is_over(tmp_path: Path) -> None:
    sealer = Sealer.unkept()
    subjects = []
    with DeliveryLog.opened(tmp_path, sealer) as log:
        for number in range(15):
            day = date(2026, 11, 13) + timedelta(days=number)
            for notice in due(log, sealer, ReaderKey(SCHOOL), [Child(1, state="new")], day):
                log.set_told(notice.address_key, notice.reasons)
                subjects.append((day.isoweekday(), notice.text.subject))
    assert subjects == [
        (5, "Ny lista v. 45: 1 att bedöma, 1 ny"),
        (7, "Ny lista v. 46: 1 att bedöma, 1 ny"),
        (7, "Ny lista v. 47: 1 att bedöma, 1 ny"),
    ]


def test_a_notice_names_no_pupil_class_or_key_and_a_mentors_no_folder_of_theirs(
    tmp_path: Path,
) -> None:
    sealer = Sealer.unkept()
    children = [Child(1, ANNA, 2), Child(2, ANNA)]
    with DeliveryLog.opened(tmp_path, sealer) as log:
        for key in (ReaderKey(SCHOOL), ReaderKey(SCHOOL, ANNA)):
            (notice,) = due(log, sealer, key, children, SUNDAY)
            mail = notice.message("avsandare@skola.example", NOW)
            sent = mail.as_string() + mail.get_content()
            for child in children:
                row = child.row
                for text in (row.given_name, row.family_name, row.school_class, row.mentor,
                             child.key, child.civic, ANNA):  # fmt: skip
                    assert text not in sent
            assert f"https://skola.example/listor/{SCHOOL}/" in mail.get_content()


def test_a_share_of_windows_is_named_as_windows_does(tmp_path: Path) -> None:
    sealer = Sealer.unkept()
    recipient = Recipient(ReaderKey(SCHOOL), "", ("a@skola.example",), "mail")
    with DeliveryLog.opened(tmp_path, sealer) as log:
        made = replace(watchlist(), as_of=SUNDAY)
        (notice,) = due_notices(recipient, made, log, sealer, "\\\\fil\\franvaro\\")
    assert f"\\\\fil\\franvaro\\{SCHOOL}\\rektor" in notice.text.body


def test_the_register_gives_nothing_that_is_no_address() -> None:
    register = Register(Corrections(), {SCHOOL: ("", "a@b.se\r\nBcc:c@d.se")}, {})
    found = register.recipient(ReaderKey(SCHOOL))
    assert all(is_address(address) for address in found.addresses)
