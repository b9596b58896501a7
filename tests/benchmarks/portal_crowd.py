"""Forty people at once in the portal, and how long its pages take.

`python -m tests.benchmarks.portal_crowd FOLDER [PUPILS SCHOOLS PEOPLE SECONDS]`, 90,000, 260, 40
and 300 unless told otherwise. Five weeks of the city are made, taken in, and listed; then its
portal is served as `trappan portal` serves it, two workers, on the loopback with the demo's choice
of people. First one person alone, then everybody at once, opens a list, opens a pupil and says
something of one, without waiting between: on SQLite, and on Postgres where its server is installed.
Tells the middle and the longest time at the client of each kind of page, and whether an answer was
an error or something said is lost.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from statistics import median, quantiles

import requests

from assets.simulator import SimulationPlan, simulate
from tests.benchmarks.running import ROOT, Finding, asked, at_most, run_step, tell
from tests.integration.scale_out_servers import PASSWORD, Postgres, postgres_server

FIRST, SUNDAY = date(2026, 8, 31), date(2026, 10, 4)
_PERSON = re.compile(
    r'name="person" value="([0-9a-f-]+)".*?<button>(.*?)</button> <span>(.*?)</span>'
)
_ROW = re.compile(r'id="r-([\w-]+)"')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
_WORDS = ("contact_made", "mapping_started", "mapping_done", "followed_up")
_TARGETS = {"list": 0.3, "status": 0.1, "pupil": 0.2}


@dataclass
class Tally:
    """What one person did: seconds of each kind of page, notes that were saved, errors."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    saved: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def main() -> None:
    """Make the city, let people in, and count."""
    folder, (pupils, schools, people, seconds) = asked(90_000, 260, 40, 300)
    home = folder / "home"
    if not home.is_dir():
        exports = folder / "exports"
        simulate(SimulationPlan(pupils, schools, FIRST, SUNDAY, 7, exports, columns="basic"))
        run_step("load", exports, home, FIRST.isoformat())
        run_step("lists", exports, home, SUNDAY.isoformat())
    day = {"TRAPPAN_PORTAL_DEMO_DAY": (SUNDAY + timedelta(days=1)).isoformat()}
    crowd(home, "SQLite", day, people, seconds)
    if shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        with postgres_server() as postgres:
            crowd(home, "Postgres", day | on_postgres(postgres), people, seconds)


def on_postgres(postgres: Postgres) -> dict[str, str]:
    """Return the setting of a portal that keeps its rows in a new database."""
    words = dict(part.split("=", 1) for part in postgres.database("portal").split() if "=" in part)
    words = {name.removeprefix("postgres:"): value for name, value in words.items()}
    place = f"{words['host']}:{words['port']}/{words['dbname']}"
    return {"TRAPPAN_PORTAL_DATABASE": f"postgresql://{words['user']}:{PASSWORD}@{place}"}


