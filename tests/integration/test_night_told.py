"""Who is told of a night: by mail and ping against real servers, which fail in every way.

However they fail, what the night was stays, and the fault is said.
"""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.delivery.settings import Credential, DeliveryError, MailSettings
from assets.upkeep.reporting.ping import PingError, PingSettings, ping
from assets.upkeep.reporting.report import NightReport, Told
from assets.upkeep.reporting.telling import ReportSettingError, ReportSettings, tell
from tests.integration.delivery_servers import (
    MAIL_PASSWORD,
    USER,
    MailBox,
    certificate_of,
    mail_server,
)
from tests.integration.night_facts import (
    Answer,
    Pinged,
    broken_report,
    drips,
    hangs,
    pinged_server,
    says,
    waiting_report,
    well_report,
)
from tests.integration.scale_out_servers import free_port

NOW = datetime(2026, 11, 16, 3, 5, tzinfo=UTC)
DRIFT = ("drift@kommun.example", "jour@kommun.example")
OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


def to_mail(box: MailBox, **other: object) -> ReportSettings:
    usual = MailSettings(
        host="127.0.0.1", port=box.port, sender="trappan@kommun.example", user=USER,
        password=Credential("TRAPPAN_MAIL_PASSWORD", MAIL_PASSWORD), ca_bundle=box.ca_bundle,
        tries=2, wait_seconds=0, timeout_seconds=5,
    )  # fmt: skip
    return ReportSettings(mail=replace(usual, **other), receivers=DRIFT)  # type: ignore[arg-type]


def told_of(report: NightReport, settings: ReportSettings, home: Path) -> Told:
    (home / "reports").mkdir(parents=True, exist_ok=True)
    return tell(report, settings, home, NOW)


def test_a_night_is_told_over_tls_after_a_login_to_all_in_one_mail(
    box: MailBox, tmp_path: Path
) -> None:
    told = told_of(waiting_report(), to_mail(box), tmp_path)
    assert (told.mail, told.ping, told.metrics, told.faults) == ("sent", "off", "written", ())
    ((to, mail),) = box.taken
    assert to == list(DRIFT)
    assert box.was_safe == [(True, True)]
    assert mail["Subject"] == ("trappan: the night of 2026-11-15 ended with something waiting")
    body = mail.get_content()
    assert "1 list waits" in body
    assert "2 of 3" not in body
    assert "lists    1 made, 1 waiting: 99999902 (silent: 5 school days missing)" in body
    assert "reports/2026-11-15.md" in body


def test_the_words_of_a_failure_stay_at_home(box: MailBox, tmp_path: Path) -> None:
    told_of(broken_report("Kanariesson in /srv/Kanarie Berg/x.csv"), to_mail(box), tmp_path)
    ((_, mail),) = box.taken
    assert "Kanarie" not in mail.as_string() + mail.get_content()
    assert "It stopped in the step flags (StepError)." in mail.get_content()


def test_only_trouble_is_told_where_that_is_asked_for(box: MailBox, tmp_path: Path) -> None:
    settings = replace(to_mail(box), when="trouble")
    assert told_of(well_report(), settings, tmp_path).mail == "not due"
    assert told_of(waiting_report(), settings, tmp_path).mail == "sent"
    assert told_of(broken_report(), settings, tmp_path).mail == "sent"
    assert len(box.taken) == 2


def failed(told: Told, words: str) -> None:
    assert told.mail == "failed"
    assert len(told.faults) == 1
    assert words in told.faults[0]
    assert MAIL_PASSWORD not in told.faults[0]
    assert not any(address in told.faults[0] for address in DRIFT)


def test_a_mail_server_that_is_away_is_said(box: MailBox, tmp_path: Path) -> None:
    settings = to_mail(box, port=free_port())
    failed(told_of(well_report(), settings, tmp_path), "can't be reached")


def test_a_mail_server_that_hangs_is_left_after_some_seconds(box: MailBox, tmp_path: Path) -> None:
    with pinged_server(hangs) as server:
        port = int(server.url.split(":")[2].split("/")[0])
        settings = to_mail(box, port=port, tries=1, timeout_seconds=1)
        begun = time.monotonic()
        failed(told_of(well_report(), settings, tmp_path), "can't be reached, or the connection")
        assert time.monotonic() - begun < 5


