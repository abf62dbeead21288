"""Until when an out-of-office says that its sender is away (reliability.md 3.2)."""

import re
from datetime import date
from typing import Final

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january januar janvier enero", "february februar février febrero", "march märz mars marzo",
            "april avril abril", "may mai mayo", "june juni juin junio", "july juli juillet julio",
            "august août agosto", "september septembre septiembre", "october oktober octobre octubre",
            "november novembre noviembre", "december dezember décembre diciembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH: Final = "|".join(_MONTHS)
_UNTIL: Final = r"(?:until|till|through|back on|return(?:ing)? on|bis(?: zum)?|ab dem|jusqu'au|hasta el)"
_FORMS: Final = (
    re.compile(rf"\b{_UNTIL}\s{{1,3}}(?P<y>20\d\d)-(?P<m>\d\d)-(?P<d>\d\d)\b", re.I),
    re.compile(rf"\b{_UNTIL}\s{{1,3}}(?P<d>\d{{1,2}})\.\s?(?P<m>\d{{1,2}})\.\s?(?P<y>20\d\d)\b", re.I),
    re.compile(rf"\b{_UNTIL}\s{{1,3}}(?P<d>\d{{1,2}})\.?\s(?P<m>{_MONTH})\s(?P<y>20\d\d)\b", re.I),
    re.compile(rf"\b{_UNTIL}\s{{1,3}}(?P<m>{_MONTH})\s(?P<d>\d{{1,2}}),?\s(?P<y>20\d\d)\b", re.I),
)
_LOOKED_AT: Final = 8192  # characters


def away_until(text: str) -> date | None:
    """The date that an away text names, or None; ambiguous forms (3/4/2026) are not guessed."""
    for form in _FORMS:
        if found := form.search(text[:_LOOKED_AT]):
            month = _MONTHS.get(found["m"].lower()) or int(found["m"])
            try:
                return date(int(found["y"]), month, int(found["d"]))
            except ValueError:
                continue
    return None
