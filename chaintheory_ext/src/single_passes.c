#include <math.h>
#include <string.h>

#include "chain.h"
#include "dispatch.h"
#include "single_passes.h"

#define TWO_PI 6.283185307179586476925286766559
/* Steps for which the thermal field is summed at once. */
#define AHEAD 4

/* Philox4x64-10 of Salmon, Moraes, Dror and Shaw (2011), as NumPy has it: the counter is raised before each block. */
static inline uint64_t high_product(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    return (uint64_t)(((unsigned __int128)a * b) >> 64);
#else
    const uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    const uint64_t middle = ah * bl + (al * bl >> 32);
    return ah * bh + (middle >> 32) + ((al * bh + (uint32_t)middle) >> 32);
#endif
}

static void philox_block(uint64_t counter, uint64_t k0, uint64_t k1, uint64_t out[4])
{
    uint64_t c0 = counter, c1 = 0, c2 = 0, c3 = 0;
    for (int round = 0; round < 10; round++) {
        const uint64_t h0 = high_product(0xD2E7470EE14C6C93ULL, c0), l0 = 0xD2E7470EE14C6C93ULL * c0;
        const uint64_t h1 = high_product(0xCA5A826395121157ULL, c2), l1 = 0xCA5A826395121157ULL * c2;
        c0 = h1 ^ c1 ^ k0;
        c1 = l1;
        c2 = h0 ^ c3 ^ k1;
        c3 = l0;
        k0 += 0x9E3779B97F4A7C15ULL;
        k1 += 0xBB67AE8584CAA73BULL;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void ct_philox(uint64_t seed, uint64_t index, long count, uint64_t *out)
{
    uint64_t block[4];
    for (long i = 0; i < count; i++) {
        if (i % 4 == 0)
            philox_block((uint64_t)(i / 4) + 1, seed, index, block);
        out[i] = block[i % 4];
    }
}

void ct_normal(uint64_t seed, uint64_t index, long count, double *out, long stride)
{
    uint64_t block[4];
    for (long i = 0; i < count; i += 4) {
        philox_block((uint64_t)(i / 4) + 1, seed, index, block);
        for (int pair = 0; pair < 2; pair++) {
            /* 53 bits each; the first never 0. */
            const double first = ((double)(block[2 * pair] >> 11) + 1.0) * 0x1p-53;
            const double second = (double)(block[2 * pair + 1] >> 11) * 0x1p-53;
            const double radius = sqrt(-2.0 * log(first));
            if (i + 2 * pair < count)
                out[(i + 2 * pair) * stride] = radius * cos(TWO_PI * second);
            if (i + 2 * pair + 1 < count)
                out[(i + 2 * pair + 1) * stride] = radius * sin(TWO_PI * second);
        }
    }
}

/* field[ahead][lane] = sum over the modes. */
CT_VECTORISED
static void thermal_field(double *restrict out, const double *restrict table, const double *restrict normal, long modes)
{
    double sum[AHEAD][CT_LANES];
    memset(sum, 0, sizeof sum);
    for (long m = 0; m < modes; m++)
        for (int ahead = 0; ahead < AHEAD; ahead++) {
            const double a = table[ahead * modes + m];
            for (int lane = 0; lane < CT_LANES; lane++)
                sum[ahead][lane] += a * normal[m * CT_LANES + lane];
        }
    memcpy(out, sum, sizeof sum);
}

CT_VECTORISED
static void response(double *restrict u, const double *restrict kernel, const double *restrict history, long first,
                     long step)
{
    double sum[CT_LANES];
    memcpy(sum, u, sizeof sum);
    for (long j = first; j < step; j++) {
        const double a = kernel[step - j];
        for (int lane = 0; lane < CT_LANES; lane++)
            sum[lane] += a * history[j * CT_LANES + lane];
    }
    memcpy(u, sum, sizeof sum);
}

void ct_single_passes(const ct_passes *passes, const ct_interaction *interaction, const double *normal, double *losses,
                      double *history)
{
    const double start = passes->start, q0 = passes->speed / TWO_PI, step_time = passes->time_step;
    const double flight = TWO_PI * step_time, kick_mass = -TWO_PI * step_time;
    const double kick_particle = TWO_PI * step_time / passes->mass;
    const double per_square = interaction->gaussian ? 1.0 / (interaction->c[1] * interaction->c[1]) : 0.0;
    const double peak = interaction->gaussian ? -interaction->c[0] * per_square : 0.0;
    double sigma[CT_LANES], gained[CT_LANES], field[AHEAD][CT_LANES];
    int inside[CT_LANES], left = CT_LANES;
    for (int lane = 0; lane < CT_LANES; lane++) {
        sigma[lane] = -start;
        gained[lane] = 0.0;
        inside[lane] = 1;
        losses[lane] = NAN;
    }
    long first = -1;
    for (long step = 0; step < passes->steps && left; step++) {
        if (step % AHEAD == 0)
            thermal_field(field[0], passes->field + step * passes->modes, normal, passes->modes);
        double *u = field[step % AHEAD], *impulse = history + step * CT_LANES;
        if (first >= 0)
            response(u, passes->kernel, history, first, step);
        for (int lane = 0; lane < CT_LANES; lane++) {
            impulse[lane] = 0.0;
            if (!inside[lane])
                continue;
            const double r = u[lane] - sigma[lane];
            if (fabs(r) < interaction->cutoff) {
                const double slope = interaction->gaussian ? ct_gaussian_slope(r, peak, per_square)
                                                           : interaction->slope(r, interaction->c);
                impulse[lane] = kick_mass * slope;
                gained[lane] += kick_particle * slope;
                if (first < 0)
                    first = step;
            }
            sigma[lane] += flight * (q0 + gained[lane]);
            if (!(fabs(sigma[lane]) <= start)) {
                inside[lane] = 0;
                left--;
                if (sigma[lane] > start || !passes->through)
                    losses[lane] = -0.5 * passes->mass * gained[lane] * (2.0 * q0 + gained[lane]);
            }
        }
    }
}
