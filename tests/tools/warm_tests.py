"""Tests that are asked again and again, each time with another fault, in processes that are warm.

`python -m tests.tools.warm_tests collected FILE…` collects the tests once and forks a process for
each fault of a SELECT, which is read when a test runs. `… imported FILE…` forks before anything of
ours is imported, because a fault of a module has to be there then; only what others wrote is.

Questions come as lines of JSON on standard input, answers go to standard output. Run in a copy of
the tree: the fault is written into it, and taken away again.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

import pytest

#: Set by a probe (`tests/tools/mutants.py`) when a function of the file in question is called.
REACHED = "MUTANTS_REACHED"
OURS = ("assets", "data_samples", "pipelines", "portal", "rules", "tests")


@dataclass
class Asked:
    """One question.

    Attributes:
        path: where the fault is, from the root.
        text: the file with the fault.
        tests: ids, or files, the first first.
        seconds: of the processor, after which the tests are ended.
        stops: whether the first failure ends them.
        is_held: whether a process that has its lake open may answer. It is quick, but what it has
            made before the fault stays: only that a test finds the fault is worth anything.
    """

    path: str
    text: str
    tests: list[str]
    seconds: int
    stops: bool = True
    is_held: bool = False


@dataclass
class Answer:
    """What became of the tests.

    Attributes:
        killer: id of the test that failed first, "time" or "crash" when the process was ended.
        seconds: of the processor.
        reads: SELECTs that each test read, of each that passed; "" is the file in question.
        costs: seconds that each test took, with the setup of what it asks for.
    """

    killer: str | None = None
    seconds: float = 0.0
    reads: dict[str, list[str]] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)


class Watch:
    """A plugin of pytest that sees what each test reads, and which fails first."""

    def __init__(self) -> None:
        self.answer = Answer()
        self._read: set[str] = set()
        # What the setup of a file's tests reads, all of them need.
        self._shared: dict[str, set[str]] = {}
        self._began = time.process_time()

    def see_selects(self) -> None:
        """Note the name of each SELECT that is read from now on."""
        from assets.lake.connection import Lake

        select = Lake.select

        def seen(lake: Lake, name: str, ctes: Sequence[str] = (), /) -> str:
            self._read |= {name, *ctes}
            return select(lake, name, ctes)

        Lake.select = seen  # type: ignore[method-assign]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        self._read.clear()
        os.environ.pop(REACHED, None)
        self._began = time.process_time()
        yield
        name = item.nodeid.partition("::")[0]
        self._shared.setdefault(name, set()).update(self._taken())

    def _taken(self) -> set[str]:
        reached = {""} if os.environ.pop(REACHED, None) else set()
        return self._read | reached

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.answer.killer is None:
            self.answer.killer = report.nodeid
        if report.when == "call" and report.passed:
            name = report.nodeid.partition("::")[0]
            self.answer.reads[report.nodeid] = sorted(self._taken() | self._shared.get(name, set()))
            self.answer.costs[report.nodeid] = round(time.process_time() - self._began, 3)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.answer.killer is None:
            self.answer.killer = report.nodeid or "collection"


class Served:
    """A plugin of pytest that, where tests would be run, runs those that are asked for."""

    def __init__(self, questions: TextIO, answers: TextIO) -> None:
        self._questions, self._answers = questions, answers

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}

        def run(asked: Asked, watch: Watch) -> None:
            session.config.pluginmanager.register(watch)
            watch.see_selects()
            chosen = [items[name] for name in asked.tests if name in items]
            for item, after in zip(chosen, [*chosen[1:], None], strict=True):
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if asked.stops and watch.answer.killer is not None:
                    break

        _make_an_empty_lake_once()
        tell(self._answers, {"collected": list(items)})
        serve(run, self._questions, self._answers, HeldTests(session))
        return True


class HeldTests:
    """A child that keeps the fixtures of a file, such as its lake, from one fault to the next."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._items = {item.nodeid: item for item in session.items}
        self._process = 0
        self._said = self._heard = -1

    def answer(self, asked: Asked) -> Answer:
        """Return which test finds a fault, if one does that also passes without the fault."""
        if not self._process:
            self._begin()
        with _planted(asked):
            killer = self._ask(asked.tests)
        # What an earlier fault left behind must not pass for a find.
        if killer and self._ask([killer]):
            self.end()
            return Answer()
        return Answer(killer)

    def end(self) -> None:
        """End the child."""
        if self._process:
            os.close(self._said)
            os.close(self._heard)
            os.killpg(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        self._process = 0

    def _ask(self, tests: Sequence[str]) -> str | None:
        if not self._process:
            return None
        os.write(self._said, (json.dumps(list(tests)) + "\n").encode())
        ready, _, _ = select.select([self._heard], [], [], 300)
        line = os.read(self._heard, 65536) if ready else b""
        if not line:
            self.end()
            return None
        killer: str | None = json.loads(line)
        return killer

    def _begin(self) -> None:
        theirs, self._said = os.pipe()
        self._heard, ours = os.pipe()
        self._process = os.fork()
        if self._process:
            os.close(theirs)
            os.close(ours)
            return
        try:
            os.setsid()
            os.close(self._said)
            os.close(self._heard)
            watch = Watch()
            self._session.config.pluginmanager.register(watch)
            for line in os.fdopen(theirs):
                watch.answer = Answer()
                for name in json.loads(line):
                    self._run(self._items[name])
                    if watch.answer.killer:
                        break
                os.write(ours, (json.dumps(watch.answer.killer) + "\n").encode())
        finally:
            os._exit(0)

    def _run(self, item: pytest.Item) -> None:
        self._session._setupstate.teardown_exact(item.parent)  # type: ignore[arg-type]
        # Its file as what comes next: the file's fixtures stay, the test's own do not.
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=item.parent)


