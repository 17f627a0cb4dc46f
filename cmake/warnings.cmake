add_library(hotstage_warnings INTERFACE)
add_library(hotstage::warnings ALIAS hotstage_warnings)
target_compile_options(hotstage_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wcast-align -Wunused -Woverloaded-virtual -Wnull-dereference
  -Wdouble-promotion -Wformat=2 -Werror -Wno-missing-field-initializers
  # g++ 12 reports false positives of these four inside std::string, fmt and Eigen at -O3.
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wno-null-dereference -Wno-stringop-overflow -Wno-array-bounds
                           -Wno-restrict -Wno-maybe-uninitialized>)
