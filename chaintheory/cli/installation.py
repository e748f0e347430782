"""What is installed here, which vectors the compiled loops use, and a self-test of two seconds."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from chaintheory import __version__
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

PACKAGES = ("numpy", "scipy", "sympy", "mpmath", "python-flint", "matplotlib", "xarray", "h5netcdf")


def installation() -> dict[str, str]:
    """Return versions, machine, compiler and its flags, and the vector width in use.

    >>> sorted(compiled()) == ["compiler", "flags", "vectors"]
    True
    """
    found = {
        "chaintheory": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found | compiled()


def compiled() -> dict[str, str]:
    """Return compiler, flags, and the version of the loops that the loader chooses on this processor."""
    from chaintheory_ext import build_info

    return {
        "compiler": build_info.compiler(),
        "flags": build_info.flags(),
        "vectors": f"{64 * build_info.vector_width()} bit ({build_info.target()})",
    }


def self_test() -> Iterator[tuple[str, bool, str]]:
    """Yield name, outcome and detail of each check."""
    from derivations.ledger import find

    result = find("eq07_gaussian_closed_form").verify()
    yield "the ledger proves Eq. 7", result.evidence == "proved", result.evidence

    system = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01)
    mean = float(system.mean_dissipation(50.0))
    # Enclosed in the ledger (eq10_values) to the digits given.
    yield "Eq. 10 at speed 50 is 0.0148695", abs(mean - 0.0148695) < 5e-8, f"{mean:.9f}"

    start: dict[str, Any] = {"position": 220.0, "speed": 50.0, "duration": 2.0}
    same_map: dict[str, Any] = {"order": 2, "steps_per_fast_period": 60}
    direct = system.simulate(method="direct", **start, **same_map)
    fast = system.simulate(**start, **same_map)
    apart = float(abs(direct.position - fast.position).max())
    # The same map: rounding, 1e-16 of positions near 300 over 1,200 steps.
    yield "both integrators take the same steps", apart < 1e-10, f"{apart:.1e} apart"

    drift = abs(system.simulate(**start).balance.drift)
    # The default step keeps the balance to about 1e-9; a wrong force would show at 1e-2.
    yield "the energy of a run is accounted for", drift < 1e-6, f"off by {drift:.1e}"
