"""Worker processes for work that may kill or hang its process.

Holds `run_apart`.
Add here: nothing but running; it knows nothing of pictures.
Keep out: the work itself.
"""

from __future__ import annotations

import contextlib
import multiprocessing as mp
import os
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, Literal, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_AHEAD = 4
_LOOK_S = 0.25


@dataclass(frozen=True)
class Lost:
    """A task without an answer.

    Attributes:
        why: "died" or "timeout" (twice, the second time alone), or "raised".
        detail: exit code, seconds, or the exception in words.
    """

    why: Literal["died", "timeout", "raised"]
    detail: str


@dataclass
class _Worker(Generic[Task]):
    process: BaseProcess
    pipe: Connection
    queue: deque[int] = field(default_factory=deque)
    since: float = 0.0


def run_apart(
    function: Callable[[Task], Answer], tasks: Sequence[Task], *, workers: int, timeout_s: float
) -> Iterator[tuple[int, Answer | Lost]]:
    """Yield (index, answer) as tasks finish, each in one of `workers` processes.

    A task is tried once more, alone in a fresh process, if its process dies or exceeds `timeout_s`; then it
    is `Lost`. A task that raises is `Lost` at once. The others go on. `function` must be importable.
    """
    todo, again = deque(range(len(tasks))), deque[int]()
    crew: list[_Worker[Task]] = []
    try:
        while todo or again or any(w.queue for w in crew):
            while len(crew) < min(workers, max(1, len(todo))) and todo:
                crew.append(_hire(function))
            for worker in crew:
                while todo and len(worker.queue) < _AHEAD:
                    _give(worker, todo.popleft(), tasks)
            busy = [w for w in crew if w.queue]
            if not busy and again:
                yield _alone(function, again.popleft(), tasks, timeout_s)
                continue
            wait([end for w in busy for end in (w.pipe, w.process.sentinel)], timeout=_LOOK_S)
            for worker in busy:
                yield from _drain(worker)
            for worker in [w for w in crew if not w.process.is_alive() or _late(w, timeout_s)]:
                yield from _drain(worker)
                crew.remove(worker)
                if worker.queue:
                    again.append(worker.queue.popleft())
                    todo.extendleft(reversed(worker.queue))
                _dismiss(worker)
    finally:
        for worker in crew:
            _dismiss(worker)


def _serve(function: Callable[[Task], Answer], pipe: Connection) -> None:
    os.dup2(
        os.open(os.devnull, os.O_WRONLY), 2
    )  # decoders' libraries chatter there; errors travel as answers
    while True:
        try:
            index, task = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        pipe.send((index, _answer(function, task)))


def _answer(function: Callable[[Task], Answer], task: Task) -> Answer | Lost:
    try:
        return function(task)
    except Exception as error:  # the edge of a process: one task must not take the others along
        place = traceback.extract_tb(error.__traceback__)[-1]
        return Lost("raised", f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})")


def _hire(function: Callable[[Task], Answer]) -> _Worker[Task]:
    context = mp.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(function, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, since=time.monotonic())


def _give(worker: _Worker[Task], index: int, tasks: Sequence[Task]) -> None:
    with contextlib.suppress(OSError):  # if it died, its queue is handed on when that is seen
        worker.pipe.send((index, tasks[index]))
    if not worker.queue:
        worker.since = time.monotonic()
    worker.queue.append(index)


def _drain(worker: _Worker[Task]) -> Iterator[tuple[int, Answer | Lost]]:
    try:
        while worker.pipe.poll():
            index, answer = worker.pipe.recv()
            worker.queue.remove(index)
            worker.since = time.monotonic()
            yield index, answer
    except (EOFError, OSError):
        return


def _late(worker: _Worker[Task], timeout_s: float) -> bool:
    return bool(worker.queue) and time.monotonic() - worker.since > timeout_s


def _alone(
    function: Callable[[Task], Answer], index: int, tasks: Sequence[Task], timeout_s: float
) -> tuple[int, Answer | Lost]:
    worker: _Worker[Task] = _hire(function)
    try:
        _give(worker, index, tasks)
        wait([worker.pipe, worker.process.sentinel], timeout=timeout_s)
        for found in _drain(worker):
            return found
        worker.process.join(timeout=0.2)
        if worker.process.exitcode is None:
            return index, Lost("timeout", f"no answer within {timeout_s:g} s")
        return index, Lost("died", f"exit code {worker.process.exitcode}")
    finally:
        _dismiss(worker)


def _dismiss(worker: _Worker[Task]) -> None:
    worker.pipe.close()
    if worker.process.is_alive():
        worker.process.kill()
    worker.process.join()
