"""Interactions through a table of samples: an even spline of degree 5 with an exponential tail.

The transform integrates the spline's polynomials exactly (quadrature.py) and the tail in closed form.
"""

# ruff: noqa: D102 (methods without a docstring are described in Interaction)
from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.interactions.base import Interaction
from chaintheory.interactions.formula import NumericalInteraction
from chaintheory.interactions.quadrature import LegendrePanels
from chaintheory.support.files import read_text
from chaintheory.support.validation import number, positive, real_array, scale, shown

Array = NDArray[np.float64]

FEWEST = 12  # samples
UNEVEN = 4.0  # ratio of neighbouring distances beyond which the table is compared with its cubic spline too
ONE_SIDED = 6  # samples from 0 up to which the table is compared with a spline that is not even
NEGLIGIBLE = 1e-17  # of the value at the table's end: where the tail ends
# The true error was less than this times the largest disagreement in all of 14,000 tables of known functions, on even
# and uneven distances, exact, rounded and noisy; four times would do.
SAFETY = 5.0
JUMP = 1e-9  # of a derivative, in half-widths and relative to the largest value: as good as continuous


class SampledInteraction(NumericalInteraction):
    """An interaction through a table of distances (l_slow) and potentials (hbar Omega_slow).

    Attributes
    ----------
    error
        Upper estimate of the error of ``potential`` up to the last sample, with rounding and noise of the values: five
        times the largest disagreement of the spline with others. These are, at the samples left out, the splines
        through every second sample, and, between the samples, those of degree 7 and, for uneven distances, 3, which
        show what such make of rounded values, and one that is not continued evenly, which shows a cusp. No table
        shows what varies only between its samples, nor what lies beyond its end. Of a function (``from_callable``) also
        what it showed at other distances, unless the table was read again from a file.
    transform_error
        Bound of the absolute error of ``transform`` as that of the spline and its tail, the same for all k. It says
        nothing on the potential that was sampled: as this is known to ``error`` up to the last distance R, its
        transform is known to 2 R ``error`` only, and to what the tail beyond R misses.

    >>> r = np.linspace(0.0, 30.0, 61)
    >>> table = SampledInteraction(r, 2.0 * np.exp(-r**2 / 32.0))
    >>> bool(abs(table.potential(3.21) - 2.0 * np.exp(-(3.21**2) / 32.0)) < table.error < 1e-4)
    True
    """

    def __init__(self, r: ArrayLike, potential: ArrayLike) -> None:
        distance, values, peak = _checked(r, potential)
        self._r, self._values = distance, values
        spline = _even_spline(distance, values)
        self._splines = spline, spline.derivative(), spline.derivative(2)
        largest, least = _disagreements(distance, values, spline)
        if not least < peak:
            raise ValueError(
                f"potential must be smooth enough at its r for a spline, got splines that disagree by "
                f"{least:.2g} between samples of at most {peak:.2g}; take evenly spaced r, more of them where "
                f"the potential varies, or values with more digits and less noise"
            )
        self.error = SAFETY * largest
        self.width = float(distance[np.flatnonzero(np.abs(values) >= 0.5 * peak)[-1]]) or float(distance[1])
        self._last = float(distance[-1])
        self._at_last = float(spline(self._last))
        slope = float(self._splines[1](self._last))
        # The tail falls with the slope at the end of the table, or within its last step if that slope rises.
        decaying = self._at_last * slope < 0.0
        length = -self._at_last / slope if decaying else float(distance[-1] - distance[-2])
        self._tail = min(length, self._last)
        self.end = self._last - self._tail * math.log(NEGLIGIBLE)
        self.panels = LegendrePanels(spline, np.append(0.0, distance[distance > 0.0]), orders=6)
        total = self.panels.integral(np.abs(self.panels.values)) + abs(self._at_last) * self._tail
        # Rounding of the spline, of the Bessel functions and of the sums, and the end of the tail.
        self.transform_error = 64.0 * np.finfo(float).eps * (total + peak * float(np.diff(distance).max()))

    @property
    def samples(self) -> tuple[Array, Array]:
        """The table that it was made from: distances (l_slow) and potential (hbar Omega_slow)."""
        return self._r.copy(), self._values.copy()

    @property
    def smoothness(self) -> float:
        # Four derivatives of the spline are continuous, and fewer where the tail begins.
        allowed = JUMP * float(np.abs(self._values).max())
        slope, curvature = -self._at_last / self._tail, self._at_last / self._tail**2
        if abs(slope - float(self._splines[1](self._last))) * self.width > allowed:
            return 0
        return 1 if abs(curvature - float(self._splines[2](self._last))) * self.width**2 > allowed else 4

    @property
    def exponential_tail(self) -> tuple[float, float]:
        return self._last, self._tail

    @property
    def transform_slope_bound(self) -> float:
        tail = abs(self._at_last) * self._tail * (self._last + self._tail)
        return 2.0 * (self.panels.moment_bound + tail)

    def _scaled(self, energy: float, length: float) -> Interaction:
        scaled = SampledInteraction(length * self._r, energy * self._values)
        scaled.error = abs(energy) * self.error  # with what a function showed beside its samples
        return scaled

    def _value(self, r: Array, order: int = 0) -> Array:
        inside = np.minimum(r, self._last)
        if order == 0:
            return np.asarray(self._splines[0](inside) * np.exp((inside - r) / self._tail), dtype=np.float64)
        beyond = self._value(r) / (-self._tail) ** order
        return np.where(r < self._last, self._splines[order](inside), beyond)

    def _transform(self, k: Array) -> Array:
        # 2 int_R^inf Phi(R) exp(-(r - R)/t) cos(k r) dr
        angle, turn = np.fmin(k, 1e200) * self._last, np.fmin(k, 1e150) * self._tail
        tail = 2.0 * self._at_last * self._tail * (np.cos(angle) - turn * np.sin(angle)) / (1.0 + turn * turn)
        return self.panels.transform(k) + tail

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SampledInteraction)
            and np.array_equal(self._r, other._r)
            and np.array_equal(self._values, other._values)
        )

    def __hash__(self) -> int:
        return hash((self._r.tobytes(), self._values.tobytes()))

    def __repr__(self) -> str:
        digest = hashlib.sha256(self._r.tobytes() + self._values.tobytes()).hexdigest()[:12]
        return f"<interaction through {self._r.size} samples up to r = {self._last:g}, {digest}>"

    @property
    def latex(self) -> str:
        return rf"\text{{spline through {self._r.size} samples}}"


