"""Acts on customers: each one function of its desk and the actor, as those on cases are."""

from mailcase.desk.desk import Desk
from mailcase.life.case_state import Actor
from mailcase.store.life.contacts_join import Join, Joined


def merge(desk: Desk, primary: str, secondary: str, actor: Actor) -> Joined:
    """Two contacts, named by addresses, are one person: the second one goes into the first.

    Raises:
        Refused: there is no such contact, they are one already or of different accounts, or the actor may not.
    """
    return desk.store.contacts_join(Join(primary, secondary, actor, desk.policy, desk.now()))
