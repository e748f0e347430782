"""Near field of the light-cone integrator: a window of chain around the particle, stepped finely.

Levels of windows stand one inside the other. Level 0 is carried over one block of kicks at a time,
each level above over a fixed number of blocks of the level below at once: the whole window by the
free flow, and then the part that the particle can have influenced is pasted in from the level
below. What creeps in from a window's edges is thrown away with the edges. The far field (Python,
simulation/light_cone.py) does the same above these levels by FFT.
"""

from libc.math cimport INFINITY, ceil, fabs, floor, rint
from libc.string cimport memcpy, memset

import numpy as np


cdef extern from "fine_block.h" nogil:
    ctypedef double (*ct_slope)(double r, const double *c) noexcept
    ctypedef struct ct_interaction:
        int gaussian
        ct_slope slope
        const double *c
        double cutoff, displaced, most_displaced
    ctypedef struct ct_block:
        long steps, stages, kicks, width, row
        const double *free_c
        const double *free_s
        const double *free_d
        const double *forced_s
        const double *forced_c
        long end_row
        const double *end_s
        const double *end_c
        const double *weight
        const double *drift
        double half_damping
    ctypedef struct ct_particle:
        double sigma, residual, q, energy, mass, driving, spacing
    ctypedef struct ct_record:
        double *position
        double *velocity
        double *acceleration
        double *energy
    enum:
        CT_VECTOR, CT_OUTSIDE, CT_DISPLACED
    double ct_table_slope(double r, const double *c)
    void ct_propagate(double *new_u, double *new_p, const double *u, const double *p, long n,
                 const double *c, const double *s, const double *d, long h)
    int ct_fine_block(const ct_block *block, const ct_interaction *interaction,
                      ct_particle *particle, const double *u, const double *p, const double *heat_u,
                      const double *heat_p, double *new_u, double *new_p, long origin, long lo,
                      long hi, long steps, double *work, const ct_record *record)

# What ``NearField.advance`` returns where it did not succeed.
OUTSIDE, DISPLACED = CT_OUTSIDE, CT_DISPLACED

# Masses are numbered by whole numbers that a double holds exactly, and a long as well.
cdef double MOST_MASSES = 4503599627370496.0

cdef enum:
    MOST_LEVELS = 8
    SEARCHED = 16        # masses to each side that are looked after when they have been pushed far

cdef struct Level:
    long radius, halo, size, origin     # masses origin .. origin + size - 1, size = 2 radius + 1
    long paste, allowance               # half-widths: pasted back; of masses that may be kicked
    long blocks                         # blocks of the level below in one of this level
    const double *c
    const double *s
    const double *d
    double *u                           # halo + size + halo numbers, zeros in the halo
    double *p
    double *new_u
    double *new_p
    double *heat_u                      # the same of a free motion on which this one is superposed
    double *heat_p
    double *new_heat_u
    double *new_heat_p


