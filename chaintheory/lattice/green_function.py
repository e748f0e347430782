r"""The chain's retarded Green's function in the frame of a steadily moving particle.

In steady drift every mass has the same history one transit time T = spacing/v after its neighbour. Time t = tau/T
counts transit times: a force F(t) on mass 0 is F(t - n) on mass n, and the displacement R(t) of mass 0 obeys

.. math:: \hat R(x) = \frac{\hat F(x)}{\Lambda(x)}, \qquad
          \Lambda(x) = \omega(\pi x)^2 - w^2 - i\gamma w, \qquad w = c (x + z), \qquad c = v/\alpha,

with the dispersion relation omega and the damping gamma of any harmonic chain. x is the frequency in units of 1/T, and
at once the wave number q a/(2 pi) of a phonon in phase with the particle. The zeros of Lambda at z = 0 are the roots of
the resonance condition omega(x) = c x, if there is no damping. The shift z = i nu/(2 pi c) serves perturbations of the
steady state that grow like exp(nu tau).

**Radiation condition.** A response that does not precede its force has Im z > 0, however small. No zero then lies on
the real axis: those above it run ahead of the particle, those below it follow. In the limit z = 0 a real zero x_j
belongs above where Lambda'(x_j)/x_j > 0, that is where the group velocity exceeds v, and below where it does not.
With damping no zero is on the real axis at z = 0 either, and each is where it belongs.

**Contour.** The inverse transform is integrated along a line Im x = const., where the integrand is analytic in a
strip and the trapezoidal rule converges geometrically. A zero that belongs above the contour but lies below the line
adds its residue, 2 pi i exp(-2 pi i x_j t)/Lambda'(x_j). Near a resonance two zeros coalesce, one from above and
one from below the contour. The line passes well above both: cost and accuracy do not depend on their distance,
and the divergence of the Green's function is that of 1/Lambda' in one residue.

**Sound.** In a chain without wells, omega = s x at small x, the mean force sets the chain in motion. For a particle
slower than sound the zero cz/(s - c) comes from above to 0, and another one from below. The residue

.. math:: \frac{2\pi i}{\Lambda'}\, e^{-2\pi i x t} = k + \frac{2\pi^2 t}{s(s - c)} + O(z), \qquad
          k = \frac{2\pi^2}{\nu s},

has a constant k that diverges: what grows like 1/nu goes on for ever, at the velocity :math:`2\pi^2 \hat F(0)/s`. All
masses near the particle have this velocity, and the equations of motion do not change if the particle has it besides.
So k is not in ``values``; in the steady state it would only shift the time. A particle faster than sound has both zeros
behind it. With damping the chain is at rest far away, and k is finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.lattice.dispersion import (
    curvature_of_square,
    inverse_response,
    inverse_response_curvature,
    inverse_response_slope,
    slope_of_square,
    spring_slope,
    spring_term,
    square,
)
from chaintheory.parameters import ChainParameters
from chaintheory_ext.generated.travelling_wave import sound_strain

Array = NDArray[np.floating[Any]]
Complex = NDArray[Any]  # real values, where all are real, stay real

DIGITS = 37.0  # exp(-37) = 1e-16: the aliasing that the trapezoidal rule along the line may leave
COALESCING = 0.1  # distance in x within which two zeros are found from the extremum of Lambda between them
SAME = 1e-6  # distance in x of a zero from itself found in another way, where two coalesce
LARGEST_GROWTH = 4.0  # exponent of exp(2 pi eta t) at the largest lag, by which rounding errors grow
LOWEST_LINE, HIGHEST_LINE = 1e-3, 0.5  # bounds of Im x for very long and very short pulses
MOST_FREQUENCIES = 2**22  # on the line: a second, and some 200 MB
NEXT_TO_REST = 0.05  # distance in x from 0 of what is sound rather than another phonon
LARGEST_STEP = 0.15  # in x, of one step of Newton's method: zeros are about 1/2 apart
# Density of the net in x (for springs of one spacing), height of the strip, steps of Newton's method. Most points
# arrive in ten steps and some never do, which would take half the time; where zeros are missing, more is tried.
NETS = ((3, 1.0, 15), (3, 1.05, 60), (6, 1.02, 60), (12, 1.07, 60), (24, 1.03, 60))


@dataclass(frozen=True)
class MovingDispersion:
    """Lambda(x), the inverse of the chain's response in the frame of the particle.

    Attributes
    ----------
    chain
        Springs and damping; of the spacing only c is needed.
    slope
        c = v/spacing, the inverse of the transit time.
    shift
        z = i nu/(2 pi c); 0 in the steady state. Im z < 0, a decaying perturbation, only if small.

    >>> line = MovingDispersion(ChainParameters(omega_fast=10.0, spacing=40.0), slope=1.0)
    >>> float(line.value(0.0)), float(line.value(0.5))
    (1.0, 99.75)
    """

    chain: ChainParameters
    slope: float
    shift: complex = 0.0

    @property
    def drag(self) -> complex:
        """I gamma; real, and 0, without damping, so that what is real stays real."""
        return 1j * self.chain.damping if self.chain.damping else 0.0

    @property
    def springs(self) -> int:
        """Spacings that the longest spring spans, at least 1: the zeros are so much closer."""
        return max(len(self.chain.couplings), 1)

    def value(self, x: Any) -> Any:
        """Lambda(x)."""
        return inverse_response(square(self.chain, math.pi * x), self.slope * (x + self.shift), self.drag)

    def derivative(self, x: Any) -> Any:
        """Lambda'(x)."""
        slope = slope_of_square(self.chain, math.pi * x)
        return inverse_response_slope(slope, self.slope * (x + self.shift), self.slope, self.drag)

    def second_derivative(self, x: Any) -> Any:
        """Lambda''(x)."""
        return inverse_response_curvature(curvature_of_square(self.chain, math.pi * x), self.slope)

    def along(self, real: Array, height: float) -> Complex:
        """Lambda(real + i height), by real arithmetic."""
        squared: Any = self.chain.confinement
        for j, one in enumerate(self.chain.couplings, 1):
            angle, b = (2.0 * math.pi * j) * real, 2.0 * math.pi * j * height
            sine_squared = 0.5 - 0.5 * math.cosh(b) * np.cos(angle) + 0.5j * math.sinh(b) * np.sin(angle)
            squared = squared + spring_term(sine_squared, one)
        return inverse_response(squared, self.slope * (real + (1j * height + self.shift)), self.drag)

    def farthest(self, height: float) -> float:
        """Distance from -z within which all zeros with abs(Im x) <= height lie: there abs(c (x + z)) is too large."""
        largest = self.chain.confinement + sum(
            abs(spring_term(math.cosh(math.pi * j * height) ** 2, one)) for j, one in enumerate(self.chain.couplings, 1)
        )
        half = 0.5 * self.chain.damping
        return (half + math.sqrt(half * half + largest)) / self.slope

    @property
    def zeros_at_rest(self) -> int:
        """Number of zeros at x = 0, where a chain without wells is moved as a whole."""
        return 0 if self.chain.confinement or self.shift else 1 if self.chain.damping else 2

    @property
    def sound(self) -> float:
        """Speed of sound, d omega/dx at x = 0, in a chain without wells (1/t_slow: spacings per unit of time)."""
        return math.sqrt(0.5 * float(curvature_of_square(self.chain, 0.0)))


