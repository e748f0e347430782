r"""The named interactions: closed forms of potential, slope and transform.

An interaction is an amplitude times a profile of x = r/width; its transform is a function of kappa = k width.
"""

# ruff: noqa: D102 (methods without a docstring are described in Interaction)
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions.base import Decay, Interaction, clipped, floating
from chaintheory.interactions.grammar import number_in_latex
from chaintheory.support.double_double import FOUR_PI, FOUR_PI_SQUARED, TWO_PI_SQUARED, product
from chaintheory.support.validation import BUFFERS, amplitude_of, scale, shown, whole
from chaintheory_ext.generated import interactions as generated

if TYPE_CHECKING:
    from flint import arb

Array = NDArray[np.float64]


def farthest(slope: Callable[[Any], Array], tolerance: float, end: float = 1e12) -> float:
    """Where abs(slope) falls below ``tolerance`` of its largest for good, by samples up to ``end`` and bisection."""
    x = np.geomspace(1e-3, end, 3001)
    steepness = np.abs(slope(x))
    least = tolerance * steepness.max()
    if least == 0.0:
        return 0.0
    last = np.flatnonzero(steepness >= least)[-1]
    low, high = x[last], x[min(last + 1, x.size - 1)]
    for _ in range(60):
        middle = 0.5 * (low + high)
        if abs(float(slope(middle))) >= least:
            low = middle
        else:
            high = middle
    return float(high)


@dataclass(frozen=True)
class _Profile(Interaction):
    """amplitude * profile(r/width)."""

    amplitude: float
    width: float

    LATEX: ClassVar[str] = ""  # with a for the amplitude, w for the width
    EXPONENT: ClassVar[tuple[tuple[float, float], int]] = (0.0, 0.0), 1  # constant and power of `decay`
    ANALYTIC: ClassVar[float] = 0.0  # `analytic_width` in widths
    PROFILE: ClassVar[tuple[Callable[[Array], Array], ...]] = ()  # the profile and two derivatives
    TRANSFORM: ClassVar[tuple[Callable[..., Any], ...]] = ()  # over amplitude width, of k width in an arithmetic

    def __post_init__(self) -> None:
        object.__setattr__(self, "amplitude", amplitude_of("amplitude", self.amplitude))
        object.__setattr__(self, "width", scale("width", self.width))

    @property
    def coefficients(self) -> tuple[float, ...]:
        return self.amplitude, self.width

    @property
    def latex(self) -> str:
        return self.LATEX % {"a": number_in_latex(self.amplitude), "w": number_in_latex(self.width)}

    @property
    def decay(self) -> Decay:
        constant, power = self.EXPONENT
        return Decay(constant, self.width, power)

    @property
    def analytic_width(self) -> float:
        return self.ANALYTIC * self.width

    def _derivative(self, r: ArrayLike, order: int) -> Array:
        with np.errstate(over="ignore"):
            profile = self._profile(clipped(floating("r", r) / self.width), order)
            return self.amplitude / self.width**order * profile

    def transform(self, k: ArrayLike) -> Array:
        with np.errstate(over="ignore"):
            if self.amplitude == 0.0:
                return np.zeros(floating("k", k).shape)[()]
            return self.amplitude * self.width * self._transform(clipped(floating("k", k) * self.width))

    def shape(self, k: ArrayLike) -> Array:
        with np.errstate(over="ignore"):
            factor = (self.amplitude * self.width) ** 2
            if factor == 0.0:
                return np.zeros(floating("k", k).shape)[()]
            return factor * self._shape(clipped(floating("k", k) * self.width))

    def _scaled(self, energy: float, length: float) -> Interaction:
        return replace(self, amplitude=energy * self.amplitude, width=length * self.width)

    def _enclosed(self, k: arb) -> arb:
        from flint import arb

        width = arb(self.width)
        return arb(self.amplitude) * width * self._enclosed_transform(k * width)

    def _reach(self, tolerance: float) -> float:
        if self.amplitude == 0.0:
            return 0.0
        return self.width * farthest(lambda x: self._profile(x, 1), tolerance)

    def _profile(self, x: Array, order: int) -> Array:
        """The profile or, for order 1 or 2, a derivative of it."""
        return self.PROFILE[order](x)

    def _transform(self, kappa: Array) -> Array:
        return np.asarray(self.TRANSFORM[0](np.abs(kappa)))[()]

    def _shape(self, kappa: Array) -> Array:
        return self._transform(kappa) ** 2

    def _enclosed_transform(self, kappa: arb) -> arb:
        from chaintheory.support.balls import BALLS

        return self.TRANSFORM[0](kappa, BALLS)


