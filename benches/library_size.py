"""The size of the shared library."""

import gzip
import os
import subprocess
import sys

from runs import ROOT, WORK


def size(bench):
    """Measures the shared library as an app carries it; in the full run also for arm64."""
    judge_size(bench, "shared library", "strip")
    if not bench.quick:
        bench.size_table = subprocess.run([f"{ROOT}/benches/size.sh"], capture_output=True, text=True, check=True).stdout
        judge_size(bench, "shared library for arm64", "aarch64-linux-gnu-strip", "aarch64-unknown-linux-gnu")


def judge_size(bench, name, strip, target=None):
    """Builds the library and returns its size. Without a compiler for `target` there is no number, so the goal is missed."""
    environment, arguments = {}, ["--release", "--lib", "--crate-type", "cdylib"]
    if target is not None:
        compiler = "aarch64-linux-gnu-gcc"
        variable = target.replace("-", "_")
        environment = {f"CC_{variable}": compiler, f"CARGO_TARGET_{variable.upper()}_LINKER": compiler}
        arguments += ["--target", target]
        if not has_standard_library(target):
            environment["RUSTC_BOOTSTRAP"] = "1"
            arguments.append("-Zbuild-std=std,panic_unwind")
    library = f"{os.environ.get('CARGO_TARGET_DIR', f'{ROOT}/target')}/{target or ''}/release/libwxtransfer.so"
    stripped = f"{WORK}/libwxtransfer.so"
    build = ["cargo", "rustc", "--quiet", "--locked", *arguments]
    try:
        subprocess.run(build, cwd=ROOT, check=True, env={**os.environ, **environment})
        subprocess.run([strip, "-o", stripped, library], check=True)
        with open(stripped, "rb") as file:
            content = file.read()
        weights = len(content) / 1e6, len(gzip.compress(content, 9)) / 1e6
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"  {name}: {error}", file=sys.stderr)
        weights = None, None
    limits = (2.30, 1.22) if target is None else (2.10, 1.16)
    words = [*(f"{variable}={value}" for variable, value in environment.items()), "cargo rustc", *arguments]
    for what, weight, limit in zip(("stripped", "compressed"), weights, limits):
        bench.row(f"{name}, {what}", weight, None, "MB", f"{' '.join(words)}; {strip}; gzip -9")
        bench.goal(f"{name}, {what}", weight, limit, "MB")


def has_standard_library(target):
    """Whether Rust's standard library is installed for that processor; otherwise it is built from source."""
    command = ["rustc", "--print", "target-libdir", "--target", target]
    return os.path.isdir(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
