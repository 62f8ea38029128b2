"""The turns of a dialogue by short message: text in, answer out."""

from collections.abc import Mapping
from http import HTTPStatus

from footfall.load.errands.answers import NO_ANSWER, Answer, ending_of
from footfall.load.errands.attempt import Attempt, VisitOverError
from footfall.load.errands.slips import UNKNOWN_COMMAND
from footfall.load.errands.wire import ANSWER_S_MAX, Request
from footfall.records.outcomes import Outcome
from footfall.simulate.decide.windows import message_answer_s_most
from footfall.simulate.spec.channel import Verb

_POLL_S = 20.0
_SPARE_S = 10.0
_NUMBER_MOST = 1 << 53
"""What a long poll may take beyond its wait."""


class MessageTurns:
    """What one visit has seen: the number of the last answer."""

    def __init__(self, attempt: Attempt, gateway_key: str = "") -> None:
        """Begin a visit; the key is the gateway's, if it asks for one."""
        self._attempt = attempt
        self._headers = {"X-Gateway-Key": gateway_key} if gateway_key else {}
        self._hidden = frozenset({gateway_key} - {""})
        self._seen = 0
        operation = attempt.customer.arrival.operation
        self._confirms = any(turn.verb is Verb.CONFIRM for turn in attempt.channel.dialogues[operation])
        self._sent = 0

    def turn(self, verb: Verb, _page: int, slip: str) -> None:
        """Send one message and wait for its answer; `slip` is the customer's fault to enact, or empty.

        Raises:
            VisitOverError: the answer is not the right one, or none came.
        """
        text = self._text(verb)
        number = self._send(f"?{text}" if slip == UNKNOWN_COMMAND else text)
        said = self._answer_to(number)
        wanted = "confirm" if verb is Verb.ORDER and self._confirms else "ok"
        if said.get("code") != wanted:
            status = said.get("status")
            heard = Answer(status if isinstance(status, int) else 0, said)
            raise VisitOverError(*ending_of(heard, self._hidden))

    def _text(self, verb: Verb) -> str:
        customer = self._attempt.customer
        if verb is Verb.CONFIRM:
            return "Y"
        if verb is not Verb.ORDER:
            return "CX"
        person = customer.person
        orders = {"recharge": f"CZ {person.recharge_fen}", "transact": f"BL {person.plan}", "roaming": "MY"}
        return orders[customer.arrival.operation]

    def _send(self, text: str) -> str:
        customer = self._attempt.customer
        self._sent += 1
        number = f"{customer.run}-{customer.arrival.customer}-{self._attempt.number}-{self._sent}"
        body = {"msisdn": customer.person.msisdn, "text": text, "id": number}
        self._ask("POST", "/messages", body=body)
        return number

    def _answer_to(self, number: str) -> dict[str, object]:
        """Poll until the answer to our message is there."""
        wire = self._attempt.customer.wire
        until_s = wire.now_s() + max(ANSWER_S_MAX, message_answer_s_most(self._attempt.channel))
        while (left_s := until_s - wire.now_s()) > 0:
            wait_s = min(left_s, _POLL_S)
            path = f"/answers/{self._attempt.customer.person.msisdn}?after={self._seen}&wait_s={wait_s:.3f}"
            answer = self._ask("GET", path, name="/answers", timeout_s=wait_s + _SPARE_S)
            for said in answer.data["answers"]:
                self._seen = max(self._seen, int(said["n"]))
                if said.get("to_id") == number:
                    return dict(said)
        raise VisitOverError(Outcome.TIMEOUT, NO_ANSWER)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        name: str = "",
        timeout_s: float = ANSWER_S_MAX,
    ) -> Answer:
        request = Request(
            channel=self._attempt.channel.name,
            method=method,
            path=path,
            name=name,
            is_right=_is_accepted if method == "POST" else _lists_answers,
            body=body,
            headers=self._headers,
            hidden=self._hidden,
            timeout_s=timeout_s,
        )
        return self._attempt.ask(request)


def _is_accepted(answer: Answer) -> bool:
    return answer.status == HTTPStatus.ACCEPTED and answer.data.get("accepted") is True


def _lists_answers(answer: Answer) -> bool:
    said = answer.data.get("answers")
    return (
        answer.status == HTTPStatus.OK
        and isinstance(said, list)
        and all(isinstance(one, dict) and _is_number(one.get("n")) for one in said)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < _NUMBER_MOST
