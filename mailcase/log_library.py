"""structlog without rich: it would import it for coloured tracebacks that mailcase never writes, a tenth of a start."""

import sys
from types import ModuleType
from typing import Final, cast

_PRESENT: Final = "rich" in sys.modules
if not _PRESENT:
    sys.modules["rich"] = cast(ModuleType, None)  # Python's own way to say that it cannot be imported
try:
    import structlog
    from structlog.typing import EventDict, Processor
finally:
    if not _PRESENT:
        del sys.modules["rich"]

__all__ = ["EventDict", "Processor", "structlog"]
