r"""How far the second-order theory (Eqs. 6-10) can be trusted at a speed.

Eq. 10 is the leading order in the interaction. What it leaves out is estimated from five small numbers:

- the variation of the speed along the rigid lattice, d = (largest - smallest U)/(mu v^2/(4 pi^2)), and
- the response of the chain masses to the passing force, the displacement r = (1/(pi w)) int dk k abs(Phi^(k))/
  (omega(k)^2 + (k v/2 pi)^2) over the width w, in which masses that the force leaves behind at once weigh as much as
  those that it holds; both taken 1 + s^2 times, with s the mean of abs(d ln A/d ln v) over the emitted phonons: where
  the loss is exponentially small, the next order, which is not, overtakes it;
- the recoil, the displacement of a chain mass in the emitted waves over the width of the interaction, root mean square:
  a phonon that takes the energy E per pass moves the masses by sqrt(E/J)/omega, J = abs(1 - v_group/v);
- the energy lost in a pass over the kinetic energy;
- capture: the kinetic energy over the barrier of the rigid lattice.

The estimate is e = 0.3 ((d + r) (1 + s^2) + recoil) + loss/(kinetic energy), and the validity exp(-e), or 0 below the
capture speed. The factor 0.3 was measured against the exact steady drift (``travelling_wave``): in 98 of 100 random
systems (Gaussian and Sech2, band tops 1.2 to 50, spacings 0.8 to 20 widths, masses 0.3 to 10, kinetic energies of 3 to
1,000 amplitudes, speeds up to twice that of sound) the exact mean dissipation over that of Eq. 10 lies between the
validity and its inverse; in the others its logarithm was at most twice e. Typically it is a sixth of e. In chains
other than the paper's the factor was not measured.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.dissipation.single_pass import energy_emitted, shaped, speeds
from chaintheory.dissipation.steady_state import excited, jacobian
from chaintheory.lattice.dispersion import frequency
from chaintheory.lattice.rigid_lattice import lattice_barrier, lattice_potential
from chaintheory.parameters import kinetic_energy

if TYPE_CHECKING:
    from chaintheory.parameters import SystemParameters

Array = NDArray[np.float64]

CALIBRATION = 0.3  # measured, see above
STEP = 1e-4  # relative change of the speed in d ln A/d ln v
WAVE_NUMBERS, LARGEST_WAVE_NUMBER = 160, 8.0  # of the response, the largest over the width
SPEEDS_AT_ONCE = 4096


class ValidityWarning(UserWarning):
    """Second-order theory does not hold for a returned value: a loss above the kinetic energy, a diffusion constant."""


@dataclass(frozen=True)
class Validity:
    """How far the second-order theory can be trusted; pure numbers in the shape of the speed.

    Attributes
    ----------
    value
        Between 0 (not at all) and 1: the exact mean dissipation over that of Eq. 10 is expected between ``value`` and
        its inverse.
    speed_variation
        Spread of the potential of the rigid lattice over twice the kinetic energy.
    sensitivity
        Mean of abs(d ln A/d ln v) over the emitted phonons.
    response
        Displacement of the chain masses under the passing force over the width of the interaction.
    recoil
        Displacement of the chain masses in the emitted waves over the width of the interaction.
    energy_lost
        Mean dissipation over the kinetic energy.
    captured
        Whether the kinetic energy is below the barrier of the rigid lattice.
    reason
        One line: what limits the validity most.

    >>> from chaintheory import Chain, Gaussian, System
    >>> System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).validity(10.0).reason
    'capture: the kinetic energy is below the barrier of the rigid lattice'
    """

    value: Array
    speed_variation: Array
    sensitivity: Array
    response: Array
    recoil: Array
    energy_lost: Array
    captured: NDArray[np.bool_]

    @property
    def reason(self) -> str | NDArray[np.str_]:
        """What limits the validity most, in one line; an array of lines for an array of speeds.

        >>> from chaintheory import Chain, Gaussian, System
        >>> System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).validity(50.0).reason
        'speed variation: the speed changes by 3.2% along the rigid lattice, the loss 2.4 times as much'
        """
        lines = np.array([self._line(index) for index in np.ndindex(np.shape(self.value))], dtype=object)
        return str(lines[0]) if np.ndim(self.value) == 0 else lines.reshape(np.shape(self.value)).astype(str)

    def _line(self, at: tuple[int, ...]) -> str:
        names = ("speed_variation", "sensitivity", "response", "recoil", "energy_lost")
        varied, sensitive, moved, recoil, lost = (float(np.asarray(getattr(self, name))[at]) for name in names)
        if np.asarray(self.captured)[at]:
            return "capture: the kinetic energy is below the barrier of the rigid lattice"
        often = CALIBRATION * (1.0 + sensitive**2)
        parts = (varied * often, moved * often, CALIBRATION * recoil, lost)
        lines = (
            f"speed variation: the speed changes by {100.0 * varied:.2g}% along the rigid lattice, the loss "
            f"{sensitive:.2g} times as much",
            f"response: the passing force moves the masses by {100.0 * moved:.2g}% of the width, the loss changes "
            f"{sensitive:.2g} times as much",
            f"recoil: the emitted waves move the masses by {100.0 * recoil:.2g}% of the width",
            f"energy lost: {100.0 * lost:.2g}% of the kinetic energy in a pass",
        )
        return lines[int(np.argmax(parts))]


def validity(system: SystemParameters, speed: ArrayLike) -> Validity:
    """How far Eq. 10 can be trusted: ``System.validity``, which describes it."""
    values, shape = speeds(speed)
    if system.chain.damping:
        raise ValueError("chain must have no damping for the validity of the second-order theory, which it estimates")
    spacing = system.chain.spacing
    u = np.concatenate([np.linspace(0.0, 0.5 * spacing, 257), np.geomspace(1e-3, 1.0, 65) * 0.5 * spacing])
    energy = lattice_potential(system, u)
    lost, change, recoil = (np.zeros(values.shape) for _ in range(3))
    for lines, found in excited(system, values):
        v, owner, omega = values[lines], found.owner, found.omega
        denominator = jacobian(system, v[owner], found.group)
        contribution = energy_emitted(system, omega, v[owner]) / denominator
        around = [energy_emitted(system, omega, v[owner] * (1.0 + step)) for step in (-STEP, STEP)]
        derivative = np.abs(around[1] - around[0]) / (2.0 * STEP) / denominator
        sums = (contribution, derivative, contribution / denominator / omega**2)
        for total, terms in zip((lost, change, recoil), sums, strict=True):
            total[lines] = np.bincount(owner, terms, minlength=v.size)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        moved = _response(system, values)
        kinetic = np.asarray(kinetic_energy(system, values))
        varied = float(energy.max() - energy.min()) / (2.0 * kinetic)
        constant, width, power = system.interaction.decay
        below = power * constant[0] * (width / values) ** float(power)  # where every loss is below the smallest double
        sensitivity = np.where(lost > 1e-280, change / lost, below)
        recoil = np.sqrt(recoil) / system.interaction.width
        relative = lost / kinetic
        estimate = CALIBRATION * ((varied + moved) * (1.0 + sensitivity**2) + recoil) + relative
    still = moved == 0.0  # without an interaction nothing is approximated
    estimate, varied, sensitivity, relative = (
        np.where(still | np.isnan(one), 0.0, one) for one in (estimate, varied, sensitivity, relative)
    )
    captured = (kinetic <= lattice_barrier(system)) | (values == 0.0)
    value = np.where(captured, 0.0, np.exp(-np.minimum(estimate, 700.0)))
    value, varied, sensitivity, moved, recoil, relative = (
        shaped(one, shape) for one in (value, varied, sensitivity, moved, recoil, relative)
    )
    return Validity(value, varied, sensitivity, moved, recoil, relative, captured.reshape(shape)[()])


def _response(system: SystemParameters, speed: Array) -> Array:
    """The displacement r of the module's docstring, over the width; by the midpoint rule, good to some per cent."""
    width = system.interaction.width
    step = LARGEST_WAVE_NUMBER / WAVE_NUMBERS / width
    k = (np.arange(WAVE_NUMBERS) + 0.5) * step
    force = k * np.abs(system.interaction.transform(k))
    held = frequency(system.chain, 0.5 * k * system.chain.spacing) ** 2
    moved = np.empty(speed.shape)
    for part in np.array_split(np.arange(speed.size), max(speed.size // SPEEDS_AT_ONCE, 1)):
        passing = np.outer(speed[part], k / (2.0 * math.pi))
        moved[part] = (force / (held + passing**2)).sum(axis=1)
    return moved * step / (math.pi * width)


def warn_of_large_losses(system: SystemParameters, speed: ArrayLike, loss: ArrayLike) -> None:
    """Warn where a loss, or a gain, exceeds the kinetic energy (both in hbar Omega_slow) at that speed."""
    losses = np.asarray(loss)
    values = np.broadcast_to(np.abs(np.asarray(speed, dtype=np.float64)), losses.shape)
    with np.errstate(over="ignore"):
        above = np.abs(losses) > kinetic_energy(system, values)
    if np.any(above):
        at = np.unravel_index(int(np.argmax(above)), above.shape)
        warnings.warn(
            f"the loss {float(losses[at]):.3g} at speed {float(values[at]):.6g} exceeds the kinetic energy "
            f"{float(kinetic_energy(system, values[at])):.3g}: second-order theory does not hold there (see validity)",
            ValidityWarning,
            stacklevel=3,
        )
