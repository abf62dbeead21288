"""What a right configuration becomes: layers, paths, secrets that stay secret, and the policy's hash."""

from pathlib import Path

import pytest

from mailcase import policy_build, server_settings
from mailcase.config import Settings, load
from mailcase.configuration.secrets import describe
from mailcase.errors import ConfigError

BOX = """
[[mailbox]]
name = "support"
address = "Support@Example.com"
aliases = ["help@bücher.example"]
start = 2026-01-31
[mailbox.imap]
host = "imap.example.com"
user = "u"
password = %s
[mailbox.smtp]
host = "127.0.0.1"
security = "none"
user = "u"
password = { env = "SMTP_SECRET" }
"""
PLAIN = '"hunter2-plain"'
ENVIRON = {"SMTP_SECRET": "hunter2-env"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "token.key").write_text("hunter2-0123456789abcdef\n")
    (tmp_path / "blacklist.txt").write_text("spam.example\n")
    return tmp_path


def settings(folder: Path, head: str = "", password: str = PLAIN, environ: dict[str, str] | None = None) -> Settings:
    (folder / "mailcase.toml").write_text(head + BOX % password, "utf-8")
    return load(folder / "mailcase.toml", {**ENVIRON, **(environ or {})})


def test_the_environment_stands_above_the_file(folder: Path) -> None:
    environ = {
        "MAILCASE_INTAKE__WORKERS": "3",
        "MAILCASE_CASES__CATEGORIES": '["Incident", "X"]',
        "mailcase_junk__create_cases": "true",
        "MAILCASE_MAILBOX__0__IMAP__PASSWORD": "12345",
        "MAILCASE_MAILBOX__0__SMTP__PASSWORD": '{"file": "token.key"}',
        "MAILCASE_CONFIG": "ignored here",
    }
    made = settings(folder, "[intake]\nworkers = 1\nmax_size = '2MB'\n", environ=environ)
    assert (made.intake.workers, made.intake.max_size, made.junk.create_cases) == (3, 2 * 1024**2, True)
    assert made.cases.categories == ("Incident", "X")
    built = policy_build.build(made)
    assert built.imap["support"].password == "12345"
    assert built.smtp["support"].password == "hunter2-0123456789abcdef"


def test_paths_are_relative_to_the_file_and_the_store_to_state_dir(folder: Path) -> None:
    assert settings(folder).sqlite_file == folder / "mailcase.db"
    assert settings(folder, "[store]\nstate_dir = 'var'\n").store_url == f"sqlite:///{folder}/var/mailcase.db"
    assert settings(folder, environ={"STATE_DIRECTORY": "/x:/y"}).sqlite_file == Path("/x/mailcase.db")
    assert settings(folder, "[store]\nurl = 'sqlite:////abs/m.db'\n").sqlite_file == Path("/abs/m.db")
    assert settings(folder, "[store]\nurl = 'postgresql+psycopg://h/d'\n").sqlite_file is None


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("{ file = 'secret' }", "hunter2"),
        ("{ env = 'SMTP_SECRET' }", "hunter2-env"),
        ("{ credential = 'secret' }", "hunter2"),
        (PLAIN, "hunter2-plain"),
    ],
)
def test_a_secret_comes_from_each_place_without_its_line_end(folder: Path, password: str, expected: str) -> None:
    (folder / "secret").write_text("hunter2\n")
    made = settings(folder, password=password, environ={"CREDENTIALS_DIRECTORY": str(folder)})
    assert server_settings.imap_settings(made, made.mailbox[0]).password == expected


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("{ file = 'none' }", "cannot be read: No such file"),
        ("{ file = 'empty' }", "the file empty is not set or empty"),
        ("{ env = 'NONE' }", "the environment variable NONE is not set or empty"),
        ("{ credential = 'secret' }", "needs $CREDENTIALS_DIRECTORY"),
    ],
)
def test_a_secret_that_is_not_there_is_named_when_it_is_needed(folder: Path, password: str, said: str) -> None:
    (folder / "empty").write_text("\n")
    made = settings(folder, password=password)
    with pytest.raises(ConfigError) as caught:
        policy_build.build(made)
    assert said in str(caught.value)
    assert "[mailbox.imap] password of mailbox support" in str(caught.value)


def test_no_secret_shows_in_any_repr(folder: Path) -> None:
    made = settings(folder, "[store]\nurl = 'postgresql+psycopg://me:hunter2@h/d'\n")
    built = policy_build.build(made)
    assert "hunter2" not in "".join(map(repr, (made, built, made.mailbox, made.model_dump(exclude={"store"}))))
    assert "hunter2" not in str(made.secret(made.mailbox[0].imap.password))  # type: ignore[union-attr, arg-type] # it has one


def test_check_is_told_where_a_secret_lies_and_never_what_it_is(folder: Path) -> None:
    (folder / "secret").write_text("hunter2\n")
    (folder / "secret").chmod(0o640)
    made = settings(folder, password="{ file = 'secret' }")
    assert made.mailbox[0].imap is not None
    assert made.mailbox[0].imap.password is not None
    said = describe(made.mailbox[0].imap.password, made.base)
    assert said == (
        "the file secret (mode 0640, 8 bytes, ends with a newline: it is cut off; others can read it: chmod 600)"
    )


