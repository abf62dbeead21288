"""Which templates an agent's reply may have: those that bring his words, and none that is a notice."""

from typing import Final

from mailcase.life.notice_rules import OF_HIS_MAIL, SHIPPED
from mailcase.life.refused import Refused
from mailcase.outbox.template_values import REQUIRED
from mailcase.outbox.templates import TemplateSet
from mailcase.policy import Policy

REPLY: Final = "reply"


def must_be_for_replies(name: str, templates: TemplateSet, policy: Policy) -> None:
    """Refuse a template that would send the customer what is for others, or lose what the agent wrote.

    Raises:
        Refused: naming those that an agent may choose from.
    """
    possible = for_replies(templates, policy)
    if name in possible:
        return
    why = "is no template of a reply" if name in templates.names else "is not there"
    known = f"there are {', '.join(possible)}" if possible else f"{REPLY}.txt must say {{{{ text }}}}"
    raise Refused(f"template {name} {why}: {known}")


def for_replies(templates: TemplateSet, policy: Policy) -> tuple[str, ...]:
    """Their names: `reply`, and those of one's own that say {{ text }} in every language and belong to no rule."""
    notices = {one.template for one in (*SHIPPED, *policy.notices)} - {REPLY}
    others = notices | set(OF_HIS_MAIL) | set(REQUIRED)
    return tuple(one for one in templates.names if one not in others and templates.always_uses(one, "text"))
