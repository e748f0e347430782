"""Drag on one mobile particle in an infinite harmonic chain: curves, drift velocities, simulation.

>>> import chaintheory as ct
>>> chain = ct.Chain(omega_fast=10.0, spacing=40.0)
>>> system = ct.System(chain, ct.Gaussian(amplitude=2.0, width=4.0), mass=1.0, bias=0.01)
>>> round(system.capture_speed, 3)
12.566

Only NumPy is loaded here; SymPy, Matplotlib, xarray and Dask are loaded where they are used.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any as _Any

from chaintheory.interactions import (
    Exponential,
    Gaussian,
    GaussianMixture,
    Interaction,
    Lorentzian,
    Matern,
    Sech2,
    SoftenedCoulomb,
    SquareWell,
)
from chaintheory.model import Chain, System

__version__ = "0.1.0"

# Loaded on first use: they bring SciPy, xarray or the compiled loops with them.
_LAZY = {
    "Trajectory": "chaintheory.trajectory",
    "Units": "chaintheory.physical",
    "drift_diagram": "chaintheory.drift",
    "fit_chain": "chaintheory.physical",
}

__all__ = [
    "Chain",
    "Exponential",
    "Gaussian",
    "GaussianMixture",
    "Interaction",
    "Lorentzian",
    "Matern",
    "Sech2",
    "SoftenedCoulomb",
    "SquareWell",
    "System",
    "Trajectory",
    "Units",
    "__version__",
    "drift_diagram",
    "fit_chain",
]


def __getattr__(name: str) -> _Any:
    if name in _LAZY and name in __all__:
        return getattr(_import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