cdef class NearField:
    """Windows around one particle, and the tables to step them.

    Built by ``Plan.near_field``; one object serves one run at a time (it owns its work space), and its
    ``advance`` runs without the GIL.
    """

    cdef ct_block block
    cdef ct_interaction interaction
    cdef ct_particle particle
    cdef Level levels[MOST_LEVELS]
    cdef int top
    cdef bint hot
    cdef double speed_bound, block_time
    cdef object keep
    cdef double[::1] work
    cdef long most_sites

    def __init__(self, tables, interaction_kind, double[::1] coefficients, double cutoff,
                 double mass, double driving, double spacing, windows, double block_time,
                 double speed_bound, double displaced, double most_displaced):
        """tables: dict of arrays (see light_cone.block_tables); windows: one dict per level."""
        cdef int i
        cdef const double[::1] view
        cdef Level *level
        self.keep = [tables, coefficients, windows]
        self.block.steps = tables["steps"]
        self.block.stages = tables["stages"]
        self.block.kicks = self.block.steps * self.block.stages
        self.block.width = tables["width"]
        self.block.row = tables["row"]
        self.block.end_row = tables["end_row"]
        view = tables["free_c"]; self.block.free_c = &view[0]
        view = tables["free_s"]; self.block.free_s = &view[0]
        view = tables["free_d"]; self.block.free_d = &view[0]
        view = tables["forced_s"]; self.block.forced_s = &view[0]
        view = tables["forced_c"]; self.block.forced_c = &view[0]
        view = tables["end_s"]; self.block.end_s = &view[0]
        view = tables["end_c"]; self.block.end_c = &view[0]
        view = tables["weight"]; self.block.weight = &view[0]
        view = tables["drift"]; self.block.drift = &view[0]
        self.block.half_damping = tables["half_damping"]
        self.interaction.gaussian = interaction_kind == "gaussian"
        self.interaction.slope = slope_function(interaction_kind)
        self.interaction.c = &coefficients[0]
        self.interaction.cutoff = cutoff
        self.interaction.displaced = displaced
        self.interaction.most_displaced = most_displaced
        self.particle.mass = mass
        self.particle.driving = driving
        self.particle.spacing = spacing
        self.block_time = block_time
        self.speed_bound = speed_bound
        if len(windows) > MOST_LEVELS:
            raise ValueError(f"at most {MOST_LEVELS} levels, got {len(windows)}")
        self.top = len(windows) - 1
        for i, window in enumerate(windows):
            level = &self.levels[i]
            level.radius = window["radius"]
            level.halo = window["halo"]
            level.paste = window["paste"]
            level.allowance = window["allowance"]
            level.blocks = window["blocks"]
            level.size = 2 * level.radius + 1
            view = window["c"]; level.c = &view[0]
            view = window["s"]; level.s = &view[0]
            view = window["d"]; level.d = &view[0]
            self.allocate(level)
        self.most_sites = 0

    cdef allocate(self, Level *level):
        cdef double[:, ::1] space = np.zeros((8, level.size + 2 * level.halo))
        self.keep.append(space)
        level.u = &space[0, 0]
        level.p = &space[1, 0]
        level.new_u = &space[2, 0]
        level.new_p = &space[3, 0]
        level.heat_u = &space[4, 0]
        level.heat_p = &space[5, 0]
        level.new_heat_u = &space[6, 0]
        level.new_heat_p = &space[7, 0]

    @property
    def state(self):
        """Position and what its rounding left out, speed/(2 pi), and the chain's energy so far."""
        return (self.particle.sigma, self.particle.residual, self.particle.q,
                self.particle.energy)

    @state.setter
    def state(self, values):
        (self.particle.sigma, self.particle.residual, self.particle.q,
         self.particle.energy) = values

    def advance(self, double[:, ::1] field, long origin, long blocks, long rest,
                double[::1] position, double[::1] velocity, double[::1] acceleration,
                double[::1] energy, rest_kernels=None, const double[:, ::1] heat=None):
        """Carry ``field`` (rows u, p; mass ``origin`` first) over whole blocks and ``rest`` steps.

        ``rest = 0`` and ``blocks`` equal to what the top level holds run the hierarchy; anything
        else steps the whole window block by block. ``heat``, of the shape of ``field``, is a free motion of
        the chain on which the field is superposed: the particle feels the sum. The records receive one number a step.
        Returns 0, or, with ``field`` untouched, OUTSIDE if the particle went farther than allowed
        for and DISPLACED if a mass did.
        """
        cdef Level *level = &self.levels[self.top]
        cdef ct_record record
        cdef int status
        cdef long hierarchy = 1
        cdef int i
        cdef const double[:, ::1] kernels
        for i in range(self.top + 1):
            hierarchy *= self.levels[i].blocks
        if field.shape[1] != level.size:
            raise ValueError(f"field must hold {level.size} masses, got {field.shape[1]}")
        if position.shape[0] < blocks * self.block.steps + rest:
            raise ValueError("records are too short")
        self.reserve()
        record.position = &position[0]
        record.velocity = &velocity[0]
        record.acceleration = &acceleration[0]
        record.energy = &energy[0]
        level.origin = origin
        memcpy(level.u + level.halo, &field[0, 0], level.size * sizeof(double))
        memcpy(level.p + level.halo, &field[1, 0], level.size * sizeof(double))
        self.hot = heat is not None
        if self.hot:
            if heat.shape[1] != level.size:
                raise ValueError(f"heat must hold {level.size} masses, got {heat.shape[1]}")
            memcpy(level.heat_u + level.halo, &heat[0, 0], level.size * sizeof(double))
            memcpy(level.heat_p + level.halo, &heat[1, 0], level.size * sizeof(double))
        if blocks == hierarchy and rest == 0:
            with nogil:
                status = self.recurse(self.top, &record)
        else:
            # The finest kernels carry the whole window; its halo is wide enough for them.
            with nogil:
                status = self.step_window(level, blocks, &record)
            if status == 0 and rest:
                kernels = rest_kernels
                with nogil:
                    ct_propagate(level.new_u + level.halo, level.new_p + level.halo,
                            level.u + level.halo, level.p + level.halo, level.size,
                            &kernels[0, 0], &kernels[1, 0], &kernels[2, 0], kernels.shape[1] - 1)
                    status = self.kick(level, rest, &record)
                    exchange(level)
        if status:
            return status
        memcpy(&field[0, 0], level.u + level.halo, level.size * sizeof(double))
        memcpy(&field[1, 0], level.p + level.halo, level.size * sizeof(double))
        return 0

    cdef reserve(self):
        """Work space for as many masses as the innermost window may kick."""
        cdef long sites = 2 * self.levels[0].allowance + 1
        if sites > self.most_sites:
            self.most_sites = sites
            space = np.empty(sites * (4 * self.block.row + 3 * (self.block.kicks + 1)) + CT_VECTOR)
            first = -(space.ctypes.data // 8) % CT_VECTOR
            self.work = space[first:]

    cdef int recurse(self, int index, ct_record *record) noexcept nogil:
        """All blocks of one level; 0, or what went wrong in one of them."""
        cdef Level *level = &self.levels[index]
        cdef Level *below
        cdef long block, first, last
        cdef int status
        if index == 0:
            return self.step_window(level, level.blocks, record)
        below = &self.levels[index - 1]
        for block in range(level.blocks):
            if not fabs(self.particle.sigma) < MOST_MASSES * self.particle.spacing:
                return CT_OUTSIDE
            below.origin = <long>rint(self.particle.sigma / self.particle.spacing) - below.radius
            copy_window(below, level, below.u, below.p, level.u, level.p)
            if self.hot:
                copy_window(below, level, below.heat_u, below.heat_p, level.heat_u, level.heat_p)
            self.propagate(level, level)
            status = self.recurse(index - 1, record)
            if status:
                return status
            first = max(below.origin + below.radius - below.paste, level.origin)
            last = min(below.origin + below.radius + below.paste, level.origin + level.size - 1)
            if last >= first:
                memcpy(level.new_u + level.halo + first - level.origin,
                       below.u + below.halo + first - below.origin,
                       (last - first + 1) * sizeof(double))
                memcpy(level.new_p + level.halo + first - level.origin,
                       below.p + below.halo + first - below.origin,
                       (last - first + 1) * sizeof(double))
            exchange(level)
        return 0

    cdef int step_window(self, Level *level, long blocks, ct_record *record) noexcept nogil:
        """Carry one window over ``blocks`` blocks of kicks with the finest kernels."""
        cdef Level *finest = &self.levels[0]
        cdef long block
        cdef int status
        for block in range(blocks):
            self.propagate(level, finest)
            status = self.kick(level, self.block.steps, record)
            if status:
                return status
            exchange(level)
        return 0

    cdef void propagate(self, Level *level, Level *kernels) noexcept nogil:
        """Carry a window, and the motion under it, freely with the kernels of a level."""
        ct_propagate(level.new_u + level.halo, level.new_p + level.halo, level.u + level.halo, level.p + level.halo,
                level.size, kernels.c, kernels.s, kernels.d, kernels.halo)
        if self.hot:
            ct_propagate(level.new_heat_u + level.halo, level.new_heat_p + level.halo, level.heat_u + level.halo,
                    level.heat_p + level.halo, level.size, kernels.c, kernels.s, kernels.d, kernels.halo)

    cdef int kick(self, Level *level, long steps, ct_record *record) noexcept nogil:
        """Add to ``level.new_u``, ``level.new_p`` what the particle does in one block."""
        cdef double spacing = self.particle.spacing
        cdef double sigma = self.particle.sigma
        cdef double cutoff = self.interaction.cutoff
        cdef double travel = self.block_time * (6.283185307179586 * fabs(self.particle.q))
        cdef long lo, hi, centre
        cdef int attempt, i, status
        cdef Level *outer
        if not fabs(sigma) < MOST_MASSES * spacing:
            return CT_OUTSIDE
        # At first allow for the present speed and some more; then for the bound on the speed.
        for attempt in range(3):
            if attempt == 0:
                travel = min(1.1 * travel + 0.05 * spacing, self.block_time * self.speed_bound)
            elif attempt == 1:
                travel = self.block_time * self.speed_bound
            else:
                return CT_OUTSIDE
            # All masses that a displacement of so many spacings could bring within cutoff.
            lo = <long>floor((sigma - travel - cutoff) / spacing + 1.0 - self.interaction.displaced)
            hi = <long>ceil((sigma + travel + cutoff) / spacing - 1.0 + self.interaction.displaced)
            for i in range(self.top + 1):
                outer = &self.levels[i]
                centre = outer.origin + outer.radius
                if outer >= level and (lo < centre - outer.allowance
                                       or hi > centre + outer.allowance):
                    return CT_OUTSIDE
            if hi - lo + 1 > self.most_sites:
                return CT_OUTSIDE
            if self.interaction.most_displaced < INFINITY and self.displaced_near(level, lo, hi, travel + cutoff):
                return CT_DISPLACED
            status = ct_fine_block(&self.block, &self.interaction, &self.particle,
                                   level.u + level.halo, level.p + level.halo,
                                   level.heat_u + level.halo if self.hot else NULL,
                                   level.heat_p + level.halo if self.hot else NULL,
                                   level.new_u + level.halo, level.new_p + level.halo,
                                   level.origin, lo, hi, steps, &self.work[0], record)
            if status == 0:
                record.position += steps
                record.velocity += steps
                record.acceleration += steps
                record.energy += steps
            if status != CT_OUTSIDE:
                return status
        return CT_OUTSIDE

    cdef bint displaced_near(self, Level *level, long lo, long hi, double distance) noexcept nogil:
        """Whether a mass outside lo .. hi, pushed away in an earlier block, may come within ``distance``."""
        cdef double spacing = self.particle.spacing, sigma = self.particle.sigma
        cdef double near = distance + 0.5 * self.interaction.displaced * spacing
        cdef double *u = level.u + level.halo
        cdef double *heat = level.heat_u + level.halo
        cdef long j
        cdef double displaced
        for j in range(max(lo - SEARCHED, level.origin), min(hi + SEARCHED + 1, level.origin + level.size)):
            displaced = u[j - level.origin] + (heat[j - level.origin] if self.hot else 0.0)
            if (j < lo or j > hi) and fabs(j * spacing + displaced - sigma) < near:
                return True
        return False


def rotate(double complex[:, ::1] spectrum, const double[::1] cosine,
           const double[::1] sine_over, const double[::1] sine_times):
    """Carry the Fourier modes of rows u and p in place: u -> C u + S p, p -> C p - D u."""
    cdef Py_ssize_t k
    cdef double complex u, p
    if cosine.shape[0] != spectrum.shape[1]:
        raise ValueError("spectrum and multipliers differ in length")
    with nogil:
        for k in range(spectrum.shape[1]):
            u, p = spectrum[0, k], spectrum[1, k]
            spectrum[0, k] = cosine[k] * u + sine_over[k] * p
            spectrum[1, k] = cosine[k] * p - sine_times[k] * u


cdef void exchange(Level *level) noexcept nogil:
    level.u, level.new_u = level.new_u, level.u
    level.p, level.new_p = level.new_p, level.p
    level.heat_u, level.new_heat_u = level.new_heat_u, level.heat_u
    level.heat_p, level.new_heat_p = level.new_heat_p, level.heat_p


cdef void copy_window(Level *below, Level *level, double *to_u, double *to_p, const double *u,
                      const double *p) noexcept nogil:
    """Fill rows of the window below from those of ``level``; what lies outside is zero, and never used."""
    cdef long first = max(below.origin, level.origin)
    cdef long last = min(below.origin + below.size, level.origin + level.size)
    memset(to_u + below.halo, 0, below.size * sizeof(double))
    memset(to_p + below.halo, 0, below.size * sizeof(double))
    if last > first:
        memcpy(to_u + below.halo + first - below.origin, u + level.halo + first - level.origin,
               (last - first) * sizeof(double))
        memcpy(to_p + below.halo + first - below.origin, p + level.halo + first - level.origin,
               (last - first) * sizeof(double))


cdef ct_slope slope_function(kind) except NULL:
    return ct_table_slope
