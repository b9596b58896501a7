"""Who is called as somebody else of the class, anywhere on a school's list.

A list shows a birth date only where a name alone would point at two pupils. Here: one count over
all parts of a list, whichever part each of the two stands in. Pure values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

#: A pupil's key, and a row with the school_unit_code and class_name that the pupil is listed under.
Place = tuple[str, Mapping[str, Any]]


def namesakes(people: Mapping[str, Mapping[str, str]], places: Iterable[Place]) -> frozenset[str]:
    """Return the keys of pupils who share school, class and name with another one.

    Args:
        people: given_name and family_name by pupil key.
        places: of everybody on the lists; a pupil in two parts of a list is no namesake.
    """
    of_name: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for key, place in places:
        names = (people[key]["given_name"].casefold(), people[key]["family_name"].casefold())
        if any(names):
            of_name[place["school_unit_code"], place["class_name"], *names].add(key)
    return frozenset(key for keys in of_name.values() if len(keys) > 1 for key in keys)
