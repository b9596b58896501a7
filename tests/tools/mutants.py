"""`make mutants`: faults are planted, one at a time, and the nearest tests have to find each.

Which tests read a file is found out once, by running them; then a fault is looked for by those that
found others, and by the nearest first. Each is planted in a copy of the tree, so that a run that
is stopped leaves the tree as it was. What was found is kept in a record, and isn't asked again
until the file or the tests change. A fault that no test finds is named in `docs/mutants.md` with
the reason why it may live, or the run ends with status 1.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.tools.mutant_record import Record, Verdict
from tests.tools.nearest_tests import Tree
from tests.tools.planted_faults import Mutant, mutants_of
from tests.tools.warm_copy import Copy
from tests.tools.warm_tests import REACHED, Answer

ROOT = Path(__file__).resolve().parents[2]
#: What decides: a fault here reaches a child.
TARGETS = (
    "rules",
    "sql/flags",
    "sql/absence",
    "sql/exports/staged_*.sql",
    "sql/protection",
    "assets/flags/beyond_chance.py",
    "assets/flags/rearrangements.py",
    "assets/flags/suppression.py",
    "assets/lake/encryption.py",
    "assets/exports/files/archive.py",
    "assets/pull/sessions.py",
    "assets/watchlists/mentor_lists.py",
    "assets/watchlists/collect/mentors.py",
    "assets/watchlists/release/mentor_files.py",
    "assets/delivery",
)
ALLOWED = "docs/mutants.md"
#: Every connection reads them, so that a test that does need not be about them.
READ_BY_ALL = frozenset(
    {"counting_lessons", "reaches_step", "protected_pupils", "protected_persons"}
)
CHEAP = ("tests/sql", "tests/unit")
#: Of the dearer folders, tests of so many files, the nearest first, are asked too.
MOST_TEST_FILES = 4
#: Seconds of tests that have to find a fault.
BUDGET = 120
#: Seconds of tests that are asked in a process that is held, before one is begun for the fault.
QUICK = 15


@dataclass
class AskedTests:
    """The tests that are asked about one file.

    Attributes:
        ids: the first first.
        costs: seconds of each, and of the setup before.
        left_out: how many found no time.
    """

    ids: list[str]
    costs: dict[str, float]
    left_out: int = 0
    killers: Counter[str] = field(default_factory=Counter)

    def in_order(self) -> list[str]:
        """Return those that found faults first, the others as they are."""
        found = [name for name, _ in self.killers.most_common(8)]
        return [*found, *(name for name in self.ids if name not in found)]

    def quick(self) -> list[str]:
        """Return those that the held process is asked first: a few seconds of cheap ones."""
        chosen, spent = [], 0.0
        for name in self.in_order():
            spent += self.costs[name]
            if name.startswith("tests/sql/") and spent <= QUICK:
                chosen.append(name)
        return chosen

    @property
    def seconds(self) -> int:
        """How long they may take: several times of what they took, against endless loops."""
        return int(60 + 4 * sum(self.costs.values()))


def probe(text: str) -> str:
    """Return a module that notes when one of its functions is called."""
    tree = ast.parse(text)
    note = f"__import__('os').environ.__setitem__({REACHED!r}, '1')"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            after = 1 if ast.get_docstring(node) is not None else 0
            node.body.insert(after, ast.parse(note).body[0])
    return ast.unparse(tree)


def allowed(root: Path = ROOT) -> frozenset[str]:
    """Return the names of the mutants that `docs/mutants.md` lets live: `- NAME **Why:** …`."""
    text = (root / ALLOWED).read_text(encoding="utf-8")
    return frozenset(re.findall(r"^- (.+?) \*\*Why:\*\* ", text, re.MULTILINE))


def files_of(words: Sequence[str], root: Path = ROOT) -> list[Path]:
    """Return the files of targets: files, folders or patterns from the root; sorted, each once.

    Raises:
        ValueError: a target has no file.
    """
    found: dict[Path, None] = {}
    for word in words:
        place = root / word
        paths = place.rglob("*") if place.is_dir() else root.glob(word)
        chosen = sorted(path for path in paths if path.suffix in (".py", ".sql"))
        if not chosen:
            raise ValueError(f"{word}: no file, expected one or a folder from the project's root")
        found |= dict.fromkeys(chosen)
    return list(found)


class Search:
    """Plants the faults of one file after the other.

    Attributes:
        living: faults that live and may not.
        planted: how many were planted.
    """

    def __init__(
        self, copy: Copy, record: Record, budget: int, tests: Sequence[str], *, is_quick: bool
    ) -> None:
        self._copy, self._record, self._budget = copy, record, budget
        self._named, self._is_quick = tuple(tests), is_quick
        self._tree, self._allowed = Tree(ROOT), allowed()
        self.living: list[Mutant] = []
        self.planted = 0

    def search(self, path: Path, most: int | None, *, is_wide: bool) -> None:
        """Plant the faults of a file, and say what was found."""
        name = path.relative_to(ROOT)
        mutants = list(mutants_of(name, path.read_text(encoding="utf-8")))
        if most and len(mutants) > most:
            mutants = Random(0).sample(mutants, most)  # noqa: S311 - no secret
        if not mutants:
            return
        tests = self._tests_of(path, is_wide=is_wide)
        if not tests.ids:
            print(f"{name}: no test reads it, so none was asked", flush=True)
            return
        verdicts = dict(self._verdicts(mutants, tests))
        alive = [mutant for mutant, verdict in verdicts.items() if verdict.killer is None]
        new = [mutant for mutant in alive if mutant.name not in self._allowed]
        ended = sum(verdict.killer in ("time", "crash") for verdict in verdicts.values())
        self.planted += len(mutants)
        self.living += new
        print(
            f"{name}: {len(mutants)} planted, {len(mutants) - len(alive)} found "
            f"({ended} by time or crash), {len(alive) - len(new)} may live, {len(new)} live; "
            f"{len(tests.ids)} tests, {tests.left_out} left out",
            flush=True,
        )

    def _verdicts(
        self, mutants: Sequence[Mutant], tests: AskedTests
    ) -> Iterator[tuple[Mutant, Verdict]]:
        is_ready = False
        for mutant in mutants:
            known = self._record.verdict(mutant, tests.ids)
            if known is None:
                if not is_ready:
                    self._copy.serve(_mode(mutant.path), _files_of_tests(tests.ids))
                    is_ready = True
                answer = self._asked(mutant, tests)
                if answer.killer is None and self._is_quick:
                    known = Verdict(None)
                else:
                    known = self._record.keep(mutant, tests.ids, answer)
            if known.killer is None and mutant.name not in self._allowed:
                print(f"  lives, line {mutant.line}: {mutant.name}", flush=True)
            if known.killer is not None and known.killer in tests.costs:
                tests.killers[known.killer] += 1
            yield mutant, known

    def _asked(self, mutant: Mutant, tests: AskedTests) -> Answer:
        quick = tests.quick() if _can_be_held(mutant) else []
        if quick:
            answer = self._copy.ask(mutant, quick, tests.seconds, is_held=True)
            if answer.killer or self._is_quick:
                return answer
        return self._copy.ask(mutant, tests.in_order(), tests.seconds)

    def _tests_of(self, path: Path, *, is_wide: bool) -> AskedTests:
        """Return the tests that read a file, by what running them once has shown."""
        near = [_name(test) for test in self._tree.nearest([path])]
        asked = list(self._named) or [test for test in near if test.startswith(CHEAP)]
        if path.suffix == ".sql" and not self._named:
            # A SELECT is read by SELECTs that read its table, so by tests that do not name it.
            every = [_name(test) for test in sorted((ROOT / "tests/sql").glob("test_*.py"))]
            asked += [test for test in every if test not in asked]
        if is_wide and not self._named:
            dear = [test for test in near if not test.startswith((*CHEAP, "tests/architecture"))]
            asked += dear[:MOST_TEST_FILES]
        traced = _traced(path)
        self._trace(traced, asked)
        rows = []
        for number, test in enumerate(asked):
            trace = self._record.trace(test, traced) or Answer()
            # Of what every connection reads, tests that do not name it say little.
            is_far = path.stem in READ_BY_ALL and test not in near
            cases = Counter[str]()
            for one, cost in trace.costs.items():
                if _name_of_trace(path) in trace.reads[one]:
                    # A case of each test before a second one: a test's cases find the same faults.
                    function = one.partition("[")[0]
                    rows.append((is_far, number, cases[function], cost, one))
                    cases[function] += 1
        found, spent = AskedTests([], {}), 0.0
        for *_, cost, one in sorted(rows):
            if spent + cost > self._budget:
                found.left_out += 1
                continue
            spent += cost
            found.ids.append(one)
            found.costs[one] = cost
        return found

    def _trace(self, mutant: Mutant, files: Sequence[str]) -> None:
        missing = [test for test in files if self._record.trace(test, mutant) is None]
        if not missing:
            return
        print(f"{mutant.path}: looking what {len(missing)} files of tests read", flush=True)
        self._copy.serve(_mode(mutant.path), missing)
        for test in missing:
            ids = [one for one in self._copy.collected if one.startswith(f"{test}::")] or [test]
            answer = self._copy.ask(mutant, ids, 3600, stops=False)
            if answer.killer:
                print(f"  {test} fails without a fault: {answer.killer}", flush=True)
            self._record.keep_trace(test, mutant, answer)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _traced(path: Path) -> Mutant:
    """Return a file as it is, or of Python its probe: what tests read is found out with it."""
    text = path.read_text(encoding="utf-8")
    return Mutant(path.relative_to(ROOT), 1, "", text if path.suffix == ".sql" else probe(text))


def _name_of_trace(path: Path) -> str:
    return "" if path.suffix != ".sql" else _name(path).removeprefix("sql/").removesuffix(".sql")


def _can_be_held(mutant: Mutant) -> bool:
    """Whether a lake that is open already reads the fault: views and macros are made at first."""
    is_made_at_first = mutant.path.stem in READ_BY_ALL or "TEMP MACRO" in mutant.text
    return mutant.path.suffix == ".sql" and not is_made_at_first


def _mode(path: Path) -> str:
    return "collected" if path.suffix == ".sql" else "imported"


def _files_of_tests(ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name.partition("::")[0] for name in ids))


def main(words: Sequence[str]) -> int:
    """Plant the faults; 0 when each is found or allowed, 1 when one lives, 2 for bad usage."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("targets", nargs="*", default=TARGETS)
    parser.add_argument("--most", type=int, help="so many faults a file, drawn by a fixed seed")
    parser.add_argument("--wide", action="store_true", help="ask dearer tests too")
    parser.add_argument("--quick", action="store_true", help="ask a few seconds of tests only")
    parser.add_argument("--budget", type=int, default=BUDGET, help="seconds of tests for a fault")
    parser.add_argument("--tests", nargs="+", default=(), help="ask only these files of tests")
    parser.add_argument("--record", type=Path, default=ROOT / "var" / "mutants.jsonl")
    asked = parser.parse_args(words)
    try:
        files = files_of(asked.targets)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    with Copy(ROOT) as copy:
        record = Record(ROOT, asked.record)
        search = Search(copy, record, asked.budget, asked.tests, is_quick=asked.quick)
        for path in files:
            search.search(path, asked.most, is_wide=asked.wide)
    print(
        f"{search.planted} faults were planted; {len(search.living)} live that {ALLOWED} "
        "does not name."
    )
    return 1 if search.living else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
