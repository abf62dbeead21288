"""Templates of the mails that leave: compiled and tried once at load, values are data and never source.

A set is a folder `<language>/<name>.txt` with an optional `<name>.html` beside it. The first line of the
.txt may be `Subject: …`, then a blank line. Jinja2 in its immutable sandbox, unknown names are errors.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailcase.errors import ConfigError

#: What an acknowledgement may use, with the values that it is tried with at load: no title, no content (B8).
SAMPLE: Final[Mapping[str, str]] = {
    "number": "SR-12",
    "followed_number": "SR-9",
    "subject": "Printer on floor 3 jams",
    "name": "Erin Example",
    "help_desk": "Example Support",
    "address": "support@example.com",
    "category": "Incident",
    "status": "New",
    "opened": "2026-11-03 09:15 UTC",
}
#: What every other template may use.
NOTICE_SAMPLE: Final[Mapping[str, str]] = {
    **SAMPLE,
    "title": "Printer on floor 3 jams",
    "priority": "Medium",
    "support_level": "2",
    "customer": "Erin Example",
    "assignee": "Jane Roe",
    "actor": "Jane Roe",
    "text": "Could you tell us the number on the label at the back?",
    "solution": "The roller was worn out; we have replaced it.",
    "article": "https://help.example.com/rollers",
    "expected": "2026-11-05 17:00 UTC",
    "quote": "On 2026-11-03 09:15 UTC Erin Example wrote:\n> It jams again.",
}
#: What the template for unauthenticated senders may use: nothing that the sender chose (B13, K6).
NEUTRAL_VALUES: Final = frozenset({"number", "help_desk", "address", "category", "status", "opened"})
NEUTRAL: Final = "neutral"
REQUIRED: Final = ("registration", "followed", "reopened", NEUTRAL)
DEFAULT_SUBJECT: Final = "Re: {{ subject }} [{{ number }}]"
DEFAULT_NEUTRAL_SUBJECT: Final = "Re: [{{ number }}]"
_SUBJECT: Final = "subject:"
_LAST_RESORT: Final = "en"  # of the shipped templates, every one is there in it


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template made of its values; the HTML is "" where the template has none."""

    subject: str
    text: str
    html: str
    language: str


@dataclass(frozen=True, slots=True)
class _Template:
    subject: jinja2.Template
    text: jinja2.Template
    html: jinja2.Template | None
    uses: frozenset[str]  # names of values


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """All templates by (language, name), with the language that has every one of them.

    `spare` has what a folder of an older installation lacks: the shipped templates of names that came later.
    """

    templates: Mapping[tuple[str, str], _Template]
    default: str
    spare: Mapping[tuple[str, str], _Template] = field(default_factory=dict)

    @classmethod
    def compiled(
        cls, files: Mapping[str, str], where: str, default: str = "en", spare: Mapping[str, str] | None = None
    ) -> "TemplateSet":
        """Compile a set and try each template with sample values.

        Args:
            files: text by path below the folder, "en/registration.txt".
            where: the folder, for messages.
            default: the language that must have every required template.
            spare: the shipped ones, likewise.

        Raises:
            ConfigError: naming file, line and what was expected.
        """
        templates = _compiled(files, where)
        for name in REQUIRED:
            if (default.lower(), name) not in templates:
                raise ConfigError(f"{where}/{default}/{name}.txt: expected here, {default} is the default language")
        later = {path: text for path, text in (spare or {}).items() if _parts(path)[1] not in REQUIRED}
        return cls(templates, default.lower(), _compiled(later, "the shipped templates"))

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language that has a template, sorted."""
        return tuple(sorted({language for language, _ in self.templates}))

    @property
    def names(self) -> tuple[str, ...]:
        """Every template's name, sorted."""
        return tuple(sorted({name for _, name in (*self.templates, *self.spare)}))

    def languages_of(self, name: str) -> tuple[str, ...]:
        """The languages that have this template, sorted."""
        return tuple(sorted({language for language, known in (*self.templates, *self.spare) if known == name}))

    def uses(self, name: str) -> frozenset[str]:
        """The names of values that this template uses in any language."""
        every = {**self.spare, **self.templates}
        return frozenset().union(*(one.uses for (_, known), one in every.items() if known == name))

    def always_uses(self, name: str, value: str) -> bool:
        """Whether this template uses the value in every language that has it."""
        every = {**self.spare, **self.templates}
        return all(value in one.uses for (_, known), one in every.items() if known == name)

    def render(self, name: str, languages: Iterable[str], values: Mapping[str, str]) -> Rendered:
        """Fill the template in the first of the languages that has it, else in the default language.

        The neutral template is given only what the sender did not choose. "de-AT" also means "de".

        Raises:
            ConfigError: no language has a template of this name.
        """
        language = self.language_of(name, languages)
        template = self.templates.get((language, name)) or self.spare[language, name]
        given = {key: value for key, value in values.items() if name != NEUTRAL or key in NEUTRAL_VALUES}
        html = template.html.render(given) if template.html else ""
        return Rendered(template.subject.render(given), template.text.render(given).strip("\n"), html.strip(), language)

    def language_of(self, name: str, languages: Iterable[str]) -> str:
        """The first of the languages that has this template, else the default; ConfigError where none has.

        A customer's language comes before a house's own wording in another one.
        """
        for wanted in (*languages, self.default, _LAST_RESORT):
            for one in (wanted.lower().replace("_", "-"), wanted.lower().replace("_", "-").partition("-")[0]):
                if (one, name) in self.templates or (one, name) in self.spare:
                    return one
        raise ConfigError(f"no template {name!r} in {self.default} or any other language wanted")


