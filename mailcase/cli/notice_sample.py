"""What `template show` fills a notice with: sample values, or those of a case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mailcase.life.notice import LastMail, Notice, NoticeFacts
from mailcase.life.notice_rules import OF_HIS_MAIL
from mailcase.life.people import Agent, Person
from mailcase.policy import Policy

SAMPLE_ID = "<sample@customer.example>"


def notice_of(name: str, language: str, policy: Policy, facts: NoticeFacts, texts: Mapping[str, str]) -> Notice:
    """The notice of that template: to the customer, or to an agent, as its rule says."""
    rule = next((one for one in policy.notices if one.template == name), None)
    agents = name in OF_HIS_MAIL or (rule is not None and "customer" not in rule.to)
    agent = facts.assignee or _agent(texts["assignee"])
    to = Person(agent.key, agent.address, agent.name) if agents or facts.customer is None else facts.customer
    return Notice(
        rule=name,
        template=name,
        case=facts.running,
        mailbox=facts.mailbox,
        dedup="sample",
        to=Person(to.key, to.address, to.name, language, to.timezone),
        audience="agent" if agents else "customer",
        automatic=name != "reply",
        quote=rule is not None and rule.quote,
        text=texts["text"],
        due_at=datetime.fromisoformat(texts["due"].replace(" UTC", "+00:00")),
        by_name=texts["actor"],
        sent_to=texts["sent_to"],
    )


def _agent(name: str) -> Agent:
    """As a case names him, by his address; the sample has a name alone."""
    address = name if "@" in name else "agent@example.com"
    return Agent(0, address, address, name)


def facts_of(found: Mapping[str, Any], running: int, policy: Policy, address: str, who: str) -> NoticeFacts:
    """A case as `case show` tells it; `agent` is who its assignee is, where he is one of us still."""
    received = [one for one in found.get("messages", ()) if one["direction"] == "in"]
    assignee = str(found.get("assignee") or "")
    return NoticeFacts(
        running=running,
        number=found["number"],
        title=found["title"],
        status=found["status"],
        category=found["category"],
        priority=found["priority"],
        group=policy.mailboxes[found["mailbox"]].group,
        mailbox=found["mailbox"],
        created_at=found["created_at"],
        first_kind="person",
        junk=False,
        support_level=int(found.get("support_level") or 0),
        expected_at=found.get("expected_at"),
        solution=str(found.get("solution") or ""),
        article=str(found.get("article") or ""),
        contact_id=None,
        account_id=None,
        customer=Person(address, address, who) if address else None,
        assignee=found.get("agent") or (_agent(assignee) if assignee else None),
        last=_last(received[-1], who or address) if received else None,
    )


def _last(mail: Mapping[str, Any], who: str) -> LastMail:
    at = mail.get("date") or mail["received_at"]
    return LastMail(0, SAMPLE_ID, (), mail["subject"], str(mail.get("text") or ""), who, at)
