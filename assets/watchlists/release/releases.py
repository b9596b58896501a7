"""The lists of an as_of for all schools: collected, published, noted in `publications`.

Here: what a release of lists is made of and when a frozen week stays as it is. Not here: how one
list becomes files (`publish.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from assets.exports.pupils.merges import standing_keys
from assets.flags.evaluate import Evaluation, evaluate_flags
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.collect.content import ListStamp, collect
from assets.watchlists.collect.follow_up import with_follow_up
from assets.watchlists.collect.mentors import Staff, with_mentors
from assets.watchlists.collect.notices import RefusedRows
from assets.watchlists.mentor_lists import mentors_on, rows_of
from assets.watchlists.model import Watchlist
from assets.watchlists.release.frozen import (
    Published,
    keep_counts,
    keep_published,
    overdue_counts,
)
from assets.watchlists.release.holds import (
    Unlike,
    silences,
    together,
    unlike_norm,
    unread_protection,
)
from assets.watchlists.release.publish import (
    CURRENT,
    ListToPublish,
    Provenance,
    add_mentor_files,
    lists_root,
    publish_watchlists,
    published_folder,
)
from assets.watchlists.release.remembered import recall, with_standing_keys, without_pupils
from assets.watchlists.release.restate import published_lists
from assets.watchlists.release.week_states import RulesOn, look_back, week_states
from assets.watchlists.swedish import notice_texts, texts

_STOCKHOLM = ZoneInfo("Europe/Stockholm")
_WEEKS = "[0-9][0-9][0-9][0-9]-W[0-9][0-9]"


@dataclass(frozen=True)
class OverdueAt:
    """How many pupils of a school's list nobody recorded an act about in time."""

    school_unit_code: str
    pupils: int
    unmoved: int  # those of them who stood on the list before, and nothing was recorded since


@dataclass(frozen=True)
class Release:
    """What became of the lists of one period."""

    period: str
    folders: tuple[Path, ...]
    kept: tuple[Path, ...]  # frozen lists that stood already and were left as they were
    held: tuple[str, ...]  # school units whose newest data is unlike their norm
    unread_protection: tuple[str, ...]  # those of them of whom nobody knows who is protected
    unregistered: tuple[str, ...]
    pupils: int
    unreported_lessons: int  # of classes in the latest 14 days
    schools_with_unreported: int
    overdue: tuple[OverdueAt, ...] = ()  # of lists that were made; none without a portal


