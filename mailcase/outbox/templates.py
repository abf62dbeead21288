"""Templates of the mails that leave: compiled and tried at load, values are data and never source.

A set is a folder `<language>/<name>.txt` with an optional `<name>.html` beside it. The first line of the
.txt may be `Subject: …`, then a blank line. Jinja2 in its immutable sandbox, unknown names are errors.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from mailcase.errors import ConfigError
from mailcase.outbox.template_compile import SHIPPED, Compiler, Template, shipped
from mailcase.outbox.template_values import NEUTRAL, NEUTRAL_VALUES, REQUIRED

#: A template, or what compiles it where it is used for the first time.
Made = Callable[[], Template]
_LAST_RESORT: Final = "en"  # of the shipped templates, every one is there in it


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template made of its values; the HTML is "" where the template has none."""

    subject: str
    text: str
    html: str
    language: str


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """All templates by (language, name), with the language that has every one of them.

    `spare` has what a folder of an older installation lacks: the shipped templates of names that came later.
    """

    templates: Mapping[tuple[str, str], Made]
    default: str
    spare: Mapping[tuple[str, str], Made] = field(default_factory=dict)

    @classmethod
    def compiled(
        cls, files: Mapping[str, str], where: str, default: str = "en", ours: Mapping[str, str] | None = None
    ) -> "TemplateSet":
        """Compile a set and try each template with sample values, but for those that are as they were shipped.

        Args:
            files: text by path below the folder, "en/registration.txt".
            where: the folder, for messages.
            default: the language that must have every required template.
            ours: the shipped ones, likewise; they take the place of those that the folder lacks.

        Raises:
            ConfigError: naming file, line and what was expected.
        """
        known = ours or {}
        templates = dict(_made(files, where, known))
        for name in REQUIRED:
            if (default.lower(), name) not in templates:
                raise ConfigError(f"{where}/{default}/{name}.txt: expected here, {default} is the default language")
        spare = {at: made for at, made in _made(known, SHIPPED, known) if at not in templates and at[1] not in REQUIRED}
        return cls(templates, default.lower(), spare)

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
        return frozenset().union(*(one().uses for (_, known), one in every.items() if known == name))

    def always_uses(self, name: str, value: str) -> bool:
        """Whether this template uses the value in every language that has it."""
        every = {**self.spare, **self.templates}
        return all(value in one().uses for (_, known), one in every.items() if known == name)

    def render(self, name: str, languages: Iterable[str], values: Mapping[str, str]) -> Rendered:
        """Fill the template in the first of the languages that has it, else in the default language.

        The neutral template is given only what the sender did not choose. "de-AT" also means "de".

        Raises:
            ConfigError: no language has a template of this name.
        """
        language = self.language_of(name, languages)
        template = (self.templates.get((language, name)) or self.spare[language, name])()
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


def _made(files: Mapping[str, str], where: str, ours: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], Made]]:
    """Each template by (language, name)."""
    for path in sorted(files):
        language, name, ending = _parts(path)
        if ending == "html" and f"{language}/{name}.txt" not in files:
            raise ConfigError(f"{where}/{path}: expected {name}.txt beside it; HTML alone is not sent")
        if ending == "txt":
            page = f"{language}/{name}.html"
            text, html = files[path], files.get(page)
            if (text, html) == (ours.get(path), ours.get(page)):
                yield (language.lower(), name), partial(shipped, language, name, text, html)
            else:
                made = Compiler(where, name).template(path, text, page, html)
                yield (language.lower(), name), partial(_itself, made)


def _itself(made: Template) -> Template:
    return made


def _parts(path: str) -> tuple[str, str, str]:
    """("en", "registration", "txt") of a path; empty ending where the path is no template's."""
    language, _, file = path.partition("/")
    name, _, ending = file.rpartition(".")
    return (language, name, ending) if "/" not in file and name else (language, file, "")
