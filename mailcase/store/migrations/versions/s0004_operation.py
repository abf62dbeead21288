"""Sent folders, new text, retention; daemons and mailboxes as they fare, alarms, erasure, relinking."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import AutoString
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STR = AutoString()
UTC = UTCDateTime()
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


# With `sent`; PostgreSQL replaces a view in place, which keeps what was granted on it.
V_DELIVERY = """
VIEW v_delivery AS
SELECT d.id, d.mailbox, d.group_name, d.source, d.folder, d.uidvalidity, d.uid, d.message_id, d.mail_from,
       d.mail_to, d.subject, d.date, d.received_at, d.journalled_at, d.size, d.kind, d.outcome, d.reason,
       d.linked_by, c.number AS case_number, d.sender_unverified, d.acknowledge, d.acknowledge_reason,
       d.attempts, d.error, d.marked, d.backlog, d.oversize, d.policy_hash, d.decided_at, d.raw_sha256, d.sent
FROM delivery d
LEFT JOIN "case" c ON c.running = d.case_id
"""


def _views() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE OR REPLACE {V_DELIVERY}")
        return
    op.execute("DROP VIEW v_delivery")
    op.execute(f"CREATE {V_DELIVERY}")


def _columns() -> None:
    op.add_column("delivery", sa.Column("sent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("delivery", sa.Column("remainder", JSON, nullable=True))
    op.add_column("message", sa.Column("new_text", sa.Text(), nullable=False, server_default=""))
    op.add_column("message", sa.Column("beginning", STR, nullable=False, server_default=""))
    some, columns = sa.text("beginning <> ''"), ["group_name", "beginning", "id"]
    op.create_index("ix_message_beginning", "message", columns, sqlite_where=some, postgresql_where=some)
    op.add_column("raw", sa.Column("purged_at", UTC, nullable=True))
    here = sa.text("reason = 'recipient_not_registered'")
    columns = ["received_at", "mailbox"]
    op.create_index("ix_delivery_unregistered", "delivery", columns, sqlite_where=here, postgresql_where=here)
    op.create_index(op.f("ix_delivery_raw_sha256"), "delivery", ["raw_sha256"], unique=False)


def _daemon() -> None:
    op.create_table(
        "daemon",
        sa.Column("owner", STR, nullable=False),
        sa.Column("host", STR, nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", STR, nullable=False),
        sa.Column("started_at", UTC, nullable=False),
        sa.Column("seen_at", UTC, nullable=False),
        sa.Column("policy_hash", STR, nullable=False),
        sa.Column("config_error", sa.Text(), nullable=False),
        sa.Column("config_error_at", UTC, nullable=True),
        sa.Column("facts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_daemon")),
    )


def _mailbox_health() -> None:
    op.create_table(
        "mailbox_health",
        sa.Column("mailbox", STR, nullable=False),
        sa.Column("owner", STR, nullable=False),
        sa.Column("source", STR, nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("last_look", UTC, nullable=True),
        sa.Column("last_mail", UTC, nullable=True),
        sa.Column("lag_s", sa.Float(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failing_since", UTC, nullable=True),
        sa.Column("seen_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_mailbox_health")),
    )


def _maildir_baseline() -> None:
    op.create_table(
        "maildir_baseline",
        sa.Column("source", STR, nullable=False),
        sa.Column("key", STR, nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_maildir_baseline")),
    )


def _alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", BIG, nullable=False),
        sa.Column("condition", STR, nullable=False),
        sa.Column("event", STR, nullable=False),
        sa.Column("mailbox", STR, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", UTC, nullable=False),
        sa.Column("told_at", UTC, nullable=True),
        sa.Column("ended_at", UTC, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index(op.f("ix_alarm_condition"), "alarm", ["condition"], unique=False)


def _erased() -> None:
    op.create_table(
        "erased",
        sa.Column("digest", STR, nullable=False),
        sa.Column("what", STR, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased")),
    )


def _relink() -> None:
    op.create_table(
        "relink",
        sa.Column("id", BIG, nullable=False),
        sa.Column("message_pk", BIG, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("actor", STR, nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.Column("undone_at", UTC, nullable=True),
        sa.ForeignKeyConstraint(["message_pk"], ["message.id"], name=op.f("fk_relink_message_pk")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relink")),
    )
    op.create_index(op.f("ix_relink_message_pk"), "relink", ["message_pk"], unique=False)


def _inbox() -> None:
    """What was read as "inbox" or "Inbox" is the INBOX from now on (RFC 3501 5.1); twice the same stays as it is."""
    for name, keys in (("mailbox_cursor", ("source",)), ("delivery", ("source", "key"))):
        table = sa.table(name, sa.column("source"), sa.column("folder"), *(sa.column(one) for one in keys[1:]))
        other = table.alias("other")
        same = (table.c[key] == other.c[key] for key in keys)
        there = sa.exists().where(other.c.folder == "INBOX", *same)
        written = (sa.func.lower(table.c.folder) == "inbox", table.c.folder != "INBOX")
        of_imap = table.c.source.startswith("imap:")
        op.execute(sa.update(table).where(*written, of_imap, ~there).values(folder="INBOX"))


def upgrade() -> None:
    """The columns and tables of sources and operation."""
    _columns()
    _views()
    _daemon()
    _mailbox_health()
    _maildir_baseline()
    _alarm()
    _erased()
    _relink()
    _inbox()
