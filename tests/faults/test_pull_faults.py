"""What a server, a network and a wrong setting can do to a pull: told plainly, and nothing half."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from filelock import FileLock

from assets.pull.pull import Fetched, PullError, pull_sources, summary_of
from assets.pull.state import PullState
from tests.certificates import completed
from tests.integration.school_server import (
    CLIENT,
    SECRET,
    Handler,
    School,
    body,
    serving,
    slow,
    status,
)
from tests.integration.test_pull import (
    NEXT_NIGHT,
    NIGHT,
    files_of,
    obj,
    pulled,
    source_of,
)

SECRET_NAME = "20120314-9800"  # noqa: S105 - a pupil's number, that no message may hold


@pytest.fixture
def school() -> Iterator[School]:
    with serving(School(data={"groups": [obj(1)], "persons": [obj(2)]})) as running:
        yield running


def fault_of(results: list[Fetched]) -> str:
    (result,) = results
    return result.fault


def nothing_is_left(home: Path) -> bool:
    """Neither a file nor a part of one, and no cursor."""
    names = {path.name for path in (home / "skola").iterdir()}
    return names <= {".lock"}


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_passing_fault_is_tried_again(school: School, tmp_path: Path, code: int) -> None:
    school.fail("groups", status(code), status(code))
    (result,) = pulled(source_of(school, "groups"), tmp_path)
    assert (result.fault, result.objects) == ("", 1)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(400), "400: it did not understand the question"),
        (status(401), "401: it does not accept who we are"),
        (status(403), "403: this account may not read it"),
        (status(404), "404: it has no such endpoint"),
        (status(418), "418: expected 200"),
        (status(429), "429: it asks us to come more seldom"),
        (status(500), "500, 3 times: the fault is on its side"),
        (status(503), "503, 3 times"),
        (status(302, Location="https://annan.example/x?pnr=1"), "sends us to annan.example."),
        (status(302, Location="/ss12000/groups/"), "another place on the same host"),
        (body(b'{"data": ['), "page 1 is not what the standard says: not JSON, or cut short"),
        (body(b'{"data": [{"namn": "' + SECRET_NAME.encode() + b'"]}'), "not JSON"),
        (body(b'{"data": [{"a": "\xe5"}], "pageToken": null}'), "not JSON"),
        (body(b'{"data": {"a": 1}, "pageToken": null}'), "no list 'data' in it"),
        (body(b'[{"id": 1}]'), "no list 'data' in it"),
        (body(b""), "not JSON, or cut short"),
        (body(b'{"data": [1], "pageToken": null}'), "something in 'data' is no object"),
        (body(b'{"data": [{"a": 1e999}], "pageToken": null}'), "not what the standard says"),
        (body(b'{"data": [{"a": ' + b"9" * 5000 + b'}], "pageToken": null}'), "page 1 is not what"),
        (body(b'{"data": [], "pageToken": 7}'), "its pageToken is no text"),
        (body(b'{"data": [], "pageToken": null} mer'), "not JSON"),
        (body(b"<html>Logga in", kind="text/html"), "the answer is text/html, not application/"),
        (body(b'{"data": [{}], "pageToken": null}', cut=5), "the answer was cut short"),
        (body(b'{"data": [], "pageToken": null}', headers={"Retry-After": "x"}), ""),
        (status(503, Retry_After="i morgon"), "the answer's head is malformed"),
        (
            body(b'{"data": [], "pageToken": null}', headers={"Content-Encoding": "gzip"}),
            "packed in a way that can't be unpacked",
        ),
    ],
)
def test_a_fault_that_stays_is_reported_and_leaves_nothing(
    school: School, tmp_path: Path, fault: Callable[[Handler], None], words: str
) -> None:
    school.fail("groups", *itertools.repeat(fault, 12))
    found = fault_of(pulled(source_of(school, "groups", retries=2), tmp_path))
    assert words in found
    assert bool(found) == bool(words)
    assert SECRET_NAME not in found
    assert "pnr" not in found
    if words:
        assert nothing_is_left(tmp_path)


def test_an_object_nested_too_deep_is_reported(school: School, tmp_path: Path) -> None:
    deep = b'{"data":[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b'}],"pageToken":null}'
    school.fail("groups", body(deep))
    assert "it is nested too deep" in fault_of(pulled(source_of(school, "groups"), tmp_path))
    assert nothing_is_left(tmp_path)


def test_a_body_cut_short_once_is_asked_for_again(school: School, tmp_path: Path) -> None:
    school.fail("groups", body(b'{"data":[{"id":"halv"}],"pageToken":null}', cut=9))
    (result,) = pulled(source_of(school, "groups"), tmp_path)
    assert (result.fault, result.objects) == ("", 1)
    assert b"halv" not in result.files[0].read_bytes()


def test_one_endpoint_that_fails_does_not_stop_the_others(school: School, tmp_path: Path) -> None:
    school.fail("persons", status(403))
    results = pulled(source_of(school, "persons", "groups"), tmp_path)
    assert [bool(result.fault) for result in results] == [True, False]
    assert files_of(tmp_path) == ["skola_groups_all_20261115T030000.json"]
    assert "1 of 2 endpoints did not come whole" in summary_of(results)
    # The one that failed is asked for everything the next night, the other for what changed.
    pulled(source_of(school, "persons", "groups"), tmp_path, NEXT_NIGHT)
    assert school.parameters("persons")[-1] == {}
    assert set(school.parameters("groups")[-1]) == {"meta.modified.after"}


def test_a_window_that_fails_leaves_those_before_it(school: School, tmp_path: Path) -> None:
    school.data["attendances"] = [obj(n, f"2026-{n:02d}-05T08:00:00+02:00") for n in (9, 10, 11)]
    source = source_of(school, "attendances", months_back=2)
    school.fail("attendances", lambda handler: handler.answer(*school.page("attendances", {
        "meta.modified.after": "2026-09-01T00:00:00+02:00",
        "meta.modified.before": "2026-10-01T00:00:00+02:00",
    })), status(404))  # fmt: skip
    (result,) = pulled(source, tmp_path)
    assert result.fault
    assert [path.name.split("_")[2] for path in result.files] == ["2026-09"]
    (result,) = pulled(source, tmp_path, NEXT_NIGHT)
    first = school.parameters("attendances")[2]
    # An hour before the end of what came.
    assert first["meta.modified.after"] == "2026-09-30T23:00:00+02:00"
    assert {
        one for path in result.files for one in path.read_text().split('"') if "id-" in one
    } == {
        "id-10",
        "id-11",
    }


def test_a_page_that_fails_leaves_nothing_of_the_pages_before_it(
    school: School, tmp_path: Path
) -> None:
    school.data["groups"] = [obj(n) for n in range(5)]
    school.fail("groups", lambda handler: handler.answer(*school.page("groups", {})), status(404))
    (result,) = pulled(source_of(school, "groups"), tmp_path)
    assert result.fault
    assert nothing_is_left(tmp_path)


def test_a_page_token_that_comes_again_is_an_endless_answer(school: School, tmp_path: Path) -> None:
    school.fail("groups", *itertools.repeat(body(b'{"data":[{"id":"1"}],"pageToken":"a"}'), 9))
    assert "gives the same page again after 2 pages" in fault_of(
        pulled(source_of(school, "groups"), tmp_path)
    )
    assert nothing_is_left(tmp_path)


def test_new_tokens_without_end_are_cut_at_a_limit(school: School, tmp_path: Path) -> None:
    numbers = itertools.count()

    def more(handler: Handler) -> None:
        handler.answer(200, {"data": [{"id": "1"}], "pageToken": f"t{next(numbers)}"})

    school.fail("groups", *itertools.repeat(more, 30))
    found = fault_of(pulled(source_of(school, "groups", most_pages=7), tmp_path))
    assert "does not come to an end after 7 pages" in found


def test_an_empty_page_token_is_the_end(school: School, tmp_path: Path) -> None:
    school.fail("groups", body(b'{"data":[{"id":"1"}],"pageToken":""}'))
    assert fault_of(pulled(source_of(school, "groups"), tmp_path)) == ""


def test_pages_from_a_server_that_was_said_to_have_none_are_reported(
    school: School, tmp_path: Path
) -> None:
    school.data["groups"] = [obj(n) for n in range(5)]
    found = fault_of(pulled(source_of(school, "groups", paging=False), tmp_path))
    assert "Set paging: true" in found
    assert nothing_is_left(tmp_path)


def test_an_answer_larger_than_the_limit_is_refused_also_when_it_is_packed(
    school: School, tmp_path: Path
) -> None:
    import gzip

    bomb = gzip.compress(b" " * (3 << 20))
    assert len(bomb) < 10_000
    school.fail("groups", body(bomb, headers={"Content-Encoding": "gzip"}))
    found = fault_of(pulled(source_of(school, "groups", most_response_mb=1), tmp_path))
    assert "larger than 1 MB" in found
    assert nothing_is_left(tmp_path)


def test_a_server_that_does_not_answer_is_left_in_time(school: School, tmp_path: Path) -> None:
    school.fail("groups", *itertools.repeat(slow(0.6), 2))
    source = source_of(school, "groups", read_timeout_seconds=0.1, retries=0)
    assert "no answer in time" in fault_of(pulled(source, tmp_path))


def test_a_server_that_sends_a_byte_now_and_then_is_left_in_time(
    school: School, tmp_path: Path
) -> None:
    def drips(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "500")
        handler.end_headers()
        handler.close_connection = True
        with contextlib.suppress(OSError):
            for _ in range(500):
                handler.wfile.write(b" ")
                time.sleep(0.02)

    school.fail("groups", drips)
    source = source_of(school, "groups", most_answer_minutes=0.1 / 60, read_timeout_seconds=1)
    assert "one answer was not there after" in fault_of(pulled(source, tmp_path))
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("chunks", [True, False], ids=["chunked", "until the connection ends"])
@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "whole"])
def test_an_answer_without_a_length_is_whole_or_told(
    school: School, tmp_path: Path, chunks: bool, is_cut: bool
) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header(*(("Transfer-Encoding", "chunked") if chunks else ("X-A", "b")))
        handler.end_headers()
        handler.close_connection = True
        text = b'{"data":[{"id":"1"}],"pageToken":null}'
        for part in (text[:12], text[12:-5]) if is_cut else (text[:12], text[12:]):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if chunks else part)
        if chunks and not is_cut:
            handler.wfile.write(b"0\r\n\r\n")

    school.fail("groups", *itertools.repeat(answer, 3))
    found = fault_of(pulled(source_of(school, "groups", retries=1), tmp_path))
    assert ("cut short" in found) == is_cut
    assert bool(found) == is_cut


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_wish_to_wait_is_kept_but_cut(
    school: School, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waits.append)
    later = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    school.fail("groups", status(429, Retry_After="7200" if form == "seconds" else later))
    source = source_of(school, "groups", retry_after_most_seconds=3)
    assert fault_of(pulled(source, tmp_path)) == ""
    assert waits == [3]


def test_a_server_that_is_not_there_is_reported_once_for_all_endpoints(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        gone = School(url=f"http://127.0.0.1:{port}")
        first, second = pulled(source_of(gone, "groups", "persons", retries=0), tmp_path)
    assert first.fault.startswith(f"127.0.0.1:{port}: the connection was refused. Look at base_url")
    assert second.fault.startswith("not asked for, because 127.0.0.1")


def test_a_name_that_nobody_has_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("urllib3.util.connection.socket.getaddrinfo", unknown)
    gone = School(url="https://skola.invalid/ss12000")
    found = fault_of(pulled(source_of(gone, "groups", retries=0), tmp_path))
    assert "there is no server of this name" in found


def oauth(school: School, secret: Path, **auth: Any) -> dict[str, Any]:
    return {
        "kind": "client_credentials",
        "token_url": school.url.replace("/ss12000", "/token"),
        "client_id": CLIENT,
        "secret": {"file": str(secret)},
    } | auth


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("how", ["basic", "post"])
def test_a_token_is_fetched_with_the_clients_secret(
    school: School, tmp_path: Path, secret: Path, how: str
) -> None:
    school.tokens = set()
    source = source_of(school, "groups", "persons", auth=oauth(school, secret, send_secret=how))
    assert summary_of(pulled(source, tmp_path)) == ""
    assert school.issued == 1


def test_a_token_that_ends_in_the_middle_is_fetched_again(
    school: School, tmp_path: Path, secret: Path
) -> None:
    school.tokens = set()
    school.data["groups"] = [obj(n) for n in range(6)]

    def ended(handler: Handler) -> None:
        school.tokens = set()
        handler.answer(401, {"code": "ended"})

    first_page = lambda handler: handler.answer(*school.page("groups", {}))  # noqa: E731
    school.fail("groups", first_page, ended)
    (result,) = pulled(source_of(school, "groups", auth=oauth(school, secret)), tmp_path)
    assert (result.fault, result.objects) == ("", 6)
    assert school.issued == 2


def test_a_token_that_is_about_to_end_is_fetched_before_it_is_used(
    school: School, tmp_path: Path, secret: Path
) -> None:
    school.tokens, school.expires_in = set(), 5
    source = source_of(school, "groups", "persons", auth=oauth(school, secret))
    assert summary_of(pulled(source, tmp_path)) == ""
    assert school.issued > 1


def test_a_new_token_that_is_refused_too_is_reported_and_not_tried_for_ever(
    school: School, tmp_path: Path, secret: Path
) -> None:
    school.tokens = set()
    school.fail("groups", *itertools.repeat(status(401), 9))
    found = fault_of(pulled(source_of(school, "groups", auth=oauth(school, secret)), tmp_path))
    assert "401: it does not accept who we are" in found
    assert len(school.parameters("groups")) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "answered 'invalid_client', so there is no token"),
        (status(500), "answered status 500"),
        (status(302, Location="https://annan.example/"), "sends us to annan.example"),
        (body(b"<html>", kind="text/html"), "something that is no JSON object"),
        (body(b'{"token_type": "Bearer"}'), "an answer without a token"),
        (body(b'{"access_token": "x", "token_type": "mac"}'), "a token that it gave can't be used"),
    ],
)
def test_a_token_that_does_not_come_is_reported_without_the_secret(
    school: School,
    tmp_path: Path,
    secret: Path,
    answer: Callable[[Handler], None] | None,
    words: str,
) -> None:
    school.tokens = set()
    school.answers_token = answer
    client = "fel" if answer is None else CLIENT
    auth = oauth(school, secret, client_id=client)
    source = source_of(school, "groups", "persons", auth=auth, retries=1)
    first, second = pulled(source, tmp_path)
    assert words in first.fault
    assert SECRET not in first.fault + second.fault
    assert nothing_is_left(tmp_path)


def test_a_static_token_is_sent_and_told_when_it_is_refused(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.tokens = {"fast-jeton"}
    auth = {"kind": "token", "secret": {"env": "SKOLA_JETON"}}
    source = source_of(school, "groups", auth=auth)
    monkeypatch.setenv("SKOLA_JETON", "fast-jeton")
    assert fault_of(pulled(source, tmp_path)) == ""
    monkeypatch.setenv("SKOLA_JETON", "gammal-jeton")
    found = fault_of(pulled(source, tmp_path, NEXT_NIGHT))
    assert "401" in found
    assert "gammal" not in found
    monkeypatch.delenv("SKOLA_JETON")
    found = fault_of(pulled(source, tmp_path, NEXT_NIGHT))
    assert "the environment variable SKOLA_JETON is empty or not there" in found


def test_a_netrc_and_a_proxy_of_the_environment_count_nothing(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SKOLA_JETON", "fast-jeton")
    school.tokens = {"fast-jeton"}
    auth = {"kind": "token", "secret": {"env": "SKOLA_JETON"}}
    assert fault_of(pulled(source_of(school, "groups", auth=auth), tmp_path)) == ""


def test_a_kill_between_file_and_cursor_asks_for_the_same_again(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(PullState, "remember", dies)
        with pytest.raises(Killed):
            pulled(source_of(school, "groups"), tmp_path)
    assert len(files_of(tmp_path)) == 1
    pulled(source_of(school, "groups"), tmp_path, NEXT_NIGHT)
    assert school.parameters("groups")[-1] == {}
    first, second = ((tmp_path / "skola" / name).read_bytes() for name in files_of(tmp_path))
    assert first == second


def test_a_kill_while_pages_come_leaves_a_hidden_part_that_the_next_pull_sweeps(
    school: School, tmp_path: Path
) -> None:
    school.data["groups"] = [obj(n) for n in range(4)]
    school.fail("groups", lambda handler: handler.answer(*school.page("groups", {})), slow(30))
    child = os.fork()
    if child == 0:
        pulled(source_of(school, "groups"), tmp_path)
        os._exit(0)
    part = tmp_path / "skola"
    deadline = time.monotonic() + 20
    while len(school.asked) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert [path.suffix for path in part.glob(".*.part")] == [".part"]
    assert files_of(tmp_path) == []
    (result,) = pulled(source_of(school, "groups"), tmp_path)
    assert result.objects == 4
    assert list(part.glob(".*.part")) == []


def test_a_damaged_state_file_is_reported_and_nothing_is_guessed(
    school: School, tmp_path: Path
) -> None:
    source = source_of(school, "groups")
    pulled(source, tmp_path)
    state = tmp_path / "skola" / ".state.json"
    state.write_bytes(state.read_bytes()[:-9])
    assert "Remove it: then everything is fetched once more" in fault_of(pulled(source, tmp_path))
    state.unlink()
    assert fault_of(pulled(source, tmp_path)) == ""


def test_a_second_pull_from_the_same_source_stops_at_once(school: School, tmp_path: Path) -> None:
    source = source_of(school, "groups")
    pulled(source, tmp_path)
    with FileLock(tmp_path / "skola" / ".lock"):
        found = fault_of(pulled(source, tmp_path, NEXT_NIGHT))
    assert "another pull from this source is under way" in found


def test_a_full_disk_is_reported_and_leaves_no_part(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("assets.pull.pages.os.fsync", full)
    with pytest.raises(PullError, match="No space left on device"):
        pulled(source_of(school, "groups"), tmp_path)
    assert nothing_is_left(tmp_path)


def certificate(
    name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return a certificate and its key; its own authority when no issuer is given."""
    key = ec.generate_private_key(ec.SECP256R1())
    signing = issuer[1] if issuer else key
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    names: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    whole = completed(builder, key, signing, is_authority=issuer is None)
    return whole.sign(signing, hashes.SHA256()), key


def written(folder: Path, name: str, pair: tuple[Any, Any]) -> tuple[Path, Path]:
    """Write certificate and key as PEM and return where."""
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(pair[0].public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        pair[1].private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    paths[1].chmod(0o600)
    return paths


def test_a_server_that_wants_a_client_certificate_gets_it_and_others_are_reported(
    tmp_path: Path,
) -> None:
    authority = certificate("Provutfärdare")
    ca, _ = written(tmp_path, "ca", authority)
    server = written(tmp_path, "server", certificate("localhost", authority))
    written(tmp_path, "client", certificate("trappan", authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca)
    whole = {"certificate": "client.pem", "key": "client.key", "ca_bundle": "ca.pem"}
    with serving(School(data={"groups": [obj(1)]}), context) as school:

        def pulled_with(tls: dict[str, str]) -> Fetched:
            return pull_sources(
                [source_of(school, "groups", tls=tls, retries=0)],
                pulled=tmp_path / "pulled",
                secrets=tmp_path,
                now=NIGHT.timestamp,
            )[0]

        assert "(TLS)" in pulled_with({}).fault
        assert pulled_with({"ca_bundle": "ca.pem"}).fault != ""
        assert (pulled_with(whole).fault, len(school.asked)) == ("", 1)
