"""Copies lie at a folder, an SFTP server and a bucket as the lists are, whole or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import asyncssh
import pytest

from assets.delivery.places import DeliveryPlace, PlaceFaultError
from assets.delivery.settings import Credential, TargetSettings
from assets.lake.settings import S3Settings
from tests.integration.delivery_home import (
    OTHER,
    SCHOOL,
    Child,
    DeliveryHome,
    files_under,
    mentor_key,
    naming,
)
from tests.integration.delivery_servers import PASSWORD, SftpServer, sftp_server
from tests.integration.scale_out_servers import BUCKET, S3

ANNA, BERIT = mentor_key(1), mentor_key(2)
CHILDREN = (Child(1, ANNA), Child(2, BERIT), Child(3, ANNA), Child(4))
QUICK = TargetSettings(tries=2, wait_seconds=0, timeout_seconds=10)


@dataclass(frozen=True)
class Reached:
    """A target, and a way to see what lies there that is not the one that is tested."""

    target: TargetSettings
    files: Callable[[], dict[str, bytes]]


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[SftpServer]:
    with sftp_server(tmp_path) as server:
        yield server


def of_sftp(server: SftpServer) -> TargetSettings:
    password = Credential("TRAPPAN_DELIVERY_PASSWORD", PASSWORD)
    return replace(QUICK, url=server.url, password=password, known_hosts=server.known_hosts)


@pytest.fixture(params=["folder", "sftp", "s3"])
def reached(request: pytest.FixtureRequest, tmp_path: Path) -> Reached:
    if request.param == "folder":
        share = tmp_path / "share"
        share.mkdir()
        return Reached(replace(QUICK, url=share.as_uri()), lambda: files_under(share))
    if request.param == "sftp":
        server: SftpServer = request.getfixturevalue("sftp")
        return Reached(of_sftp(server), lambda: files_under(server.root / "listor"))
    bucket: S3 = request.getfixturevalue("s3")
    prefix = f"listor/{tmp_path.name}"
    keys = S3Settings(bucket.url, "eu-north-1", bucket.key_id, bucket.secret)
    target = replace(QUICK, url=f"s3://{BUCKET}/{prefix}", s3=keys)

    def objects() -> dict[str, bytes]:
        found = bucket.objects(prefix)
        # Where the last file of a folder was removed, S3's client leaves an empty mark of it.
        return {
            path.removeprefix(f"{prefix}/"): one
            for path, one in found.items()
            if not path.endswith("/")
        }

    return Reached(target, objects)


def test_each_file_lies_in_the_folder_of_who_may_read_it(reached: Reached, tmp_path: Path) -> None:
    home = DeliveryHome(tmp_path / "home", reached.target)
    home.publish(CHILDREN)
    made = home.deliver()
    assert made.is_whole
    assert (made.put, made.unchanged, made.removed) == (6, 0, 0)
    files = reached.files()
    of_list = home.home / "lists" / "current" / SCHOOL
    assert {path.rpartition("/")[0] for path in files} == {
        f"{SCHOOL}/rektor",
        f"{SCHOOL}/mentorer/{ANNA}",
        f"{SCHOOL}/mentorer/{BERIT}",
    }
    for path, content in files.items():
        reader, _, name = path.removeprefix(f"{SCHOOL}/").removeprefix("rektor/").rpartition("/")
        assert content == (of_list / reader / name).read_bytes()
    assert all(ANNA not in path for path in naming(files, CHILDREN[1]))


def test_only_what_changed_is_put_there_again(reached: Reached, tmp_path: Path) -> None:
    home = DeliveryHome(tmp_path / "home", reached.target)
    home.publish(CHILDREN)
    home.deliver()
    assert (home.deliver().put, home.deliver().unchanged) == (0, 6)
    changed = (*CHILDREN[:3], Child(5, BERIT))
    home.publish(changed)
    made = home.deliver()
    # The rektor's two and Berit's two; Anna's pupils are the same.
    assert (made.put, made.unchanged) == (4, 2)
    assert naming(reached.files(), CHILDREN[3]) == set()


def test_a_new_week_takes_the_place_of_the_old_one(reached: Reached, tmp_path: Path) -> None:
    home = DeliveryHome(tmp_path / "home", reached.target)
    home.publish(CHILDREN)
    home.deliver()
    home.publish(CHILDREN[:1], as_of=date(2026, 11, 16))
    made = home.deliver()
    assert (made.put, made.removed) == (4, 6)
    assert all("2026-W47" in path for path in reached.files())


def test_the_newest_frozen_week_lies_beside_the_current_list(
    reached: Reached, tmp_path: Path
) -> None:
    home = DeliveryHome(tmp_path / "home", reached.target)
    home.publish(CHILDREN[:2], as_of=date(2026, 11, 8), is_frozen=True, has_mentors=False)
    home.publish(CHILDREN, is_frozen=True)
    home.publish(CHILDREN)
    made = home.deliver()
    assert (made.put, made.left_weeks, made.is_whole) == (12, 0, True)
    frozen = {path for path in reached.files() if "/2026-W46/" in path}
    assert {path.rpartition("/")[0] for path in frozen} == {
        f"{SCHOOL}/{reader}/2026-W46"
        for reader in ("rektor", f"mentorer/{ANNA}", f"mentorer/{BERIT}")
    }
    assert (home.deliver().put, home.deliver().unchanged) == (0, 12)
    home.publish(CHILDREN, as_of=date(2026, 11, 22), is_frozen=True, has_mentors=False)
    made = home.deliver()
    assert (made.put, made.removed) == (2, 6)
    assert {path.split("/")[2] for path in reached.files() if "-W47/" in path} == {"2026-W47"}


def test_a_frozen_list_of_somebody_who_became_protected_is_taken_away_for_good(
    reached: Reached, tmp_path: Path
) -> None:
    home = DeliveryHome(tmp_path / "home", reached.target)
    home.publish(CHILDREN, is_frozen=True)
    home.publish(CHILDREN)
    home.deliver()
    shown = CHILDREN[1:]
    home.publish(shown)
    home.nameable = {child.key for child in shown}
    made = home.deliver()
    assert naming(reached.files(), CHILDREN[0]) == set()
    assert not [path for path in reached.files() if "/2026-W46/" in path]
    # It stays as it was, so nothing is to be made good: the night is whole.
    assert (made.left_weeks, made.held_back, made.is_whole) == (1, (), True)
    assert home.deliver().is_whole


def test_a_file_that_somebody_removed_or_cut_is_put_there_again(
    reached: Reached, tmp_path: Path
) -> None:
    home = DeliveryHome(tmp_path / "home", reached.target)
    home.publish(CHILDREN)
    home.deliver()
    before = reached.files()
    first, second, *_ = sorted(before)
    place = DeliveryPlace(reached.target, reached.target.url)
    place.remove(first)
    place.put(second, before[second][:-1])
    assert home.deliver().put == 2
    assert reached.files() == before


def test_what_is_not_ours_is_left_alone_and_named_when_it_looks_like_ours(
    reached: Reached, tmp_path: Path
) -> None:
    home = DeliveryHome(tmp_path / "home", reached.target)
    home.publish(CHILDREN)
    place = DeliveryPlace(reached.target, reached.target.url)
    theirs = {
        f"{SCHOOL}/rektor/anteckningar.docx": b"1",
        f"{OTHER}/rektor/franvarolista_99999902_2026-W40.xlsx": b"2",
        "Schema.xlsx": b"3",
    }
    for path, content in theirs.items():
        place.put(path, content)
    made = home.deliver()
    assert made.strangers == (f"{OTHER}/rektor/franvarolista_99999902_2026-W40.xlsx",)
    assert {path: reached.files()[path] for path in theirs} == theirs


def test_what_a_killed_delivery_left_beside_a_file_is_gone_after_the_next(
    reached: Reached, tmp_path: Path
) -> None:
    home = DeliveryHome(tmp_path / "home", reached.target)
    home.publish(CHILDREN)
    home.deliver()
    place = DeliveryPlace(reached.target, reached.target.url)
    (first, *_) = sorted(reached.files())
    folder, _, name = first.rpartition("/")
    place.put(f"{folder}/.{name}.part", CHILDREN[0].name.encode())
    home.deliver()
    assert not [path for path in reached.files() if path.endswith(".part")]


# --- faults of a place ---------------------------------------------------------------------------


def test_a_share_that_is_not_mounted_gets_nothing_and_no_folder_is_made(tmp_path: Path) -> None:
    share = tmp_path / "share"
    home = DeliveryHome(tmp_path / "home", replace(QUICK, url=share.as_uri()))
    home.publish(CHILDREN)
    made = home.deliver()
    assert not share.exists()
    (fault,) = made.faults
    assert "is not there" in fault.words
    assert made.not_tried == 5
    share.mkdir()
    assert home.deliver().is_whole


def test_files_get_the_rights_of_the_share_and_not_ours(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    share.chmod(0o2750)
    home = DeliveryHome(tmp_path / "home", replace(QUICK, url=share.as_uri()))
    home.publish(CHILDREN)
    home.deliver()
    for path in share.rglob("*"):
        assert path.stat().st_mode & 0o7777 == (0o2750 if path.is_dir() else 0o640)


def test_a_link_below_the_share_leads_no_list_elsewhere(tmp_path: Path) -> None:
    share, elsewhere = tmp_path / "share", tmp_path / "elsewhere"
    (share / SCHOOL).mkdir(parents=True)
    elsewhere.mkdir()
    (share / SCHOOL / "rektor").symlink_to(elsewhere, target_is_directory=True)
    home = DeliveryHome(tmp_path / "home", replace(QUICK, url=share.as_uri()))
    home.publish(CHILDREN)
    made = home.deliver()
    assert files_under(elsewhere) == {}
    assert len(made.faults) == 2
    assert made.put == 4


def test_a_server_with_another_key_gets_nothing(sftp: SftpServer, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    sftp.known_hosts.write_text(f"[127.0.0.1]:{sftp.port} {other}\n")
    home = DeliveryHome(tmp_path / "home", of_sftp(sftp))
    home.publish(CHILDREN)
    assert "another server" in home.deliver().faults[0].words
    sftp.known_hosts.write_text("")
    assert "another server" in home.deliver().faults[0].words
    assert files_under(sftp.root) == {}


def test_a_wrong_password_is_said_and_is_in_no_word_or_log(
    sftp: SftpServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = Credential("TRAPPAN_DELIVERY_PASSWORD", "fel-ord-99")
    home = DeliveryHome(tmp_path / "home", replace(of_sftp(sftp), password=wrong))
    home.publish(CHILDREN)
    made = home.deliver()
    assert "does not accept who we are" in made.faults[0].words
    assert "fel-ord-99" not in repr(made) + repr(home.settings()) + caplog.text
    assert b"fel-ord-99" not in (home.home / "delivery.sqlite").read_bytes()


def test_a_line_that_breaks_in_the_middle_of_a_file_is_taken_up_again(
    sftp: SftpServer, tmp_path: Path
) -> None:
    home = DeliveryHome(tmp_path / "home", of_sftp(sftp))
    home.publish(CHILDREN)
    sftp.fails = 1
    assert home.deliver().is_whole
    assert not [path for path in files_under(sftp.root) if path.endswith(".part")]


def test_a_file_that_breaks_off_every_time_leaves_the_old_one_and_is_named(
    sftp: SftpServer, tmp_path: Path
) -> None:
    home = DeliveryHome(tmp_path / "home", of_sftp(sftp))
    home.publish(CHILDREN[:1], has_mentors=False)
    home.deliver()
    before = files_under(sftp.root)
    home.publish(CHILDREN[:2], has_mentors=False)
    sftp.fails = 4
    made = home.deliver()
    after = {k: v for k, v in files_under(sftp.root).items() if not k.endswith(".part")}
    assert after == before
    assert len(made.faults) == 2
    assert all("broke off" in fault.words for fault in made.faults)
    assert home.deliver().is_whole
    assert not naming(before, CHILDREN[1])
    assert len(naming(files_under(sftp.root), CHILDREN[1])) == 2


def test_a_server_without_the_rename_of_openssh_is_served_too(
    sftp: SftpServer, tmp_path: Path
) -> None:
    sftp.has_rename = False
    home = DeliveryHome(tmp_path / "home", of_sftp(sftp))
    home.publish(CHILDREN)
    assert home.deliver().is_whole
    home.publish(CHILDREN[1:])
    assert home.deliver().is_whole
    assert naming(files_under(sftp.root), CHILDREN[0]) == set()


@pytest.mark.parametrize("wrong", ["secret", "bucket"])
def test_a_bucket_that_is_not_ours_is_said_in_words(s3: S3, tmp_path: Path, wrong: str) -> None:
    secret = "fel" if wrong == "secret" else s3.secret
    keys = S3Settings(s3.url, "eu-north-1", s3.key_id, secret)
    bucket = "finns-inte" if wrong == "bucket" else BUCKET
    target = replace(QUICK, url=f"s3://{bucket}/x", s3=keys)
    with pytest.raises(PlaceFaultError) as fault:
        DeliveryPlace(target, target.url).put(f"{SCHOOL}/rektor/franvarolista_1.html", b"x")
    expected = {"secret": "does not accept who we are", "bucket": "root is not there"}
    assert expected[wrong] in str(fault.value)
