"""Whether what is told of a case reaches an agent: one rule for acts, notices and what becomes of his own mail."""

from collections.abc import Mapping

from mailcase.life.acts.table import may_see
from mailcase.life.notice import ISOLATED
from mailcase.life.people import Agent
from mailcase.policy import Policy


def reaches(agent: Agent | None, organization: str, policy: Policy) -> bool:
    """Whether he is active, and a case of that organization his to see (isolate_organizations)."""
    return agent is not None and agent.active and may_see(policy, agent, organization)


def asked_again(policy: Policy) -> Mapping[str, object]:
    """Marks of a mail to agents: with isolate_organizations their organizations are asked for when it is sent."""
    return {ISOLATED: True} if policy.agents.isolate_organizations else {}


def kept_from(key: str, policy: Policy) -> str:
    """The reason why an agent of that address gets no mail of ours: it became one of ours; "" where he does."""
    return "own_address" if policy.is_ours(key) else ""
