// SPDX-License-Identifier: GPL-3.0-or-later
// HDF5 files are probed in a child that may die: that is what it is for, and no finding of the fuzzer.

#pragma once

#ifdef HOTSTAGE_LIBFUZZER
#include <pthread.h>
#include <unistd.h>

extern "C" void __sanitizer_set_death_callback(void (*callback)());

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  ::pthread_atfork(nullptr, nullptr, [] { __sanitizer_set_death_callback([] { ::_exit(99); }); });
  return 0;
}
#endif
