"""A store that a test has used is lent again only as it was made: no row, no number used, no session, no trace."""

from pathlib import Path

import psycopg
import pytest

from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.store_kit import Clerk, Desk, mail
from tests.contract.tenure_kit import Server
from tests.servers.postgres_stores import Stores

pytestmark = pytest.mark.postgres


def rows(server: Server) -> int:
    """Of all tables, and what their sequences would give next beyond the first."""
    counts = [f'(SELECT count(*) FROM "{table.name}")' for table in t.metadata.sorted_tables]  # noqa: S608 - our names
    used = "(SELECT count(*) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL)"
    return int(server.ask("SELECT " + " + ".join([*counts, used]))[0][0])


def test_it_is_emptied_and_lent_again(postgres_stores: Stores, tmp_path: Path) -> None:
    stores = Stores(postgres_stores.server, postgres_stores.template)  # of those lent often, one may be at its end
    with stores.lend() as url:
        store = Store.open(url, tmp_path)
        Desk(store, Clerk()).receive(mail("a"), mail("b", "a"))
        assert rows(Server(url)) > 10
        left_open = psycopg.connect(url.replace("+psycopg", ""))
        store.close()
    with stores.lend() as again:
        assert (again, rows(Server(again))) == (url, 0)
        with pytest.raises(psycopg.OperationalError):
            left_open.execute("SELECT 1")


def test_what_is_set_in_one_keeps_no_other_from_being_lent_again(postgres_stores: Stores) -> None:
    """What a database is set to stands in one table of the whole server."""
    stores = Stores(postgres_stores.server, postgres_stores.template)
    with stores.lend() as changed, stores.lend() as other:
        Server(changed).ask(f"ALTER DATABASE {changed.rpartition('/')[2]} SET work_mem = '5MB'")
    with stores.lend() as again:
        assert again == other


@pytest.mark.parametrize(
    "trace",
    [
        "CREATE SEQUENCE mine",
        "CREATE TABLE mine (id int)",
        'ALTER TABLE "case" ADD COLUMN mine int',
        'ALTER TABLE "case" ALTER COLUMN title DROP NOT NULL',
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE outbox DISABLE TRIGGER ALL",
        "UPDATE alembic_version SET version_num = '9999'",
    ],
)
def test_one_that_a_test_has_changed_is_never_lent_again(postgres_stores: Stores, trace: str) -> None:
    with postgres_stores.lend() as url:
        Server(url).ask(trace)
    with postgres_stores.lend() as another:
        assert another != url
