"""The OpenAPI document holds against the service: what it allows is taken, what it forbids is refused."""

import json

import pytest

from tests.service.running import CONTROL, Running, Start

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY")


def test_a_method_that_a_path_does_not_take_is_said_to_be_wrong(shared: Running) -> None:
    """With the methods that it does take; a path that does not exist takes none."""
    paths = shared.client.get("/openapi.json").json()["paths"]
    for path, item in paths.items():
        listed = {method.upper() for method in item}
        for method in set(METHODS) - listed:
            answer = shared.client.request(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["Allow"].split(", ")) == listed
    assert shared.client.put("/nowhere").status_code == 404


def test_every_status_of_every_operation_is_documented(shared: Running) -> None:
    """Refusals with their codes; none is left to `default` that the table of codes has."""
    paths = shared.client.get("/openapi.json").json()["paths"]
    for path, item in paths.items():
        for operation in item.values():
            assert {"400", "404", "405", "500", "503", "504", "default"} <= set(operation["responses"]), path
    assert "long_queue" in json.dumps(paths["/own_hall/visits"]["post"]["responses"]["503"])
    assert "429" in paths["/sms/messages"]["post"]["responses"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("limit=3", 200),
        ("limit=1e%2B3", 200),
        ("limit=-1.6e%2B16", 200),
        ("limit=4.05037095860922e+16", 400),
        ("limit=", 400),
        ("limit", 400),
        ("limit=nan", 400),
        ("limit=inf", 400),
        ("limit=1_0", 400),
        ("limit=%EF%BC%91", 400),
        ("limit=" + "1" * 100, 400),
        ("limit=1e999", 200),
        ("other=x", 200),
    ],
)
def test_a_number_of_the_query_is_decoded_and_is_one_of_jsons(
    shared: Running, query: str, status: int
) -> None:
    """Beyond its bounds it is taken at the bound; a plus sign that was not encoded is a space."""
    assert shared.client.get(f"/agent/numbers?{query}").status_code == status


SITES = ((0, 201), (0.0, 201), (-1, 422), (0.5, 400), (True, 400), ("0", 400), (None, 400))
AMOUNTS: tuple[object, ...] = ("1000", 1000.5, True, [], {})


def test_a_place_is_a_whole_number_from_0(shared: Running) -> None:
    """On a hotline, too, which has but one."""
    for channel in ("own_hall", "kiosk", "hotline"):
        for site, status in SITES:
            answer = shared.client.post(f"/{channel}/visits", json={"site": site, "patience_s": 1})
            assert answer.status_code == status, (channel, site)
            if status == 201:
                shared.client.delete(f"/{channel}/visits/{answer.json()['visit']}")


def test_an_amount_is_a_whole_number_of_fen_or_missing(start: Start) -> None:
    """Also where it is not looked at."""
    running = start()
    headers = running.log_in("agent", 1)
    for operation, item in (("recharge", "voucher"), ("roaming", "roaming")):
        for amount in AMOUNTS:
            refused = running.order("agent", headers, "a", operation, item=item, amount_fen=amount)
            assert (refused.status_code, refused.json()["code"]) == (400, "bad_request"), amount
        taken = running.order("agent", headers, operation, operation, item=item, amount_fen=1000.0)
        assert taken.status_code == 201


def test_a_missing_header_is_told_from_a_wrong_one(start: Start) -> None:
    """The token first, as the document says, then the visit, then the key."""
    running = start()
    client = running.client
    assert client.get("/kiosk/account", headers={"X-Visit": "x"}).status_code == 401
    token = running.log_in("agent", 1)
    assert client.get("/kiosk/account", headers=token).status_code == 400
    assert client.get("/kiosk/account", headers=token | {"X-Visit": "x"}).status_code == 409
    body = {"operation": "roaming", "item": "roaming"}
    assert client.post("/agent/orders", json=body, headers=token).status_code == 400
    assert client.post("/agent/orders", json=body, headers={"Idempotency-Key": "k"}).status_code == 401


def test_health_says_which_interface_is_spoken(shared: Running) -> None:
    """So that a client tells the reference interface from any other service's `/health`."""
    health = shared.client.get("/health").json()
    document = shared.client.get("/openapi.json", headers=CONTROL).json()
    assert health["interface"] == document["info"]["x-footfall-interface"] == "footfall-reference-1"
