"""Running the client programs: one process a measurement, pinned, interleaved."""

import mmap
import os
import shutil
import statistics
import subprocess
import tempfile

ROOT = os.environ["BENCH_ROOT"]
BUILD = os.environ["BENCH_BUILD"]
WORK = os.environ["BENCH_WORK"]
CORE = os.environ["BENCH_CLIENT_CORE"]
CA = f"{WORK}/ca.pem"
FAULT_CA = f"{WORK}/fault/ca.pem"
SERVERS = {
    name: os.environ[name]
    for name in ("NGINX_PLAIN", "NGINX_TLS", "SINK_PLAIN", "SINK_TLS", "FAULT_PLAIN", "FAULT_TLS")
}
GIB = 1 << 30
# Half of the smallest block that Linux gives back (2 MiB): most have a held page then, wherever they begin.
HELD_EVERY = 1 << 20


class RunFailed(Exception):
    """A client program did not do its work; the message is what it said."""


def command_text(program, arguments):
    """The command as a reader can repeat it: servers and files by name."""
    text = " ".join([program, *arguments])
    for name, value in SERVERS.items():
        text = text.replace(value, f"${name}")
    return text.replace(f"{WORK}/files/", "").replace(f" --ca {CA}", "").replace(f" --ca {FAULT_CA}", "")


def run_lines(program, arguments, prefix=(), timeout=180, inspect=None):
    """Runs a program on the client's core, with a directory of its own that is gone after `inspect` has seen it."""
    directory = tempfile.mkdtemp(dir=f"{WORK}/data")
    command = ["taskset", "-c", CORE, *prefix, f"{BUILD}/{program}", *arguments]
    if program not in ("bench_abort", "bench_aead"):
        command += ["--directory", directory]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        if inspect is not None:
            inspect(directory)
    except subprocess.TimeoutExpired as error:
        raise RunFailed(f"{program} {arguments[0]}: no end after {timeout} s") from error
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise RunFailed(f"{' '.join([program, *arguments[:1]])}: {said[-1] if said else f'exit {done.returncode}'}")
    return done.stdout.splitlines()


def numbers(line):
    """`name value name value` as a dictionary."""
    words = line.split()
    return {name: float(value) for name, value in zip(words[::2], words[1::2])}


def reserve_memory(size):
    """Keeps memory at hand for files of `size` bytes, as long as what it returns is kept. A virtual machine gives blocks
    of free memory back to its host, and to get one anew can cost more than a run. A block of which one page is in use is
    not free, and what is free between such pages is what the system allocates first."""
    reserve = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    reserve.madvise(mmap.MADV_NOHUGEPAGE)
    page = mmap.PAGESIZE
    # By hand: one write for all would need a copy of that size.
    for start in range(0, size, HELD_EVERY):
        reserve[start : start + HELD_EVERY : page] = bytes(HELD_EVERY // page)
    for start in range(0, size, HELD_EVERY):
        reserve.madvise(mmap.MADV_DONTNEED, start + page, HELD_EVERY - page)
    return reserve


class Variant:
    """One program with its arguments, and what its runs measured."""

    def __init__(self, program, *arguments):
        self.program = program
        self.arguments = [str(argument) for argument in arguments]
        self.results = []

    def run(self):
        self.results.append(numbers(run_lines(self.program, self.arguments)[-1]))

    def least(self, key):
        """Of the runs, the least disturbed: other processes, and other machines on the same host, only ever add."""
        return min(result[key] for result in self.results)

    def median(self, key):
        return statistics.median(result[key] for result in self.results)

    def largest(self, key):
        return max(result[key] for result in self.results)

    def command(self):
        return command_text(self.program, self.arguments)


def interleave(rounds, *variants):
    """A round runs each once; every second round in the other order, so that none always goes first."""
    for number in range(rounds):
        for variant in variants if number % 2 == 0 else reversed(variants):
            variant.run()