def _make_an_empty_lake_once() -> None:
    """Let all children copy one empty lake, which a child makes: no thread may live in a parent."""
    from tests.conftest import NewHomes

    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "catalog"
        process = os.fork()
        if not process:
            try:
                said.write_bytes(NewHomes(Path(folder) / "home")._empty_catalog())
            finally:
                os._exit(0)
        os.waitpid(process, 0)
        catalog = said.read_bytes()
    NewHomes._empty_catalog = lambda self: catalog  # type: ignore[method-assign]  # noqa: ARG005


def _run_all(asked: Asked, watch: Watch) -> None:
    first = ["-x"] if asked.stops else []
    pytest.main(["-q", "-p", "no:cacheprovider", *first, *asked.tests], plugins=[watch])


def serve(
    run: Callable[[Asked, Watch], None],
    questions: TextIO,
    answers: TextIO,
    held: HeldTests | None = None,
) -> None:
    """Answer each question in a process of its own, or in the one that is held."""
    gc.freeze()
    for line in questions:
        asked = Asked(**json.loads(line))
        if not asked.is_held:
            tell(answers, asdict(_answered(run, asked)))
        elif held is not None:
            tell(answers, asdict(held.answer(asked)))
    if held is not None:
        held.end()


def tell(answers: TextIO, what: dict[str, Any]) -> None:
    """Write one answer."""
    answers.write(json.dumps(what) + "\n")
    answers.flush()


@contextmanager
def _planted(asked: Asked) -> Iterator[None]:
    place = Path(asked.path)
    whole, times = place.read_bytes(), place.stat()
    place.write_text(asked.text, encoding="utf-8")
    try:
        yield
    finally:
        place.write_bytes(whole)
        # Compiled files of the whole ones stay good, and there are none of the others.
        os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))


def _answered(run: Callable[[Asked, Watch], None], asked: Asked) -> Answer:
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "answer.json"
        with _planted(asked):
            process = os.fork()
            if not process:
                _in_child(run, asked, said)
            _, status, used = os.wait4(process, 0)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        # The child may have left what it may not read: a test takes rights away from folders.
        seconds = used.ru_utime + used.ru_stime
        if said.is_file():
            answer = Answer(**json.loads(said.read_text(encoding="utf-8")))
        else:
            ended = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
            answer = Answer("time" if ended or seconds >= asked.seconds else "crash")
        shutil.rmtree(Path(folder) / "tmp", ignore_errors=True)
        answer.seconds = round(seconds, 2)
        return answer


def _in_child(run: Callable[[Asked, Watch], None], asked: Asked, said: Path) -> None:
    watch = Watch()
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (asked.seconds, asked.seconds + 5))
        place = said.parent / "tmp"
        place.mkdir()
        os.environ.update({"TMPDIR": str(place), "PYTEST_DEBUG_TEMPROOT": str(place)})
        tempfile.tempdir = None
        run(asked, watch)
        beside = said.with_suffix(".new")
        beside.write_text(json.dumps(asdict(watch.answer)), encoding="utf-8")
        beside.rename(said)
    finally:
        os._exit(0)


def _import_what_others_wrote(files: Sequence[str]) -> None:
    """Import what the tests would import and we did not write, found out in another process."""
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder) / "names"
        process = os.fork()
        if not process:
            try:
                sys.dont_write_bytecode = False
                pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", *files])
                found = [name for name in sys.modules if name.partition(".")[0] not in OURS]
                names.write_text("\n".join(found), encoding="utf-8")
            finally:
                os._exit(0)
        os.waitpid(process, 0)
        for name in names.read_text(encoding="utf-8").split():
            if not name.startswith(("_", "conftest")):
                # Some can be imported by what imports them only.
                with suppress(Exception):
                    importlib.import_module(name)


def main(words: Sequence[str]) -> int:
    """Serve until standard input ends."""
    mode, files = words[0], words[1:]
    # Tests write to both outputs, and must not write among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    silence = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(silence, number)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    if mode == "collected":
        asked = ["-q", "-p", "no:cacheprovider", *files]
        pytest.main(asked, plugins=[Served(questions, answers)])
        return 0
    _import_what_others_wrote(files)
    tell(answers, {"collected": []})
    serve(_run_all, questions, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
