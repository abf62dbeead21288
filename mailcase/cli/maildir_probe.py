"""Looking at a Maildir as `mailcase check` does: is it there, may it be read, and marked; changes nothing."""

import os
from pathlib import Path


def told_maildir(path: Path, after: str) -> tuple[str, str]:
    """(what was found, what to do about it or "" where it is right); `after` as in [mailbox.maildir]."""
    if not path.is_dir():
        wrong = "may not be entered" if _shut(path) else "there is no such folder"
        return f"{path}: {wrong}", "[mailbox.maildir] path names the Maildir itself, which holds cur, new and tmp"
    missing = [name for name in ("cur", "new") if not (path / name).is_dir()]
    if missing:
        cure = "[mailbox.maildir] path must be a Maildir: name the folder that holds cur, new and tmp"
        return f"{path}: has no {' and no '.join(missing)}", cure
    needed = os.R_OK | os.X_OK | (os.W_OK if after != "keep" else 0)
    closed = [name for name in ("cur", "new") if not os.access(path / name, needed)]
    if closed:
        verb = "read" if after == "keep" else f'changed, which after = "{after}" needs'
        return f"{path}: {' and '.join(closed)} may not be {verb}", "run mailcase as a user who may, or change the mode"
    count = sum(1 for name in ("cur", "new") for one in (path / name).iterdir() if not one.name.startswith("."))
    return f"{path}: {count} {'mail' if count == 1 else 'mails'}", ""


def _shut(path: Path) -> bool:
    """Whether a folder on the way is closed to us, so that nobody can say what lies behind it."""
    above = next((one for one in path.parents if one.is_dir()), None)
    return above is not None and not os.access(above, os.X_OK)
