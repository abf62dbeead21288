"""Whether agents who answer by mail can be told from who only writes their address, for `mailcase check`."""

from mailcase.cli.probing import Finding
from mailcase.config import Settings
from mailcase.life.entries import Kind
from mailcase.store.store import Store


def agents(settings: Settings, store: Store | None) -> list[Finding]:
    """A line where there are active agents; it could be better where no server is trusted (B8)."""
    active = [one for one in store.people_entries(Kind.AGENT) if one["active"]] if store else []
    if not active:
        return []
    count = f"{len(active)} active" if len(active) > 1 else "one active"
    if settings.security.trusted_authserv_ids:
        return [Finding("agents", "", ok=True, detail=f"{count}; a trusted server vouches for their mail")]
    cure = (
        "set trusted_authserv_ids in [security] to the name that your server writes into Authentication-Results: "
        "without it whoever knows a notice's Message-ID answers as that agent"
    )
    return [Finding("agents", "", ok=True, detail=f"{count}; no server is trusted to vouch for their mail", cure=cure)]
