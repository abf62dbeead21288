"""Acts on cases: each one function of its desk, the case's number and the actor.

Each returns what it did (`store.life.acting.Done`), and raises Refused where the case, a setting or the actor's
rights do not allow it, with what is possible; Permanent where there is no such case. Then nothing was done.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from mailcase.desk.desk import Desk
from mailcase.intake.addresses import key_of
from mailcase.life import creating
from mailcase.life.acts import customer, people, progress, tasks, threads, words, work
from mailcase.life.acts import organization as organizations
from mailcase.life.case_state import Actor
from mailcase.life.changes import File
from mailcase.life.creating import NewCase
from mailcase.life.customers import NamedCustomer
from mailcase.store.acting_door import Given
from mailcase.store.life.acting import Done
from mailcase.store.life.creating import NewOrder


def create(desk: Desk, wanted: NewCase, actor: Actor) -> Done:
    """A case by hand."""
    order = NewOrder(wanted, actor, creating.create, desk.policy, desk.now())
    return desk.store.create_case(order, desk.bench)


def start(desk: Desk, number: str, actor: Actor) -> Done:
    """In progress; the actor becomes the assignee, the customer is told (L1)."""
    return desk.act(number, actor, progress.start)


def wait(desk: Desk, number: str, actor: Actor, question: str = "") -> Done:
    """Waiting for the customer, who is told (L7)."""
    return desk.act(number, actor, partial(progress.wait, question=question))


def suspend(desk: Desk, number: str, actor: Actor, reason: str, status: str = "") -> Done:
    """Paused for a reason of ours; the customer is not told."""
    return desk.act(number, actor, partial(progress.suspend, reason=reason, status=status))


def resume(desk: Desk, number: str, actor: Actor) -> Done:
    """In progress again."""
    return desk.act(number, actor, progress.resume)


def resolve(desk: Desk, number: str, actor: Actor, solution: str, article: str = "", tasks: str = "") -> Done:
    """Resolved with its solution, which the customer is told (L3); `tasks`: finish, cancel or leave open ones."""
    return desk.act(number, actor, partial(progress.resolve, solution=solution, article=article, tasks=tasks))


def close(desk: Desk, number: str, actor: Actor, reason: str = "", tasks: str = "leave") -> Done:
    """Closed (L8)."""
    return desk.act(number, actor, partial(progress.close, reason=reason, tasks=tasks))


def cancel(desk: Desk, number: str, actor: Actor, reason: str = "", tasks: str = "leave") -> Done:
    """Canceled; the customer is told (L5)."""
    return desk.act(number, actor, partial(progress.cancel, reason=reason, tasks=tasks))


def undo_cancel(desk: Desk, number: str, actor: Actor) -> Done:
    """Back to the status that it had (L5)."""
    return desk.act(number, actor, progress.undo_cancel)


def restart(desk: Desk, number: str, actor: Actor) -> Done:
    """Out of a final status (L8)."""
    return desk.act(number, actor, progress.restart)


def assign(desk: Desk, number: str, actor: Actor, agent: str | None = None, group: str | None = None) -> Done:
    """To an agent's address, a group, or both; "" is nobody, None leaves it (L2)."""
    return desk.act(number, actor, partial(work.assign, agent=_key(agent), group=group))


def transfer(
    desk: Desk, number: str, actor: Actor, reason: str, agent: str | None = None, group: str | None = None
) -> Done:
    """Assigned with a reason (L2)."""
    return desk.act(number, actor, partial(work.transfer, reason=reason, agent=_key(agent), group=group))


def escalate(desk: Desk, number: str, actor: Actor, level: int | None = None) -> Done:
    """The next support level, or this one."""
    return desk.act(number, actor, partial(work.escalate, level=level))


def reclassify(desk: Desk, number: str, actor: Actor, category: str) -> Done:
    """Another category."""
    return desk.act(number, actor, partial(work.reclassify, category=category))


def priority(desk: Desk, number: str, actor: Actor, to: str) -> Done:
    """Low, Medium, High or Critical."""
    return desk.act(number, actor, partial(work.priority, to=to))


def expect(desk: Desk, number: str, actor: Actor, at: datetime | None) -> Done:
    """When it is expected to be done; None: no longer said."""
    return desk.act(number, actor, partial(work.expect, at=at))


