"""The schema: migrations and tables agree, copies are made, and docs/schema.md tells the truth."""

import re
import sqlite3
import stat
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mailcase.errors import ConfigError, Permanent, Unavailable
from mailcase.sharing import EVERYTHING
from mailcase.store import load, migrate, outbox, report_mail
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.store_kit import NOW, arrival

DOCUMENT = Path(__file__).parents[2] / "docs" / "schema.md"
VIEWS = ("v_case", "v_thread", "v_delivery")
#: The index of words is made by the migration's own SQL, and is no table or index of the program: SQLite keeps five
#: tables behind it, which FTS5 alone writes, and Alembic cannot compare PostgreSQL's index over an expression.
SEARCH = re.compile(r"case_search(_config|_content|_data|_docsize|_idx)?|ix_case_search")


def test_migrations_lead_to_the_tables_of_the_program(store: Store) -> None:
    with store._engines.read() as conn:
        opts = {"compare_type": True, "include_name": lambda name, *_: not (name and SEARCH.fullmatch(name))}
        context = MigrationContext.configure(conn, opts=opts)
        assert compare_metadata(context, t.metadata) == []


def test_the_program_knows_all_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == migrate.SCHEMAS


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_has_the_columns_that_the_document_names(store: Store, view: str) -> None:
    section = DOCUMENT.read_text("utf-8").split(f"### {view} ")[1].split("\n### ")[0].split("\n## ")[0]
    named = [name for cell in re.findall(r"^\| ([a-z0-9_, ]+) \|", section, re.M) for name in cell.split(", ")]
    with store._engines.read() as conn:
        columns = list(conn.execute(sa.select(sa.text("*")).select_from(sa.table(view))).keys())
    assert set(named) - {"column"} == set(columns)


def test_the_picture_shows_every_table() -> None:
    picture = DOCUMENT.read_text("utf-8").split("```mermaid")[1].split("```")[0]
    assert set(re.findall(r"[a-z_]+", picture)) >= set(t.metadata.tables)


def test_a_newer_store_is_refused(url: str, store: Store, tmp_path: Path) -> None:
    with store._engines.write() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for opening in (Store.open, Store.upgrade):
        with pytest.raises(ConfigError, match="newer than this program"):
            opening(url, tmp_path)


@pytest.mark.usefixtures("store")
def test_a_store_that_is_opened_connects_once(url: str, tmp_path: Path) -> None:
    made: list[object] = []

    def connected(*what: object) -> None:
        made.append(what)

    sa.event.listen(sa.Pool, "connect", connected)
    try:
        with closing(Store.open(url, tmp_path)) as again:
            again.used_statuses()
    finally:
        sa.event.remove(sa.Pool, "connect", connected)
    assert len(made) == 1


OLD = migrate.SCHEMAS[-2]


def old_store(tmp_path: Path, schema: str = OLD) -> Path:
    """A store as an earlier version made it."""
    file = tmp_path / "mailcase.db"
    migrate._run(migrate.absolute("sqlite:///mailcase.db", tmp_path), schema)
    file.chmod(0o600)
    return file


def test_what_was_read_as_inbox_goes_on_as_the_inbox(tmp_path: Path) -> None:
    file = old_store(tmp_path, "0003")
    with closing(sqlite3.connect(file)) as db, db:
        cursor = "INSERT INTO mailbox_cursor VALUES (?, ?, 'support', 7, 9, 1, NULL, 'new', NULL, '2026-01-01')"
        db.executemany(cursor, [("imap:a:u", "inbox"), ("imap:b:u", "INBOX"), ("imap:b:u", "inbox"), ("imap:c:u", "A")])
    with closing(Store.open("sqlite:///mailcase.db", tmp_path, older=True)) as store:
        found = [store.cursor(source, folder) for source, folder in (("imap:a:u", "INBOX"), ("imap:b:u", "INBOX"))]
        assert [one.last_uid for one in found if one] == [9, 9]
        assert store.cursor("imap:a:u", "inbox") is None
        assert store.cursor("imap:c:u", "A") is not None


def test_an_older_file_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    file = old_store(tmp_path)
    Store.open("sqlite:///mailcase.db", tmp_path, older=True).close()
    Store.open("sqlite:///mailcase.db", tmp_path).close()
    (copy,) = tmp_path.glob("*before*")
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [(OLD,)]
    assert {stat.S_IMODE(one.stat().st_mode) for one in (file, copy)} == {0o600}


