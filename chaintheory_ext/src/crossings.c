/* See crossings.h. The refinement works on blocks of lanes without branches, which the compiler turns
 * into vector code; the widest version that the processor knows is chosen when the module is loaded. */
#include "crossings.h"

#include <math.h>

#include "chain.h"
#include "dispatch.h"

#define PI 3.1415926535897932385
#define LANES 32
#define MOST_STEPS 120
#define MANY_PERIODS 1e15 /* beyond this a double no longer tells one period from the next */

/* sin(pi x) for |x| <= 1/2 by Taylor's series; the first term left out is below 1e-18. */
static inline double sine_pi(double x)
{
    const double y = x * x;
    double sum = 5.3926646626081284894e-10;
    sum = sum * y - 2.294842899726987311e-8;
    sum = sum * y + 7.9520540014755127848e-7;
    sum = sum * y - 0.000021915353447830215827;
    sum = sum * y + 0.00046630280576761256442;
    sum = sum * y - 0.0073704309457143507773;
    sum = sum * y + 0.082145886611128228799;
    sum = sum * y - 0.59926452932079207689;
    sum = sum * y + 2.5501640398773454439;
    sum = sum * y - 5.1677127800499700292;
    sum = sum * y + 3.1415926535897932385;
    return sum * x;
}

/* sin^2(pi x) and sin(pi x) cos(pi x) for x between -1 and 1/2: both have period 1. */
static inline void squares(double x, double *sine_squared, double *product)
{
    const double folded = x < -0.5 ? x + 1.0 : x;
    const double sine = sine_pi(folded);
    const double cosine = sine_pi(0.5 - fabs(folded));
    *sine_squared = sine * sine;
    *product = sine * cosine;
}

/* About asin(sqrt(q))/pi, to 1e-3: where sin^2(pi x) = q. For starting points. */
static inline double angle_of(double q)
{
    const double clipped = q < 0.0 ? 0.0 : q > 1.0 ? 1.0 : q;
    const double y2 = clipped < 0.5 ? clipped : 1.0 - clipped;
    const double y = sqrt(y2);
    const double series = y * (0.31831 + y2 * (0.053052 + y2 * (0.023873 + y2 * 0.02)));
    return clipped < 0.5 ? series : 0.5 - series;
}

/* Zero where a line through the origin is tangent to the band. */
static double tangency(double width, double period, double offset)
{
    double sine_squared, product;
    squares(offset, &sine_squared, &product);
    return ct_tangency(width, period + offset, sine_squared, product);
}

/* The only zero of `tangency` between low and high, where it has the sign `sign` at low. */
static double touch(double width, double period, double low, double high, double sign)
{
    double offset = 0.5 * (low + high);
    for (int step = 0; step < MOST_STEPS; step++) {
        double sine_squared, product;
        squares(offset, &sine_squared, &product);
        const double x = period + offset;
        const double value = ct_tangency(width, x, sine_squared, product);
        const double slope = ct_tangency_slope(width, x, sine_squared, product);
        if (value * sign > 0.0) low = offset; else high = offset;
        double next = offset - value / slope;
        if (!(next > low && next < high)) next = 0.5 * (low + high);
        const double change = fabs(next - offset);
        offset = next;
        if (change <= 1e-17 + 1e-16 * fabs(offset)) break;
    }
    return offset;
}

static double line_slope(double width, double period, double offset)
{
    double sine_squared, product;
    squares(offset, &sine_squared, &product);
    return sqrt(ct_frequency_squared(width, sine_squared)) / (period + offset);
}

int band_tangencies(double omega_fast, double period,
                    double *lower_offset, double *lower_slope,
                    double *upper_offset, double *upper_slope)
{
    const double width = ct_band_width(omega_fast);
    /* x omega' - omega grows up to the steepest point of the band and falls beyond it. */
    const double steepest = asin(sqrt(ct_steepest_sine_squared(omega_fast))) / PI;
    if (!(tangency(width, period, steepest) > 0.0)) return 0;
    *lower_offset = touch(width, period, 0.0, steepest, -1.0);
    *upper_offset = touch(width, period, steepest, 0.5, 1.0);
    *lower_slope = line_slope(width, period, *lower_offset);
    *upper_slope = line_slope(width, period, *upper_offset);
    return 1;
}

