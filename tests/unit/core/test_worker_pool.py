from __future__ import annotations

import os
import signal
import time

from proofsheet.core.worker_pool import Lost, run_apart


def work(task: str) -> str:
    match task:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(600)
        case "raise":
            raise ValueError("no such thing")
    return task.upper()


def test_every_task_is_answered_once() -> None:
    tasks = [f"t{i}" for i in range(50)]
    found = dict(run_apart(work, tasks, workers=2, timeout_s=30))
    assert found == {i: t.upper() for i, t in enumerate(tasks)}


def test_one_that_kills_its_process_is_lost_alone() -> None:
    tasks = ["a", "die", *"bcdefgh", "die", "i"]
    found = dict(run_apart(work, tasks, workers=2, timeout_s=30))
    assert len(found) == len(tasks)
    for index, task in enumerate(tasks):
        if task == "die":
            assert found[index] == Lost("died", f"exit code {-signal.SIGKILL}")
        else:
            assert found[index] == task.upper()


def test_one_that_hangs_is_given_up_and_the_rest_is_done() -> None:
    began = time.monotonic()
    found = dict(run_apart(work, ["a", "hang", "b", "c"], workers=1, timeout_s=2))
    assert found[1] == Lost("timeout", "no answer within 2 s")
    assert [found[i] for i in (0, 2, 3)] == ["A", "B", "C"]
    assert time.monotonic() - began < 20


def test_one_that_raises_is_told_with_its_place() -> None:
    (_, answer), *_ = run_apart(work, ["raise"], workers=1, timeout_s=30)
    assert isinstance(answer, Lost)
    assert answer.why == "raised"
    assert "ValueError: no such thing (work, line" in answer.detail


def test_nothing_to_do_starts_nothing() -> None:
    assert list(run_apart(work, [], workers=2, timeout_s=1)) == []
