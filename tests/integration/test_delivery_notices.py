"""Notices reach a mail server safely, and none that fails loses a list or is forgotten."""

from __future__ import annotations

import io
import logging
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msoffcrypto
import pytest

from assets.delivery.settings import Credential, DeliveryError, MailSettings, TargetSettings
from assets.watchlists.workbook.workbook import write_workbook
from tests.integration.delivery_home import (
    OTHER,
    SCHOOL,
    SUNDAY,
    Child,
    DeliveryHome,
    files_under,
    mentor_key,
)
from tests.integration.delivery_servers import MAIL_PASSWORD, USER, MailBox, mail_server
from tests.unit.watchlist_factory import full_list

ANNA, BERIT = mentor_key(1), mentor_key(2)
CHILDREN = (Child(1, ANNA, state="new"), Child(2, BERIT), Child(3, ANNA))
LONG, ANOTHER = "ett långt lösenord", "ett annat lösenord"
MONDAY = SUNDAY + timedelta(days=1)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


def mail_of(box: MailBox, **other: object) -> MailSettings:
    usual = MailSettings(
        host="127.0.0.1", port=box.port, sender="franvaro@skola.example", user=USER,
        password=Credential("TRAPPAN_MAIL_PASSWORD", MAIL_PASSWORD), ca_bundle=box.ca_bundle,
        tries=2, wait_seconds=0, timeout_seconds=10,
    )  # fmt: skip
    return replace(usual, **other)  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path, share: Path, box: MailBox) -> DeliveryHome:
    target = TargetSettings(url=share.as_uri(), tries=1, wait_seconds=0, link="https://x.example")
    made = DeliveryHome(tmp_path / "home", target, mail_of(box))
    made.principals = {SCHOOL: ("Exempelskolan Ö", "rut.ek@skola.example")}
    made.mentors = {ANNA: "anna@skola.example", BERIT: "berit@skola.example"}
    return made


def told(box: MailBox) -> list[tuple[str, str]]:
    """Who got which subject, in the order of names."""
    return sorted((to, str(mail["Subject"])) for (to,), mail in box.taken)


def test_rektor_and_mentors_are_told_over_tls_after_a_login(
    home: DeliveryHome, box: MailBox
) -> None:
    home.publish(CHILDREN)
    made = home.deliver()
    assert told(box) == [
        ("anna@skola.example", "Ny lista v. 46: 2 att bedöma, 2 nya"),
        ("berit@skola.example", "Ny lista v. 46: 1 att bedöma, 1 ny"),
        ("rut.ek@skola.example", "Ny lista v. 46: 3 att bedöma, 1 ny"),
    ]
    assert made.told == 3
    assert box.was_safe == [(True, True)] * 3
    sent = b"".join(box.raw).decode() + "".join(mail.get_content() for _, mail in box.taken)
    for child in CHILDREN:
        assert child.name not in sent
        assert child.key not in sent
    assert "Exempelskolan Ö (99999901)" in sent


def test_the_next_night_tells_only_of_what_is_news(home: DeliveryHome, box: MailBox) -> None:
    home.publish(CHILDREN)
    home.deliver()
    box.taken.clear()
    home.publish((*CHILDREN, Child(4, BERIT)), as_of=MONDAY)
    home.deliver()
    assert told(box) == [("berit@skola.example", "Ny lista v. 46: 2 att bedöma, 1 ny")]
    box.taken.clear()
    home.publish(CHILDREN, as_of=MONDAY + timedelta(days=6))
    home.deliver()
    assert [to for to, _ in told(box)] == ["rut.ek@skola.example"]


def test_a_list_that_waits_is_no_news(home: DeliveryHome, box: MailBox) -> None:
    home.publish(CHILDREN, is_held=True)
    made = home.deliver()
    assert (made.put, made.told) == (6, 0)
    home.publish(CHILDREN)
    assert home.deliver().told == 3


def test_a_server_that_is_away_loses_no_list_and_the_next_night_tells(
    home: DeliveryHome, box: MailBox, share: Path
) -> None:
    home.publish(CHILDREN)
    home.mail = mail_of(box, port=1)
    made = home.deliver()
    assert made.put == 6
    assert len(files_under(share)) == 6
    assert len(made.untold) == 3
    assert all("can't be reached" in fault.words for fault in made.untold)
    assert not made.is_whole
    home.mail = mail_of(box)
    assert home.deliver().told == 3
    assert home.deliver().told == 0


def test_one_address_that_is_refused_keeps_no_other_from_its_notice(
    home: DeliveryHome, box: MailBox
) -> None:
    box.answers["anna@skola.example"] = "550 anna@skola.example is unknown"
    home.publish(CHILDREN)
    made = home.deliver()
    assert made.told == 2
    (fault,) = made.untold
    assert (fault.reader.role, fault.reader.mentor) == ("mentor", ANNA)
    assert "anna@" not in repr(made)
    assert "anna@" not in "".join(made.sentences())


