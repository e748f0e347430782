"""The memory-kernel equations as they stand: Eqs. 2-4 with the kernel of Eq. 5, cost O(T^2).

    rho_n(tau) - n alpha = sum over past kicks of Gamma_{n - j}(tau - tau') x impulse on mass j,

with the impulses of half kick, free flight, half kick (order 2). The light-cone method is compared with it,
and both with a plain NumPy twin in tests/physics/test_integrators.py.
"""

from libc.math cimport ceil, fabs, floor

import numpy as np


cdef extern from "dot_pair.h" nogil:
    void ct_dot_pair(const double *a, const double *b, const double *x, long n, double *ax,
                     double *bx)

cdef extern from "chain.h" nogil:
    double ct_acceleration(double force, double mass)
    double ct_gaussian_slope(double r, double peak, double per_square)

cdef extern from "fine_block.h" nogil:
    double ct_table_slope(double r, const double *c)

cdef double TWO_PI = 6.283185307179586


def run(double[:, ::1] position_kernel, double[:, ::1] momentum_kernel, bint gaussian,
        const double[::1] coefficients, double cutoff, double mass, double driving, double spacing,
        double time_step, double sigma, double q, long lowest, long memory_steps, long displaced,
        double most_displaced,
        double[::1] position, double[::1] velocity, double[::1] acceleration, double[::1] energy,
        double[::1] final, progress=None):
    """Integrate ``len(position)`` steps; the records receive one number a step.

    ``position_kernel[l, -1 - m]`` is S_l(m dt) = Gamma_l, ``momentum_kernel`` likewise C_l: rows
    run backwards in time so that the past is read forwards. Kicks on masses lowest, lowest + 1, ...
    are remembered, as many as the kernels have rows; kicks older than ``memory_steps`` are dropped.
    Masses are looked for as if displaced by up to ``displaced`` spacings. Returns the number of steps
    done: fewer than asked for if the particle left these masses, -1 if one of them was displaced by
    more than ``most_displaced`` while the particle felt it. ``final`` receives the displacements
    of the masses near the particle at the end.
    """
    cdef long steps = position.shape[0], lags = position_kernel.shape[0]
    cdef long longest = position_kernel.shape[1]
    impulses_array = np.zeros((lags, steps + 1))
    first_array = np.full(lags, -1, dtype=np.int64)
    last_array = np.full(lags, -1, dtype=np.int64)
    cdef double[:, ::1] impulse = impulses_array
    cdef long[::1] first = first_array, last = last_array
    cdef double chain_energy = 0.0, force, r, slope, u, p, su, sp, half, whole, half_energy
    cdef double whole_energy, part, kick = TWO_PI * time_step / mass
    cdef double per_width2 = 1.0 / (coefficients[1] * coefficients[1]) if gaussian else 0.0
    cdef long i, j, lo, hi, other, lag, start, stop, portion, told = 0
    i = 0
    while i <= steps:
        portion = min(steps + 1, i + 512)
        with nogil:
            while i < portion:
                if not fabs(sigma) < 4503599627370496.0 * spacing:  # masses are numbered by whole numbers
                    with gil:
                        return i
                lo = <long>floor((sigma - cutoff) / spacing) - displaced - lowest
                hi = <long>ceil((sigma + cutoff) / spacing) + displaced - lowest
                if not (lo >= 0 and hi < lags):
                    with gil:
                        return i
                force = driving
                half_energy = 0.0
                whole_energy = 0.0
                for j in range(lo, hi + 1):
                    u = 0.0
                    p = 0.0
                    for other in range(lags):
                        if first[other] < 0:
                            continue
                        start = max(first[other], i - memory_steps)
                        stop = min(last[other] + 1, i)
                        if stop <= start:
                            continue
                        lag = other - j if other > j else j - other
                        ct_dot_pair(&position_kernel[lag, longest - 1 - i + start],
                                    &momentum_kernel[lag, longest - 1 - i + start],
                                    &impulse[other, start], stop - start, &su, &sp)
                        u += su
                        p += sp
                    if i == steps:
                        final[j] = u
                    r = (lowest + j) * spacing + u - sigma
                    if fabs(r) >= cutoff:
                        continue
                    if not fabs(u) <= most_displaced:
                        with gil:
                            return -1
                    if gaussian:
                        slope = ct_gaussian_slope(r, -coefficients[0] * per_width2, per_width2)
                    else:
                        slope = ct_table_slope(r, &coefficients[0])
                    force += slope
                    part = -0.5 * TWO_PI * time_step * slope
                    whole = part if i == 0 else 2.0 * part
                    half_energy += part * (p + 0.5 * part)
                    whole_energy += whole * (p + 0.5 * whole)
                    impulse[j, i] = whole
                    if first[j] < 0:
                        first[j] = i
                    last[j] = i
                if i > 0:
                    position[i - 1] = sigma
                    velocity[i - 1] = TWO_PI * (q + 0.5 * kick * force)
                    acceleration[i - 1] = ct_acceleration(force, mass)
                    energy[i - 1] = chain_energy + half_energy
                q += kick * force * (0.5 if i == 0 else 1.0)
                chain_energy += whole_energy
                sigma += TWO_PI * time_step * q
                i += 1
        if progress is not None and i - 1 > told:
            progress(i - 1 - told)
            told = i - 1
    return steps
