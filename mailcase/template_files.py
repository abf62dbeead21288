"""Reading a folder of templates from disk into the compiled set that the core uses."""

from pathlib import Path

from mailcase.errors import ConfigError
from mailcase.outbox.templates import TemplateSet


def load_templates(folder: Path, default: str = "en") -> TemplateSet:
    """Read and compile `<folder>/<language>/<name>.txt|.html`; other files are left alone.

    Raises:
        ConfigError: naming file, line and what was expected.
    """
    files = {}
    for path in sorted([*folder.glob("*/*.txt"), *folder.glob("*/*.html")]):
        try:
            files[path.relative_to(folder).as_posix()] = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: expected UTF-8, byte {error.start} is not") from error
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return TemplateSet.compiled(files, str(folder), default)
