"""Messages with raw bytes, attachments and the ids they cite."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Field

from mailcase.store.tables_base import BIG, JSON, TEXT, Row

_KNOWN: Final = sa.text("message_pk IS NOT NULL")


class Raw(Row, table=True):
    """The raw bytes of a mail, once a sha256, or where they lie."""

    sha256: str = Field(primary_key=True)
    size: int = Field(sa_type=BIG)
    location: str = ""  # "" = `content`; else "file:raw/ab/ab…" or "s3://bucket/prefix/ab/ab…"
    content: bytes | None = None
    purged_at: datetime | None = None  # retention or erasure took the bytes; the hash stays (B2)


class Message(Row, table=True):
    """A mail, once a group. Small columns come first: look-ups never touch the pages of the texts."""

    __table_args__ = (
        sa.UniqueConstraint("group_name", "identity"),
        sa.Index(None, "group_name", "message_id", "id"),
        sa.Index(None, "group_name", "fingerprint", "id"),
        sa.Index(
            "ix_message_beginning",
            "group_name",
            "beginning",
            "id",
            sqlite_where=sa.text("beginning <> ''"),
            postgresql_where=sa.text("beginning <> ''"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    group_name: str
    identity: str  # "in:" + Email.identity, or "out:" + Message-ID
    direction: str  # in, out
    message_id: str | None = None
    kind: str
    automatic: bool
    sender_key: str
    sender_name: str
    sender_address: str
    date: datetime | None = None
    date_key: str = ""
    fingerprint: str = ""
    content_key: str = ""
    beginning: str = ""  # same_mail.stored_beginning
    received_at: datetime  # when it came to the store, so that clocks elsewhere do not matter (R8)
    outcome: str = ""
    reason: str = ""
    sender_unverified: bool = False
    erased: bool = False
    contact_id: int | None = Field(default=None, sa_type=BIG, foreign_key="contact.id", index=True)
    account_id: int | None = Field(default=None, sa_type=BIG, foreign_key="account.id")
    delivery_id: int | None = Field(default=None, sa_type=BIG)  # that was decided; no key: it points back
    participants: list[str] = Field(default_factory=list, sa_type=JSON)  # From, To, Cc keys
    raw_sha256: str | None = Field(default=None, foreign_key="raw.sha256")
    in_reply_to: list[str] = Field(default_factory=list, sa_type=JSON)
    subject: str = Field(default="", sa_type=TEXT)
    recipients: list[Any] = Field(default_factory=list, sa_type=JSON)  # {"field", "name", "address", "key"}
    references: list[str] = Field(default_factory=list, sa_type=JSON)
    text: str = Field(default="", sa_type=TEXT)
    new_text: str = Field(default="", sa_type=TEXT)  # Email.new_text
    html_clean: str = Field(default="", sa_type=TEXT)
    html: str = Field(default="", sa_type=TEXT)
    headers: list[Any] = Field(default_factory=list, sa_type=JSON)  # [name, value]


class MessageReference(Row, table=True):
    """One row a group and Message-ID: the message that it is, or null = only seen in a citation."""

    __tablename__ = "message_reference"
    # For a mail that is taken back; rows of ids that were only seen in a citation are many, and not in it.
    __table_args__ = (
        sa.Index("ix_message_reference_message_pk", "message_pk", sqlite_where=_KNOWN, postgresql_where=_KNOWN),
    )
    group_name: str = Field(primary_key=True)
    msgid: str = Field(primary_key=True)
    message_pk: int | None = Field(default=None, sa_type=BIG, foreign_key="message.id")


class MessageAlias(Row, table=True):
    """Another Message-ID of a mail of ours: a relay replaced it. One that it told of two mails names none (NULL)."""

    __tablename__ = "message_alias"
    group_name: str = Field(primary_key=True)
    msgid: str = Field(primary_key=True)
    message_pk: int | None = Field(default=None, sa_type=BIG, foreign_key="message.id", index=True)
    source: str  # relay, sent_folder, report
    at: datetime


class Citation(Row, table=True):
    """Which message cites which id; the indexes give the newest citers without reading the others."""

    __table_args__ = (
        sa.Index("ix_citation_newest", "group_name", "cited", "received_at"),
        sa.Index("ix_citation_sender", "group_name", "cited", "sender_key", "received_at"),
    )
    message_pk: int = Field(sa_type=BIG, primary_key=True, foreign_key="message.id")
    cited: str = Field(primary_key=True)
    group_name: str
    sender_key: str
    received_at: datetime  # when it came to the store, so that clocks elsewhere do not matter (R8)


class Attachment(Row, table=True):
    """An attachment or inline part; its bytes stay in the raw mail."""

    message_pk: int = Field(sa_type=BIG, primary_key=True, foreign_key="message.id")
    part: str = Field(primary_key=True)
    name: str
    type: str
    size: int = Field(sa_type=BIG)
    inline: bool
    content_id: str
    sha256: str
