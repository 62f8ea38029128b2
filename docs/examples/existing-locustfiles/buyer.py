"""A locustfile with the fast client, a login for each user, and tasks nested in the user."""

from locust import FastHttpUser, TaskSet, between, task

from footfall.locust import drive


class Buyer(FastHttpUser):
    """A buyer: mostly looks, now and then buys."""

    wait_time = between(1, 2)

    def on_start(self) -> None:
        """Log in."""
        self.client.post("/login", json={"name": "buyer", "password": "made up"})

    @task(3)
    class Looking(TaskSet):
        """Look at items until enough is seen."""

        @task(2)
        def item(self) -> None:
            """Look at one."""
            self.client.get("/item", name="/item")

        @task
        def enough(self) -> None:
            """Stop looking."""
            self.client.get("/")
            self.interrupt()

    @task
    def buy(self) -> None:
        """Buy one."""
        self.client.post("/orders", json={"item": 1})


drive(Buyer, channel="agent", tasks=2)
