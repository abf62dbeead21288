"""Indexes of two keys: a mail that is taken back, and contacts that become one, read a table each without them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Both; of the ids that mails are and cite only those that a stored mail is."""
    op.create_index("ix_message_contact_id", "message", ["contact_id"])
    known = sa.text("message_pk IS NOT NULL")
    op.create_index(
        "ix_message_reference_message_pk",
        "message_reference",
        ["message_pk"],
        sqlite_where=known,
        postgresql_where=known,
    )
