"""PostgreSQL's own programs for backup and restore: pg_dump, pg_restore and psql."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from psycopg import pq
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url

from mailcase.errors import Permanent
from mailcase.store import tables as t

_SEQUENCE: Final = "case_running_seq"
_VERSION: Final = "alembic_version"
_VIEWS: Final = ("v_case", "v_thread", "v_delivery")


def dump(url: str, target: Path, snapshot: str = "") -> None:
    """Everything of ours in the database, compressed, as it was at the snapshot; raises Permanent."""
    names = [*sorted(t.metadata.tables), _VERSION, _SEQUENCE, *_VIEWS]
    only = [word for name in names for word in ("--table", f'"{name}"')]
    at = ["--snapshot", snapshot] if snapshot else []
    target.touch(0o600)
    _run("pg_dump", url, ["--format=custom", "--no-owner", "--no-acl", *only, *at, "--file", str(target)])


def restore(url: str, dumped: Path, folder: Path, after: Sequence[sa.Executable]) -> None:
    """Replace all of ours in one transaction that ends with the statements `after`; raises Permanent.

    Args:
        url: of the database; its user must own it.
        dumped: what `dump` made.
        folder: a private one for the scripts.
        after: statements without parameters that need a driver.
    """
    before, all_of_it, end = folder / "before.sql", folder / "all.sql", folder / "after.sql"
    drops = [f'DROP TABLE IF EXISTS "{name}" CASCADE;' for name in [*sorted(t.metadata.tables), _VERSION]]
    before.write_text("\n".join([*drops, f"DROP SEQUENCE IF EXISTS {_SEQUENCE};", ""]))
    end.write_text("SET search_path TO public;\n" + "".join(f"{_text(one)};\n" for one in after))
    _run("pg_restore", url, ["--no-owner", "--no-acl", "--file", str(all_of_it), str(dumped)], database=False)
    scripts = [word for one in (before, all_of_it, end) for word in ("--file", str(one))]
    _run("psql", url, ["--no-psqlrc", "--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1", *scripts])


def _text(statement: sa.Executable) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it without types
    compiled: sa.Compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]  # every statement of ours has it
    return str(compiled)


def _run(program: str, url: str, words: Sequence[str], *, database: bool = True) -> None:
    """One program to its end; what it needs to connect, the password too, is in its environment."""
    found = shutil.which(program)
    if found is None:
        raise Permanent(
            f"{program} is not on the PATH: install PostgreSQL's client programs (postgresql-client), "
            "of the server's version or newer"
        )
    environ = {**os.environ, **(_connection(url) if database else {})}
    # The words are names of ours and paths, and no shell reads them.
    done = subprocess.run([found, *words], env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, our words
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Permanent(f"{program}: {said[-1] if said else f'exit {done.returncode}'}")


def _connection(url: str) -> dict[str, str]:
    """libpq's environment variables for a database url (PQconndefaults tells their names)."""
    parsed = make_url(url)
    values: dict[str, object] = {
        "host": parsed.host, "port": parsed.port, "user": parsed.username, "password": parsed.password,
        "dbname": parsed.database, **parsed.query,
    }  # fmt: skip
    names = {one.keyword.decode(): one.envvar.decode() for one in pq.Conninfo.get_defaults() if one.envvar}
    return {names[key]: str(value) for key, value in values.items() if value is not None and key in names}
