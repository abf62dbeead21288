"""Every mistake in a configuration is named with its place and its cure (contract.md)."""

from pathlib import Path

import pytest

from mailcase.config import find, load
from mailcase.errors import ConfigError

MAILBOX = """\
[[mailbox]]
name = "support"
address = "support@example.com"
[mailbox.imap]
host = "imap.example.com"
user = "support@example.com"
password = "hunter2-secret"
[mailbox.smtp]
host = "smtp.example.com"
"""

# (text before the mailbox, what the message must hold); the place is file:line.
WRONG = [
    ("[intake]\ntimeuot = '60s'\n", ":2: [intake] timeuot: not a known key; the nearest is timeout"),
    ("[intaek]\nworkers = 1\n", ":1: [intaek]: not a known key; the nearest is intake"),
    ("workers = 1\n", ":1: [workers]: not a known key; the nearest is workers in [intake]"),
    (
        "[store]\nzzz = 1\n",
        ":2: [store] zzz: not a known key; known here are lease, raw, s3_access_key, s3_endpoint, s3_region",
    ),
    ("[intake]\nworkers = '4'\n", ':2: [intake] workers: expected a whole number, found "4"'),
    ("[intake]\nworkers = -1\n", ":2: [intake] workers: expected at least 0, found -1"),
    ("[intake]\nmax_size = '50 apples'\n", ':2: [intake] max_size: expected a size such as "500KB" or "50MB"'),
    ("[intake]\nmax_size = '1GB'\n", ":2: [intake] max_size: larger than [intake] memory"),
    ("[intake]\ntimeout = '0s'\n", ":2: [intake] timeout: expected a length of time such as"),
    ("[intake]\ntimeout = 60\n", ":2: [intake] timeout: expected a length of time such as"),
    ("[acknowledge]\nper_address = '5'\n", ":2: [acknowledge] per_address: expected a number and a length of time"),
    ("[acknowledge]\ncreated = 'yes'\n", ':2: [acknowledge] created: expected true or false, found "yes"'),
    ("[acknowledge]\ncreated = 1\n", ":2: [acknowledge] created: expected true or false, found 1"),
    ("[acknowledge]\nneutral = 'no'\n", ':2: [acknowledge] neutral: expected "unauthenticated", "never" or "always"'),
    ("[cases]\nnumber_mask = 'SR'\n", ":2: [cases] number_mask: mask 'SR' needs exactly one {0}"),
    ("[cases]\nnumber_mask = '{0}'\n", ":2: [cases] number_mask: mask '{0}' has no letter"),
    (
        "[cases]\n\nretired_masks = ['A-{0}', 7]\n",
        ':3: [cases] retired_masks entry 2: expected a mask such as "SR-{0}"',
    ),
    ("[cases]\ntimezone = 'Mars/Olympus'\n", ":2: [cases] timezone: expected a time zone such as"),
    ("[cases]\ncategories = []\n", ":2: [cases] categories: expected at least one entry"),
    (
        "[cases]\ncategories = ['A']\n",
        "[mailbox] category of mailbox support: Incident is not in [cases] categories: A",
    ),
    ("[cases]\ncategories = 'A'\n", ":2: [cases] categories: expected a list"),
    ("[cases]\nfreemail = ['a b']\n", ':2: [cases] freemail entry 1: expected a domain such as "example.com"'),
    (
        "[[cases.status]]\nname = 'New'\nkind = 'active'\nrole = 'new'\n",
        ":1: [cases] status: exactly one status must have",
    ),
    ("[[cases.status]]\nname = 'New'\nkind = 'activ'\n", ':3: [cases.status] kind: expected "active", "paused"'),
    (
        "[[cases.account]]\nname = 'A'\ndomains = ['gmail.com']\n",
        ":3: [cases.account] domains: gmail.com is a freemail domain",
    ),
    ("[junk]\ncase_status = 'New'\n", ":2: [junk] case_status: expected a status of kind final: Closed, Canceled"),
    ("[junk.closing_reasons]\nspam = 'x'\n", ":2: [junk.closing_reasons] spam: not a reason for junk; known are"),
    (
        "[[junk.header]]\nname = 'X-Spam'\nmatches = '(?=x)'\n",
        ":1: [junk] header entry 1: '(?=x)' is no RE2 expression",
    ),
    ("[[junk.header]]\nname = 'X Spam'\nmatches = 'x'\n", ":1: [junk] header entry 1: header name 'X Spam' is not one"),
    ("[[junk.header]]\nname = 'X-Spam'\n", ":1: [junk.header] matches: is missing and has no default"),
    ("[cases]\nfirst_number = 99999999999999999999\n", ":2: [cases] first_number: expected at most 9007199254740992"),
    (
        "[security]\ntoken_keys = [{ file = 'a\\u0000b' }]\n".replace("'", '"'),
        ":2: [security] token_keys entry 1: expected {",
    ),
    ("x = " + "[" * 5000 + "]" * 5000 + "\n", "is nested too deeply"),
    ("[security]\ntoken_keys = []\n", ":2: [security] token_keys: expected at least one entry"),
    ("[security]\ntoken_keys = [{ fiel = 'k' }]\n", ":2: [security] token_keys entry 1: expected { file = "),
    ("[store]\nurl = 'mysql://me:hunter2@h/d'\n", ":2: [store] url: expected a store such as"),
    ("[store]\nraw = 'raw/'\n", ':2: [store] raw: expected "store", "file:raw/" or "s3://bucket/prefix"'),
    ("[alarm]\ndigest = '7 am'\n", ':2: [alarm] digest: expected a time of day such as "07:00", or nothing'),
    ("[http]\nlisten = '9187'\n", ':2: [http] listen: expected an address and a port such as "127.0.0.1:9187"'),
    ("[lmtp]\nlisten = 'lmtp.sock'\n", ":2: [lmtp] listen: expected an address and a port such as"),
    ("[retention]\nraw = '1y'\n", ':2: [retention] raw: expected "forever" or a time such as "365d"'),
    ("[store\n", ":1: is not TOML: Expected ']'"),
    ("[http]\n\nlisten = ''\nlisten = 'hunter2'\n", ":4: is not TOML: listen is given twice"),
    ("[http]\n[http]\n", ":2: is not TOML: [http] stands twice"),
    ("[cases.status]\nname = 'New'\n", "[cases] status: write [[cases.status]], with double brackets"),
]

