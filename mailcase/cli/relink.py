"""`mailcase message relink`: a mail that stands on the wrong case is put on the right one, and back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailcase.cli.output import note, print_json, say
from mailcase.cli.state import As, State, actor, state_of, writing

if TYPE_CHECKING:
    from mailcase.config import Settings


def relink(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="As in the list.")],
    case: Annotated[str, typer.Argument(metavar="[CASE]", help="The case that it belongs to, such as SR-12.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the newest relinking of this mail back.")] = False,
    as_: As = "",
) -> None:
    """Put a mail on another case; what answers it from now on goes there too."""
    if undo == bool(case):
        raise typer.BadParameter("name the CASE that the mail belongs to, or --undo to take the last relinking back")
    state = state_of(context)
    settings = state.settings()
    done = _undone(settings, number, actor(as_)) if undo else _done(settings, number, case, actor(as_))
    _tell(state, done, undo=undo)


def _done(settings: "Settings", number: int, case: str, who: str) -> dict[str, Any]:
    from mailcase.cli.case import resolve
    from mailcase.clock import utcnow
    from mailcase.intake.addresses import key_of
    from mailcase.store.relink import Wanted

    own = frozenset(key_of(one) for box in settings.mailbox for one in (box.address, *box.aliases))
    with writing(settings) as store:
        found = resolve(settings, store, case)
        return store.relink(Wanted(number, found, who, own, settings.linking.link_across_groups), utcnow())


def _undone(settings: "Settings", number: int, who: str) -> dict[str, Any]:
    from mailcase.clock import utcnow

    with writing(settings) as store:
        return store.undo_relink(number, utcnow(), who)


def _tell(state: State, done: dict[str, Any], *, undo: bool) -> None:
    if state.json:
        print_json(done)
        return
    answers = f", with our answer{'s' if done['answers'] > 1 else ''} to it" if done["answers"] else ""
    say(f"mail {done['id']}  {done['from']} → {done['to']}{answers}{' (undone)' if undo else ''}")
    note("statuses stay as they are, and the customer is not told")
    if done["pending"]:
        note(f"the answer that still waits in the outbox leaves as it was written, about {', '.join(done['pending'])}")
    if not done["left"]:
        note(f"no mail is left on {done['from']}, which stays {done['from_status']}; `mailcase case set` closes it")
