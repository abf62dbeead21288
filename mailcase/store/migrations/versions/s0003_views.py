"""Read-only views for people and reports, and the sequence of running numbers."""

from alembic import op

revision = "0003"
down_revision = "0002"

V_CASE = """
CREATE VIEW v_case AS
SELECT c.number, c.running, c.group_name, c.mailbox, c.title, c.status, c.priority, c.category, c.source,
       contact.name AS contact,
       (SELECT min(a.address) FROM contact_address a WHERE a.contact_id = c.contact_id) AS contact_address,
       account.name AS account, c.assignee, c.assignee_group, c.organization, c.closing_reason,
       parent.number AS parent, merged.number AS merged_into, c.first_kind, c.created_at, c.updated_at,
       (SELECT count(*) FROM case_message m WHERE m.case_id = c.running) AS message_count
FROM "case" c
LEFT JOIN contact ON contact.id = c.contact_id
LEFT JOIN account ON account.id = c.account_id
LEFT JOIN "case" parent ON parent.running = c.parent_id
LEFT JOIN "case" merged ON merged.running = c.merged_into_id
"""

V_THREAD = """
CREATE VIEW v_thread AS
SELECT c.number AS case_number, m.id AS message, m.direction, m.kind, m.received_at,
       d.received_at AS delivered_at, o.sent_at, m.message_id, m.sender_name, m.sender_address, m.subject,
       m.sender_unverified, m.outcome, m.reason, l.how, l.linked_by, l.verified, l.at AS linked_at,
       o.state AS outbox_state, m.delivery_id
FROM case_message l
JOIN "case" c ON c.running = l.case_id
JOIN message m ON m.id = l.message_pk
LEFT JOIN delivery d ON d.id = m.delivery_id
LEFT JOIN outbox o ON o.message_pk = m.id
"""

V_DELIVERY = """
CREATE VIEW v_delivery AS
SELECT d.id, d.mailbox, d.group_name, d.source, d.folder, d.uidvalidity, d.uid, d.message_id, d.mail_from,
       d.mail_to, d.subject, d.date, d.received_at, d.journalled_at, d.size, d.kind, d.outcome, d.reason,
       d.linked_by, c.number AS case_number, d.sender_unverified, d.acknowledge, d.acknowledge_reason,
       d.attempts, d.error, d.marked, d.backlog, d.oversize, d.policy_hash, d.decided_at, d.raw_sha256
FROM delivery d
LEFT JOIN "case" c ON c.running = d.case_id
"""


def upgrade() -> None:
    """Read-only views for people and reports, and the sequence of running numbers."""
    for view in (V_CASE, V_THREAD, V_DELIVERY):
        op.execute(view)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE case_running_seq AS bigint")
    else:
        op.execute("INSERT INTO counter (name, value) VALUES ('case', 0)")
