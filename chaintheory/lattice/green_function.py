r"""The chain's retarded Green's function in the frame of a steadily moving particle.

In steady drift every mass has the same history one transit time T = spacing/v after its neighbour. Time t = tau/T
counts transit times: a force F(t) on mass 0 is F(t - n) on mass n, and the displacement R(t) of mass 0 obeys

.. math:: \hat R(x) = \frac{\hat F(x)}{\Lambda(x)}, \qquad
          \Lambda(x) = 1 + (\omega_{fast}^2 - 1)\sin^2\pi x - c^2 (x + z)^2, \qquad c = v/\alpha .

x is the frequency in units of 1/T, and at once the wave number q a/(2 pi) of a phonon in phase with the particle. The
zeros of Lambda at z = 0 are the roots of the resonance condition omega(x) = c x. The shift z = i nu/(2 pi c) serves
perturbations of the steady state that grow like exp(nu tau).

**Radiation condition.** A response that does not precede its force has Im z > 0, however small. No zero then lies on
the real axis: those above it run ahead of the particle, those below it follow. In the limit z = 0 a real zero x_j
belongs above where Lambda'(x_j)/x_j > 0, that is where the group velocity exceeds v, and below where it does not.

**Contour.** The inverse transform is integrated along a line Im x = const., where the integrand is analytic in a
strip and the trapezoidal rule converges geometrically. A zero that belongs above the contour but lies below the line
adds its residue, 2 pi i exp(-2 pi i x_j t)/Lambda'(x_j). Near a resonance two zeros coalesce, one from above and
one from below the contour. The line passes well above both: cost and accuracy do not depend on their distance,
and the divergence of the Green's function is that of 1/Lambda' in one residue.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.lattice.dispersion import (
    band_width,
    frequency_squared,
    resonance,
    resonance_curvature,
    resonance_slope,
)

Array = NDArray[np.floating[Any]]
Complex = NDArray[Any]  # real values, where all are real, stay real

DIGITS = 37.0  # exp(-37) = 1e-16: the aliasing that the trapezoidal rule along the line may leave
COALESCING = 0.1  # distance in x within which two zeros are found from the extremum of Lambda between them
SAME = 1e-6  # distance in x of a zero from itself found in another way, where two coalesce
LARGEST_GROWTH = 4.0  # exponent of exp(2 pi eta t) at the largest lag, by which rounding errors grow
LOWEST_LINE, HIGHEST_LINE = 1e-3, 0.5  # bounds of Im x for very long and very short pulses
MOST_FREQUENCIES = 2**22  # on the line: a second, and some 200 MB
LARGEST_STEP = 0.15  # in x, of one step of Newton's method: zeros are about 1/2 apart


@dataclass(frozen=True)
class MovingDispersion:
    """Lambda(x), the inverse of the chain's response in the frame of the particle.

    Attributes
    ----------
    omega_fast
        Top of the phonon band.
    slope
        c = v/spacing, the inverse of the transit time.
    shift
        z = i nu/(2 pi c); 0 in the steady state. Im z < 0, a decaying perturbation, only if small.

    >>> line = MovingDispersion(omega_fast=10.0, slope=1.0)
    >>> float(line.value(0.0)), float(line.value(0.5))
    (1.0, 99.75)
    """

    omega_fast: float
    slope: float
    shift: complex = 0.0

    def value(self, x: Any) -> Any:
        """Lambda(x)."""
        return resonance(np.sin(math.pi * x) ** 2, self.slope * (x + self.shift), self.omega_fast)

    def derivative(self, x: Any) -> Any:
        """Lambda'(x)."""
        return resonance_slope(np.sin(2.0 * math.pi * x), self.slope * (x + self.shift), self.slope, self.omega_fast)

    def second_derivative(self, x: Any) -> Any:
        """Lambda''(x)."""
        return resonance_curvature(np.cos(2.0 * math.pi * x), self.slope, self.omega_fast)

    def along(self, real: Array, height: float) -> Complex:
        """Lambda(real + i height), by real arithmetic."""
        angle, b = 2.0 * math.pi * real, 2.0 * math.pi * height
        sine_squared = 0.5 - 0.5 * math.cosh(b) * np.cos(angle) + 0.5j * math.sinh(b) * np.sin(angle)
        return resonance(sine_squared, self.slope * (real + (1j * height + self.shift)), self.omega_fast)

    def farthest(self, height: float) -> float:
        """Distance from -z within which all zeros with abs(Im x) <= height lie: there abs(c (x + z)) is too large."""
        return math.sqrt(frequency_squared(math.cosh(math.pi * height) ** 2, self.omega_fast)) / self.slope


