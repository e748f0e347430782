"""A pytest plug-in: how long each test takes, for ``make mutants``."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

_seconds: dict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report):
    _seconds[report.nodeid] += report.duration
    if report.when == "call" and report.outcome != "passed":
        _seconds[report.nodeid] = float("inf")


def pytest_sessionfinish(session):
    kept = {name: seconds for name, seconds in _seconds.items() if seconds < float("inf")}
    Path("durations.json").write_text(json.dumps(kept), encoding="utf-8")
