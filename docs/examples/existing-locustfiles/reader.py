"""A locustfile with a sequence: each page is found on the one before."""

import random
import re

from locust import HttpUser, SequentialTaskSet, between, task

from footfall.locust import drive


class Reading(SequentialTaskSet):
    """Front page, a chapter of it, a section of that."""

    def on_start(self) -> None:
        """Have seen nothing yet."""
        self.links: list[str] = []

    @task
    def front_page(self) -> None:
        """Open the book."""
        self.follow("/book")

    @task
    def chapter(self) -> None:
        """Choose a chapter."""
        self.follow(random.choice(self.links), name="/book/[chapter]")

    @task
    def section(self) -> None:
        """Choose a section."""
        self.follow(random.choice(self.links), name="/book/[chapter]/[section]")

    def follow(self, link: str, name: str | None = None) -> None:
        """Open a page and keep its links."""
        page = self.client.get(link, name=name)
        self.links = re.findall(r'href="([^"]+)"', page.text)


class Reader(HttpUser):
    """A reader, who takes their time."""

    wait_time = between(20, 600)
    tasks = [Reading]


drive(Reader, channel="wap")
