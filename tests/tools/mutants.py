"""`make mutants`: faults are planted, one at a time, and the nearest tests have to find each.

A fault is another operator or constant: of Python as Cosmic Ray plants them, of SQL by the tokens
that sqlglot reads. Each is planted in a copy of the tree, so that a run that is stopped leaves the
tree as it was. A fault that no test finds is named in `docs/mutants.md` with the reason why it may
live, or the run ends with status 1.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from random import Random

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from sqlglot import Token, TokenType
from sqlglot.dialects.duckdb import DuckDB

from tests.tools.nearest_tests import Tree

ROOT = Path(__file__).resolve().parents[2]
#: What decides: a fault here reaches a child.
TARGETS = (
    "rules",
    "sql/flags",
    "sql/absence",
    "sql/exports/staged_*.sql",
    "sql/protection",
    "assets/flags/suppression.py",
    "assets/lake/encryption.py",
    "assets/exports/files/archive.py",
    "assets/pull/sessions.py",
)
ALLOWED = "docs/mutants.md"
#: SELECTs that tests ask through `tests/sql/ladder.py`, and so do not name.
THROUGH_THE_LADDER = frozenset({"comparisons", "judgements", "levels", "rule_sums", "verdicts"})
LADDER_TESTS = ("tests/sql/test_verdicts.py", "tests/sql/test_unseen.py")
#: Tests of so many files, the nearest first, have to find a fault.
MOST_TEST_FILES = 4
SECONDS = 300

_SWAPS = {
    ">=": ">", ">": ">=", "<=": "<", "<": "<=", "=": "<>", "<>": "=", "+": "-", "-": "+",
    "AND": "OR", "OR": "AND", "TRUE": "FALSE", "FALSE": "TRUE", "MIN": "max", "MAX": "min",
    "BOOL_OR": "bool_and", "BOOL_AND": "bool_or", "LEFT": "INNER", "ANTI": "SEMI", "SEMI": "ANTI",
    "DESC": "ASC", "ASC": "DESC", "NOT": "",
}  # fmt: skip
# Of Cosmic Ray's operators those that change what is decided; the others rarely say more.
_OPERATORS = (
    "core/ReplaceComparisonOperator",
    "core/ReplaceBinaryOperator_Add_Sub",
    "core/ReplaceBinaryOperator_Sub_Add",
    "core/ReplaceAndWithOr",
    "core/ReplaceOrWithAnd",
    "core/ReplaceTrueWithFalse",
    "core/ReplaceFalseWithTrue",
    "core/AddNot",
    "core/NumberReplacer",
    "core/ZeroIterationForLoop",
)


@dataclass(frozen=True)
class Mutant:
    """A file with one fault.

    Attributes:
        path: of the file, from the root.
        line: where the fault is, from 1.
        change: what stands there, and what stands there now.
        text: the whole file with the fault.
    """

    path: Path
    line: int
    change: str
    text: str

    @property
    def name(self) -> str:
        """As `docs/mutants.md` names it: the line's text, because its number changes."""
        return f"{self.path.as_posix()}: {self.change}"


def mutants_of(path: Path, text: str) -> Iterator[Mutant]:
    """Yield a file's mutants, each with one fault."""
    return _of_sql(path, text) if path.suffix == ".sql" else _of_python(path, text)


def _of_sql(path: Path, text: str) -> Iterator[Mutant]:
    tokens = DuckDB.Tokenizer().tokenize(text)
    for token in tokens:
        other = _other(token)
        if other is not None:
            yield _replaced(path, text, token, other)


def _other(token: Token) -> str | None:
    if token.token_type == TokenType.NUMBER and token.text.isdigit():
        return str(int(token.text) + 1)
    if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER, TokenType.PARAMETER):
        return None
    return _SWAPS.get(token.text.upper())


def _replaced(path: Path, text: str, token: Token, other: str) -> Mutant:
    changed = f"{text[: token.start]}{other}{text[token.end + 1 :]}"
    line = text.count("\n", 0, token.start) + 1
    before = text.splitlines()[line - 1].strip()
    column = token.start - (text.rfind("\n", 0, token.start) + 1)
    nth = len(re.findall(re.escape(token.text), text.splitlines()[line - 1][:column]))
    which = f" (no. {nth + 1})" if nth else ""
    return Mutant(path, line, f"`{before}`: {token.text}{which} -> {other or 'nothing'}", changed)


