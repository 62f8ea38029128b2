"""The tasks of one visit of an own Locust user, by Locust's rules."""

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from locust import TaskSet, User
from locust.exception import (
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
    StopUser,
)
from locust.user.sequential_taskset import SequentialTaskSet
from locust.user.task import DefaultTaskSet

from footfall._load.visit import Attempt

LEAVING = (StopUser, InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately)
"""Exceptions by which Locust's tasks and users end normally."""


class _TasksDoneError(Exception):
    """The visit's number of tasks has been run."""


class VisitTasks:
    """The tasks of one visit, chosen and run by Locust's rules."""

    def __init__(self, user: User, attempt: Attempt, most: int | None, human_time_factor: float) -> None:
        """Begin before the first task; at most `most` are run, None: until the user leaves."""
        self._user = user
        self._attempt = attempt
        self._left = most
        self._factor = human_time_factor
        self._chosen = 0

    def run(self, tasks: Sequence[Any]) -> None:
        """Run tasks of the user until the visit has had its number of them."""
        holder = self._user._taskset_instance  # noqa: SLF001  Locust has no other way
        with contextlib.suppress(_TasksDoneError, *LEAVING):
            while True:
                task = self._pick(tasks)
                with contextlib.suppress(RescheduleTask, RescheduleTaskImmediately):
                    self._run_task(task, holder)
                if _is_a_task_set(task) and self._left is None:
                    return  # it has left its task set, which ends the visit
                self._end(task, holder)

    def _run_task(self, task: Any, holder: Any) -> None:  # noqa: ANN401  Locust's own kinds
        if _is_a_task_set(task):
            self._task_set(task(holder if isinstance(holder, TaskSet) else self._user))
        elif getattr(task, "__self__", None) is holder:
            task()
        else:
            task(self._user if isinstance(holder, DefaultTaskSet) else holder)

    def _task_set(self, task_set: TaskSet) -> None:
        """Run a task set: a sequence once, any other until it interrupts itself or the tasks are done."""
        task_set.wait = partial(think, task_set, self._attempt, self._factor)  # type: ignore[method-assign]  # its own
        try:
            task_set.on_start()
            if isinstance(task_set, SequentialTaskSet):
                self._sequence(task_set)
            else:
                self._until_left(task_set)
        except InterruptTaskSet:
            return
        finally:
            task_set.on_stop()  # type: ignore[no-untyped-call]  # Locust
            del task_set.wait  # it refers to the task set

    def _until_left(self, task_set: TaskSet) -> None:
        own_choice = type(task_set).get_next_task is not TaskSet.get_next_task
        while True:
            task = task_set.get_next_task() if own_choice else self._pick(task_set.tasks)  # type: ignore[no-untyped-call]  # Locust
            try:
                with contextlib.suppress(RescheduleTask, RescheduleTaskImmediately):
                    self._run_task(task, task_set)
            except InterruptTaskSet:
                self._count(task)
                return
            self._end(task, task_set)

    def _sequence(self, task_set: SequentialTaskSet) -> None:
        left, self._left = self._left, None  # a sequence counts as one task
        for number, task in enumerate(task_set.tasks):
            if number:
                task_set.wait()  # type: ignore[no-untyped-call]  # Locust
            with contextlib.suppress(RescheduleTask, RescheduleTaskImmediately):
                self._run_task(task, task_set)
        self._left = left

    def _pick(self, tasks: Sequence[Any]) -> Any:  # noqa: ANN401  as above
        self._chosen += 1
        return tasks[int(self._attempt.u("task", self._chosen) * len(tasks))]

    def _end(self, task: Any, holder: Any) -> None:  # noqa: ANN401  as above
        """Count a task and wait before the next one; after a task set there is no wait."""
        self._count(task)
        if not _is_a_plain_set(task):
            think(holder, self._attempt, self._factor)

    def _count(self, task: object) -> None:
        """Count a task; the tasks of a set count one by one, those of a sequence together as one."""
        if self._left is not None and not _is_a_plain_set(task):
            self._left -= 1
            if self._left <= 0:
                raise _TasksDoneError


def _is_a_plain_set(task: object) -> bool:
    return isinstance(task, type) and issubclass(task, TaskSet) and not issubclass(task, SequentialTaskSet)


def _is_a_task_set(task: object) -> bool:
    return isinstance(task, type) and issubclass(task, TaskSet)


def think(holder: Any, attempt: Attempt, factor: float) -> None:  # noqa: ANN401  a user or task set
    """Wait for `wait_time` as the customer's think time, which `human_time_factor` shortens."""
    attempt.think(float(holder.wait_time()) * factor)
