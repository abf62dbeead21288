"""`mailcase db`: the store's schema."""

import typer

from mailcase.cli.output import print_json, say
from mailcase.cli.state import refuse_other_user, state_of

app = typer.Typer(no_args_is_help=True, help="The store's schema.")


@app.callback()
def _group() -> None:
    """The store's schema."""


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the store to the schema of this program; a SQLite file is copied first."""
    from mailcase.places import private_folder
    from mailcase.store.store import Store

    state = state_of(context)
    settings = state.settings()
    refuse_other_user(settings)
    private_folder(settings.state_dir)
    schema = Store.upgrade(settings.store.url, settings.state_dir)
    if state.json:
        print_json({"schema": schema})
    else:
        say(f"the store has schema {schema}")
