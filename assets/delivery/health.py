"""How delivery stands, for who looks over a home: the target, its readers, what lies there.

Nothing is delivered, sent or noted. Not here: printing (`pipelines/cli/doctor.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assets.delivery.delivery_log import FILE_NAME, DeliveryLog
from assets.delivery.places import DeliveryPlace, PlaceFaultError
from assets.delivery.plan import HomeState, look, plan_of
from assets.delivery.recipients import load_corrections
from assets.delivery.settings import DeliveryError, DeliverySettings
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer

#: Says how something stands; `DeliveryError` where it is wrong, which says what to do.
Look = Callable[[DeliverySettings, Lake], str]


def _target(settings: DeliverySettings, _lake: Lake) -> str:
    target = settings.target
    if not target.url:
        return "none is set: no list is delivered"
    # One try: somebody waits for the answer.
    place = DeliveryPlace(replace(target, tries=1), target.url)
    try:
        found = place.files()
    except PlaceFaultError as fault:
        raise DeliveryError(f"{target.url}: {fault}") from None
    finally:
        place.close()
    return f"{target.url} answers, with {len(found)} files of lists"


def _readers(settings: DeliverySettings, lake: Lake) -> str:
    if not settings.target.url:
        return "not looked at without a target"
    known = _known(settings, lake)
    sealer = Sealer.of_home(lake.settings.home)
    plan = plan_of(known, settings.password_of_workbooks(), sealer)
    lists = f"{len(plan.recipients)} readers of {len(known.lists)} lists"
    if not settings.mail.host:
        return f"{lists}; no mail server is set, so nobody is told"
    without = [one.key for one in plan.mailed if not one.addresses]
    refused = sum(one.refused for one in plan.mailed)
    wrong = []
    if without:
        codes = ", ".join(sorted({key.school_unit_code for key in without}))
        wrong.append(
            f"{len(without)} have no address and are told of nothing (school units {codes})"
        )
    if refused:
        wrong.append(f"{refused} addresses can't be used, or are of a domain that is not named")
    if wrong:
        raise DeliveryError(
            f"{lists}: {'; '.join(wrong)}. Write them into {settings.recipients_file}; "
            "`trappan deliver --dry-run` shows whose they are"
        )
    return f"{lists}, each with an address"


def _copies(settings: DeliverySettings, lake: Lake) -> str:
    home = lake.settings.home
    if not (home / FILE_NAME).exists():
        return "nothing was delivered yet"
    known = _known(settings, lake)
    wrong: list[str] = []
    with DeliveryLog.looked_at(home, Sealer.of_home(home)) as log:
        places = log.places()
        naming = [
            (place, path)
            for place in places
            for path in sorted(log.naming_others(place, known.nameable, known.stands))
        ]
        failed = log.last_failures()
        copies = sum(len(log.copies(place)) for place in places)
    if naming:
        place, path = naming[0]
        wrong.append(
            f"{len(naming)} copies may name somebody who is protected or erased by now, the first "
            f"{path} at {place}. Run `trappan deliver`, or take them back by hand"
        )
    if failed:
        first = failed[0]
        what = first.path or f"a notice to the {first.reader.role}"
        wrong.append(
            f"{len(failed)} files or notices failed when they were last tried, the first {what} "
            f"of school unit {first.reader.school_unit_code}: {first.words}. The next night tries "
            "again; `trappan deliver` does so now"
        )
    if wrong:
        raise DeliveryError("; ".join(wrong))
    return f"{copies} copies at {len(places)} places; what was last tried was done"


def _known(settings: DeliverySettings, lake: Lake) -> HomeState:
    return look(lake, load_corrections(settings.recipients_file))


#: What is looked at, in this order.
LOOKS: dict[str, Look] = {
    "delivery target": _target,
    "readers of lists": _readers,
    "delivered copies": _copies,
}
