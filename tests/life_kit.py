"""Small builders of cases, people and acts, so that a test names only what it is about."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from mailcase.life.acts import customer, progress, tasks, threads, words, work
from mailcase.life.acts import people as following
from mailcase.life.acts.organization import organization
from mailcase.life.asked import Asked, Mail
from mailcase.life.case_state import Actor, CaseState, People, Task
from mailcase.life.changes import Changes, File
from mailcase.life.customers import Customer
from mailcase.life.people import Agent, AgentRole
from mailcase.policy import AgentPolicy, AttachmentPolicy, CategoryPolicy, Policy, TransitionRule
from tests.builders import NOW, make_cases, make_policy

ANN, BEN, EVA, OFF = (f"{name}@helpdesk.example" for name in ("ann", "ben", "eva", "off"))
TEXT_FILE: Final = File("notes.txt", "text/plain", b"notes")


def make_agent(key: str, **over: Any) -> Agent:
    """An active agent without organization or group."""
    plain: dict[str, Any] = {"id": 1, "key": key, "address": key, "name": key.partition("@")[0].title()}
    return Agent(**{**plain, **over})


#: Ann and Ben work in First line, Eva is an admin, Off is disabled.
PEOPLE: Final = People(
    (
        make_agent(ANN, groups=("First line",)),
        make_agent(BEN, groups=("First line",), organizations=("North",)),
        make_agent(EVA, role=AgentRole.ADMIN),
        make_agent(OFF, active=False),
    ),
    ("First line", "Second line"),
)
OPERATOR: Final = Actor("root")


def agent(key: str = ANN) -> Actor:
    """One of them as an actor."""
    return Actor(key, PEOPLE.agent(key))


def make_case(**over: Any) -> CaseState:
    """SR-12, new, of a person's mail."""
    plain: dict[str, Any] = {
        "running": 12, "number": "SR-12", "group": "default", "mailbox": "support", "title": "Printer jams",
        "description": "It jams.", "status": "New", "priority": "Medium", "category": "Incident", "source": "Email",
        "contact_id": 7, "account_id": None, "assignee": "", "assignee_group": "", "organization": "",
        "closing_reason": "", "parent": None, "merged_into": None, "first_kind": "person", "junk": False,
        "version": 3, "support_level": 0, "expected_at": None, "first_response_at": None, "resolved_at": None,
        "closed_at": None, "status_before": "", "solution": "", "created_at": NOW, "status_since": NOW,
    }  # fmt: skip
    return CaseState(**{**plain, **over})


def make_asked(status: str = "New", *, by: Actor | None = None, **over: Any) -> Asked:
    """Ann asks something of SR-12 with that status; `case` and `policy` are what differs in those."""
    case = make_case(**{"status": status, **over.pop("case", {})})
    policy = over.pop("policy", None) or life_policy()
    plain: dict[str, Any] = {"on": case, "actor": by or agent(), "people": PEOPLE, "policy": policy, "now": NOW}
    return Asked(**{**plain, **over})


def life_policy(**over: Any) -> Policy:
    """The shipped rules; `categories`, `transitions` and `isolate` change them."""
    isolate = over.pop("isolate", False)
    cases: dict[str, Any] = {"organizations": ("North", "South")}
    if rules := over.pop("categories", ()):
        cases["category_rules"] = tuple(CategoryPolicy(**one) for one in rules)
    if steps := over.pop("transitions", ()):
        cases["transitions"] = tuple(TransitionRule(*one) for one in steps)
    cases |= over.pop("cases", {})
    files = AttachmentPolicy(frozenset({"txt", "pdf"}), 2, 1000, 1500)
    agents = AgentPolicy(isolate_organizations=isolate)
    return replace(make_policy(cases=make_cases(**cases), **over), agents=agents, attachments=files)


OTHER: Final = make_case(running=9, number="SR-9")
MAIL: Final = Mail(41, "Re: Mouse [SR-12]", "And my mouse is broken.")
ERIN: Final = Customer(7, None, "Erin", "erin@visitor.example", "erin@visitor.example")
OMAR: Final = Customer(8, 3, "Omar", "omar@visitor.example", "omar@visitor.example", "Visitor Ltd")
OPEN_TASK: Final = Task(5, "Order a roller", "open")

#: Each act with arguments that nothing is wrong with.
CALLS: Final[Mapping[str, Callable[[Asked], Changes]]] = {
    "start": progress.start,
    "wait": lambda asked: progress.wait(asked, "Which model?"),
    "suspend": lambda asked: progress.suspend(asked, "the part is ordered"),
    "resume": progress.resume,
    "resolve": lambda asked: progress.resolve(asked, "A new roller."),
    "close": progress.close,
    "cancel": progress.cancel,
    "undo-cancel": progress.undo_cancel,
    "restart": progress.restart,
    "assign": lambda asked: work.assign(asked, agent=EVA),
    "transfer": lambda asked: work.transfer(asked, "is his", agent=EVA),
    "escalate": work.escalate,
    "reclassify": lambda asked: work.reclassify(asked, "Request"),
    "contact": lambda asked: customer.contact(replace(asked, whose=(ERIN, OMAR))),
    "priority": lambda asked: work.priority(asked, "high"),
    "expect": lambda asked: work.expect(asked, NOW),
    "edit": lambda asked: work.edit(asked, "Plotter"),
    "reply": lambda asked: words.reply(asked, "Switch it off."),
    "note": lambda asked: words.note(asked, "called"),
    "comment": lambda asked: words.comment(asked, "who knows this model?"),
    "attach": lambda asked: words.attach(asked, (TEXT_FILE,)),
    "urge": words.urge,
    "follow": following.follow,
    "unfollow": lambda asked: following.unfollow(asked, BEN),
    "task add": lambda asked: tasks.add_task(asked, "Order a roller"),
    "task finish": lambda asked: tasks.finish_task(asked, OPEN_TASK.id),
    "task cancel": lambda asked: tasks.cancel_task(asked, OPEN_TASK.id),
    "merge": lambda asked: threads.merge(replace(asked, other=OTHER)),
    "split": lambda asked: threads.split(replace(asked, mail=MAIL)),
    "parent": lambda asked: threads.parent(replace(asked, other=OTHER)),
    "relate": lambda asked: threads.relate(replace(asked, other=OTHER)),
    "organization": lambda asked: organization(asked, "North"),
}
