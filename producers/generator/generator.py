"""The traffic itself: which records come, in what proportion, and when."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from producers.generator import audit, damage, lines
from producers.generator.clock import Moment, moment
from producers.generator.containers import aggregate, subscription
from producers.generator.requests import Request, Requests
from producers.generator.sample import Sample
from producers.generator.scenario import Scenario
from producers.generator.world import ATTACKER, BY_NAME, SCANNERS, VICTIM

#: Of 1,000 records that are not malformed. The last two hold several events each.
MIX = {
    "app": 390,
    "alb": 260,
    "flow": 258,
    "cloudtrail": 60,
    "cloudtrail_event": 15,
    "finding": 1,
    "subscription": 8,
    "aggregate": 8,
}
#: One event of this many is malformed, exactly.
MALFORMED_EVERY = 100
LARGEST_SUBSCRIPTION = 12
LARGEST_AGGREGATE = 16
#: Of 100 flow log records, how many tell of a rejected packet.
_REJECTED_FLOWS = 6
#: Requests the load balancer and the network have not logged yet: older ones are forgotten.
_BACKLOG = 512
_PORTS = (22, 23, 445, 1433, 3306, 3389, 6379)


class Generator:
    """Records of several services and log types, 1 % of the events malformed, with what the scenario makes happen.

    The same seed, scenario and sequence of calls give the same records.
    """

    def __init__(self, seed: int, scenario: Scenario) -> None:
        self._rng = random.Random(seed)  # noqa: S311  # invented traffic, no secret
        self._requests = Requests(self._rng, scenario)
        self._to_log: dict[str, deque[Request]] = {"alb": deque(maxlen=_BACKLOG), "flow": deque(maxlen=_BACKLOG)}
        self._cycle = [kind for kind, share in MIX.items() for _ in range(share)]
        self._rng.shuffle(self._cycle)
        self._place = 0
        self._attempts = deque(scenario.attempt_times())
        self._due: deque[Sample] = deque()
        self._makers: dict[str, Callable[[Moment, int], Sample]] = {
            "app": self._application,
            "alb": self._load_balancer,
            "flow": self._flow,
            "cloudtrail": self._cloudtrail,
            "cloudtrail_event": self._cloudtrail_event,
            "finding": self._finding,
            "subscription": self._subscription,
            "aggregate": self._aggregate,
        }
        self.events = 0
        """Events made so far, malformed ones included."""
        self.malformed = 0
        """Of these, malformed: always events // 100."""

    def take(self, events: int, now: float) -> list[Sample]:
        """Records that hold exactly `events` events, all of which happen at `now`, epoch seconds."""
        if events <= 0:
            return []
        at = moment(now)
        while self._attempts and self._attempts[0] <= now:
            self._attempts.popleft()
            self._attempt(at, len(self._attempts))
        samples: list[Sample] = []
        makers, cycle = self._makers, self._cycle
        end = self.events + events
        while self.events < end:
            until_malformed = (self.malformed + 1) * MALFORMED_EVERY - 1 - self.events
            if until_malformed <= 0:
                sample = damage.make(self._rng, self.malformed, self._request(at), at)
                self.malformed += 1
            elif self._due:
                sample = self._due.popleft()
            else:
                sample = makers[cycle[self._place]](at, min(until_malformed, end - self.events))
                self._place = (self._place + 1) % len(cycle)
            self.events += sample.events
            samples.append(sample)
        return samples

    def _request(self, at: Moment) -> Request:
        """A new request, which the load balancer and the network will log too."""
        request = self._requests.next(at.epoch)
        for waiting in self._to_log.values():
            waiting.append(request)
        return request

    def _logged(self, by: str, at: Moment) -> Request:
        waiting = self._to_log[by]
        return waiting.popleft() if waiting else self._requests.next(at.epoch)

    def _application(self, at: Moment, room: int) -> Sample:
        request = self._request(at)
        return Sample(lines.application(request, at).encode(), request.trace, "app")

    def _load_balancer(self, at: Moment, room: int) -> Sample:
        request = self._logged("alb", at)
        return Sample(lines.load_balancer(request, at).encode(), request.trace, "alb")

    def _flow(self, at: Moment, room: int) -> Sample:
        request = self._logged("flow", at)
        if self._rng.random() * 100 < _REJECTED_FLOWS:
            scanner = self._rng.choice(SCANNERS)
            line = lines.rejected_flow(scanner, self._rng.choice(_PORTS), request, at)
            return Sample(line.encode(), scanner, "vpc_flow")
        return Sample(lines.flow(request, at).encode(), request.trace, "vpc_flow")

    def _cloudtrail(self, at: Moment, room: int) -> Sample:
        record, event_id, _ = audit.api_call(self._rng, at)
        return Sample(record.encode(), event_id, "cloudtrail", own_ids=(event_id,), positions=())

    def _cloudtrail_event(self, at: Moment, room: int) -> Sample:
        event, event_id = audit.api_call_event(self._rng, at)
        return Sample(event.encode(), event_id, "cloudtrail", own_ids=(event_id,), positions=())

    def _finding(self, at: Moment, room: int) -> Sample:
        event, event_id = audit.finding(self._rng, at)
        return Sample(event.encode(), event_id, "guardduty", own_ids=(event_id,), positions=())

    def _subscription(self, at: Moment, room: int) -> Sample:
        requests = [self._request(at) for _ in range(self._rng.randint(1, min(room, LARGEST_SUBSCRIPTION)))]
        messages = [lines.application(request, at) for request in requests]
        data, ids = subscription(self._rng, at, "/aws/lambda/shop", messages)
        return Sample(data, requests[0].trace, "app", own_ids=ids, positions=())

    def _aggregate(self, at: Moment, room: int) -> Sample:
        """Of what makes up most of the traffic, as a producer on each machine would send it."""
        makers = (self._application, self._load_balancer, self._flow)
        samples = [self._rng.choice(makers)(at, 1) for _ in range(self._rng.randint(1, min(room, LARGEST_AGGREGATE)))]
        data = aggregate([(sample.partition_key, sample.data) for sample in samples])
        return Sample(data, samples[0].partition_key, "mixed", positions=tuple(map(str, range(len(samples)))))

    def _attempt(self, at: Moment, left: int) -> None:
        """One login of the brute-force attempt: at the shop, and every other time at the AWS console too."""
        succeeds = left == 0
        trace = f"{self._rng.getrandbits(128):032x}"
        service, status = BY_NAME["login"], 200 if succeeds else 401
        request = Request(
            service, "POST", "/sessions", status, 55.0, VICTIM, ATTACKER, 40_000 + left, "python-requests/2.32", trace
        )
        words = f"login of {VICTIM} {'succeeded' if succeeds else 'failed: wrong password'}"
        self._due.append(Sample(lines.application(request, at, words).encode(), trace, "app"))
        self._due.append(Sample(lines.load_balancer(request, at).encode(), trace, "alb"))
        if left % 2 == 0:
            event, event_id = audit.sign_in_event(self._rng, at, succeeds=succeeds)
            self._due.append(Sample(event.encode(), event_id, "cloudtrail", own_ids=(event_id,), positions=()))
        if succeeds:
            event, event_id = audit.login_finding(self._rng, at)
            self._due.append(Sample(event.encode(), event_id, "guardduty", own_ids=(event_id,), positions=()))
