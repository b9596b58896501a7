"""The drill: a made-up pupil is planted, erased, and looked for at every byte; once a month.

In a home of its own below `tmp/`, made by the same code, settings, layouts and rules, and gone
afterwards. In the live home a made-up child would stand on a real list for as long as the drill
takes, and for good where it is killed. So it proves the code, the libraries and the machine of
today, and not what lies in the home; of that it looks whether anybody who was erased is in the
lake. The portal's database is no part of it: its tables are made by the portal (tests erase there).
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from assets.absence.sums import refresh_sums
from assets.exports.erased_files import keys_that_are_back
from assets.exports.files.received import STOCKHOLM
from assets.exports.ingest import ingest_paths
from assets.exports.pupils.tombstones import FOLDER
from assets.exports.readers.layout_files import shipped_layouts
from assets.flags.pupil_question import PupilQuestion
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.settings import LakeSettings
from assets.upkeep.erasure.erase import HomeToClear, erase
from assets.upkeep.erasure.journal import write_receipt
from assets.upkeep.erasure.search import Trace, Words, traces
from assets.upkeep.erasure.whom import find_child
from assets.watchlists.release.releases import release_lists
from assets.watchlists.release.week_states import RulesOn, iso_week

REPORT = "drill.json"
#: Where the planted pupil must be found before, or the drill would prove nothing.
MUST_BE_FOUND = frozenset({"archive", "lake", "lasting rows", "lists", "list memory"})
# Numbers of the tax agency's test series: nobody has them.
_CANARY, _OTHER = "201203149800", "201509029805"
_GIVEN, _FAMILY = "Kanarie", "Provfågelöga"
_SCHOOL = "99999901"
_LESSONS = (
    "Skolenhetskod;Skola;Klass;Årskurs;Personnummer;Förnamn;Efternamn;Datum;Starttid;Sluttid;Ämne;"
    "Lektionslängd (min);Närvaro (min);Giltig frånvaro (min);Ogiltig frånvaro (min);"
    "Frånvaroanledning;Rapporterad"
)
_ROSTER = (
    "Personnummer;Förnamn;Efternamn;Kön;Skolenhetskod;Klass;Årskurs;Mentor;Mentor e-post;"
    "Startdatum;Slutdatum;Skyddad identitet"
)
_WEEKS = 5


@dataclass(frozen=True)
class Drilled:
    """What came of a drill.

    Attributes:
        at: when, UTC.
        planted: places of the registry in which the pupil was before.
        found: what was found afterwards; nothing, when it passed.
        are_back: so many keys of erased pupils the live lake has.
    """

    at: str
    planted: tuple[str, ...]
    found: tuple[Trace, ...]
    are_back: int

    @property
    def has_passed(self) -> bool:
        """Whether the pupil was everywhere, and then nowhere."""
        return not self.found and not self.are_back and set(self.planted) >= MUST_BE_FOUND


def today_in_stockholm() -> date:
    """Return the day that it is."""
    return datetime.now(STOCKHOLM).date()


def drill(settings: LakeSettings, rules_on: RulesOn, today: date) -> Drilled:
    """Do it, and leave a report in `HOME/erasures/drill.json`.

    Args:
        settings: of the live home's lake; what it may use of the machine is the drill's too.
        rules_on: gives the values in force on a day.
        today: in Stockholm.

    Raises:
        TrappanError: a step of it could not be done.
        OSError: no room or no permission.
    """
    with Lake.open(settings) as live:
        are_back = len(keys_that_are_back(live, Sealer.of_home(settings.home)))
    folder = settings.home / "tmp" / str(os.getpid()) / "drill"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        planted, found = _planted_and_erased(
            replace(settings, home=folder, catalog="", data_path="", begins_anew=False),
            rules_on,
            today,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    done = Drilled(at, planted, found, are_back)
    reports = settings.home / FOLDER
    reports.mkdir(mode=0o700, exist_ok=True)
    write_receipt(reports / REPORT, {"has_passed": done.has_passed, **asdict(done)})
    return done


def _planted_and_erased(
    settings: LakeSettings, rules_on: RulesOn, today: date
) -> tuple[tuple[str, ...], tuple[Trace, ...]]:
    inbox = settings.home / "inbox"
    inbox.mkdir()
    sunday = today - timedelta(days=today.isoweekday())
    _plant(inbox, settings.home / "pulled" / "prov", sunday)
    layouts = shipped_layouts()
    with Lake.open(settings) as lake:
        ingest_paths(lake, [inbox], layouts=layouts)
        refresh_sums(lake)
        release_lists(lake, sunday, rules_on, even_if_held=True)
        release_lists(lake, sunday, rules_on, period=iso_week(sunday), even_if_held=True)
    # Once more: its lasting rows are kept when the lake is closed.
    with Lake.open(settings) as lake:
        sealer = Sealer.of_home(settings.home)
        child = find_child(lake, sealer, PupilQuestion(number=_CANARY))
        words = Words(child, (_FAMILY,))
        planted = tuple(sorted({trace.place for trace in traces(lake, words)}))
        erase(HomeToClear(lake, layouts, PortalDatabase(settings.home), inbox), child)
    with Lake.open(settings) as lake:
        # Once more with the same files: they must not bring the pupil back.
        _plant(inbox, settings.home / "pulled" / "prov", sunday, hour="06")
        ingest_paths(lake, [inbox], layouts=layouts)
        refresh_sums(lake)
        return planted, tuple(traces(lake, words))


def _plant(inbox: Path, pulled: Path, sunday: date, hour: str = "04") -> None:
    """Write a roster and lessons, in different encodings, with rows that are refused."""
    days = [sunday - timedelta(days=n) for n in range(1, 7 * _WEEKS)]
    start = sunday - timedelta(days=200)
    roster = [_ROSTER] + [
        f"{number};{given};{family};Kvinna;{_SCHOOL};8A;8;Mo Mentor;mo@skola.example;{start};;Ingen"
        for number, given, family in _pupils()
    ]
    lessons = [_LESSONS] + [
        f"{_SCHOOL};Provskolan;8A;8;{number};{given};{family};{day};{begin}:20;{begin}:59;MA;39;9;"
        "0;30;;Ja"
        for day in days
        if day.isoweekday() < 6
        for begin in ("08", "10", "12")
        for number, given, family in _pupils()
    ]
    # Refused: its day is none; a number of two-digit year; a cell too many.
    refused = lessons[1].replace(str(days[0]), "2026-02-30")
    odd = f"{lessons[1].replace(_CANARY, _CANARY[2:])}\r\n{lessons[1]};{_FAMILY}"
    stamp = f"{sunday:%Y%m%d}T{hour}"
    files = {
        f"elever_{stamp}10.csv": ("utf-8-sig", roster),
        f"lektionsfranvaro_{stamp}20.csv": ("cp1252", [*lessons, refused]),
        f"lektionsfranvaro_{stamp}30.csv": ("utf-16", [*lessons[:7], odd]),
        # No layout knows it.
        f"okand_{stamp}40.csv": ("utf-8", ["Namn;Nummer", f"{_GIVEN} {_FAMILY};{_CANARY}"]),
    }
    for name, (encoding, lines) in files.items():
        (inbox / name).write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    if hour == "04":
        pulled.mkdir(parents=True)
        person = {"id": "prov", "civicNo": {"value": _CANARY}, "familyName": _FAMILY}
        (pulled / "persons.json").write_text(json.dumps({"data": [person]}), encoding="utf-8")


def _pupils() -> tuple[tuple[str, str, str], ...]:
    return ((_CANARY, _GIVEN, _FAMILY), (_OTHER, "Eva", "Kvar"))
