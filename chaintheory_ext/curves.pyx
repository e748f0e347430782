"""Crossings of a line with the periodically continued phonon band: counted, bracketed, refined.

A particle at mean speed v feeds the phonons at the crossings of the line ``x v/spacing`` with ``omega(x)``
(Eq. 10). ``omega(x)/x`` is monotone between the points where a line through the origin touches the band, so that
each such piece holds at most one crossing, and the slopes of the touching lines at its two ends say whether it
does. Nothing is sampled, and nothing can be missed:

    the first crossing lies on the falling piece that ends at the first lower tangent below the line;
    every upper tangent above the line adds one crossing on the rising piece before it and one on the falling
    piece after it.
"""

from libc.math cimport INFINITY, floor, log, pi, pow, sqrt
from libc.stddef cimport size_t

import numpy as np

from chaintheory_ext.generated cimport dissipation as generated

cdef extern from "chain.h" nogil:
    double ct_band_width(double omega_fast)
    double ct_lower_edge_shift(double band_width)

cdef extern from "crossings.h" nogil:
    int band_tangencies(double omega_fast, double period, double *lower_offset, double *lower_slope,
                        double *upper_offset, double *upper_slope)
    void refine_crossings(size_t count, double omega_fast, const double *slope, const double *period,
                          const double *rising, double *low, double *high, double *omega, double *group)

cdef double MANY_PERIODS = 1e15   # beyond this a double no longer tells one period from the next


cdef struct Tangents:
    double lower          # offset of the lower point of contact
    double lower_slope
    double upper
    double upper_slope


