"""API errors: every code with its HTTP status and what it means."""

ERRORS: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request does not have the documented form."),
    "wrong_pin": (401, "Number and PIN do not belong together."),
    "no_session": (401, "No open session has this token."),
    "wrong_key": (401, "The gateway's key is missing or wrong."),
    "wrong_token": (401, "The control token is missing or wrong."),
    "not_found": (404, "Not found."),
    "wrong_method": (405, "This path does not support this method."),
    "patience": (408, "The customer lost patience while waiting."),
    "insufficient_funds": (409, "The balance does not cover the price."),
    "under_contract": (409, "The contract of this account forbids a change of plan."),
    "number_taken": (409, "The number is not reserved for this subscriber."),
    "no_visit": (409, "This channel needs a visit in progress."),
    "cancelled": (409, "The order was cancelled."),
    "expired": (410, "The time for the second confirmation has passed."),
    "too_large": (413, "The body is longer than 64 KiB."),
    "unknown_item": (422, "There is no such item to order."),
    "not_offered": (422, "This channel does not offer this operation."),
    "key_reused": (422, "This idempotency key belongs to another order."),
    "unknown_site": (422, "The channel has no such site."),
    "bad_callback": (422, "Answers may be posted to http://127.0.0.1 or http://localhost only."),
    "unknown_command": (422, "The message is not a known command."),
    "nothing_pending": (409, "No order is waiting for confirmation."),
    "rate_limit": (429, "The rate limit is exceeded."),
    "message_rate": (429, "The gateway's queue is full."),
    "internal": (500, "The service failed; its log says why."),
    "throttled": (503, "The queue is full."),
    "queue_timeout": (503, "The request waited too long in the queue."),
    "no_room": (503, "The waiting room is full."),
    "long_queue": (503, "The display shows a longer wait than the customer accepts."),
    "no_line": (503, "All lines are busy."),
    "out_of_order": (503, "All machines at this site are out of order."),
    "closed": (503, "The channel is not open."),
    "outage": (503, "The channel is down."),
    "no_database": (503, "The database cannot be reached; nothing was changed."),
    "commit_unknown": (
        504,
        "The database connection was lost during a commit; repeat the request to learn its outcome.",
    ),
    "breakdown": (502, "The machine broke down."),
    "deadline": (504, "No response within the deadline."),
}


class ApiError(Exception):
    """An error response: HTTP status, code and one sentence."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: int | None = None) -> None:
        """Create the error; `retry_after_s` becomes the Retry-After header."""
        super().__init__(code)
        self.retry_after_s = retry_after_s
        self.status = status
        self.code = code
        self.detail = detail


def api_error(code: str, detail: str = "", retry_after_s: int | None = None) -> ApiError:
    """Return the error of a code in the table, with the table's sentence unless `detail` is given."""
    status, sentence = ERRORS[code]
    return ApiError(
        status, "throttled" if code == "message_rate" else code, detail or sentence, retry_after_s
    )