@dataclass(frozen=True)
class Zeros:
    """Zeros ``x`` of Lambda, its derivative ``slope`` there, and whether each belongs ``ahead``, above the contour."""

    x: Complex
    slope: Complex
    ahead: NDArray[np.bool_]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Zeros:
        return Zeros(self.x[chosen], self.slope[chosen], self.ahead[chosen])


def zeros(line: MovingDispersion, height: float) -> Zeros:
    """All zeros of Lambda with abs(Im x) < ``height`` or a little more, by rising real part, but those at x = 0.

    Newton's method from a net of points finds them, and their number is that of the argument principle. Two that
    coalesce are found from the extremum of Lambda between them, without cancellation.

    Raises
    ------
    ArithmeticError
        Zeros that could not be separated.

    >>> paper = ChainParameters(omega_fast=10.0, spacing=40.0)
    >>> found = zeros(MovingDispersion(paper, slope=2.25), 1e-3)  # at v = 90
    >>> found.x.real[found.ahead & (found.x.real > 0.0)].round(4).tolist()
    [1.0707, 2.1585, 3.2607]
    """
    for density, higher, steps in NETS:
        x, slope = _search(line, higher * height, density * line.springs, steps)
        if x.size == _number_of_zeros(line, higher * height):
            nearest = np.argsort(np.abs(x), kind="stable")[: line.zeros_at_rest]
            if (np.abs(x[nearest]) < SAME).all():
                x, slope = np.delete(x, nearest), np.delete(slope, nearest)
                return Zeros(x, slope, _ahead(line, x, slope))
    raise ArithmeticError(f"the zeros of the dispersion relation cannot be separated at v/spacing = {line.slope!r}")