def _checked(r: ArrayLike, potential: ArrayLike) -> tuple[Array, Array, float]:
    """The rows of a table and the largest modulus of its values."""
    # In the units of the system that is to be made of them, whatever the names of the columns say.
    distance = real_array("r", getattr(r, "values", r))
    values = real_array("potential", getattr(potential, "values", potential))
    if distance.ndim != 1 or distance.shape != values.shape or distance.size < FEWEST:
        raise ValueError(
            f"r and potential must be rows of one length, at least {FEWEST}, "
            f"got shapes {distance.shape} and {values.shape}"
        )
    if distance[0] < 0.0 or not np.all(np.diff(distance) > 0.0):
        place = int(np.argmax(np.diff(distance) <= 0.0)) + 1 if distance[0] >= 0.0 else 0
        raise ValueError(f"r must start at 0 or above and increase, got {distance[place]:g} at index {place}")
    if distance[0] > 2.0 * (distance[1] - distance[0]):
        raise ValueError(f"r must begin at or near 0, got {distance[0]:g}")
    peak = float(np.abs(values).max())
    if peak == 0.0 or abs(values[-1]) > 1e-3 * peak:
        raise ValueError(
            f"potential must decay to below 0.001 of its maximum {peak:.3g}, "
            f"got {values[-1]:.3g} at the end, r = {distance[-1]:g}"
        )
    return distance, values, peak


def _even_spline(r: Array, values: Array, degree: int = 5) -> Any:
    """The spline through the table and its mirror image."""
    from scipy.interpolate import make_interp_spline

    mirrored = r > 0.0
    return make_interp_spline(
        np.concatenate([-r[mirrored][::-1], r]), np.concatenate([values[mirrored][::-1], values]), k=degree
    )


