import asyncio

import pytest

from assay.engines.base import EngineLimits
from assay.engines.local import LocalEngine


async def test_every_trial_is_delivered_and_the_limit_holds() -> None:
    running, most = 0, 0

    async def run(trial: str) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1

    trials = [str(number) for number in range(50)]
    delivered = [trial async for trial in LocalEngine().run(trials, run, EngineLimits(sandboxes=7))]
    assert sorted(delivered) == sorted(trials)
    assert most == 7


async def test_a_drain_lets_what_runs_finish_and_starts_nothing_more() -> None:
    engine = LocalEngine()
    started: list[str] = []

    async def run(trial: str) -> None:
        started.append(trial)
        await asyncio.sleep(0.01)

    delivered = []
    async for trial in engine.run([str(n) for n in range(20)], run, EngineLimits(sandboxes=4)):
        delivered.append(trial)
        engine.drain()
    assert sorted(delivered) == sorted(started)
    assert len(started) < 20


async def test_when_the_books_cannot_be_kept_everything_stops() -> None:
    cancelled: list[str] = []

    async def run(trial: str) -> None:
        if trial == "2":
            raise OSError("no space left")
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.append(trial)
            raise

    with pytest.raises(OSError, match="no space"):
        async for _ in LocalEngine().run(["0", "1", "2"], run, EngineLimits(sandboxes=3)):
            pass
    assert sorted(cancelled) == ["0", "1"]


async def test_a_thousand_sleepers_take_little_more_than_their_sleep() -> None:
    async def run(trial: str) -> None:
        await asyncio.sleep(0.2)

    before = asyncio.get_running_loop().time()
    count = 0
    async for _ in LocalEngine().run([str(n) for n in range(1000)], run, EngineLimits(sandboxes=1000)):
        count += 1
    assert count == 1000
    assert asyncio.get_running_loop().time() - before < 5
