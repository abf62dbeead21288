"""The play: who writes when, and what a person does in between.

Later acts answer what really left: they get the acknowledgements of the earlier ones, by the key of their mail.
"""

from typing import Final

from mailcase.demo.first_act import ACT_1
from mailcase.demo.later_acts import ACT_2, ACT_3
from mailcase.demo.mails import mail
from mailcase.demo.people import OLD

#: Lay in the mailbox before the daemon first saw it: start = "new" leaves it alone.
BEFORE: Final = mail(OLD, "old-1", "From before the daemon came", "Somebody has answered this long ago.\n")

ACTS: Final = (ACT_1, ACT_2, ACT_3)
#: Set by hand after the first act.
RESOLVED: Final = "lena"
CLOSED: Final = "mona"
