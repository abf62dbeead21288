"""The sample customers, and the agents who take care of one of them."""

from typing import Final

from mailcase.demo.mails import HELP, Person

ERIN: Final = Person("Erin Example", "erin@visitor.example")
COLLEAGUE: Final = Person("Vic Visitor", "vic@visitor.example")
BRUNO: Final = Person("Bruno Groß", "bruno.gross@kunde.example")
FIONA: Final = Person("Fiona Field", "fiona@field.example")
GRACE: Final = Person("Grace Green", "grace@green.example")
HUGO: Final = Person("Hugo Hill", "hugo@hill.example")
IDA: Final = Person("Ida Hill", "ida@hill.example")
KARL: Final = Person("Karl Keller", "karl@keller.example")
LENA: Final = Person("Lena Lang", "lena@lang.example")
MONA: Final = Person("Mona Mayr", "mona@mayr.example")
OSCAR: Final = Person("Oscar Oak", "oscar@oak.example")
PAUL: Final = Person("Paul Stranger", "paul@elsewhere.example")
ZOE: Final = Person("Zoe Zimmer", "zoe@zimmer.example")
FORM: Final = Person("Contact form", HELP)
SCANNER: Final = Person("Scanner 2nd floor", "scanner@visitor.example")
OLD: Final = Person("Otto Old", "otto@old.example")
NORA: Final = Person("Nora North", "nora@north.example")
ANNA: Final = Person("Anna Adler", "anna@harbor.example")
BEN: Final = Person("Ben Berg", "ben@harbor.example")
