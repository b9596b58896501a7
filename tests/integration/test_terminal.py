"""What the command line is to who sits before it: help, version, completion, a mistyped code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pipelines.cli.app import COMMANDS, command_of
from tests.integration.conftest import AS_OF, SampleHome, trappan
from tests.integration.every_command import every_command

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = "12345678"  # a school unit that no file speaks of
SCHOOL_QUESTIONS = {
    "rates": ("--month", "2026-10"),
    "flags": ("--as-of", AS_OF),
    "coverage": ("--as-of", AS_OF),
    "forecast": ("--as-of", AS_OF),
    "whatif": ("--as-of", AS_OF, "--set", "mentor_followup.threshold=15"),
    "restate": ("--week", "2026-W46"),
    "publish": ("--week", "2026-W46"),
}


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = trappan("--version")
    assert said.status == 0
    assert said.out.startswith(f"trappan {project['version']} (Python 3.")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_list_of_commands_says_every_sentence_whole(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    said = words(trappan("--help").out)
    for name, (_, sentence) in COMMANDS.items():
        assert words(f"{name} {sentence}") in said
    for group in ("layout", "rules", "archive"):
        shown = words(trappan(group, "--help").out)
        for name, below in command_of(group).commands.items():
            assert words(f"{name} {below.help}") in shown


@pytest.mark.parametrize("command", sorted(every_command()))
def test_no_help_is_cut_at_eighty(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = trappan(*command.split(), "--help")
    assert said.status == 0
    assert max(map(len, said.out.splitlines())) <= 80
    loaded = command_of(command.split(maxsplit=1)[0])
    for name in command.split()[1:]:
        loaded = loaded.commands[name]
    for parameter in loaded.params:
        assert words(getattr(parameter, "help", None) or "") in words(said.out)


def test_every_command_that_takes_a_school_is_asked_about_one_that_is_not_there() -> None:
    taking = {
        command
        for command in every_command() - {"simulate"}
        if not {" "} & set(command)
        and any(parameter.name == "school" for parameter in command_of(command).params)
    }
    assert taking == set(SCHOOL_QUESTIONS)


@pytest.mark.parametrize("command", sorted(SCHOOL_QUESTIONS))
def test_a_school_that_is_not_there_is_reported_and_ends_with_1(
    sample_home: SampleHome, command: str
) -> None:
    """No rows would read as "nobody is absent there"."""
    question = (command, *SCHOOL_QUESTIONS[command], "--school", ELSEWHERE)
    said = trappan(*question, "--home", sample_home.path)
    assert (said.status, said.out) == (1, "")
    assert ELSEWHERE in said.err


@pytest.mark.parametrize("command", ["explain", "consult"])
def test_a_key_that_is_nobodys_is_reported_and_ends_with_1(
    sample_home: SampleHome, command: str
) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    said = trappan(command, nobody, "--as-of", AS_OF, "--home", sample_home.path)
    assert (said.status, said.out) == (1, "")
    assert "no such pupil" in said.err


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["trappan", "exp"], {"explain"}),
        (["trappan", "rules", ""], {"show", "check", "diff"}),
        (["trappan", "explain", "--fu"], {"--full"}),
        (["trappan", "flags", "--format", ""], {"table", "csv", "json"}),
        (["trappan", "--ver"], {"--version"}),
    ],
)
def test_a_shell_completes_commands_options_and_choices(
    typed: list[str], offered: set[str], tmp_path: Path
) -> None:
    program = tmp_path / "trappan"
    program.write_text(
        f"#!{sys.executable}\nfrom pipelines.command import main\nmain()\n", encoding="utf-8"
    )
    program.chmod(0o755)
    in_words = " ".join(f"'{word}'" for word in typed)
    script = (
        'eval "$(trappan --show-completion bash)"; '
        f"COMP_WORDS=({in_words}); COMP_CWORD={len(typed) - 1}; "
        "_trappan_completion trappan; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    said = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert set(re.findall(r"\S+", said.stdout)) == offered, said.stderr
