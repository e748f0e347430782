"""Single passes of a chain at a temperature, compiled: see single_passes.h."""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy

import numpy as np


cdef extern from "single_passes.h" nogil:
    enum:
        CT_LANES
    ctypedef double (*ct_slope)(double r, const double *c) noexcept
    ctypedef struct ct_interaction:
        int gaussian
        ct_slope slope
        const double *c
        double cutoff
    ctypedef struct ct_passes:
        long steps, modes
        const double *field
        const double *kernel
        double time_step, mass, start, speed
        int through
    double ct_table_slope(double r, const double *c)
    void ct_philox(uint64_t seed, uint64_t index, long count, uint64_t *out)
    void ct_normal(uint64_t seed, uint64_t index, long count, double *out, long stride)
    void ct_single_passes(const ct_passes *passes, const ct_interaction *interaction, const double *normal,
                          double *losses, double *history)

LANES = CT_LANES


def philox(uint64_t seed, uint64_t index, long count):
    """The first ``count`` numbers of numpy.random.Philox(key=[seed, index])."""
    cdef uint64_t[::1] out = np.empty(max(count, 1), dtype=np.uint64)
    ct_philox(seed, index, count, &out[0])
    return np.asarray(out)[:count]


def normal(uint64_t seed, uint64_t index, long count):
    """The first ``count`` standard normal numbers of that stream."""
    cdef double[::1] out = np.empty(max(count, 1))
    ct_normal(seed, index, count, &out[0], 1)
    return np.asarray(out)[:count]


def losses(const double[:, ::1] field, const double[::1] kernel, kind, const double[::1] coefficients, double cutoff,
           double time_step, double mass, double start, double speed, uint64_t seed, uint64_t first, bint antithetic,
           double[::1] result, double[:, ::1] given=None, bint through=False):
    """Losses of passes ``first``, ``first`` + 1, ... into ``result``; NaN where the particle does not come out.

    ``field`` and ``kernel`` have a row for each step, ``field`` as many rows more as make it a multiple of 4. Pass k
    draws from the stream (seed, k); antithetic passes 2 k and 2 k + 1 share the stream k, with opposite signs. ``given``
    are numbers to use instead, a row for each pass. With ``through`` particles that are turned back are NaN as well.
    """
    cdef ct_passes passes
    cdef ct_interaction interaction
    cdef long count = result.shape[0], modes = field.shape[1], at, lane, mode
    cdef uint64_t index
    cdef double sign
    cdef double[CT_LANES] kept
    cdef double[:, ::1] numbers = np.zeros((modes, CT_LANES))
    cdef double[::1] history = np.empty(kernel.shape[0] * CT_LANES)
    if field.shape[0] < (kernel.shape[0] + 3) // 4 * 4:
        raise ValueError("field has too few rows")
    if given is not None and (given.shape[0] < count or given.shape[1] != modes):
        raise ValueError("given has another shape")
    passes.through = through
    passes.steps, passes.modes = kernel.shape[0], modes
    passes.field, passes.kernel = &field[0, 0], &kernel[0]
    passes.time_step, passes.mass, passes.start, passes.speed = time_step, mass, start, speed
    interaction.gaussian = kind == "gaussian"
    interaction.slope = ct_table_slope
    interaction.c = &coefficients[0]
    interaction.cutoff = cutoff
    with nogil:
        at = 0
        while at < count:
            for lane in range(CT_LANES):
                if given is not None:
                    for mode in range(modes):
                        numbers[mode, lane] = given[min(at + lane, count - 1), mode]
                    continue
                index = first + at + lane
                sign = 1.0
                if antithetic:
                    sign = -1.0 if index % 2 else 1.0
                    index = index // 2
                ct_normal(seed, index, modes, &numbers[0, lane], CT_LANES)
                if sign < 0.0:
                    for mode in range(modes):
                        numbers[mode, lane] = -numbers[mode, lane]
            ct_single_passes(&passes, &interaction, &numbers[0, 0], kept, &history[0])
            memcpy(&result[at], kept, min(CT_LANES, count - at) * sizeof(double))
            at += CT_LANES