def _ahead(line: MovingDispersion, x: Complex, slope: Complex) -> NDArray[np.bool_]:
    """Whether each zero belongs above the contour; for Im z < 0 they are followed from Im z = 0."""
    shift = complex(line.shift)
    if shift.imag > 0.0 or (line.chain.damping and not shift.imag):
        return x.imag > 0.0
    if shift.imag < 0.0:
        # To first order in Im z; small enough where it moves no zero as far as its neighbour.
        drift = line.slope * (2.0 * line.slope * (x + shift) + line.drag) / slope * 1j * shift.imag
        return (x - 1.5 * drift).imag > 0.0
    return np.where(x.imag == 0.0, (x.real + shift.real) * slope.real > 0.0, x.imag > 0.0)


def _real_on_the_axis(line: MovingDispersion) -> bool:
    """Whether Lambda is real on the real axis, so that its zeros are real or come in conjugate pairs."""
    return complex(line.shift).imag == 0.0 and not line.chain.damping


def _search(line: MovingDispersion, height: float, density: int, steps: int) -> tuple[Complex, Complex]:
    """The zeros with abs(Im x) < height that Newton's method finds, and Lambda' there."""
    reach, center = line.farthest(height) + 1.0, -complex(line.shift).real
    first = 0 if line.shift == 0.0 else math.floor((center - reach) * density)
    real = np.arange(first, math.ceil((center + reach) * density) + 1) / density
    upper = [0.0, 0.25, 0.6, 1.0]
    lower = [] if _real_on_the_axis(line) else [-1.0, -0.6, -0.25]
    starts = (real[:, None] + 0.11 / density + 1j * height * np.array([*upper, *lower])).ravel()
    longest = LARGEST_STEP / line.springs
    extrema = _newton(line.derivative, line.second_derivative, starts, longest, steps)
    extrema = _distinct(_mirrored(line, extrema), 1e-6)
    alone = _mirrored(line, _newton(line.value, line.derivative, starts, longest, steps))
    values = line.value(extrema)
    offsets = np.sqrt(-2.0 * values / line.second_derivative(extrema))
    close = np.abs(offsets) < COALESCING / line.springs
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
    if _real_on_the_axis(line):
        x = np.where(np.abs(x.imag) < 1e-9 * (1.0 + np.abs(x)), x.real, x)
        x = np.concatenate([x, x[x.imag != 0.0].conj()])
    return np.concatenate([x, -x.conj()]) if line.shift == 0.0 else x


def _beside(
    line: MovingDispersion, extremum: Complex, value: Complex, offset: Complex
) -> tuple[Complex, Complex, Complex]:
    """The zero near extremum + offset, Lambda' there, as functions of the distance from the extremum; last change."""
    d, two, springs = offset, 2.0 * extremum, list(enumerate(line.chain.couplings, 1))

    def slope() -> Complex:
        turned = [(2.0 * np.cos(math.pi * j * (two + d)) * np.sin(math.pi * j * d), one, j) for j, one in springs]
        rest = sum((spring_slope(*each) for each in turned), 0.0 * d)
        return inverse_response_slope(rest, line.slope * d, line.slope, 0.0)

    for _ in range(12):
        turned = [
            (
                np.sin(math.pi * j * d) * np.sin(math.pi * j * (two + d)) - math.pi * j * d * np.sin(math.pi * j * two),
                one,
            )
            for j, one in springs
        ]
        rest = sum((spring_term(*each) for each in turned), 0.0 * d)
        divisor = slope()
        change = inverse_response(value + rest, line.slope * d, 0.0) / np.where(divisor == 0.0, 1.0, divisor)
        d = d - change
    return extremum + d, slope(), change


