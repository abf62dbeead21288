"""The pulse as Prometheus metrics: names of mailboxes, never of people (docs/monitoring.md)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from mailcase import __version__
from mailcase.health.conditions import well
from mailcase.health.proof import Proof
from mailcase.health.pulse import Pulse, View
from mailcase.health.situation import Facts, Numbers
from mailcase.health.stages import BOUNDS, REGISTRY, Registry

_LABELS: Final = ["mailbox"]
#: What is counted where it happens (`stages.count`): name, what it says, labels.
_COUNTED: Final = (
    ("deliveries", "Deliveries decided by this process", ["outcome", "kind"]),
    ("mails", "What became of mails to be sent", ["state"]),
    ("found_late", "Mails that a comparison with the server found missing and took in", ["mailbox"]),
    ("lmtp", "Answers to mail handed in by LMTP", ["reply"]),
)


class Metrics(Collector):
    """A collector that is asked at each scrape; the store is never touched by it."""

    def __init__(self, pulse: Pulse, now: Callable[[], datetime], registry: Registry = REGISTRY) -> None:
        self._pulse = pulse
        self._now = now
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """All metrics of this moment."""
        view = self._pulse.view()
        facts = view.situation.facts
        yield InfoMetricFamily("mailcase", "This daemon", {"version": __version__, "policy": facts.policy_hash})
        yield _one("started_timestamp_seconds", "Start of the daemon", _stamp(self._pulse.started_at))
        yield _one("looked_timestamp_seconds", "Last look of the daemon after itself", _stamp(view.situation.now))
        yield from _mailboxes(facts)
        yield from _numbers(view.situation.numbers)
        yield from _audit(view.situation.numbers.proof)
        yield from _daemon(facts)
        yield from self._conditions(view)
        yield from self._counted()
        yield self._stages()

    def _conditions(self, view: View) -> Iterator[Metric]:
        found = view.conditions(self._now())
        open_ = GaugeMetricFamily("mailcase_condition", "What needs a person", labels=["condition", "mailbox"])
        for one in found:
            open_.add_metric([one.word, one.mailbox], 1)
        yield open_
        mails = {one.mailbox: float(one.mails) for one in view.unregistered}
        yield _each("unregistered_recipients", "Mails of seven days to no address of the mailbox", mails)

    def _counted(self) -> Iterator[Metric]:
        for name, says, labels in _COUNTED:
            family = CounterMetricFamily(f"mailcase_{name}", says, labels=labels)
            for values, times in sorted(self._registry.counts(name).items()):
                family.add_metric(list(values), times)
            yield family

    def _stages(self) -> Metric:
        family = HistogramMetricFamily("mailcase_stage_seconds", "Time that a stage took", labels=["stage"])
        for stage, one in self._registry.stages().items():
            bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
            buckets = list(zip(bounds, map(float, accumulate(one.buckets)), strict=True))
            family.add_metric([stage], buckets, one.seconds)
        return family


def _mailboxes(facts: Facts) -> Iterator[Metric]:
    boxes = facts.mailboxes
    yield _each(
        "mailbox_up", "1: it was looked at, and nothing is wrong", {k: float(well(v)) for k, v in boxes.items()}
    )
    paused = {name: float(name in facts.paused) for name in {*facts.sources, *boxes}}
    yield _each("mailbox_paused", "1: a person paused it", paused)
    for name, says, times in (
        ("last_look", "Last look that read every folder", {k: v.last_look for k, v in boxes.items()}),
        ("last_mail", "When the last new mail was journalled", {k: v.last_mail for k, v in boxes.items()}),
        ("failing_since", "Since when it cannot be read", {k: v.failing_since for k, v in boxes.items()}),
        ("token_expires", "End of its access token", facts.token_expiry),
    ):
        known = {mailbox: _stamp(at) for mailbox, at in times.items() if at is not None}
        yield _each(f"mailbox_{name}_timestamp_seconds", says, known)
    lags = {name: state.lag_s for name, state in boxes.items() if state.last_mail is not None}
    yield _each("mailbox_lag_seconds", "From the arrival of its last mail to its journal row", lags)
    quotas = {name: state.quota for name, state in boxes.items() if state.quota is not None}
    yield _each("mailbox_quota_ratio", "Share of its room on the server that is used", quotas)


def _numbers(now: Numbers) -> Iterator[Metric]:
    yield _one("journal_undecided", "Deliveries that wait for their decision", now.undecided)
    yield _one("journal_oldest_timestamp_seconds", "The oldest of them, 0: none", _stamp(now.undecided_since))
    yield _one("quarantine", "Mails that could not be processed", now.quarantine)
    states = GaugeMetricFamily("mailcase_outbox", "Mails that are not at their end", labels=["state"])
    for state in ("pending", "sending"):
        states.add_metric([state], now.outbox.get(state, 0))
    yield states
    yield _one("outbox_held", "Pending ones that a limit or the breaker holds", now.held)
    yield _one("outbox_oldest_timestamp_seconds", "The oldest that nothing holds, 0: none", _stamp(now.pending_since))
    yield _one("breaker_open", "1: automatic mail is held", float(now.breaker_since is not None))
    sent = {name: one.sent for name, one in now.returned.items()}
    yield _each("automatic_sent", "Automatic mails to customers that left in the last 24 hours", sent)
    bounced = {name: one.bounced for name, one in now.returned.items()}
    yield _each("automatic_bounced", "Those of them that came back", bounced)


def _audit(proof: Proof | None) -> Iterator[Metric]:
    """Nothing before the first look: none found would be a lie."""
    if proof is None:
        return
    found = GaugeMetricFamily("mailcase_audit_findings", "What the last look through the store found", labels=["kind"])
    found.add_metric(["doubled"], proof.doubled)
    found.add_metric(["stuck"], proof.stuck)
    yield found
    yield _one("audit_timestamp_seconds", "The last look through the store", _stamp(proof.at))
    yield _one("audit_seconds", "How long it took", proof.took_s)


def _daemon(facts: Facts) -> Iterator[Metric]:
    yield _one("config_error", "1: the last change of the configuration was refused", float(bool(facts.config_error)))
    yield _one("restart_needed", "1: a change waits for a restart", float(bool(facts.restart_needed)))
    yield _one("disk_low", "1: no mail is fetched, the disk is nearly full", float(facts.disk_low))
    if facts.disk_free is not None:
        yield _one("disk_free_bytes", "Free space where the store lies", facts.disk_free)


def _one(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(f"mailcase_{name}", says, value)


def _each(name: str, says: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"mailcase_{name}", says, labels=_LABELS)
    for mailbox, value in sorted(values.items()):
        family.add_metric([mailbox], value)
    return family


def _stamp(at: datetime | None) -> float:
    return at.timestamp() if at is not None else 0.0