void ct_band_tabulate(ct_band *band, double omega_fast, size_t tabulated, ct_tangents *table)
{
    ct_tangents t;
    band->omega_fast = omega_fast;
    band->tabulated = 0.0;
    band->table = table;
    band->onset = 1.0; /* in period 0 omega(x)/x always falls */
    while (!band_tangencies(omega_fast, band->onset, &t.lower, &t.lower_slope, &t.upper, &t.upper_slope))
        band->onset += 1.0;
    for (double n = band->onset; n < (double)tabulated; n += 1.0)
        table[(size_t)n] = ct_band_tangents(band, n);
    band->tabulated = (double)tabulated;
}

ct_tangents ct_band_tangents(const ct_band *band, double period)
{
    ct_tangents t = {0.0, 0.0, 0.0, 0.0};
    if (period < band->tabulated)
        return band->table[(size_t)period];
    band_tangencies(band->omega_fast, period, &t.lower, &t.lower_slope, &t.upper, &t.upper_slope);
    return t;
}

/* The first period whose lower tangent is not steeper than the line. */
static double first_period(const ct_band *band, double slope)
{
    const double square = 1.0 / (slope * slope) - ct_lower_edge_shift(ct_band_width(band->omega_fast));
    double n = fmax(floor(sqrt(fmax(square, 0.0))), band->onset);
    while (n > band->onset && ct_band_tangents(band, n - 1.0).lower_slope <= slope) n -= 1.0;
    while (ct_band_tangents(band, n).lower_slope > slope) n += 1.0;
    return n;
}

/* The last period whose upper tangent is not flatter than the line; below the onset if none is. */
static double last_period(const ct_band *band, double slope)
{
    double n = fmax(floor(band->omega_fast / slope - 0.5), band->onset - 1.0);
    while (n >= band->onset && ct_band_tangents(band, n).upper_slope < slope) n -= 1.0;
    while (ct_band_tangents(band, n + 1.0).upper_slope >= slope) n += 1.0;
    return n;
}

/* An upper bound of the first crossing's x. */
static double end_of_first(const ct_band *band, double slope, double first)
{
    const double end = first + ct_band_tangents(band, first).lower;
    return first > band->onset ? end : fmin(end, floor(band->omega_fast / slope + 0.5) + 0.5);
}

void ct_band_range(const ct_band *band, double slope, double decay, double power, double *first, double *last)
{
    if (slope * MANY_PERIODS < band->omega_fast) {
        *first = fmin(1.0 / slope, 1e300); /* finite, so that the number of crossings is infinite */
        *last = INFINITY;
        return;
    }
    *first = first_period(band, slope);
    *last = last_period(band, slope);
    if (decay > 0.0) {
        const double begin = end_of_first(band, slope, *first);
        const double budget = log(1e17 * 1e9) + 4.0 * log(band->omega_fast) + log(1.0 + PI * band->omega_fast / slope);
        const double end = pow(pow(begin, power) + budget / decay, 1.0 / power);
        *last = fmin(*last, floor(end));
    }
}

