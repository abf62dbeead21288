"""A desk: the store and the rules in force, at which an actor acts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from shlex import quote

from mailcase.bench import Bench
from mailcase.clock import utcnow
from mailcase.intake.addresses import key_of
from mailcase.life.case_state import Actor
from mailcase.life.changes import File
from mailcase.life.customers import NamedCustomer
from mailcase.life.entries import Kind
from mailcase.life.named import meant
from mailcase.life.refused import Refused
from mailcase.policy import Policy
from mailcase.store.life.acting import Done, Order, Rule
from mailcase.store.store import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """Where acts are done. `now` is asked once an act."""

    store: Store
    bench: Bench
    now: Callable[[], datetime] = field(default=utcnow)

    @property
    def policy(self) -> Policy:
        """The rules in force."""
        return self.bench.policy

    def agent(self, address: str) -> Actor:
        """The agent of this address as an actor; Refused if there is none who is active."""
        found = self.store.agent_by_key(key_of(address))
        if found is None:
            raise Refused(self._no_agent(address))
        if not found.active:
            raise Refused(f"{found.address} is disabled: `mailcase agent enable {found.address}` lets him act again")
        return Actor(found.key, found)

    def _no_agent(self, address: str) -> str:
        """The nearest agent and the list first: a slip of the pen is not to make a second one."""
        near = meant(address, [str(one["address"]) for one in self.store.people_entries(Kind.AGENT)])
        cure = f"`mailcase agent list` shows them, `mailcase agent add {quote(address)} --name NAME` makes one"
        return f"{address} is no agent{near or ':'} {cure}"

    def act(
        self,
        number: str,
        actor: Actor,
        rule: Rule,
        *,
        other: str = "",
        delivery: int | None = None,
        files: tuple[File, ...] = (),
        customer: NamedCustomer | None = None,
    ) -> Done:
        """One act on one case; raises Refused or Permanent, and then nothing was done."""
        order = Order(number, actor, rule, self.policy, self.now(), other, delivery, files, customer)
        return self.store.act(order, self.bench)


def operator(name: str) -> Actor:
    """The operator of this machine, named as the system names him."""
    return Actor(name)
