"""Compiling a template: its source is checked, compiled and tried with sample values, and it says where it is wrong."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailcase.errors import ConfigError
from mailcase.outbox.template_values import NEUTRAL, NEUTRAL_VALUES, NOTICE_SAMPLE, REQUIRED, SAMPLE

DEFAULT_SUBJECT: Final = "Re: {{ subject }} [{{ number }}]"
DEFAULT_NEUTRAL_SUBJECT: Final = "Re: [{{ number }}]"
SHIPPED: Final = "the shipped templates"
_SUBJECT: Final = "subject:"


@dataclass(frozen=True, slots=True)
class Template:
    """One template in one language, ready to be filled."""

    subject: jinja2.Template
    text: jinja2.Template
    html: jinja2.Template | None
    uses: frozenset[str]  # names of values


@lru_cache(maxsize=256)
def shipped(language: str, name: str, text: str, html: str | None) -> Template:
    """A template of the program's own, once a process.

    It has been tried before it was shipped, so that it can wait for its first use: to compile all of them costs more
    than everything else that a start does.
    """
    path = f"{language}/{name}"
    return Compiler(SHIPPED, name).template(f"{path}.txt", text, f"{path}.html", html)


def _samples(name: str) -> Mapping[str, str]:
    return SAMPLE if name in REQUIRED else NOTICE_SAMPLE


class Compiler:
    """Compiles the files of one template and says where they are wrong."""

    def __init__(self, where: str, name: str) -> None:
        self.where = where
        self.neutral = name == NEUTRAL
        self.samples = {key: SAMPLE[key] for key in NEUTRAL_VALUES} if self.neutral else _samples(name)

    def template(self, path: str, text: str, html_path: str, html: str | None) -> Template:
        """Compile subject, text and HTML of one template."""
        subject, body = self._split(path, text)
        uses: set[str] = set()
        return Template(
            self._compile(path, subject, uses, escape=False),
            self._compile(path, body, uses, escape=False),
            None if html is None else self._compile(html_path, html, uses, escape=True),
            frozenset(uses),
        )

    def _split(self, path: str, text: str) -> tuple[str, str]:
        lines = text.lstrip("\ufeff").split("\n")
        if not lines[0].lower().startswith(_SUBJECT):
            return DEFAULT_NEUTRAL_SUBJECT if self.neutral else DEFAULT_SUBJECT, "\n".join(lines)
        if len(lines) > 1 and lines[1].strip():
            raise ConfigError(f"{self.where}/{path} line 2: expected a blank line after the Subject line")
        # A comment of two lines keeps the line numbers of the file in messages about the body.
        return lines[0][len(_SUBJECT) :].strip(), "{#\n\n#}" + "\n".join(lines[2:])

    def _compile(self, path: str, source: str, uses: set[str], *, escape: bool) -> jinja2.Template:
        env = _HTML if escape else _TEXT
        file = f"{self.where}/{path}"
        try:
            tree = env.parse(source, filename=file)
            uses |= self._names(file, tree)
            code = env.compile(tree, filename=file)
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

    def _names(self, file: str, tree: nodes.Template) -> set[str]:
        """The values that it uses; ConfigError for one that nobody gives."""
        used = meta.find_undeclared_variables(tree)
        if unknown := used - self.samples.keys():
            first = next(node for node in tree.find_all(nodes.Name) if node.name in unknown)
            raise ConfigError(f"{file} line {first.lineno}: {self._advice(first.name)}")
        return used

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