def release_lists(
    lake: Lake,
    as_of: date,
    rules_on: RulesOn,
    *,
    period: str = CURRENT,
    school: str | None = None,
    even_if_held: bool = False,
    has_mentor_files: bool = True,
    replaces: Mapping[str, str] | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Release:
    """Publish the list of every school at an as_of.

    A week's list is frozen: once published it stays as it was, and a second call says so. The
    list of a school whose newest data is unlike its norm waits: the current one stands, with the
    reason on it; the week's is not frozen.

    Args:
        lake: the lake, with its sums up to date.
        as_of: the last day that counts.
        rules_on: gives the values in force on a day.
        period: `current`, or the ISO week of as_of.
        school: only this school unit.
        even_if_held: somebody has looked at the data: publish all the same, but not where nobody
            could read who is protected.
        has_mentor_files: each mentor gets files beside a current list; those of a frozen one are
            made when somebody asks (`release_mentor_files`).
        replaces: school units whose frozen list is made although one stands, and the sentence that
            it says of that (`republish.py`).
        on_progress: called with a word, lists done and lists in all.

    Raises:
        PublishError: a list could not be written; those before it are in place.
    """
    home = lake.settings.home
    # Before anything is read of the lake: what is read later has no older keys.
    keyed_with = Sealer.of_home(home).check
    standing = _Standing(lake)
    standing.note_unnoted()
    standing.count_uncounted()
    before = look_back(lake, as_of, rules_on)
    stamp = ListStamp(period != CURRENT, datetime.now(_STOCKHOLM))
    # In one transaction, so that who is protected and all else on a list are of one moment.
    with lake.reading():
        evaluation = evaluate_flags(lake, as_of, rules_on(as_of))
        states = week_states(lake, evaluation, before)
        used = _files_used(lake, evaluation)
        collected = collect(lake, evaluation, stamp, _refused(used), states=states, school=school)
        collected = replace(collected, watchlists=with_follow_up(lake, collected.watchlists))
        provenances = _provenances(used)
        snapshot, input_hash = lake.snapshot(), _input_hash(lake)
        unread = unread_protection(lake)
        unlike = together(unread, silences(lake, as_of), unlike_norm(lake, as_of))
    kept: list[Path] = []
    held: list[str] = []
    entries: list[ListToPublish] = []
    for watchlist in collected.watchlists:
        code = watchlist.school_unit_code
        place = published_folder(home, period, code)
        again = (replaces or {}).get(code)
        if stamp.is_frozen and place.exists() and again is None:
            kept.append(place)
            continue
        found = unlike.get(code, Unlike())
        provenance = Provenance(snapshot, input_hash, tuple(provenances[code]))
        # Nobody can look at a list and see who on it is protected, so no look lets that one go.
        if found.held and (code in unread or not even_if_held):
            held.append(code)
            if not stamp.is_frozen:
                waiting = standing.as_it_was(place, found)
                entries.append(waiting or _nothing_yet(watchlist, found, provenance))
            continue
        with_notices = replace(
            watchlist,
            notices=(
                *((again,) if again else ()),
                *found.held,
                *found.mentioned,
                *watchlist.notices,
            ),
        )
        entries.append(ListToPublish(with_notices, provenance, with_notices))

    def tell(done: int) -> None:
        if on_progress:
            on_progress("publishing", done, len(entries))

    has_files = has_mentor_files and not stamp.is_frozen
    entries = [
        replace(entry, has_mentor_files=has_files, keyed_with=keyed_with) for entry in entries
    ]
    folders = publish_watchlists(home, period, entries, tell)
    published = [
        Published(entry.watchlist, period, entry.provenance, folder.relative_to(home))
        for entry, folder in zip(entries, folders, strict=True)
        if not entry.watchlist.held
    ]
    keep_published(lake, published)
    unreported = [
        sum(group.recent_lessons for group in watchlist.unreported)
        for watchlist in collected.watchlists
    ]
    return Release(
        period,
        tuple(folders),
        tuple(kept),
        tuple(held),
        tuple(code for code in held if code in unread),
        collected.unregistered,
        sum(len(watchlist.pupils) for watchlist in collected.watchlists),
        sum(unreported),
        sum(map(bool, unreported)),
        tuple(
            OverdueAt(one.watchlist.school_unit_code, *overdue_counts(one.watchlist))
            for one in published
            if one.watchlist.has_follow_up
        ),
    )


class _Standing:
    """Lists that stand in their places already."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._home = lake.settings.home
        self._sealer = Sealer.of_home(self._home)
        self._keys = {str(old): str(new) for old, new in standing_keys(lake).items()}
        self._staff = Staff.of_lake(lake)

    def recall(self, place: Path) -> Watchlist | None:
        """Return the list of a place with the keys and mentors of today's lake; None for none."""
        standing = recall(self._sealer, place)
        if standing is None:
            return None
        return with_mentors(with_standing_keys(standing, self._keys), self._staff)

    def protected(self) -> set[str]:
        """Return the keys of who is protected today."""
        return {str(key) for (key,) in self._lake.rows("SELECT pupil_key FROM protected_pupils")}

    def who_may_not_be_shown(self, watchlist: Watchlist) -> set[str]:
        """Return the keys of who stands on a list and is protected today, or gone from the lake."""
        rows = self._lake.rows("SELECT DISTINCT pupil_key FROM identity_sources")
        known = {str(key) for (key,) in rows} - self.protected()
        return {row.pupil_key for row in rows_of(watchlist)} - known

    def as_it_was(self, place: Path, found: Unlike) -> ListToPublish | None:
        """Return the list of a place, with the reason why it stands there still.

        Who has become protected since is not in it any more. None where no list was made yet.
        """
        standing = self.recall(place)
        if standing is None or standing.held:
            return None
        reason = notice_texts.NOTICE_HELD.format(
            as_of=texts.day(standing.as_of), reasons=" ".join(found.held)
        )
        remembered = without_pupils(standing, self.protected())
        shown = replace(remembered, notices=(reason, *standing.notices), held=found.held)
        return ListToPublish(shown, Provenance.of_published(place), remembered)

    def note_unnoted(self) -> None:
        """Note frozen lists that a run put in place and was stopped before it noted them."""
        noted = set(self._lake.rows("SELECT school_unit_code, period FROM publications"))
        found = [
            Published(
                standing, week.name, Provenance.of_published(place), place.relative_to(self._home)
            )
            for week in sorted(lists_root(self._home).glob(_WEEKS))
            for place in sorted(week.iterdir())
            if (place.name, week.name) not in noted and (standing := self.recall(place))
        ]
        keep_published(self._lake, found)

    def count_uncounted(self) -> None:
        """Keep what frozen lists count that a version noted which did not keep it."""
        uncounted = self._lake.rows(
            "SELECT period, school_unit_code FROM publications "
            "WHERE is_frozen AND pupils_evaluated IS NULL ORDER BY ALL"
        )
        places = [(week, published_folder(self._home, week, code)) for week, code in uncounted]
        found = [(week, recall(self._sealer, place)) for week, place in places]
        keep_counts(self._lake, [(week, standing) for week, standing in found if standing])


@dataclass(frozen=True)
class MentorRelease:
    """What became of the mentors' files of a week: where they stand, and how many mentors."""

    folders: tuple[Path, ...]
    mentors: int
    left_out: int  # pupils of the lists who are protected by now, or gone from the lake


def release_mentor_files(lake: Lake, week: str, *, school: str | None = None) -> MentorRelease:
    """Make the mentors' files of a week's frozen lists, from the lists as data.

    The rektor's files stay as they are. Who has become protected since, or was taken out of the
    lake, is in no mentor's file.

    Args:
        lake: the lake.
        week: ISO week of the lists.
        school: only this school unit.

    Raises:
        NotPublishedError: there is no such list.
        PublishError: a file could not be written; those before it are in place.
    """
    home = lake.settings.home
    standing = _Standing(lake)
    folders = []
    mentors = left_out = 0
    for code in published_lists(lake, week, school)["school_unit_code"]:
        found = standing.recall(published_folder(home, week, code))
        if found is None:
            continue
        hidden = standing.who_may_not_be_shown(found)
        shown = without_pupils(found, hidden)
        folders.append(add_mentor_files(home, week, shown))
        mentors += len(mentors_on(shown))
        left_out += len(hidden)
    return MentorRelease(tuple(folders), mentors, left_out)


def _nothing_yet(watchlist: Watchlist, found: Unlike, provenance: Provenance) -> ListToPublish:
    """Return a list that only says why there is none: the rektor should not look in vain."""
    with_notices = replace(
        watchlist,
        pupils_evaluated=0,
        protected_pupils=0,
        pupils=(),
        insufficient=(),
        unreported=(),
        cleared=(),
        compared_with="",
        notices=(notice_texts.NOTICE_HELD_FIRST.format(reasons=" ".join(found.held)),),
        held=found.held,
        at_risk=(),
        thin=(),
        lost_rows=0,
        told_weeks=(),
        follow_up=None,
    )
    return ListToPublish(with_notices, provenance, with_notices)


def _files_used(lake: Lake, evaluation: Evaluation) -> pl.DataFrame:
    first = min(window.window_start for window in evaluation.windows)
    return lake.relation("watchlists/school_inputs", first_date=first, as_of=evaluation.as_of)


def _refused(used: pl.DataFrame) -> dict[str, RefusedRows]:
    refused = (
        used.filter(pl.col("rows_rejected") > 0)
        .group_by("school_unit_code")
        .agg(pl.col("rows_rejected").sum(), pl.len())
    )
    return {code: RefusedRows(rows, files) for code, rows, files in refused.iter_rows()}


def _provenances(used: pl.DataFrame) -> dict[str, list[dict[str, object]]]:
    inputs: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in used.iter_rows(named=True):
        inputs[row["school_unit_code"]].append(
            {
                "sha256": row["file_sha256"],
                "exported_at": row["exported_at"].isoformat(),
                "rows_read": row["rows_read"],
                "rows_accepted": row["rows_accepted"],
                "rows_rejected": row["rows_rejected"],
            }
        )
    return inputs


def _input_hash(lake: Lake) -> str:
    digest = sha256()
    for (file_hash,) in lake.rows(
        "SELECT DISTINCT file_sha256 FROM files "
        "WHERE outcome NOT IN ('duplicate', 'quarantined', 'awaiting_release') ORDER BY 1"
    ):
        digest.update(file_hash.encode())
    return digest.hexdigest()