def test_a_mail_server_with_a_wrong_certificate_gets_nothing(box: MailBox, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other, _ = certificate_of("127.0.0.1", tmp_path / "other")
    settings = to_mail(box, ca_bundle=other)
    failed(told_of(well_report(), settings, tmp_path), "makes no safe connection (TLS)")
    assert box.taken == []


def test_a_login_that_is_refused_is_said(box: MailBox, tmp_path: Path) -> None:
    settings = to_mail(box, password=Credential("TRAPPAN_MAIL_PASSWORD", "another-word"))
    failed(told_of(well_report(), settings, tmp_path), "does not accept who we are")
    assert box.taken == []


def test_a_password_file_that_is_gone_is_said(box: MailBox, tmp_path: Path) -> None:
    gone = Credential("TRAPPAN_MAIL_PASSWORD", file=tmp_path / "gone")
    failed(told_of(well_report(), to_mail(box, password=gone), tmp_path), "PASSWORD_FILE")


def test_without_starttls_nothing_is_sent_in_clear(tmp_path: Path) -> None:
    with mail_server(tmp_path, offers_tls=False) as box:
        failed(told_of(well_report(), to_mail(box), tmp_path), "offers no STARTTLS")
        assert box.taken == []


def test_a_receiver_that_is_refused_is_said_without_the_address(
    box: MailBox, tmp_path: Path
) -> None:
    box.answers = dict.fromkeys(DRIFT, "550 drift@kommun.example is nobody")
    failed(told_of(well_report(), to_mail(box), tmp_path), "did not take")


def test_metrics_that_cannot_be_written_stop_neither_mail_nor_ping(
    box: MailBox, tmp_path: Path
) -> None:
    with pinged_server(says(OK)) as server:
        settings = replace(
            to_mail(box), metrics_file=tmp_path / "gone" / "trappan.prom",
            ping=PingSettings(server.url),
        )  # fmt: skip
        told = told_of(well_report(), settings, tmp_path)
    assert (told.mail, told.ping, told.metrics) == ("sent", "sent", "failed")
    assert told.faults == ("metrics: No such file or directory.",)


# The ping.


def asked(server: Pinged, seconds: float = 1.0) -> None:
    ping(PingSettings(server.url, seconds))


def test_a_ping_is_a_request_without_data() -> None:
    with pinged_server(says(OK)) as server:
        asked(server)
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"GET /ping/hemlig-nyckel HTTP/1.1"
    assert body == b""
    names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert names == {b"host", b"accept-encoding", b"user-agent", b"connection"}


FOLLOWED = "HTTP/1.1 302 Found\r\nLocation: {url}/followed\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), "answered with status 500"),
        (says("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), "answered with status 404"),
        (says("what is this?\r\n\r\n"), "can't be reached, or broke off"),
        (lambda _: None, "can't be reached, or broke off"),
        (hangs, "gave no answer in 1 seconds"),
        (drips, "gave no answer in 1 seconds"),
        (says("HTTP/1.1 200 OK\r\n" + "x" * 100_000), "can't be reached, or broke off"),
    ],
    ids=["500", "404", "no HTTP", "broken off", "hangs", "drips", "endless line"],
)
def test_a_server_that_does_not_take_the_ping_is_said_in_time(answer: Answer, words: str) -> None:
    begun = time.monotonic()
    with (
        pinged_server(answer) as server,
        pytest.raises(PingError, match="TRAPPAN_PING_URL") as told,
    ):
        asked(server)
    assert time.monotonic() - begun < 4
    assert words in str(told.value)
    assert "hemlig-nyckel" not in str(told.value)


def test_a_redirect_is_not_followed() -> None:
    with pinged_server(says(OK)) as elsewhere:
        moved = says(FOLLOWED.format(url=elsewhere.url))
        with pinged_server(moved) as server, pytest.raises(PingError, match="not followed"):
            asked(server)
        assert elsewhere.requests == []


def test_nobody_there_is_said() -> None:
    with pytest.raises(PingError, match="can't be reached"):
        ping(PingSettings(f"http://127.0.0.1:{free_port()}/x", 2))


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    certificate, key = certificate_of("127.0.0.1", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


def test_a_certificate_that_nobody_vouches_for_gets_no_request(
    tls: tuple[ssl.SSLContext, Path],
) -> None:
    with pinged_server(says(OK), tls[0]) as server:
        with pytest.raises(PingError, match=r"makes no safe connection \(TLS\)"):
            asked(server)
        assert server.requests == []


def test_a_certificate_that_the_machine_trusts_is_taken(
    tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    with pinged_server(says(OK), tls[0]) as server:
        asked(server, 5)
    assert server.requests[0].startswith(b"GET /ping/hemlig-nyckel ")


def test_the_machines_proxy_is_asked_for_a_way_and_sees_no_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pinged_server(says("HTTP/1.1 403 No\r\n\r\n")) as proxy, pinged_server(says(OK)) as server:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.partition("/ping")[0])
        monkeypatch.setenv("NO_PROXY", "")
        with pytest.raises(PingError, match="Look at the firewall and the proxy"):
            ping(PingSettings("https://ping.example/hemlig-nyckel", 5))
        asked(server)
    # Each Python names the version of HTTP that it speaks.
    lines = [request.split(b"\r\n")[0].rpartition(b" ")[0] for request in proxy.requests]
    assert lines == [b"CONNECT ping.example:443"]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://ping.example/x", "ftp://127.0.0.1/x", "https:///x", "https://anna:x@ping.example/",
        "https://ping.example/x#y", "https://ping.example:99999/", "ping.example", "https://å.se/ö",
        "https://ping.example/a b", "http://127.0.0.1.ping.example/", "https://[::1/x",
        "http://localhost.example/", "https://ping.example/\nHost: x",
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_unsafe_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(PingError, match="TRAPPAN_PING_URL is no address") as told:
        PingSettings(url)
    assert url not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://ping.example/k?status=up",
        "http://127.0.0.1:9/x",
        "http://[::1]/",
        "http://localhost",
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_taken(url: str) -> None:
    assert PingSettings(url).url == url
    assert url not in repr(PingSettings(url))


@pytest.mark.parametrize(
    ("report", "due"),
    [(well_report(), "sent"), (waiting_report(), "not due"), (broken_report(), "not due")],
    ids=["well", "waits", "broken"],
)
def test_only_a_night_that_ended_well_is_pinged(
    tmp_path: Path, report: NightReport, due: str
) -> None:
    with pinged_server(says(OK)) as server:
        settings = ReportSettings(ping=PingSettings(server.url, 2))
        assert told_of(report, settings, tmp_path).ping == due
        assert len(server.requests) == (due == "sent")


def test_a_ping_that_fails_is_said_and_the_night_stays(tmp_path: Path) -> None:
    with pinged_server(hangs) as server:
        settings = ReportSettings(ping=PingSettings(server.url, 0.5))
        told = told_of(well_report(), settings, tmp_path)
    assert (told.ping, told.metrics) == ("failed", "written")
    assert told.faults == ("ping: the server of TRAPPAN_PING_URL gave no answer in 0.5 seconds.",)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"receivers": ("drift",)}, "1 of 1 are no mail addresses"),
        ({"receivers": ("a@b.example\nBcc: x@y.example",)}, "are no mail addresses"),
        ({"receivers": DRIFT}, "but no mail server"),
        ({"metrics_file": Path("/srv/metrics")}, "ends in .prom"),
    ],
)
def test_a_setting_that_is_wrong_is_named(given: dict[str, object], words: str) -> None:
    with pytest.raises(ReportSettingError, match=r"TRAPPAN_") as told:
        ReportSettings(**given)  # type: ignore[arg-type]
    assert words in str(told.value)
    with suppress(DeliveryError):
        MailSettings(host="mail.example")
        pytest.fail("a mail server without a sender was taken")
