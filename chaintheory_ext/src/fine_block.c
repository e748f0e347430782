#include <math.h>
#include <string.h>

#include "chain.h"
#include "dispatch.h"
#include "fine_block.h"

#define TILE 32
#define VECTOR CT_VECTOR
#define TWO_PI 6.283185307179586476925286766559

double ct_table_slope(double r, const double *c)
{
    const double distance = fabs(r);
    if (distance >= c[0])
        return 0.0;
    const double place = distance * c[1];
    const double last = c[2] - 1.0;
    const double piece = fmin(floor(place), last);
    const double *node = c + 3 + 2 * (long)piece;
    const double x = place - piece, y = 1.0 - x;
    const double value = y * y * ((1.0 + 2.0 * x) * node[0] + x * node[1])
                         + x * x * ((1.0 + 2.0 * y) * node[2] - y * node[3]);
    return r < 0.0 ? -value : value;
}

CT_VECTORISED
void ct_propagate(double *restrict new_u, double *restrict new_p, const double *restrict u,
             const double *restrict p, long n, const double *restrict c, const double *restrict s,
             const double *restrict d, long h)
{
    for (long start = 0; start < n; start += TILE) {
        /* A last, short tile overlaps the one before it: every tile has one fixed length. */
        const long at = (start + TILE <= n || n < TILE) ? start : n - TILE;
        const long length = n < TILE ? n : TILE;
        double sum_u[TILE], sum_p[TILE];
        if (length == TILE) {
            for (int i = 0; i < TILE; i++) {
                sum_u[i] = c[0] * u[at + i] + s[0] * p[at + i];
                sum_p[i] = c[0] * p[at + i] - d[0] * u[at + i];
            }
            for (long k = 1; k <= h; k++) {
                const double ck = c[k], sk = s[k], dk = d[k];
                for (int i = 0; i < TILE; i++) {
                    const double a = u[at + i + k] + u[at + i - k];
                    const double b = p[at + i + k] + p[at + i - k];
                    sum_u[i] += ck * a + sk * b;
                    sum_p[i] += ck * b - dk * a;
                }
            }
            memcpy(new_u + at, sum_u, sizeof sum_u);
            memcpy(new_p + at, sum_p, sizeof sum_p);
        } else {
            for (long i = at; i < at + length; i++) {
                double su = c[0] * u[i] + s[0] * p[i], sp = c[0] * p[i] - d[0] * u[i];
                for (long k = 1; k <= h; k++) {
                    const double a = u[i + k] + u[i - k], b = p[i + k] + p[i - k];
                    su += c[k] * a + s[k] * b;
                    sp += c[k] * b - d[k] * a;
                }
                new_u[i] = su;
                new_p[i] = sp;
            }
        }
    }
}

/* out[i] += a * x[i] */
static inline void add_scaled(double *restrict out, const double *restrict x, double a, long n)
{
    for (long i = 0; i < n; i++)
        out[i] += a * x[i];
}

/* The same for two pairs at once; n is a multiple of VECTOR, outputs begin on a cache line. */
static inline void add_scaled_pair(double *restrict out, double *restrict other,
                                   const double *restrict x, const double *restrict y, double a,
                                   long n)
{
    out = __builtin_assume_aligned(out, 8 * VECTOR);
    other = __builtin_assume_aligned(other, 8 * VECTOR);
    for (long i = 0; i < n; i += VECTOR)
        for (int lane = 0; lane < VECTOR; lane++) {
            out[i + lane] += a * x[i + lane];
            other[i + lane] += a * y[i + lane];
        }
}

/* Displacements and momenta of the masses lo .. hi at all kicks, moved by the free chain; u and p begin at mass lo. */
CT_VECTORISED
static void to_kicks(const ct_block *block, const double *restrict u, const double *restrict p, long sites,
                     double *restrict at_u, double *restrict at_p)
{
    const long width = block->width, row = block->row;
    for (long j = 0; j < sites; j++) {
        double *restrict uj = __builtin_assume_aligned(at_u + j * row, 8 * VECTOR);
        double *restrict pj = __builtin_assume_aligned(at_p + j * row, 8 * VECTOR);
        const double *uo = u + j, *po = p + j;
        memset(uj, 0, (size_t)row * sizeof *uj);
        memset(pj, 0, (size_t)row * sizeof *pj);
        for (long l = 0; l <= width; l++) {
            const double a = l ? uo[l] + uo[-l] : uo[0], b = l ? po[l] + po[-l] : po[0];
            const double *restrict c = block->free_c + l * row;
            const double *restrict s = block->free_s + l * row;
            const double *restrict d = block->free_d + l * row;
            for (long k = 0; k < row; k += VECTOR)
                for (int lane = 0; lane < VECTOR; lane++) {
                    uj[k + lane] += a * c[k + lane] + b * s[k + lane];
                    pj[k + lane] += b * c[k + lane] - a * d[k + lane];
                }
        }
        uj[0] = uo[0];
        pj[0] = po[0];
    }
}

