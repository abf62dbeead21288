"""Templates: what loads, what does not and why, and that values stay data."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from mailcase.errors import ConfigError
from mailcase.outbox.template_compile import shipped
from mailcase.outbox.template_values import NEUTRAL_VALUES, REQUIRED, SAMPLE
from mailcase.outbox.templates import TemplateSet
from mailcase.template_files import load_templates

SHIPPED = Path(__file__).parents[2] / "config" / "templates"
GOOD = {f"en/{name}.txt": "Hello {{ number }}\n" for name in REQUIRED}


def load(files: Mapping[str, str], default: str = "en") -> TemplateSet:
    return TemplateSet.compiled({**GOOD, **files}, "templates", default)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", REQUIRED)
def test_every_shipped_template_is_whole_in_every_language(language: str, name: str) -> None:
    rendered = load_templates(SHIPPED).render(name, [language], SAMPLE)
    assert rendered.language == language
    assert rendered.subject.startswith("Re: ")
    assert rendered.subject.endswith("[SR-12]")
    assert "SR-12" in rendered.text
    assert "Example Support" in rendered.text
    assert "SR-12" in rendered.html
    assert "http" not in rendered.html
    assert "<script" not in rendered.html


def test_what_is_as_it_was_shipped_waits_for_its_first_use() -> None:
    shipped.cache_clear()
    loaded = load_templates(SHIPPED)
    assert shipped.cache_info().currsize == 0
    assert all(one().uses for one in loaded.templates.values())  # each can be compiled, and was tried
    assert shipped.cache_info().currsize == len(loaded.templates)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", REQUIRED)
def test_the_shipped_templates_read_well_without_name_and_subject(language: str, name: str) -> None:
    bare = {**SAMPLE, "name": "", "subject": "", "followed_number": ""}
    text = load_templates(SHIPPED).render(name, [language], bare).text
    assert not {" ,", "“”", "„“", "()", "  "} & {text[at : at + 2] for at in range(len(text))}


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_neutral_template_uses_nothing_that_the_sender_chose(language: str) -> None:
    chosen = {**SAMPLE, "name": "BUY NOW", "subject": "CHEAP PILLS", "followed_number": "SR-666"}
    rendered = load_templates(SHIPPED).render("neutral", [language], chosen)
    everything = rendered.subject + rendered.text + rendered.html
    assert not any(word in everything for word in ("BUY", "CHEAP", "666"))


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "en/registration.txt",
            "Subject: x\n\nHi\n{{ nmae }}\n",
            r"line 4: unknown variable 'nmae', did .*'name'",
        ),
        ("en/registration.txt", "{% if x %}\n", r"registration\.txt line 1: "),
        ("en/registration.txt", "Subject: x\n\nok\n{% endfor %}\n", r"registration\.txt line 4: .*endfor"),
        ("en/registration.txt", "Subject: x\nHello\n", r"line 2: expected a blank line after the Subject"),
        ("en/registration.txt", "a\n{{ number.x.y }}\n", r"registration\.txt line 2: cannot be filled"),
        ("en/registration.txt", "Subject: {{ nope }}\n\nHello\n", r"registration\.txt line 1: unknown variable 'nope'"),
        ("en/registration.txt", "{{ zzz }}", r"line 1: unknown variable 'zzz'\. Known: address, "),
        (
            "en/registration.txt",
            "{{ subjct }}",
            r"line 1: unknown variable 'subjct', did you mean 'subject'\? Known: address, ",
        ),
        ("en/registration.txt", "{{ number | shout }}", r"line 1: No filter named 'shout'"),
        ("en/registration.txt", "{{ ''.__class__.__mro__ }}", r"line 1: cannot be filled .*unsafe"),
        ("en/registration.txt", "{{ range(9) }}", r"line 1: unknown variable 'range'"),
        ("en/registration.html", "<p>\n{{ nope }}</p>", r"registration\.html line 2: unknown variable 'nope'"),
        ("en/neutral.txt", "Dear {{ name }}", r"neutral\.txt line 1: 'name' was chosen by the sender"),
        ("fr/registration.html", "<p>Bonjour</p>", r"fr/registration\.html: expected registration\.txt beside it"),
    ],
)
def test_a_wrong_template_is_an_error_that_names_file_line_and_cure(file: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load({file: text})


def test_the_default_language_must_have_every_template() -> None:
    with pytest.raises(ConfigError, match=r"templates/de/registration\.txt: expected here"):
        load({}, "de")


def test_a_file_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "registration.txt").write_bytes(b"Gr\xfc\xdfe")
    with pytest.raises(ConfigError, match=r"registration\.txt: expected UTF-8, byte 2"):
        load_templates(tmp_path)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["DE_at"], "de"),
        (["fr", "de"], "de"),
        (["fr"], "en"),
        ([], "en"),
        (["", "x" * 500], "en"),
    ],
)
def test_the_first_language_that_has_the_template_is_taken(wanted: list[str], language: str) -> None:
    templates = load({"de/registration.txt": "Hallo {{ number }}"})
    assert templates.render("registration", wanted, SAMPLE).language == language


def test_a_template_without_a_subject_line_gets_the_shipped_one() -> None:
    rendered = load({}).render("registration", [], SAMPLE)
    assert (rendered.subject, rendered.text, rendered.html) == (
        "Re: Printer on floor 3 jams [SR-12]",
        "Hello SR-12",
        "",
    )
    assert load({}).render("neutral", [], SAMPLE).subject == "Re: [SR-12]"


def test_values_are_data_and_never_source() -> None:
    templates = load({"en/registration.txt": "{{ subject }}", "en/registration.html": "<p>{{ subject }}</p>"})
    hostile = "{{ 7*7 }}{% raw %}<script>alert(1)</script>"
    rendered = templates.render("registration", [], {**SAMPLE, "subject": hostile})
    assert rendered.text == hostile
    assert rendered.html == "<p>{{ 7*7 }}{% raw %}&lt;script&gt;alert(1)&lt;/script&gt;</p>"


def test_other_files_in_the_folder_are_left_alone() -> None:
    assert load({"en/README.md": "{{ what }}", "notes.txt": "{% no"}).languages == ("en",)


def test_what_a_neutral_mail_may_use_is_known_to_all() -> None:
    assert SAMPLE.keys() > NEUTRAL_VALUES
