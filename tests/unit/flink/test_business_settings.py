"""The application in Python is told every setting that its SQL names, and no other."""

from __future__ import annotations

import re

from config.parts.flink_settings import BusinessSettings, properties
from flink.build import PYTHON
from localrun.paths import PROJECT

#: Those the program itself asks for (`business.application`).
ASKED = {"idle.seconds"}


def test_every_setting_is_used_and_every_one_that_is_used_is_told() -> None:
    text = "".join(file.read_text() for file in (PROJECT / PYTHON / "business" / "sql").glob("*.sql"))
    named = {re.sub(r"\.interval$", ".seconds", key) for key in re.findall(r"\$\{([^}]*)\}", text)}
    assert named | ASKED == set(properties(BusinessSettings()))