# (replaced in the mailbox, by, what the message must hold)
WRONG_MAILBOX = [
    ('name = "support"\n', "", ":1: [mailbox] name of mailbox 1: is missing and has no default"),
    ('name = "support"', 'name = "my support"', ":2: [mailbox] name of mailbox my support: expected a short name"),
    ("support@example.com", "support", ":3: [mailbox] address of mailbox support: expected a mail address such as"),
    (
        'host = "imap',
        'hots = "imap',
        ":5: [mailbox.imap] hots of mailbox support: not a known key; the nearest is host",
    ),
    (
        "[mailbox.imap]\n",
        "[mailbox.imap]\nport = 99999\n",
        ":5: [mailbox.imap] port of mailbox support: expected at most",
    ),
    ("[mailbox.imap]\n", '[mailbox.imap]\nsecurity = "ssl"\n', 'expected "tls", "starttls" or "none", found "ssl"'),
    ("[mailbox.imap]\n", '[mailbox.imap]\nsecurity = "none"\n', "set allow_insecure = true here"),
    ("[mailbox.imap]\n", '[mailbox.imap]\nafter = "archive"\n', 'expected "keep", "seen", "delete" or "move:Folder"'),
    ("[mailbox.imap]\n", '[mailbox.imap]\nafter = "move:INBOX"\n', "names a folder that is read itself"),
    ("[mailbox.imap]\n", '[mailbox.imap]\nafter = "move:Inbox"\n', "names a folder that is read itself"),
    ("[mailbox.imap]\n", '[mailbox.imap]\nsent_folder = "inbox"\n', "holds what agents wrote"),
    ("[mailbox.imap]\n", '[mailbox.imap]\nfolders = ["INBOX", "inbox"]\n', "folders names 'INBOX' twice"),
    ("[mailbox.imap]\n", '[mailbox.imap]\nfolders = ["A", "a", "A"]\n', "folders names 'A' twice"),
    (
        "[mailbox.imap]\n",
        '[mailbox.imap]\nauth = "xoauth2"\n',
        ':5: [mailbox.imap] auth of mailbox support: "xoauth2" needs [mailbox.oauth2]: token_url, client_id',
    ),
    (
        "[mailbox.imap]\n",
        '[mailbox.maildir]\npath = "/x"\n[mailbox.imap]\n',
        ":4: [mailbox] maildir of mailbox support: mail has one source: leave out [mailbox.imap] or [mailbox.maildir]",
    ),
    ("[mailbox.imap]\n", 'start = "yesterday"\n[mailbox.imap]\n', '"new", "all" or a date such as 2026-01-31'),
    ("[mailbox.imap]\n", 'form_senders = ["a@b.example"]\n[mailbox.imap]\n', "without reply_to_is_sender = true"),
    (
        "[mailbox.imap]\n",
        'notify = ["support@example.com"]\n[mailbox.imap]\n',
        ":4: [mailbox] notify of mailbox support: support@example.com is read by mailbox support: name people",
    ),
    (
        "[mailbox.imap]\n",
        'pasword = "hunter2"\n[mailbox.imap]\n',
        "pasword of mailbox support: not a known key; the nearest is pas",
    ),
    ('password = "hunter2-secret"\n', "", ":4: [mailbox] imap of mailbox support: password is missing"),
    (
        'password = "hunter2-secret"',
        "password = 7",
        ":7: [mailbox.imap] password of mailbox support: expected { file =",
    ),
    ('host = "smtp.example.com"', 'host = "s"\nuser = "u"', "user and password belong together"),
    ('[mailbox.smtp]\nhost = "smtp.example.com"\n', "", "[mailbox] smtp of mailbox support: is missing, and [acknow"),
]