@dataclass(frozen=True)
class Zeros:
    """Zeros ``x`` of Lambda, its derivative ``slope`` there, and whether each belongs ``ahead``, above the contour."""

    x: Complex
    slope: Complex
    ahead: NDArray[np.bool_]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Zeros:
        return Zeros(self.x[chosen], self.slope[chosen], self.ahead[chosen])


def zeros(line: MovingDispersion, height: float) -> Zeros:
    """All zeros of Lambda with abs(Im x) < ``height`` or a little more, by rising real part.

    Newton's method from a net of points finds them; the argument principle proves that none is missing. Two that
    coalesce are found from the extremum of Lambda between them, without cancellation.

    Raises
    ------
    ArithmeticError
        Zeros that could not be separated.

    >>> found = zeros(MovingDispersion(omega_fast=10.0, slope=2.25), 1e-3)  # the paper's chain at v = 90
    >>> found.x.real[found.ahead & (found.x.real > 0.0)].round(4).tolist()
    [1.0707, 2.1585, 3.2607]
    """
    for density, higher in ((3, 1.0), (3, 1.05), (6, 1.02), (12, 1.07), (24, 1.03)):
        x, slope = _search(line, higher * height, density)
        if x.size == _number_of_zeros(line, higher * height):
            return Zeros(x, slope, _ahead(line, x, slope))
    raise ArithmeticError(f"the zeros of the dispersion relation cannot be separated at v/spacing = {line.slope!r}")


def _ahead(line: MovingDispersion, x: Complex, slope: Complex) -> NDArray[np.bool_]:
    """Whether each zero belongs above the contour; for Im z < 0 they are followed from Im z = 0."""
    shift = complex(line.shift)
    if shift.imag > 0.0:
        return x.imag > 0.0
    if shift.imag < 0.0:
        # To first order in Im z; small enough where it moves no zero as far as its neighbour.
        drift = 2.0 * line.slope**2 * (x + shift) / slope * 1j * shift.imag
        return (x - 1.5 * drift).imag > 0.0
    return np.where(x.imag == 0.0, (x.real + shift.real) * slope.real > 0.0, x.imag > 0.0)


def _shifted_along_the_axis(line: MovingDispersion) -> bool:
    """Whether Lambda is real on the real axis, so that its zeros are real or come in conjugate pairs."""
    return complex(line.shift).imag == 0.0


def _search(line: MovingDispersion, height: float, density: int) -> tuple[Complex, Complex]:
    """The zeros with abs(Im x) < height that Newton's method finds, and Lambda' there."""
    reach, center = line.farthest(height) + 1.0, -complex(line.shift).real
    first = 0 if line.shift == 0.0 else math.floor((center - reach) * density)
    real = np.arange(first, math.ceil((center + reach) * density) + 1) / density
    upper = [0.0, 0.25, 0.6, 1.0]
    lower = [] if _shifted_along_the_axis(line) else [-1.0, -0.6, -0.25]
    starts = (real[:, None] + 0.11 / density + 1j * height * np.array([*upper, *lower])).ravel()
    extrema = _newton(line.derivative, line.second_derivative, starts)
    extrema = _distinct(_mirrored(line, extrema), 1e-6)
    alone = _mirrored(line, _newton(line.value, line.derivative, starts))
    values = line.value(extrema)
    offsets = np.sqrt(-2.0 * values / line.second_derivative(extrema))
    close = np.abs(offsets) < COALESCING
    extrema, values, offsets = extrema[close], values[close], offsets[close]
    # One row for each of the two zeros, one column for each extremum.
    pairs, slopes, errors = np.stack([_beside(line, extrema, values, d) for d in (offsets, -offsets)], axis=1)
    good = (np.abs(pairs[0] - pairs[1]) >= np.abs(offsets)) & (np.abs(errors) < SAME * np.abs(offsets)).all(axis=0)
    good |= offsets == 0.0
    pairs, slopes = pairs[:, good], slopes[:, good]
    # Three zeros that are close lie around two extrema, and one of them is in two pairs.
    known = _in_an_earlier_pair(pairs)
    paired = pairs[~known]
    alone = alone[~(np.abs(alone[:, None] - paired) < SAME).any(axis=1)]
    alone = _distinct(alone, 1e-8)
    x = np.concatenate([paired, alone])
    slope = np.concatenate([slopes[~known], line.derivative(alone)])
    inside = np.abs(x.imag) < height
    order = np.argsort(x[inside].real, kind="stable")
    return x[inside][order], slope[inside][order]


