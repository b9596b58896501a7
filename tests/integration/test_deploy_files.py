"""The files of docs/deploy: what systemd and nginx say of them, and what they promise."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.cli.app import COMMANDS, command_of
from tests.architecture.sources import ROOT
from tests.faults.supervised import PROGRAM, UNITS, settings_of_unit

SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
TIMERS = sorted(path.name for path in UNITS.glob("*.timer"))
LASTING = ["trappan-daemon.service", "trappan-portal.service", "trappan-ui.service"]
# Of 10; what stays is what it needs: the network, sockets, its own limits.
MOST_EXPOSED = 1.5
NO_SYSTEMD = "systemd-analyze is in Debian's package systemd, which is not installed here"
NO_NGINX = "nginx is not installed here"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, of programs that are there: the checkout is not in /srv here."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    program = tmp_path / "trappan"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    for path in (*folder.glob("*.service"), *folder.glob("*/*.conf")):
        text = path.read_text(encoding="utf-8").replace(PROGRAM, str(program))
        path.write_text(text.replace("/srv/franvarotrappan", str(ROOT)), encoding="utf-8")
    return folder


def analysed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words],
        # The units' own drop-ins are looked for there, and those of the system beside them.
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{folder}:", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason=NO_SYSTEMD)
@pytest.mark.parametrize("name", SERVICES + TIMERS)
def test_systemd_finds_nothing_wrong_in_a_unit(units: Path, name: str) -> None:
    said = analysed(units, "verify", "--man=no", str(units / name))
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason=NO_SYSTEMD)
def test_systemd_does_find_what_is_wrong(units: Path) -> None:
    unit = units / "trappan-daemon.service"
    unit.write_text(unit.read_text(encoding="utf-8").replace("Restart=", "Restarts="), "utf-8")
    assert "Restarts" in analysed(units, "verify", "--man=no", str(unit)).stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason=NO_SYSTEMD)
@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_is_exposed_to_little(units: Path, name: str) -> None:
    said = analysed(units, "security", "--offline=true", str(units / name))
    (score,) = re.findall(r"Overall exposure level for \S+: (\d+\.\d+)", said.stdout)
    assert float(score) <= MOST_EXPOSED


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_has_an_account_of_its_own_and_writes_in_the_home_only(name: str) -> None:
    said = settings_of_unit(name)
    assert (said["User"], said["Group"], said["UMask"]) == ("trappan", "trappan", "0077")
    assert said["ProtectSystem"] == "strict"
    assert (said["NoNewPrivileges"], said["PrivateTmp"], said["CapabilityBoundingSet"]) == (
        "yes", "yes", "",
    )  # fmt: skip
    place = Path(said["ReadWritePaths"])
    assert place.is_relative_to("/srv/trappan")
    assert said["MemoryMax"]


@pytest.mark.parametrize("name", LASTING)
def test_what_should_last_is_started_again_for_ever(name: str) -> None:
    said = settings_of_unit(name)
    assert (said["Restart"], said["StartLimitIntervalSec"]) == ("always", "0")
    assert said["WantedBy"] == "multi-user.target"


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_calls_a_command_with_options_that_are_there(name: str) -> None:
    line = settings_of_unit(name)["ExecStart"]
    words = line[line.index(PROGRAM) :].removeprefix(PROGRAM).split()
    assert words[0] in COMMANDS
    known = {option for param in command_of(words[0]).params for option in param.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_who_has_the_daemon_has_no_timers_beside_it() -> None:
    assert settings_of_unit("trappan-daemon.service")["Conflicts"].split() == TIMERS
    for name in ("trappan-nightly.service", "trappan-weekly.service"):
        assert settings_of_unit(name)["Conflicts"] == "trappan-daemon.service"
    # After an outage both are due at once.
    assert settings_of_unit("trappan-weekly.service")["After"] == "trappan-nightly.service"
    assert {settings_of_unit(name)["Persistent"] for name in TIMERS} == {"true"}


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2026-11-30", "2026-W48"),
        ("2026-12-01", "2026-W48"),
        ("2026-12-06", "2026-W48"),
        ("2026-12-07", "2026-W49"),
        ("2027-01-04", "2026-W53"),
    ],
)
def test_the_weeks_unit_names_the_week_that_ended_on_sunday(
    tmp_path: Path, day: str, week: str
) -> None:
    line = settings_of_unit("trappan-weekly.service")["ExecStart"]
    script = line.replace("%%", "%").replace("$$", "$").replace(PROGRAM, "echo").partition("'")[2]
    program = tmp_path / "date"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = -d ] && exec /bin/date -d "{day} $2" "$3"\n'
        f'exec /bin/date -d "{day}" "$1"\n',
        encoding="utf-8",
    )
    program.chmod(0o700)
    said = subprocess.run(
        ["/bin/sh", "-c", script.removesuffix("'").removeprefix("exec ")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == f"publish --week {week}\n"


def nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.mark.skipif(not nginx(), reason=NO_NGINX)
def test_nginx_takes_the_proxy_of_the_portal(tmp_path: Path) -> None:
    crt, key = tmp_path / "portal.crt", tmp_path / "portal.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", "/CN=portal.stad.example", "-keyout", key, "-out", crt],
        capture_output=True, check=True,
    )  # fmt: skip
    text = (ROOT / "docs" / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/trappan/portal", str(tmp_path / "portal"))
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{\naccess_log off;\nclient_body_temp_path {tmp_path}/body;\n"
        f"proxy_temp_path {tmp_path}/proxy;\n"
        f"{text}\n}}\n",
        encoding="utf-8",
    )
    said = subprocess.run(
        [str(nginx()), "-t", "-q", "-c", whole], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_the_image_takes_every_package_and_runs_as_nobody_in_particular() -> None:
    text = (ROOT / "docs" / "deploy" / "Containerfile").read_text(encoding="utf-8")
    copied = set(re.findall(r"^COPY (\w+) \1$", text, re.MULTILINE))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert copied >= {name for name in packages if name != "data_samples"} | {"sql", "rules"}
    assert re.search(r"^USER 990:990$", text, re.MULTILINE)
    assert re.findall(r"^VOLUME (.+)$", text, re.MULTILINE) == ["/srv/trappan"]
    # Whose the registry is, is each machine's own setting.
    assert "--index-url" not in text
