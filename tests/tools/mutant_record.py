"""What became of each fault, and what each test reads: lines of JSON in a file outside git."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.tools.planted_faults import Mutant
from tests.tools.warm_tests import Answer


@dataclass(frozen=True)
class Verdict:
    """What became of a fault.

    Attributes:
        killer: the test that found it, "time", "crash", or None when it lives.
    """

    killer: str | None


class Record:
    """A file that only grows. The last word about a fault counts, while what it was about stands.

    A fault that was found stays so while its file and the test's are as they were; one that lives,
    while the same tests are asked and none of their files has changed. Other files may change: who
    wants to know begins with a new record.
    """

    def __init__(self, root: Path, path: Path) -> None:
        self._root, self._path = root, path
        self._known: dict[str, Any] = {}
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        for line in lines:
            said = json.loads(line)
            self._known[said["key"]] = said["value"]

    def verdict(self, mutant: Mutant, tests: Sequence[str]) -> Verdict | None:
        """Return what is known of a fault, None when it has to be asked."""
        said = self._known.get(self._key(mutant))
        if said is None:
            return None
        killer = said["killer"]
        about = self._hash_of([killer] if "::" in (killer or "") else tests)
        return Verdict(killer) if said["tests"] == about else None

    def keep(self, mutant: Mutant, tests: Sequence[str], answer: Answer) -> Verdict:
        """Keep what the tests said."""
        killer = answer.killer
        about = self._hash_of([killer] if killer and "::" in killer else tests)
        value = {"killer": killer, "tests": about, "seconds": answer.seconds, "name": mutant.name}
        self._keep(self._key(mutant), value)
        return Verdict(killer)

    def trace(self, test: str, mutant: Mutant) -> Answer | None:
        """Return what the tests of a file read and cost; of a module, by its probe."""
        said = self._known.get(self._key_of_trace(test, mutant))
        return Answer(**said) if said else None

    def keep_trace(self, test: str, mutant: Mutant, answer: Answer) -> None:
        """Keep what the tests of a file read."""
        value = {"killer": answer.killer, "reads": answer.reads, "costs": answer.costs}
        self._keep(self._key_of_trace(test, mutant), value)

    def _keep(self, key: str, value: dict[str, Any]) -> None:
        self._known[key] = value
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "value": value}) + "\n")

    def _key(self, mutant: Mutant) -> str:
        return f"{mutant.path.as_posix()} {_hashed(mutant.text)}"

    def _key_of_trace(self, test: str, mutant: Mutant) -> str:
        of_module = "" if mutant.path.suffix == ".sql" else f" {self._key(mutant)}"
        return f"{test} {self._hash_of_file(test)}{of_module}"

    def _hash_of(self, tests: Sequence[str]) -> str:
        files = sorted({name.partition("::")[0] for name in tests})
        return _hashed("\n".join([*sorted(tests), *map(self._hash_of_file, files)]))

    def _hash_of_file(self, test: str) -> str:
        return _of_file(self._root / test)


@cache
def _of_file(path: Path) -> str:
    return _hashed(path.read_text(encoding="utf-8"))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