@dataclass(frozen=True)
class Gaussian(_Profile):
    r"""Phi(r) = amplitude exp(-r^2/(2 width^2)), the interaction of the paper.

    Transform: sqrt(2 pi) amplitude width exp(-(k width)^2/2).

    >>> float(Gaussian(amplitude=2.0, width=4.0).potential(0.0))
    2.0
    """

    kind: ClassVar[str] = "gaussian"
    closed: ClassVar[bool] = True
    LATEX: ClassVar[str] = r"%(a)s\,e^{-r^2/(2\cdot %(w)s^2)}"
    ANALYTIC = math.inf
    EXPONENT = FOUR_PI_SQUARED, 2
    PROFILE = generated.gaussian_profile, generated.gaussian_slope, generated.gaussian_curvature
    TRANSFORM = (generated.gaussian_transform,)

    def _shape(self, kappa: Array) -> Array:
        return np.full_like(kappa, 2.0 * math.pi)


@dataclass(frozen=True)
class HalfIntegerMatern(_Profile):
    """exp(-y) times a polynomial of degree ``order`` in y = sqrt(2 order + 1) abs(r)/width."""

    order: ClassVar[int]
    closed: ClassVar[bool] = True

    @property
    def smoothness(self) -> float:
        return 2 * self.order

    @property
    def total(self) -> float:
        """Integral of the profile over r, in units of the width: the transform at k = 0."""
        root = math.sqrt(2 * self.order + 1)
        return 2.0 / root * math.fsum(c * math.factorial(j) for j, c in enumerate(self._polynomial))

    @property
    def _polynomial(self) -> list[float]:
        """Coefficients of the profile's polynomial in y (a reverse Bessel polynomial), lowest power first."""
        p = self.order
        scale = math.factorial(p) / math.factorial(2 * p)
        return [
            scale * math.factorial(2 * p - j) * 2**j / (math.factorial(p - j) * math.factorial(j)) for j in range(p + 1)
        ]

    def _argument(self, x: Array) -> Array:
        """The polynomial's argument; at 800 the exponential is 0."""
        return np.minimum(math.sqrt(2 * self.order + 1) * np.abs(x), 800.0)

    def _profile(self, x: Array, order: int) -> Array:
        y = self._argument(x)
        coefficients = self._polynomial
        for _ in range(order):
            coefficients = _slope_of_decaying(coefficients)
        if order == 1 and self.order:
            coefficients[0] = 0.0  # exactly: c[1] = c[0]
        factor = (1.0, math.sqrt(2 * self.order + 1) * np.sign(x), 2 * self.order + 1)[order]
        return np.asarray(factor * np.polynomial.polynomial.polyval(y, coefficients) * np.exp(-y))

    def _transform(self, kappa: Array) -> Array:
        return generated.matern_transform(kappa, self.order, self.total)

    def _enclosed_transform(self, kappa: arb) -> arb:
        from flint import arb, fmpq

        p = self.order
        total = arb(0)
        for j in range(p + 1):
            numerator = math.factorial(p) * math.factorial(2 * p - j) * 2**j
            total += arb(fmpq(numerator, math.factorial(2 * p) * math.factorial(p - j)))
        return generated.matern_transform(kappa, p, 2 * total / arb(2 * p + 1).sqrt())


def _slope_of_decaying(c: list[float]) -> list[float]:
    """Coefficients of exp(y) d/dy [p(y) exp(-y)] of the polynomial p with coefficients c."""
    derivative = [(j + 1) * after for j, after in enumerate(c[1:])] + [0.0]
    return [up - here for up, here in zip(derivative, c, strict=True)]