def _in_an_earlier_pair(pairs: Complex) -> NDArray[np.bool_]:
    """Whether each zero, in the two rows, is also in a column before its own."""
    known = np.zeros(pairs.shape, dtype=bool)
    for lag in range(1, min(4, pairs.shape[1])):  # the columns are sorted
        same = np.abs(pairs[:, None, lag:] - pairs[None, :, :-lag]) < SAME
        known[:, lag:] |= same.any(axis=1)
    return known


def _newton(
    function: Callable[[Complex], Complex],
    derivative: Callable[[Complex], Complex],
    x: Complex,
    longest: float,
    steps: int,
) -> Complex:
    """Where Newton's method ends, with steps of bounded length; points that do not arrive are left out."""
    arrived = []
    for _ in range(steps):
        slope = derivative(x)
        change = function(x) / np.where(slope == 0.0, 1e-300, slope)
        x = x - change * np.minimum(1.0, longest / np.maximum(np.abs(change), 1e-300))
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
        np.linspace(a, b, 16 * line.springs * math.ceil(abs(b - a)) + 1)[:-1]
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
    sound
        Of a chain without wells, the one of them that is next to x = 0, where the sound ahead of the particle is.
    strain
        Of such a chain without damping in the steady state, where that zero is at x = 0: the slope of its residue in t.
    """

    step: float
    lags: Array
    regular: NDArray[Any]
    ahead: Zeros
    height: float
    sound: Zeros | None = None
    strain: float = 0.0

    @property
    def values(self) -> NDArray[Any]:
        """G at the lags, without the constant k of the sound; real in the steady state."""
        waves = np.exp(-2j * math.pi * np.outer(self.lags, self.ahead.x)) @ (2j * math.pi / self.ahead.slope)
        if self.sound is not None:
            waves = waves + np.expm1(-2j * math.pi * self.lags * self.sound.x) * (2j * math.pi / self.sound.slope)
        elif self.strain:
            waves = waves + self.strain * self.lags
        return self.regular + (waves if np.iscomplexobj(self.regular) else waves.real)

    @property
    def constant(self) -> complex:
        """The constant k; 0 where there is none, or where it grows without end."""
        return 0.0 if self.sound is None else complex(2j * math.pi / self.sound.slope[0])


def green_function(line: MovingDispersion, step: float, count: int, left_out: complex | None = None) -> GreenFunction:
    """The Green's function on a grid of ``count`` points with distance ``step`` (in transit times).

    The line of integration runs in the widest gap between zeros that lets rounding errors grow by less than
    exp(4); its frequencies are so dense that aliasing is below 1e-16. The residues of a zero ``left_out`` and of its
    mirror image are not added.

    Raises
    ------
    ArithmeticError
        A resonance, or a gap so narrow that more than four million frequencies are needed.

    >>> line = MovingDispersion(ChainParameters(omega_fast=10.0, spacing=40.0), slope=1.0)
    >>> response = green_function(line, step=0.01, count=3)
    >>> response.values.shape
    (5,)
    """
    span = step * count
    highest = min(max(LARGEST_GROWTH / (2.0 * math.pi * span), LOWEST_LINE), HIGHEST_LINE / line.springs)
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
    above = above[above.x.imag < height]
    sound, strain = None, 0.0
    if line.chain.confinement == 0.0 and line.slope < line.sound:
        if line.zeros_at_rest == 2:
            strain = float(sound_strain(line.sound, line.slope, math))
        else:
            next_to_rest = np.zeros(above.x.size, dtype=bool)
            next_to_rest[np.argsort(np.abs(above.x))[:1]] = np.abs(above.x).min(initial=math.inf) < NEXT_TO_REST
            sound, above = above[next_to_rest] if next_to_rest.any() else None, above[~next_to_rest]
    return GreenFunction(step, step * lags, regular, above, float(height), sound, strain)


def _fast_size(least: float) -> int:
    """An even number of frequencies, at least so many, with a fast transform."""
    from scipy.fft import next_fast_len

    return 2 * next_fast_len(math.ceil(0.5 * least))
