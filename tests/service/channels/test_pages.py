"""Pages without login, and the list of numbers."""

import pytest

from tests.service.running import Running


@pytest.mark.parametrize("page", ["home", "plans", "offers", "help", "numbers"])
def test_a_page_needs_no_login(shared: Running, page: str) -> None:
    """Every page of the channel is there for everybody."""
    answer = shared.client.get(f"/web/pages/{page}")
    assert answer.status_code == 200
    assert answer.json()


@pytest.mark.parametrize(
    ("limit", "count"), [("1", 1), ("20", 20), ("5000", 20), ("-3", 1), ("-1.6e%2B16", 1)]
)
def test_a_list_of_numbers_is_short_and_without_repeats(shared: Running, limit: str, count: int) -> None:
    """At most twenty different numbers are listed, whatever is asked for."""
    numbers = shared.client.get(f"/web/numbers?limit={limit}").json()["numbers"]
    assert len(numbers) == len(set(numbers)) == count


@pytest.mark.parametrize(
    "path", ["/web/pages/nope", "/web/nothing", "/nowhere", "/", "/web//", "/web/pages/a/b"]
)
def test_what_is_not_there_is_not_found(shared: Running, path: str) -> None:
    """An unknown path is answered with 404 and a code."""
    answer = shared.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_limit_that_is_no_number_is_refused(shared: Running) -> None:
    """Bad input gets 400."""
    assert shared.client.get("/web/numbers?limit=many").status_code == 400
