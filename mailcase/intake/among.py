"""Whether an address is one of ours, or of any others that are known by their keys."""

from collections.abc import Iterable, Set

from mailcase.intake.addresses import without_tag


def is_among(key: str, keys: Set[str]) -> bool:
    """Whether it is one of these addresses, be it with a +tag: how it is asked whether an address is ours (B4)."""
    return key in keys or without_tag(key) in keys


def not_among(named: Iterable[str], keys: Set[str]) -> frozenset[str]:
    """Those of the named that are none of these addresses, with a +tag or without."""
    return frozenset(one for one in named if not is_among(one, keys))
