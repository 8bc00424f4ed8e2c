"""What each Flink application is told: the property group `application`.

A setting's key is where it stands here, `brute_force.failures` → `brute-force.failures`, and a duration's unit is a part of its
own, `idle_seconds` → `idle.seconds`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from config.parts.base import Model, Text
from config.problem import Problem

MetricName = Annotated[str, Text(r"[a-z][a-z0-9_.]{0,63}", "the name of a metric: lower-case letters, digits, _ and .")]


#: Of `aggregates` and `business`.
LONGEST_WINDOW_SECONDS = 60


class FlinkSettings(Model):
    """What every application is told."""

    out_of_orderness_seconds: int = Field(default=2, ge=0, le=3_600)
    """By how much events of one shard may come after later ones, in seconds: a window closes so long after its end."""
    idle_seconds: int = Field(default=10, ge=1, le=3_600)
    """After how long without events a shard holds up the others no more, in seconds."""
    duplicates_seconds: int = Field(default=600, ge=1, le=86_400)
    """For how long an event that is delivered again counts once, in seconds. Their ids are state."""
    future_seconds: int = Field(default=2, ge=0, le=86_400)
    """By how much the time of an event may be after its arrival, in seconds; beyond, the arrival is its time. One clock that is
    ahead by more than `out_of_orderness_seconds` makes the events of others late."""


class Baseline(Model):
    """What a service usually does, by which a spike is told."""

    windows: int = Field(default=60, ge=2, le=10_080)
    """Windows it is made of."""
    least_windows: int = Field(default=12, ge=2, le=10_080)
    """Windows of a new service before any is a spike."""


class Spike(Model):
    """A window far above the baseline."""

    deviations: int = Field(default=4, ge=1, le=100)
    """Standard deviations above its mean."""
    least_events: int = Field(default=20, ge=1)
    """Events a window has at least."""


class Talkers(Model):
    """Addresses with the most traffic."""

    count: int = Field(default=10, ge=1, le=1_000)
    """How many of a window."""


class TableSettings(FlinkSettings):
    """What an application is told that is SQL over the streams as tables."""

    duplicates_seconds: int = Field(default=120, ge=1, le=86_400)
    """For how long after its arrival the id of an event is remembered, by the watermark, in seconds: as long as windows are open,
    after which an event that comes again is late."""

    def conflicts(self) -> Iterator[Problem]:
        least = LONGEST_WINDOW_SECONDS + self.out_of_orderness_seconds + self.future_seconds
        if self.duplicates_seconds < least:
            yield Problem(
                ("duplicates_seconds",),
                f"{self.duplicates_seconds} is shorter than windows are open, which is {LONGEST_WINDOW_SECONDS} s, "
                f"`out_of_orderness_seconds` and `future_seconds` together; write {least} or more",
            )


class AggregateSettings(TableSettings):
    """What `aggregates` is told."""

    baseline: Baseline = Baseline()
    """What a service usually does."""
    spike: Spike = Spike()
    """A window far above it."""
    talkers: Talkers = Talkers()
    """Addresses with the most traffic."""


class AnomalySettings(FlinkSettings):
    """What `anomalies` is told."""

    metrics: tuple[MetricName, ...] = Field(default=("service_1m",), min_length=1, strict=False)
    """Names of the metrics that are watched, of windows that do not overlap."""
    datasets: tuple[Literal["machine.measurement", "iot.telemetry"], ...] = Field(
        default=("machine.measurement", "iot.telemetry"), min_length=1, strict=False
    )
    """Datasets of the telemetry that is watched."""
    trees: int = Field(default=30, ge=10, le=1_000)
    """Trees of a forest."""
    sample: int = Field(default=128, ge=32, le=4_096)
    """Points a tree keeps."""
    period_seconds: int = Field(default=86_400, ge=60)
    """After which a series is expected to repeat, in seconds: 604800 where weekends differ."""
    part_seconds: int = Field(default=1_800, ge=60)
    """Part of it that has an expected value of its own, in seconds."""
    warm_up_points: int = Field(default=100, ge=1)
    """Points before any of them is an anomaly."""
    accept_seconds: int = Field(default=86_400, ge=1)
    """After how long what is not as expected becomes what is expected, in seconds."""
    missing_intervals: int = Field(default=5, ge=2)
    """After how many of its usual intervals without a point a series is missing."""
    forget_seconds: int = Field(default=604_800, ge=1)
    """After how long without a point nothing is kept of a series, in seconds."""
    series_in_memory: int = Field(default=2_000, ge=1)
    """Most series in the memory of a task, each with its forest; the others are in the state only."""

    def conflicts(self) -> Iterator[Problem]:
        if self.period_seconds % self.part_seconds:
            yield Problem(
                ("part_seconds",),
                f"{self.part_seconds} is not a whole part of `period_seconds` ({self.period_seconds}); write one that divides it",
            )


class FirstSeenApi(Model):
    """A call that a principal has never made."""

    learning_seconds: int = Field(default=604_800, ge=1)
    """Of a principal that is new nothing is told for so long, in seconds."""
    keeping_seconds: int = Field(default=2_592_000, ge=1)
    """For how long a call is known after its last use, in seconds."""
    quiet_seconds: int = Field(default=3_600, ge=0)
    """For how long no second finding of a principal is made, in seconds."""


class FirstSeenCountry(Model):
    """A country that a user or role has never been seen in."""

    learning_seconds: int = Field(default=604_800, ge=1)
    """Of one that is new nothing is told for so long, in seconds."""
    keeping_seconds: int = Field(default=2_592_000, ge=1)
    """For how long a country is known after its last use, in seconds."""


class BruteForce(Model):
    """Failed log-ins, and then one that succeeds."""

    failures: int = Field(default=10, ge=2)
    """Failed ones before."""
    seconds: int = Field(default=300, ge=1)
    """In which they are."""


class FlaggedDataAccess(Model):
    """Data read from an address that another rule has flagged."""

    seconds: int = Field(default=3_600, ge=1)
    """For how long an address is flagged."""


class DeniedCalls(Model):
    """Different calls that one address is denied."""

    calls: int = Field(default=8, ge=2)
    """How many."""
    seconds: int = Field(default=600, ge=1)
    """In which it is; as long is no second finding of it."""


class PasswordSpraying(Model):
    """User names one address fails with."""

    users: int = Field(default=10, ge=2)
    """How many."""
    seconds: int = Field(default=300, ge=1)
    """In which it does; as long is no second finding of it."""


class ImpossibleTravel(Model):
    """Two places of a user that are too far apart."""

    kilometres_per_hour: int = Field(default=1_000, ge=1)
    """The speed nobody travels at."""
    kilometres: int = Field(default=300, ge=0)
    """Below this distance places of addresses are too uncertain to compare."""


class WebEnumeration(Model):
    """Paths for which one address gets 403 or 404."""

    paths: int = Field(default=30, ge=2)
    """How many."""
    seconds: int = Field(default=60, ge=1)
    """In which it does; as long is no second finding of it."""


class BehaviourSettings(FlinkSettings):
    """What `behaviour` is told."""

    first_seen_api: FirstSeenApi = FirstSeenApi()
    """A call that a principal has never made."""
    first_seen_country: FirstSeenCountry = FirstSeenCountry()
    """A country that a user or role has never been seen in."""
    brute_force: BruteForce = BruteForce()
    """Failed log-ins, and then one that succeeds."""
    flagged_data_access: FlaggedDataAccess = FlaggedDataAccess()
    """Data read from an address that another rule has flagged."""
    denied_calls: DeniedCalls = DeniedCalls()
    """Different calls that one address is denied."""
    password_spraying: PasswordSpraying = PasswordSpraying()
    """User names one address fails with."""
    impossible_travel: ImpossibleTravel = ImpossibleTravel()
    """Two places of a user that are too far apart."""
    web_enumeration: WebEnumeration = WebEnumeration()
    """Paths for which one address gets 403 or 404."""


class Stock(Model):
    """A stock that runs out."""

    window_seconds: int = Field(default=3_600, ge=60, le=86_400)
    """What was withdrawn in this time tells how fast it goes on, in seconds."""
    least_withdrawals: int = Field(default=5, ge=2)
    """Withdrawals in it before anything is foretold."""
    minutes_left: int = Field(default=60, ge=1)
    """It runs out when it lasts for no more minutes."""


class Amount(Model):
    """A payment far above what the account paid before."""

    history_seconds: int = Field(default=604_800, ge=60, le=7_776_000)
    """What it paid in this time is compared, in seconds. These payments are state."""
    least_payments: int = Field(default=5, ge=2)
    """Payments before, without which none is unusual."""
    deviations: int = Field(default=4, ge=1, le=100)
    """Standard deviations above their mean."""


class Velocity(Model):
    """Many payments of an account at once."""

    payments: int = Field(default=10, ge=2)
    """How many, failed ones among them."""
    seconds: int = Field(default=600, ge=1, le=86_400)
    """In which they are."""


class Country(Model):
    """Payments of an account from two countries."""

    seconds: int = Field(default=3_600, ge=1, le=86_400)
    """Time between the two, at most, in seconds."""


class BusinessSettings(TableSettings):
    """What `business` is told."""

    stock: Stock = Stock()
    """A stock that runs out."""
    amount: Amount = Amount()
    """A payment far above what the account paid before."""
    velocity: Velocity = Velocity()
    """Many payments of an account at once."""
    country: Country = Country()
    """Payments of an account from two countries."""


def properties(settings: FlinkSettings) -> dict[str, str]:
    """The settings by key, as text; a list with commas between."""
    return {_key(place): _text(value) for place, value in _places(settings.model_dump())}


def _places(section: dict[str, Any], around: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from _places(value, f"{around}{name}.")
        else:
            yield f"{around}{name}", value


def _text(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _key(place: str) -> str:
    stem = place.removesuffix("_seconds")
    return stem.replace("_", "-") + (".seconds" if stem != place else "")
