"""How much is fuzzed: the same cases each time in the suite, new and many more with CHAINTHEORY_FUZZ."""

import functools
import os
from collections import Counter

import hypothesis
import pytest

# CHAINTHEORY_FUZZ=n multiplies the cases of the suite by n and draws new ones on every run (`make fuzz`).
FUZZ = int(os.environ.get("CHAINTHEORY_FUZZ", "0"))
COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(hypothesis.HealthCheck),
    "print_blob": True,
}
hypothesis.settings.register_profile("suite", derandomize=True, **COMMON)
hypothesis.settings.register_profile("fuzz", derandomize=False, **COMMON)
hypothesis.settings.load_profile("fuzz" if FUZZ else "suite")

# CHAINTHEORY_FUZZ_LEAST=n: a run of fewer cases than this fails, whatever the tests say.
LEAST = int(os.environ.get("CHAINTHEORY_FUZZ_LEAST", "0"))
CASES = Counter()


def counted(test, name):
    """The test's body; cases that it throws away as not meant are not counted."""

    @functools.wraps(test)
    def case(*args, **kwargs):
        result = test(*args, **kwargs)
        CASES[name] += 1
        return result

    return case


def pytest_collection_modifyitems(items):
    for function in {item.obj for item in items if hasattr(getattr(item, "obj", None), "hypothesis")}:
        function.hypothesis.inner_test = counted(function.hypothesis.inner_test, function.__name__)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if CASES.total() < LEAST and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if FUZZ:
        for name, number in CASES.most_common():
            terminalreporter.write_line(f"{number:9,} {name}")
        terminalreporter.write_line(f"{CASES.total():9,} cases passed, at least {LEAST:,} asked for")
