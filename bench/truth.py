"""Was every mail put where it belongs, and answered if and only if it should be?"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bench.corpus import Truth


@dataclass(frozen=True, slots=True)
class Marks:
    """What was right, of how many, and where it was wrong."""

    mails: int
    right: int  # in the case where it belongs, or in none
    wrong: Mapping[str, int]  # kind of mail -> how many
    answers: int  # mails of which the truth says whether they are answered
    answered_right: int

    def __str__(self) -> str:
        wrong = ", ".join(f"{count} {kind}" for kind, count in sorted(self.wrong.items()))
        return f"{100 * self.right / self.mails:.2f} %" + (f" (wrong: {wrong})" if wrong else "")


def marks(truths: Sequence[Truth], places: Mapping[int, str], acknowledged: Collection[str]) -> Marks:
    """Compare with the truth.

    Args:
        truths: of all mails, in the order of their arrival.
        places: index of a mail -> the case that it stands in; a mail in no case is left out.
        acknowledged: the cases whose first mail gets an acknowledgement.
    """
    founders: dict[str, int] = {}
    for index in sorted(places):
        founders.setdefault(places[index], index)
    wrong = Counter[str](one.wish.kind for one in truths if not _placed(one, places, founders))
    asked = [one for one in truths if one.wish.acknowledge is not None]
    answered = {founders[case] for case in acknowledged if case in founders}
    good = sum((one.wish.index in answered) == one.wish.acknowledge for one in asked)
    return Marks(len(truths), len(truths) - wrong.total(), wrong, len(asked), good)


def _placed(truth: Truth, places: Mapping[int, str], founders: Mapping[str, int]) -> bool:
    """It stands in the case that the right mail founded."""
    case = places.get(truth.wish.index)
    if truth.wish.case is None or case is None:
        return truth.wish.case is None and case is None
    return founders[case] == truth.wish.case
