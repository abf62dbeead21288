"""The attachments of a mail of which the beginning alone was fetched: which were taken, which are left (I10)."""

from collections.abc import Mapping, Sequence
from typing import Any


def listed(taken: Sequence[Mapping[str, Any]], remainder: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The attachments with `taken`; those that are not have the server's size, or None where nobody knows it.

    Args:
        taken: what was read, in the mail's order.
        remainder: ports.Remainder as the journal keeps it; None where the mail was fetched whole.
    """
    if remainder is None:
        return [{**one, "taken": True} for one in taken]
    left = {one["part"]: one for one in remainder.get("parts", ())}
    # the beginning ends in the last of them
    read = [_read(one, left.get(one["part"]), cut=one is taken[-1]) for one in taken]
    known = {one["part"] for one in read}
    return [*read, *(_left(one) for one in left.values() if one["part"] not in known)]


def _read(one: Mapping[str, Any], left: Mapping[str, Any] | None, *, cut: bool) -> dict[str, Any]:
    if not cut:
        return {**one, "taken": True}
    return {**one, "size": left["size"] if left else None, "sha256": "", "taken": False}


def _left(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "inline": False, "content_id": "", "sha256": "", "taken": False}