def _mirrored(line: MovingDispersion, x: Complex) -> Complex:
    """The points and their images under the symmetries of Lambda; exactly real where they are real to rounding."""
    if _shifted_along_the_axis(line):
        x = np.where(np.abs(x.imag) < 1e-9 * (1.0 + np.abs(x)), x.real, x)
        x = np.concatenate([x, x[x.imag != 0.0].conj()])
    return np.concatenate([x, -x]) if line.shift == 0.0 else x


def _beside(
    line: MovingDispersion, extremum: Complex, value: Complex, offset: Complex
) -> tuple[Complex, Complex, Complex]:
    """The zero near extremum + offset, Lambda' there, as functions of the distance from the extremum; last change."""
    d, two = offset, 2.0 * extremum

    def slope() -> Complex:
        rest = 2.0 * np.cos(math.pi * (two + d)) * np.sin(math.pi * d)
        return resonance_slope(rest, line.slope * d, line.slope, line.omega_fast)

    for _ in range(12):
        rest = np.sin(math.pi * d) * np.sin(math.pi * (two + d)) - math.pi * d * np.sin(math.pi * two)
        divisor = slope()
        change = (value + band_width(line.omega_fast) * rest - (line.slope * d) ** 2) / np.where(
            divisor == 0.0, 1.0, divisor
        )
        d = d - change
    return extremum + d, slope(), change


def _in_an_earlier_pair(pairs: Complex) -> NDArray[np.bool_]:
    """Whether each zero, in the two rows, is also in a column before its own."""
    known = np.zeros(pairs.shape, dtype=bool)
    for lag in range(1, min(4, pairs.shape[1])):  # the columns are sorted
        same = np.abs(pairs[:, None, lag:] - pairs[None, :, :-lag]) < SAME
        known[:, lag:] |= same.any(axis=1)
    return known


def _newton(function: Callable[[Complex], Complex], derivative: Callable[[Complex], Complex], x: Complex) -> Complex:
    """Where Newton's method ends, with steps of bounded length; points that do not arrive are left out."""
    arrived = []
    for _ in range(60):
        slope = derivative(x)
        change = function(x) / np.where(slope == 0.0, 1e-300, slope)
        x = x - change * np.minimum(1.0, LARGEST_STEP / np.maximum(np.abs(change), 1e-300))
        done = np.abs(change) < 1e-13 * (1.0 + np.abs(x))
        arrived.append(x[done])
        x = x[~done]
    return np.concatenate(arrived)


def _distinct(x: Complex, tolerance: float) -> Complex:
    """One of each group of points that are closer than the tolerance."""
    if not x.size:
        return x
    cells = np.stack([np.floor(part / (4.0 * tolerance)) for part in (x.real, x.imag)])
    x = x[np.unique(cells, axis=1, return_index=True)[1]]  # at most four of one group are left
    x = x[np.argsort(x.real, kind="stable")]
    doubles = np.zeros(x.shape, dtype=bool)
    for lag in range(1, min(8, x.size)):
        doubles[lag:] |= np.abs(x[lag:] - x[:-lag]) < tolerance
    return x[~doubles]


def _number_of_zeros(line: MovingDispersion, height: float) -> int:
    """Number of zeros with abs(Im x) < height, from the argument of Lambda around the strip."""
    reach, center = line.farthest(height) + 1.0, -complex(line.shift).real
    corners = np.array([-reach - 1j * height, reach - 1j * height, reach + 1j * height, -reach + 1j * height])
    sides = [
        np.linspace(a, b, 16 * math.ceil(abs(b - a)) + 1)[:-1]
        for a, b in zip(corners, np.roll(corners, -1), strict=True)
    ]
    path = center + np.concatenate([*sides, corners[:1]])
    value = line.value(path)
    for _ in range(40):  # points are added until the argument turns little from each to the next
        turn = np.angle(value[1:] / value[:-1])
        wide = np.flatnonzero(np.abs(turn) > 1.0)
        if not wide.size:
            break
        middle = 0.5 * (path[wide] + path[wide + 1])
        path, value = np.insert(path, wide + 1, middle), np.insert(value, wide + 1, line.value(middle))
    return round(float(np.sum(turn)) / (2.0 * math.pi))


