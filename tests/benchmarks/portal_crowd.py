"""Forty people at once in the portal, and how long its pages take.

`python -m tests.benchmarks.portal_crowd HOME [PEOPLE SECONDS]`, 40 and 300 unless told otherwise.
HOME has published lists (of the demo, or of `steps lists`); its portal is served as
`trappan portal` serves it, two workers, on the loopback with the demo's choice of people. Everybody
opens a list, opens a pupil and says something of one, without waiting between. With
TRAPPAN_PORTAL_DATABASE the same on Postgres. Prints for each kind of page how often, the middle and
the longest time at the client, and fails when an answer was an error or something said is lost.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median, quantiles

import requests

ROOT = Path(__file__).resolve().parents[2]
_PERSON = re.compile(
    r'name="person" value="([0-9a-f-]+)".*?<button>(.*?)</button> <span>(.*?)</span>'
)
_ROW = re.compile(r'id="r-([\w-]+)"')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
_WORDS = ("contact_made", "mapping_started", "mapping_done", "followed_up")
_SLOWEST = {"list": 0.3, "status": 0.1, "pupil": 0.2}


@dataclass
class Tally:
    """What one person did: seconds of each kind of page, notes that were saved, errors."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    saved: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def main() -> None:
    """Serve, let them in, and count."""
    home = Path(sys.argv[1]).resolve()
    people, seconds = (*map(int, sys.argv[2:4]), *(40, 300)[len(sys.argv[2:4]) :])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"TRAPPAN_PORTAL_DEMO": "true", "PYTHONPATH": str(ROOT)}
    serving = subprocess.Popen(
        [Path(sys.executable).with_name("trappan"), "--home", home, "portal", "--port", str(port)],
        env=environment,
        cwd=ROOT,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        chosen = first_people(address, people)
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(people) as crowd:
            numbers = range(people)
            tallies = list(crowd.map(lambda n: work(address, n, chosen[n], end), numbers))
        report(tallies, kept_notes(home, environment), seconds)
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait(30)


def first_people(address: str, people: int) -> list[str]:
    """Return whom one can be, rektorer and mentors, as often as there are people."""
    for _ in range(120):
        try:
            page = requests.get(f"{address}/logga-in/", timeout=60).text
            break
        except requests.ConnectionError:
            time.sleep(0.5)
    keys = [key for key, _, what in _PERSON.findall(page) if what.startswith(("rektor", "mentor"))]
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


def report(tallies: list[Tally], kept: int, seconds: int) -> None:
    """Print the figures; fail when something was lost."""
    for kind, target in _SLOWEST.items():
        found = sorted(one for tally in tallies for one in tally.seconds[kind])
        if len(found) > 1:
            late = quantiles(found, n=20)[-1]
            print(
                f"{kind}: {len(found)} in {seconds} s, middle {median(found) * 1000:.0f} ms, "
                f"one of twenty over {late * 1000:.0f}, longest {found[-1] * 1000:.0f} "
                f"(target for one person: {target * 1000:.0f})"
            )
    saved = sum(len(tally.saved) for tally in tallies)
    errors = [error for tally in tallies for error in tally.errors]
    print(f"said and saved: {saved}, in the database: {kept}, errors: {len(errors)} {errors[:5]}")
    if errors or kept < saved:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
