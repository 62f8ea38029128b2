"""A locustfile of the classic kind: task functions and methods in a TaskSet, chosen by weight."""

from locust import HttpUser, TaskSet, between, task

from footfall.locust import drive


def front_page(tasks: TaskSet) -> None:
    """Look at the front page."""
    tasks.client.get("/")


def statistics(tasks: TaskSet) -> None:
    """Look at the statistics."""
    tasks.client.get("/stats")


class VisitorTasks(TaskSet):
    """What a visitor does, one at a time."""

    tasks = [front_page, statistics]

    @task
    def missing_page(self) -> None:
        """Ask for a page that is not there; that is the right answer."""
        with self.client.get("/missing", catch_response=True) as answer:
            if answer.status_code == 404:
                answer.success()


class Visitor(HttpUser):
    """A visitor, with the time that they think between two pages."""

    host = "http://127.0.0.1:8086"
    wait_time = between(2, 5)
    tasks = [VisitorTasks]


drive(Visitor, channel="web")
