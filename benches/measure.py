"""Measures, and holds each number against its goal. Started by run.sh, which starts the servers."""

import argparse
import gzip
import hashlib
import os
import re
import subprocess
import sys
import tempfile

import report
from runs import CA, FAULT_CA, GIB, ROOT, SERVERS, WORK, RunFailed, Variant, command_text, interleave, numbers
from runs import reserve_memory, run_lines

NGINX_PLAIN, NGINX_TLS = SERVERS["NGINX_PLAIN"], SERVERS["NGINX_TLS"]
SINK_PLAIN, SINK_TLS = SERVERS["SINK_PLAIN"], SERVERS["SINK_TLS"]
FILES = f"{WORK}/files"
# How much a raw copy moves at once; the cheapest counts.
RAW_BUFFERS = (64 << 10, 256 << 10, 1 << 20)
MIB = 1 << 20
# What is downloaded and uploaded where one file is: many runs of it disturb each other less than few of a larger one.
LARGE = 200 * MIB
# The least memory that has to be free for the largest transfers, whose files are in memory.
MEMORY_FOR_LARGE = 16 * GIB
# A long queue lives in memory that is new, a short one in memory that is in the cache; a search through it would be
# thousands of times over this.
QUEUE_GROWTH = 1.25


class Benchmark:
    """What was measured so far."""

    def __init__(self, quick):
        self.quick = quick
        self.rounds = 5 if quick else 9
        self.goals = []
        self.rows = []
        self.series = []
        self.size_table = ""
        self.reserve = b""

    def hold(self, size):
        """Keeps memory for files of so many bytes, and half as much again, where there is enough of it."""
        size = size * 3 // 2
        if len(self.reserve) < size < free_memory():
            self.reserve = reserve_memory(size)

    def goal(self, name, measured, limit, unit="", below=False):
        """Judges the number as it is printed; `None` is a number that could not be measured."""
        rounded = None if measured is None else round(measured, 3)
        ok = rounded is not None and (rounded < limit if below else rounded <= limit)
        self.goals.append(report.Goal(name, rounded, limit, unit, below, ok))
        print(self.goals[-1].line(), flush=True)

    def row(self, what, ours, other, unit, command):
        """A line of the table: ours, libcurl's (or None) and the command."""
        self.rows.append(report.Row(what, ours, other, unit, command))


def against_curl(bench, name, ours, curl, gibibytes, cpu_goal, wall_goal=1.0):
    """The two rows and two goals of a workload that both sides did."""
    interleave(bench.rounds, ours, *curl)
    first = curl[0]
    unit = "CPU s/GiB" if gibibytes else "CPU s"
    scale = gibibytes or 1
    command = f"{ours.command()}; {first.command()}"
    bench.row(f"{name}, CPU", ours.least("cpu_s") / scale, first.least("cpu_s") / scale, unit, command)
    bench.row(f"{name}, wall", ours.least("wall_s"), first.least("wall_s"), "s", command)
    for other in curl[1:]:
        other_name = NAME_TWICE if "--twice" in other.arguments else NAMES[other.program]
        bench.row(f"{name}, {other_name}, CPU", None, other.least("cpu_s") / scale, unit, other.command())
    bench.goal(f"{name} cpu", ours.least("cpu_s") / first.least("cpu_s"), cpu_goal, "of libcurl")
    if wall_goal is not None:
        bench.goal(f"{name} wall", ours.least("wall_s") / first.least("wall_s"), wall_goal, "of libcurl")


NAME_TWICE = "a raw copy through a second buffer"
NAMES = {"bench_curl": "another libcurl", "bench_raw": "a raw copy", "bench_aead": "AES-256-GCM alone"}


def raw_copies(*arguments):
    """The plain copy with each size of its buffer."""
    return [Variant("bench_raw", *arguments, "--buffer", size) for size in RAW_BUFFERS]


def cheapest(variants):
    """The variant whose least run cost the least CPU time."""
    return min(variants, key=lambda variant: variant.least("cpu_s"))


def tuned(bench, *arguments):
    """The variant of libcurl with large buffers, in the full run."""
    return [] if bench.quick else [Variant("bench_curl", *arguments, "--tuned")]


