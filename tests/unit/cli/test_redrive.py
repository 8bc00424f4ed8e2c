"""`weir redrive` asks the parsers as the deployed functions would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NoReturn

import pytest

from cli.commands import redrive
from common import flow_formats
from config.model import Environment, Normalisation


class _Asked(Exception):
    """The parsers are asked now."""


def test_flow_logs_are_read_by_the_formats_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    formats = ("${end} ${srcaddr} ${dstaddr} ${action}",)
    environment = Environment(name="dev", normalisation=Normalisation(vpc_flow_formats=formats))
    found: list[flow_formats.Format | None] = []

    def asked(**_: object) -> NoReturn:
        found.append(flow_formats.format_of("1763984459 10.0.1.5 10.0.2.9 REJECT"))
        raise _Asked

    monkeypatch.setattr(redrive, "deployment", lambda _: SimpleNamespace(environment=environment))
    monkeypatch.setattr(redrive, "Normaliser", asked)
    with pytest.raises(_Asked):
        redrive.redrive(environment="dev", since=None, step=None, reason=None, tenant=None)
    flow_formats.configure(())
    assert [format_.names for format_ in found if format_] == [("end", "srcaddr", "dstaddr", "action")]
