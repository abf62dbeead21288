"""The ids that relays gave to mails of ours: an answer that names nothing else finds its case by them."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import AutoString
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """A table of its own: most mails have none, and only ids that no stored mail has are asked for in it."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "message_alias",
        sa.Column("group_name", AutoString(), nullable=False),
        sa.Column("msgid", AutoString(), nullable=False),
        sa.Column("message_pk", big, sa.ForeignKey("message.id", name="fk_message_alias_message_pk"), nullable=True),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("group_name", "msgid", name="pk_message_alias"),
    )
    op.create_index("ix_message_alias_message_pk", "message_alias", ["message_pk"])
