"""What importing a module brings with it: no circles, and nothing that a daemon is ready without."""

from pathlib import Path
from typing import Final

from tests.house import read

#: What a daemon is ready without: only some commands, or what comes with some mails, asks for it (decision 021).
LATER: Final = (
    *("intake.audit", "intake.html", "intake.tnef", "life.creating", "life.csv_people", "life.entries"),
    *("life.statistics", "replaying", "signin.grant", "signin.source", "soundness"),
    *("store.doubled", "store.erase", "store.export", "store.life.agents", "store.life.books"),
    *("store.life.contacts_join", "store.life.creating", "store.life.search", "store.life.statistics", "store.relink"),
    *("store.replay_past", "store.replay_scratch", "store.report_cases", "store.report_mail"),
)
#: Libraries alike.
LATER_LIBRARIES: Final = (
    *("alembic", "authlib", "httpx2", "inscriptis", "joserfc", "mailparser", "mailparser_reply", "nh3", "obstore"),
    *("pebble", "prometheus_client", "psycopg", "tnefparse"),
)


def loaded_with(package: Path, name: str) -> set[str]:
    """Every module that importing this one loads."""
    arrows, found, ahead = _arrows(package), set[str](), {name}
    while ahead:
        found |= ahead
        ahead = {after for one in ahead for after in arrows.get(one, ())} - found
    return found


def libraries_with(package: Path, name: str) -> set[str]:
    """The top names of all that is imported, not from the package, while this module loads."""
    loading = loaded_with(package, name)
    modules = (module for module in read(package) if module.name in loading)
    return {one.partition(".")[0] for module in modules for one in module.imports(iter(module.tree.body))}


def _arrows(package: Path) -> dict[str, set[str]]:
    """Whom each module imports while it loads."""
    return {module.name: set(module.neighbours(iter(module.tree.body))) - {module.name} for module in read(package)}


def circles(package: Path) -> list[str]:
    """Modules that import each other while loading, as "a -> b -> a"."""
    arrows = _arrows(package)
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            found.append(" -> ".join((*path[path.index(name) :], name)))
        elif name not in done:
            for following in sorted(arrows.get(name, ())):
                visit(following, (*path, name))
            done.add(name)

    for name in sorted(arrows):
        visit(name, ())
    return found
