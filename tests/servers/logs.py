"""What a daemon has written into its log until now, read while it writes."""

import json
from pathlib import Path
from typing import Any


def events(log: Path, *words: str) -> list[dict[str, Any]]:
    """The events of these words (none: of any) in its whole lines; the last line may not be there to its end yet."""
    written = log.read_bytes() if log.exists() else b""
    lines = written[: written.rfind(b"\n") + 1].splitlines()
    found: list[dict[str, Any]] = [json.loads(line) for line in lines if line.startswith(b"{")]
    return [one for one in found if not words or one["event"] in words]
