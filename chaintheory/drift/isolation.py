r"""Root isolation by interval bounds: where the mean dissipation can equal the bias.

Between two resonances the same branches hold a root of the resonance condition, and each root x(v) moves monotonically
along its branch. Over an interval of speeds it stays between its places at the two ends. With v = alpha omega(x)/x the
contribution of a root depends on x alone,

.. math:: T(x) = \frac{8\pi^4 x^4\,|\hat\Phi(2\pi x/\alpha)|^2}{\alpha^4\,|h(x)|} , \qquad
          h(x) = \omega\,(x\,\omega' - \omega) = \tfrac{\pi}{2} W x \sin 2\pi x - \omega^2 ,
          \qquad W = \omega_\mathrm{fast}^2 - 1 ,

and its derivative in the speed is

.. math:: \frac{dT}{dv} = T\,\frac{\omega x^2}{\alpha h}\Bigl(\frac{4}{x} + \frac{4\pi}{\alpha}
          \frac{\hat\Phi'}{\hat\Phi} - \frac{h'}{h}\Bigr) .

Both are bounded in interval arithmetic with outward rounding (intervals.py), and so is their sum over the branches. An
interval of speeds whose bounds exclude the bias holds no solution. One in which the derivative has one sign holds at
most one, and the signs at its ends decide. The others are cut in half until they are narrow. What is then left is
returned as unresolved.

Within ``CLOSE`` of a resonance the contributions of the two coalescing roots diverge. There the sum of all others is
bounded, and the derivative of the two against theirs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from chaintheory.dissipation.steady_state import decay_in_x
from chaintheory.drift.intervals import ELEMENTARY, EPSILON, INTERVALS, PI, Interval, down, summed, up
from chaintheory.drift.resonances import ResonantSpeed
from chaintheory.drift.transform_bounds import TransformBounds, envelope, transform_bounds
from chaintheory.lattice import dispersion
from chaintheory.lattice.resonance_condition import batches, tangencies
from chaintheory.parameters import SystemParameters
from chaintheory_ext.generated.dissipation import loss_prefactor

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST_ROOTS = 1e7  # of the resonance condition in one search: some seconds
NARROW = 1e-9  # relative width of the intervals that are left unresolved
CLOSE = 1e-11  # relative distance to a resonance within which its divergence is treated by itself
GRADES = 16.0 ** -np.arange(1, 10)  # of the first intervals towards a resonance


# The roots of the resonance condition, enclosed --------------------------------------------------------


@dataclass(frozen=True)
class Branches:
    """Intervals of x in which the roots stay, one entry per interval of speeds (``owner``) and branch.

    An end is period + offset, with the offset within -1/2 .. 1/2, so that the sines keep their accuracy.
    """

    owner: NDArray[np.intp]
    falls: Mask  # whether omega(x)/x falls along the branch
    low: tuple[Array, Array]
    high: tuple[Array, Array]

    def __getitem__(self, keep: Mask) -> Branches:
        return Branches(
            self.owner[keep], self.falls[keep], *((end[0][keep], end[1][keep]) for end in (self.low, self.high))
        )


def _normal(period: Array, offset: Array) -> tuple[Array, Array]:
    """The offset brought within -1/2 .. 1/2; the sum with 1 is exact."""
    shift = np.where(offset < -0.5, 1.0, np.where(offset > 0.5, -1.0, 0.0))
    return period - shift, offset + shift


def _trigonometric(offset: Array) -> tuple[Interval, Interval, Interval]:
    """sin^2(pi x), sin(2 pi x) and cos(2 pi x), each to a few units in the last place, at abs(x) <= 1/2."""
    a = np.abs(offset)
    sine = Interval.about(np.sin(math.pi * a), ELEMENTARY)
    double = np.sign(offset) * np.sin(2.0 * math.pi * np.where(a < 0.25, a, 0.5 - a))
    cosine = np.sin(2.0 * math.pi * (0.25 - a))
    return sine.squared(), Interval.about(double, ELEMENTARY), Interval.about(cosine, ELEMENTARY)


class BandFunctions:
    """omega^2, h and h' in interval arithmetic."""

    def __init__(self, system: SystemParameters) -> None:
        self.top = Interval.of(system.chain.omega_fast)
        self.top_squared = self.top * self.top
        self.spacing = Interval.of(system.chain.spacing)

    def excess(self, period: Array, offset: Array, speed: Array) -> Interval:
        """omega(x)^2 - (v x/spacing)^2, whose zeros are the roots."""
        sine_squared, _, _ = _trigonometric(offset)
        line = Interval.of(speed).times(Interval.about(period + offset)) / self.spacing
        return dispersion.resonance(sine_squared, line, self.top)

    def at(self, period: Array, offset: Array) -> tuple[Interval, Interval, Interval, Interval]:
        """X, omega^2, h and h' at points."""
        sine_squared, double, cosine = _trigonometric(offset)
        x = Interval.about(period + offset)
        return (
            x,
            dispersion.frequency_squared(sine_squared, self.top),
            dispersion.tangency(x, sine_squared, double, self.top, INTERVALS),
            dispersion.tangency_slope(x, double, cosine, self.top, INTERVALS),
        )

    def over(self, branches: Branches) -> tuple[Interval, Interval, Interval, Interval]:
        """X, omega^2, h and h' over the intervals of x."""
        (n, a), (m, b) = branches.low, branches.high
        x0, squared0, h0, slope0 = self.at(n, a)
        x1, squared1, h1, slope1 = self.at(m, b)
        x = Interval(x0.low, x1.high)
        same = n == m
        # omega^2 and h' are monotone between multiples of 1/2.
        whole = np.where(same, (a <= 0.0) & (b >= 0.0), (a <= 0.0) | (b >= 0.0) | (m - n >= 2.0))
        half = ~same
        squared = Interval.hull(squared0, squared1)
        squared = Interval(np.where(whole, 1.0, squared.low), np.where(half, self.top_squared.high, squared.high))
        steepest = dispersion.tangency_slope(Interval.of(x.high), 0.0, 1.0, self.top, INTERVALS).high
        slope = Interval.hull(slope0, slope1)
        # At an end the sine's part can exceed the largest value at the multiples of 1/2 between.
        slope = Interval(
            np.where(half, np.minimum(-steepest, slope.low), slope.low),
            np.where(whole, np.maximum(steepest, slope.high), slope.high),
        )
        # An extremum of h differs from the nearer end by at most length^2/8 max abs(h''), abs(h'') <= 2 pi^3 W x.
        length = up(np.maximum((m - n) + (b - a), 0.0))
        turns = (slope.low <= 0.0) & (slope.high >= 0.0)
        bulge = np.where(turns, up(0.25 * math.pi * steepest * length**2, 8.0), 0.0)
        largest = up((dispersion.half_slope(1.0, self.top, INTERVALS) * Interval.of(x.high)).high, 4.0)
        h = Interval.hull(h0, h1)
        h = Interval(
            np.maximum(down(h.low - bulge), -up(largest + self.top_squared.high)),
            np.minimum(up(h.high + bulge), largest),
        )
        return x, squared, h, slope