def test_the_policy_is_complete_and_normalised(folder: Path) -> None:
    policy = policy_build.build(settings(folder)).policy
    box = policy.mailboxes["support"]
    assert box.keys == {"support@example.com", "help@xn--bcher-kva.example"}
    assert box.message_id_domain == "example.com"
    assert "gmail.com" in policy.cases.freemail
    assert policy.junk.closing_reasons["blacklisted"] == "Received from blacklisted email"
    assert policy.acknowledge.per_address.count == 5
    assert len(policy.hash) == 16


def test_the_hash_changes_with_what_decides_and_with_nothing_else(folder: Path) -> None:
    first = policy_build.build_policy(settings(folder)).hash
    assert policy_build.build_policy(settings(folder)).hash == first
    assert policy_build.build_policy(settings(folder, password='"another"')).hash == first
    assert policy_build.build_policy(settings(folder, "[intake]\nworkers = 2\n")).hash == first
    others = [policy_build.build_policy(settings(folder, "[linking]\nnumber_in_body = false\n")).hash]
    (folder / "blacklist.txt").write_text("other.example\n")
    others.append(policy_build.build_policy(settings(folder)).hash)
    (folder / "token.key").write_text("another-0123456789abcdef\n")
    others.append(policy_build.build_policy(settings(folder)).hash)
    assert len({first, *others}) == 4


def test_all_that_is_wrong_beside_the_configuration_is_said_at_once(folder: Path) -> None:
    (folder / "blacklist.txt").write_text("# fine\nnot an entry at all\n")
    (folder / "token.key").write_text("short\n")
    made = settings(folder, password="{ file = 'none' }")
    with pytest.raises(ConfigError) as caught:
        policy_build.build(made)
    for said in ("blacklist line 2", "at least 16 bytes", "password of mailbox support"):
        assert said in str(caught.value)


@pytest.mark.parametrize(
    ("head", "password", "said"),
    [
        ("[junk]\nblacklist = 'none.txt'\n", PLAIN, "mailcase.toml:2: [junk] blacklist: there is no file "),
        ("[security]\n\ntoken_keys = [{file = 'no'}]\n", PLAIN, "mailcase.toml:3: [security] token_keys entry 1: "),
        ("[acknowledge]\nlanguage = 'xx'\n", PLAIN, "mailcase.toml:2: [acknowledge] language: the shipped templates "
         "have no folder xx; there are de, en"),
        ("", "{ file = 'none' }", "mailcase.toml:10: [mailbox.imap] password of mailbox support: the secret file "),
        ("", "{ env = 'NONE' }", "mailcase.toml:10: [mailbox.imap] password of mailbox support: the environment "),
        ("", "{ credential = 'x' }", "mailcase.toml:10: [mailbox.imap] password of mailbox support: the credential "),
        ("", PLAIN + "\nca_file = 'no.pem'", "mailcase.toml:11: [mailbox.imap] ca_file of mailbox support: there is "),
    ],
)  # fmt: skip
def test_what_is_seen_only_when_it_is_needed_has_its_line_too(
    folder: Path, head: str, password: str, said: str
) -> None:
    made = settings(folder, head, password)
    with pytest.raises(ConfigError) as caught:
        policy_build.build(made)
    assert f"{folder}/{said}" in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_of_the_environment_that_is_not_there_names_the_variable(folder: Path) -> None:
    environ = {"MAILCASE_MAILBOX__0__IMAP__PASSWORD": '{"file": "none"}'}
    with pytest.raises(ConfigError, match=r"environment variable MAILCASE_MAILBOX__0__IMAP__PASSWORD: .* cannot be"):
        policy_build.build(settings(folder, environ=environ))


def test_a_mailbox_may_have_no_language_without_templates(folder: Path) -> None:
    made = settings(folder)
    (folder / "templates" / "en").mkdir(parents=True)
    for name in ("registration", "followed", "reopened", "neutral"):
        (folder / "templates" / "en" / f"{name}.txt").write_text("Thank you.\n")
    assert policy_build.build_templates(made).languages == ("en",)
    wrong = made.mailbox[0].model_copy(update={"language": "fr"})
    with pytest.raises(
        ConfigError, match=r"mailcase.toml:2: \[mailbox\] language of mailbox support: .*no folder fr; there are en"
    ):
        policy_build.build_templates(made.model_copy(update={"mailbox": (wrong,)}))


def test_two_servers_behind_two_ports_of_one_host_are_two(tmp_path: Path) -> None:
    box = BOX % '"p"'
    other = box.replace('"support"', '"b"').replace("Support@", "b@").replace("help@", "c@")
    file = tmp_path / "mailcase.toml"
    for port, taken in ((143, False), (1993, True)):
        file.write_text(box + other.replace("[mailbox.imap]", f"[mailbox.imap]\nport = {port}"), "utf-8")
        if taken:
            assert [one.name for one in load(file, {}).mailbox] == ["support", "b"]
        else:
            with pytest.raises(ConfigError, match="INBOX of this user is read by mailbox support"):
                load(file, {})
