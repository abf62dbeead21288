"""All tables of the store, as Core tables."""

from mailcase.store import (
    tables_agents,
    tables_cases,
    tables_health,
    tables_journal,
    tables_life,
    tables_mail,
    tables_outbox,
    tables_people,
    tables_work,
)
from mailcase.store.tables_base import Row, table_of

ROWS = (
    tables_people,
    tables_agents,
    tables_mail,
    tables_journal,
    tables_cases,
    tables_life,
    tables_outbox,
    tables_health,
    tables_work,
)  # importing them declares them
metadata = Row.metadata

account = table_of("account")
account_domain = table_of("account_domain")
agent = table_of("agent")
agent_group = table_of("agent_group")
agent_group_member = table_of("agent_group_member")
alarm = table_of("alarm")
attachment = table_of("attachment")
case = table_of("case")
case_event = table_of("case_event")
case_file = table_of("case_file")
case_follower = table_of("case_follower")
case_message = table_of("case_message")
case_participant = table_of("case_participant")
case_relation = table_of("case_relation")
case_task = table_of("case_task")
citation = table_of("citation")
contact = table_of("contact")
contact_address = table_of("contact_address")
counter = table_of("counter")
daemon = table_of("daemon")
delivery = table_of("delivery")
delivery_outcome = table_of("delivery_outcome")
erased = table_of("erased")
flag = table_of("flag")
mailbox_cursor = table_of("mailbox_cursor")
mailbox_health = table_of("mailbox_health")
maildir_baseline = table_of("maildir_baseline")
message = table_of("message")
message_alias = table_of("message_alias")
message_reference = table_of("message_reference")
outbox = table_of("outbox")
raw = table_of("raw")
relink = table_of("relink")
suppression = table_of("suppression")
tenure = table_of("tenure")
