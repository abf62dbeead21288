"""Journal, history and outbox."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import AutoString
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STR = AutoString()
UTC = UTCDateTime()
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def _flag() -> None:
    op.create_table(
        "flag",
        sa.Column("name", STR, nullable=False),
        sa.Column("value", STR, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_flag")),
    )


def _mailbox_cursor() -> None:
    op.create_table(
        "mailbox_cursor",
        sa.Column("source", STR, nullable=False),
        sa.Column("folder", STR, nullable=False),
        sa.Column("mailbox", STR, nullable=False),
        sa.Column("uidvalidity", BIG, nullable=False),
        sa.Column("last_uid", BIG, nullable=False),
        sa.Column("baseline_uid", BIG, nullable=False),
        sa.Column("baseline_at", UTC, nullable=True),
        sa.Column("start", STR, nullable=False),
        sa.Column("compared_at", UTC, nullable=True),
        sa.Column("saved_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("source", "folder", name=op.f("pk_mailbox_cursor")),
    )


def _suppression() -> None:
    op.create_table(
        "suppression",
        sa.Column("key", STR, nullable=False),
        sa.Column("until", UTC, nullable=True),
        sa.Column("reason", STR, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_suppression")),
    )


def _case_message() -> None:
    op.create_table(
        "case_message",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("message_pk", BIG, nullable=False),
        sa.Column("how", STR, nullable=False),
        sa.Column("linked_by", STR, nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.running"], name=op.f("fk_case_message_case_id")),
        sa.ForeignKeyConstraint(["message_pk"], ["message.id"], name=op.f("fk_case_message_message_pk")),
        sa.PrimaryKeyConstraint("case_id", "message_pk", name=op.f("pk_case_message")),
    )
    op.create_index(op.f("ix_case_message_message_pk"), "case_message", ["message_pk"], unique=False)


def _case_participant() -> None:
    op.create_table(
        "case_participant",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("key", STR, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.running"], name=op.f("fk_case_participant_case_id")),
        sa.PrimaryKeyConstraint("case_id", "key", name=op.f("pk_case_participant")),
    )


def _case_relation() -> None:
    op.create_table(
        "case_relation",
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("other_id", BIG, nullable=False),
        sa.Column("relation", STR, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.running"], name=op.f("fk_case_relation_case_id")),
        sa.ForeignKeyConstraint(["other_id"], ["case.running"], name=op.f("fk_case_relation_other_id")),
        sa.PrimaryKeyConstraint("case_id", "other_id", "relation", name=op.f("pk_case_relation")),
    )
    op.create_index(op.f("ix_case_relation_other_id"), "case_relation", ["other_id"], unique=False)


def _delivery_first() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", BIG, nullable=False),
        sa.Column("mailbox", STR, nullable=False),
        sa.Column("group_name", STR, nullable=True),
        sa.Column("source", STR, nullable=False),
        sa.Column("folder", STR, nullable=False),
        sa.Column("key", STR, nullable=False),
        sa.Column("uidvalidity", BIG, nullable=True),
        sa.Column("uid", BIG, nullable=True),
        sa.Column("received_at", UTC, nullable=False),
        sa.Column("journalled_at", UTC, nullable=False),
        sa.Column("raw_sha256", STR, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("backlog", sa.Boolean(), nullable=False),
        sa.Column("no_ack", sa.Boolean(), nullable=False),
        sa.Column("oversize", sa.Boolean(), nullable=False),
        sa.Column("marked", sa.Boolean(), nullable=False),
    ]


def _delivery_rest() -> list[sa.Column[Any]]:
    return [
        sa.Column("outcome", STR, nullable=True),
        sa.Column("reason", STR, nullable=False),
        sa.Column("kind", STR, nullable=True),
        sa.Column("linked_by", STR, nullable=False),
        sa.Column("case_id", BIG, nullable=True),
        sa.Column("message_pk", BIG, nullable=True),
        sa.Column("sender_unverified", sa.Boolean(), nullable=False),
        sa.Column("acknowledge", sa.Boolean(), nullable=False),
        sa.Column("acknowledge_reason", STR, nullable=False),
        sa.Column("policy_hash", STR, nullable=False),
        sa.Column("decided_at", UTC, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("message_id", STR, nullable=True),
        sa.Column("mail_from", sa.Text(), nullable=True),
        sa.Column("mail_to", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("date", UTC, nullable=True),
    ]


def _delivery() -> None:
    op.create_table(
        "delivery",
        *_delivery_first(),
        *_delivery_rest(),
        sa.ForeignKeyConstraint(["case_id"], ["case.running"], name=op.f("fk_delivery_case_id")),
        sa.ForeignKeyConstraint(["message_pk"], ["message.id"], name=op.f("fk_delivery_message_pk")),
        sa.ForeignKeyConstraint(["raw_sha256"], ["raw.sha256"], name=op.f("fk_delivery_raw_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("source", "folder", "key", name=op.f("uq_delivery_source_folder_key")),
    )
    op.create_index(op.f("ix_delivery_mailbox"), "delivery", ["mailbox"], unique=False)
    op.create_index(op.f("ix_delivery_message_pk"), "delivery", ["message_pk"], unique=False)
    op.create_index(op.f("ix_delivery_outcome"), "delivery", ["outcome"], unique=False)
    op.create_index(op.f("ix_delivery_received_at"), "delivery", ["received_at"], unique=False)
    op.create_index(
        op.f("ix_delivery_source_folder_uidvalidity_marked"),
        "delivery",
        ["source", "folder", "uidvalidity", "marked"],
        unique=False,
    )


def _case_event() -> None:
    op.create_table(
        "case_event",
        sa.Column("id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("event", STR, nullable=False),
        sa.Column("actor", STR, nullable=False),
        sa.Column("delivery_id", BIG, nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.running"], name=op.f("fk_case_event_case_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_case_event_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    op.create_index(op.f("ix_case_event_case_id"), "case_event", ["case_id"], unique=False)


def _delivery_outcome() -> None:
    op.create_table(
        "delivery_outcome",
        sa.Column("id", BIG, nullable=False),
        sa.Column("delivery_id", BIG, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("outcome", STR, nullable=False),
        sa.Column("reason", STR, nullable=False),
        sa.Column("case_id", BIG, nullable=True),
        sa.Column("actor", STR, nullable=False),
        sa.Column("policy_hash", STR, nullable=False),
        sa.Column("trace", JSON, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.running"], name=op.f("fk_delivery_outcome_case_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_outcome_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_outcome")),
    )
    op.create_index(op.f("ix_delivery_outcome_delivery_id"), "delivery_outcome", ["delivery_id"], unique=False)


def _outbox_first() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", BIG, nullable=False),
        sa.Column("dedup", STR, nullable=False),
        sa.Column("kind", STR, nullable=False),
        sa.Column("state", STR, nullable=False),
        sa.Column("reason", STR, nullable=False),
        sa.Column("mailbox", STR, nullable=False),
        sa.Column("group_name", STR, nullable=False),
        sa.Column("case_id", BIG, nullable=True),
        sa.Column("delivery_id", BIG, nullable=True),
        sa.Column("message_pk", BIG, nullable=True),
        sa.Column("to_key", STR, nullable=False),
        sa.Column("to_domain", STR, nullable=False),
        sa.Column("to", STR, nullable=False),
        sa.Column("to_name", STR, nullable=False),
        sa.Column("cc", JSON, nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
    ]


def _outbox_rest() -> list[sa.Column[Any]]:
    return [
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("created_hour", BIG, nullable=False),
        sa.Column("next_attempt_at", UTC, nullable=True),
        sa.Column("expires_at", UTC, nullable=False),
        sa.Column("claimed_at", UTC, nullable=True),
        sa.Column("sent_at", UTC, nullable=True),
        sa.Column("owner", STR, nullable=False),
        sa.Column("content_key", STR, nullable=False),
        sa.Column("in_reply_to", STR, nullable=True),
        sa.Column("message_id", STR, nullable=True),
        sa.Column("from_name", STR, nullable=False),
        sa.Column("from_address", STR, nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
    ]


def _outbox() -> None:
    op.create_table(
        "outbox",
        *_outbox_first(),
        *_outbox_rest(),
        sa.ForeignKeyConstraint(["case_id"], ["case.running"], name=op.f("fk_outbox_case_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_outbox_delivery_id")),
        sa.ForeignKeyConstraint(["message_pk"], ["message.id"], name=op.f("fk_outbox_message_pk")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedup", name=op.f("uq_outbox_dedup")),
    )
    op.create_index(op.f("ix_outbox_automatic_claimed_at"), "outbox", ["automatic", "claimed_at"], unique=False)
    op.create_index(op.f("ix_outbox_automatic_created_at"), "outbox", ["automatic", "created_at"], unique=False)
    op.create_index(op.f("ix_outbox_case_id"), "outbox", ["case_id"], unique=False)
    op.create_index(op.f("ix_outbox_message_pk"), "outbox", ["message_pk"], unique=False)
    op.create_index(op.f("ix_outbox_state_next_attempt_at"), "outbox", ["state", "next_attempt_at"], unique=False)
    op.create_index(op.f("ix_outbox_to_key_created_at"), "outbox", ["to_key", "created_at"], unique=False)


def upgrade() -> None:
    """Journal, history and outbox."""
    _flag()
    _mailbox_cursor()
    _suppression()
    _case_message()
    _case_participant()
    _case_relation()
    _delivery()
    _case_event()
    _delivery_outcome()
    _outbox()