@dataclass(frozen=True)
class Exponential(HalfIntegerMatern):
    """Phi(r) = amplitude exp(-abs(r)/width): the cusp.

    Transform: 2 amplitude width/(1 + (k width)^2). The cusp radiates at any speed: the loss in a pass
    at speed 0 is 2 amplitude^2/(width^2 omega_fast).

    >>> float(Exponential(amplitude=2.0, width=4.0).transform(0.25))
    8.0
    """

    order: ClassVar[int] = 0
    kind: ClassVar[str] = "exponential"
    LATEX: ClassVar[str] = r"%(a)s\,e^{-|r|/%(w)s}"

    @property
    def exponential_tail(self) -> tuple[float, float]:
        return 0.0, self.width


@dataclass(frozen=True)
class Matern(HalfIntegerMatern):
    """The Matern family of half-integer index nu = order + 1/2, with Phi(0) = amplitude.

    exp(-y) times a reverse Bessel polynomial of y = sqrt(2 nu) abs(r)/width. Order 0 is the cusp;
    2 ``order`` derivatives are continuous at r = 0. Transform: proportional to
    (1 + (k width)^2/(2 nu))^-(order + 1).

    >>> print(round(float(Matern(amplitude=1.0, width=2.0, order=1).potential(2.0)), 12))
    0.483357724597
    """

    order: int = 1  # type: ignore[misc]  # a parameter here, fixed in the base

    kind: ClassVar[str] = "matern"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "order", whole("order", self.order, 0, 20))

    @property
    def coefficients(self) -> tuple[float, ...]:
        return self.amplitude, self.width, float(self.order)

    @property
    def latex(self) -> str:
        terms = [
            number_in_latex(c) + ("" if power == 0 else " y" if power == 1 else f" y^{{{power}}}")
            for power, c in enumerate(self._polynomial)
        ]
        return (
            f"{number_in_latex(self.amplitude)}\\,({' + '.join(terms)})\\,e^{{-y}},\\quad "
            f"y = \\sqrt{{{2 * self.order + 1}}}\\,|r|/{number_in_latex(self.width)}"
        )


@dataclass(frozen=True)
class Lorentzian(_Profile):
    """Phi(r) = amplitude/(1 + (r/width)^2). Transform: pi amplitude width exp(-k width).

    >>> float(Lorentzian(amplitude=2.0, width=4.0).potential(4.0))
    1.0
    """

    kind: ClassVar[str] = "lorentzian"
    tail: ClassVar[float] = 2.0
    LATEX: ClassVar[str] = r"\frac{%(a)s}{1 + (r/%(w)s)^2}"
    ANALYTIC = 1.0
    EXPONENT = FOUR_PI, 1
    PROFILE = generated.lorentzian_profile, generated.lorentzian_slope, generated.lorentzian_curvature
    TRANSFORM = (generated.lorentzian_transform,)

    def _shape(self, kappa: Array) -> Array:
        return np.full_like(kappa, generated.lorentzian_transform(0.0) ** 2)


@dataclass(frozen=True)
class Sech2(_Profile):
    """Phi(r) = amplitude/cosh(r/width)^2. Transform: amplitude width (pi k width)/sinh(pi k width/2).

    >>> round(float(Sech2(amplitude=2.0, width=4.0).potential(4.0)), 9)
    0.839948683
    """

    kind: ClassVar[str] = "sech2"
    LATEX: ClassVar[str] = r"\frac{%(a)s}{\cosh^2(r/%(w)s)}"
    ANALYTIC = 0.5 * math.pi
    EXPONENT = TWO_PI_SQUARED, 1

    def _profile(self, x: Array, order: int) -> Array:
        profile = generated.sech2_profile(np.where(x.real < 0.0, -x, x))
        if order == 0:
            return profile
        return generated.sech2_slope(profile, x) if order == 1 else generated.sech2_curvature(profile)

    def _transform(self, kappa: Array) -> Array:
        kappa = np.maximum(np.abs(kappa), 1e-300)
        return generated.sech2_transform(generated.sech2_prefactor(kappa), kappa)

    def _shape(self, kappa: Array) -> Array:
        return generated.sech2_prefactor(np.maximum(np.abs(kappa), 1e-300)) ** 2

    def _enclosed_transform(self, kappa: arb) -> arb:
        from flint import acb

        # sinh(x)/x is sin(ix)/(ix), which is defined at 0.
        return 2 / acb(0, kappa.pi() * kappa / 2).sinc().real


