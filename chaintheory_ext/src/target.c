#include "target.h"
#include "dispatch.h"

#ifndef CT_FLAGS
#define CT_FLAGS "unknown"
#endif

const char *ct_flags(void) { return CT_FLAGS; }

const char *ct_compiler(void)
{
#if defined(__clang__)
    return "Clang " __clang_version__;
#elif defined(__GNUC__)
    return "GCC " __VERSION__;
#elif defined(_MSC_VER)
    return "MSVC";
#else
    return "unknown";
#endif
}

#if defined(CT_DISPATCHED)

/* The question that the loader asks before it chooses a clone. */
int ct_vector_width(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return 8;
    if (__builtin_cpu_supports("x86-64-v3")) return 4;
    return 2;
}

const char *ct_target(void)
{
    switch (ct_vector_width()) {
    case 8: return "x86-64-v4";
    case 4: return "x86-64-v3";
    default: return "x86-64";
    }
}

#else

int ct_vector_width(void)
{
#if defined(__AVX512F__)
    return 8;
#elif defined(__AVX__)
    return 4;
#elif defined(__SSE2__) || defined(_M_X64) || defined(__aarch64__)
    return 2;
#else
    return 1;
#endif
}

const char *ct_target(void) { return "chosen when compiled"; }

#endif
