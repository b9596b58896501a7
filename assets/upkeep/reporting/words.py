"""A night in words: as the lines of `trappan status`, as a mail, and as a page in Markdown.

Plain English, for who runs it. Only what a report holds is said; the words of a failure are said
where the home is, and never in a mail. Not here: what is found (`standing.py`), how a mail is sent
(`telling.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from assets.upkeep.reporting.report import NightFailure, NightReport, NightResult, SchoolNight
from assets.upkeep.reporting.standing import HomeStatus, moment

#: Schools that a line names before it says how many more there are.
_MOST_NAMED = 5
_GIB = 1024
_RESULTS = {
    NightResult.WELL: "ended well",
    NightResult.WAITS: "ended with something waiting",
    NightResult.BROKEN: "did not end well",
    NightResult.REFUSED: "was refused",
    NightResult.KILLED: "was begun and never ended",
}
_LABEL = "{:<8} {}"
_UNDECIDED = "; what goes, and when, is not decided (docs/operators-retention.md)"


def status_lines(standing: HomeStatus) -> list[str]:
    """Return how a home stands, in ten lines."""
    said = " ".join(standing.because) or "nothing waits."
    report = standing.newest
    if report is None:
        told = dict.fromkeys(("night", "files", "rows", "schools", "lists", "newest"), "none yet")
        told["disk"] = _free(standing.free_mib)
        told["told"] = "nobody yet"
    else:
        told = dict(_facts(report))
        if standing.free_mib is not None:
            size = f"{_mib(report.disk.home_mib)} in the home then, " if report.disk else ""
            told["disk"] = f"{size}{_free(standing.free_mib)}"
    if standing.under_way:
        begun = moment(standing.under_way.begun_at)
        told["night"] += f"; one of {standing.under_way.as_of} is under way since {begun}"
    decided = "" if standing.is_decided else _UNDECIDED
    lines = {"state": f"{standing.state}: {said}"} | told | {"lake": f"{standing.lake}{decided}"}
    return [_LABEL.format(label, words) for label, words in lines.items()]


def mail_subject(report: NightReport) -> str:
    """Return the subject of the mail about a night."""
    return f"trappan: the night of {report.as_of} {_RESULTS[report.result]}"


def mail_text(report: NightReport) -> str:
    """Return the mail about a night: counts, codes of school units, and where to look further."""
    lines = [mail_subject(report).partition(" ")[2] + ".", ""]
    if report.failure:
        lines += [f"It stopped {_place(report.failure)}. Why, says the report.", ""]
    lines += [f"- {sentence}" for sentence in report.waits_for]
    lines += [""] if report.waits_for else []
    lines += [
        _LABEL.format(label, words) for label, words in _facts(report) if label not in {"told"}
    ]
    lines += [
        "",
        f"The whole report is reports/{report.as_of}.md in the home.",
        "How it stands now: `trappan status`.",
    ]
    return "\n".join(lines) + "\n"


def as_markdown(report: NightReport) -> str:
    """Return the report as a page."""
    return "\n".join(_page(report)) + "\n"


def _facts(report: NightReport) -> Iterator[tuple[str, str]]:
    """Yield what is said of a night, by label."""
    took = ""
    if report.ended_at:
        took = f"; it took {_duration(report.seconds)}, until {moment(report.ended_at)}"
    yield "night", f"of {report.as_of} {_RESULTS[report.result]}{took}"
    files = report.files
    outcomes = ", ".join(f"{number} {name}" for name, number in files.by_outcome.items())
    yield "files", f"{files.offered} offered{': ' if outcomes else ''}{outcomes}"
    yield (
        "rows",
        (f"{files.rows_read} read, {files.rows_accepted} accepted, {files.rows_refused} refused"),
    )
    yield "schools", _senders(report.schools)
    yield "lists", _lists(report)
    yield "newest", _freshness(report.schools)
    disk = report.disk
    yield (
        "disk",
        f"{_mib(disk.home_mib)} in the home, {_free(disk.free_mib)}" if disk else "not known",
    )
    told = report.told
    yield "told", f"mail {told.mail}, ping {told.ping}, metrics {told.metrics}"


def _senders(schools: Sequence[SchoolNight] | None) -> str:
    if schools is None:
        return "not known: the lake could not be asked"
    sent = sum(school.has_sent for school in schools)
    silent = [school.school_unit_code for school in schools if not school.has_sent]
    return f"{sent} of {len(schools)} sent{'; not: ' if silent else ''}{_named(silent)}"


def _lists(report: NightReport) -> str:
    counts = report.lists
    said = f"{counts.made} made, {counts.waiting} waiting"
    if counts.weeks_made_up:
        said += f", {counts.weeks_made_up} weeks made up"
    if counts.in_no_register:
        said += f", {counts.in_no_register} schools in no register"
    why = [
        f"{school.school_unit_code} ({'; '.join(school.why)})"
        for school in report.schools or ()
        if school.list == "waits"
    ]
    if why:
        said += f": {_named(why)}"
    if report.delivery.is_set:
        failed = report.delivery.files_failed + report.delivery.notices_failed
        said += f"; delivered: {report.delivery.files_put} files, {failed} failed"
    return said


def _freshness(schools: Sequence[SchoolNight] | None) -> str:
    known = [(one.newest_lesson_date, one) for one in schools or () if one.newest_lesson_date]
    if not known:
        return "no lesson is known"
    newest = max(day for day, _ in known)
    oldest, school = min(known, key=lambda one: (one[0], one[1].school_unit_code))
    if oldest == newest:
        return f"lessons up to {newest}, of every school that sends lessons"
    return (
        f"lessons up to {newest}; the oldest are those of {school.school_unit_code}, up to {oldest}"
    )


def _named(codes: Sequence[str]) -> str:
    more = len(codes) - _MOST_NAMED
    return ", ".join(codes[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _place(failure: NightFailure) -> str:
    step = f"in the step {failure.step}" if failure.step else "before its first step"
    check = f", at the check {failure.check}" if failure.check else ""
    return f"{step}{check} ({failure.kind})"


def _duration(seconds: float | None) -> str:
    minutes, rest = divmod(round(seconds or 0), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _mib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB" if size >= _GIB else f"{size} MiB"


def _free(free: int | None) -> str:
    return "free space is not known" if free is None else f"{_mib(free)} free"


def _page(report: NightReport) -> Iterator[str]:
    yield f"# The night of {report.as_of}"
    yield ""
    by = "the command line" if report.started_by == "command" else "Dagster"
    yield (
        f"It {_RESULTS[report.result]}. Begun at {moment(report.begun_at)} by {by}, version "
        f"{report.program}."
    )
    if report.failure:
        yield ""
        yield f"It stopped {_place(report.failure)}. {report.failure.words}"
    yield from _bullets(report.waits_for)
    yield ""
    yield from _table(("What", "How it was"), _facts(report))
    if report.schools:
        yield from ("", "## Schools", "")
        yield from _table(
            ("School unit", "Sent", "Newest lesson", "Days behind", "List", "Why it waits"),
            (
                (
                    one.school_unit_code,
                    "yes" if one.has_sent else "no",
                    one.newest_lesson_date or "none",
                    "" if one.days_behind is None else one.days_behind,
                    one.list,
                    "; ".join(one.why),
                )
                for one in report.schools
            ),
        )
    if report.stages:
        yield from ("", "## Where the time went", "")
        yield from _table(
            ("Stage", "Seconds"), ((one.stage, f"{one.seconds:.2f}") for one in report.stages)
        )
    yield from _of_others(report)
    yield from _bullets(report.told.faults)


def _of_others(report: NightReport) -> Iterator[str]:
    if not report.other_runs:
        return
    yield from ("", "## Other runs of this date", "")
    if report.other_runs_left_out:
        yield f"{report.other_runs_left_out} older ones are left out."
        yield ""
    yield from _table(
        ("Begun", "By", "How it ended", "Why"),
        (
            (
                moment(run.begun_at),
                run.started_by,
                _RESULTS[run.result],
                run.failure.words if run.failure else "",
            )
            for run in report.other_runs
        ),
    )


def _bullets(sentences: Iterable[str]) -> Iterator[str]:
    for place, sentence in enumerate(sentences):
        if not place:
            yield ""
        yield f"- {sentence}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
