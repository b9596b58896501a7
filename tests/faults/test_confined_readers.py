"""Who reads a file from outside has the file and nothing else, even when the file rules it.

A child that plays a reader that was taken over tries everything, under each set of layers that a
machine may have.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets.exports.children import answers
from assets.exports.children.answers import ChildAnswer, NoAnswerError
from assets.exports.files.received import UnreadableFileError, look_at
from assets.exports.readers import workbook
from assets.exports.readers.workbook import read_sheet
from assets.exports.ss12000 import json_files
from assets.exports.ss12000.json_files import JsonRows
from tests.integration.ingest_files import put

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import codecs, json, os, socket, sys, time
sys.path.insert(0, {root!r})
from assets.exports.children.confine import _ENCODINGS, confine
# Python may lie where an ordinary user finds nothing.
[codecs.lookup(name) for name in _ENCODINGS]
task, user, key, port, *without = sys.argv[1:]
if user == "user" and os.geteuid() == 0:
    os.setgroups([]); os.setresgid(4711, 4711, 4711); os.setresuid(4711, 4711, 4711)
held = confine(256 << 20, 2, without)
parent = os.getppid()

def reached(port):
    with socket.create_connection(("127.0.0.1", int(port)), timeout=2):
        return
def datagram(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.1", int(port)))
def fork():
    if os.fork() == 0:
        os._exit(0)
TRIES = {{
    "environment": lambda: [1 / 0 for name in os.environ if name == "PROBED"] or 1 / 0,
    "key": lambda: open(key, "rb").read(),
    "home": lambda: os.listdir(os.path.dirname(key)),
    "machine": lambda: open("/etc/passwd").read(),
    "parent": lambda: open(f"/proc/{{parent}}/environ", "rb").read(),
    "write": lambda: open(os.path.dirname(key) + "/new", "w"),
    "write over": lambda: open(key, "r+b"),
    "make": lambda: os.mkdir("/tmp/probe-was-here"),
    "remove": lambda: os.unlink(key),
    "network": lambda: reached(port),
    "datagram": lambda: datagram(port),
    "fork": fork,
    "exec": lambda: os.execv(sys.executable, [sys.executable, "-c", "print('executed')"]),
    "memory": lambda: len(bytearray(10 << 30)),
}}
if task == "tries":
    found = {{}}
    for name, attempt in TRIES.items():
        try:
            attempt()
            found[name] = "done"
        except BaseException as error:
            found[name] = type(error).__name__
    print(json.dumps(found | {{"held": held, "environ": sorted(os.environ)}}))
elif task == "gigabyte":
    block = b"x" * (1 << 20)
    for _ in range(1 << 10):
        sys.stdout.buffer.write(block + b"\\n")
elif task == "loop":
    while True:
        pass
elif task == "sleep":
    time.sleep(3600)
elif task == "words":
    sys.stderr.write("\\x1b[2J bad\\nwords " * 100_000)
    raise SystemExit(3)
elif task == "both":
    for _ in range(2_000):
        sys.stderr.write("both " * 20)
        print("x" * 1_000)
elif task == "chatter":
    while True:
        sys.stderr.write("x" * 100_000)
elif task == "line":
    sys.stdout.write("x" * (40 << 20))
"""
pytestmark = pytest.mark.usefixtures("objects_are_read_as_everywhere")

LAYERS: dict[str, tuple[str, ...]] = {
    "all layers": (),
    "no Landlock": ("landlock",),
    "no seccomp": ("seccomp",),
    "namespaces only": ("landlock", "seccomp"),
}


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    return put(tmp_path, "probe.py", PROBE.format(root=str(ROOT)))


@pytest.fixture(autouse=True)
def _secret_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBED", "secret")


@pytest.fixture
def port() -> Iterator[int]:
    """A server on this machine that takes whoever comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key file that its user, and whoever has the file's name, could read."""
    path = put(tmp_path / "home", "pupil.key", b"secret")
    path.chmod(0o666)
    for folder in (path.parent, tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o777)
    return path


def asked(probe: Path, *words: object, seconds: float = 60) -> ChildAnswer:
    file = look_at(put(probe.parent, "file", b"x" * 100))
    return ChildAnswer(probe, [str(word) for word in words], file, seconds)


def tried(probe: Path, *words: object) -> dict[str, Any]:
    with asked(probe, "tries", *words) as answer:
        line = answer.line()
        answer.end()
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize("user", ["root", "user"])
@pytest.mark.parametrize("layers", LAYERS)
def test_a_reader_that_was_taken_over_reaches_nothing(
    probe: Path, key: Path, port: int, layers: str, user: str
) -> None:
    found = tried(probe, user, key, port, *LAYERS[layers])
    held = found.pop("held")
    # Python sets this one itself, where it finds no language.
    assert found.pop("environ") in ([], ["LC_CTYPE"])
    if "files" not in held or "network" not in held:
        pytest.skip(f"this machine has no such layers: {held}")
    assert {name for name, outcome in found.items() if outcome == "done"} == set()
    assert key.read_bytes() == b"secret"
    assert not (key.parent / "new").exists()


def test_the_probe_reaches_everything_where_nothing_holds_it(
    probe: Path, key: Path, port: int
) -> None:
    """Else the test above would find nothing whatever happened."""
    text = PROBE.format(root=str(ROOT))
    text = text.replace("held = confine(256 << 20, 2, without)", "held = {}")
    text = text.replace("10 << 30", "10 << 10").replace(
        '"exec": lambda: os.execv(', '"exec": lambda: ('
    )
    free = put(probe.parent, "free.py", text)
    found = tried(free, "root", key, port)
    reached = {name for name, outcome in found.items() if outcome == "done"}
    assert reached >= {"key", "home", "machine", "parent", "write", "network", "datagram", "fork"}