def _of_python(path: Path, text: str) -> Iterator[Mutant]:
    seen = {text}
    for name in sorted(operator_names()):
        if not name.startswith(_OPERATORS):
            continue
        for occurrence in range(10_000):
            changed = mutate_code(text, get_operator(name)(), occurrence)
            if changed is None:
                break
            if changed in seen:
                continue
            seen.add(changed)
            yield _of_two_texts(path, text, changed)


def _of_two_texts(path: Path, text: str, changed: str) -> Mutant:
    pairs = zip(text.splitlines(), changed.splitlines(), strict=False)
    for line, (before, after) in enumerate(pairs, start=1):
        if before != after:
            return Mutant(path, line, f"`{before.strip()}` -> `{after.strip()}`", changed)
    return Mutant(path, 1, "the end", changed)


class Copies:
    """Copies of the tree, one for each worker, in which faults are planted."""

    def __init__(self, folder: Path, count: int) -> None:
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        self._free: Queue[Path] = Queue()
        for number in range(count):
            copy = folder / str(number)
            for name in filter(None, names.split("\0")):
                if (ROOT / name).is_file():
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / name, copy / name)
            self._free.put(copy)

    def lives(self, mutant: Mutant, tests: Sequence[Path]) -> bool:
        """Whether the tests pass in a copy with the fault."""
        copy = self._free.get()
        place = copy / mutant.path
        whole = place.read_bytes()
        try:
            place.write_text(mutant.text, encoding="utf-8")
            return _pass(copy, tests)
        finally:
            place.write_bytes(whole)
            self._free.put(copy)


def _pass(copy: Path, tests: Sequence[Path]) -> bool:
    names = [str(test.relative_to(ROOT)) for test in tests]
    asked = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *names]
    # The copy's packages come before those that are installed: `-m` puts its folder first.
    try:
        done = subprocess.run(asked, cwd=copy, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def allowed(root: Path = ROOT) -> frozenset[str]:
    """Return the names of the mutants that `docs/mutants.md` lets live: `- NAME **Why:** …`."""
    text = (root / ALLOWED).read_text(encoding="utf-8")
    return frozenset(re.findall(r"^- (.+?) \*\*Why:\*\* ", text, re.MULTILINE))


def files_of(words: Sequence[str], root: Path = ROOT) -> list[Path]:
    """Return the files of targets: files, folders or patterns from the root; sorted, each once.

    Raises:
        ValueError: a target has no file.
    """
    found: set[Path] = set()
    for word in words:
        place = root / word
        paths = place.rglob("*") if place.is_dir() else root.glob(word)
        chosen = {path for path in paths if path.suffix in (".py", ".sql")}
        if not chosen:
            raise ValueError(f"{word}: no file, expected one or a folder from the project's root")
        found |= chosen
    return sorted(found)


def plant(files: Sequence[Path], most: int | None, jobs: int) -> int:
    """Plant the faults of files, say what was found, and return how many live that must not."""
    tree, known = Tree(ROOT), allowed()
    planted = living = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        copies = Copies(Path(folder), jobs)
        for path in files:
            name = path.relative_to(ROOT)
            tests = tree.nearest([path])[:MOST_TEST_FILES]
            if path.stem in THROUGH_THE_LADDER:
                tests = [ROOT / test for test in LADDER_TESTS]
            if not tests:
                print(f"{name}: no test names it, so none was asked", flush=True)
                continue
            mutants = list(mutants_of(name, path.read_text(encoding="utf-8")))
            if most and len(mutants) > most:
                mutants = Random(0).sample(mutants, most)  # noqa: S311 - no secret
            found = pool.map(lambda mutant, near=tests: copies.lives(mutant, near), mutants)
            alive = [mutant for mutant, lives in zip(mutants, found, strict=True) if lives]
            new = [mutant for mutant in alive if mutant.name not in known]
            planted, living = planted + len(mutants), living + len(new)
            print(f"{name}: {len(mutants) - len(alive)} of {len(mutants)} found", flush=True)
            for mutant in new:
                print(f"  lives, line {mutant.line}: {mutant.name}", flush=True)
    print(f"{planted} faults were planted; {living} live that {ALLOWED} does not name.")
    return living


def main(words: Sequence[str]) -> int:
    """Plant the faults; 0 when each is found or allowed, 1 when one lives, 2 for bad usage."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("targets", nargs="*", default=TARGETS)
    parser.add_argument("--most", type=int, help="so many faults a file, drawn by a fixed seed")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args(words)
    try:
        files = files_of(asked.targets)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if plant(files, asked.most, asked.jobs) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
