"""`trappan`: the command line, thin over the same jobs as the schedules.

Here: which commands there are. What one of them does takes seconds to load, so it is loaded when
it is called, and the list of commands is there at once. Not here: how a job runs (`running.py`),
how things are printed (`printing.py`).
"""

from __future__ import annotations

import gc
import io
import platform
import sys
import warnings
from functools import partial
from importlib import import_module
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from assets.exports.files.printable import printable_name
from pipelines.cli.options import Home
from pipelines.cli.printing import say, say_out
from pipelines.cli.tables import be_wide
from rules.errors import TrappanError

_DISTRIBUTION = "franvarotrappan"
#: Every command, in the order of the list: where it is, and its first sentence for the list.
COMMANDS = {
    "nightly": (
        "pipelines.cli.nights:nightly",
        "Ingest all files, compute, and refresh the current lists.",
    ),
    "ingest": ("pipelines.cli.intake:ingest", "Ingest only, and print the ledger rows."),
    "deliver": (
        "pipelines.cli.deliver:deliver",
        "Deliver the current lists to their readers, or print what would be sent.",
    ),
    "publish": (
        "pipelines.cli.nights:publish",
        "Publish the frozen lists of a week, as of its Sunday.",
    ),
    "backfill": (
        "pipelines.cli.upkeep.backfill:backfill",
        "Make the sums of a range of months again from the lessons in the lake.",
    ),
    "pull": (
        "pipelines.cli.intake:pull",
        "Fetch what is new from school systems (SS12000), as files for the next ingest.",
    ),
    "rates": ("pipelines.cli.answers:rates", "Print the absence rates of a calendar month."),
    "flags": (
        "pipelines.cli.answers:flags",
        "Print the verdicts at a day: hits and insufficient data.",
    ),
    "coverage": (
        "pipelines.cli.answers:coverage",
        "Print the lessons of the latest 14 days that nobody reported, per class and subject.",
    ),
    "restate": (
        "pipelines.cli.weeks:restate",
        "Compare a week's published lists with what today's data says of the same day.",
    ),
    "explain": (
        "pipelines.cli.pupil.explain:explain",
        "Print why one pupil is, or is not, on a list: every rule on both bases.",
    ),
    "consult": (
        "pipelines.cli.pupil.consult:consult",
        "Write a sheet that asks for advice about a pupil without saying who it is.",
    ),
    "whatif": (
        "pipelines.cli.whatif:whatif",
        "Count what other values of the rules would flag; nothing is stored.",
    ),
    "reevaluate": (
        "pipelines.cli.remake:reevaluate",
        "Make the flags of days past again, by the values of those days; no list changes.",
    ),
    "forecast": (
        "pipelines.cli.forecast:forecast",
        "Print the estimated probabilities of passing a step. Estimates, no flags.",
    ),
    "backtest": (
        "pipelines.cli.forecast:backtest_command",
        "Say how good estimates from every Sunday of a period would have been.",
    ),
    "files": (
        "pipelines.cli.files:files",
        "Print the ledger, or the rows that were refused; or write a summary for a sender.",
    ),
    "changes": (
        "pipelines.cli.files:changes",
        "Print what a file changed in the lessons: counts, or with --identities the lessons.",
    ),
    "retry": (
        "pipelines.cli.intake:retry",
        "Read the original of a refused file again, after its layout was mended.",
    ),
    "revoke": (
        "pipelines.cli.trust.revoke:revoke",
        "Take back what a file said; what it had superseded is read again from the originals.",
    ),
    "unmerge": (
        "pipelines.cli.trust.unmerge:unmerge_command",
        "Take back that an old number and a new one are one pupil's, whichever files said so.",
    ),
    "release": (
        "pipelines.cli.trust.release:release_command",
        "List what waits for a person, or release it.",
    ),
    "grant": (
        "pipelines.cli.trust.grant:grant_command",
        "Let an account open identities for some hours; list such grants, or end one.",
    ),
    "simulate": ("pipelines.cli.simulate:simulate", "Write synthetic export files of a city."),
    "status": (
        "pipelines.cli.status:status",
        "Print in ten lines how the newest night ended and what waits; the status says it too.",
    ),
    "doctor": (
        "pipelines.cli.doctor:doctor",
        "Check settings, lake, extensions, permissions, disk and delivery.",
    ),
    "ui": (
        "pipelines.ui.serving:ui",
        "Show Dagster's pages on this machine, with the schedules running.",
    ),
    "daemon": (
        "pipelines.ui.scheduling:daemon",
        "Run the schedules, without pages, until it is ended.",
    ),
    "portal": (
        "portal.serve:portal",
        "Serve the portal, in which people read lists and say what they did.",
    ),
    "access": (
        "portal.accesses:access",
        "Print who opened or changed a pupil in the portal, or what somebody opened there.",
    ),
    "verify": (
        "pipelines.cli.upkeep.verify:verify",
        "Look whether all that is kept is whole: files, seals, ledger and sums.",
    ),
    "backup": (
        "pipelines.cli.upkeep.backup:backup",
        "Copy the home to a folder, encrypted, while nights run; the key stays apart.",
    ),
    "restore": (
        "pipelines.cli.upkeep.backup:restore",
        "Bring a backup back into an empty home.",
    ),
    "rebuild": (
        "pipelines.cli.upkeep.rebuild:rebuild",
        "Make the lake again from the originals in the archive.",
    ),
    "erase": (
        "pipelines.cli.upkeep.erase:erase_command",
        "Erase one pupil from every place of the home, for good.",
    ),
    "retain": (
        "pipelines.cli.upkeep.retain:retain_command",
        "Let go of everything whose time is over, as HOME/retention.yaml decides.",
    ),
    "rotate-key": (
        "pipelines.cli.upkeep.rotate_key:rotate_key",
        "Give the home a new key, seal everything again, and destroy the old key at the end.",
    ),
    "maintain": (
        "pipelines.cli.upkeep.maintain:maintain_command",
        "Let old snapshots go, merge small files, and delete what nothing needs.",
    ),
    "upgrade": (
        "pipelines.cli.upkeep.upgrade:upgrade",
        "Bring the lake of an older version to this one. Make a backup first.",
    ),
    "layout": (
        "pipelines.cli.layouts:layout_app",
        "Look at how a file would be read, and draft a layout for it.",
    ),
    "rules": (
        "pipelines.cli.rules:rules_app",
        "Look at rule sets: their values, whether they can be used, how two differ.",
    ),
    "archive": ("pipelines.cli.files:archive", "The originals of received files."),
}
#: Commands that print a table, and nothing else than a table: they have no `--format`.
_ONLY_TABLES = {"ingest", "pull", "retry", "revoke", "unmerge", "layout check"}
_commands = partial(typer.Typer, rich_markup_mode=None, pretty_exceptions_enable=False)