def crowd(home: Path, kind: str, more: dict[str, str], people: int, seconds: int) -> None:
    """Serve the portal, and let one person in, then all."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"TRAPPAN_PORTAL_DEMO": "true", "PYTHONPATH": str(ROOT)} | more
    program = Path(sys.executable).with_name("trappan")
    serving = subprocess.Popen(
        [program, "--home", home, "portal", "--port", str(port)], env=environment, cwd=ROOT
    )
    try:
        address = f"http://127.0.0.1:{port}"
        rektorer = first_people(address, people)
        alone = work(address, 0, rektorer[0], time.monotonic() + max(seconds / 10, 5))
        tell(*of_one(alone, kind))
        end, numbers = time.monotonic() + seconds, range(1, people + 1)
        with ThreadPoolExecutor(people) as at_once:
            tallies = list(at_once.map(lambda n: work(address, n, rektorer[n - 1], end), numbers))
        tell(*of_all([alone, *tallies], kept_notes(home, environment), kind, people, seconds))
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(60)


def first_people(address: str, people: int) -> list[str]:
    """Return whom one can be, rektorer and mentors, as often as there are people."""
    for _ in range(120):
        try:
            page = requests.get(f"{address}/logga-in/", timeout=60).text
            break
        except requests.ConnectionError:
            time.sleep(0.5)
    keys = [key for key, _, what in _PERSON.findall(page) if what.startswith("rektor")]
    return [keys[number % len(keys)] for number in range(people)]


def work(address: str, number: int, person: str, end: float) -> Tally:
    """Be one person until the end."""
    tally, random, session = Tally(), Random(number), requests.Session()  # noqa: S311
    page = session.get(f"{address}/logga-in/", timeout=60).text
    token = _TOKEN.search(page)
    session.post(
        f"{address}/valj-person/",
        {"person": person, "csrfmiddlewaretoken": token[1] if token else ""},
        timeout=60,
    )
    turn = 0
    while time.monotonic() < end:
        page = timed(tally, "list", session, f"{address}/")
        names = _ROW.findall(page)
        if not names:
            # A mentor none of whose pupils is on a list.
            return tally
        name = random.choice(names)
        timed(tally, "pupil", session, f"{address}/elev/{name}/")
        turn += 1
        note = f"Anteckning {number}-{turn}"
        said = {
            "place": "row",
            "mentor_status": random.choice(_WORDS),
            "note": note,
            "csrfmiddlewaretoken": (_TOKEN.findall(page) or [""])[-1],
        }
        kept = timed(tally, "status", session, f"{address}/elev/{name}/uppfoljning/", said)
        if "Sparat" in kept:
            tally.saved.append(note)
        else:
            tally.errors.append("not saved")
    return tally


def timed(
    tally: Tally, kind: str, session: requests.Session, url: str, said: dict[str, str] | None = None
) -> str:
    """Ask for a page, or say something; keep how long it took."""
    begin = time.perf_counter()
    headers = {"HX-Request": "true"} if said else {}
    answer = (
        session.post(url, said, headers=headers, timeout=60)
        if said
        else session.get(url, timeout=60)
    )
    tally.seconds[kind].append(time.perf_counter() - begin)
    if answer.status_code != 200 or answer.headers.get("X-Outcome", "200") != "200":
        outcome = answer.headers.get("X-Outcome", "")
        tally.errors.append(f"{kind}: {answer.status_code} {outcome}")
    return answer.text


def kept_notes(home: Path, environment: dict[str, str]) -> int:
    """Return how many notes the database has."""
    code = (
        "import django; django.setup(); from portal.models import Event; "
        "print(Event.objects.filter(kind='note').count())"
    )
    variables = {"DJANGO_SETTINGS_MODULE": "portal.settings", "TRAPPAN_HOME": str(home)}
    counted = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | variables,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(counted.stdout)


def of_one(tally: Tally, kind: str) -> list[Finding]:
    """What one person alone waited, the middle, beside the targets."""
    return [
        at_most(
            f"{kind}, one person alone, {page}",
            median(tally.seconds[page]) * 1000,
            target * 1000,
            "ms",
            is_of_size=True,
            more=f", {len(tally.seconds[page])} times",
        )
        for page, target in _TARGETS.items()
    ]


def of_all(tallies: list[Tally], kept: int, kind: str, people: int, seconds: int) -> list[Finding]:
    """What all of them waited, and whether anything was lost."""
    found = []
    for page in _TARGETS:
        waits = sorted(one for tally in tallies[1:] for one in tally.seconds[page])
        late = quantiles(waits, n=20)[-1]
        seen = (
            f"{len(waits)} in {seconds} s: middle {median(waits) * 1000:.0f} ms, "
            f"one of twenty over {late * 1000:.0f}, longest {waits[-1] * 1000:.0f}"
        )
        found.append(Finding(f"{kind}, {people} at once, {page}", seen))
    saved = sum(len(tally.saved) for tally in tallies)
    errors = [error for tally in tallies for error in tally.errors]
    lost = f"{saved} said and saved, {kept} kept, {len(errors)} errors {errors[:3] or ''}"
    what = f"{kind}, {people} at once: no lost event, no error"
    found.append(Finding(what, lost, "none", kept >= saved and not errors))
    return found


if __name__ == "__main__":
    main()
