"""Running the client programs: one process a measurement, pinned, interleaved."""

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


class RunFailed(Exception):
    """A client program did not do its work; the message is what it said."""


def command_text(program, arguments):
    """The command as a reader can repeat it: servers and files by name."""
    text = " ".join([program, *arguments])
    for name, value in SERVERS.items():
        text = text.replace(value, f"${name}")
    return text.replace(f"{WORK}/files/", "").replace(f" --ca {CA}", "").replace(f" --ca {FAULT_CA}", "")


def run_lines(program, arguments, prefix=(), timeout=180):
    """Runs a program on the client's core, with a directory of its own that is gone afterwards."""
    directory = tempfile.mkdtemp(dir=f"{WORK}/data")
    command = ["taskset", "-c", CORE, *prefix, f"{BUILD}/{program}", *arguments]
    if program not in ("bench_abort", "bench_aead"):
        command += ["--directory", directory]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
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


def touch_memory(size):
    """Uses the memory that a run will write its files to. A virtual machine gives memory that is free for seconds back to its
    host, and to get it anew can cost more than the run."""
    with tempfile.TemporaryFile(dir=f"{WORK}/data") as file:
        os.posix_fallocate(file.fileno(), 0, size)


class Variant:
    """One program with its arguments, and what its runs measured. It writes files of `writes` bytes together."""

    def __init__(self, program, *arguments, writes=0):
        self.program = program
        self.arguments = [str(argument) for argument in arguments]
        self.writes = writes
        self.results = []

    def run(self):
        if self.writes > 0:
            touch_memory(self.writes)
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
