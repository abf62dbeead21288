"""Template files that nobody sends, or that send nothing, for `mailcase check`."""

import difflib
from pathlib import PurePosixPath
from typing import Final

from mailcase.cli.probing import Finding
from mailcase.config import Settings
from mailcase.outbox.reply_template import for_replies
from mailcase.policy_build import Built, templates_folder
from mailcase.shipped import FOLDER
from mailcase.template_files import template_texts

_NEARLY: Final = 0.75
_SUBJECT: Final = "subject:"


def templates(settings: Settings, built: Built) -> list[Finding]:
    """A line for each file of a name that no rule has, most often a misspelt one, and for each without a text.

    One that an agent may choose for a reply is sent, though no rule names it.
    """
    texts = {path: text for path, text in template_texts(templates_folder(settings)).items() if path.endswith(".txt")}
    names = {PurePosixPath(path).stem for path in template_texts(FOLDER / "templates")}
    names |= {one.template or one.name for one in settings.notice} | set(for_replies(built.templates, built.policy))
    strange = [path for path in texts if PurePosixPath(path).stem not in names]
    empty = [path for path, text in texts.items() if path not in strange and _says_nothing(text)]
    return [_unsent(path, names) for path in strange] + [_empty(path) for path in empty]


def _says_nothing(text: str) -> bool:
    subject, _, rest = text.lstrip("\ufeff").partition("\n")
    return not (rest if subject.lower().startswith(_SUBJECT) else text).strip()


def _unsent(path: str, names: set[str]) -> Finding:
    file = PurePosixPath(path)
    near = difflib.get_close_matches(file.stem, sorted(names), n=1, cutoff=_NEARLY)
    cure = f"rename it to {near[0]}{file.suffix}, or" if near else "remove it, or"
    detail = f"templates/{path} is never sent: nothing has a template {file.stem}"
    return Finding("template", file.stem, ok=True, detail=detail, cure=f"{cure} name it in a [[notice]] as template")


def _empty(path: str) -> Finding:
    detail = f"templates/{path} has no text: a mail made of it is empty"
    cure = "write what it is to say; `mailcase init` writes the shipped ones into a new folder"
    return Finding("template", PurePosixPath(path).stem, ok=True, detail=detail, cure=cure)