class _Later(TyperCommand):
    """A command, or a group of them, of which only name and first sentence are there at once."""

    def make_context(self, *given: Any, **more: Any) -> Any:
        """Begin the command itself in its place, also where a shell asks how it goes on."""
        return command_of(str(self.name)).make_context(*given, **more)


def command_of(name: str) -> Any:
    """Load a command of `COMMANDS`."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(module), attribute)
    around = _commands(add_completion=False)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    command = typer.main.get_group(around).commands[name]
    for below, one in getattr(command, "commands", {"": command}).items():
        # Whole, however narrow the terminal is: without it a sentence is cut with three dots.
        one.short_help = one.help
        if f"{name} {below}".strip() in _ONLY_TABLES or any(p.name == "kind" for p in one.params):
            one.params.insert(-1, _wide_option())
    return command


def _wide_option() -> Any:
    """The option of every command that prints a table."""
    around = _commands(add_completion=False)
    around.command("wide")(_wide)
    option = typer.main.get_group(around).commands["wide"].params[0]
    option.expose_value = False
    return option


def _wide(
    is_wide: Annotated[
        bool,
        typer.Option(
            "--wide",
            callback=be_wide,
            help="Tables as wide as they need to be; else a record a row where one does not fit.",
        ),
    ] = False,
) -> None: ...


app = _commands(
    name="trappan",
    help="Absence early warning: attendance exports in, watchlists per school out.",
    no_args_is_help=True,
)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        say_out(f"trappan {version_of(_DISTRIBUTION)} (Python {platform.python_version()})")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    home: Home = None,
    version: Annotated[  # noqa: ARG001 - the callback answers
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_say_version, help="Say which version this is."
        ),
    ] = False,
) -> None:
    context.obj = home


def _nothing() -> None:
    """What stands for a command that is not loaded."""


for _name, (_, _sentence) in COMMANDS.items():
    app.command(_name, cls=_Later, help=_sentence, short_help=_sentence)(_nothing)


def _words_of(error: TyperException) -> str:
    """Return what typer would print of bad usage: how the command is called, and what is wrong."""
    words = io.StringIO()
    show = getattr(error, "show", None)
    if show is None:
        return error.format_message()
    show(file=words)
    return words.getvalue().rstrip("\n")


def main() -> None:
    """Run the command line; every error we know ends in one sentence and a status."""
    # Dagster warns of its own beta features; that is no news for an operator.
    warnings.simplefilter("ignore")
    # At Python's usual 700, all that Dagster loads is looked through again and again.
    gc.set_threshold(50_000, 20, 50)
    be_wide(False)
    try:
        # Not by typer itself: it prints what was typed as it was typed.
        sys.exit(app(standalone_mode=False) or 0)
    except TyperException as error:
        say(_words_of(error))
        sys.exit(error.exit_code)
    except TrappanError as error:
        say(f"trappan: {error}")
        sys.exit(1)
    except OSError as error:
        where = printable_name(str(error.filename)) if error.filename else "a file"
        say(f"trappan: {where}: {error.strerror}. Nothing more was done.")
        sys.exit(1)
    except Exception as error:
        # Here, not at the top: it knows the lake, and a list of commands does not wait for that.
        from assets.lake.access import words_without_data  # noqa: PLC0415

        say(f"trappan: {words_without_data(error)}")
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        say("trappan: stopped. What was finished is kept; run the command again for the rest.")
        sys.exit(1)


if __name__ == "__main__":
    main()
