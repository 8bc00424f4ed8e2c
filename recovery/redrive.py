"""Kept records, sent again once they can be processed.

Whether they can is asked of the parsers themselves before anything is sent: what they still refuse stays where it is, so that a
redrive adds no error record for one that is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from common.finish import Finisher
from common.model import Event
from common.recognise import Finish, Normaliser
from config.model import Environment
from producers import pace
from producers.batch import Entry, StreamWriter
from recovery.deployment import Deployment
from recovery.kept import Kept, Selection, select

PAGE = 2_000


class Report(BaseModel):
    """What became of the selected records; `weir redrive --json` prints exactly this."""

    model_config = ConfigDict(frozen=True)

    found: int
    """Kept records that were selected."""
    already_indexed: int
    """Of these, came back before; not sent. 0 where the index cannot be asked."""
    still_refused: int
    """Of these, not understood by the parsers of this checkout either, or refused by a Flink application alone; not sent."""
    too_large: int
    """Of these, larger than the stream takes once their coordinates are with them; not sent."""
    sent: int
    """Of these, put on a stream again; with a dry run, those that would be."""
    expected: int
    """Events in what was sent."""
    came_back: int | None
    """Of these, in the index now. None where the index cannot be asked, and in a dry run."""
    reasons: dict[str, int]
    """Why records are still refused, and how many."""

    @property
    def ok(self) -> bool:
        """Everything that was sent is in the index, as far as that is known."""
        return self.came_back in (None, self.expected) and self.too_large == 0


def sampling(environment: Environment) -> Finish:
    """Leaves out the events that `normalise` leaves out of its sample: they would be waited for in vain."""
    rules = [{"types": rule.types, "tenants": rule.tenants, "sample": rule.sample} for rule in environment.shaping.rules]
    return Finisher(rules).finish


class _Choice(NamedTuple):
    kept: Kept
    events: set[str]
    """Ids of what it becomes."""


@dataclass(slots=True)
class Redrive:
    """One run."""

    deployment: Deployment
    normaliser: Normaliser
    indexed: Callable[[Sequence[str]], set[str]] | None
    """Which of these ids are in the index; None where it cannot be asked."""
    expected: set[str] = field(default_factory=set)
    """Ids of the events in what was sent."""
    reasons: Counter[str] = field(default_factory=Counter)
    found: int = 0
    already: int = 0
    too_large: int = 0
    sent: int = 0

    def send(self, selection: Selection, *, rate: int | None, dry_run: bool, report: Callable[[str], None]) -> None:
        """Send what is selected and can be processed. Raises botocore's errors."""
        streams = self.deployment.environment.streams
        kinesis = self.deployment.session.client("kinesis")
        raw = StreamWriter(kinesis, self.deployment.raw, streams.raw.max_record_kib * 1_024)
        events = StreamWriter(kinesis, self.deployment.events, streams.events.max_record_kib * 1_024)
        records = select(self.deployment, selection)
        while page := list(islice(records, PAGE)):
            self.found += len(page)
            chosen = self._choose(page)
            for writer, is_event in ((raw, False), (events, True)):
                mine = [choice for choice in chosen if choice.kept.is_event is is_event]
                entries = list(self._entries(mine, writer.max_record_bytes))
                self.sent += len(entries)
                if not dry_run:
                    for _ in pace.put(writer, entries, rate):
                        pass
            report(f"{self.found:,} kept records looked at, {self.sent:,} {'to send' if dry_run else 'sent'}")

    def report(self, came_back: int | None) -> Report:
        """The account; `came_back` is how many of the expected events are in the index."""
        return Report(
            found=self.found,
            already_indexed=self.already,
            still_refused=self.reasons.total(),
            too_large=self.too_large,
            sent=self.sent,
            expected=len(self.expected),
            came_back=came_back,
            reasons=dict(self.reasons.most_common()),
        )

    def _choose(self, page: list[Kept]) -> list[_Choice]:
        """Those that would become events that are not in the index."""
        choices = [_Choice(kept, events) for kept in page if (events := self._events(kept))]
        asked = sorted({event for choice in choices for event in choice.events})
        there = self.indexed(asked) if self.indexed and asked else set()
        chosen = [choice for choice in choices if not choice.events <= there]
        self.already += len(choices) - len(chosen)
        return chosen

    def _events(self, kept: Kept) -> set[str]:
        """Ids of the events a record would become; none when it is still refused whole."""
        if kept.is_event:
            return {kept.id}
        if kept.only_not_counted:
            # Index and lake have the event, and the lake would have it twice.
            self.reasons[f"{kept.step} refused it alone: start the application from a snapshot of before"] += 1
            return set()
        record = kept.record
        results = self.normaliser.normalise(record.data, record.at, record.given)
        events = {result.id for result in results if isinstance(result, Event)}
        if not events:
            refusals = (f"{result.reason}: {result.detail}" for result in results if not isinstance(result, Event))
            self.reasons[next(refusals, "holds no event, or none that is in the sample")] += 1
        return events

    def _entries(self, chosen: Iterable[_Choice], limit: int) -> Iterator[Entry]:
        for kept, events in chosen:
            record = kept.record
            data = record.data if kept.is_event else record.frame()
            entry = Entry(data, record.at.partition_key or record.at.id())
            if entry.size > limit:
                self.too_large += 1
                continue
            self.expected |= events
            yield entry
