// SPDX-License-Identifier: GPL-3.0-or-later
// HOTSTAGE_CLONES: compile a kernel for several instruction sets, chosen at load time; plain where that does not work.

#pragma once

// Resolvers run before the runtime of a sanitizer is up; other compilers get the baseline.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define HOTSTAGE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HOTSTAGE_CLONES
#endif
