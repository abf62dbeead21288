"""What makes a commit durable is switched on for every connection that writes (R1)."""

from pathlib import Path

import sqlalchemy as sa

from mailcase.store.engine import Engines

FULL = 2  # PRAGMA synchronous: the WAL is synced at each commit


def test_sqlite_syncs_at_each_commit(tmp_path: Path) -> None:
    engines = Engines.open(f"sqlite:///{tmp_path / 'mailcase.db'}")
    with engines.write() as conn:
        assert conn.execute(sa.text("PRAGMA synchronous")).scalar_one() == FULL
        assert conn.execute(sa.text("PRAGMA journal_mode")).scalar_one() == "wal"
    engines.close()
