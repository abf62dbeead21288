"""The side of the store's door that tells how the product fares: keeper, alarms, digest, `mailcase status`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from mailcase.health.complaints import Complaint
from mailcase.health.digest import Digest
from mailcase.health.notices import Notice, WayOut
from mailcase.health.situation import AlarmTold, DaemonTold, MailboxTold, Numbers, Returned, Told, Unregistered
from mailcase.life.named import Named
from mailcase.store import alarms, complaints, digest, health, returned
from mailcase.store.alarms import AlarmChange
from mailcase.store.engine import Engines
from mailcase.store.marks import reads


class HealthDoor:
    """What the store can do for those who watch over it; `Store` is one."""

    _engines: Engines

    def tell_health(self, daemon: DaemonTold, mailboxes: Sequence[MailboxTold]) -> None:
        """Insert or replace the row of a daemon and those of its mailboxes that changed."""
        with self._engines.write() as conn:
            health.tell(conn, daemon, mailboxes)

    def tidy_health(self, owner: str, configured: Collection[str], now: datetime) -> None:
        """Remove daemons that are gone, and mailboxes that neither this daemon nor a living one works."""
        with self._engines.write() as conn:
            health.tidy(conn, owner, configured, now)

    def leave_health(self, owner: str) -> None:
        """Remove a daemon's row at its orderly stop."""
        with self._engines.write() as conn:
            health.leave(conn, owner)

    @reads
    def last_mails(self) -> dict[str, tuple[datetime, float]]:
        """When each mailbox's last mail came, and its lag in seconds, as daemons told."""
        with self._engines.read() as conn:
            return health.last_mails(conn)

    @reads
    def newest_mails(self, since: datetime, until: datetime) -> dict[str, datetime]:
        """When each mailbox's newest mail after `since`, until `until`, came; by whomever it was taken."""
        with self._engines.read() as conn:
            return health.newest_mails(conn, since, until)

    @reads
    def newest_mail_of(self, mailboxes: Collection[str]) -> dict[str, datetime]:
        """When the newest mail of each of these came, as far as any did, however long ago."""
        with self._engines.read() as conn:
            return health.newest_mail_of(conn, mailboxes)

    @reads
    def health_numbers(self, named: Sequence[Named] = ()) -> Numbers:
        """What is open now, and who of `named` is not there; cheap."""
        with self._engines.read() as conn:
            return health.numbers(conn, named)

    @reads
    def unregistered(self, now: datetime) -> tuple[Unregistered, ...]:
        """Mail of the last seven days to addresses that no mailbox has, by mailbox (B4)."""
        with self._engines.read() as conn:
            return health.unregistered(conn, now)

    @reads
    def returned(self, now: datetime) -> Mapping[str, Returned]:
        """Automatic mail of the last 24 hours and what of it came back, by mailbox."""
        with self._engines.read() as conn:
            return returned.returned(conn, now)

    @reads
    def health_told(self, now: datetime, named: Sequence[Named] = ()) -> Told:
        """All of it, as `mailcase status` shows it; `named`: whom the configuration gives cases to."""
        with self._engines.read() as conn:
            return health.told(conn, now, named)

    @reads
    def open_alarms(self) -> tuple[AlarmTold, ...]:
        """The alarms that have not ended."""
        with self._engines.read() as conn:
            return health.open_alarms(conn)

    @reads
    def mailboxes_of_others(self, owner: str) -> frozenset[str]:
        """The mailboxes that other daemons on this store work: their alarms are theirs."""
        with self._engines.read() as conn:
            return health.of_others(conn, owner)

    @reads
    def held_by_others(self, owner: str, now: datetime) -> frozenset[str]:
        """Keys of the store's conditions that hold by the configuration of another living daemon."""
        with self._engines.read() as conn:
            return health.held_by_others(conn, owner, now)

    def change_alarms(self, change: AlarmChange, now: datetime) -> bool:
        """Alarms and the mails that tell of them, in one commit; False: another daemon was faster."""
        with self._engines.write() as conn:
            return alarms.change(conn, change, now)

    def queue_notice(self, notice: Notice, now: datetime) -> bool:
        """One mail to an administrator into the outbox; False where it is there already."""
        with self._engines.write() as conn:
            return alarms.queue(conn, notice, now)

    @reads
    def complaints(self, now: datetime) -> Sequence[Complaint]:
        """The complaints of the last day that were noted on a case, at most twenty (3.2)."""
        with self._engines.read() as conn:
            return complaints.of_late(conn, now)

    def reroute_notices(self, way: WayOut, now: datetime) -> int:
        """Notices that wait for a relay that does not work leave by this mailbox instead; how many."""
        with self._engines.write() as conn:
            return alarms.reroute(conn, way, now)

    @reads
    def digest(self, since: datetime, until: datetime) -> Digest:
        """What was ignored, junk and quarantined in that time."""
        with self._engines.read() as conn:
            return digest.digest(conn, since, until)

    def queue_digest(
        self, was: str | None, becomes: str, notices: Sequence[Notice], now: datetime, late: int = 0
    ) -> bool:
        """The day's digest and its flag, in one commit; False: another daemon was faster.

        `late`: so many mails that came late are told by it.
        """
        with self._engines.write() as conn:
            return alarms.queue_digest(conn, was, becomes, notices, now, late)
