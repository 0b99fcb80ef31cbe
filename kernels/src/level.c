/* Which variant of the kernels this processor can run. */
#include "kernels.h"

#if defined(HAVE_V3) && defined(_WIN32)
#include <windows.h>
API int patchnn_has_v3(void) { return IsProcessorFeaturePresent(40 /* PF_AVX2_INSTRUCTIONS_AVAILABLE */) != 0; }
#elif defined(HAVE_V3)
API int patchnn_has_v3(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#else
API int patchnn_has_v3(void) { return 0; }
#endif
