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

/* Refine `count` bracketed crossings. On return `low` holds the offsets, `omega` the frequencies and
 * `group` the derivatives d omega/dx. `rising` is 1 where omega(x)/x increases with x, -1 where it falls. */
void refine_crossings(size_t count, double omega_fast, const double *slope, const double *period,
                      const double *rising, double *low, double *high, double *omega, double *group);

#endif