class Isolation:
    """Bounds of the mean dissipation of one system, and the search for the speeds at which it equals a level."""

    def __init__(self, system: SystemParameters, level: float) -> None:
        self.system, self.level = system, level
        self._band, self._table = BandFunctions(system), tangencies(system)
        self._roots = 0.0

    # Enclosures of the roots

    def _lines(self, low: Array, high: Array) -> tuple[Array, Array, Array, Mask]:
        """First and last branch, an upper bound of what is left out beyond, and whether the two ends agree."""
        spacing = self.system.chain.spacing
        first, last, count = self._table.ranges(low / spacing)
        other_first, other_last, _ = self._table.ranges(high / spacing)
        agree = (first == other_first) & (last == other_last)
        rate, power = decay_in_x(self.system)
        tail = np.zeros(low.shape)
        if rate > 0.0:
            # A contribution is at most 16 C x^3 transform^2/CLOSE, C = 8 pi^4/spacing^4: within a branch abs(h) falls
            # towards both tangencies, so that abs(h) >= d omega x/8 where their slopes differ from that of the line by
            # the relative distance d; d >= CLOSE/2 is checked for the nearest of them.
            whole = last + 2.0
            lead = 16.0 * loss_prefactor() / CLOSE
            # The bound of its derivative is up to 1e26 times as large, see ``_steepest``.
            budget = math.log(1e43 * lead) + np.log(np.maximum(count, 1.0)) + 3.0 * np.log(whole)
            end = np.floor(((first + 1.0) ** power + budget / rate) ** (1.0 / power)) + 1.0
            cut = (end < last) & (end >= 2.0)
            onset = self._table.onset
            upper = self._table.resonances(np.where(cut, np.maximum(last, onset), onset))[:, 3]
            lower = self._table.resonances(np.where(cut, np.maximum(end, onset), onset))[:, 1]
            cut &= (upper * spacing >= high * (1.0 + 0.5 * CLOSE)) & (lower * spacing <= low * (1.0 - 0.5 * CLOSE))
            last = np.where(cut, end, last)
            with np.errstate(over="ignore", under="ignore"):
                most = envelope(
                    self.system.interaction, 2.0 * math.pi / spacing * np.where(cut, end, 1.0) * (1 - 1e-15)
                )
                bound = lead * count * (whole / spacing) ** 3 / spacing * most**2
            tail = np.where(cut, up(bound, 64.0), 0.0)
        self._count(low, first, last)
        return first, last, tail, agree

    def _count(self, low: Array, first: Array, last: Array) -> None:
        """Refuse a search in which the dissipation oscillates too often, as that of a wide square well does."""
        count = 2.0 * (last - first) + 3.0
        self._roots += float(count.sum())
        if not self._roots <= MOST_ROOTS:
            raise ValueError(
                "lowest and highest must be closer together: bounds of the dissipation over more than "
                f"{MOST_ROOTS:.0e} roots of the resonance condition did not decide where it equals the bias, "
                f"near speed {float(low[np.argmax(count)]):g}"
            )

    def _points(self, speed: Array, first: Array, last: Array) -> Branches:
        """The roots at each speed, enclosed by proven changes of sign; a whole branch where that fails."""
        spacing, band = self.system.chain.spacing, self._band
        owner, period, offset, omega, group = self._table.roots(speed / spacing, first, last)
        position = _positions(owner)
        falls = position % 2 == 0
        v = speed[owner]
        # Next to the origin the root is known to an absolute accuracy only; x = omega(x) spacing/v makes it relative.
        offset = np.where((period == 0.0) & (np.abs(offset) < 1e-6), omega * spacing / v, offset)
        period, offset = _normal(period, offset)
        slope = 2.0 * np.abs(omega * group - (v / spacing) * omega)
        low, high = (period, offset), (period, offset)
        done = np.zeros(owner.shape, dtype=bool)
        for factor in (48.0, 3000.0):
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                reach = factor * EPSILON * omega**2 / slope + 4.0 * EPSILON * np.abs(offset) + 1e-300
            reach = np.where(reach < 0.01, reach, 0.0)
            ends = [_normal(period, offset - reach), _normal(period, offset + reach)]
            before, after = (band.excess(*end, v) for end in ends)
            proven = (
                np.where(falls, (before.low > 0.0) & (after.high < 0.0), (before.high < 0.0) & (after.low > 0.0))
                & ~done
            )
            low = tuple(np.where(proven, new, old) for new, old in zip(ends[0], low, strict=True))  # type: ignore[assignment]
            high = tuple(np.where(proven, new, old) for new, old in zip(ends[1], high, strict=True))  # type: ignore[assignment]
            done |= proven
            if done.all():
                break
        found = Branches(owner, falls, low, high)
        if done.any():
            # The interval lies within its branch where h keeps the branch's sign.
            _, _, h, _ = band.over(found)
            done &= np.where(falls, h.high < 0.0, h.low > 0.0)
        if not done.all():
            found = self._whole(found, ~done, first[owner], position)
        return found

    def _whole(self, found: Branches, which: Mask, first: Array, position: NDArray[np.intp]) -> Branches:
        """Whole branches, from tangency to tangency with a margin far above their rounding, for some of the roots."""
        onset = self._table.onset
        n = first[which] + (position[which] - 1) // 2  # rising branch n, falling branch that ends in period n + 1
        falls = found.falls[which]
        begin, end = np.where(falls, n, n), np.where(falls, n + 1.0, n)
        at = self._table.resonances(np.maximum(begin, onset))
        to = self._table.resonances(np.maximum(end, onset))
        start = np.where(falls, at[:, 2], at[:, 0]) - 1e-9
        initial = falls & (begin < onset)  # from the origin on
        begin, start = np.where(initial, 0.0, begin), np.where(initial, 0.0, start)
        stop = np.where(falls, to[:, 0], at[:, 2]) + 1e-9
        low, high = [end.copy() for end in found.low], [end.copy() for end in found.high]
        low[0][which], low[1][which] = _normal(begin, start)
        high[0][which], high[1][which] = _normal(end, stop)
        return Branches(found.owner, found.falls, (low[0], low[1]), (high[0], high[1]))

    # Bounds

    def _contributions(self, branches: Branches, derivative: bool) -> tuple[Interval, Interval | None]:
        """Bounds of the contributions and of their derivatives in the speed."""
        x, squared, h, slope = self._band.over(branches)
        spacing = self._band.spacing
        sign = np.where(branches.falls, -1.0, 1.0)
        size = Interval.of(sign) * h
        inverse = Interval(np.maximum(down(1.0 / size.high), 0.0), size.reciprocal().high)
        inverse = replace(inverse, high=np.where(size.low > 0.0, inverse.high, np.inf))
        bounds = self._transform(x)
        ratio = Interval(np.maximum(x.low, 0.0), x.high) / spacing
        fourth = ratio.squared().squared()
        lead = loss_prefactor(INTERVALS).times(fourth).times(inverse)
        power = bounds.value.squared()
        value = lead.times(power)
        value = Interval(value.low, np.where(power.high > 0.0, value.high, 0.0))
        if not derivative:
            return value, None
        h = size * Interval.of(sign)
        reciprocal = h.reciprocal()
        geometric = squared.root().times(x.squared()) / spacing * reciprocal
        bracket = Interval.of(4.0) / x - slope * reciprocal
        wave = Interval.of(4.0) * PI / spacing
        if bounds.logarithmic is not None:
            return value, value * geometric * (bracket + wave * bounds.logarithmic)
        assert bounds.slope is not None
        return value, lead * geometric * (power * bracket + wave * bounds.value * bounds.slope)

    def _transform(self, x: Interval) -> TransformBounds:
        """Bounds of the transform at k = 2 pi x/spacing."""
        k = PI * Interval.of(2.0) * x / self._band.spacing
        with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
            return transform_bounds(self.system.interaction, Interval(np.maximum(k.low, 0.0), k.high))

    def bounds(self, low: Array, high: Array) -> Interval:
        """Bounds of the mean dissipation over intervals of speed without a resonance."""
        return self._bounds(low, high, derivative=False)[0]

    def derivative_bounds(self, low: Array, high: Array) -> Interval:
        """Bounds of the derivative of the mean dissipation over intervals of speed without a resonance."""
        return self._bounds(low, high, derivative=True)[1]

    def _bounds(self, low: Array, high: Array, *, derivative: bool) -> tuple[Interval, Interval, Interval, Interval]:
        """Bounds of the mean dissipation and of its derivative over intervals, and of its values at both ends."""
        shape = low.shape
        results = [Interval(np.full(shape, worst), np.full(shape, np.inf)) for worst in (0.0, -np.inf, 0.0, 0.0)]
        first, last, tail, agree = self._lines(low, high)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            for part in batches(2.0 * (last - first) + 3.0):
                size = low[part].size
                at_low = self._points(low[part], first[part], last[part])
                at_high = self._points(high[part], first[part], last[part])
                value, change = self._contributions(_between(at_low, at_high), derivative)
                sums = [summed(at_low.owner, value, size)]
                if derivative:
                    assert change is not None
                    sums.append(summed(at_low.owner, change, size))
                    sums += [
                        summed(at_low.owner, self._contributions(ends, False)[0], size) for ends in (at_low, at_high)
                    ]
                for result, total in zip(results, sums, strict=False):
                    result.low[part] = np.where(agree[part], total.low, result.low[part])
                    result.high[part] = np.where(agree[part], total.high, result.high[part])
            for index in (0, 2, 3):
                results[index] = Interval(np.maximum(results[index].low, 0.0), up(results[index].high + tail))
            if derivative and tail.any():
                # What is left out changes by as little; its derivative is bounded by the same argument.
                bend = tail * self._steepest(low)
                results[1] = Interval(down(results[1].low - bend), up(results[1].high + bend))
        value, change, start, end = results
        return value, change, start, end

    def _steepest(self, low: Array) -> Array:
        """A bound of abs(dT/dv)/T for the roots that are left out, at speeds from ``low`` on."""
        spacing, top = self.system.chain.spacing, self.system.chain.omega_fast
        x = top * spacing / low + 2.0
        flat = CLOSE / 16.0  # abs(h) >= CLOSE omega x/16
        turn = dispersion.tangency_slope(1.0, 0.0, 1.0, top)  # abs(h') <= pi^2 W (x + 1/2)
        steep = 4.0 * math.pi / spacing * _steepest_logarithm(self.system, 2.0 * math.pi * x / spacing)
        return 1.1 * x / spacing / flat * (4.0 + steep + turn * 1.5 / flat)

    # The search

    def gaps(self, low: Array, high: Array) -> list[Segment]:
        """What remains of intervals free of resonances: monotone and unresolved segments, in order of speed."""
        left, right = _graded(low, high)
        found: list[Segment] = []
        while left.size:
            value = self.bounds(left, right)
            open_ = ~((value.low > self.level) | (value.high < self.level))
            left, right = left[open_], right[open_]
            if not left.size:
                break
            value, change, start, end = self._bounds(left, right, derivative=True)
            least, most = _linear_bounds(left, right, change, start, end)
            open_ = ~((least > self.level) | (most < self.level))
            direction = np.where(change.low > 0.0, 1, np.where(change.high < 0.0, -1, 0))
            narrow = right - left <= NARROW * right
            done = open_ & ((direction != 0) | narrow)
            for index in np.flatnonzero(done):
                found.append(
                    Segment(
                        float(left[index]),
                        float(right[index]),
                        int(direction[index]),
                        self._sign(start, index),
                        self._sign(end, index),
                    )
                )
            left, right = left[open_ & ~done], right[open_ & ~done]
            middle = 0.5 * (left + right)
            left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
        return joined(sorted(found, key=lambda one: one.low))

    def _sign(self, value: Interval, index: np.intp) -> int:
        """Sign of the dissipation less the level; 0 if the bounds do not decide."""
        return 1 if value.low[index] > self.level else -1 if value.high[index] < self.level else 0

    def windows(self, resonances: list[ResonantSpeed]) -> list[Window]:
        """What happens within ``CLOSE`` of each resonance."""
        result: list[Window] = []
        if resonances:
            lines = self._window_lines(resonances)
            for part in batches(lines.count):
                result += self._windows(resonances[part], lines[part])
        return result

    def _window_lines(self, resonances: list[ResonantSpeed]) -> WindowLines:
        """The lines at both ends of the windows."""
        speed = np.array([item.speed for item in resonances])
        period = np.array([float(item.n) for item in resonances])
        lower = np.array([item.edge == "lower" for item in resonances])
        low, high = speed * (1.0 - CLOSE), speed * (1.0 + CLOSE)
        finite, infinite = np.where(lower, low, high), np.where(lower, high, low)
        first, last, tail, _ = self._lines(finite, finite)
        first_here, last_here, tail_here, _ = self._lines(infinite, infinite)
        # At a lower edge the branches 0 and 1 of the line coalesce, at an upper edge the last two.
        agree = (first == np.where(lower, first_here + 1.0, first_here)) & (~lower | (period == first_here))
        included = lower | (last_here >= period)
        last = np.where(lower, last_here, np.minimum(last_here, period - 1.0))
        agree &= last >= first - 1.0
        last_here = np.where(lower, last_here, np.minimum(last_here, period))
        lines = WindowLines(
            infinite, finite, lower, first, np.maximum(last, first - 1.0), first_here, last_here, included, agree,
            np.maximum(tail, tail_here),
        )  # fmt: skip
        return lines

    def _window_branches(self, lines: WindowLines) -> tuple[Branches, Branches, Mask, Mask]:
        """Branches of all roots but the coalescing ones; all at the infinite end; which coalesce; agreement."""
        size = lines.infinite.size
        rest = self._points(lines.finite, lines.first, lines.last)
        every = self._points(lines.infinite, lines.first_here, lines.last_here)
        position = _positions(every.owner)
        number = np.bincount(every.owner, minlength=size)
        pair = np.where(lines.lower[every.owner], position < 2, position >= number[every.owner] - 2)
        pair &= lines.included[every.owner]
        agree = lines.agree & (
            np.bincount(every.owner[~pair], minlength=size) == np.bincount(rest.owner, minlength=size)
        )
        return _between(rest[agree[rest.owner]], every[~pair & agree[every.owner]]), every, pair, agree

    def upper_bounds(self, speed: float, resonance: ResonantSpeed | None) -> tuple[Array, float]:
        """Upper bounds of the first contributions at a speed, in the order of the roots, and of the sum of all others.

        At a resonance, those of all roots but the coalescing ones.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            if resonance is None:
                at = np.array([speed])
                first, last, tail, _ = self._lines(at, at)
                hull = self._points(at, first, last)
            else:
                lines = self._window_lines([resonance])
                tail = lines.tail
                hull, _, _, agree = self._window_branches(lines)
                if not agree.all():
                    return np.empty(0), math.inf
            return np.asarray(self._contributions(hull, False)[0].high), float(tail[0])

    def _windows(self, resonances: list[ResonantSpeed], lines: WindowLines) -> list[Window]:
        size = lines.infinite.size
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            hull, every, pair, agree = self._window_branches(lines)
            value, change = self._contributions(hull, True)
            assert change is not None
            total, slope = summed(hull.owner, value, size), summed(hull.owner, change, size)
            at_end = summed(every.owner, self._contributions(every, False)[0], size)
            jacobian = self._pair_jacobian(resonances, every[pair], size, lines.included)
            bend = np.maximum(np.abs(slope.low), np.abs(slope.high))
            if lines.tail.any():
                bend = bend + lines.tail * self._steepest(lines.infinite)
            rest_high, end_high = up(total.high + lines.tail), up(at_end.high + lines.tail)
        result = []
        for index, resonance in enumerate(resonances):
            resolved = bool(agree[index])
            jump = resolved and bool(rest_high[index] < self.level)
            none = resolved and bool(total.low[index] > self.level)
            end = 1 if at_end.low[index] > self.level else -1 if end_high[index] < self.level else 0
            # At a root the pair contributes level - rest, and changes by that times its jacobian at least: where this
            # exceeds the change of the rest, the dissipation crosses the level once at most.
            unique = (self.level - rest_high[index]) * jacobian[index] > bend[index]
            resolved = none or (jump and end != 0 and bool(unique))
            result.append(Window(resonance, float(lines.infinite[index]), jump, jump and end < 0, resolved))
        return result

    def _pair_jacobian(self, resonances: list[ResonantSpeed], pair: Branches, size: int, included: Mask) -> Array:
        """A lower bound of -+d log T/dv of the two coalescing roots between the resonance and the window's end."""
        result = np.full(size, np.inf)
        if pair.owner.size == 0:
            return result
        n = np.array([float(item.n) for item in resonances])
        rows = self._table.resonances(n)
        offset = np.where([item.edge == "lower" for item in resonances], rows[:, 0], rows[:, 2])
        margin = 64.0 * EPSILON * np.abs(offset)  # of Newton's method in double precision
        left, right = _normal(n, offset - margin), _normal(n, offset + margin)
        touch = Branches(pair.owner, pair.falls, *((e[0][pair.owner], e[1][pair.owner]) for e in (left, right)))
        x, squared, h, slope = self._band.over(_between(pair, touch))
        flat = np.maximum(np.abs(h.low), np.abs(h.high))
        turn = np.where(
            (slope.low <= 0.0) & (slope.high >= 0.0), 0.0, np.minimum(np.abs(slope.low), np.abs(slope.high))
        )
        bounds = self._transform(x)
        relative = bounds.relative_slope
        other = 4.0 / x.low + 4.0 * math.pi / self.system.chain.spacing * np.maximum(
            np.abs(relative.low), np.abs(relative.high)
        )
        # A transform lost in its error, or below what the square of a double can hold, is taken not to vanish.
        lost = hasattr(self.system.interaction, "transform_error") | (bounds.value.absolute().high < 1e-150)
        other = np.where(lost & ~np.isfinite(other), 0.0, other)
        steep = np.sqrt(squared.low) * x.low**2 / (self.system.chain.spacing * flat) * (turn / flat - other)
        np.minimum.at(result, pair.owner, np.maximum(down(steep, 64.0), 0.0))
        return np.where(included, result, np.inf)


