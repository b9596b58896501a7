"""A delivery: copies at the target as the current lists are, and everybody told who is to be.

Whatever was delivered before, afterwards no copy that can be reached names a pupil who is protected
or erased by now, and those that can't be reached are in the result. So what must be taken back
comes first, also when nothing else can be done. Not here: which files and readers there are
(`plan.py`), how a place takes a file (`places.py`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from assets.delivery.delivery_log import Copy, DeliveryEvent, DeliveryLog
from assets.delivery.places import MOST_FAULTS_IN_A_ROW, DeliveryPlace, PlaceFaultError
from assets.delivery.plan import HomeState, Plan, Wanted, plan_of
from assets.delivery.results import CopyOutOfReach, Delivered, FileFault
from assets.delivery.settings import DeliveryError, DeliverySettings
from assets.delivery.shares import ReaderKey, StandingList
from assets.delivery.telling import notices_of, tell
from assets.lake.encryption import Sealer

Placed = Callable[[str], DeliveryPlace]


def locked_workbook(content: bytes, password: str) -> bytes:
    """Return a workbook that opens with a password only (agile encryption, AES-256, SHA-512)."""
    # Here, not at the top: most homes set no password.
    from msoffcrypto.format.ooxml import OOXMLFile  # noqa: PLC0415

    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(content)).encrypt(password, locked)
    return locked.getvalue()


@dataclass
class _Counts:
    put: int = 0
    unchanged: int = 0
    removed: int = 0
    taken_back: int = 0
    not_tried: int = 0
    faults: list[FileFault] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


class Delivery:
    """One delivery of a home.

    Args:
        log: knows what lies where.
        known: what stands, and who reads.
        placed: gives the place of an address.
        password: of the workbooks; "" for none.
    """

    def __init__(
        self, log: DeliveryLog, known: HomeState, placed: Placed, password: str = ""
    ) -> None:
        self._log = log
        self._known = known
        self._placed = placed
        self._password = password
        self._counts = _Counts()
        self._in_a_row = 0

    def take_back(self, url: str) -> None:
        """Remove from a place every copy that names somebody whom nobody may name now."""
        naming = self._naming(url)
        if not naming:
            return
        place, self._in_a_row = self._placed(url), 0
        try:
            self._remove_all(place, sorted(naming), naming)
        finally:
            place.close()

    def bring(self, url: str, wanted: Mapping[str, Wanted]) -> None:
        """Make the copies at a place those that should be there; what must go comes first."""
        place, self._in_a_row = self._placed(url), 0
        try:
            self._bring(place, wanted)
        finally:
            place.close()

    def result(self, target: str, plan: Plan) -> Delivered:
        """Return what became of it; call it last."""
        self._log.forget_lists()
        out_of_reach = [
            CopyOutOfReach(path.partition("/")[0], path, url)
            for url in self._log.places()
            for path in sorted(self._naming(url))
        ]
        elsewhere = [url for url in self._log.places() if url != target]
        counts = self._counts
        return Delivered(
            target=target,
            put=counts.put,
            unchanged=counts.unchanged,
            removed=counts.removed,
            taken_back=counts.taken_back,
            faults=tuple(counts.faults),
            not_tried=counts.not_tried,
            held_back=plan.held_back,
            out_of_reach=tuple(out_of_reach),
            strangers=tuple(counts.strangers),
            left_pages=plan.left_pages,
            left_weeks=plan.left_weeks,
            left_elsewhere=sum(len(self._log.copies(url)) for url in elsewhere) if target else 0,
        )

    def _naming(self, url: str) -> set[str]:
        return self._log.naming_others(url, self._known.nameable, self._known.stands)

    def _bring(self, place: DeliveryPlace, wanted: Mapping[str, Wanted]) -> None:
        copies, naming = self._log.copies(place.url), self._naming(place.url)
        try:
            there = place.files()
        except PlaceFaultError as fault:
            self._leave(wanted, copies, str(fault))
            return
        unfinished = [path for path in there if _whole(path) != path]
        # Of a file that nobody knows of any more too: a part of a list is nothing to keep.
        strangers = set(there) - set(unfinished) - set(copies) - set(wanted)
        self._counts.strangers += sorted(strangers)
        gone = sorted(set(copies) - set(wanted), key=lambda path: (path not in naming, path))
        self._remove_all(place, [*unfinished, *gone], naming)
        changed: list[Wanted] = []
        unchanged: list[tuple[Copy, StandingList]] = []
        for path, one in wanted.items():
            copy = copies.get(path)
            if one.is_like(copy) and copy is not None and there.get(path) == copy.size:
                unchanged.append((copy, one.of_list))
            else:
                changed.append(one)
        self._log.unchanged(place.url, unchanged)
        self._counts.unchanged += len(unchanged)
        changed.sort(key=lambda one: (one.file.path not in naming, one.file.path))
        # At once: each commit waits for the disk.
        self._log.begin(place.url, [(one.file, one.of_list) for one in changed])
        for one in self._while_it_works(changed):
            self._put(place, one, is_urgent=one.file.path in naming)

    def _leave(self, wanted: Mapping[str, Wanted], copies: Mapping[str, Copy], words: str) -> None:
        """Note that a place could not even be looked at: one fault stands for all."""
        first = next(iter(wanted.values()), None)
        if first is not None:
            self._counts.faults.append(FileFault(first.file.reader, first.file.path, words))
        elif copies:
            copy = next(iter(copies.values()))
            self._counts.faults.append(FileFault(copy.reader, copy.path, words))
        self._counts.not_tried += max(len(wanted) - 1, 0)

    def _while_it_works(self, changed: list[Wanted]) -> Iterator[Wanted]:
        for index, one in enumerate(changed):
            if self._in_a_row >= MOST_FAULTS_IN_A_ROW:
                self._counts.not_tried += len(changed) - index
                return
            yield one

    def _put(self, place: DeliveryPlace, one: Wanted, *, is_urgent: bool) -> None:
        file, of_list = one.file, one.of_list
        content = file.source.read_bytes()
        if self._password:
            content = locked_workbook(content, self._password)
        event = DeliveryEvent(
            "put", file.reader, "done", place=place.url, path=file.path, file_sha256=one.file_sha256
        )
        try:
            place.put(file.path, content)
        except PlaceFaultError as fault:
            self._failed(replace(event, outcome="failed", words=str(fault)), fault)
            if is_urgent:
                self._remove_all(place, [file.path], {file.path})
            return
        self._in_a_row = 0
        copy = Copy(file.path, file.reader, one.file_sha256, one.variant, len(content))
        self._log.done(place.url, copy, of_list, event)
        self._counts.put += 1
        self._counts.taken_back += is_urgent

    def _remove_all(
        self, place: DeliveryPlace, paths: Iterable[str], naming: Collection[str]
    ) -> None:
        copies = self._log.copies(place.url)
        for path in paths:
            if self._in_a_row >= MOST_FAULTS_IN_A_ROW:
                self._counts.not_tried += 1
                continue
            copy = copies.get(path)
            reader = copy.reader if copy else ReaderKey(path.partition("/")[0])
            event = DeliveryEvent("removed", reader, "done", place=place.url, path=path)
            try:
                place.remove(path)
                # What a killed process left beside it has the same pupils in it.
                place.remove(_unfinished(path))
            except PlaceFaultError as fault:
                self._failed(replace(event, outcome="failed", words=str(fault)), fault)
                continue
            self._in_a_row = 0
            self._log.gone(place.url, path, event if copy else None)
            if copy is not None:
                self._counts.removed += 1
                self._counts.taken_back += path in naming

    def _failed(self, event: DeliveryEvent, fault: PlaceFaultError) -> None:
        # A place that says no is there: the next school's folder may be another matter.
        self._in_a_row += fault.is_of_place
        self._log.note(event)
        self._counts.faults.append(FileFault(event.reader, event.path, event.words))


def _unfinished(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/.{name}.part"


def _whole(path: str) -> str:
    """Return the path of the file that a part of it was to become; a whole file's own."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name[1:].removesuffix('.part')}" if name.startswith(".") else path


