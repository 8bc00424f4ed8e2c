"""Environment of the functions' modules, wherever they are imported first."""

from __future__ import annotations

import os

# Powertools reads these when a handler module is imported, before any fixture runs.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Weir")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "test")
