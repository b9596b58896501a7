"""What the command line prints: answers as table, CSV or JSON; ledger rows; summaries.

Answers and ledger go to standard output, everything about them to standard error, so that a pipe
gets data only. Every command loads this: what made a thing is known here by its type only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from assets.exports.csv_text import write_csv
from assets.exports.files.printable import is_plainly_seen, plainly_seen, printable_name
from assets.exports.stage_times import STAGES
from pipelines.cli.options import Format
from pipelines.cli.tables import laid_out

if TYPE_CHECKING:
    from assets.checks.silence import Silence
    from assets.exports.ingest import Progress as ProgressCall
    from assets.exports.ledger.outcomes import FileReport
    from assets.flags.answers import Answer
    from assets.watchlists.release.releases import OverdueAt

_MOST_ROW_PROBLEMS = 5


def say(text: str) -> None:
    """Print a sentence to standard error; nothing that is quoted in it steers the terminal."""
    print(_seen(text), file=sys.stderr)


def say_out(text: str) -> None:
    """Print lines of an answer to standard output, plainly seen as `say` does."""
    print(_seen(text))


def print_json(document: object) -> None:
    """Print a document to standard output as JSON, which a terminal can't take for anything else.

    JSON writes out the control characters up to U+001F itself; here all others too.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2)
    print("\n".join("".join(map(_in_json, line)) for line in text.split("\n")))


def _seen(text: str) -> str:
    return "\n".join(map(plainly_seen, text.split("\n")))


def _in_json(letter: str) -> str:
    if letter.isascii() or is_plainly_seen(letter):
        return letter
    units = letter.encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2] for at in range(0, len(units), 2))
    return "".join(f"\\u{int.from_bytes(pair):04x}" for pair in pairs)


def print_rows(columns: Sequence[str], rows: Sequence[dict[str, Any]], kind: Format) -> None:
    """Print rows under fixed columns to standard output."""
    if kind == Format.CSV:
        write_csv(sys.stdout, columns, rows)
    elif kind == Format.JSON:
        print_json([{column: row[column] for column in columns} for row in rows])
    else:
        what, width = laid_out(
            [_one_line(column) for column in columns],
            [{_one_line(c): _one_line(row[c]) for c in columns} for row in rows],
        )
        # Records are lines already: a word that is longer than the terminal is left to it whole.
        Console(width=width, markup=False, highlight=False).print(
            what, soft_wrap=isinstance(what, str)
        )


def _one_line(value: object) -> str:
    return plainly_seen(" ".join(str(value).split()))


def print_answer(answer: Answer, kind: Format, when_empty: str) -> None:
    """Print an answer, and say what is not in it.

    Args:
        answer: the answer.
        kind: how it is printed.
        when_empty: what is said of an answer without rows.
    """
    print_rows(answer.columns, answer.rows, kind)
    if answer.protected_left_out:
        say(f"{answer.protected_left_out} pupils with protected identity are left out.")
    if not answer.rows:
        say(when_empty)


def print_reports(reports: Sequence[FileReport]) -> None:
    """Print the ledger rows of a run."""
    rows = [
        {
            "file": printable_name(report.name),
            "outcome": str(report.outcome),
            "layout": report.layout or "",
            "read": report.rows_read,
            "accepted": report.rows_accepted,
            "rejected": report.rows_rejected,
            "superseded": report.rows_superseded,
            "warned": report.rows_warned,
        }
        for report in reports
    ]
    if rows:
        print_rows(tuple(rows[0]), rows, Format.TABLE)


def say_refused(reports: Sequence[FileReport]) -> None:
    """Say to standard error which files and rows were not taken, or not as they said, and why."""
    for report in reports:
        if report.notice and not report.is_duplicate:
            say(f"{printable_name(report.name)}: {report.notice}.")
        if report.is_whole:
            continue
        say(f"{printable_name(report.name)}: {report.outcome}: {report.reason}")
        refused = [problem for problem in report.problems if problem.is_rejection]
        for problem in refused[1:_MOST_ROW_PROBLEMS]:
            say(f"    {problem.in_words()}")
        if len(refused) > _MOST_ROW_PROBLEMS:
            more = len(refused) - _MOST_ROW_PROBLEMS
            say(f"    and {more} more; see `trappan files --rejected`")


