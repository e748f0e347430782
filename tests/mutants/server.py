"""A process that has loaded the libraries, but nothing of ours, and runs pytest in a fork of itself for each mutant.

Reads a line of arguments in JSON, writes the exit code as a line; ``None`` for a run that was given up.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from importlib import import_module

LIBRARIES = (
    "flint", "h5netcdf", "hypothesis.extra.numpy", "mpmath", "numpy", "pandas", "pytest", "scipy.fft",
    "scipy.integrate", "scipy.interpolate", "scipy.optimize", "scipy.sparse.linalg", "scipy.special", "sympy", "xarray",
)  # fmt: skip
LONGEST_WAIT = 7200.0  # seconds on the clock after which a run is stuck, neither killed nor survived


def run(arguments: list[str]) -> int | None:
    """Exit code of pytest in a fork."""
    import pytest

    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            code = int(pytest.main(arguments))
        finally:
            os._exit(code if "code" in locals() else 1)
    started = time.monotonic()
    while time.monotonic() - started < LONGEST_WAIT:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


if __name__ == "__main__":
    for name in LIBRARIES:
        import_module(name)
    assert not any(name.split(".")[0] in ("chaintheory", "chaintheory_ext", "derivations") for name in sys.modules)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
