"""In which ways a page can be asked for, when servers differ in what they refuse.

The standard's document requires the window of `calendarEvents` and `aggregatedAttendance`, and lets
a page token stand beside `limit` only: of page 2 both can't hold. Servers answer 400 or 422 to one
or the other, and some know no `expandReferenceNames`. The standard is followed first; what a server
refuses and takes is remembered per endpoint, so that the next pull asks right at once. Not here:
which windows there are (`windows.py`), HTTP (`sessions.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from assets.pull.sources import Source
from assets.pull.state import PullState
from assets.pull.windows import PullWindow

#: A server that does not like a question answers so.
REFUSALS = frozenset({400, 422})
_REPEATS, _EXPANDS = "repeat_parameters", "expand_reference_names"
# Whose references give a name that is used: subjects. Elsewhere they would give persons' names, or
# those of activities, which can name the one pupil whom they are for.
_EXPANDED = frozenset({"activities"})


@dataclass(frozen=True)
class Way:
    """One way to ask for a page.

    Attributes:
        parameters: of the query.
        habit: what is remembered when this way is taken after another was refused.
        is_on: its value.
    """

    parameters: dict[str, str]
    habit: str = ""
    is_on: bool = False


class Questions:
    """The questions of one window.

    Args:
        source: settings that decide, where they are given.
        window: what is asked for.
        state: what the server was seen to refuse.
    """

    def __init__(self, source: Source, window: PullWindow, state: PullState) -> None:
        self.window = window
        self._source = source
        self._state = state
        self._limit = {"limit": str(source.limit)} if source.limit and source.paging else {}

    def ways(self, token: str | None) -> list[Way]:
        """Return the ways to ask for a page, the first to be tried first.

        Args:
            token: of the page; None for the first.
        """
        if token is None:
            asked = self.window.parameters | self._limit
            expanded = Way(asked | {"expandReferenceNames": "true"}, _EXPANDS, is_on=True)
            plain = Way(asked, _EXPANDS, is_on=False)
            if self.window.endpoint not in _EXPANDED:
                return [plain]
            return self._ordered(expanded, plain, self._source.expand_reference_names, first=True)
        alone = {"pageToken": token} | self._limit
        if not self.window.required:
            return [Way(alone)]
        named = {name: self.window.parameters[name] for name in self.window.required}
        return self._ordered(
            Way(alone | named, _REPEATS, is_on=True),
            Way(alone, _REPEATS, is_on=False),
            self._source.repeat_parameters,
            first=False,
        )

    def learn(self, way: Way) -> None:
        """Remember a way that was taken when the other was refused."""
        self._state.learn(self.window.endpoint, way.habit, way.is_on)

    def _ordered(self, on: Way, off: Way, setting: bool | None, *, first: bool) -> list[Way]:
        if setting is not None:
            return [on if setting else off]
        known = self._state.habit(self.window.endpoint, on.habit)
        if on.habit == _EXPANDS and known is False:
            # A name is a comfort: it is not asked for again and again where it was refused.
            return [off]
        is_on = first if known is None else known
        return [on, off] if is_on else [off, on]