# (the keys of [mailbox.oauth2], what the message must hold)
CLIENT = 'token_url = "https://id.example/token"\nclient_id = "a"\n'
WRONG_SIGN_IN = [
    ('client_id = "a"', ":13: [mailbox.oauth2] token_url of mailbox support: is missing and has no default"),
    ('token_url = "id.example/token"', ":14: [mailbox.oauth2] token_url of mailbox support: expected an address such"),
    ('token_url = "http://id.example/token"', "http sends secrets in plain text: https:// is expected"),
    (CLIENT, ":13: [mailbox.oauth2] client_secret of mailbox support: is missing: set client_secret or client_key"),
    (
        CLIENT.replace('"a"', '""') + 'client_secret = "hunter2"',
        ":15: [mailbox.oauth2] client_id of mailbox support: is missing: the id that the provider gave",
    ),
    (
        CLIENT + 'client_secret = "hunter2"\nclient_key = { file = "k" }',
        ":16: [mailbox.oauth2] client_secret of mailbox support: client_key is set too: leave one of them out",
    ),
    (
        CLIENT + f'client_secret = "hunter2"\nclient_thumbprint = "{"AB:" * 19}AB"',
        ":17: [mailbox.oauth2] client_thumbprint of mailbox support: without client_key it has no effect",
    ),
    (CLIENT + 'client_thumbprint = "AB"', "expected a certificate's thumbprint: 40 hexadecimal digits (SHA-1) or 64"),
    (
        CLIENT + 'service_account = { file = "s" }\nscope = "x"',
        ":15: [mailbox.oauth2] client_id of mailbox support: service_account brings its own id and key: leave this out",
    ),
    (
        'token_url = "https://id.example/token"\nscope = "x"\nrefresh_token = "hunter2"\nservice_account = "hunter2"',
        ":16: [mailbox.oauth2] refresh_token of mailbox support: service_account brings its own",
    ),
    (
        'token_url = "https://id.example/token"\nservice_account = "hunter2"',
        ':13: [mailbox.oauth2] scope of mailbox support: is missing: service_account needs one, such as "https://mail.g',
    ),
]
SIGN_IN = MAILBOX.replace('password = "hunter2-secret"', 'auth = "xoauth2"').replace(
    'host = "smtp', 'auth = "xoauth2"\nuser = "a@example.com"\nhost = "smtp'
)


