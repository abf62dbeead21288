"""Files and environment to frozen Settings, or a ConfigError that names file, line, key and cure."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mailcase.configuration import checks, later, lines, notices, problems, sections
from mailcase.configuration.layers import Layers
from mailcase.configuration.mailbox import MailboxSection
from mailcase.configuration.secrets import read_secret
from mailcase.configuration.values import Secret
from mailcase.errors import ConfigError

USUAL_PLACES: Final = (Path("config/mailcase.toml"), Path("/etc/mailcase/mailcase.toml"))


class Settings(BaseSettings):
    """The whole configuration, as `load` makes it."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    store: sections.StoreSection = sections.StoreSection()
    security: sections.SecuritySection = sections.SecuritySection()
    cases: sections.CasesSection = sections.CasesSection()
    agents: sections.AgentsSection = sections.AgentsSection()
    linking: sections.LinkingSection = sections.LinkingSection()
    junk: sections.JunkSection = sections.JunkSection()
    acknowledge: sections.AcknowledgeSection = sections.AcknowledgeSection()
    attachments: sections.AttachmentsSection = sections.AttachmentsSection()
    intake: sections.IntakeSection = sections.IntakeSection()
    mailbox: tuple[MailboxSection, ...] = Field(min_length=1)
    alarm: sections.AlarmSection = sections.AlarmSection()
    http: sections.HttpSection = sections.HttpSection()
    lmtp: sections.LmtpSection = sections.LmtpSection()
    retention: sections.RetentionSection = sections.RetentionSection()
    notice: tuple[notices.NoticeEntry, ...] = ()
    assignment: tuple[notices.AssignmentEntry, ...] = ()

    _source: problems.Source = PrivateAttr(default=problems.Source(Path("mailcase.toml")))
    _environ: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (pydantic's interface)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's interface)
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's interface)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's interface)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`load` has put file and environment together already."""
        return (init_settings,)

    @property
    def file(self) -> Path:
        """The file that was read."""
        return self._source.file

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment that was laid over the file; a reload uses the same."""
        return self._environ

    @property
    def base(self) -> Path:
        """The folder of the file: paths in it are relative to this."""
        return self.file.absolute().parent

    @property
    def state_dir(self) -> Path:
        """Where store and lock file lie: as configured, else $STATE_DIRECTORY, else the file's folder."""
        given = self.store.state_dir or self._environ.get("STATE_DIRECTORY", "").partition(":")[0]
        return self.base / Path(given).expanduser() if given else self.base

    @property
    def store_url(self) -> str:
        """The store's URL, a SQLite file with its absolute path. May hold a password: never print it."""
        head, separator, name = self.store.url.partition("sqlite:///")
        return f"{head}{separator}{self.state_dir / name}" if separator else self.store.url

    @property
    def sqlite_file(self) -> Path | None:
        """The store's file; None on PostgreSQL."""
        _, separator, name = self.store.url.partition("sqlite:///")
        return self.state_dir / name if separator else None

    @property
    def blacklist_file(self) -> Path:
        """[junk] blacklist"""
        return self.base / self.junk.blacklist

    def path(self, name: str) -> Path:
        """A path as written in the file."""
        return self.base / Path(name).expanduser()

    def refusal(self, path: tuple[str | int, ...], text: str) -> ConfigError:
        """The error that names file, line and key of a mistake seen after loading; `text` says what is wrong."""
        return problems.config_error(self._source, [problems.Problem(path, text)])

    def secret(self, secret: Secret) -> SecretStr:
        """A secret's text; raises ConfigError where it cannot be read."""
        return read_secret(secret, self.base, self._environ)


def find(given: str | Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: as given, else $MAILCASE_CONFIG, else the first usual place that exists.

    Raises:
        ConfigError: when there is none.
    """
    if chosen := given or environ.get("MAILCASE_CONFIG"):
        return Path(chosen)
    for place in USUAL_PLACES:
        if place.exists():
            return place
    tried = ", ".join(str(place) for place in USUAL_PLACES)
    raise ConfigError(f"no configuration: looked for {tried}; `mailcase init` writes one, --config FILE names one")


def load(path: str | Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check a configuration. Secrets are read when they are needed (`Settings.secret`).

    Args:
        path: the TOML file.
        environ: `MAILCASE_…` variables replace keys; also STATE_DIRECTORY and CREDENTIALS_DIRECTORY.

    Raises:
        ConfigError: with every mistake, a line each.
    """
    source, lost = _read(Path(path), environ)
    try:
        settings = Settings(**source.values)
    except ValidationError as error:
        wrong = [*lost, *problems.from_validation(error, Settings)]
    else:
        settings._source, settings._environ = source, dict(environ)
        wrong = [*lost, *later.unavailable(settings), *checks.contradictions(settings)]
        if not wrong:
            return settings
    # Outside of the handler: pydantic's error, which quotes the file, is no context of ours.
    raise problems.config_error(source, wrong)


def _read(file: Path, environ: Mapping[str, str]) -> tuple[problems.Source, list[problems.Problem]]:
    """What was read, and the environment variables that lead nowhere."""
    try:
        text = file.read_text("utf-8")
        layers = Layers(Settings, file, environ)
    except FileNotFoundError:
        raise ConfigError(f"{file}: there is no such file; `mailcase init` writes one") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: is not UTF-8 text (byte {error.start} of the file)") from None
    except tomllib.TOMLDecodeError as error:
        line, said = lines.not_toml(text, str(error))
        raise ConfigError(f"{file}:{line}: is not TOML: {said}") from None
    except RecursionError:
        raise ConfigError(f"{file}: is nested too deeply") from None
    source = problems.Source(file, text, layers(), layers.environ)
    return source, [problems.Problem((), said, name) for name, said in layers.lost]


def load_store(path: str | Path, refused: ConfigError, environ: Mapping[str, str] = os.environ) -> Settings:
    """Where the store is, from files that are wrong elsewhere: `status` must show what a bad edit did.

    Returns Settings that are good for opening the store alone; raises `refused` where not even that can be read.
    """
    file = Path(path)
    try:
        given = lines.table(file.read_text("utf-8"), "store")
        over = {name: environ.get(f"MAILCASE_STORE__{name.upper()}") for name in ("url", "state_dir", "raw")}
        store = sections.StoreSection(**{**given, **{name: value for name, value in over.items() if value}})
        nobody = MailboxSection(name="unknown", address="unknown@example.com")
        settings = Settings(store=store, mailbox=(nobody,))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError):
        raise refused from None
    settings._source, settings._environ = problems.Source(file), dict(environ)
    return settings