size_t ct_band_brackets(const ct_band *band, double slope, double first, double last,
                        double *period, double *rising, double *low, double *high)
{
    size_t k = 1;
    ct_tangents here = ct_band_tangents(band, first);
    period[0] = first;
    rising[0] = -1.0;
    high[0] = here.lower;
    if (first > band->onset) {
        low[0] = ct_band_tangents(band, first - 1.0).upper - 1.0;
    } else { /* the piece from the origin on: omega_fast/(m + 1/2) < slope <= omega_fast/(m - 1/2) */
        const double m = fmin(floor(band->omega_fast / slope + 0.5), first);
        period[0] = m;
        low[0] = m > 0.0 ? -0.5 : 0.0;
        if (m < first) high[0] = 0.5;
    }
    for (double n = first; n <= last; n += 1.0, k += 2) {
        period[k] = n;
        period[k + 1] = n + 1.0;
        rising[k] = 1.0;
        rising[k + 1] = -1.0;
        low[k] = here.lower;
        high[k] = here.upper;
        low[k + 1] = here.upper - 1.0;
        here = ct_band_tangents(band, n + 1.0);
        high[k + 1] = here.lower;
    }
    return k;
}

/* Newton's method for omega(x)^2 = (slope x)^2, kept inside the bracket by bisection. A lane rests once
 * what the next step would leave, step^2 * second derivative / first derivative, is below rounding. */
CT_VECTORISED
void refine_crossings(size_t count, double omega_fast, const double *slope, const double *period,
                      const double *rising, double *low, double *high, double *omega, double *group)
{
    const double width = ct_band_width(omega_fast);
    for (size_t first = 0; first < count; first += LANES) {
        const size_t lanes = count - first < LANES ? count - first : LANES;
        double x0[LANES], s[LANES], sign[LANES], lo[LANES], hi[LANES], at[LANES], open[LANES];
        for (size_t i = 0; i < LANES; i++) {
            const size_t from = first + (i < lanes ? i : 0); /* idle lanes repeat the first */
            x0[i] = period[from];
            s[i] = slope[from];
            sign[i] = rising[from];
            lo[i] = low[from];
            hi[i] = high[from];
            open[i] = 1.0;
        }
        /* Start where the band has the height of the line, first a quarter period off the edge. */
        for (size_t i = 0; i < LANES; i++) {
            const double margin = 1e-3 * (hi[i] - lo[i]);
            double guess = 0.25 * sign[i];
            for (int round = 0; round < 2; round++) {
                const double line = s[i] * (x0[i] + guess);
                guess = sign[i] * angle_of((line * line - 1.0) / width);
            }
            guess = guess < lo[i] + margin ? lo[i] + margin : guess;
            at[i] = guess > hi[i] - margin ? hi[i] - margin : guess;
        }
        for (int step = 0; step < MOST_STEPS; step++) {
            double pending = 0.0;
            for (size_t i = 0; i < LANES; i++) {
                double sine_squared, product;
                squares(at[i], &sine_squared, &product);
                const double line = s[i] * (x0[i] + at[i]);
                const double value = ct_resonance(width, sine_squared, line);
                const double derivative = ct_resonance_slope(width, product, s[i], line);
                const double curvature = -ct_resonance_curvature(width, -1.0, s[i]); /* the largest */
                const double left_of_it = value * sign[i];
                const double l = left_of_it < 0.0 ? at[i] : lo[i];
                const double h = left_of_it < 0.0 ? hi[i] : at[i];
                const double newton = at[i] - value / derivative;
                const double moved = newton - at[i];
                const double remains = moved * moved * curvature;
                const double settled = remains <= 1e-17 * (1e-3 + fabs(at[i])) * fabs(derivative) ? 1.0 : 0.0;
                const double inside = ((newton > l) & (newton < h)) ? newton : 0.5 * (l + h);
                const double next = settled > 0.0 ? newton : inside;
                at[i] = open[i] > 0.0 ? next : at[i];
                open[i] = settled > 0.0 ? 0.0 : open[i];
                lo[i] = l;
                hi[i] = h;
                pending += open[i];
            }
            if (pending == 0.0) break;
        }
        for (size_t i = 0; i < lanes; i++) {
            double sine_squared, product;
            squares(at[i], &sine_squared, &product);
            const double frequency = sqrt(ct_frequency_squared(width, sine_squared));
            low[first + i] = at[i];
            omega[first + i] = frequency;
            group[first + i] = ct_half_slope(width, product) / frequency;
        }
    }
}