@dataclass(frozen=True)
class SoftenedCoulomb(_Profile):
    """Phi(r) = amplitude/sqrt(1 + (r/width)^2): a charge at distance ``width`` from the chain.

    Transform: 2 amplitude width K0(k width), infinite at k = 0.

    >>> round(float(SoftenedCoulomb(amplitude=2.0, width=4.0).potential(4.0)), 9)
    1.414213562
    """

    kind: ClassVar[str] = "softened_coulomb"
    tail: ClassVar[float] = 1.0
    LATEX: ClassVar[str] = r"\frac{%(a)s}{\sqrt{1 + (r/%(w)s)^2}}"
    ANALYTIC = 1.0
    EXPONENT = FOUR_PI, 1
    PROFILE = generated.softened_coulomb_profile, generated.softened_coulomb_slope, generated.softened_coulomb_curvature

    def _transform(self, kappa: Array) -> Array:
        from scipy.special import k0

        return generated.softened_coulomb_transform(k0(np.abs(kappa)))

    def _shape(self, kappa: Array) -> Array:
        from scipy.special import k0e

        return generated.softened_coulomb_transform(k0e(np.abs(kappa))) ** 2

    def _enclosed_transform(self, kappa: arb) -> arb:
        return generated.softened_coulomb_transform(kappa.bessel_k(0))


@dataclass(frozen=True)
class SquareWell(_Profile):
    """Phi(r) = amplitude for abs(r) < width, 0 outside: it acts by kicks, and cannot be simulated.

    Transform: 2 amplitude sin(k width)/k.

    >>> round(float(SquareWell(amplitude=2.0, width=4.0).transform(0.25)), 9)
    13.463535757
    """

    kind: ClassVar[str] = "square_well"
    LATEX: ClassVar[str] = r"%(a)s\quad (|r| < %(w)s)"
    monotone: ClassVar[bool] = False

    @property
    def smoothness(self) -> float:
        return -1

    def _reach(self, tolerance: float) -> float:
        return self.width

    @property
    def transform_slope_bound(self) -> float:
        return abs(self.amplitude) * self.width**2

    def _derivative(self, r: ArrayLike, order: int) -> Array:
        if order:
            raise ValueError("interaction SquareWell has no finite slope; use a smooth one, for instance a Gaussian")
        return super()._derivative(r, order)

    def _profile(self, x: Array, order: int) -> Array:
        return np.where(np.abs(x) < 1.0, 1.0, 0.0)

    def _transform(self, kappa: Array) -> Array:
        return 2.0 * np.sinc(kappa / math.pi)

    def _enclosed_transform(self, kappa: arb) -> arb:
        return 2 * kappa.sinc()


