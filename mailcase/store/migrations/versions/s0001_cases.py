"""People, messages and cases."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import AutoString
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STR = AutoString()
UTC = UTCDateTime()
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", STR, nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("name", STR, nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )


def _raw() -> None:
    op.create_table(
        "raw",
        sa.Column("sha256", STR, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("location", STR, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_raw")),
    )


def _account_domain() -> None:
    op.create_table(
        "account_domain",
        sa.Column("domain", STR, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_domain_account_id")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_account_domain")),
    )
    op.create_index(op.f("ix_account_domain_account_id"), "account_domain", ["account_id"], unique=False)


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", STR, nullable=False),
        sa.Column("language", STR, nullable=False),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("created_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_account_id"), "contact", ["account_id"], unique=False)


def _contact_address() -> None:
    op.create_table(
        "contact_address",
        sa.Column("key", STR, nullable=False),
        sa.Column("address", STR, nullable=False),
        sa.Column("contact_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_address_contact_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_contact_address")),
    )
    op.create_index(op.f("ix_contact_address_contact_id"), "contact_address", ["contact_id"], unique=False)


def _message_first() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", BIG, nullable=False),
        sa.Column("group_name", STR, nullable=False),
        sa.Column("identity", STR, nullable=False),
        sa.Column("direction", STR, nullable=False),
        sa.Column("message_id", STR, nullable=True),
        sa.Column("kind", STR, nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("sender_key", STR, nullable=False),
        sa.Column("sender_name", STR, nullable=False),
        sa.Column("sender_address", STR, nullable=False),
        sa.Column("date", UTC, nullable=True),
        sa.Column("date_key", STR, nullable=False),
        sa.Column("fingerprint", STR, nullable=False),
        sa.Column("content_key", STR, nullable=False),
        sa.Column("received_at", UTC, nullable=False),
        sa.Column("outcome", STR, nullable=False),
    ]


def _message_rest() -> list[sa.Column[Any]]:
    return [
        sa.Column("reason", STR, nullable=False),
        sa.Column("sender_unverified", sa.Boolean(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("delivery_id", BIG, nullable=True),
        sa.Column("participants", JSON, nullable=False),
        sa.Column("raw_sha256", STR, nullable=True),
        sa.Column("in_reply_to", JSON, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("recipients", JSON, nullable=False),
        sa.Column("references", JSON, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html_clean", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("headers", JSON, nullable=False),
    ]


def _message() -> None:
    op.create_table(
        "message",
        *_message_first(),
        *_message_rest(),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_account_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_message_contact_id")),
        sa.ForeignKeyConstraint(["raw_sha256"], ["raw.sha256"], name=op.f("fk_message_raw_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("group_name", "identity", name=op.f("uq_message_group_name_identity")),
    )
    op.create_index(
        op.f("ix_message_group_name_fingerprint_id"), "message", ["group_name", "fingerprint", "id"], unique=False
    )
    op.create_index(
        op.f("ix_message_group_name_message_id_id"), "message", ["group_name", "message_id", "id"], unique=False
    )


def _attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("message_pk", BIG, nullable=False),
        sa.Column("part", STR, nullable=False),
        sa.Column("name", STR, nullable=False),
        sa.Column("type", STR, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("content_id", STR, nullable=False),
        sa.Column("sha256", STR, nullable=False),
        sa.ForeignKeyConstraint(["message_pk"], ["message.id"], name=op.f("fk_attachment_message_pk")),
        sa.PrimaryKeyConstraint("message_pk", "part", name=op.f("pk_attachment")),
    )


def _case() -> None:
    op.create_table(
        "case",
        sa.Column("running", BIG, autoincrement=False, nullable=False),
        sa.Column("number", STR, nullable=False),
        sa.Column("group_name", STR, nullable=False),
        sa.Column("mailbox", STR, nullable=False),
        sa.Column("title", STR, nullable=False),
        sa.Column("status", STR, nullable=False),
        sa.Column("priority", STR, nullable=False),
        sa.Column("category", STR, nullable=False),
        sa.Column("source", STR, nullable=False),
        sa.Column("contact_id", BIG, nullable=True),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("assignee", STR, nullable=False),
        sa.Column("assignee_group", STR, nullable=False),
        sa.Column("organization", STR, nullable=False),
        sa.Column("closing_reason", STR, nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("merged_into_id", BIG, nullable=True),
        sa.Column("origin_pk", BIG, nullable=True),
        sa.Column("first_kind", STR, nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("updated_at", UTC, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_case_account_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_case_contact_id")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["case.running"], name=op.f("fk_case_merged_into_id")),
        sa.ForeignKeyConstraint(["origin_pk"], ["message.id"], name=op.f("fk_case_origin_pk")),
        sa.ForeignKeyConstraint(["parent_id"], ["case.running"], name=op.f("fk_case_parent_id")),
        sa.PrimaryKeyConstraint("running", name=op.f("pk_case")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number")),
        sa.UniqueConstraint("origin_pk", name=op.f("uq_case_origin_pk")),
    )


def _case_indexes() -> None:
    op.create_index(
        op.f("ix_case_account_id_running_group_name_status_merged_into_id"),
        "case",
        ["account_id", "running", "group_name", "status", "merged_into_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_case_contact_id_running_group_name_status_merged_into_id"),
        "case",
        ["contact_id", "running", "group_name", "status", "merged_into_id"],
        unique=False,
    )
    op.create_index(op.f("ix_case_status"), "case", ["status"], unique=False)


def _citation() -> None:
    op.create_table(
        "citation",
        sa.Column("message_pk", BIG, nullable=False),
        sa.Column("cited", STR, nullable=False),
        sa.Column("group_name", STR, nullable=False),
        sa.Column("sender_key", STR, nullable=False),
        sa.Column("received_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(["message_pk"], ["message.id"], name=op.f("fk_citation_message_pk")),
        sa.PrimaryKeyConstraint("message_pk", "cited", name=op.f("pk_citation")),
    )
    op.create_index("ix_citation_newest", "citation", ["group_name", "cited", "received_at"], unique=False)
    op.create_index(
        "ix_citation_sender", "citation", ["group_name", "cited", "sender_key", "received_at"], unique=False
    )


def _message_reference() -> None:
    op.create_table(
        "message_reference",
        sa.Column("group_name", STR, nullable=False),
        sa.Column("msgid", STR, nullable=False),
        sa.Column("message_pk", BIG, nullable=True),
        sa.ForeignKeyConstraint(["message_pk"], ["message.id"], name=op.f("fk_message_reference_message_pk")),
        sa.PrimaryKeyConstraint("group_name", "msgid", name=op.f("pk_message_reference")),
    )


def upgrade() -> None:
    """People, messages and cases."""
    _account()
    _counter()
    _raw()
    _account_domain()
    _contact()
    _contact_address()
    _message()
    _attachment()
    _case()
    _case_indexes()
    _citation()
    _message_reference()
