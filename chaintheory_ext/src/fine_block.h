/* The two inner loops of the light-cone integrator: the free flow of a stretch of chain, and one
 * block of kicks.
 *
 * Units: u is a displacement, p = (du/dtau)/(2 pi); the particle has position sigma and q = v/(2 pi).
 */
#ifndef CHAINTHEORY_FINE_BLOCK_H
#define CHAINTHEORY_FINE_BLOCK_H

/* Rows of tables and work space are padded to, and begin on, this many doubles (a cache line). */
#define CT_VECTOR 8

/* Interaction: slope(r, c) = dPhi/dr, zero beyond cutoff. gaussian: c = {amplitude, width}, inlined. */
typedef double (*ct_slope)(double r, const double *c);

typedef struct {
    int gaussian;
    ct_slope slope;
    const double *c;
    double cutoff;
    double displaced;         /* masses are looked for as if displaced by up to this many spacings, and */
    double most_displaced;    /* that finds all that matter while none is displaced by more than this */
} ct_interaction;

/* Table of slope(r) for interactions that no C function exists for: cubic Hermite pieces.
 * c = {cutoff, 1/step, number of pieces, then per node: value, derivative * step}. */
double ct_table_slope(double r, const double *c);

/* Kernels of one block of `steps` steps of `stages` kicks each, kicks numbered 0 .. kicks, the first
 * and last being halves of the kick at the block's ends. Lag l of kick k stands at [l * row + k]. */
typedef struct {
    long steps, stages, kicks;   /* kicks = steps * stages */
    long width;                  /* lags 0 .. width */
    long row;                    /* padded length of a row over kicks */
    const double *free_c, *free_s, *free_d;       /* [lag][kick]: state at block start -> at kick */
    /* [stage][lag][VECTOR + offset]: kick -> later kick; zero for offsets <= 0 */
    const double *forced_s, *forced_c;
    long end_row;                                 /* padded length of a row over lags -width .. width */
    const double *end_s, *end_c;                  /* [kick][lag + width]: kick -> end of block */
    const double *weight;        /* [stage]: kick strength times time step */
    const double *drift;         /* [stage]: time to the next kick */
    double half_damping;         /* of the chain: p stands for p + half_damping u */
} ct_block;

typedef struct {
    double sigma, residual, q;    /* position and what its rounding left out, speed/(2 pi) */
    double energy;               /* energy of the chain so far */
    double mass, driving;           /* mu; beta/alpha */
    double spacing;
} ct_particle;

typedef struct {
    double *position, *velocity, *acceleration, *energy;
} ct_record;

/* new_u, new_p <- flow of u, p with kernels c, s, d of half-width h. u and p carry h zeros (or true
 * neighbours) before [0] and after [n - 1]. */
void ct_propagate(double *new_u, double *new_p, const double *u, const double *p, long n,
             const double *c, const double *s, const double *d, long h);

/* Run the first `steps` steps of a block. u, p: state at its start, [0] being chain mass `origin`.
 * new_u, new_p: receive the response to the kicks (added). lo .. hi: masses that may interact.
 * heat_u, heat_p: a free motion on which the response is superposed, with the same origin, or NULL; the particle feels
 * the sum of both, the kicks change the response. work: scratch of (hi - lo + 1) * (2 * row + 3 * (kicks + 1)) doubles,
 * twice as many rows with such a motion, on a cache line.
 * Returns 0, or, with new_u and new_p untouched, CT_OUTSIDE if the particle came near a mass outside
 * lo .. hi and CT_DISPLACED if a mass within cutoff is displaced by more than most_displaced. */
#define CT_OUTSIDE 1
#define CT_DISPLACED 2
int ct_fine_block(const ct_block *block, const ct_interaction *interaction, ct_particle *particle,
                  const double *u, const double *p, const double *heat_u, const double *heat_p,
                  double *new_u, double *new_p, long origin, long lo, long hi, long steps,
                  double *work, const ct_record *record);

#endif