@dataclass(frozen=True)
class GreenFunction:
    """The Green's function between the points of an equidistant grid: R_i = step sum_j G(t_i - t_j) F_j.

    It is limited to the frequencies of the grid, so that the sum is as accurate as the grid resolves F.

    Attributes
    ----------
    step
        Distance of the points, in transit times.
    lags
        The lags t_i - t_j, from the most negative to the largest.
    regular
        The integral along the line Im x = ``height``, at the lags.
    ahead
        The zeros that are below the line but belong above the contour.
    """

    step: float
    lags: Array
    regular: NDArray[Any]
    ahead: Zeros
    height: float

    @property
    def values(self) -> NDArray[Any]:
        """G at the lags; real in the steady state."""
        waves = np.exp(-2j * math.pi * np.outer(self.lags, self.ahead.x)) @ (2j * math.pi / self.ahead.slope)
        return self.regular + (waves if np.iscomplexobj(self.regular) else waves.real)


def green_function(line: MovingDispersion, step: float, count: int, left_out: complex | None = None) -> GreenFunction:
    """The Green's function on a grid of ``count`` points with distance ``step`` (in transit times).

    The line of integration runs in the widest gap between zeros that lets rounding errors grow by less than
    exp(4); its frequencies are so dense that aliasing is below 1e-16. The residues of a zero ``left_out`` and of its
    mirror image are not added.

    Raises
    ------
    ArithmeticError
        A resonance, or a gap so narrow that more than four million frequencies are needed.

    >>> response = green_function(MovingDispersion(omega_fast=10.0, slope=1.0), step=0.01, count=3)
    >>> response.values.shape
    (5,)
    """
    span = step * count
    highest = min(max(LARGEST_GROWTH / (2.0 * math.pi * span), LOWEST_LINE), HIGHEST_LINE)
    found = zeros(line, highest)
    found = found[np.abs(found.x.real) < 0.5 / step]
    above = found[found.ahead]
    lowest = max(0.0, float(found.x.imag[~found.ahead].max(initial=0.0)))
    levels = np.unique(np.concatenate([[lowest], above.x.imag[above.x.imag > lowest], [highest]]))
    widest = int(np.argmax(np.diff(levels)))
    if left_out is not None:
        for mirrored in (left_out, -complex(left_out).conjugate()):
            above = above[np.abs(above.x - mirrored) > SAME]
    elif not found.slope.all():
        raise ArithmeticError("it is a resonance, where the Green's function is infinite")
    height, clearance = 0.5 * (levels[widest + 1] + levels[widest]), 0.5 * (levels[widest + 1] - levels[widest])
    window = DIGITS / (2.0 * math.pi * clearance) + 2.0 * span
    if not window / step < MOST_FREQUENCIES:
        raise ArithmeticError(
            f"the zeros of the dispersion relation at v/spacing = {line.slope:.6g} are so close to the real axis that "
            f"{window / step:.1e} frequencies are needed"
        )
    size = _fast_size(window / step)
    lags = np.arange(1 - count, count)
    if line.shift == 0.0:
        x = np.arange(size // 2 + 1) / (size * step)
        values: NDArray[Any] = np.fft.irfft(np.conj(1.0 / line.along(x, height)), size) / step
    else:
        values = np.fft.fft(1.0 / line.along(np.fft.fftfreq(size, step), height)) / (size * step)
    regular = values[lags % size] * np.exp(2.0 * math.pi * height * step * lags)
    return GreenFunction(step, step * lags, regular, above[above.x.imag < height], float(height))


def _fast_size(least: float) -> int:
    """An even number of frequencies, at least so many, with a fast transform."""
    from scipy.fft import next_fast_len

    return 2 * next_fast_len(math.ceil(0.5 * least))
