"""Where the files that come with mailcase lie: configuration, blacklist and templates, as `init` writes them."""

from pathlib import Path
from typing import Final

#: In the repository a link to config/, in an installed package a folder.
FOLDER: Final = Path(__file__).parent / "shipped"


def shipped_files() -> list[Path]:
    """Every shipped file, relative to FOLDER, sorted."""
    found = [FOLDER / "mailcase.toml", FOLDER / "blacklist.txt", *(FOLDER / "templates").glob("*/*.*")]
    return sorted(file.relative_to(FOLDER) for file in found)
