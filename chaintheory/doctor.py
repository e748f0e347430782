"""What is installed here, which vectors the compiled loops use, and a self-test of two seconds."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from chaintheory import __version__
from chaintheory.interactions import Gaussian
from chaintheory.model import Chain, System

PACKAGES = ("numpy", "scipy", "sympy", "mpmath", "python-flint", "matplotlib", "xarray", "h5netcdf")
# Versions of the loops, widest first, with what the processor must have; see src/dispatch.h.
VECTORS = {
    "x86-64-v4 (512 bit)": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "x86-64-v3 (256 bit)": {"avx2", "fma", "bmi1", "bmi2"},
}


def installation() -> dict[str, str]:
    """Return versions, machine, and the version of the compiled loops that the loader chooses."""
    found = {
        "chaintheory": __version__,
        "python": platform.python_version(),
        "built with": platform.python_compiler(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found | {"vectors": vectors()}


def vectors() -> str:
    """Return the widest version of the loops that this processor can run, as the loader chooses."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "baseline"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    flags = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    return next((name for name, needed in VECTORS.items() if needed <= flags), "baseline")


def self_test() -> Iterator[tuple[str, bool, str]]:
    """Yield name, outcome and detail of each check."""
    from derivations.ledger import find

    result = find("eq07_gaussian_closed_form").verify()
    yield "the ledger proves Eq. 7", result.evidence == "proved", result.evidence

    system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
    mean = float(system.mean_dissipation(50.0))
    # Enclosed in the ledger (eq10_values) to the digits given.
    yield "Eq. 10 at speed 50 is 0.0148695", abs(mean - 0.0148695) < 5e-8, f"{mean:.9f}"

    start = {"position": 220.0, "speed": 50.0, "duration": 2.0}
    same_map = {"order": 2, "steps_per_fast_period": 60}
    direct = system.simulate(method="direct", **start, **same_map)
    fast = system.simulate(**start, **same_map)
    apart = float(abs(direct.position - fast.position).max())
    # The same map: rounding, 1e-16 of positions near 300 over 1,200 steps.
    yield "both integrators take the same steps", apart < 1e-10, f"{apart:.1e} apart"

    drift = abs(system.simulate(**start).balance.drift)
    # The default step keeps the balance to about 1e-9; a wrong force would show at 1e-2.
    yield "the energy of a run is accounted for", drift < 1e-6, f"off by {drift:.1e}"
