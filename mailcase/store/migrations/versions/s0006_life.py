"""Agents, groups, followers, tasks and files; what acts leave on a case; searching cases by words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import AutoString
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STR = AutoString()
UTC = UTCDateTime()
JSON = sa.JSON().with_variant(JSONB(), "postgresql")

# With what acts leave on a case, at its end: PostgreSQL replaces a view in place, which keeps what was granted on it.
V_CASE = """
VIEW v_case AS
SELECT c.number, c.running, c.group_name, c.mailbox, c.title, c.status, c.priority, c.category, c.source,
       contact.name AS contact,
       (SELECT min(a.address) FROM contact_address a WHERE a.contact_id = c.contact_id) AS contact_address,
       account.name AS account, c.assignee, c.assignee_group, c.organization, c.closing_reason,
       parent.number AS parent, merged.number AS merged_into, c.first_kind, c.created_at, c.updated_at,
       (SELECT count(*) FROM case_message m WHERE m.case_id = c.running AND m.how NOT IN ('notified', 'note'))
       AS message_count,
       c.support_level, c.expected_at, c.first_response_at, c.resolved_at, c.closed_at
FROM "case" c
LEFT JOIN contact ON contact.id = c.contact_id
LEFT JOIN account ON account.id = c.account_id
LEFT JOIN "case" parent ON parent.running = c.parent_id
LEFT JOIN "case" merged ON merged.running = c.merged_into_id
"""

# SQLite keeps no copy of the texts beside the index: triggers tell it what a case says (https://sqlite.org/fts5.html).
SEARCH = (
    """
    CREATE VIRTUAL TABLE case_search USING fts5(
        title, description, content='case', content_rowid='running', tokenize="unicode61 remove_diacritics 2")
    """,
    """
    CREATE TRIGGER case_search_new AFTER INSERT ON "case" BEGIN
        INSERT INTO case_search(rowid, title, description) VALUES (new.running, new.title, new.description);
    END
    """,
    """
    CREATE TRIGGER case_search_changed AFTER UPDATE OF title, description ON "case" BEGIN
        INSERT INTO case_search(case_search, rowid, title, description)
        VALUES ('delete', old.running, old.title, old.description);
        INSERT INTO case_search(rowid, title, description) VALUES (new.running, new.title, new.description);
    END
    """,
    """
    CREATE TRIGGER case_search_gone AFTER DELETE ON "case" BEGIN
        INSERT INTO case_search(case_search, rowid, title, description)
        VALUES ('delete', old.running, old.title, old.description);
    END
    """,
    "INSERT INTO case_search(case_search) VALUES ('rebuild')",
)
#: `simple`: mails come in many languages, so that no word is cut back to a stem of one of them. With the marks between
#: words as blanks an address, a path and E-17 are several words, as they are for SQLite. No more than the first 100,000
#: characters: a text whose words do not fit into a tsvector (1 MB) could not be stored at all.
SEARCH_POSTGRES = """
CREATE INDEX ix_case_search ON "case" USING gin (
    to_tsvector('simple', translate(left(title || ' ' || description, 100000), '-./:@_+&<>', '          ')))
"""


def _agents() -> None:
    op.create_table(
        "agent",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", STR, nullable=False),
        sa.Column("address", STR, nullable=False),
        sa.Column("name", STR, nullable=False),
        sa.Column("language", STR, nullable=False),
        sa.Column("timezone", STR, nullable=False),
        sa.Column("role", STR, nullable=False),
        sa.Column("organizations", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("key", name=op.f("uq_agent_key")),
    )
    op.create_table(
        "agent_group",
        sa.Column("name", STR, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_agent_group")),
    )
    op.create_table(
        "agent_group_member",
        sa.Column("of_group", STR, nullable=False),
        sa.Column("agent_id", BIG, nullable=False),
        sa.Column("turn", BIG, nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["of_group"], ["agent_group.name"], name=op.f("fk_agent_group_member_of_group")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_group_member_agent_id")),
        sa.PrimaryKeyConstraint("of_group", "agent_id", name=op.f("pk_agent_group_member")),
    )
    op.create_index(op.f("ix_agent_group_member_agent_id"), "agent_group_member", ["agent_id"], unique=False)


def _of_case(table: str, *columns: sa.Column[object]) -> tuple[sa.Column[object] | sa.ForeignKeyConstraint, ...]:
    """A table's columns, with the case that they belong to."""
    foreign = sa.ForeignKeyConstraint(["case_id"], ["case.running"], name=op.f(f"fk_{table}_case_id"))
    return (sa.Column("case_id", BIG, nullable=False), *columns, foreign)


