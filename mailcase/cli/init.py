"""`mailcase init`: the files that people edit, and a key of their own."""

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from mailcase.cli.output import print_json, say
from mailcase.cli.state import state_of


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to.")] = Path("config"),
) -> None:
    """Write the files that people edit; what is there stays."""
    from mailcase.errors import Permanent
    from mailcase.shipped import FOLDER, shipped_files

    if folder.exists() and not folder.is_dir():
        raise Permanent(f"{folder} is not a folder")
    done: list[dict[str, str]] = []
    try:
        done += [_write(folder / file, (FOLDER / file).read_bytes(), 0o644) for file in shipped_files()]
        done.append(_write(folder / "token.key", f"{secrets.token_hex(32)}\n".encode(), 0o600))
    except OSError as error:
        raise Permanent(f"{error.filename}: cannot be written: {error.strerror}") from None
    if state_of(context).json:
        print_json(done)
        return
    for one in done:
        say(f"{one['did']:<8} {one['file']}")
    say(f"→ name your mailbox in {folder / 'mailcase.toml'}, then: mailcase --config {folder / 'mailcase.toml'} check")


def _write(file: Path, content: bytes, mode: int) -> dict[str, str]:
    """Make one file, never over another; returns what was done."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        return {"file": str(file), "did": "kept"}
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
    return {"file": str(file), "did": "written"}