CT_VECTORISED
int ct_fine_block(const ct_block *block, const ct_interaction *interaction, ct_particle *particle,
                  const double *restrict u, const double *restrict p, const double *restrict heat_u,
                  const double *restrict heat_p, double *restrict new_u, double *restrict new_p, long origin, long lo, long hi, long steps,
                  double *restrict work, const ct_record *record)
{
    const long sites = hi - lo + 1, stages = block->stages, width = block->width;
    const long kicks = steps * stages, row = block->row;
    const double spacing = particle->spacing, cutoff = interaction->cutoff;
    const double per_width2 =
        interaction->gaussian ? 1.0 / (interaction->c[1] * interaction->c[1]) : 0.0;
    const double peak = interaction->gaussian ? -interaction->c[0] * per_width2 : 0.0;
    const double kick_particle = TWO_PI / particle->mass;

    double *restrict at_u = __builtin_assume_aligned(work, 8 * VECTOR);
    double *restrict at_p = at_u + sites * row;
    double *restrict hot_u = at_p + sites * row; /* unused without heat */
    double *restrict hot_p = hot_u + (heat_u ? sites * row : 0);
    double *restrict impulses = hot_p + (heat_u ? sites * row : 0); /* (mass, kick, impulse) */
    long impulse_count = 0;
    to_kicks(block, u + (lo - origin), p + (lo - origin), sites, at_u, at_p);
    if (heat_u)
        to_kicks(block, heat_u + (lo - origin), heat_p + (lo - origin), sites, hot_u, hot_p);

    double sigma = particle->sigma, residual = particle->residual;
    double q = particle->q, energy = particle->energy;
    /* Until a mass outside lo .. hi could be felt, allowing for its displacement. */
    const double left = (lo - 1 + interaction->displaced) * spacing + cutoff;
    const double right = (hi + 1 - interaction->displaced) * spacing - cutoff;
    long step = 0, stage = 0;
    for (long k = 0;; k++) {
        if (!(sigma >= left && sigma <= right))
            return CT_OUTSIDE;
        const double weight = block->weight[stage];
        /* Impulses of the whole kick; at a step's end the halves count apart for the record. */
        const int boundary = stage == 0;
        const int first = k == 0, last = k == kicks;
        const double half = boundary ? 0.5 : 1.0;
        const double strength = (first || last) ? 0.5 * weight : weight;
        double force = particle->driving, half_energy = 0.0, whole_energy = 0.0;
        const long first_impulse = impulse_count;
        for (long j = 0; j < sites; j++) {
            const double displaced = heat_u ? at_u[j * row + k] + hot_u[j * row + k] : at_u[j * row + k];
            const double r = (lo + j) * spacing + displaced - sigma;
            if (fabs(r) >= cutoff)
                continue;
            if (!(fabs(displaced) <= interaction->most_displaced))
                return CT_DISPLACED;
            const double slope = interaction->gaussian
                                     ? ct_gaussian_slope(r, peak, per_width2)
                                     : interaction->slope(r, interaction->c);
            force += slope; /* the particle feels -dPhi/dsigma = +slope, the mass -slope */
            double *entry = impulses + 3 * impulse_count++;
            entry[0] = (double)j;
            entry[1] = (double)k;
            entry[2] = -TWO_PI * slope;
            const double own = at_p[j * row + k] - block->half_damping * at_u[j * row + k];
            const double momentum = heat_u ? own + hot_p[j * row + k] : own;
            const double part = -TWO_PI * slope * half * weight;
            const double all = -TWO_PI * slope * strength;
            half_energy += part * (momentum + 0.5 * part);
            whole_energy += all * (momentum + 0.5 * all);
        }
        if (boundary && !first) {
            record->position[step] = sigma;
            record->velocity[step] = TWO_PI * (q + half * weight * kick_particle * force);
            record->acceleration[step] = ct_acceleration(force, particle->mass);
            record->energy[step] = energy + half_energy;
            step++;
        }
        q += strength * kick_particle * force;
        energy += whole_energy;
        const double drift = block->drift[stage];
        /* Whole vectors: the tables are zero at the kick itself and before it. */
        const long line = (k + 1) / VECTOR * VECTOR;
        for (long i = first_impulse; i < impulse_count; i++) {
            double *entry = impulses + 3 * i;
            const long j = (long)entry[0];
            const double impulse = entry[2] *= strength;
            for (long other = 0; other < sites; other++) {
                const long lag = other > j ? other - j : j - other;
                if (lag > width)
                    continue;
                const long from = (stage * (width + 1) + lag) * (row + VECTOR) + VECTOR + line - k;
                add_scaled_pair(at_u + other * row + line, at_p + other * row + line,
                                block->forced_s + from, block->forced_c + from, impulse,
                                row - line);
            }
        }
        if (last)
            break;
        /* Compensated sum: equal steps would otherwise be rounded the same way every time. */
        const double flight = TWO_PI * drift * q + residual;
        const double moved = sigma + flight;
        residual = flight - (moved - sigma);
        sigma = moved;
        stage = stage + 1 == stages ? 0 : stage + 1;
    }

    /* A block cut short ends earlier: its kicks stand nearer to the end by the steps left out. */
    const long skipped = block->kicks - kicks;
    for (long i = 0; i < impulse_count; i++) {
        const double *entry = impulses + 3 * i;
        const long at = lo + (long)entry[0] - origin - width;
        const long from = ((long)entry[1] + skipped) * block->end_row;
        add_scaled(new_u + at, block->end_s + from, entry[2], 2 * width + 1);
        add_scaled(new_p + at, block->end_c + from, entry[2], 2 * width + 1);
    }
    particle->sigma = sigma;
    particle->residual = residual;
    particle->q = q;
    particle->energy = energy;
    return 0;
}
