"""The side of the store's door that people read cases through: lists, whole cases, like cases, statistics.

What they ask is imported when it is asked: a daemon is ready without it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailcase.cases.statuses import StatusTable
from mailcase.life.people import Agent
from mailcase.store.engine import Engines
from mailcase.store.marks import reads

if TYPE_CHECKING:
    from mailcase.life.statistics import Facts
    from mailcase.store.life.case_filter import CaseFilter


class ReadingDoor:
    """What the store tells of cases; `Store` is one."""

    _engines: Engines

    @reads
    def case_list(
        self,
        statuses: StatusTable,
        wanted: "CaseFilter | None" = None,
        configured: Mapping[str, Sequence[str]] | None = None,
    ) -> list[dict[str, Any]]:
        """`case list` of contract.md, oldest first; `kind` is the status's kind.

        `configured`: names of mailbox, category and group that are known though no case has them yet.

        Raises:
            Permanent: the filter names what is not there; the text says what there is.
        """
        from mailcase.store import report_cases
        from mailcase.store.life.case_filter import CaseFilter, named

        with self._engines.read() as conn:
            return report_cases.listing(conn, statuses, named(conn, wanted or CaseFilter(), statuses, configured or {}))

    @reads
    def task_list(
        self, statuses: StatusTable, assignee: str | None = None, organizations: tuple[str, ...] | None = None
    ) -> list[dict[str, Any]]:
        """Open tasks of cases that have not ended; see `task_list.task_list`."""
        from mailcase.store.life import task_list

        with self._engines.read() as conn:
            return task_list.task_list(conn, statuses, assignee, organizations)

    @reads
    def case_show(
        self,
        number: str,
        statuses: StatusTable,
        viewer: Agent | None = None,
        organizations: tuple[str, ...] | None = None,
    ) -> dict[str, Any]:
        """`case show` of contract.md; Permanent if there is no such case, or none of these organizations.

        Messages also have `text`, `attachments`, `how`, `verified`; outgoing ones `rule`, `state`, `sent_at`, ….
        Notes are for the assignee, admins and who wrote them; `viewer` None sees all. Numbers of cases of other
        organizations are left out.
        """
        from mailcase.store import report_cases

        with self._engines.read() as conn:
            return report_cases.show(conn, number, statuses, viewer, organizations)

    @reads
    def case_similar(
        self, number: str, statuses: StatusTable, limit: int = 10, organizations: tuple[str, ...] | None = None
    ) -> list[dict[str, Any]]:
        """Cases of the same mailbox group and category with the nearest words, the nearest first; see `search.similar`.

        Each also has the `kind` of its status. Permanent if there is no such case.
        """
        from mailcase.store import report_cases
        from mailcase.store.life import search

        with self._engines.read() as conn:
            found = search.similar(conn, report_cases.running_of(conn, number, organizations), limit, organizations)
        return [{**one, "kind": statuses.kind(one["status"]).value} for one in found]

    @reads
    def case_number(self, *spellings: str) -> str:
        """The first of these numbers that a case has; "" where none has one."""
        from mailcase.store import report_cases

        with self._engines.read() as conn:
            return report_cases.first_number(conn, spellings)

    @reads
    def case_facts(
        self, statuses: StatusTable, since: datetime, until: datetime, organizations: tuple[str, ...] | None = None
    ) -> "Facts":
        """What statistics count: cases and changes of status from `since` on, before `until`."""
        from mailcase.store.life import statistics

        with self._engines.read() as conn:
            return statistics.facts(conn, statuses, since, until, organizations)