def test_a_reader_under_limits_only_still_has_no_environment_and_no_memory(
    probe: Path, key: Path, port: int
) -> None:
    found = tried(probe, "user", key, port, "landlock", "seccomp", "namespaces")
    assert found["memory"] == "MemoryError"
    assert found["fork"] == "BlockingIOError"
    assert found["environ"] in ([], ["LC_CTYPE"])


def test_a_gigabyte_is_not_taken(probe: Path, key: Path) -> None:
    with (
        asked(probe, "gigabyte", "user", key, 1) as answer,
        pytest.raises(NoAnswerError, match="more than 64 MB, ten times"),
    ):
        assert [len(answer.line()) for _ in range(65)] == []


def test_a_line_without_end_is_not_taken(
    probe: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LONGEST_LINE", 1 << 20)
    with asked(probe, "line", "user", key, 1) as answer, pytest.raises(NoAnswerError, match="row"):
        answer.line()


def test_a_reader_that_loops_or_sleeps_is_ended(probe: Path, key: Path) -> None:
    with asked(probe, "loop", "user", key, 1) as answer:
        assert answer.line() == b""
        with pytest.raises(NoAnswerError, match="more memory or time than an export"):
            answer.end()
    with asked(probe, "sleep", "user", key, 1, seconds=0.5) as answer:
        with pytest.raises(NoAnswerError, match="takes too long"):
            answer.line()
        process = answer.process_id
    assert not Path("/proc", str(process)).exists()


def test_the_last_words_of_a_reader_are_short_and_without_control_characters(
    probe: Path, key: Path
) -> None:
    with (
        asked(probe, "words", "user", key, 1) as answer,
        pytest.raises(NoAnswerError) as refused,
    ):
        answer.end()
    words = str(refused.value)
    assert words.startswith("[2J bad words  [2J")
    assert len(words) <= 500
    assert words.isprintable()


def test_who_fills_both_pipes_is_heard_to_the_end(probe: Path, key: Path) -> None:
    with asked(probe, "both", "user", key, 1, seconds=20) as answer:
        lines = 0
        while answer.line():
            lines += 1
        assert answer.end().startswith("both")
    assert lines == 2_000


def test_who_talks_without_end_on_its_standard_error_is_ended(probe: Path, key: Path) -> None:
    with (
        asked(probe, "chatter", "user", key, 1, seconds=20) as answer,
        pytest.raises(NoAnswerError, match="MB"),
    ):
        answer.line()


HEAD = '{"others": [], "hidden": 0, "is_1904": false, "height": 1, "width": 2, "merged": []}\n'
LIES = {
    "nothing": "",
    "no JSON": "x",
    "no head": "[]\n",
    "a number in place of a cell": f"{HEAD}[[1, 2]]\n",
    "no rows": f'{HEAD}["ab"]\n',
    "fewer rows": HEAD,
    "more rows": f'{HEAD}[["a"], ["b"]]\n',
    "a row that is too wide": f'{HEAD}[["a", "b", "c"]]\n',
    "a cell that is too long": f'{HEAD}[["{"a" * 40_000}"]]\n',
    "a range outside": HEAD.replace("[]}", "[[1, 1, 9, 9]]}") + '[["a"]]\n',
    "a table without end": HEAD.replace('"width": 2', '"width": 20000') + '[["a"]]\n',
    "deep nesting": HEAD + "[" * 100_000 + "\n",
}


@pytest.mark.parametrize("lie", LIES)
def test_what_a_reader_of_workbooks_says_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    said = put(tmp_path, "said", LIES[lie])
    monkeypatch.setattr(
        workbook, "_CHILD", put(tmp_path, "child.py", f"print(open({str(said)!r}).read(), end='')")
    )
    with pytest.raises(UnreadableFileError, match="not a workbook that can be read"):
        list(read_sheet(look_at(put(tmp_path, "a.xlsx", b"x"))).rows_after(0))


@pytest.mark.parametrize(
    "said",
    [
        "nonsense\n{}\n",
        "persons\n[]\n",
        "persons\nx\n",
        'persons\n{"line_number": ["x"]}\n',
        'persons\n{"line_number": [1], "part": [5]}\n',
        "persons\n" + "[" * 100_000 + "\n",
    ],
)
def test_what_a_reader_of_json_says_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    path = put(tmp_path, "said", said)
    monkeypatch.setattr(
        json_files,
        "_CHILD",
        put(tmp_path, "child.py", f"print(open({str(path)!r}).read(), end='')"),
    )
    with pytest.raises(UnreadableFileError, match="its reader broke off"):
        list(JsonRows(look_at(put(tmp_path, "a.json", "{}"))).frames())


def test_no_descriptor_but_the_file_is_handed_on(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as other:
        os.set_inheritable(other.fileno(), True)
        child = put(
            tmp_path, "child.py", "import os\nprint(sorted(map(int, os.listdir('/proc/self/fd'))))"
        )
        with ChildAnswer(child, [], look_at(put(tmp_path, "a", b"x")), 60) as answer:
            # The last is that of the listing itself.
            assert answer.line() == b"[0, 1, 2, 3]"
