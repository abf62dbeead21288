"""Secrets, read where they are needed: from a file, the environment, systemd's credentials or the configuration."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from mailcase.configuration.values import Secret
from mailcase.errors import ConfigError


def read_secret(secret: Secret, base: Path, environ: Mapping[str, str]) -> SecretStr:
    """The secret's text, without the line end that editors add.

    Raises:
        ConfigError: when it is not there, cannot be read or is empty; it says where and what to do.
    """
    match secret.kind:
        case "plain":
            return secret.plain
        case "env":
            return _full(environ.get(secret.place, ""), f"the environment variable {secret.place}")
        case "credential":
            return _full(_read(_credential(secret.place, environ)), f"the credential {secret.place}")
        case "file":
            return _full(_read(base / Path(secret.place).expanduser()), f"the file {secret.place}")


def describe(secret: Secret, base: Path) -> str:
    """Where it comes from, with what can be wrong there; never the secret itself (`mailcase check`)."""
    if secret.kind == "plain":
        return "a plain text in the configuration: better in a file of mode 0600 or a systemd credential"
    if secret.kind != "file":
        return f"the {'environment variable' if secret.kind == 'env' else 'systemd credential'} {secret.place}"
    file = base / Path(secret.place).expanduser()
    try:
        content, mode = file.read_bytes(), file.stat().st_mode & 0o777
    except OSError as error:
        return f"the file {secret.place} ({error.strerror})"
    newline = ", ends with a newline: it is cut off" if content.endswith(b"\n") else ""
    loose = "; others can read it: chmod 600" if mode & 0o077 else ""
    return f"the file {secret.place} (mode {mode:04o}, {len(content)} bytes{newline}{loose})"


def _credential(name: str, environ: Mapping[str, str]) -> Path:
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ConfigError(
            f"the credential {name} needs $CREDENTIALS_DIRECTORY: "
            f"systemd sets it for a unit with LoadCredential={name}:/path"
        )
    return Path(folder) / name


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise ConfigError(f"the secret file {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"the secret file {file} is not UTF-8 text") from None


def _full(text: str, where: str) -> SecretStr:
    if not text:
        raise ConfigError(f"{where} is not set or empty")
    return SecretStr(text)