@dataclass(frozen=True)
class WindowLines:
    """The lines at the infinite and at the finite end of the windows of resonances, one entry per resonance.

    ``first`` .. ``last`` are the branches at the finite end, ``first_here`` .. ``last_here`` those at the infinite end;
    ``included`` says whether the coalescing roots are among the latter, or left out as negligible with the ``tail``.
    """

    infinite: Array
    finite: Array
    lower: Mask
    first: Array
    last: Array
    first_here: Array
    last_here: Array
    included: Mask
    agree: Mask
    tail: Array

    def __getitem__(self, part: slice) -> WindowLines:
        return WindowLines(*(getattr(self, one.name)[part] for one in fields(self)))

    @property
    def count(self) -> Array:
        """Number of roots to enclose."""
        return 2.0 * (np.maximum(self.last, self.last_here) - np.minimum(self.first, self.first_here)) + 3.0


def _steepest_logarithm(system: SystemParameters, k: Array) -> Array:
    """A bound of abs(transform'/transform) up to k, for a transform that falls monotonically, from x >= 2 on."""
    least = np.full_like(k, 4.0 * math.pi / system.chain.spacing * (1.0 - 1e-12))
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        bounds = transform_bounds(system.interaction, Interval(least, np.maximum(k, least)))
        assert bounds.logarithmic is not None
        return np.maximum(np.abs(bounds.logarithmic.low), np.abs(bounds.logarithmic.high))


