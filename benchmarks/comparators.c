/* What the integrator is measured against: compiled with the flags of the extension and the same
 * choice of vector widths.
 *
 * published_map: the algorithm of the published code. Every impulse is added to the whole future
 * of `tracked` masses, from a table of the memory kernel: O(T^2).
 *
 * leapfrog_chain: an explicit finite chain, particle and masses by the leapfrog of the same step.
 * Only masses that the sound cone has reached are stepped; displacements and velocities are updated
 * in portions that stay in the innermost cache.
 */
#include <math.h>
#include <stdlib.h>

#include "dispatch.h"

#define TWO_PI 6.283185307179586476925286766559

static double slope(double r, double amplitude, double width)
{
    const double x = r / width;
    return -amplitude / width * x * exp(-0.5 * x * x);
}

/* kernel: [lag][steps + 1]; future: [tracked][steps + 1], zero on entry. */
CT_VECTORISED
double published_map(const double *restrict kernel, double *restrict future, long tracked,
                     long steps, double amplitude, double width, double mass, double bias,
                     double spacing, double time_step, double position, double speed)
{
    const long row = steps + 1;
    const double reach = 8.6 * width;
    double sigma = position, v = speed;
    const long origin = (long)floor(position / spacing) - 10;
    for (long i = 0; i < steps; i++) {
        double force = bias / spacing;
        for (long j = 0; j < tracked; j++) {
            const double r = (origin + j) * spacing + future[j * row + i] - sigma;
            if (fabs(r) > reach)
                continue;
            const double s = slope(r, amplitude, width);
            force += s;
            const double impulse = -TWO_PI * time_step * s * (i ? 1.0 : 0.5);
            for (long m = 0; m < tracked; m++) {
                const double *restrict from = kernel + labs(m - j) * row;
                double *restrict to = future + m * row + i;
                for (long k = 0; k < steps - i + 1; k++)
                    to[k] += impulse * from[k];
            }
        }
        v += TWO_PI * TWO_PI / mass * time_step * force * (i ? 1.0 : 0.5);
        sigma += time_step * v;
    }
    return sigma;
}

#define PORTION 1024

/* u, w: [masses + 2], zero on entry; mass m stands at place m - origin + 1. */
CT_VECTORISED
double leapfrog_chain(double *restrict u, double *restrict w, long masses, long origin, long steps,
                      double omega_fast, double amplitude, double width, double mass, double bias,
                      double spacing, double time_step, double position, double speed)
{
    const double kick = TWO_PI * TWO_PI * time_step;
    const double reach = 8.6 * width;
    /* w is the displacement per step: u += w. */
    const double on_site = kick * time_step;
    const double coupling = 0.25 * (omega_fast * omega_fast - 1.0) * on_site;
    const double sound = 3.14159265358979323846 * (omega_fast - 1.0) * time_step;
    const long start = (long)floor(position / spacing) - origin + 1;
    double sigma = position, v = speed;
    for (long i = 0; i < steps; i++) {
        const double half = i ? 1.0 : 0.5;
        double force = bias / spacing;
        const long near = (long)floor(sigma / spacing);
        for (long m = near - 1; m <= near + 2; m++) {
            const long place = m - origin + 1;
            if (place < 1 || place > masses)
                return NAN;
            const double r = m * spacing + u[place] - sigma;
            if (fabs(r) > reach)
                continue;
            const double s = slope(r, amplitude, width);
            force += s;
            w[place] -= on_site * s * half;
        }
        v += kick / mass * force * half;
        sigma += time_step * v;
        const long cone = (long)(sound * (i + 1)) + 40, ahead = labs(near - origin + 1 - start);
        long first = start - cone - ahead, last = start + cone + ahead;
        first = first < 1 ? 1 : first;
        last = last > masses ? masses : last;
        /* Displacements follow one mass behind the velocities that still need the old ones. */
        for (long from = first; from <= last; from += PORTION) {
            const long to = from + PORTION - 1 < last ? from + PORTION - 1 : last;
            for (long m = from; m <= to; m++)
                w[m] += coupling * (u[m + 1] + u[m - 1] - 2.0 * u[m]) - on_site * u[m];
            const long done = from == first ? from : from - 1;
            const long ready = to == last ? to : to - 1;
            for (long m = done; m <= ready; m++)
                u[m] += w[m];
        }
    }
    return sigma;
}
