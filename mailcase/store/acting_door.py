"""The store's door for acts on cases: each one write transaction."""

from mailcase.ports import Judge
from mailcase.store.again import again
from mailcase.store.engine import Engines
from mailcase.store.life import acting, creating
from mailcase.store.life.acting import Done, Order
from mailcase.store.life.creating import NewOrder
from mailcase.store.marks import before, outside
from mailcase.store.raw import RawPlace


class ActingDoor:
    """What the store can do with cases by hand; `Store` is one."""

    _engines: Engines
    _raw: RawPlace

    @before(lambda store: store.keep_files)
    def act(self, order: Order, judge: Judge, kept: bool = False) -> Done:
        """Lock and read the case, ask the rule, write what it says, and queue the mails that it owes.

        `kept`: whether `keep_files` was called before.

        Raises:
            Refused: the rule does not allow it; the text says what is possible. Nothing was written.
            Permanent: there is no such case, message or customer's address.
        """
        if not kept:
            self.keep_files(order, judge)
        return self._act(order, judge)

    @outside
    def keep_files(self, order: Order, _judge: Judge) -> bool:
        """The first half of `act`: bytes of files that go outside of the store lie there durably (R1).

        Raises as `act` does what can be known before: bytes that no row names would lie there for ever.
        """
        if order.files:
            with self._engines.read() as conn:
                acting.ask(conn, order)
            self._raw.keep(self._engines, acting.kept_files(order.files))
        return True

    @before(lambda store: store.keep_new_files)
    def create_case(self, order: NewOrder, judge: Judge, kept: bool = False) -> Done:
        """A case by hand; returns and raises as `act`."""
        if not kept:
            self.keep_new_files(order, judge)
        return self._create(order, judge)

    @outside
    def keep_new_files(self, order: NewOrder, _judge: Judge) -> bool:
        """The first half of `create_case`, as `keep_files`."""
        if order.wanted.files:
            with self._engines.read() as conn:
                creating.ask(conn, order)
            self._raw.keep(self._engines, acting.kept_files(order.wanted.files))
        return True

    @again
    def _act(self, order: Order, judge: Judge) -> Done:
        with self._engines.write() as conn:
            return acting.act(conn, self._raw, judge, order)

    @again
    def _create(self, order: NewOrder, judge: Judge) -> Done:
        with self._engines.write() as conn:
            return creating.create(conn, self._raw, judge, order)
