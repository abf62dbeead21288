"""`mailcase demo`: the main job on embedded parts, in one command."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Annotated

import typer


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the demo's folder there, to look around in it.")] = False,
) -> None:
    """Run an embedded mail server with sample customers, the daemon, and show what it made of them."""
    from mailcase.demo.play import play
    from mailcase.demo.show import show
    from mailcase.demo.stage import DemoFailed

    with _folder(keep) as folder:
        try:
            result = asyncio.run(play(folder, lambda text: typer.echo(f"… {text}", err=True)))
        except DemoFailed as error:
            typer.echo(f"the demo failed: {error}", err=True)
            raise typer.Exit(1) from None
        for line in show(result):
            typer.echo(line)
        if keep:
            program = which("mailcase") or Path(sys.argv[0]).resolve()
            typer.echo(f"\nLook around: {program} --config {folder}/mailcase.toml message list")


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """A folder of its own, short enough for what is made in it."""
    if keep:
        yield Path(tempfile.mkdtemp(prefix="mailcase-demo-"))
    else:
        with tempfile.TemporaryDirectory(prefix="mailcase-demo-") as folder:
            yield Path(folder)
