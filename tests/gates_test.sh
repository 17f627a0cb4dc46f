#!/usr/bin/env bash
# Proves that the gates are alive: each must refuse a planted fault. usage: gates_test.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT

mkdir -p "$planted/src/low" "$planted/src/high"
echo 'hotstage_module(low LAYER 0)' >"$planted/src/low/CMakeLists.txt"
echo 'hotstage_module(high LAYER 1 DEPENDS low)' >"$planted/src/high/CMakeLists.txt"
echo '#include "hotstage/low/fine.hpp"' >"$planted/src/high/fine.cpp"
/usr/bin/python3 tools/check_layers "$planted/src" >/dev/null || { echo "check_layers refuses a legal include"; exit 1; }
echo '#include "hotstage/high/forbidden.hpp"' >"$planted/src/low/planted.cpp"
! /usr/bin/python3 tools/check_layers "$planted/src" >/dev/null || { echo "check_layers accepts an upward include"; exit 1; }
rm "$planted/src/low/planted.cpp"
echo '#include "hotstage/low/detail/secret.hpp"' >"$planted/src/high/planted.cpp"
! /usr/bin/python3 tools/check_layers "$planted/src" >/dev/null || { echo "check_layers accepts another module's detail"; exit 1; }

echo 'int x;' >"$planted/utils.cpp"
! /usr/bin/python3 tools/check_files "$planted" >/dev/null || { echo "check_files accepts a file without licence and with a forbidden name"; exit 1; }
rm "$planted/utils.cpp"

mkdir -p "$planted/src/hotstage/study/steps/low_sum"
touch "$planted/src/hotstage/study/steps/low_sum/low_sum.cpp"
echo 'See [low](src/low/CMakeLists.txt), `src/low`, `fine.cpp`, `hotstage low sum --x 1`, `hotstage.steps.low_sum`.' >"$planted/README.md"
/usr/bin/python3 tools/check_docs "$planted" >/dev/null || { echo "check_docs refuses what is there"; exit 1; }
for fault in '[low](src/lower.md)' '`src/lower/x`' '`gone.hpp`' '`hotstage low product`' '`hotstage lower`' 'hotstage.steps.low_product' './dev gone'; do
  echo "$fault" >"$planted/README.md"
  ! /usr/bin/python3 tools/check_docs "$planted" >/dev/null || { echo "check_docs accepts $fault"; exit 1; }
done
tools/check_tidy --alive