def _work() -> None:
    op.create_table(
        "case_follower",
        *_of_case("case_follower", sa.Column("key", STR, nullable=False), sa.Column("at", UTC, nullable=False)),
        sa.PrimaryKeyConstraint("case_id", "key", name=op.f("pk_case_follower")),
    )
    op.create_table(
        "case_task",
        sa.Column("id", BIG, nullable=False),
        *_of_case("case_task", sa.Column("title", STR, nullable=False), sa.Column("assignee", STR, nullable=False)),
        sa.Column("due_at", UTC, nullable=True),
        sa.Column("state", STR, nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("created_by", STR, nullable=False),
        sa.Column("ended_at", UTC, nullable=True),
        sa.Column("ended_by", STR, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_task")),
    )
    op.create_index(op.f("ix_case_task_case_id"), "case_task", ["case_id"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("id", BIG, nullable=False),
        *_of_case("case_file", sa.Column("message_pk", BIG, nullable=True), sa.Column("name", STR, nullable=False)),
        sa.Column("type", STR, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("sha256", STR, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("by", STR, nullable=False),
        sa.ForeignKeyConstraint(["message_pk"], ["message.id"], name=op.f("fk_case_file_message_pk")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
    )
    for column in ("case_id", "message_pk", "sha256"):
        op.create_index(op.f(f"ix_case_file_{column}"), "case_file", [column], unique=False)


def _columns() -> None:
    for table in ("account", "contact"):
        op.add_column(table, sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("contact", sa.Column("timezone", STR, nullable=False, server_default=""))
    op.add_column("case", sa.Column("support_level", sa.Integer(), nullable=False, server_default="0"))
    for name in ("expected_at", "first_response_at", "resolved_at", "closed_at"):
        op.add_column("case", sa.Column(name, UTC, nullable=True))
    for name in ("status_before", "article"):
        op.add_column("case", sa.Column(name, STR, nullable=False, server_default=""))
    op.add_column("case", sa.Column("solution", sa.Text(), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("audience", STR, nullable=False, server_default="customer"))
    for name, empty in (("only_while", "{}"), ("files", "[]"), ("still_to", "[]")):
        op.add_column("outbox", sa.Column(name, JSON, nullable=False, server_default=empty))


def _indexes() -> None:
    """Over what only some cases have, so that mail pays nothing for them."""
    some = (
        ("ix_case_assignee", "case", ["assignee", "status", "merged_into_id"], "assignee <> ''"),
        ("ix_case_parent_id", "case", ["parent_id"], "parent_id IS NOT NULL"),
        ("ix_case_merged_into_id", "case", ["merged_into_id"], "merged_into_id IS NOT NULL"),
        (
            "ix_case_event_status", "case_event", ["at", "case_id"],
            "event IN ('status', 'status_set', 'reopened', 'accepted', 'withdrawn')",
        ),
    )  # fmt: skip
    for name, table, columns, where in some:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _view_and_search() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE OR REPLACE {V_CASE}")
        op.execute(SEARCH_POSTGRES)
        return
    op.execute("DROP VIEW v_case")
    op.execute(f"CREATE {V_CASE}")
    for statement in SEARCH:
        op.execute(statement)


def upgrade() -> None:
    """The tables, columns and the index of words."""
    _agents()
    _work()
    _columns()
    _indexes()
    _view_and_search()
