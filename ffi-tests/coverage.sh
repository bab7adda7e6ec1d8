#!/usr/bin/env bash
# Measures which lines and branches of src the Rust and C tests run, and prints a table by folder, in Markdown. Writes the lines
# that no test runs to target/coverage/missing.txt. Needs Debian. Installs cargo-llvm-cov if it is missing.
#
# Code that ran in a process that a test kills is not counted, because a killed process writes no profile. The stress and soak
# programs are not run, because they would only be slower. The tests of symbols are not run, because the instrumentation adds symbols.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=ffi-tests/toolchain.sh
source "$ROOT/ffi-tests/toolchain.sh"
cd "$ROOT"

# llvm-cov must read the format that rustc's LLVM writes.
LLVM=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
install_packages "llvm-$LLVM" python3
export LLVM_COV=llvm-cov-$LLVM LLVM_PROFDATA=llvm-profdata-$LLVM
cargo llvm-cov --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-llvm-cov@0.9.1

# Branches are counted only with an option that stable Rust does not have.
export RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0
# When rustc links, it refers to the profiler's start symbol itself. The C programs are linked by the C compiler, so this is set here.
export LDFLAGS="${LDFLAGS:-} -Wl,-u,__llvm_profile_runtime"
cargo llvm-cov clean --workspace
# tests/client.rs runs this program.
cargo llvm-cov run --locked --branch --features brotli --example client --no-report -- --help >&2
cargo llvm-cov test --locked --branch --features brotli --lib --tests --no-fail-fast --no-report -- \
  --skip symbols:: --skip programs::stress --skip programs::soak >&2

# The C programs contain code that no Rust test links.
LLVM_COV_FLAGS=
for program in target/llvm-cov-target/tmp/ffi/programs/ffi-tests/*; do
  if readelf -h "$program" >/dev/null 2>&1; then
    LLVM_COV_FLAGS+=" -object $program"
  fi
done
[[ -n $LLVM_COV_FLAGS ]] || fail "there are no C programs"
export LLVM_COV_FLAGS
mkdir -p target/coverage
# A killed process may leave a profile that cannot be read.
cargo llvm-cov report --failure-mode all --branch --json --output-path target/coverage/report.json
python3 ffi-tests/coverage.py target/coverage/missing.txt <target/coverage/report.json