def downloads(bench):
    """One large file, plain and TLS; the memory that it took."""
    bench.hold(LARGE)
    for transport, url, goal in (("tls", NGINX_TLS, 0.70), ("plain", NGINX_PLAIN, 0.75)):
        arguments = ["download", "--url", f"{url}/200MiB", "--ca", CA]
        ours = Variant("bench_wxt", *arguments)
        curl = [Variant("bench_curl", *arguments), *tuned(bench, *arguments)]
        raw = raw_copies("download", "--url", f"{NGINX_PLAIN}/200MiB")
        if transport == "tls":
            beside_copy_and_cipher(bench, "download tls", ours, curl, raw, LARGE / GIB, goal)
            memory(bench, "one tls download", ours, curl[0], 5)
            continue
        twice = [] if bench.quick else [Variant("bench_raw", *copy.arguments, "--twice") for copy in raw]
        against_curl(bench, "download plain", ours, [*curl, *raw, *twice], LARGE / GIB, goal)
        least = cheapest(raw).least("cpu_s")
        bench.goal("download plain cpu, raw copy", ours.least("cpu_s") / least, 1.1, "of a raw copy")
        if twice:
            print(f"  download plain: {NAME_TWICE} costs {cheapest(twice).least('cpu_s') / least:.3f} of one")


def uploads(bench):
    """One large file in a form, plain and TLS."""
    for transport, url, goal in (("tls", SINK_TLS, 0.50), ("plain", SINK_PLAIN, 0.80)):
        arguments = ["upload", "--url", f"{url}/sink", "--file", f"{FILES}/200MiB", "--ca", CA]
        ours = Variant("bench_wxt", *arguments)
        curl = [Variant("bench_curl", *arguments), *tuned(bench, *arguments)]
        raw = raw_copies("upload", "--url", f"{SINK_PLAIN}/sink", "--file", f"{FILES}/200MiB")
        if transport == "tls":
            beside_copy_and_cipher(bench, "upload tls", ours, curl, raw, LARGE / GIB, goal)
            memory(bench, "one tls upload", ours, curl[0], 5)
        else:
            against_curl(bench, "upload plain", ours, [*curl, *raw], LARGE / GIB, goal)


def beside_copy_and_cipher(bench, name, ours, curl, raw, gibibytes, goal):
    """TLS transfers; in the full run beside the sum of what they cannot do without: the plain copy, and the cipher."""
    aead = Variant("bench_aead", round(gibibytes * 1024))
    against_curl(bench, name, ours, curl if bench.quick else [*curl, *raw, aead], gibibytes, goal)
    if bench.quick:
        return
    both = cheapest(raw).least("cpu_s") + aead.least("cpu_s")
    command = f"{cheapest(raw).command()}; {aead.command()}"
    of_curl = curl[0].least("cpu_s") / gibibytes
    bench.row(f"{name}: the cheapest raw copy and AES-256-GCM, CPU", both / gibibytes, of_curl, "CPU s/GiB", command)
    print(f"  {name}: a raw copy and AES-256-GCM alone cost {both / curl[0].least('cpu_s'):.2f} of libcurl")


def memory(bench, name, ours, curl, goal):
    """Peak resident memory over idle, from runs that were made for their time."""
    mib = ours.largest("rss_kib") / 1024
    bench.row(f"{name}, peak memory over idle", mib, curl.largest("rss_kib") / 1024, "MiB", ours.command())
    bench.goal(f"memory, {name}", mib, goal, "MiB")


def ten(bench):
    """Ten at once, both ways, against libcurl with ten threads."""
    down = ["download", "--url", f"{NGINX_TLS}/200MiB", "--ca", CA]
    up = ["upload", "--url", f"{SINK_TLS}/sink", "--file", f"{FILES}/200MiB", "--ca", CA]
    raw_down = ["download", "--url", f"{NGINX_PLAIN}/200MiB"]
    raw_up = ["upload", "--url", f"{SINK_PLAIN}/sink", "--file", f"{FILES}/200MiB"]
    size = 10 * LARGE
    bench.hold(size)
    for name, arguments, raw_arguments in (
        ("ten tls downloads", down, raw_down),
        ("ten tls uploads", up, raw_up),
    ):
        at_once = ["--count", 10, "--parallel", 10]
        arguments = [*arguments, *at_once]
        ours = Variant("bench_wxt", *arguments)
        curl = [Variant("bench_curl", *arguments)]
        if not bench.quick:
            curl.append(Variant("bench_curl", *arguments, "--multi"))
        raw = raw_copies(*raw_arguments, *at_once)
        beside_copy_and_cipher(bench, name, ours, curl, raw, size / GIB, 0.65)
        memory(bench, name, ours, curl[0], 12)


