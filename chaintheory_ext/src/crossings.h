/* Crossings of the line slope * x with the periodically continued phonon band omega(x),
 *
 *     omega(x)^2 = 1 + (omega_fast^2 - 1) sin^2(pi x),   slope = speed/spacing.
 *
 * A point of the band is x = period + offset; only the offset, between -1 and 1/2, enters the sine, so
 * that nothing is lost at x of a million.
 */
#ifndef CHAINTHEORY_CROSSINGS_H
#define CHAINTHEORY_CROSSINGS_H

#include <stddef.h>

/* The two points of one period where a line through the origin touches the band, which are the ends of
 * the monotone pieces of omega(x)/x, and the slopes of the two lines. Returns 0 when there are none. */
int band_tangencies(double omega_fast, double period,
                    double *lower_offset, double *lower_slope,
                    double *upper_offset, double *upper_slope);

/* The tangents of one period: offset and slope of the lower and of the upper one. */
typedef struct {
    double lower, lower_slope, upper, upper_slope;
} ct_tangents;

/* The lines through the origin that touch the band: two in each period from `onset` on. Those of the first
 * `tabulated` periods stand in `table`; those beyond are computed when they are needed. */
typedef struct {
    double omega_fast, onset, tabulated;
    ct_tangents *table;
} ct_band;

/* Fill in a band; `table` holds `tabulated` entries, those before the onset being left as they are. */
void ct_band_tabulate(ct_band *band, double omega_fast, size_t tabulated, ct_tangents *table);

ct_tangents ct_band_tangents(const ct_band *band, double period);

/* First and last period that matter to a line, where a phonon at x is fed in proportion to exp(-decay x^power).
 * Periods are left out where that factor, with the largest growth of the others and a denominator at the resolution
 * of a double, cannot reach 1e-17 of the first crossing's share; decay = 0 leaves out nothing. `last` is infinite
 * where doubles no longer tell one period from the next. */
void ct_band_range(const ct_band *band, double slope, double decay, double power, double *first, double *last);

/* Brackets of the crossings from period `first` to `last`, in order; returns their number, 2 (last - first) + 3, or 1
 * where last < first. */
size_t ct_band_brackets(const ct_band *band, double slope, double first, double last,
                        double *period, double *rising, double *low, double *high);

/* Refine `count` bracketed crossings. On return `low` holds the offsets, `omega` the frequencies and
 * `group` the derivatives d omega/dx. `rising` is 1 where omega(x)/x increases with x, -1 where it falls. */
void refine_crossings(size_t count, double omega_fast, const double *slope, const double *period,
                      const double *rising, double *low, double *high, double *omega, double *group);

#endif
