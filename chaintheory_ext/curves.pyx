"""Crossings of a line with the periodically continued phonon band: counted, bracketed, refined.

A particle at mean speed v feeds the phonons at the crossings of the line ``x v/spacing`` with ``omega(x)``
(Eq. 10). ``omega(x)/x`` is monotone between the points where a line through the origin touches the band, so that
each such piece holds at most one crossing, and the slopes of the touching lines at its two ends say whether it
does. Nothing is sampled, and nothing can be missed:

    the first crossing lies on the falling piece that ends at the first lower tangent below the line;
    every upper tangent above the line adds one crossing on the rising piece before it and one on the falling
    piece after it.
"""

from libc.math cimport pi
from libc.stddef cimport size_t

import numpy as np

from chaintheory_ext.generated cimport dissipation as generated

cdef extern from "crossings.h" nogil:
    ctypedef struct ct_tangents:
        double lower, lower_slope, upper, upper_slope
    ctypedef struct ct_band:
        double omega_fast, onset, tabulated
        ct_tangents *table
    void ct_band_tabulate(ct_band *band, double omega_fast, size_t tabulated, ct_tangents *table)
    ct_tangents ct_band_tangents(const ct_band *band, double period)
    void ct_band_range(const ct_band *band, double slope, double decay, double power, double *first, double *last)
    size_t ct_band_brackets(const ct_band *band, double slope, double first, double last, double *period,
                            double *rising, double *low, double *high)
    void refine_crossings(size_t count, double omega_fast, const double *slope, const double *period,
                          const double *rising, double *low, double *high, double *omega, double *group)


cdef class TangencyTable:
    """The lines through the origin that touch the band omega(x): two in each period from ``onset`` on.

    Parameters
    ----------
    omega_fast
        Top of the band; greater than 1.
    tabulated
        Periods whose tangents are kept in a table; those beyond are computed when they are needed.
    """

    cdef ct_band band
    cdef object table

    def __init__(self, double omega_fast, Py_ssize_t tabulated=512):
        cdef double[:, ::1] table = np.zeros((max(tabulated, 1), 4))
        self.table = table
        ct_band_tabulate(&self.band, omega_fast, tabulated, <ct_tangents *>&table[0, 0])

    @property
    def omega_fast(self):
        """Top of the band."""
        return self.band.omega_fast

    @property
    def onset(self):
        """First period with tangents."""
        return self.band.onset

    def resonances(self, periods):
        """Offsets and slopes of the tangents: array of shape (len(periods), 4), periods from ``onset`` on.

        Columns: offset and slope of the lower tangent, offset and slope of the upper one.
        """
        cdef double[::1] wanted = np.ascontiguousarray(periods, dtype=np.float64)
        cdef double[:, ::1] found = np.empty((wanted.shape[0], 4))
        cdef ct_tangents one
        cdef Py_ssize_t i
        for i in range(wanted.shape[0]):
            if not wanted[i] >= self.onset:
                raise ValueError(f"the band has no tangents in periods before {self.onset:g}, got {wanted[i]:g}")
            one = ct_band_tangents(&self.band, wanted[i])
            found[i, 0], found[i, 1], found[i, 2], found[i, 3] = one.lower, one.lower_slope, one.upper, one.upper_slope
        return np.asarray(found)

    def ranges(self, double[::1] slopes, double decay=0.0, double power=1.0):
        """First and last period that matter to each line, and the number of crossings up to there.

        A phonon at x is fed in proportion to exp(-decay x^power); periods that cannot reach 1e-17 of the first
        crossing's share are left out, ``decay = 0`` leaves out nothing (crossings.h).
        """
        cdef Py_ssize_t i, count = slopes.shape[0]
        firsts = np.empty(count)
        lasts = np.empty(count)
        cdef double[::1] first = firsts, last = lasts
        with nogil:
            for i in range(count):
                ct_band_range(&self.band, slopes[i], decay, power, &first[i], &last[i])
        return firsts, lasts, np.maximum(2.0 * (lasts - firsts) + 3.0, 1.0)

    def roots(self, double[::1] slopes, double[::1] first, double[::1] last):
        """Crossings of each line from period ``first`` to ``last`` (see ``ranges``).

        Returns
        -------
        owner, period, offset, omega, group
            One entry per crossing, sorted by line and x: index of the line, x as period + offset, frequency,
            and d omega/dx.
        """
        cdef Py_ssize_t i, k = 0, end, lines = slopes.shape[0], total = 0
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
                end = k + <Py_ssize_t>ct_band_brackets(&self.band, slopes[i], first[i], last[i], &period[k], &rising[k],
                                                       &low[k], &high[k])
                for k in range(k, end):
                    owner[k] = i
                    slope[k] = slopes[i]
                k = end
            refine_crossings(total, self.band.omega_fast, &slope[0], &period[0], &rising[0], &low[0], &high[0],
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
