"""Which attachments are offered for download (B14); what is not stays in the raw mail."""

from collections.abc import Iterable, Mapping
from typing import Any

from mailcase.policy import AttachmentPolicy


def offered(attachments: Iterable[Mapping[str, Any]], policy: AttachmentPolicy) -> list[dict[str, Any]]:
    """The attachments as given (name, size, inline …), each with `allowed` and `reason`.

    Inline images are apart: they are neither counted nor measured against the total.
    """
    made: list[dict[str, Any]] = []
    count = total = 0
    for one in attachments:
        counts = not one["inline"] and one.get("taken", True)
        reason = _refused(one, policy, count + counts, total + (one["size"] if counts else 0))
        if not reason and counts:
            count, total = count + 1, total + one["size"]
        made.append({**one, "allowed": not reason, "reason": reason})
    return made


def _refused(one: Mapping[str, Any], policy: AttachmentPolicy, count: int, total: int) -> str:
    """The reason word, "" where it is allowed."""
    if not one.get("taken", True):
        return "not_taken"
    ending = str(one["name"]).rpartition(".")[2].lower() if "." in str(one["name"]) else ""
    if ending not in policy.types:
        return "type_not_allowed"
    if one["size"] > policy.max_size:
        return "too_large"
    if count > policy.max_count:
        return "too_many"
    return "total_too_large" if total > policy.max_total else ""
