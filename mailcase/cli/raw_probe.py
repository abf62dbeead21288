"""Whether raw mail can be written where `[store] raw` says, for `mailcase check`."""

from mailcase.cli.probing import Finding
from mailcase.config import Settings
from mailcase.errors import ConfigError, MailcaseError
from mailcase.store.store import Store


def raw_mail(settings: Settings, store: Store | None) -> list[Finding]:
    """A line where raw mail lies outside of the store; nothing is written."""
    if store is None or settings.store.raw == "store":
        return []
    try:
        return [Finding("raw mail", "", ok=True, detail=store.probe_raw())]
    except MailcaseError as error:
        cure = "look at raw and s3_… of [store], and at the rights of folder or bucket"
        code = 78 if isinstance(error, ConfigError) else 75
        return [Finding("raw mail", "", ok=False, detail=str(error), cure=cure, exit=code)]
