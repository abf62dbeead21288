"""A token is asked for once, in time, and after a refusal people act, not we (reliability.md OAuth, F40)."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from mailcase.errors import TokenRefused, Transient
from mailcase.signin.answer import Answer
from mailcase.signin.grant import Grant
from mailcase.signin.source import REFUSED_PAUSES, TokenSource, source_of

GRANT = Grant("https://id.example/token", "app", "hunter2")


@dataclass
class World:
    """An endpoint and a clock; `ready` holds the endpoint's answer back."""

    life_s: float = 3600.0
    now: float = 1000.0
    asked: int = 0
    error: Exception | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ready.set()

    def source(self) -> TokenSource:
        return TokenSource(GRANT, ask=self.ask, now=lambda: self.now)

    async def ask(self, _grant: Grant, _refresh_token: str) -> Answer:
        self.asked += 1
        await self.ready.wait()
        if self.error is not None:
            raise self.error
        return Answer(f"token-{self.asked}", self.life_s)


async def test_many_who_want_a_token_ask_once() -> None:
    world = World()
    source = world.source()
    world.ready.clear()
    waiting = [asyncio.create_task(source.token()) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # whoever gives up does not take the answer away from the others
    world.ready.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert (world.asked, set(found[1:])) == (1, {"token-1"})
    assert await source.token() == "token-1"


@pytest.mark.parametrize(("life_s", "still", "renewed"), [(3600, 3299, 3301), (60, 29, 31), (2, 0.9, 1.1)])
async def test_a_token_is_renewed_five_minutes_before_its_end_or_at_half_of_a_short_life(
    life_s: float, still: float, renewed: float
) -> None:
    world = World(life_s=life_s)
    source = world.source()
    assert await source.token() == "token-1"
    assert source.left_s == life_s
    world.now += still
    assert await source.token() == "token-1"
    world.now += renewed - still
    assert await source.token() == "token-2"


async def test_a_refusal_is_told_again_and_the_endpoint_left_alone_longer_each_time() -> None:
    world = World(error=TokenRefused("no", cure="sign in anew"))
    source = world.source()
    for number, pause in enumerate((*REFUSED_PAUSES, REFUSED_PAUSES[-1]), 1):
        with pytest.raises(TokenRefused, match="no: sign in anew") as caught:
            await source.token()
        assert (caught.value.again_s, world.asked) == (pause, number)
        world.now += pause - 1
        with pytest.raises(TokenRefused) as caught:
            await source.token()
        assert (caught.value.again_s, world.asked) == (1, number)
        world.now += 1
    world.error = None
    assert await source.token() == f"token-{world.asked}"
    world.error, world.now = TokenRefused("no"), world.now + 3600
    with pytest.raises(TokenRefused) as caught:
        await source.token()
    assert caught.value.again_s == REFUSED_PAUSES[0]


async def test_a_busy_endpoint_costs_no_token_that_is_still_good() -> None:
    world = World()
    source = world.source()
    await source.token()
    world.error, world.now = Transient("busy"), world.now + 3500
    assert await source.token() == "token-1"
    assert await source.token() == "token-1"
    assert world.asked == 2  # not at each of the calls
    world.now += 100
    with pytest.raises(Transient, match="busy"):
        await source.token()


async def test_a_fault_of_our_own_is_told_and_rests_too() -> None:
    world = World(error=ZeroDivisionError("secret"))
    source = world.source()
    for _ in range(5):
        with pytest.raises(Transient, match=r"id\.example: asking for a token failed \(ZeroDivisionError\)"):
            await source.token()
    assert world.asked == 1


async def test_a_token_that_a_server_refuses_is_replaced_but_a_new_one_once_a_minute() -> None:
    world = World()
    source = world.source()
    token = await source.token()
    assert source.refused(token)
    assert await source.token() == "token-2"
    assert source.refused(token)  # an old one: the new one may help, and stays
    world.now += 59
    assert not source.refused("token-2")
    assert (await source.token(), world.asked) == ("token-2", 2)
    world.now += 2
    assert source.refused("token-2")
    assert (await source.token(), world.asked) == ("token-3", 3)


async def test_a_revoked_grant_shows_at_once_however_fresh_its_token_is() -> None:
    world = World()
    source = world.source()
    token = await source.token()
    world.error = TokenRefused("invalid_grant")
    assert source.refused(token)
    with pytest.raises(TokenRefused, match="invalid_grant"):
        await source.token()
    with pytest.raises(TokenRefused):
        await source.token()
    assert world.asked == 2


def test_equal_settings_share_one_source_and_show_no_secret() -> None:
    one, same = source_of(GRANT), source_of(replace(GRANT))
    other = source_of(replace(GRANT, client_secret="other"))
    assert one is same
    assert one == TokenSource(GRANT)
    assert one != other
    assert len({one, TokenSource(GRANT), other}) == 2
    shown = repr(replace(GRANT, client_key="hunter2", refresh_token="hunter2")) + repr(one)
    assert "hunter2" not in shown + repr(Answer("hunter2", 1, "hunter2"))
