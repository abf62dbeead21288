"""The process's clock: its host's until a store that several share says what time it is."""

from datetime import datetime, timedelta

from mailcase.clock import Clock, since_boot, utcnow

NOW = datetime.fromisoformat("2026-11-03T09:15:00+00:00")
SECOND, YEAR = timedelta(seconds=1), timedelta(days=365)


def test_a_clock_is_its_hosts_until_the_store_says_the_time_and_follows_no_jump_of_it_then() -> None:
    host, passed = [NOW + YEAR], [100.0]
    clock = Clock(lambda: host[0], lambda: passed[0])
    assert (clock.now(), clock.ahead_s) == (NOW + YEAR, 0.0)
    clock.keep_to(NOW, 99.0)
    assert clock.now() == NOW + SECOND
    assert clock.ahead_s == (YEAR - SECOND).total_seconds()
    host[0], passed[0] = NOW - YEAR, 101.0
    assert clock.now() == NOW + 2 * SECOND
    clock.keep_to(NOW, 101.0)
    assert clock.now() == NOW


def test_what_passes_since_boot_does_not_go_back_and_the_process_knows_the_time() -> None:
    assert since_boot() <= since_boot()
    assert utcnow().utcoffset() == timedelta(0)