def small(bench):
    """Many small files over kept connections: what a task costs."""
    arguments = ["download", "--url", f"{NGINX_TLS}/4KiB", "--ca", CA, "--parallel", 10, "--count"]
    ours = Variant("bench_wxt", *arguments, 5000)
    # The same files: a download has no name that others know until it is whole. What that costs libcurl is in the table.
    curl = [Variant("bench_curl", *arguments, 5000, *more) for more in (["--rename"], [], ["--multi"])]
    against_curl(bench, "5000 small tls downloads", ours, curl, None, 1.0, wall_goal=None)
    plain = ours.least("cpu_s") / curl[1].least("cpu_s")
    print(f"  5000 small tls downloads: {plain:.2f} of libcurl that writes each file under its last name")
    calls = [system_calls([str(argument) for argument in [*arguments, count]]) for count in (1000, 3000)]
    each = (calls[1] - calls[0]) / 2000
    command = f"perf stat -e raw_syscalls:sys_enter {ours.command().replace('5000', '3000')}, without those of 1000"
    bench.row("system calls of a small download", each, None, "calls", command)
    bench.goal("system calls of a small download", each, 12, "calls")


def system_calls(arguments):
    """How many a run of bench_wxt made. Not by strace, which stops a thread at each, so that the others wait for it more."""
    with tempfile.NamedTemporaryFile("r", dir=WORK) as counts:
        run_lines("bench_wxt", arguments, prefix=["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o", counts.name])
        for line in counts:
            if "raw_syscalls:sys_enter" in line:
                return int(line.split(",")[0])
    raise RunFailed("perf printed no count")


def abort(bench):
    """From the abort to the failure at the host, in every phase."""
    samples = "100" if bench.quick else "500"
    arguments = [SERVERS["FAULT_PLAIN"], SERVERS["FAULT_TLS"], FAULT_CA, f"{FILES}/200MiB", f"{WORK}/data", samples]
    command = command_text("bench_abort", arguments).replace(FAULT_CA, "CA").replace(f"{WORK}/data", "DIRECTORY")
    phases = {}
    for line in run_lines("bench_abort", arguments):
        name, rest = line.split(" ", 1)
        phases[name] = numbers(rest)
        for key in ("p50", "p99"):
            bench.row(f"abort, {name}, {key}", phases[name][f"{key}_ms"], None, "ms", command)
    for key, limit in (("p50", 0.3), ("p99", 5)):
        worst = max(phases, key=lambda name, key=key: phases[name][f"{key}_ms"])
        bench.goal(f"abort {key} (worst: {worst})", phases[worst][f"{key}_ms"], limit, "ms")


def idle(bench):
    """Sessions that each did something and have had nothing to do for six seconds."""
    for name, url in (("idle session", f"{NGINX_TLS}/4KiB"), ("idle session after 16 MiB", f"{SINK_TLS}/bytes/{16 * MIB}")):
        variant = Variant("bench_wxt", "idle", "--url", url, "--ca", CA, "--count", 10)
        variant.run()
        for what, key, unit in (("threads besides the delivery", "threads", "threads"), ("memory", "rss_kib", "KiB")):
            bench.row(f"{name}, {what}", variant.median(key), None, unit, variant.command())
        bench.goal(f"{name}, threads besides the delivery", variant.median("threads"), 0, "threads")
        bench.goal(f"{name}, memory", variant.median("rss_kib"), 200, "KiB", below=True)


def first_byte(bench):
    """A cold process: open, connect, TLS, first byte. The server's part and the round trips are in it."""
    arguments = ["first-byte", "--url", f"{NGINX_TLS}/4KiB", "--ca", CA]
    ours, curl = Variant("bench_wxt", *arguments), Variant("bench_curl", *arguments)
    interleave(2 * bench.rounds + 1, ours, curl)
    key = "first_byte_ms"
    bench.row("cold process to the first TLS byte", ours.median(key), curl.median(key), "ms", ours.command())
    bench.row("of that, opening the session", ours.median("open_ms"), None, "ms", ours.command())
    bench.goal("cold process to the first tls byte", ours.median(key), 5, "ms")