def deliver(
    settings: DeliverySettings,
    log: DeliveryLog,
    known: HomeState,
    sealer: Sealer,
    now: datetime,
    *,
    problem: str = "",
    placed: Placed | None = None,
) -> Delivered:
    """Deliver the current lists, take back what must be, and tell who is to be told.

    Without a target, or with a problem, only what must be taken back is looked at.

    Args:
        settings: where to, and how.
        log: of the home.
        known: what stands, and who reads.
        sealer: of the home.
        now: with its time zone.
        problem: why nothing new may be delivered; "" for nothing.
        placed: gives the place of an address; the usual one when None.
    """
    url = settings.target.url
    password = ""
    try:
        password = settings.password_of_workbooks()
    except DeliveryError as error:
        problem = problem or str(error)
    delivery = Delivery(
        log, known, placed or (lambda url: DeliveryPlace(settings.target, url)), password
    )
    for place in log.places():
        if place != url or problem:
            _guarded(delivery.take_back, place)
    if not url or problem:
        return replace(delivery.result(url, Plan({}, (), ())), problem=problem if url else "")
    plan = plan_of(known, password, sealer)
    wrong = _guarded(lambda place: delivery.bring(place, plan.wanted), url)
    result = replace(
        delivery.result(url, plan),
        problem=wrong,
        refused_addresses=sum(one.refused for one in plan.mailed),
        unused=tuple(known.register.unused([one.key for one in plan.recipients])),
    )
    if not settings.mail.host:
        return result
    copies = log.copies(url)
    lacking = {
        one.file.reader for path, one in plan.wanted.items() if not one.is_like(copies.get(path))
    }
    notices = list(notices_of(known, plan, log, sealer, settings.target.link))
    told, untold = tell(settings.mail, log, notices, lacking, now)
    without_address = tuple(one.key for one in plan.mailed if not one.addresses)
    return replace(result, told=told, untold=untold, without_address=without_address)


def _guarded(act: Callable[[str], None], url: str) -> str:
    """Do something at a place; a setting that is wrong for it must not keep others from theirs."""
    try:
        act(url)
    except DeliveryError as error:
        return str(error)
    return ""
