"""An explanation in English, for the terminal. Not here: what is so (`assets/flags/explain.py`).

Nothing here says that anything was decided: a verdict is what the rule's comparison gives, and a
person assesses.
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from assets.flags.beyond_chance import ComparedWeeks, Trend, Weekday, WeekSpan
from assets.flags.exact_numbers import Bound, compare, minutes_to_turn, spaced
from assets.flags.explain import Aside, ExplainedRule, Explanation, InputFile, Judgement
from assets.flags.outlook import Outlook
from assets.flags.patterns import Pattern, Run, Week
from assets.flags.prognoses import Prognosis
from assets.flags.rearrangements import Rearranged
from assets.flags.within_days import Edge, TimetablePart
from rules.models import Rule, RuleSet
from rules.threshold import Threshold

# Lessons that don't count, in English.

_WHY = {
    "superseded": "superseded, a newer word about the same lesson counts",
    "after_leaving": "after the end of the roster record there",
    "disputed": "the pupil is enrolled elsewhere, so it waits",
    "set_aside": "set aside",
    "contradicted": "rows of one file contradict each other, so it counts as unreported",
}


def aside_lines(asides: Sequence[Aside]) -> Iterator[str]:
    """Yield a line a lesson, with what stands for it."""
    if not asides:
        yield "Every lesson in the windows that was not cancelled counts."
        return
    yield "Lessons in the windows that do not count, or count as unreported:"
    yield from (f"  {aside_sentence(aside)}" for aside in asides)


def aside_sentence(aside: Aside) -> str:
    """What one lesson was, why it does not count and what stands for it."""
    what = "a lesson at another school"
    if aside.is_own_school:
        what = f"{aside.starts_at:%H:%M} {aside.subject or 'without a subject'}"
    return f"{aside.lesson_date} {what}{_said(aside)}: {_WHY[aside.reason]}{_beside(aside)}"


def _said(aside: Aside) -> str:
    if aside.reason == "contradicted":
        return f" ({aside.scheduled_minutes} min)"
    if aside.is_contradicted:
        return f" ({aside.scheduled_minutes} min, rows of one file contradict each other)"
    if not aside.is_reported:
        return f" ({aside.scheduled_minutes} min, unreported)"
    return f" (absent {aside.absent_minutes} of {aside.scheduled_minutes} min)"


def _beside(aside: Aside) -> str:
    if aside.is_beside_own_school is None:
        return ""
    name = "a lesson at another school"
    if aside.is_beside_own_school:
        name = f"{aside.beside_subject or 'a lesson without a subject'} at "
        name += f"{aside.beside_starts_at:%H:%M}"
    if aside.reason == "superseded":
        return f": {name}"
    if not aside.is_beside_reported:
        return f", {name} at the same time is unreported too"
    return f", present {aside.beside_present_minutes} min in {name} at the same time"


# What can come of a rule, in English.

_UNKNOWN = {
    "monthly_sums": "unknown: days are not known where a school gives sums per month",
    "no_timetable": "unknown: no coming lesson is known, and there were none in eight weeks",
}
_YEAR_END = "before the school year ends"


def outlook_sentence(outlook: Outlook, rule: Rule) -> str:
    """One sentence about one rule on one basis."""
    if outlook.unknown:
        return _UNKNOWN[outlook.unknown]
    if outlook.first_look_date is None:
        return "the basis is not looked at again before the school year ends"
    percent = f"{rule.threshold_pct.normalize():f} %"
    is_over = rule.comparison == "over"
    if outlook.is_reached:
        falls = f"come down to {percent}" if is_over else f"fall below {percent}"
        when = f"before {outlook.turn_date}" if outlook.turn_date else _YEAR_END
        return f"cannot {falls} {when} even with full attendance"
    reaches = f"over {percent}" if is_over else f"at least {percent}"
    if outlook.turn_date is None:
        return f"cannot be {reaches} {_YEAR_END}"
    if outlook.lessons == 0:
        return f"will be {reaches} on {outlook.turn_date} even with full attendance"
    lessons = "1 lesson" if outlook.lessons == 1 else f"{outlook.lessons} lessons"
    return (
        f"{lessons} more, missed in a row from now on, before it is {reaches}: on "
        f"{outlook.turn_date} at the earliest"
    )


def timetable_sentence(prognosis: Prognosis | None) -> str:
    """What the outlooks take the coming lessons from."""
    timetable = prognosis.timetable if prognosis else None
    if timetable is None or not timetable.lessons:
        return "Coming lessons: none are known."
    usual = f"as the weekdays of the latest {timetable.weeks} weeks with lessons"
    if timetable.known_until_date is None:
        return f"Coming lessons are taken {usual}; holidays to come are not known."
    known = f"as the lake knows them, the last on {timetable.known_until_date}"
    if not timetable.weeks:
        return f"Coming lessons are taken {known}."
    return f"Coming lessons are taken {known}; other days {usual}. Holidays to come are not known."


# A pattern of absence in English: where the minutes lie, never why.

_SHAPES = {
    "none": "no absence",
    "too_little": "too few days to say how the absence lies",
    "coherent": "coherent: most of the absence lies in long runs of whole days",
    "scattered": "scattered: little or none of the absence lies in long runs of whole days",
    "mixed": "both: some of the absence lies in long runs of whole days",
}
_TRENDS: dict[Trend, str] = {
    "unknown": "too few school weeks",
    "rising": "rising",
    "falling": "falling",
    "level": "neither clearly rising nor falling",
}


def pattern_lines(pattern: Pattern | None) -> Iterator[str]:
    """Yield the lines of a pattern; it describes and does not explain."""
    if pattern is None:
        yield "Pattern: no reported lesson at the pupil's school in the rolling two months."
        return
    yield (
        f"Pattern at the pupil's own school {pattern.first_date} to {pattern.last_date} "
        "(describes, explains nothing; limits are our choice, docs/patterns.md):"
    )
    yield (
        f"  {pattern.days} school days with a report, {pattern.absent_days} with absence, "
        f"{pattern.whole_days} wholly absent; A {spaced(pattern.absent_minutes)} of R "
        f"{spaced(pattern.reported_minutes)} minutes"
    )
    yield f"  {_SHAPES[pattern.shape]}; {spaced(pattern.long_run_minutes)} minutes in long runs"
    if pattern.longest_run:
        yield f"  longest run of whole days: {_run(pattern.longest_run, pattern.absent_minutes)}"
    yield from (f"  {_weekday(weekday)}" for weekday in pattern.weekdays)
    yield from (f"  {_edge(edge)}" for edge in pattern.edges)
    yield from (f"  {_subject(subject)}" for subject in pattern.subjects)
    yield f"  trend before every window that was hit: {_TRENDS[pattern.trend]}"
    if pattern.compared:
        yield from (f"    {line}" for line in _trend_lines(pattern.compared))
    yield f"  {len(pattern.weeks)} weeks up to {pattern.last_date}:"
    yield from (f"    {_week(week)}" for week in pattern.weeks)


def _run(run: Run, absent_minutes: int) -> str:
    return (
        f"{run.days} school days, {run.first_date} to {run.last_date}, "
        f"{percent(run.absent_minutes, absent_minutes)} of the absence"
    )


def _weekday(weekday: Weekday) -> str:
    told = (
        f"weekday {calendar.day_name[int(weekday.name) - 1]}: "
        f"{percent(weekday.absent_minutes, weekday.reported_minutes)}, the rest "
        f"{percent(weekday.other_absent_minutes, weekday.other_reported_minutes)}; "
        f"{_missed(weekday)}"
    )
    if weekday.rearranged is None:
        return told
    times, mark = weekday.questions, "  <- stands out" if weekday.is_named else ""
    return f"{told}; {_laid(weekday.rearranged)}, times {times} weekdays{mark}"


def _missed(part: Weekday | WeekSpan) -> str:
    spells = "1 spell" if part.spells == 1 else f"{part.spells} spells"
    return f"a lesson missed on {part.absent_days} of {part.days} days, in {spells}"


def _laid(laid: Rearranged) -> str:
    """How often chance lays the spells so, in numbers that can be worked out again."""
    lengths = ", ".join(f"{n} of {days} d" for days, n in sorted(Counter(laid.spells).items()))
    return (
        f"of {spaced(laid.ways)} ways to lay all spells ({lengths}) on the {laid.days} school days "
        f"{spaced(laid.as_many)} put at least {laid.marked_days} absent days there: "
        f"{percent(laid.as_many, laid.ways)}"
    )


def _trend_lines(compared: ComparedWeeks) -> Iterator[str]:
    spans = (("later", compared.later), ("earlier", compared.earlier))
    yield from (f"{compared.weeks} {name} school weeks {_span(span)}" for name, span in spans)
    if compared.rearranged:
        higher = "later" if compared.is_later_higher else "earlier"
        yield f"in the {higher} ones: {_laid(compared.rearranged)}"


def _span(span: WeekSpan) -> str:
    share = percent(span.absent_minutes, span.reported_minutes)
    return f"{span.first_date} to {span.last_date}: {share}; {_missed(span)}"


def _subject(part: TimetablePart) -> str:
    told = (
        f"subject {part.name}: {percent(part.absent_minutes, part.reported_minutes)} of "
        f"{part.days} days, the rest "
        f"{percent(part.other_absent_minutes, part.other_reported_minutes)}; missed on "
        f"{part.alone_days} days with other lessons attended"
    )
    return f"{told}{_placed(part, 'subjects')}"


def _edge(edge: Edge) -> str:
    told = (
        f"{edge.edge} lesson: missed on {edge.missed_days} of {edge.days} days, on "
        f"{edge.alone_days} of them with other lessons attended; other lessons "
        f"{edge.other_missed} of {edge.other_lessons}"
    )
    return f"{told}{_placed(edge, 'edges')}"


def _placed(part: Edge | TimetablePart, of_what: str) -> str:
    """How often chance places the lesson so, in numbers that can be worked out again."""
    placed = part.placed
    if placed is None:
        return ""
    kinds = ", ".join(
        f"{days} d with {missed} of {lessons}"
        for (missed, lessons), days in sorted(Counter(placed.days).items())
    )
    mark = "  <- stands out" if part.is_named else ""
    return (
        f"; of {spaced(placed.ways)} ways to place it among the lessons of the {len(placed.days)} "
        f"days missed in part ({kinds} lessons missed) {spaced(placed.as_many)} have it missed on "
        f"at least {placed.missed_days}: {percent(placed.as_many, placed.ways)}, times "
        f"{part.questions} {of_what}{mark}"
    )


def _week(week: Week) -> str:
    return (
        f"{week.first_date} to {week.last_date}: "
        f"{percent(week.absent_minutes, week.reported_minutes)} of {week.days} days"
    )


def percent(part: int, whole: int) -> str:
    """A share cut to one decimal, as the lists cut it; undefined shares are said to be so."""
    if not whole:
        return "undefined"
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10} %"


_WINDOWS = {"one_month": "one month", "two_months": "two months"}
_BOUNDS: tuple[tuple[Bound, str, str], ...] = (
    ("rate", "rate", "is_reached"),
    ("lower", "certain?", "is_reached_at_least"),
    ("upper", "at most", "is_reached_at_most"),
)
_RESTS_ON = {
    "only_monthly_sums": "the window has months that are known as sums only, so lessons alone must "
    "reach the step",
    "nothing_scheduled": "nothing is scheduled: there is nothing to be absent from",
    "nothing_reported": "no lesson is reported",
    "too_few_days": "there are too few school days",
    "reached": "the reported absence reaches the step",
    "low_coverage": "only the unreported lessons could reach the step, and coverage is under the "
    "floor",
    "not_reached": "the reported absence does not reach the step",
}


def text_of(explanation: Explanation, person: dict[str, str] | None) -> Iterator[str]:
    """Yield the lines of an explanation.

    Args:
        explanation: what `explain` gave.
        person: names and number, only for who asked for identities.
    """
    yield from head(explanation, person)
    for explained in explanation.rules:
        yield ""
        yield from _rule_lines(explained, explanation)
    if explanation.rules:
        rule_set = explanation.evaluation.rule_set
        yield ""
        yield "Values that rules share:"
        shared = ("window.", "coverage.", "leaver.", "sums.", "unseen.", "parallel.")
        yield from _value_lines(rule_set, shared)
        yield ""
        yield timetable_sentence(explanation.prognosis)
        yield "An outlook is about the step alone: least days, grade and a ulf hit come on top."
        yield ""
        yield from pattern_lines(explanation.pattern)
        yield "  values:"
        yield from (f"  {line}" for line in _value_lines(rule_set, ("pattern.",)))
    yield ""
    yield from aside_lines(explanation.asides)
    yield ""
    yield "Input files behind the windows:"
    yield from (_file_line(file) for file in explanation.files)
    yield ""
    yield "This is evidence for a candidate. A person assesses and decides."


def head(explanation: Explanation, person: dict[str, str] | None) -> Iterator[str]:
    """Yield who it is about, by which rules, and where the pupil belongs."""
    evaluation, place = explanation.evaluation, explanation.place
    rule_set = evaluation.rule_set
    yield (
        f"Pupil {explanation.pupil_key} as of {evaluation.as_of}, rule set {rule_set.name} "
        f"{rule_set.version}"
    )
    if person is not None:
        yield f"{person['given_name']} {person['family_name']}, {person['civic_no']}"
    grade = "unknown" if place.grade is None else place.grade
    yield f"School unit {place.school_unit_code}, class {place.class_name or '-'}, grade {grade}."
    if place.other_schools:
        yield f"Lessons at {place.other_schools} other school units count in the sums."
    if not place.has_left:
        yield f"Level {explanation.level}."


def window_of(rule: Rule) -> str:
    """The window of a rule: `one month`, `two months`."""
    return _WINDOWS[rule.window]


def _rule_lines(explained: ExplainedRule, explanation: Explanation) -> Iterator[str]:
    rule, rule_set = explained.rule, explanation.evaluation.rule_set
    yield f"{rule.name} (level {rule.level}): {limit(rule)} of {window_of(rule)}"
    for basis, judgement in explained.judgements.items():
        if judgement is None:
            yield (
                f"  {basis}: not evaluated. The latest completed month lies before 1 July, the "
                "start of the school year."
            )
            continue
        yield from (f"  {line}" for line in _judgement_lines(judgement, rule, rule_set))
    yield "  values:"
    yield from (f"  {line}" for line in _value_lines(rule_set, (f"{rule.name}.",)))


def _value_lines(rule_set: RuleSet, prefixes: tuple[str, ...]) -> Iterator[str]:
    for name, value in rule_set.values.items():
        if name.startswith(prefixes):
            source = rule_set.references[name]
            yield f"  {name} = {value.text}, from {value.valid_from}. {source}"


def limit(rule: Rule) -> str:
    """The step of a rule: `over 10 %`, `at least 20 %`."""
    comparison = "over" if rule.comparison == "over" else "at least"
    return f"{comparison} {rule.threshold_pct.normalize():f} %"


def _judgement_lines(found: Judgement, rule: Rule, rule_set: RuleSet) -> Iterator[str]:
    certainty = f", {found.certainty}" if found.certainty else ""
    yield f"{found.basis} {found.window_start} to {found.window_end}: {found.verdict}{certainty}"
    yield f"  because {because(found, rule, rule_set)}"
    yield (
        f"  S {spaced(found.scheduled_minutes)}, R {spaced(found.reported_minutes)}, "
        f"V {spaced(found.valid_minutes)}, I {spaced(found.invalid_minutes)}, "
        f"A {spaced(found.absent_minutes)} minutes; {_days(found, rule)}"
    )
    for half in found.halves:
        span = f"{half.first_date} to {half.last_date}" if half.first_date else "cut away by 1 July"
        yield (
            f"  half {span}: S {spaced(half.scheduled_minutes)}, "
            f"R {spaced(half.reported_minutes)}, A {spaced(half.absent_minutes)}; "
            f"{half.days} days of at least {rule.min_days_each_half}"
        )
    yield from _comparison_lines(found, rule)
    yield f"  coverage  {_coverage(found, rule_set)}"
    yield f"  margin    {margin(found.margin_minutes)}{_turns(found, rule)}"
    yield f"  outlook   {outlook_sentence(found.outlook, rule)}"


def _days(found: Judgement, rule: Rule) -> str:
    return f"{found.days} school days of at least {rule.min_days}"


def compared_parts(found: Judgement, rule: Rule) -> list[tuple[int, int, int]]:
    """Scheduled, reported and absent minutes of what must reach the step."""
    if rule.method == "each":
        return [
            (half.scheduled_minutes, half.reported_minutes, half.absent_minutes)
            for half in found.halves
        ]
    return [(found.scheduled_minutes, found.reported_minutes, found.absent_minutes)]


def _turns(found: Judgement, rule: Rule) -> str:
    """How many minutes more, or fewer, would make the comparison come out otherwise."""
    parts = compared_parts(found, rule)
    minutes = minutes_to_turn(parts, rule.threshold)
    if minutes is None:
        return ""
    reach = "be over it" if rule.threshold.is_strict else "reach it"
    if found.is_reached:
        return f"; with {spaced(minutes[0])} fewer it would not {reach}"
    if len(minutes) == 1:
        return f"; {spaced(minutes[0])} more would {reach}"
    more = " and ".join(
        f"{spaced(lack)} more in the {half} half"
        for lack, half in zip(minutes, ("first", "second"), strict=True)
        if lack
    )
    return f"; {more} would {reach}"


def _comparison_lines(found: Judgement, rule: Rule) -> Iterator[str]:
    parts = compared_parts(found, rule)
    for bound, name, answer in _BOUNDS:
        written = [compare(bound, part, rule.threshold).text for part in parts]
        holds = "holds" if getattr(found, answer) else "does not hold"
        yield f"  {name:<9} {'; and '.join(written)}: {holds}"


def because(found: Judgement, rule: Rule, rule_set: RuleSet) -> str:
    """Which clause of docs/rules.md the verdict rests on, in words."""
    if found.rests_on == "no_lessons":
        return (
            f"no lesson of the pupil is known of the latest {rule_set.unseen_after_days} days, "
            f"while the class had lessons on at least {rule_set.unseen_class_days} of them: by the "
            "sums alone it would be clear, but silence is not presence"
        )
    if found.rests_on == "grade":
        grades = f"the rule is for grades {rule_set.values[f'{rule.name}.grades'].text}"
        is_unknown = found.grade_verdict == "insufficient"
        return f"the grade is unknown, and {grades}" if is_unknown else f"{grades} only"
    if found.rests_on == "ulf":
        if found.ulf_verdict == "insufficient":
            return "whether a ulf rule is hit, on either basis, can't be told from the data"
        return "no ulf rule is hit on either basis, and a referral requires one"
    return _RESTS_ON[found.rests_on] + _in_addition(found)


def _in_addition(found: Judgement) -> str:
    """What the clause alone leaves open."""
    if found.rests_on in {"too_few_days", "nothing_reported"}:
        could = "could" if found.is_reached_at_most else "could not"
        return f"; with all unreported lessons missed the step {could} be reached"
    if found.rests_on == "not_reached" and found.is_reached_at_most:
        return "; the unreported lessons could, but coverage is at the floor or over it"
    if found.certainty == "likely":
        return ", but it might not be when every unreported lesson was attended"
    return ""


def _coverage(found: Judgement, rule_set: RuleSet) -> str:
    if not found.scheduled_minutes:
        return "nothing scheduled"
    floor = rule_set.coverage_floor_bp
    left, right = Threshold(floor, is_strict=False).sides(
        found.reported_minutes, found.scheduled_minutes
    )
    sign, word = ("<", "under") if found.is_coverage_low else ("≥", "not under")
    percent = f"{Decimal(floor) / 100:f} %"
    return f"R·10000 = {spaced(left)} {sign} {floor}·S = {spaced(right)}: {word} {percent}"


def margin(minutes: Decimal) -> str:
    """How far over or under its step an absence is, in minutes."""
    if not minutes:
        return "exactly at the step"
    minute, side = "minute" if abs(minutes) == 1 else "minutes", "over" if minutes > 0 else "under"
    return f"{abs(minutes).normalize():f} {minute} {side} the step"


def _file_line(file: InputFile) -> str:
    rows = [f"{file.lesson_rows} lesson rows"] if file.lesson_rows else []
    rows += [f"{file.sum_rows} monthly sums"] if file.sum_rows else []
    name = f" {file.name}" if file.name else ""
    exported = file.exported_at.isoformat(" ", "minutes") if file.exported_at else "unknown"
    received = file.received_at.isoformat(" ", "minutes")
    return (
        f"  {file.sha256[:12]}{name} ({file.layout}), exported {exported}, received {received} "
        f"UTC: {', '.join(rows)}"
    )


def day_of(day: date | None) -> str:
    """A date, or that it is not known."""
    return day.isoformat() if day else "unknown"
