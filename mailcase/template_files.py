"""Reading a folder of templates from disk into the compiled set that the core uses."""

from pathlib import Path
from typing import Final

from mailcase.errors import ConfigError
from mailcase.outbox.templates import TemplateSet
from mailcase.shipped import FOLDER

_ENDINGS: Final = (".txt", ".html")


def load_templates(folder: Path, default: str = "en") -> TemplateSet:
    """Read and compile `<folder>/<language>/<name>.txt|.html`; other files are left alone.

    Names that came with a later version, and that the folder lacks in a language, are the shipped ones.

    Raises:
        ConfigError: naming file, line and what was expected.
    """
    return TemplateSet.compiled(template_texts(folder), str(folder), default, template_texts(FOLDER / "templates"))


def template_texts(folder: Path) -> dict[str, str]:
    """Every template's text by its path below the folder, "en/registration.txt", in order.

    Raises:
        ConfigError: naming the file or folder that cannot be read.
    """
    texts = {}
    for path in template_files(folder):
        try:
            texts[path.relative_to(folder).as_posix()] = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: expected UTF-8, byte {error.start} is not") from error
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return texts


def template_files(folder: Path) -> list[Path]:
    """The files of all languages, sorted; raises ConfigError for a folder that cannot be listed."""
    try:  # Path.glob would pass over a folder that it may not list, as if it were empty
        languages = [one for one in folder.iterdir() if one.is_dir()]
        return sorted(file for one in languages for file in one.iterdir() if file.suffix in _ENDINGS)
    except OSError as error:
        raise ConfigError(f"{error.filename}: cannot be read: {error.strerror}") from error
