"""How fast a centre is sent to: places, pauses, and the way back."""

import asyncio

import pytest
from siaga_notifier.adapters.smpp import window as module
from siaga_notifier.adapters.smpp.window import Window


async def entered(window: Window, count: int) -> list[asyncio.Task[None]]:
    """So many who want in; those who could are in when this returns."""
    tasks = [asyncio.create_task(window.enter()) for _ in range(count)]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_places_are_given_in_turn() -> None:
    window = Window(2)
    tasks = await entered(window, 4)
    assert [task.done() for task in tasks] == [True, True, False, False]
    window.leave()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [task.done() for task in tasks] == [True, True, True, False]
    await ended(tasks)


async def test_who_is_called_and_gone_calls_the_next() -> None:
    window = Window(1)
    tasks = await entered(window, 3)
    window.leave()
    tasks[1].cancel()
    async with asyncio.timeout(5):
        await tasks[2]
    await ended(tasks)


async def test_a_crowded_centre_is_left_alone_and_then_sent_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.05)
    window = Window(8)
    await entered(window, 8)
    pause_s = window.crowded()
    assert 0 < pause_s <= 0.05
    # What was under way says nothing new.
    assert window.crowded() <= pause_s
    for _ in range(8):
        window.leave()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    tasks = await entered(window, 8)
    assert not any(task.done() for task in tasks)
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert loop.time() - begun >= pause_s / 2
    await asyncio.sleep(0)
    assert sum(task.done() for task in tasks) == 4
    await ended(tasks)


async def test_pauses_grow_while_the_centre_stays_crowded_and_end_with_its_first_yes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    window = Window(8)
    pauses = []
    for _ in range(4):
        await window.enter()
        pauses.append(window.crowded())
        window.leave()
    assert [round(pause / pauses[0]) for pause in pauses] == [1, 2, 4, 8]
    await window.enter()
    window.taken()
    assert round(window.crowded() / pauses[0]) == 1
    # One place is always left, or nothing would ever be known of the centre again.
    window.leave()
    await window.enter()


async def test_the_window_opens_again_one_by_one() -> None:
    window = Window(4)
    await window.enter()
    window.crowded()
    window.leave()
    for _ in range(20):
        window.taken()
    await window.enter()
    tasks = await entered(window, 4)
    assert [task.done() for task in tasks] == [True, True, True, False]
    await ended(tasks)
