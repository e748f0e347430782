/* One source, several vector widths: the loader picks the version that the processor can run. */
#ifndef CHAINTHEORY_DISPATCH_H
#define CHAINTHEORY_DISPATCH_H

#include <stdlib.h>  /* says whether the C library is glibc */

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__) \
    && !defined(__SANITIZE_ADDRESS__)
#define CT_DISPATCHED 1
#define CT_VECTORISED \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CT_VECTORISED
#endif

#endif