def refusal(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    file = tmp_path / "mailcase.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, environ or {})
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value).replace(str(file), "")


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said[:50] for _, said in WRONG])
def test_each_mistake_is_named_with_line_key_and_cure(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text + MAILBOX)


@pytest.mark.parametrize(("old", "new", "said"), WRONG_MAILBOX, ids=[said[:60] for _, _, said in WRONG_MAILBOX])
def test_a_mistake_in_a_mailbox_names_the_mailbox(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in MAILBOX
    assert said in refusal(tmp_path, MAILBOX.replace(old, new))


@pytest.mark.parametrize(("keys", "said"), WRONG_SIGN_IN, ids=[said[:60] for _, said in WRONG_SIGN_IN])
def test_a_wrong_combination_of_sign_in_keys_names_the_key(tmp_path: Path, keys: str, said: str) -> None:
    assert said in refusal(tmp_path, f"{SIGN_IN}\n[mailbox.oauth2]\n{keys}\n")


def test_sign_in_keys_without_their_counterpart_are_refused(tmp_path: Path) -> None:
    good = f'{SIGN_IN}\n[mailbox.oauth2]\n{CLIENT}client_secret = "hunter2"\n'
    assert "[mailbox] oauth2 of mailbox support: has no effect: set auth" in refusal(
        tmp_path, good.replace('auth = "xoauth2"', 'password = "x"')
    )
    said = refusal(tmp_path, good.replace('user = "a@example.com"\n', ""))
    assert 'auth = "xoauth2" needs user' in said


def test_a_maildir_belongs_to_one_mailbox(tmp_path: Path) -> None:
    source = '[mailbox.maildir]\npath = "/x"\n[mailbox.smtp]\nhost = "h"\n'
    one, two = (f'[[mailbox]]\nname = "{name}"\naddress = "{name}@example.com"\n' + source for name in "ab")
    said = refusal(tmp_path, one + two)
    assert ":12: [mailbox.maildir] path of mailbox b: it is read by mailbox a: a mail can have one mailbox" in said


def test_a_configuration_without_a_mailbox_is_refused(tmp_path: Path) -> None:
    assert "[mailbox]: there is none; a mailbox begins with [[mailbox]]" in refusal(tmp_path, "[intake]\nworkers = 2\n")
    single = MAILBOX.replace("[[mailbox]]", "[mailbox]")
    assert ":1: [mailbox]: write [[mailbox]], with double brackets" in refusal(tmp_path, single)


def test_names_addresses_and_folders_belong_to_one_mailbox(tmp_path: Path) -> None:
    said = refusal(tmp_path, MAILBOX + MAILBOX.replace("support@example.com", "SUPPORT@Example.com.", 1))
    assert ":11: [mailbox] name of mailbox support: another mailbox has this name" in said
    said = refusal(
        tmp_path, MAILBOX + MAILBOX.replace('"support"', '"b"').replace("support@example.com", "SUPPORT@Example.com", 1)
    )
    assert "SUPPORT@Example.com belongs to mailbox support already" in said
    said = refusal(tmp_path, MAILBOX + MAILBOX.replace('"support"', '"b"').replace("support@", "b@", 1))
    assert "INBOX of this user is read by mailbox support" in said
    other = MAILBOX.replace('"support"', '"b"').replace("support@", "b@", 1)
    said = refusal(tmp_path, MAILBOX + other.replace("[mailbox.imap]", '[mailbox.imap]\nfolders = ["inBox"]'))
    assert "INBOX of this user is read by mailbox support" in said


def test_all_mistakes_are_listed_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[intake]\nworkers = 'x'\ntimeuot = 1\n[junk]\ncreate_cases = 0\n" + MAILBOX).splitlines()
    assert [line.split(":")[1] for line in said] == ["2", "3", "5"]


def test_a_wrong_environment_variable_is_named(tmp_path: Path) -> None:
    wrong = {"MAILCASE_INTAKE__WORKERS": "many", "MAILCASE_STROE__URL": "x", "MAILCASE_MAILBOX__0__IMAP__PORT": "0"}
    said = refusal(tmp_path, MAILBOX, wrong)
    assert "environment variable MAILCASE_INTAKE__WORKERS: [intake] workers: expected a whole number" in said
    assert "environment variable MAILCASE_STROE__URL: [stroe]: not a known key; the nearest is store" in said
    assert "environment variable MAILCASE_MAILBOX__0__IMAP__PORT: [mailbox.imap] port of mailbox support" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("MAILCASE_MAILBOX__5__GROUP", "there is no [[mailbox]] 5; 1 is configured, counted from 0"),
        ("MAILCASE_MAILBOX__1__GROUP", "there is no [[mailbox]] 1; 1 is configured, counted from 0"),
        ("MAILCASE_MAILBOX__SUPPORT__GROUP", "there is no [[mailbox]] support; 1 is configured, counted from 0"),
        ("MAILCASE_MAILBOX__SUPPORT", "there is no [[mailbox]] support; 1 is configured, counted from 0"),
        ("MAILCASE_MAILBOX__0", "a key of [[mailbox]] 0 is missing behind it"),
        ("MAILCASE_MAILBOX__0__NAME__X", "mailbox.name holds a value, nothing lies below it"),
        ("MAILCASE_CASES__CATEGORIES__0", "cases.categories is a list: write all of it, as JSON"),
        ("MAILCASE_FOO", "not a known key; a key is named like MAILCASE_INTAKE__WORKERS, with two underscores"),
        ("mailcase_intake_workers", "not a known key; a key is named like MAILCASE_INTAKE__WORKERS"),
        ("MAILCASE_INTAKE", "a key of it is named like MAILCASE_INTAKE__KEY"),
    ],
)
def test_an_environment_variable_that_leads_nowhere_is_refused(tmp_path: Path, name: str, said: str) -> None:
    given = "[cases]\ncategories = ['Incident']\n" + MAILBOX
    assert f"environment variable {name.upper()}: {said}" in refusal(tmp_path, given, {name: "hunter2"})


def test_variables_that_are_no_keys_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mailcase.toml").write_text(MAILBOX)
    names = ("MAILCASE_CONFIG", "MAILCASE_FAULT", "MAILCASE_REALMAIL", "MAILCASE_REQUIRE_SERVERS", "MAILCASEX", "PATH")
    assert load(tmp_path / "mailcase.toml", dict.fromkeys(names, "x")).mailbox[0].name == "support"


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mailcase init"):
        load(tmp_path / "none.toml", {})


def test_no_configuration_anywhere_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mailcase.config.USUAL_PLACES", (Path("config/mailcase.toml"),))
    with pytest.raises(ConfigError, match=r"config/mailcase\.toml.*mailcase init"):
        find(None, {})
    assert find(None, {"MAILCASE_CONFIG": "x.toml"}) == Path("x.toml")
