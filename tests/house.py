"""The house: which way the arrows point, what the core may know, and how long a file may be (architecture.md).

A rule is a function of one module; `broken` runs them all. The tables below are the policy: who needs a new
arrow or library writes it there, with a page under docs/decisions where it bends the house.
tests/unit/test_architecture.py applies it.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

#: The shell: what fetches, waits, stores, sends, prints and wires. Every other file is the core.
SHELL: Final = (
    *("__init__", "__main__", "acts", "blacklist_edit", "cli", "clock", "config", "configuration", "daemon", "demo"),
    *("desk", "disk", "faults", "health", "house", "lmtp", "lock", "log", "log_library", "log_stream"),
    *("maildir_settings", "patience", "pipeline", "places", "policy_build", "reading", "recovery", "reloading"),
    *("replaying", "retention", "roster", "rules", "sdnotify"),
    *("server_settings", "settling", "shipped", "signin", "source_ids", "sources", "store", "telling", "tenure"),
    *("template_files", "tls"),
    *("waiting", "writer", "intake.turns"),
    *("intake.ahead", "intake.faring", "intake.gate", "intake.imap", "intake.maildir", "intake.bare", "intake.pool"),
    *("intake.reader", "intake.watcher", "intake.worker", "outbox.drain", "outbox.smtp", "outbox.smtp_login"),
)
#: Words, from which nothing points anywhere; and those who weigh the rules of junk and linking.
WORDS: Final = ("message", "snapshot", "verdict", "actions", "tokens", "errors", "subjects")
DECIDERS: Final = ("decision", "hearing", "look", "filing", "opening", "acknowledging", "reports")
ROOMS: Final = ("junk", "linking", "cases", "intake", "outbox")

#: Nothing here reads a file, a clock, a socket or chance.
PURE_STDLIB: Final = (
    *(
        "abc",
        "ast",
        "base64",
        "binascii",
        "bisect",
        "codecs",
        "collections",
        "contextlib",
        "copy",
        "csv",
        "dataclasses",
    ),
    *("datetime", "decimal", "difflib", "email", "enum", "functools", "hashlib", "heapq", "hmac", "html", "ipaddress"),
    *("itertools", "json", "math", "numbers", "operator", "quopri", "re", "reprlib", "string", "struct", "textwrap"),
    *("types", "typing", "unicodedata", "urllib.parse", "zoneinfo", "__future__"),
)
CLOCKS: Final = frozenset({"now", "utcnow", "today", "formatdate", "localtime", "make_msgid"})
#: Who reads the wall clock; everybody else is told the time or asks mailcase.clock.
CLOCK_READERS: Final = ("clock", "demo", "store")
EFFECTS: Final = frozenset({"open", "print", "input", "exec", "eval", "compile", "breakpoint"})

#: Each library and the only places that may name it.
LIBRARIES: Final[dict[str, tuple[str, ...]]] = {
    # pure: the core may use them
    "charset_normalizer": ("intake",),
    "email_validator": ("intake", "junk", "outbox", "config", "configuration"),
    "idna": ("configuration", "intake", "junk"),
    "inscriptis": ("intake",),
    "jinja2": ("outbox.template_compile",),
    "mailparser": ("intake.parse",),
    "mailparser_reply": ("intake",),
    "tnefparse": ("intake",),
    "nh3": ("intake",),
    "re2": ("junk", "config", "configuration"),
    "regex": ("cases", "intake", "outbox"),
    # the shell's: one room each
    "aioimaplib": ("intake.imap",),
    "aiosmtplib": ("outbox.smtp", "outbox.smtp_login"),
    "alembic": ("store",),
    "pebble": ("intake",),
    "authlib": ("signin",),
    "httpx2": ("signin",),
    "joserfc": ("signin",),
    "obstore": ("store",),
    "prometheus_client": ("health",),
    "psycopg": ("store",),
    "pydantic": ("config", "configuration"),
    "pydantic_core": ("store.json_text",),
    "pydantic_settings": ("config", "configuration"),
    "sqlalchemy": ("store",),
    "sqlmodel": ("store",),
    "structlog": ("log_library",),
    "tenacity": ("intake", "store"),
    "typer": ("cli",),
    # of the demo, and of the extra [lmtp]
    "aiosmtpd": ("demo", "lmtp"),
    "proxyprotocol": ("demo",),
    "pymap": ("demo",),
    "pysasl": ("demo",),
}

#: room -> what it never imports. junk and linking meet in the decision alone.
NEVER: Final[dict[str, tuple[str, ...]]] = {
    "junk": ("linking", *DECIDERS),
    "linking": ("junk", *DECIDERS),
    "cases": ("junk", "linking", "outbox", *DECIDERS),
    "intake": ("junk", "linking", "outbox", "store", "daemon", "pipeline", *DECIDERS),
    "outbox": ("junk", "linking", "store", "daemon", "pipeline", *DECIDERS),
    "store": ("daemon", "pipeline", "demo", "desk"),
    "pipeline": ("daemon", "demo"),
    "daemon": ("demo",),
    **dict.fromkeys(
        ("message", "tokens", "errors", "subjects"), ("snapshot", "actions", "verdict", "policy", *DECIDERS, *ROOMS)
    ),
    **dict.fromkeys(("snapshot", "actions", "verdict"), ("policy", *DECIDERS, *ROOMS)),
}
MAY_IMPORT_CLI: Final = ("cli", "__main__")

LONGEST_FILE: Final = 300  # lines
LONGEST_FUNCTION: Final = 40  # lines, without its docstring
DEEPEST: Final = 3  # statements inside one another
NESTING: Final = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One source file: its name below the package ("junk.blacklist"), its text and its tree."""

    name: str
    text: str
    tree: ast.Module
    known: frozenset[str]  # every module of the package

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def core(self) -> bool:
        return not below(self.name, SHELL)

    def imports(self, nodes: Iterator[ast.AST] | None = None) -> Iterator[str]:
        """Every name imported, absolute and as far as it names a module; lazy imports too."""
        for node in nodes or ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{self.name}: relative import"
                yield from (self._target(str(node.module), alias.name) for alias in node.names)

    def neighbours(self, nodes: Iterator[ast.AST] | None = None) -> Iterator[str]:
        """The imports from our own package, below the package."""
        for name in self.imports(nodes):
            if name.startswith("mailcase."):
                yield name.removeprefix("mailcase.")

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def _target(self, module: str, name: str) -> str:
        inner = f"{module}.{name}"
        return inner if inner.removeprefix("mailcase.") in self.known or module == "urllib" else module