def test_a_server_that_asks_for_patience_gets_it(home: DeliveryHome, box: MailBox) -> None:
    box.fails = 1
    home.publish(CHILDREN)
    assert home.deliver().told == 3


def test_nothing_is_sent_in_clear_where_a_server_offers_no_tls(
    home: DeliveryHome, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with mail_server(tmp_path / "other", offers_tls=False) as plain:
        home.mail = mail_of(plain)
        home.publish(CHILDREN)
        made = home.deliver()
    assert plain.taken == []
    assert len(made.untold) == 3
    assert "no STARTTLS" in made.untold[0].words


def test_a_server_with_a_strange_certificate_hears_nothing(
    home: DeliveryHome, box: MailBox
) -> None:
    home.mail = mail_of(box, ca_bundle=None)
    home.publish(CHILDREN)
    made = home.deliver()
    assert box.taken == []
    assert "no safe connection" in made.untold[0].words


def test_a_wrong_password_is_said_and_stands_nowhere(
    home: DeliveryHome, box: MailBox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    home.mail = mail_of(box, password=Credential("TRAPPAN_MAIL_PASSWORD", "fel-ord-99"))
    home.publish(CHILDREN)
    made = home.deliver()
    assert "does not accept who we are" in made.untold[0].words
    assert "fel-ord-99" not in repr(made) + repr(home.settings()) + caplog.text
    assert b"fel-ord-99" not in (home.home / "delivery.sqlite").read_bytes()


def test_nobody_is_told_of_a_list_that_could_not_be_put_there(
    home: DeliveryHome, box: MailBox, share: Path
) -> None:
    home.publish(CHILDREN)
    home.publish(CHILDREN[1:2], code=OTHER)
    home.principals[OTHER] = ("", "ola@skola.example")
    (share / OTHER).write_text("a file where a folder should be")
    made = home.deliver()
    assert [to for to, _ in told(box)] == [
        "anna@skola.example", "berit@skola.example", "rut.ek@skola.example",
    ]  # fmt: skip
    assert {fault.reader.school_unit_code for fault in made.untold} == {OTHER}
    (share / OTHER).unlink()
    assert home.deliver().told == 2


def test_readers_without_an_address_are_counted_and_their_files_delivered(
    home: DeliveryHome,
) -> None:
    home.principals = {SCHOOL: ("Exempelskolan", "ingen adress")}
    home.mentors = {}
    home.publish(CHILDREN)
    made = home.deliver()
    assert made.put == 6
    assert len(made.without_address) == 3
    assert made.refused_addresses == 2


# --- a password of workbooks ---------------------------------------------------------------------


def test_a_workbook_with_a_password_opens_with_it_only(
    home: DeliveryHome, share: Path, tmp_path: Path
) -> None:
    folder = home.publish(CHILDREN, has_mentors=False)
    write_workbook(full_list(), folder / f"franvarolista_{SCHOOL}_2026-W46.xlsx")
    plain = (folder / f"franvarolista_{SCHOOL}_2026-W46.xlsx").read_bytes()
    assert home.deliver().put == 2
    home.password = LONG
    made = home.deliver()
    # The page can have none, so it is not left there.
    assert (made.put, made.removed, made.left_pages) == (1, 1, 1)
    (content,) = files_under(share).values()
    assert not zipfile.is_zipfile(io.BytesIO(content))
    locked = msoffcrypto.OfficeFile(io.BytesIO(content))
    assert (locked.type, locked.info["passwordKeyBits"]) == ("agile", 256)
    locked.load_key(password=LONG, verify_password=True)
    opened = io.BytesIO()
    locked.decrypt(opened, verify_integrity=True)
    assert opened.getvalue() == plain
    with pytest.raises(Exception, match="verif"):
        locked.load_key(password=ANOTHER, verify_password=True)
    assert home.deliver().unchanged == 1
    home.password = ANOTHER
    assert home.deliver().put == 1


def test_a_short_password_is_refused_and_nothing_is_delivered(
    home: DeliveryHome, share: Path
) -> None:
    home.publish(CHILDREN)
    home.password = LONG[:4]
    made = home.deliver()
    assert "shorter than 12" in made.problem
    assert files_under(share) == {}


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "sftp://me:secret@host/x"}, "holds a password"),
        ({"url": "listor"}, "no address"),
        ({"url": "file:///x", "link": "a\nb"}, "one line"),
    ],
)
def test_a_target_that_is_none_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(DeliveryError, match=said) as error:
        TargetSettings(**given)  # type: ignore[arg-type]
    assert "secret" not in str(error.value)


def test_mail_in_clear_is_for_this_machine_only() -> None:
    with pytest.raises(DeliveryError, match="in clear"):
        MailSettings(host="mail.skola.example", security="none", sender="a@b.se")
    assert MailSettings(host="127.0.0.1", security="none", sender="a@b.se").host


def test_a_file_with_a_password_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("hemligt-ord\n")
    path.chmod(0o644)
    with pytest.raises(DeliveryError, match="0600"):
        Credential("X", file=path).read()
    path.chmod(0o600)
    assert Credential("X", file=path).read() == "hemligt-ord"
