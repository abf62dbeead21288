"""The rules in force in this process: a configuration with what was built of it, replaced whole by a reload."""

from dataclasses import dataclass, replace

from mailcase.bench import Bench
from mailcase.config import Settings
from mailcase.outbox.compose import Composer
from mailcase.policy_build import Built
from mailcase.source_ids import source_ids


@dataclass(frozen=True, slots=True)
class Rules:
    """One configuration, ready for use."""

    settings: Settings
    built: Built
    bench: Bench

    @classmethod
    def of(cls, settings: Settings, built: Built, before: "Rules | None" = None) -> "Rules":
        """The rules of a configuration.

        `before`: those that were in force. A mailbox that was taken out is no longer read, but what it had
        journalled is still decided by its old rules, and what it owes is still sent (contract.md).
        """
        sources = {source: name for name, source in source_ids(settings).items()}
        bench = Bench(built.policy, Composer(built.policy, built.templates), sources=sources)
        if before is None:
            return cls(settings, built, bench)
        gone = {name: smtp for name, smtp in before.built.smtp.items() if name not in built.policy.mailboxes}
        return cls(settings, replace(built, smtp={**gone, **built.smtp}), bench.after(before.bench))