def below(name: str, places: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of the places or lies in one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


@cache  # more than a second for ours
def read(package: Path) -> list[Module]:
    files = {".".join(path.relative_to(package).with_suffix("").parts): path for path in package.rglob("*.py")}
    names = {name: name.removesuffix(".__init__") for name in files}
    known = frozenset(names.values())
    texts = {name: path.read_text("utf-8") for name, path in files.items()}
    return [Module(names[name], text, ast.parse(text), known) for name, text in sorted(texts.items())]


def core_is_pure(module: Module) -> Iterator[str]:
    if not module.core:
        return
    for name in module.imports():
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names and not below(name, PURE_STDLIB):
            yield f"the core imports {name}"
        if name.startswith("mailcase.") and below(name.removeprefix("mailcase."), SHELL):
            yield f"the core imports {name} of the shell"
    for call in (node for node in ast.walk(module.tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr in CLOCKS:
            yield f"line {call.lineno}: the core reads a clock ({call.func.attr})"
        elif isinstance(call.func, ast.Name) and call.func.id in EFFECTS | CLOCKS:
            yield f"line {call.lineno}: the core calls {call.func.id}"


def libraries_keep_their_place(module: Module) -> Iterator[str]:
    for name in module.imports():
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in ("mailcase", "__future__"):
            continue
        if top not in LIBRARIES:
            yield f"{top} is not in the table of libraries"
        elif not below(module.name, LIBRARIES[top]):
            yield f"{top} belongs to {', '.join(LIBRARIES[top])}"
    if "sqlite3" in module.imports() and module.room != "store":
        yield "sqlite3 belongs to store"


def one_clock(module: Module) -> Iterator[str]:
    if below(module.name, CLOCK_READERS):
        return
    for call in (node for node in ast.walk(module.tree) if isinstance(node, ast.Call)):
        called = ast.unparse(call.func).split(".")[-2:]
        if called[0] in ("datetime", "date") and called[-1] in CLOCKS:
            yield f"line {call.lineno}: the clock belongs to clock ({'.'.join(called)})"


def arrows_point_down(module: Module) -> Iterator[str]:
    for name in module.neighbours():
        if below(name, NEVER.get(module.room, ())):
            yield f"{module.room} imports {name}"
        if below(name, ("cli",)) and module.room not in MAY_IMPORT_CLI:
            yield f"{name} is imported outside of the command line"


def files_are_short(module: Module) -> Iterator[str]:
    if (lines := module.text.count("\n")) > LONGEST_FILE:
        yield f"{lines} lines"
    if module.text.strip() and not (ast.get_docstring(module.tree) or "").strip():
        yield "opens without a sentence"


def functions_are_short_and_flat(module: Module) -> Iterator[str]:
    for function in module.functions():
        if (lines := length(function)) > LONGEST_FUNCTION:
            yield f"{function.name}: {lines} lines"
        if (deep := depth(function)) > DEEPEST:
            yield f"{function.name}: nested {deep} deep"


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        text = function.body[0]
        lines -= (text.end_lineno or text.lineno) - text.lineno + 1
    return lines


def depth(node: ast.AST, inside: int = 0) -> int:
    """How many statements stand inside one another; an elif is no deeper than its if, a def starts anew."""
    deepest = inside
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, Function | ast.ClassDef | ast.Lambda):
                continue
            elif_ = field == "orelse" and isinstance(node, ast.If) and isinstance(child, ast.If) and len(value) == 1
            deepest = max(deepest, depth(child, inside + (isinstance(child, NESTING) and not elif_)))
    return deepest


RULES: Final[tuple[Callable[[Module], Iterator[str]], ...]] = (
    core_is_pure,
    one_clock,
    libraries_keep_their_place,
    arrows_point_down,
    files_are_short,
    functions_are_short_and_flat,
)


def broken(package: Path, rules: tuple[Callable[[Module], Iterator[str]], ...] = RULES) -> list[str]:
    """Each breach of the rules, as "module: what"."""
    modules = read(package)
    return [f"{module.name}: {what}" for module in modules for rule in rules for what in dict.fromkeys(rule(module))]


if __name__ == "__main__":  # what coverage counts as the core (Makefile)
    package = Path(__file__).parents[1] / "mailcase"
    core = (module.name.replace(".", "/") for module in read(package) if module.core)
    print(",".join(f"mailcase/{name}.py,mailcase/{name}/__init__.py" for name in core))  # noqa: T201 - its output
