"""A pytest plug-in for ``make mutants``: the lines and the time of each test, and an end for one that runs away.

Under coverage the lines are noted with the test that runs them, those of its fixtures too.

Where ``limits.json`` has the usual seconds of the tests, each may take ten times as long, in time of the processor;
the process is ended then by a signal, whatever it is doing.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import defaultdict
from pathlib import Path

import pytest

_seconds: dict[str, float] = defaultdict(float)
_limits = json.loads(Path("limits.json").read_text(encoding="utf-8")) if Path("limits.json").exists() else {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    measured = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    if measured:
        measured.switch_context(item.nodeid)
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
