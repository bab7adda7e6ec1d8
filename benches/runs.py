"""Runs the client programs: one process per measurement, pinned to a core, interleaved."""

import ctypes
import fcntl
import mmap
import os
import re
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
SERVER_NAMES = ("NGINX_PLAIN", "NGINX_TLS", "SINK_PLAIN", "SINK_TLS", "FAULT_PLAIN", "FAULT_TLS")
# Some scripts start fewer servers.
SERVERS = {name: os.environ.get(name) for name in SERVER_NAMES}
NGINX_PLAIN, NGINX_TLS, SINK_PLAIN, SINK_TLS, FAULT_PLAIN, FAULT_TLS = SERVERS.values()
FILES = f"{WORK}/files"
MIB = 1 << 20
GIB = 1 << 30
# The file of single downloads and uploads. Many runs of a small file are disturbed less than few runs of a larger one.
LARGE = 200 * MIB
# Half of the smallest block that Linux gives back (2 MiB), so that most blocks contain a held page at any alignment.
HELD_EVERY = 1 << 20
PAGES_OF_A_PIPE = 256
LIBC = ctypes.CDLL(None, use_errno=True)


class RunFailed(Exception):
    """A client program failed. The message is the program's output."""


def command_text(program, arguments):
    """The command as a reader can repeat it, with names for servers and files."""
    text = " ".join([program, *arguments])
    for name, url in SERVERS.items():
        text = text.replace(url, f"${name}") if url else text
    return text.replace(f"{FILES}/", "").replace(f" --ca {CA}", "").replace(f" --ca {FAULT_CA}", "")


def run_lines(program, arguments, prefix=(), timeout=180, inspect=None):
    """Runs a program on the client's core, in a directory of its own, which is removed after `inspect` has seen it."""
    directory = tempfile.mkdtemp(dir=f"{WORK}/data")
    command = ["taskset", "-c", CORE, *prefix, os.path.join(BUILD, program), *arguments]
    if program not in ("bench_abort", "bench_aead", "bench_rustls"):
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
    """Parses `name value name value` into a dictionary."""
    words = line.split()
    return {name: float(value) for name, value in zip(words[::2], words[1::2])}


class Reserve:
    """Keeps memory for files of `size` bytes available while it lives. A virtual machine gives free blocks of memory back to
    its host, and getting one again can cost more than a run. A block with one page in use is not free, and the system
    allocates the free pages between such pages first."""

    def __init__(self, size):
        self.size = size
        self.pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.pages.madvise(mmap.MADV_NOHUGEPAGE)
        page = mmap.PAGESIZE
        # In steps: a single assignment would need a copy of that size.
        for start in range(0, size, HELD_EVERY):
            self.pages[start : start + HELD_EVERY : page] = bytes(HELD_EVERY // page)
        self.pipes = []
        for start in range(0, size, HELD_EVERY):
            if start // HELD_EVERY % PAGES_OF_A_PIPE == 0:
                self.pipes.append(os.pipe())
                fcntl.fcntl(self.pipes[-1][1], fcntl.F_SETPIPE_SZ, PAGES_OF_A_PIPE * page)
            self.hold(start, self.pipes[-1][1])
            self.pages.madvise(mmap.MADV_DONTNEED, start + page, HELD_EVERY - page)

    def hold(self, start, pipe):
        """Makes a page part of a pipe too; otherwise the system would move it next to others to free whole blocks."""
        address = ctypes.addressof(ctypes.c_char.from_buffer(self.pages, start))
        part = (ctypes.c_size_t * 2)(address, mmap.PAGESIZE)  # struct iovec
        if LIBC.vmsplice(pipe, part, ctypes.c_size_t(1), 0) != mmap.PAGESIZE:
            raise OSError(ctypes.get_errno(), "vmsplice")


def free_memory():
    """The bytes that the tmpfs can still take."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        return int(re.search(r"MemAvailable:\s+(\d+)", lines.read())[1]) * 1024


class Variant:
    """One program with its arguments, and the results of its runs. A program of another build has an absolute path."""

    def __init__(self, program, *arguments):
        self.program = program
        self.arguments = [str(argument) for argument in arguments]
        self.results = []

    def run(self):
        self.results.append(numbers(run_lines(self.program, self.arguments)[-1]))

    def median(self, key):
        return statistics.median(result[key] for result in self.results)

    def largest(self, key):
        return max(result[key] for result in self.results)

    def command(self):
        return command_text(self.program, self.arguments)


def interleave(rounds, *variants):
    """Runs each once per round. Every second round has the opposite order, so that none always goes first."""
    for number in range(rounds):
        for variant in variants if number % 2 == 0 else reversed(variants):
            variant.run()