def edit(desk: Desk, number: str, actor: Actor, title: str | None = None, description: str | None = None) -> Done:
    """Another title or description; None leaves it."""
    return desk.act(number, actor, partial(work.edit, title=title, description=description))


def contact(
    desk: Desk, number: str, actor: Actor, address: str | None = None, name: str = "", account: str | None = None
) -> Done:
    """Another customer: the contact with this address (made of an unknown one, with this name), an account, or both.

    "" is none; None leaves the contact, and gives a new one's account.
    """
    return desk.act(number, actor, customer.contact, customer=NamedCustomer(address, name, account))


def reply(
    desk: Desk,
    number: str,
    actor: Actor,
    text: str,
    files: Sequence[File] = (),
    cc: Sequence[str] = (),
    template: str = "reply",
) -> Done:
    """A mail to the customer in the thread; the first one is the first response."""
    rule = partial(words.reply, text=text, files=files, cc=cc, template=template)
    return desk.act(number, actor, rule, files=tuple(files))


def note(desk: Desk, number: str, actor: Actor, text: str) -> Done:
    """An internal record."""
    return desk.act(number, actor, partial(words.note, text=text))


def comment(desk: Desk, number: str, actor: Actor, text: str) -> Done:
    """A word to every agent who reads the case."""
    return desk.act(number, actor, partial(words.comment, text=text))


def attach(desk: Desk, number: str, actor: Actor, files: Sequence[File]) -> Done:
    """Files onto the case."""
    return desk.act(number, actor, partial(words.attach, files=files), files=tuple(files))


def urge(desk: Desk, number: str, actor: Actor, text: str = "") -> Done:
    """A mail to the assignee, else to the group."""
    return desk.act(number, actor, partial(words.urge, text=text))


def follow(desk: Desk, number: str, actor: Actor, agent: str = "") -> Done:
    """The actor, or the agent named, is told what happens."""
    return desk.act(number, actor, partial(people.follow, agent=_key(agent) or ""))


def unfollow(desk: Desk, number: str, actor: Actor, agent: str = "") -> Done:
    """No longer."""
    return desk.act(number, actor, partial(people.unfollow, agent=_key(agent) or ""))


def add_task(
    desk: Desk, number: str, actor: Actor, title: str, agent: str = "", due_at: datetime | None = None
) -> Done:
    """A piece of work; `Done.task` is its id."""
    rule = partial(tasks.add_task, title=title, agent=_key(agent) or "", due_at=due_at)
    return desk.act(number, actor, rule)


def finish_task(desk: Desk, number: str, actor: Actor, task: int, result: str = "") -> Done:
    """Done, with its result."""
    return desk.act(number, actor, partial(tasks.finish_task, task=task, result=result))


def cancel_task(desk: Desk, number: str, actor: Actor, task: int, reason: str = "") -> Done:
    """Not to be done."""
    return desk.act(number, actor, partial(tasks.cancel_task, task=task, reason=reason))


def merge(desk: Desk, number: str, actor: Actor, into: str) -> Done:
    """This case is closed into the other one; later mail to it goes there."""
    return desk.act(number, actor, threads.merge, other=into)


def split(desk: Desk, number: str, actor: Actor, message: int | None = None, text: str = "", subject: str = "") -> Done:
    """A new case of a message (its number in `message list`) or a text; `Done.made` is its number."""
    return desk.act(number, actor, partial(threads.split, text=text, subject=subject), delivery=message)


def parent(desk: Desk, number: str, actor: Actor, of: str) -> Done:
    """The other case is above this one; "": none is."""
    return desk.act(number, actor, threads.parent, other=of)


def relate(desk: Desk, number: str, actor: Actor, to: str) -> Done:
    """The two belong together."""
    return desk.act(number, actor, threads.relate, other=to)


def organization(desk: Desk, number: str, actor: Actor, to: str) -> Done:
    """The case belongs to another organization, or to none (""); for admins."""
    return desk.act(number, actor, partial(organizations.organization, to=to))


def give_organizations(desk: Desk, actor: Actor, mailbox: str = "") -> Given:
    """Each case without one gets the organization of its mailbox, `mailbox`: of this one alone; for admins."""
    return desk.store.give_organizations(actor, desk.policy, desk.now(), mailbox)


def _key(address: str | None) -> str | None:
    """How cases name the agent of this address."""
    return key_of(address) if address else address
