#include "dispatch.h"
#include "dot_pair.h"

#define LANES 8

CT_VECTORISED
void ct_dot_pair(const double *restrict a, const double *restrict b, const double *restrict x,
                 long n, double *ax, double *bx)
{
    double sum_a[LANES] = {0.0}, sum_b[LANES] = {0.0};
    long i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int lane = 0; lane < LANES; lane++) {
            sum_a[lane] += a[i + lane] * x[i + lane];
            sum_b[lane] += b[i + lane] * x[i + lane];
        }
    double total_a = 0.0, total_b = 0.0;
    for (int lane = 0; lane < LANES; lane++) {
        total_a += sum_a[lane];
        total_b += sum_b[lane];
    }
    for (; i < n; i++) {
        total_a += a[i] * x[i];
        total_b += b[i] * x[i];
    }
    *ax = total_a;
    *bx = total_b;
}
