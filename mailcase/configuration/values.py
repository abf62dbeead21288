"""Values that people write: durations, sizes, limits, addresses, masks and secrets."""

import re
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

import idna
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from mailcase.cases.numbers import Mask
from mailcase.policy import Limit

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"([0-9]{1,6})([smhd])")
_SIZE: Final = re.compile(r"([0-9]{1,9}) ?(B|KB|MB|GB)?", re.I)
_BYTES: Final = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_LIMIT: Final = re.compile(r"([0-9]{1,9})/([0-9]{1,6}[smhd])")


class Section(BaseModel):
    """A table of the file: frozen, and every key must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def duration(value: object) -> timedelta:
    """A length of time such as "60s", "24h" or "30d".

    Raises:
        ValueError: for anything else, or nothing at all ("0s").
    """
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found or not int(found[1]):
        raise ValueError('expected a length of time such as "60s", "15m", "24h" or "30d"')
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def size(value: object) -> int:
    """Bytes, from "50MB" (1 MB is 1024 KB, as mail programs count) or a whole number of bytes.

    Raises:
        ValueError: for anything else, or nothing at all.
    """
    found = _SIZE.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if not found or not int(found[1]):
        raise ValueError('expected a size such as "500KB" or "50MB"')
    return int(found[1]) * _BYTES[(found[2] or "B").upper()]


def share(value: object) -> float:
    """A part of a whole, above 0 and up to 1, such as 0.9; raises ValueError for anything else."""
    found = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
    if not 0 < found <= 1:
        raise ValueError("expected a share above 0 and up to 1, such as 0.9")
    return found


def limit(value: object) -> Limit:
    """So many in a window of time, from "5/1h".

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, Limit):
        return value
    found = _LIMIT.fullmatch(value) if isinstance(value, str) else None
    if not found or not int(found[1]):
        raise ValueError('expected a number and a length of time, such as "5/1h"')
    return Limit(int(found[1]), duration(found[2]))


def mail_address(value: object) -> str:
    """One mail address without a display name.

    Names that only a company's own network knows (helpdesk.local) are right here, so that only their
    form is checked.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, str):
        raise ValueError('expected a mail address such as "support@example.com"')
    local, _, domain = value.rpartition("@")
    try:
        validate_email(f"{local}@{domain.rstrip('.')}.example", check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(f'expected a mail address such as "support@example.com" ({error})') from None
    return value


def domain(value: object) -> str:
    """A domain as lower-case A-labels without a trailing dot.

    Raises:
        ValueError: for anything else.
    """
    text = value.strip().rstrip(".").lower() if isinstance(value, str) else ""
    try:
        return idna.encode(text, uts46=True, std3_rules=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise ValueError('expected a domain such as "example.com"') from None


def fits(pattern: str, expected: str) -> AfterValidator:
    """A validator for text that must match a pattern as a whole; `expected` tells a person what it wants."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"expected {expected}")
        return value

    return AfterValidator(check)


def mask(value: object) -> str:
    """A number mask that `Mask.parse` takes; raises ValueError with what is wrong."""
    if not isinstance(value, str):
        raise ValueError('expected a mask such as "SR-{0}"')
    return Mask.parse(value).template


def start(value: object) -> str:
    """ "new", "all" or a date (as ISO text); raises ValueError for anything else."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    if value in ("new", "all"):
        return str(value)
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError('expected "new", "all" or a date such as 2026-01-31') from None


Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=1)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Word = Annotated[str, Field(min_length=1)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
Size = Annotated[int, BeforeValidator(size)]
Share = Annotated[float, BeforeValidator(share)]
LimitText = Annotated[Limit, BeforeValidator(limit)]
MailAddress = Annotated[str, BeforeValidator(mail_address)]
Domain = Annotated[str, BeforeValidator(domain)]
DomainOrNone = Annotated[str, BeforeValidator(lambda value: value and domain(value))]
MaskText = Annotated[str, BeforeValidator(mask)]
Start = Annotated[str, BeforeValidator(start)]


class Secret(Section):
    """Where a secret is to be found; a plain string lies in `plain`, masked. See `secrets.read_secret`."""

    kind: Literal["plain", "file", "env", "credential"]
    place: str = ""
    plain: SecretStr = SecretStr("")

    @model_validator(mode="before")
    @classmethod
    def _from_toml(cls, value: Any) -> Any:
        """Take "text" or one of {file = …}, {env = …}, {credential = …}; never repeat the value in an error."""
        if isinstance(value, str) and value:
            return {"kind": "plain", "plain": SecretStr(value)}
        if isinstance(value, dict) and len(value) == 1:
            kind, place = next(iter(value.items()))
            if kind in ("file", "env", "credential") and isinstance(place, str) and place and "\0" not in place:
                return {"kind": kind, "place": place}
        raise ValueError('expected { file = "…" }, { env = "…" }, { credential = "…" } or a text that is not empty')