def growth(bench):
    """Nothing that costs more the more there is of it."""
    growth_by_size(bench)
    total = 10_000 if bench.quick else 100_000
    batches = [10, 1000, total]
    arguments = ["download", "--url", f"{SINK_PLAIN}/bytes/1", "--parallel", 10, "--count", total, "--batch"]
    growth_by_queue(bench, "cpu per task", "CPU µs a task by tasks queued", arguments, batches)
    batches = [10, 1000, 100_000]
    stalled = f"{SERVERS['FAULT_PLAIN']}/fault/stall-before-answer"
    arguments = ["queue", "--url", stalled, "--parallel", 10, "--count", batches[-1], "--batch"]
    growth_by_queue(bench, "cpu per aborted task", "CPU µs a task that is queued and aborted, by tasks queued", arguments, batches)


def growth_by_size(bench):
    """Of a TLS download, and beside it what the system itself asks for more memory: libcurl's and a raw copy's."""
    sizes = [1 << 20, 16 << 20, 256 << 20, 1 << 30]
    if not bench.quick and free_memory() > MEMORY_FOR_LARGE:
        sizes.append(10 << 30)
    bench.hold(sizes[-1])
    gibibytes = [max(size, GIB) / GIB for size in sizes]
    labels = [f"{size >> 20} MiB" for size in sizes]

    def variants(program, server, *more):
        return [Variant(program, "download", "--url", f"{server}/bytes/{size}", *more, "--count", max(1, GIB // size))
                for size in sizes]

    ours, curl = variants("bench_wxt", SINK_TLS, "--ca", CA), variants("bench_curl", SINK_TLS, "--ca", CA)
    raw = [] if bench.quick else variants("bench_raw", SINK_PLAIN, "--buffer", 256 << 10)
    interleave(bench.rounds // 2 + 1, *ours, *curl, *raw)
    for name, side in (("", ours), ("libcurl's ", curl), ("a plain raw copy's ", raw)):
        costs = [each.least("cpu_s") / of for each, of in zip(side, gibibytes)]
        if side:
            series(bench, f"{name}CPU s/GiB by size of a download", labels, costs, side)
        if side is ours:
            # From each size to every larger one.
            rise = max(later / earlier for at, earlier in enumerate(costs) for later in costs[at:])
            bench.goal(f"growth, cpu per byte, 1 to {labels[-1]}", rise, 1.1)
    memory(bench, f"a tls download of {labels[-1]}", ours[-1], curl[-1], 5)


def growth_by_queue(bench, goal, name, arguments, batches):
    """As many tasks in all, more or less of them queued at once."""
    variants = [Variant("bench_wxt", *arguments, batch) for batch in batches]
    interleave(bench.rounds, *variants)
    total = int(variants[0].arguments[variants[0].arguments.index("--count") + 1])
    costs = [variant.least("cpu_s") / total * 1e6 for variant in variants]
    series(bench, name, batches, costs, variants)
    bench.goal(f"growth, {goal}, 10 to {batches[-1]} queued", max(costs) / costs[0], QUEUE_GROWTH)


def series(bench, name, labels, costs, variants):
    """A cost at several sizes, for the table and the terminal."""
    bench.series.append(name)
    for label, cost, variant in zip(labels, costs, variants):
        bench.row(f"{name}: {label}", cost, None, "", variant.command())
    print("  " + name + ": " + ", ".join(f"{label}: {cost:.2f}" for label, cost in zip(labels, costs)))


def free_memory():
    """Bytes that a tmpfs may still take."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        return int(re.search(r"MemAvailable:\s+(\d+)", lines.read())[1]) * 1024


def size(bench):
    """The shared library as an app would carry it; in the full run for arm64, too."""
    judge_size(bench, "shared library", "strip")
    if not bench.quick:
        bench.size_table = subprocess.run([f"{ROOT}/benches/size.sh"], capture_output=True, text=True, check=True).stdout
        judge_size(bench, "shared library for arm64", "aarch64-linux-gnu-strip", "aarch64-unknown-linux-gnu")


def judge_size(bench, name, strip, target=None):
    """Builds and weighs it. Without a compiler for `target` there is no number, which is a missed goal."""
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
    build = ["cargo", "rustc", "--quiet", *arguments]
    try:
        subprocess.run(build, cwd=ROOT, check=True, env={**os.environ, **environment})
        subprocess.run([strip, "-o", stripped, library], check=True)
        with open(stripped, "rb") as file:
            content = file.read()
        weights = len(content) / 1e6, len(gzip.compress(content, 9)) / 1e6
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"  {name}: {error}", file=sys.stderr)
        weights = None, None
    words = [*(f"{variable}={value}" for variable, value in environment.items()), "cargo rustc", *arguments]
    for what, weight, limit in zip(("stripped", "compressed"), weights, (1.7, 0.9)):
        bench.row(f"{name}, {what}", weight, None, "MB", f"{' '.join(words)}; {strip}; gzip -9")
        bench.goal(f"{name}, {what}", weight, limit, "MB")


def has_standard_library(target):
    """Whether Rust's is installed for that processor; otherwise it is built from its source."""
    command = ["rustc", "--print", "target-libdir", "--target", target]
    return os.path.isdir(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def verify(bench):
    """Once, before anything is measured: the bytes are the bytes."""
    expected = digest(read_file(f"{FILES}/200MiB"))

    def check(what, content):
        if digest(content) != expected:
            raise RunFailed(f"{what}: not the bytes of the file")

    for transport, nginx, sink in (("plain", NGINX_PLAIN, SINK_PLAIN), ("tls", NGINX_TLS, SINK_TLS)):
        for program in ("bench_wxt", "bench_curl"):
            kept = f"{WORK}/kept/{program}"
            run_lines(program, ["upload", "--url", f"{sink}/keep/{program}", "--ca", CA, "--file", f"{FILES}/200MiB"])
            body = read_file(kept)
            begin, end = body.index(b"\r\n\r\n") + 4, body.rindex(b"\r\n--")
            check(f"{program}, {transport} upload", memoryview(body)[begin:end])
            os.unlink(kept)
        download = ["download", "--url", f"{nginx}/200MiB", "--ca", CA]
        kept = f"{WORK}/kept/download"
        run_lines("bench_wxt", [*download, "--keep", kept])
        check(f"bench_wxt, {transport} download", read_file(kept))
        os.unlink(kept)
        for program in ("bench_curl", "bench_raw") if transport == "plain" else ("bench_curl",):
            what = f"{program}, {transport} download"
            run_lines(program, download, inspect=lambda directory, what=what: check(what, read_file(f"{directory}/0")))
    bench.row("bytes verified by SHA-256, both ways", None, None, "", "200MiB, before the measurement")


def read_file(path):
    """All of a file."""
    with open(path, "rb") as file:
        return file.read()


def digest(data):
    """SHA-256."""
    return hashlib.sha256(data).digest()


SECTIONS = [verify, downloads, uploads, ten, small, abort, idle, first_byte, growth, size]


def main():
    """Runs the sections; a section that breaks off is a missed goal, and the others go on."""
    parser = argparse.ArgumentParser(prog="benches/run.sh")
    parser.add_argument("--quick", action="store_true", help="5 runs of each, nothing is written")
    parser.add_argument("--only", help="sections of the quick run: " + ",".join(s.__name__ for s in SECTIONS))
    options = parser.parse_args()
    bench = Benchmark(options.quick or options.only is not None)
    names = [section.__name__ for section in SECTIONS]
    wanted = options.only.split(",") if options.only else names
    if not set(wanted) <= set(names):
        parser.error(f"the sections are {','.join(names)}")
    if os.getloadavg()[0] > 0.5:
        print(f"the machine is not quiet (load {os.getloadavg()[0]:.1f}): times will be off", file=sys.stderr)
    for section in SECTIONS:
        if section.__name__ not in wanted:
            continue
        try:
            section(bench)
        except (RunFailed, subprocess.CalledProcessError) as error:
            print(f"  {error}", file=sys.stderr)
            bench.goal(section.__name__.replace("_", " "), None, 0)
    if not bench.quick:
        report.write(bench, ROOT)
    missed = sum(not goal.ok for goal in bench.goals)
    print(f"{len(bench.goals)} goals, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
