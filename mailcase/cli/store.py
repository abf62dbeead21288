"""`mailcase db`: the store's schema, its backup and its restoring."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailcase.cli.output import note, print_json, safe, say
from mailcase.cli.state import refuse_other_user, state_of
from mailcase.errors import Unavailable

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.store.backup import Saved
    from mailcase.store.restore import Restored

app = typer.Typer(no_args_is_help=True, help="The store's schema, its backup and its restoring.")
MARGIN = 1000  # as mailcase.store.restore has it, which is not read for the help


@app.callback()
def _group() -> None:
    """The store's schema, its backup and its restoring."""


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the store to the schema of this program, every daemon stopped; a SQLite file is copied first."""
    from mailcase.places import private_folder

    state = state_of(context)
    settings = state.settings()
    refuse_other_user(settings)
    private_folder(settings.state_dir)
    schema = _upgraded(settings)
    if state.json:
        print_json({"schema": schema})
    else:
        say(f"the store has schema {schema}")


def _upgraded(settings: "Settings") -> str:
    """The schema it has then; where there is nothing to do, a daemon may run."""
    from mailcase.lock import Held, hold
    from mailcase.store import migrate
    from mailcase.store.store import Store

    url, folder = settings.store.url, settings.state_dir
    if settings.sqlite_file is None or migrate.current(migrate.absolute(url, folder)) == migrate.SCHEMAS[-1]:
        return Store.upgrade(url, folder)
    try:
        with hold(folder, "mailcase db upgrade", settings.sqlite_file):
            return Store.upgrade(url, folder)
    except Held as error:
        raise Unavailable(f"{error.holder}, works on this store: stop it first (systemctl stop mailcase)") from None


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; one that is there stays.")],
) -> None:
    """Save store, raw mail in files, token keys and configuration in one file; the daemon may run."""
    from mailcase import __version__
    from mailcase.cli.keys import beside
    from mailcase.clock import utcnow
    from mailcase.store import backup as saving
    from mailcase.store.raw.setting import raw_setting

    state = state_of(context)
    settings = state.settings()
    url, raw = settings.store.url, raw_setting(settings)
    goes_with, missing = beside(settings)
    saved = saving.backup(url, settings.state_dir, raw, goes_with, file, __version__, utcnow())
    _tell_left_out(saved, missing)
    if state.json:
        print_json(
            {"file": str(file), **_facts(saved.manifest), "raw_files": saved.raw, "lost": [*missing, *saved.lost]}
        )
        return
    say(f"{file}  {file.stat().st_size} bytes, schema {saved.manifest.schema}, keys {len(saved.manifest.keys)}")
    say(_counts(saved.manifest.counts, saved.raw))


def _tell_left_out(saved: "Saved", missing: list[str]) -> None:
    for one in (*missing, *saved.lost):
        note(f"not saved: {one}")
    if saved.in_s3:
        note(f"{saved.in_s3} raw mails stay in S3: the bucket's own versions or copies are their backup")
    note("passwords that lie in files of their own are not in it; it holds mail and keys: keep it as safe as the store")


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `db backup` made.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Also if the store holds mail; it is kept beside.")
    ] = False,
    raise_counter: Annotated[
        int, typer.Option(min=1, metavar="N", help="Case numbers skipped: at least as many as were given out since.")
    ] = MARGIN,
) -> None:
    """Put a backup in the store's place; every daemon must be stopped. Nothing that it was to send is sent."""
    from mailcase.cli.keys import place_keys
    from mailcase.clock import utcnow
    from mailcase.lock import hold
    from mailcase.places import private_folder
    from mailcase.store import restore as restoring
    from mailcase.store.raw.setting import raw_setting

    state = state_of(context)
    settings = state.settings()
    refuse_other_user(settings)
    private_folder(settings.state_dir)
    wish = restoring.Wish(file, replace, raise_counter)
    with hold(settings.state_dir, "mailcase db restore"):
        done = restoring.restore(settings.store.url, settings.state_dir, raw_setting(settings), wish, utcnow())
        told = place_keys(settings, list(zip(done.manifest.keys, done.keys, strict=True)))
    if state.json:
        print_json({**_answer(file, done, raise_counter), "keys": told})
    else:
        _say_restored(done, raise_counter, told)


def _facts(manifest: Any) -> dict[str, Any]:
    return {"created": manifest.created, "schema": manifest.schema, "counts": manifest.counts}


def _answer(file: Path, done: "Restored", margin: int) -> dict[str, Any]:
    return {
        "file": str(file), **_facts(done.manifest), "kept": done.kept, "raw_files": done.raw,
        "raw_unnamed": done.unnamed, "numbers_from": done.manifest.last_number + margin + 1,
    }  # fmt: skip


def _counts(counts: dict[str, int], raw: int) -> str:
    return ", ".join(f"{name} {count}" for name, count in {**counts, "raw mails in files": raw}.items())


def _say_restored(done: "Restored", margin: int, told: list[str]) -> None:
    say(f"the store is that of {done.manifest.created}: {_counts(done.manifest.counts, done.raw)}")
    if done.kept:
        say(f"the store before lies in {done.kept}")
    say(f"case numbers go on from {done.manifest.last_number + margin + 1}; {margin} were skipped")
    say("acknowledgements that waited expired; agents' mails are uncertain: `mailcase outbox retry ID` sends one")
    say("mail of before now that is read again, or comes within ten minutes, makes cases and is not acknowledged")
    for line in told:
        say(safe(line))  # it names a file of the backup
    if done.unnamed:
        say(f"{done.unnamed} raw mails in files are of later than the backup: `mailcase ingest --no-ack` takes them")
