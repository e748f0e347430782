"""A pytest plug-in for ``make mutants``: how long each test takes, and an end for a test that runs away.

Where ``limits.json`` has the usual seconds of the tests, each may take ten times as long, in time of the processor;
the process is ended then by a signal, whatever it is doing.
"""

from __future__ import annotations

import json
import signal
from collections import defaultdict
from pathlib import Path

_seconds: dict[str, float] = defaultdict(float)
_limits = json.loads(Path("limits.json").read_text(encoding="utf-8")) if Path("limits.json").exists() else {}


def pytest_runtest_setup(item):
    if _limits:
        signal.setitimer(signal.ITIMER_VIRTUAL, 20.0 + 10.0 * _limits.get(item.nodeid, 60.0))


def pytest_runtest_logreport(report):
    _seconds[report.nodeid] += report.duration
    if report.when == "call" and report.outcome != "passed":
        _seconds[report.nodeid] = float("inf")


def pytest_sessionfinish(session):
    if not _limits:
        kept = {name: seconds for name, seconds in _seconds.items() if seconds < float("inf")}
        Path("durations.json").write_text(json.dumps(kept), encoding="utf-8")