def _disagreements(r: Array, values: Array, spline: Any) -> tuple[float, float]:
    """How much a table's spline disagrees with others: at most, and where no other of them supports it."""
    from scipy.interpolate import make_interp_spline

    found = []
    for first in (1, 2):
        some = np.ones(r.size, dtype=bool)
        some[first:-1:2] = False
        found.append(np.abs(_even_spline(r[some], values[some])(r) - values).max())
    gaps = np.diff(np.concatenate([[0.0], r[r > 0.0]]))
    places = (np.cumsum(gaps)[:, None] - gaps[:, None] * np.linspace(0.125, 0.875, 7)).ravel()
    splines = [_even_spline(r, values, 7)]
    if np.any(np.maximum(gaps[1:], gaps[:-1]) > UNEVEN * np.minimum(gaps[1:], gaps[:-1])):
        splines.append(_even_spline(r, values, 3))
    of_degrees = [np.abs(other(places) - spline(places)).max() for other in splines]
    # Degree 7 repeats the fault that degree 5 has at a cusp; the one-sided spline, which is not even, lacks it.
    near = places[places < r[ONE_SIDED]]
    one_sided = np.abs(make_interp_spline(r, values, k=5)(near) - spline(near)).max()
    return float(max(*found, *of_degrees, one_sided)), float(max(min(of_degrees), one_sided))


def from_samples(_cls: type[Interaction], /, r: ArrayLike, potential: ArrayLike) -> Interaction:
    """The interaction through a table of r (l_slow) and Phi(r) (hbar Omega_slow), continued evenly and beyond its end.

    Between the samples a spline of degree 5; beyond the last an exponential with the slope there. The table has at
    least 12 samples, begins at or near 0 and ends below 0.001 of its maximum. ``error`` is an upper estimate of what
    the spline misses: look at it. A cusp costs much, as the spline is smooth at 0: for the table of an exponential
    ``Exponential`` or ``from_expression`` is better by far. Evenly spaced samples bear rounded and noisy values best.

    Raises
    ------
    TypeError
        Arrays that are not real.
    ValueError
        Arrays that are not one-dimensional and of one length, distances that do not increase from 0, values that are
        masked, not finite or do not decay, and values that leave the spline open by more than their maximum.

    >>> from chaintheory import Interaction
    >>> r = np.linspace(0.0, 40.0, 401)
    >>> sampled = Interaction.from_samples(r, 2.0 * np.exp(-(r**2) / 32.0))
    >>> round(float(sampled.potential(4.0)), 4)
    1.2131
    """
    return SampledInteraction(r, potential)


MOST_SAMPLES = 2**14
JUDGED = 16  # times as many distances judge a table as it has samples
GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)  # its multiples modulo 1 fill the unit interval evenly, on no grid


