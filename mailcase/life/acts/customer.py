"""Whose case it is: another contact, another account, or one of the two alone."""

from mailcase.life.acts.table import must
from mailcase.life.asked import Asked
from mailcase.life.changes import AddParticipant, Changes, Deed, Did
from mailcase.life.refused import Refused


def contact(asked: Asked) -> Changes:
    """Another contact, another account, or both; neither who it was nor who it is now is told.

    The address that was named is one of the case's people from now on (B8), and who wrote before stays one.
    """
    must(asked, "contact")
    number, (was, to) = asked.on.number, asked.customers
    if to.contact_id is None and to.account_id is None:
        raise Refused(f"{number} would be nobody's: a case needs a contact or an account")
    if (to.contact_id, to.account_id) == (was.contact_id, was.account_id):
        whose = ", ".join(one for one in (to.address or to.name, to.account) if one)
        raise Refused(f"{number} is a case of {whose} already")
    data = {"from": was.address, "to": to.address, "from_account": was.account, "to_account": to.account}
    values = {"contact_id": to.contact_id, "account_id": to.account_id}
    joins: tuple[Deed, ...] = (AddParticipant(to.key),) if to.contact_id not in (None, was.contact_id) else ()
    return Changes(values, (Did("contact", data),), joins)
