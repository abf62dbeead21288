"""Who writes: a person by number, always the same one for the same number."""

import random
from dataclasses import dataclass
from typing import Final

from bench.words import SPOKEN, TONGUES, Tongue

#: Lines of the blacklist that both programs know.
BLACKLIST: Final = ("junk.example", "*.spam.example", "promo@", "*newsletter*@")
_JUNK: Final = ("c{n}@junk.example", "c{n}@mx{n}.spam.example", "promo@shop{n}.example", "newsletter-{n}@news.example")
#: Large providers: many people of one domain.
_LARGE: Final = ("freemail.example", "postbox.example", "mailhub.example")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer."""

    name: str
    address: str
    tongue: Tongue

    @property
    def domain(self) -> str:
        """Of the address."""
        return self.address.rpartition("@")[2]


def person(number: int, seed: int, *, junk: bool = False) -> Person:
    """The customer of that number; `junk`: with an address that the blacklist names."""
    rng = random.Random(f"{seed}/person/{number}")
    tongue = rng.choices(tuple(TONGUES.values()), SPOKEN)[0]
    if junk:
        address = rng.choice(_JUNK).format(n=number)
    elif rng.random() < 0.4:
        address = f"customer.{number}@{rng.choice(_LARGE)}"
    else:
        address = f"c{number}@firm{number % 997}.example"
    return Person(rng.choice(tongue.names), address, tongue)
