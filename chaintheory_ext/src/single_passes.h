/* Single passes of a chain at a temperature, many at a time.
 *
 * The particle interacts with one mass of an infinite chain. The displacement of the mass is the thermal field, a sum
 * over the modes of a ring so long that no echo returns, and its response to the earlier kicks, a sum over them with the
 * memory kernel. Step: kick, exact flow (Stoermer-Verlet).
 */
#ifndef CHAINTHEORY_SINGLE_PASSES_H
#define CHAINTHEORY_SINGLE_PASSES_H

#include <stdint.h>

#include "fine_block.h"

/* Passes that are carried side by side; each stands in a lane of its own, and no lane knows of another. */
#define CT_LANES 16

typedef struct {
    long steps;                  /* at most */
    long modes;                  /* numbers drawn for a pass: two for each mode */
    const double *field;         /* [step][mode]: displacement of the mass per number drawn */
    const double *kernel;        /* [step]: memory kernel of the mass on itself, 0 at step 0 */
    double time_step, mass, start, speed;     /* from -start to beyond +-start */
    int through;                 /* NaN for what is turned back, too */
} ct_passes;

/* Numbers of numpy's Philox(key=(seed, index)), in order. */
void ct_philox(uint64_t seed, uint64_t index, long count, uint64_t *out);

/* Standard normal numbers from that stream, two for two (Box and Muller). */
void ct_normal(uint64_t seed, uint64_t index, long count, double *out, long stride);

/* Losses of `lanes` passes with the numbers drawn in normal[mode][lane]. NaN: still inside after all steps.
 * history: scratch of steps * CT_LANES doubles. */
void ct_single_passes(const ct_passes *passes, const ct_interaction *interaction, const double *normal, double *losses,
                      double *history);

#endif