def say_waiting(
    held: Sequence[str],
    silent: Sequence[Silence],
    published: Collection[str],
    unread_protection: Sequence[str] = (),
) -> None:
    """Say to standard error which lists wait and why, and which rest on silence all the same.

    Args:
        held: school units whose list waits.
        silent: schools that sent nothing when they should.
        published: school units with a list of this run; of others nothing is said.
        unread_protection: those of `held` of whom nobody knows who is protected.
    """
    of_code = {silence.school_unit_code: silence for silence in silent}
    for code, silence in sorted(of_code.items()):
        if code not in published:
            continue
        if silence.newest is None:
            say(f"School unit {code} is in the register and has never sent a lesson or a sum.")
        elif silence.is_held and code not in held:
            say(f"{_silence(silence)} Its list is out all the same.")
    for code in held:
        if code in unread_protection:
            say(
                f"School unit {code} waits: a file has a column about protection that could not be "
                "read, so nobody knows who is protected. Look at `trappan files`, mend the layout "
                "and read the file again with `trappan retry`, or send it with a column that can "
                "be read."
            )
        elif code in of_code and of_code[code].is_held:
            say(
                f"{_silence(of_code[code])} It is held: its list waits until they come, or until a "
                "`lov` file says that there was no school. The list that stands says why; the "
                f"week's is made with --even-if-held --school {code} by who has looked."
            )
        else:
            say(
                f"School unit {code} is held: its newest data is unlike its norm. The list that "
                "stands says why; no new one was made. Look at `trappan files`, mend the export, "
                f"or publish with --even-if-held --school {code} when the data is right."
            )


def _silence(silence: Silence) -> str:
    newest = silence.newest.isoformat() if silence.newest else "never"
    if silence.kind == "sums":
        months = "1 month is" if silence.missing == 1 else f"{silence.missing} months are"
        return (
            f"School unit {silence.school_unit_code} has sent no monthly sums after {newest}: "
            f"{months} due."
        )
    days = "1 school day is" if silence.missing == 1 else f"{silence.missing} school days are"
    others = (
        f"other schools have lessons of {silence.confirmed} of them"
        if silence.confirmed
        else "no other school has lessons of them either, as in a holiday that no `lov` file names"
    )
    return (
        f"School unit {silence.school_unit_code} has sent no lessons after {newest}: {days} "
        f"missing, and {others}."
    )


def say_overdue(overdue: Sequence[OverdueAt]) -> None:
    """Say how many pupils of the lists nobody recorded an act about in time, and at which schools.

    Args:
        overdue: of each school whose list says what was done; none without a portal.
    """
    late = [one for one in overdue if one.pupils]
    pupils, unmoved = sum(one.pupils for one in late), sum(one.unmoved for one in late)
    if not late:
        return
    schools = ", ".join(f"{one.school_unit_code} {one.pupils}" for one in late)
    say(
        f"Pupils on lists without an act in time: {pupils} ({schools}). Of them {unmoved} stood on "
        "the list before, and nothing was recorded since."
    )


def say_seconds(seconds: Mapping[str, float]) -> None:
    """Say where the time went: stages go on beside each other, so they add up to more."""
    for stage in STAGES:
        if stage in seconds:
            say(f"{stage:<8} {seconds[stage]:8.2f} s")


def print_lists(folders: Sequence[Path]) -> None:
    """Print where the lists are."""
    for folder in folders:
        for path in sorted(folder.iterdir()):
            # Of mentors' lists, which can be hundreds, only where they are.
            if path.suffix in {".xlsx", ".html"} or path.is_dir():
                say_out(str(path))


@contextmanager
def watched(*, has_time_left: bool = False) -> Iterator[ProgressCall | None]:
    """Give a progress callback when a person is watching standard error, else None.

    Args:
        has_time_left: say how long it will take, of work whose parts are alike.
    """
    if not sys.stderr.isatty():
        yield None
        return
    console = Console(stderr=True)
    columns = [TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    if has_time_left:
        columns += [TextColumn("left"), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def call(word: str, done: int, total: int) -> None:
            progress.update(task, description=word, completed=done, total=total or None)

        yield call
