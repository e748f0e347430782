#ifndef CHAINTHEORY_DOT_PAIR_H
#define CHAINTHEORY_DOT_PAIR_H

/* Sums of a[i] x[i] and of b[i] x[i], in a fixed order of eight partial sums. */
void ct_dot_pair(const double *a, const double *b, const double *x, long n, double *ax, double *bx);

#endif