@pytest.mark.postgres
def test_postgresql_is_migrated_by_the_command_alone(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mailcase db upgrade"):
        Store.open(postgres_url, tmp_path)
    assert Store.upgrade(postgres_url, tmp_path) == migrate.SCHEMAS[-1]
    assert Store.upgrade(postgres_url, tmp_path) == migrate.SCHEMAS[-1]
    Store.open(postgres_url, tmp_path).close()


@pytest.mark.parametrize(
    ("url", "told"),
    [("mysql://host/db", "not supported"), ("nonsense", "not a database url"), ("sqlite://", "needs a file")],
)
def test_a_wrong_url_is_a_configuration_error(url: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        Store.open(url, tmp_path)


def test_a_server_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Store.open("postgresql+psycopg://nobody@127.0.0.1:1/none", tmp_path)


def test_a_locked_store_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcase.store.engine._BUSY_MS", 50)
    store = Store.open("sqlite:///mailcase.db", tmp_path)
    with closing(sqlite3.connect(tmp_path / "mailcase.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            store.journal([arrival()], None)
        other.execute("ROLLBACK")
    assert store.journal([arrival()], None)[0].new
    store.close()


def test_raw_mail_in_files_is_named_by_its_content(tmp_path: Path) -> None:
    store = Store.open("sqlite:///mailcase.db", tmp_path, raw="file:raw/")
    one, two = store.journal([arrival("1:1", b"one"), arrival("1:2", b"one")], None)
    (file,) = (path for path in (tmp_path / "raw").rglob("*") if path.is_file())
    assert (one.sha256, file.name, store.raw(two.sha256)) == (two.sha256, one.sha256, b"one")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.unlink()
    with pytest.raises(Permanent, match="cannot be read"):
        store.raw(one.sha256)
    store.close()


@pytest.mark.parametrize("raw", ["s3", "file:", "folder"])
def test_another_place_for_raw_mail_is_a_configuration_error(raw: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="raw"):
        Store.open("sqlite:///mailcase.db", tmp_path, raw=raw)


def plan(statement: sa.Select[Any], store: Store, **values: object) -> list[str]:
    """How SQLite would answer."""
    dialect = store._engines.reader.dialect
    text = str(statement.params(values).compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    with store._engines.read() as conn:
        found = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("x",) * text.count("?"))
        return [row[3] for row in found]


def sqlite_store(tmp_path: Path) -> Store:
    return Store.open("sqlite:///mailcase.db", tmp_path)


def test_open_cases_are_found_without_a_look_at_each_case(tmp_path: Path) -> None:
    asked = {"of_contact": 1, "of_account": 1, "of_group": "default", "final_0": "Closed", "final_1": "Canceled"}
    with closing(sqlite_store(tmp_path)) as store:
        searches = [step for step in plan(load._open_statement(2).statement, store, **asked) if "SEARCH" in step]
    assert len(searches) == 2
    assert all("COVERING INDEX" in step for step in searches)


def test_what_is_due_is_sorted_by_id_and_not_with_its_texts(tmp_path: Path) -> None:
    with closing(sqlite_store(tmp_path)) as store:
        steps = plan(outbox.due_statement(NOW, 50, EVERYTHING), store)
    inner = next(place for place, step in enumerate(steps) if "SUBQUERY" in step)
    assert any("TEMP B-TREE" in step for step in steps[inner:])
    assert not any("TEMP B-TREE" in step for step in steps[:inner])


def test_deliveries_since_a_moment_are_found_by_it(tmp_path: Path) -> None:
    statement = report_mail.statement_of(report_mail.Filter(since=NOW)).order_by(t.delivery.c.id)
    with closing(sqlite_store(tmp_path)) as store:
        assert any("ix_delivery_received_at" in step for step in plan(statement, store))


def test_a_migration_is_told_and_a_new_store_is_none(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    opened = partial(
        Store.open, "sqlite:///mailcase.db", tmp_path, older=True, migrated=lambda old, new: told.append((old, new))
    )
    for _ in range(2):
        opened().close()
    assert told == []
    (tmp_path / "mailcase.db").unlink()
    old_store(tmp_path)
    opened().close()
    assert told == [(OLD, migrate.SCHEMAS[-1])]
