"""What the demo prints of the life of a case: each step with its mails, who got which, and the case itself."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from mailcase.demo.life_check import Lived, got
from mailcase.demo.life_story import Step
from mailcase.demo.servers import Sent

_SAYS: Final = 42
_NUMBER: Final = 7
_STATE: Final = 28
_ADDRESS: Final = 22


def show_life(lived: Sequence[Lived], whole: str, sent: list[Sent]) -> Iterator[str]:
    """Line by line; `whole` is the case as `case show` prints it, `sent` what the SMTP server took."""
    yield "The life of a case: what happened, what the case was then, and the mails that left because of it"
    yield ""
    yield f"{'what happened':<{_SAYS}}{'case':<{_NUMBER}}{'status, assignee':<{_STATE}}mails"
    for one in lived:
        yield f"{one.step.says:<{_SAYS}}{one.number:<{_NUMBER}}{_state(one.step):<{_STATE}}{_mails(one.step)}"
    yield ""
    yield "Who got what:"
    yield ""
    for address, kinds in sorted(got(lived, sent).items()):
        counted = (f"{count} {kind.replace('_', ' ')}" for kind, count in Counter(kinds).items())
        yield f"{address:<{_ADDRESS}}{', '.join(counted)}"
    yield ""
    yield "That case (mailcase case show):"
    yield ""
    yield from whole.rstrip().splitlines()


def _state(step: Step) -> str:
    return ", ".join((step.status, *([step.assignee.first_name] if step.assignee else [])))


def _mails(step: Step) -> str:
    told = (
        f"{rule.replace('_', ' ')} → {' and '.join(one.first_name for one in people)}" for rule, people in step.told
    )
    return " · ".join(told) or "–"