def _positions(owner: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number of each root along its line; the branches fall and rise in turn, and the first falls."""
    index = np.arange(owner.size)
    begins = np.concatenate([[True], owner[1:] != owner[:-1]])
    return index - np.maximum.accumulate(np.where(begins, index, 0)) if owner.size else index


def _between(one: Branches, other: Branches) -> Branches:
    """The hull of two sets of intervals on the same branches."""

    def least(a: tuple[Array, Array], b: tuple[Array, Array], sign: float) -> tuple[Array, Array]:
        first = sign * ((a[0] - b[0]) + (a[1] - b[1])) <= 0.0
        return np.where(first, a[0], b[0]), np.where(first, a[1], b[1])

    return Branches(one.owner, one.falls, least(one.low, other.low, 1.0), least(one.high, other.high, -1.0))


def _graded(low: Array, high: Array) -> tuple[Array, Array]:
    """First intervals of each gap, shorter towards its ends."""
    left: list[Array] = []
    right: list[Array] = []
    for a, b in zip(low.tolist(), high.tolist(), strict=True):
        span = b - a
        edges = np.unique(np.concatenate([[a, b, 0.5 * (a + b)], a + span * GRADES, b - span * GRADES]))
        edges = edges[(edges >= a) & (edges <= b)]
        left.append(edges[:-1])
        right.append(edges[1:])
    return (np.concatenate(left), np.concatenate(right)) if left else (np.empty(0), np.empty(0))


def _linear_bounds(low: Array, high: Array, change: Interval, start: Interval, end: Interval) -> tuple[Array, Array]:
    """Bounds from the values at the two ends and bounds of the derivative between them."""
    length = up(high - low)
    least = np.where(change.low >= 0.0, start.low, np.where(change.high <= 0.0, end.low, -np.inf))
    most = np.where(change.low >= 0.0, end.high, np.where(change.high <= 0.0, start.high, np.inf))
    turns = (change.low < 0.0) & (change.high > 0.0) & np.isfinite(change.low) & np.isfinite(change.high)
    with np.errstate(all="ignore"):
        span = change.high - change.low
        error = 16.0 * EPSILON * (start.high + end.high + length * span)
        dip = (change.high * start.low - change.low * end.low + length * change.low * change.high) / span - error
        peak = (change.high * end.high - change.low * start.high - length * change.low * change.high) / span + error
    least = np.where(turns & np.isfinite(dip), dip, least)
    most = np.where(turns & np.isfinite(peak), peak, most)
    return least, most


@dataclass(frozen=True)
class Segment:
    """An interval of speeds in which the mean dissipation may equal the level.

    ``direction`` is the proven sign of its derivative, 0 if there is none. ``before`` and ``after`` are the proven
    signs of the dissipation less the level at the two ends, 0 if unknown.
    """

    low: float
    high: float
    direction: int
    before: int
    after: int


@dataclass(frozen=True)
class Window:
    """What bounds prove within ``CLOSE`` of a resonance.

    ``end`` is the speed at the end of the window on the infinite side. ``jump``: the dissipation jumps across the level
    at the resonance. ``beside``: it equals the level once more, between the resonance and ``end``. Not ``resolved``:
    the bounds do not decide.
    """

    resonance: ResonantSpeed
    end: float
    jump: bool
    beside: bool
    resolved: bool


def joined(segments: list[Segment]) -> list[Segment]:
    """Neighbours of one direction made one: the dissipation is monotone over both, or undecided over both."""
    result: list[Segment] = []
    for one in segments:
        if result and result[-1].high == one.low and result[-1].direction == one.direction:
            result[-1] = replace(result[-1], high=one.high, after=one.after)
        else:
            result.append(one)
    return result