cdef class TangencyTable:
    """The lines through the origin that touch the band omega(x): two in each period from ``onset`` on.

    Parameters
    ----------
    omega_fast
        Top of the band; greater than 1.
    tabulated
        Periods whose tangents are kept in a table; those beyond are computed when they are needed.
    """

    cdef readonly double omega_fast
    cdef readonly double onset
    cdef Py_ssize_t tabulated
    cdef Tangents[::1] table

    def __init__(self, double omega_fast, Py_ssize_t tabulated=512):
        cdef Py_ssize_t n
        cdef Tangents tangents
        self.omega_fast = omega_fast
        self.tabulated = 0
        self.onset = 1.0     # in period 0 omega(x)/x always falls
        while not band_tangencies(omega_fast, self.onset, &tangents.lower, &tangents.lower_slope,
                                  &tangents.upper, &tangents.upper_slope):
            self.onset += 1.0
        self.table = np.zeros(max(tabulated, 1), dtype=[(name, "f8") for name in (
            "lower", "lower_slope", "upper", "upper_slope")])
        for n in range(<Py_ssize_t>min(self.onset, tabulated), tabulated):
            self.table[n] = self.tangents(n)
        self.tabulated = tabulated

    cdef Tangents tangents(self, double period) noexcept nogil:
        cdef Tangents result
        if period < self.tabulated:
            return self.table[<Py_ssize_t>period]
        band_tangencies(self.omega_fast, period, &result.lower, &result.lower_slope,
                        &result.upper, &result.upper_slope)
        return result

    cdef double first(self, double slope) noexcept nogil:
        """The first period whose lower tangent is not steeper than the line."""
        cdef double n = 1.0 / (slope * slope) - ct_lower_edge_shift(ct_band_width(self.omega_fast))
        n = max(floor(sqrt(max(n, 0.0))), self.onset)
        while n > self.onset and self.tangents(n - 1.0).lower_slope <= slope:
            n -= 1.0
        while self.tangents(n).lower_slope > slope:
            n += 1.0
        return n

    cdef double last(self, double slope) noexcept nogil:
        """The last period whose upper tangent is not flatter than the line; below ``onset`` if none is."""
        cdef double n = max(floor(self.omega_fast / slope - 0.5), self.onset - 1.0)
        while n >= self.onset and self.tangents(n).upper_slope < slope:
            n -= 1.0
        while self.tangents(n + 1.0).upper_slope >= slope:
            n += 1.0
        return n

    cdef double end_of_first(self, double slope, double first) noexcept nogil:
        """An upper bound of the first crossing's x."""
        if first > self.onset:
            return first + self.tangents(first).lower
        return min(first + self.tangents(first).lower, floor(self.omega_fast / slope + 0.5) + 0.5)

    def resonances(self, periods):
        """Offsets and slopes of the tangents: array of shape (len(periods), 4), periods from ``onset`` on.

        Columns: offset and slope of the lower tangent, offset and slope of the upper one.
        """
        cdef double[::1] wanted = np.ascontiguousarray(periods, dtype=np.float64)
        cdef Tangents[::1] found = np.empty(wanted.shape[0], dtype=[(name, "f8") for name in (
            "lower", "lower_slope", "upper", "upper_slope")])
        cdef Py_ssize_t i
        for i in range(wanted.shape[0]):
            if not wanted[i] >= self.onset:
                raise ValueError(f"the band has no tangents in periods before {self.onset:g}, got {wanted[i]:g}")
            found[i] = self.tangents(wanted[i])
        return np.asarray(found).view(np.float64).reshape(wanted.shape[0], 4)

    def ranges(self, double[::1] slopes, double decay=0.0, double power=1.0):
        """First and last period that matter to each line, and the number of crossings up to there.

        A phonon at x is fed in proportion to exp(-decay x^power). Periods are left out where that factor, with
        the largest growth of the others and a denominator at the resolution of a double, cannot reach 1e-17 of
        the first crossing's share; ``decay = 0`` leaves out nothing.
        """
        cdef Py_ssize_t i, count = slopes.shape[0]
        firsts = np.empty(count)
        lasts = np.empty(count)
        cdef double[::1] first = firsts, last = lasts
        cdef double begin, budget, end
        with nogil:
            for i in range(count):
                if slopes[i] * MANY_PERIODS < self.omega_fast:
                    first[i] = min(1.0 / slopes[i], 1e300)  # finite, so that the number of crossings is inf
                    last[i] = INFINITY
                    continue
                first[i] = self.first(slopes[i])
                last[i] = self.last(slopes[i])
                if decay > 0.0:
                    begin = self.end_of_first(slopes[i], first[i])
                    budget = log(1e17 * 1e9) + 4.0 * log(self.omega_fast) + log(1.0 + pi * self.omega_fast / slopes[i])
                    end = pow(pow(begin, power) + budget / decay, 1.0 / power)
                    last[i] = min(last[i], floor(end))
        return firsts, lasts, np.maximum(2.0 * (lasts - firsts) + 3.0, 1.0)

    def roots(self, double[::1] slopes, double[::1] first, double[::1] last):
        """Crossings of each line from period ``first`` to ``last`` (see ``ranges``).

        Returns
        -------
        owner, period, offset, omega, group
            One entry per crossing, sorted by line and x: index of the line, x as period + offset, frequency,
            and d omega/dx.
        """
        cdef Py_ssize_t i, k = 0, lines = slopes.shape[0], total = 0
        cdef double n, m
        cdef Tangents before, here
        for i in range(lines):
            total += <Py_ssize_t>max(2.0 * (last[i] - first[i]) + 3.0, 1.0)
        owners = np.empty(total, dtype=np.intp)
        numbers = np.empty((7, total))
        cdef Py_ssize_t[::1] owner = owners
        cdef double[:, ::1] number = numbers
        cdef double[::1] slope = number[0], period = number[1], rising = number[2]
        cdef double[::1] low = number[3], high = number[4], omega = number[5], group = number[6]
        if total == 0:
            return owners, numbers[1], numbers[3], numbers[5], numbers[6]
        with nogil:
            for i in range(lines):
                n = first[i]
                here = self.tangents(n)
                period[k] = n
                high[k] = here.lower
                if n > self.onset:
                    low[k] = self.tangents(n - 1.0).upper - 1.0
                else:     # the piece from the origin on: omega_fast/(m + 1/2) < slope <= omega_fast/(m - 1/2)
                    m = min(floor(self.omega_fast / slopes[i] + 0.5), n)
                    period[k] = m
                    low[k] = -0.5 if m > 0.0 else 0.0
                    if m < n:
                        high[k] = 0.5
                owner[k] = i
                slope[k] = slopes[i]
                rising[k] = -1.0
                k += 1
                while n <= last[i]:
                    owner[k] = owner[k + 1] = i
                    slope[k] = slope[k + 1] = slopes[i]
                    period[k] = n
                    period[k + 1] = n + 1.0
                    rising[k] = 1.0
                    rising[k + 1] = -1.0
                    low[k] = here.lower
                    high[k] = here.upper
                    low[k + 1] = here.upper - 1.0
                    here = self.tangents(n + 1.0)
                    high[k + 1] = here.lower
                    k += 2
                    n += 1.0
            refine_crossings(total, self.omega_fast, &slope[0], &period[0], &rising[0], &low[0], &high[0],
                             &omega[0], &group[0])
        return owners, numbers[1], numbers[3], numbers[5], numbers[6]


def band_mean_gaussian(double[::1] speed, double omega_fast, double width):
    """Band mean of omega^2 exp(-(2 pi width/v)^2 (omega^2 - 1)) at each speed v (greater than 0), Eq. 7."""
    cdef Py_ssize_t i
    result = np.empty(speed.shape[0])
    cdef double[::1] mean = result
    with nogil:
        for i in range(speed.shape[0]):
            mean[i] = generated.band_mean_gaussian(speed[i], omega_fast, width)
    return result