def from_callable(
    _cls: type[Interaction], /, function: Callable[..., Any], end: float, *, tolerance: float = 1e-9
) -> Interaction:
    """The interaction with the values of a Python function, by a table that is refined until it is as good as asked.

    Parameters
    ----------
    function
        Phi(r) in hbar Omega_slow at one distance r >= 0 in l_slow; it is called for each.
    end
        Distance (l_slow) at which the table ends, where Phi has decayed to below 0.001 of its maximum; an exponential
        continues it.
    tolerance
        Largest error of the table up to ``end``, of the largest value.

    Returns
    -------
    SampledInteraction
        Its ``error`` states what was reached, between the samples and, where the function can be evaluated there, at
        96 distances up to 64 times ``end``.

    Notes
    -----
    The table is judged by its own ``error`` and by the function at 16 further distances for each sample, which lie on
    no grid (the multiples of the golden ratio). No sampling can see a feature that is narrower than the gaps between
    these, at most ``end/600`` for a function that 65 samples resolve: from_samples takes samples that are dense there.
    Beyond ``end``, where each distance is 4.4 % above the one before, only a tail is seen, no narrower feature; nor is
    a tail where the function raises ArithmeticError or ValueError, or gives nan.

    Raises
    ------
    TypeError
        A function that cannot be called, or gives no real number.
    ValueError
        Values that are not finite or do not decay; a function that 16,385 samples do not resolve.

    >>> from chaintheory import Interaction
    >>> own = Interaction.from_callable(lambda r: 2.0 / math.cosh(r / 4.0) ** 3, end=40.0)
    >>> bool(abs(own.potential(3.0) - 2.0 / math.cosh(0.75) ** 3) < 1e-8)
    True
    """
    if not callable(function):
        raise TypeError(f"function must be callable, got {shown(function)}")
    end, tolerance = scale("end", end), positive("tolerance", tolerance)

    def called(places: NDArray[Any]) -> Array:
        return np.array([number(f"function at r = {place:g}", function(place)) for place in places.tolist()])

    samples, error = 64, math.inf
    while samples <= MOST_SAMPLES:
        r = np.linspace(0.0, end, samples + 1)
        r, values, peak = _checked(r, called(r))
        spline = _even_spline(r, values)
        error = SAFETY * _disagreements(r, values, spline)[0]
        if error <= tolerance * peak:
            places = end * (np.arange(1, JUDGED * samples + 1) * GOLDEN % 1.0)
            error = max(error, 2.0 * float(np.abs(called(places) - spline(places)).max()))
            if error <= tolerance * peak:
                table = SampledInteraction(r, values)
                table.error = max(error, 2.0 * _beyond(function, table, end))
                return table
        samples *= 2
    raise ValueError(
        f"function must be resolved to {tolerance:g} by {MOST_SAMPLES} samples up to end = {end:g}, got an error of "
        f"{error:.2g}; take a larger tolerance, a smaller end, or from_samples with samples where it varies"
    )


def _beyond(function: Callable[..., Any], table: SampledInteraction, end: float) -> float:
    """The largest deviation of a function from a table's tail, up to 64 times the end where it can be evaluated."""
    largest = 0.0
    for place in (end * np.geomspace(1.0, 64.0, 97)[1:]).tolist():
        try:
            value = number(f"function at r = {place:g}", function(place))
        except (ArithmeticError, ValueError):  # one of distances up to the end only
            continue
        largest = max(largest, abs(value - float(table.potential(place))))
    return largest


def from_file(_cls: type[Interaction], /, path: str | os.PathLike[str]) -> Interaction:
    """The interaction through a table in a text file: distance (l_slow) and potential (hbar Omega_slow) in each line.

    Separated by commas, semicolons or white space; lines that begin with # and one heading are skipped. The table obeys
    the rules of ``from_samples``.

    Raises
    ------
    ValueError
        A path that is no plain file (a device, a FIFO), a file that cannot be read or is no such table, by name.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from chaintheory import Interaction
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "table.csv"
    ...     _ = path.write_text("r,potential" + "".join(chr(10) + f"{r},{math.exp(-r * r)}" for r in range(14)))
    ...     round(float(Interaction.from_file(path).potential(1.0)), 6)
    0.367879
    """
    lines = read_text("samples", path).splitlines()
    rows: list[list[float]] = []
    for place, line in enumerate(lines, 1):
        cells = line.partition("#")[0].replace(",", " ").replace(";", " ").split()
        if not cells:
            continue
        try:
            if len(cells) < 2:
                raise ValueError
            rows.append([float(cell) for cell in cells[:2]])
        except ValueError:
            if rows or (place > 1 and any(cell[:1].isdigit() for cell in cells)):
                raise ValueError(
                    f"{shown(str(path))}, line {place}: must be a distance and a potential, got {line!r:.60}"
                ) from None
    if len(rows) < FEWEST:
        raise ValueError(
            f"{shown(str(path))} must hold at least {FEWEST} lines with a distance and a potential, got {len(rows)}"
        )
    r, potential = np.array(rows).T
    return SampledInteraction(r, potential)


Interaction.from_callable = classmethod(from_callable)  # type: ignore[assignment]
Interaction.from_file = classmethod(from_file)  # type: ignore[assignment]
Interaction.from_samples = classmethod(from_samples)  # type: ignore[assignment]
