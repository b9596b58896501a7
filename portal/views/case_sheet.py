"""Deltagaruppföljningen of the reader's districts: as a workbook, and read back from one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from assets.follow_up.standing import has_open_case
from portal.follow_up.case_reading import (
    CaseSheetError,
    SheetRead,
    SheetRow,
    SheetRowFault,
    read_row,
    read_rows,
)
from portal.follow_up.case_rows import CaseRow, case_rows
from portal.follow_up.case_sheet import REFERENCE, workbook_of
from portal.follow_up.cases import PupilCase, cases_in, last_school
from portal.follow_up.events import Author, add_event, facts_of, keep_others_waiting
from portal.follow_up.kinds import objection
from portal.views.rules import Visit, of_team
from portal.views.team import cases_of_who_left, open_cases

#: Bytes of a file that is read back: a team's own is some dozens of kilobytes.
MOST_BYTES = 2 << 20
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass
class ReadBack:
    """What became of a file that was read back.

    Attributes:
        rows: that said something; every one was accepted or refused.
        changed: accepted, with something new.
        unchanged: accepted, with nothing new.
        faults: of the refused rows.
        refused: rows that were.
        notices: what was not read, and what stands as it was.
        trouble: why the file as a whole was not read; "" for no trouble.
    """

    rows: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    faults: list[SheetRowFault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    trouble: str = ""
    status: int = 200


@require_safe
@of_team
def case_sheet(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Where the workbook is fetched and read back."""
    visit.note("team", "cases")
    return _page(request, visit, None)


@require_safe
@of_team
def case_sheet_file(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The workbook; fetching it is in the log of every pupil who stands in it."""
    rows = sheet_rows(visit)
    visit.note("team", "case_sheet")
    for row in rows:
        visit.note("team", "case_sheet", _school_of(visit, row), row.case.pupil_key)
    answer = HttpResponse(workbook_of(rows, visit.home.now()), content_type=_TYPE)
    name = f"deltagaruppfoljning_{visit.today.day.isoformat()}.xlsx"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def sheet_rows(visit: Visit) -> list[CaseRow]:
    """Return the rows of the cases that the visitor may see, by when they began."""
    cases = _cases(visit)
    return visit.home.look(lambda lake: case_rows(lake, visit.today, cases))


def _school_of(visit: Visit, row: CaseRow) -> str:
    return last_school(visit.today, row.case.facts)


def _cases(visit: Visit) -> list[PupilCase]:
    said = {**open_cases(visit), **cases_of_who_left(visit)}
    found = [case for facts in said.values() for case in cases_in(visit.home, facts)]
    return sorted(found, key=lambda case: (case.enrolled_on, case.reference))


@require_POST
@of_team
def read_case_sheet(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Read a team's own workbook back: what is new in it becomes events."""
    sent = request.FILES.get("file")
    if not isinstance(sent, UploadedFile) or not sent.size:
        outcome = ReadBack(
            trouble=f"Ingen fil kom fram, eller så är den större än {MOST_BYTES >> 20} MB. "
            "Inget är läst.",
            status=422,
        )
        return _page(request, visit, outcome)
    try:
        outcome = _kept(visit, _rows_in(visit, sent))
    except CaseSheetError as error:
        outcome = ReadBack(trouble=f"{error} Inget är läst.", status=422)
    except OperationalError:
        outcome = ReadBack(
            trouble="Det gick inte att spara just nu: databasen är upptagen eller borta. Inget är "
            "sparat; läs in samma fil igen om en stund.",
            status=503,
        )
    return _page(request, visit, outcome)


def _rows_in(visit: Visit, sent: UploadedFile[bytes]) -> SheetRead:
    if (sent.size or 0) > MOST_BYTES:
        raise CaseSheetError(f"Filen är större än {MOST_BYTES >> 20} MB.")
    # In the home, whose disk is looked after, and gone when it is read.
    root = visit.home.folder / "portal"
    with TemporaryDirectory(prefix="read-", dir=root) as folder:
        path = Path(folder) / "sheet.xlsx"
        path.write_bytes(b"".join(sent.chunks()))
        return read_rows(path, Path(folder))


def _kept(visit: Visit, read: SheetRead) -> ReadBack:
    outcome = ReadBack(rows=len(read.rows), notices=list(read.notices))
    known = {row.case.reference: row for row in sheet_rows(visit)}
    met: set[str] = set()
    keys = [known[one.reference].case.pupil_key for one in read.rows if one.reference in known]
    with transaction.atomic():
        keep_others_waiting(keys)
        known = _as_they_stand(visit, known, keys)
        visit.note("team", "case_sheet_read")
        for row in read.rows:
            faults, said = _keep(visit, row, known, met, outcome.notices)
            outcome.faults += faults
            outcome.refused += bool(faults)
            outcome.changed += bool(said and not faults)
            outcome.unchanged += not said and not faults
    if outcome.rows and outcome.refused == outcome.rows:
        outcome.status = 422
    return outcome


def _as_they_stand(
    visit: Visit, known: dict[str, CaseRow], pupil_keys: Iterable[str]
) -> dict[str, CaseRow]:
    """Return the rows of some pupils with what was said until this moment; none without consent."""
    facts = facts_of(visit.home, visit.today, pupil_keys)
    cases = {
        case.reference: case
        for of_pupil in facts.values()
        if has_open_case(of_pupil)
        for case in cases_in(visit.home, of_pupil)
    }
    return {name: replace(known[name], case=case) for name, case in cases.items() if name in known}


def _keep(
    visit: Visit, row: SheetRow, known: dict[str, CaseRow], met: set[str], notices: list[str]
) -> tuple[list[SheetRowFault], int]:
    """Keep what a row says, all of it or nothing; return its faults, and how many events."""
    found = known.get(row.reference)
    if found is None:
        return [row.fault(REFERENCE, "ett ärende som teamet har")], 0
    if row.reference in met:
        return [row.fault(REFERENCE, "en rad för varje ärende")], 0
    met.add(row.reference)
    today, key = visit.today, found.case.pupil_key
    read = read_row(row, found, today.day)
    faults = list(read.faults)
    for said in read.said:
        against = objection(said, ("team",), today.day, has_consent=True)
        if against is not None:
            faults.append(SheetRowFault(row.number, "", "", against.words))
    if faults:
        return faults, 0
    notices += read.notices
    if read.said:
        visit.note("team", "changed", _school_of(visit, found), key)
    author = Author(visit.rights.key, "team")
    for said in read.said:
        add_event(visit.home, today, author, key, said, None, _school_of(visit, found))
    return [], len(read.said)


def _page(request: HttpRequest, visit: Visit, outcome: ReadBack | None) -> HttpResponse:
    context = {
        "visit": visit,
        "outcome": outcome,
        "count": len(_cases(visit)),
        "districts": sorted(visit.rights.districts),
        "most": MOST_BYTES >> 20,
    }
    status = outcome.status if outcome else 200
    return render(request, "portal/case_sheet.html", context, status=status)