def _compiled(files: Mapping[str, str], where: str) -> dict[tuple[str, str], _Template]:
    templates = {}
    for path in sorted(files):
        language, name, ending = _parts(path)
        if ending == "html" and f"{language}/{name}.txt" not in files:
            raise ConfigError(f"{where}/{path}: expected {name}.txt beside it; HTML alone is not sent")
        if ending == "txt":
            html = f"{language}/{name}.html"
            compiler = _Compiler(where, name)
            templates[language.lower(), name] = compiler.template(path, files[path], html, files.get(html))
    return templates


def _parts(path: str) -> tuple[str, str, str]:
    """("en", "registration", "txt") of a path; empty ending where the path is no template's."""
    language, _, file = path.partition("/")
    name, _, ending = file.rpartition(".")
    return (language, name, ending) if "/" not in file and name else (language, file, "")


def _samples(name: str) -> Mapping[str, str]:
    return SAMPLE if name in REQUIRED else NOTICE_SAMPLE


class _Compiler:
    """Compiles the files of one template and says where they are wrong."""

    def __init__(self, where: str, name: str) -> None:
        self.where = where
        self.neutral = name == NEUTRAL
        self.samples = {key: SAMPLE[key] for key in NEUTRAL_VALUES} if self.neutral else _samples(name)

    def template(self, path: str, text: str, html_path: str, html: str | None) -> _Template:
        """Compile subject, text and HTML of one template."""
        subject, body = self._split(path, text)
        used = (meta.find_undeclared_variables(_TEXT.parse(one)) for one in (subject, body, html or ""))
        return _Template(
            self._compile(path, subject, escape=False),
            self._compile(path, body, escape=False),
            None if html is None else self._compile(html_path, html, escape=True),
            frozenset().union(*used),
        )

    def _split(self, path: str, text: str) -> tuple[str, str]:
        lines = text.lstrip("\ufeff").split("\n")
        if not lines[0].lower().startswith(_SUBJECT):
            return DEFAULT_NEUTRAL_SUBJECT if self.neutral else DEFAULT_SUBJECT, "\n".join(lines)
        if len(lines) > 1 and lines[1].strip():
            raise ConfigError(f"{self.where}/{path} line 2: expected a blank line after the Subject line")
        # A comment of two lines keeps the line numbers of the file in messages about the body.
        return lines[0][len(_SUBJECT) :].strip(), "{#\n\n#}" + "\n".join(lines[2:])

    def _compile(self, path: str, source: str, *, escape: bool) -> jinja2.Template:
        env = _HTML if escape else _TEXT
        file = f"{self.where}/{path}"
        try:
            self._names_are_known(file, env.parse(source, filename=file))
            code = env.compile(source, filename=file)
            template = env.template_class.from_code(env, code, env.make_globals(None))
            template.render(self.samples)
            template.render(dict.fromkeys(self.samples, ""))
        except jinja2.TemplateSyntaxError as error:
            raise ConfigError(f"{file} line {error.lineno}: {error.message}") from error
        except ConfigError:
            raise
        except Exception as error:  # a template is code: it can fail in any way that code can
            line = _line_in(error, file)
            raise ConfigError(f"{file}{line}: cannot be filled with sample values: {error}") from error
        return template

    def _names_are_known(self, file: str, tree: nodes.Template) -> None:
        unknown = meta.find_undeclared_variables(tree) - self.samples.keys()
        for node in tree.find_all(nodes.Name):
            if node.name in unknown:
                raise ConfigError(f"{file} line {node.lineno}: {self._advice(node.name)}")

    def _advice(self, name: str) -> str:
        known = ", ".join(sorted(self.samples))
        if self.neutral and name in SAMPLE:
            return f"{name!r} was chosen by the sender, a neutral mail may use only {known}"
        near = difflib.get_close_matches(name, self.samples, 1)
        hint = f", did you mean {near[0]!r}?" if near else "."
        return f"unknown variable {name!r}{hint} Known: {known}"


def _environment(*, escape: bool) -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        autoescape=escape, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.globals.clear()
    return env


_TEXT: Final = _environment(escape=False)
_HTML: Final = _environment(escape=True)


def _line_in(error: Exception, file: str) -> str:
    """ " line N" of the template, as Jinja2 writes it into the traceback."""
    trace, line = error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = f" line {trace.tb_lineno}"
        trace = trace.tb_next
    return line
