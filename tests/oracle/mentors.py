"""Who the mentors are whom a roster's two cells name, read letter by letter."""

from __future__ import annotations


def mentors_in(names: str, addresses: str) -> list[tuple[str, str]]:
    """Return name and address of each: as many as there are addresses, else at most one."""
    found: list[str] = []
    for word in addresses.replace(",", " ").replace(";", " ").split():
        plain = word.strip("<>")
        is_known = plain.lower() in [one.lower() for one in found]
        if "@" in plain and not is_known:
            found.append(plain)
    whole = names.strip()
    if not found:
        return [(whole, "")] if whole else []
    if len(found) == 1:
        return [(whole, found[0])]
    for sign in (";", "/", "&", " och ", ","):
        apart = [part.strip() for part in whole.split(sign)]
        if len(apart) == len(found) and "" not in apart:
            return list(zip(apart, found, strict=True))
    return [("", one) for one in found]
