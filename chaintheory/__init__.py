"""Drag on one mobile particle in an infinite harmonic chain: curves, drift velocities, simulation.

>>> import chaintheory as ct
>>> chain = ct.Chain(omega_fast=10.0, spacing=40.0)
>>> system = ct.System(chain, ct.Gaussian(amplitude=2.0, width=4.0), mass=1.0, bias=0.01)
>>> round(system.capture_speed, 3)
12.566

Only NumPy is loaded here; what a name brings with it is loaded when the name is first used.
"""

from __future__ import annotations

from importlib import import_module as _import_module

# Of typing this name alone is needed, and the command line hears no interrupt before this file is done.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from chaintheory.comparison.your_data import Comparison as Comparison
    from chaintheory.comparison.your_data import compare as compare
    from chaintheory.dissipation.travelling_wave import TravellingWave as TravellingWave
    from chaintheory.dissipation.wave_equations import NoSteadyDrift as NoSteadyDrift
    from chaintheory.drift.drag_curve import DragCurve as DragCurve
    from chaintheory.drift.fit import fit_chain as fit_chain
    from chaintheory.drift.velocities import UnresolvedWarning as UnresolvedWarning
    from chaintheory.drift.velocities import drift_diagram as drift_diagram
    from chaintheory.interactions.base import Interaction as Interaction
    from chaintheory.interactions.named import Exponential as Exponential
    from chaintheory.interactions.named import Gaussian as Gaussian
    from chaintheory.interactions.named import GaussianMixture as GaussianMixture
    from chaintheory.interactions.named import Lorentzian as Lorentzian
    from chaintheory.interactions.named import Matern as Matern
    from chaintheory.interactions.named import Sech2 as Sech2
    from chaintheory.interactions.named import SoftenedCoulomb as SoftenedCoulomb
    from chaintheory.interactions.named import SquareWell as SquareWell
    from chaintheory.interactions.offset import Buckingham as Buckingham
    from chaintheory.interactions.offset import LennardJones as LennardJones
    from chaintheory.interactions.offset import Morse as Morse
    from chaintheory.plotting.sweeps import plot_sweep as plot_sweep
    from chaintheory.simulation.energy_balance import EnergyBalanceError as EnergyBalanceError
    from chaintheory.simulation.ensemble import simulate_many as simulate_many
    from chaintheory.simulation.status import Status as Status
    from chaintheory.simulation.stopping import LeftWindow as LeftWindow
    from chaintheory.simulation.stopping import Steady as Steady
    from chaintheory.simulation.stopping import Trapped as Trapped
    from chaintheory.support.block_means import block_mean as block_mean
    from chaintheory.sweep.run import run_sweep as run_sweep
    from chaintheory.sweep.specification import read_sweep as read_sweep
    from chaintheory.system import Chain as Chain
    from chaintheory.system import System as System
    from chaintheory.system import Trajectory as Trajectory
    from chaintheory.units import Units as Units

__version__ = "0.1.0"

_HOMES = {
    "comparison.your_data": ("Comparison", "compare"),
    "dissipation.travelling_wave": ("TravellingWave",),
    "dissipation.wave_equations": ("NoSteadyDrift",),
    "drift.drag_curve": ("DragCurve",),
    "interactions.base": ("Interaction",),
    "interactions.named": (
        "Exponential", "Gaussian", "GaussianMixture", "Lorentzian", "Matern", "Sech2", "SoftenedCoulomb", "SquareWell",
    ),
    "interactions.offset": ("Buckingham", "LennardJones", "Morse"),
    "plotting.sweeps": ("plot_sweep",),
    "simulation.energy_balance": ("EnergyBalanceError",),
    "simulation.ensemble": ("simulate_many",),
    "simulation.status": ("Status",),
    "simulation.stopping": ("LeftWindow", "Steady", "Trapped"),
    "support.block_means": ("block_mean",),
    "sweep.run": ("run_sweep",),
    "sweep.specification": ("read_sweep",),
    "system": ("Chain", "System", "Trajectory"),
    "units": ("Units",),
    "drift.fit": ("fit_chain",),
    "drift.velocities": ("UnresolvedWarning", "drift_diagram"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [*sorted(_HOME_OF), "__version__"]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(_import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