@dataclass(frozen=True)
class GaussianMixture(Interaction):
    """A sum of Gaussians: Phi(r) = sum_i amplitudes[i] exp(-r^2/(2 widths[i]^2)).

    Transform: the sum of theirs. ``amplitudes`` and ``widths`` are sequences of one length, at least 1.

    >>> float(GaussianMixture([3.0, -1.0], [1.0, 2.0]).potential(0.0))
    2.0
    """

    amplitudes: Sequence[float]
    widths: Sequence[float]

    closed: ClassVar[bool] = True
    analytic_width: ClassVar[float] = math.inf

    def __post_init__(self) -> None:
        for name in ("amplitudes", "widths"):
            value = getattr(self, name)
            if (
                isinstance(value, str | BUFFERS)
                or not (hasattr(value, "__len__") and hasattr(value, "__getitem__"))
                or (isinstance(value, np.ndarray) and value.ndim == 0)
            ):
                raise TypeError(f"{name} must be a sequence of numbers, got {shown(value)}")
        amplitudes = tuple(amplitude_of("amplitudes", a) for a in self.amplitudes)
        widths = tuple(scale("widths", w) for w in self.widths)
        if not amplitudes or len(amplitudes) != len(widths):
            raise ValueError(
                f"amplitudes and widths must be of one length, at least 1, got {len(amplitudes)} and {len(widths)}"
            )
        object.__setattr__(self, "amplitudes", amplitudes)
        object.__setattr__(self, "widths", widths)

    @property
    def parts(self) -> list[Gaussian]:
        """The Gaussians.

        >>> GaussianMixture([3.0, -1.0], [1.0, 2.0]).parts
        [Gaussian(amplitude=3.0, width=1.0), Gaussian(amplitude=-1.0, width=2.0)]
        """
        return [Gaussian(a, w) for a, w in zip(self.amplitudes, self.widths, strict=True)]

    @property
    def width(self) -> float:  # type: ignore[override]  # fixed for most kinds, computed here
        """The smallest width, in l_slow, which rules at large k.

        >>> GaussianMixture([3.0, -1.0], [1.0, 2.0]).width
        1.0
        """
        return min(self.widths)

    @property
    def monotone(self) -> bool:  # type: ignore[override]  # fixed for most kinds, computed here
        return all(a >= 0.0 for a in self.amplitudes) or all(a <= 0.0 for a in self.amplitudes)

    @property
    def transform_slope_bound(self) -> float:
        return 2.0 * sum(abs(part.amplitude) * part.width**2 for part in self.parts)

    @property
    def decay(self) -> Decay:
        return Decay(FOUR_PI_SQUARED, self.width, 2)

    @property
    def latex(self) -> str:
        return " + ".join(part.latex for part in self.parts).replace("+ -", "- ")

    def _derivative(self, r: ArrayLike, order: int) -> Array:
        return sum(part._derivative(r, order) for part in self.parts)  # type: ignore[return-value]  # no part, no mixture

    def transform(self, k: ArrayLike) -> Array:
        with np.errstate(over="ignore"):
            kappa = clipped(floating("k", k) * self.width)
        return generated.gaussian_transform(kappa) * self._beside_narrowest(k)[0]

    def shape(self, k: ArrayLike) -> Array:
        return 2.0 * math.pi * self._beside_narrowest(k)[0] ** 2

    def cancellation(self, k: ArrayLike) -> tuple[Array, Array]:
        """What multiplies the narrowest exponential in the transform (modulus), and the sizes it is rounded from.

        Both are energy times length over sqrt(2 pi), for k in 1/l_slow of any shape; their ratio, times 1e-16, is the
        relative error that cancellation leaves. A ValueError for a k that is not finite.

        >>> [round(float(value), 9) for value in GaussianMixture([1.0, -1.0], [4.0, 4.0 + 1e-9]).cancellation(0.0)]
        [1e-09, 1e-09]
        """
        value, size = self._beside_narrowest(k)
        return np.abs(value), size

    def _beside_narrowest(self, k: ArrayLike) -> tuple[Array, Array]:
        """Sum of a w exp(-(w^2 - narrowest^2) k^2/2), and the size from which it is rounded.

        From a sum of exponentials, or from sum(a w), which is exact, and exponentials less 1: what cancels less.
        """
        narrow = self.width
        exact = [float(part) for a, w in zip(self.amplitudes, self.widths, strict=True) for part in product(a, w)]
        total = math.fsum(exact)
        with np.errstate(over="ignore"):
            k = clipped(floating("k", k) * narrow) / narrow
            plain, less = np.zeros((2, *np.shape(k)))
            size_plain, size_less = np.zeros_like(plain), np.full_like(plain, abs(total))
            for a, w in zip(self.amplitudes, self.widths, strict=True):
                power = -0.5 * (w - narrow) * (w + narrow) * k * k
                plain, less = plain + a * w * np.exp(power), less + a * w * np.expm1(power)
                size_plain = size_plain + np.abs(a * w) * np.exp(power)
                size_less = size_less - np.abs(a * w) * np.expm1(power)
        better = size_less < size_plain
        return np.where(better, total + less, plain)[()], np.where(better, size_less, size_plain)[()]

    def _enclosed(self, k: arb) -> arb:
        from flint import arb

        return sum((part._enclosed(k) for part in self.parts), arb(0))

    def _scaled(self, energy: float, length: float) -> Interaction:
        return GaussianMixture([energy * a for a in self.amplitudes], [length * w for w in self.widths])

    def _reach(self, tolerance: float) -> float:
        # Each part is kept as far as its own force is felt; where the largest forces cancel the parts are felt farther.
        end = 1e3 * max(self.widths) / self.width
        together = self.width * farthest(lambda x: self.slope(self.width * x), tolerance, end)
        return max(together, *(part.reach(tolerance) for part in self.parts))
