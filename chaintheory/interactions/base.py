r"""What every interaction between the particle and one chain mass at distance r provides.

Every interaction is even in r and decays. A particle at constant speed depends on it through the transform only,

.. math:: \hat\Phi(k) = \int_{-\infty}^\infty \Phi(r)\, e^{i k r}\, dr .

The square of the transform is written ``shape(k) * exp(-E)``: the prefactor ``shape`` varies slowly and the exponent E,
``Decay``, holds what makes losses exponentially small, so that neither is rounded away or underflows.

Units: energy hbar Omega_slow, length l_slow (notation table of the ledger).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.support.validation import masked, number, positive, real_array, shown

if TYPE_CHECKING:
    from flint import arb

Array = NDArray[np.float64]


class Decay(NamedTuple):
    """The exponent E = constant (width omega/speed)^power of the squared transform at k = 2 pi omega/speed.

    ``constant`` is a double and its remainder, as E may be several hundred and its error is the loss's.
    """

    constant: tuple[float, float] = (0.0, 0.0)
    width: float = 1.0
    power: int = 1


class Interaction:
    """An even, decaying interaction potential Phi(r); see the subclasses.

    Parameters of the subclasses: ``amplitude`` in hbar Omega_slow, of either sign, and ``width`` in l_slow, positive.
    Functions of a distance or a wave number take any shape and give the same.

    Attributes
    ----------
    kind
        Name under which the compiled integrator knows it; ``"user"`` has it tabulated.
    width
        The length over which it varies.
    closed
        Whether the single-pass dissipation has a closed form.

    Raises
    ------
    TypeError
        A parameter, a distance or a wave number that is no real number.
    ValueError
        A parameter that is not in its range; a distance or a wave number that is not finite.

    >>> Interaction.from_expression("2*exp(-abs(r)/4)")
    Exponential(amplitude=2.0, width=4.0)
    """

    kind: ClassVar[str] = "user"
    closed: ClassVar[bool] = False
    # |transform| falls monotonically with k, as it does without a change of sign or a jump.
    monotone: ClassVar[bool] = True
    # The power of 1/r with which it falls; infinite for those that fall faster than any.
    tail: ClassVar[float] = math.inf

    width: float

    # Class methods; formula.py and table.py, which know how, attach them.
    from_expression: ClassVar[Callable[..., Interaction]]
    from_samples: ClassVar[Callable[..., Interaction]]
    from_callable: ClassVar[Callable[..., Interaction]]
    from_file: ClassVar[Callable[..., Interaction]]

    @property
    def smoothness(self) -> float:
        """How many derivatives of Phi are continuous everywhere, at least: a pure number, or infinity.

        0 for a cusp, -1 for a step. It limits the order at which an integrator converges.

        >>> from chaintheory import Exponential, Gaussian, Matern
        >>> Gaussian(2.0, 4.0).smoothness, Matern(2.0, 4.0, order=2).smoothness, Exponential(2.0, 4.0).smoothness
        (inf, 4, 0)
        """
        return math.inf

    @property
    def smooth(self) -> bool:
        """Whether the force is continuous, see ``smoothness`` (a pure number).

        >>> from chaintheory import Exponential
        >>> Exponential(2.0, 4.0).smooth
        False
        """
        return self.smoothness > 0

    @property
    def discontinuous(self) -> bool:
        """Whether Phi has steps: the force acts there only, in kicks, and the transform oscillates and falls like 1/k.

        A truth value, without units.

        >>> from chaintheory import Exponential, SquareWell
        >>> SquareWell(2.0, 4.0).discontinuous, Exponential(2.0, 4.0).discontinuous
        (True, False)
        """
        return self.smoothness < 0

    @property
    def exponential_tail(self) -> tuple[float, float] | None:
        """The distance from which on Phi is proportional to exp(-r/length), and this length (l_slow); None for no such.

        >>> from chaintheory import Exponential, Gaussian
        >>> Exponential(2.0, 4.0).exponential_tail, Gaussian(2.0, 4.0).exponential_tail
        ((0.0, 4.0), None)
        """
        return None

    @property
    def analytic_width(self) -> float:
        """Phi(r) is analytic for an imaginary part of r below this, in l_slow; 0 for a cusp or a step.

        >>> from chaintheory import Lorentzian
        >>> Lorentzian(2.0, 4.0).analytic_width
        4.0
        """
        return 0.0

    @property
    def coefficients(self) -> tuple[float, ...]:
        """What the compiled integrator takes: amplitude (hbar Omega_slow), width (l_slow) and any further ones.

        >>> from chaintheory import Gaussian
        >>> Gaussian(2.0, 4.0).coefficients
        (2.0, 4.0)
        """
        return ()

    @property
    def latex(self) -> str:
        r"""Phi(r) in LaTeX, with its numbers, in units of hbar Omega_slow and l_slow.

        >>> from chaintheory import Gaussian
        >>> print(Gaussian(2.0, 4.0).latex)
        2\,e^{-r^2/(2\cdot 4^2)}
        """
        raise NotImplementedError

    def _repr_latex_(self) -> str:
        return rf"$\Phi(r) = {self.latex}$"

    @property
    def decay(self) -> Decay:
        """The exponent E of the squared transform, a pure number; zero where there is none.

        >>> from chaintheory import Lorentzian
        >>> Lorentzian(2.0, 4.0).decay.power
        1
        """
        return Decay()

    def potential(self, r: ArrayLike) -> Array:
        """Phi(r) in hbar Omega_slow for r in l_slow, any shape; a ValueError for an r that is not finite.

        >>> Interaction.from_expression("2*exp(-r**2/32)").potential([0.0, 4.0]).round(6).tolist()
        [2.0, 1.213061]
        """
        return self._derivative(r, 0)

    def slope(self, r: ArrayLike) -> Array:
        """dPhi/dr in hbar Omega_slow/l_slow, any shape; minus the force. 0 at r = 0 also for a cusp.

        A ValueError for an r that is not finite, and for a square well, which has none.

        >>> Interaction.from_expression("2*exp(-r**2/32)").slope([4.0, 8.0]).round(6).tolist()
        [-0.303265, -0.135335]
        """
        return self._derivative(r, 1)

    def curvature(self, r: ArrayLike) -> Array:
        """Second derivative of Phi in r, hbar Omega_slow/l_slow^2, any shape; of a cusp that beside 0.

        A ValueError for an r that is not finite, and for a square well, which has none.

        >>> Interaction.from_expression("2*exp(-r**2/32)").curvature([0.0, 4.0]).round(6).tolist()
        [-0.125, 0.0]
        """
        return self._derivative(r, 2)

    def _derivative(self, r: ArrayLike, order: int) -> Array:
        """Phi or, for order 1 or 2, a derivative of it."""
        raise NotImplementedError

    def transform(self, k: ArrayLike) -> Array:
        """Fourier transform int Phi(r) exp(i k r) dr, energy times length, at wave number k (1/l_slow); any shape.

        A ValueError for a k that is not finite.

        >>> round(float(Interaction.from_expression("2*exp(-r**2/32)").transform(0.0)), 6)
        20.053026
        """
        raise NotImplementedError

    def shape(self, k: ArrayLike) -> Array:
        """Squared transform without its factor exp(-E), see ``decay``; any shape, k in 1/l_slow.

        A ValueError for a k that is not finite.

        >>> from chaintheory import Gaussian
        >>> Gaussian(2.0, 4.0).shape([0.0, 9.0]).round(6).tolist()
        [402.12386, 402.12386]
        """
        return self.transform(k) ** 2

    @property
    def transform_slope_bound(self) -> float:
        """A bound of the transform's derivative, at least 2 int_0^inf r |Phi(r)| dr: energy times length^2.

        A ValueError for an interaction whose transform falls without oscillating and needs none.

        >>> from chaintheory import SquareWell
        >>> SquareWell(2.0, 4.0).transform_slope_bound
        32.0
        """
        raise ValueError(f"interaction must be one whose transform may oscillate, got {self!r}")

    def enclosed_transform(self, k: arb) -> arb | None:
        """Transform (energy times length) in ball arithmetic; None when there is no formula to enclose.

        For any real k, of either sign. Not finite where the transform is not, as that of SoftenedCoulomb at 0.
        A TypeError for a k that is neither a real ball nor a number.

        >>> from chaintheory import Gaussian
        >>> from flint import arb
        >>> round(float(Gaussian(2.0, 4.0).enclosed_transform(arb(0))), 6)
        20.053026
        """
        from flint import arb

        if not isinstance(k, arb | int | float):
            raise TypeError(f"k must be a real ball of python-flint (arb) or a number, got {shown(k)}")
        return self._enclosed(abs(arb(k)))

    def _enclosed(self, k: arb) -> arb | None:
        return None

    def scaled(self, energy: float, length: float) -> Interaction:
        """The interaction energy Phi(r/length): in other units of energy and length, or stronger, or of the other sign.

        A ValueError for an energy of 0 and for a length that is not positive.

        >>> from chaintheory import Gaussian
        >>> Gaussian(2.0, 4.0).scaled(-0.5, 10.0)
        Gaussian(amplitude=-1.0, width=40.0)
        """
        if not (energy := number("energy", energy)):
            raise ValueError("energy must not be 0")
        return self._scaled(energy, positive("length", length))

    def _scaled(self, energy: float, length: float) -> Interaction:
        raise NotImplementedError

    def reach(self, tolerance: float = 1e-17) -> float:
        """Distance (l_slow) beyond which abs(dPhi/dr) is below ``tolerance`` times its largest value.

        A ValueError for a tolerance that is not between 0 and 1.

        >>> from chaintheory import Gaussian
        >>> round(Gaussian(2.0, 4.0).reach(), 1)
        36.6
        """
        if not positive("tolerance", tolerance) < 1.0:
            raise ValueError(f"tolerance must be less than 1, got {tolerance!r}")
        return self._reach(tolerance)

    def _reach(self, tolerance: float) -> float:
        raise NotImplementedError


def floating(name: str, values: ArrayLike) -> Array:
    """``values`` as finite doubles; arrays of complex values, for the analytic continuation, stay complex."""
    if isinstance(values, np.ndarray) and values.ndim and values.dtype == np.complex128 and not masked(values):
        return np.asarray(values)
    return real_array(name, values)


def clipped(values: Array, farthest: float = 1e150) -> Array:
    """Real distances beyond ``farthest``, whose square would soon be no double, are as good as infinite."""
    return values if values.dtype == np.complex128 else np.clip(values, -farthest, farthest)
