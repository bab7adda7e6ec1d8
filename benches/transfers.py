"""Transfers of one file or ten, large or small, against libcurl."""

import hashlib
import os
import tempfile

from runs import CA, FILES, GIB, LARGE, NGINX_PLAIN, NGINX_TLS, SINK_PLAIN, SINK_TLS, WORK, RunFailed, Variant, interleave
from runs import run_lines

MEDIUM = 256 << 10
# Buffer sizes of a raw copy; the cheapest counts.
RAW_BUFFERS = (64 << 10, 256 << 10, 512 << 10, 1 << 20)
QUICK_RAW_BUFFERS = (256 << 10, 1 << 20)
# What TLS alone encrypts or decrypts in a run, for one transfer and for ten: a longer run could have another cost per byte.
TLS_MEBIBYTES = 1000
# Short runs are repeated: a disturbance affects a run of a fraction of a second entirely, but not most of many runs.
MORE_ROUNDS = 3
NAME_TWICE = "a raw copy through a second buffer"
NAMES = {
    "bench_curl": "another libcurl",
    "bench_raw": "a raw copy",
    "bench_aead": "AES-256-GCM alone",
    "bench_rustls": "rustls alone",
}


def verify(bench):
    """Checks once before the measurement that the transferred bytes are correct."""
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
    """Reads a whole file."""
    with open(path, "rb") as file:
        return file.read()


def digest(data):
    """SHA-256."""
    return hashlib.sha256(data).digest()


def downloads(bench):
    """Measures one large file, plain and TLS, and the memory in use."""
    bench.hold(LARGE)
    for transport, url, goal in (("tls", NGINX_TLS, 0.70), ("plain", NGINX_PLAIN, 0.75)):
        arguments = ["download", "--url", f"{url}/200MiB", "--ca", CA]
        ours = Variant("bench_wxt", *arguments)
        curl = [Variant("bench_curl", *arguments), *tuned(bench, *arguments)]
        raw = raw_copies(bench, "download", "--url", f"{NGINX_PLAIN}/200MiB")
        if transport == "tls":
            beside_copy_and_cipher(bench, "download tls", ours, curl, raw, LARGE / GIB, goal)
            bench.memory("one tls download", ours, curl[0], 5)
            continue
        twice = [] if bench.quick else [Variant("bench_raw", *copy.arguments, "--twice") for copy in raw]
        against_curl(bench, "download plain", ours, [*curl, *raw, *twice], LARGE / GIB, goal)
        copy = cheapest(raw).median("cpu_s")
        bench.goal("download plain cpu, raw copy", ours.median("cpu_s") / copy, 1.1, "of a raw copy")
        if twice:
            print(f"  download plain: {NAME_TWICE} costs {cheapest(twice).median('cpu_s') / copy:.3f} of one")


def uploads(bench):
    """Measures one large file in a form, plain and TLS."""
    for transport, url, goal in (("tls", SINK_TLS, 0.50), ("plain", SINK_PLAIN, 0.80)):
        arguments = ["upload", "--url", f"{url}/sink", "--file", f"{FILES}/200MiB", "--ca", CA]
        ours = Variant("bench_wxt", *arguments)
        curl = [Variant("bench_curl", *arguments), *tuned(bench, *arguments)]
        raw = raw_copies(bench, "upload", "--url", f"{SINK_PLAIN}/sink", "--file", f"{FILES}/200MiB")
        if transport == "tls":
            beside_copy_and_cipher(bench, "upload tls", ours, curl, raw, LARGE / GIB, goal)
            bench.memory("one tls upload", ours, curl[0], 5)
        else:
            against_curl(bench, "upload plain", ours, [*curl, *raw], LARGE / GIB, goal)


def ten(bench):
    """Measures ten transfers at once, both ways, against libcurl with ten threads."""
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
        raw = raw_copies(bench, *raw_arguments, *at_once)
        beside_copy_and_cipher(bench, name, ours, curl, raw, size / GIB, 0.65)
        bench.memory(name, ours, curl[0], 12)


def medium(bench):
    """Measures uploads of files of 256 KiB in forms, ten at once. Together they have the bytes of a single file."""
    file = ["--file", f"{FILES}/256KiB", "--parallel", 10, "--count", LARGE // MEDIUM]
    arguments = ["upload", "--url", f"{SINK_TLS}/sink", *file, "--ca", CA]
    against_curl(bench, "medium tls uploads", Variant("bench_wxt", *arguments), [Variant("bench_curl", *arguments)], LARGE / GIB, 0.9)


def small(bench):
    """Measures many small files over kept connections: the cost of a task."""
    arguments = ["download", "--url", f"{NGINX_TLS}/4KiB", "--ca", CA, "--parallel", 10, "--count"]
    ours = Variant("bench_wxt", *arguments, 5000)
    # With --rename libcurl, too, gives a download its final name when it is complete. Its cost without that has its own goal.
    kinds = [["--rename"], []] if bench.quick else [["--rename"], [], ["--multi"]]
    curl = [Variant("bench_curl", *arguments, 5000, *kind) for kind in kinds]
    against_curl(bench, "5000 small tls downloads", ours, curl, None, 1.0, wall_goal=None)
    plain = ours.median("cpu_s") / curl[1].median("cpu_s")
    bench.goal("5000 small tls downloads cpu, no rename", plain, 1.0, "of libcurl without --rename")
    calls = [system_calls([str(argument) for argument in [*arguments, count]]) for count in (1000, 3000)]
    each = (calls[1] - calls[0]) / 2000
    command = f"perf stat -e raw_syscalls:sys_enter {ours.command().replace('5000', '3000')}, without those of 1000"
    bench.row("system calls of a small download", each, None, "calls", command)
    bench.goal("system calls of a small download", each, 11, "calls")


def system_calls(arguments):
    """Counts the system calls of a bench_wxt run with perf. strace would stop threads, so that others wait more often."""
    with tempfile.NamedTemporaryFile("r", dir=WORK) as counts:
        run_lines("bench_wxt", arguments, prefix=["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o", counts.name])
        for line in counts:
            if "raw_syscalls:sys_enter" in line:
                return int(line.split(",")[0])
    raise RunFailed("perf printed no count")


def against_curl(bench, name, ours, curl, gibibytes, cpu_goal, wall_goal=1.0):
    """Adds the two rows and two goals of a workload that both sides ran."""
    is_short = gibibytes is not None and gibibytes <= LARGE / GIB
    interleave(MORE_ROUNDS * bench.rounds if is_short else bench.rounds, ours, *curl)
    first = curl[0]
    unit = "CPU s/GiB" if gibibytes else "CPU s"
    command = f"{ours.command()}; {first.command()}"
    bench.row(f"{name}, CPU", cpu_of(ours, gibibytes), cpu_of(first, gibibytes), unit, command)
    bench.row(f"{name}, wall", ours.median("wall_s"), first.median("wall_s"), "s", command)
    for other in curl[1:]:
        other_name = NAME_TWICE if "--twice" in other.arguments else NAMES[other.program]
        bench.row(f"{name}, {other_name}, CPU", None, cpu_of(other, gibibytes), unit, other.command())
    bench.goal(f"{name} cpu", ours.median("cpu_s") / first.median("cpu_s"), cpu_goal, "of libcurl")
    if wall_goal is not None:
        bench.goal(f"{name} wall", ours.median("wall_s") / first.median("wall_s"), wall_goal, "of libcurl")


def raw_copies(bench, *arguments):
    """Plain copies with each buffer size."""
    sizes = QUICK_RAW_BUFFERS if bench.quick else RAW_BUFFERS
    return [Variant("bench_raw", *arguments, "--buffer", size) for size in sizes]


def cheapest(variants):
    """The variant that costs the least CPU time."""
    return min(variants, key=lambda variant: variant.median("cpu_s"))


def tuned(bench, *arguments):
    """In the full run, the variant of libcurl with large buffers."""
    return [] if bench.quick else [Variant("bench_curl", *arguments, "--tuned")]


def cpu_of(variant, gibibytes):
    """The CPU time of a transfer per GiB, or of all small transfers; of TLS alone per GiB."""
    is_tls_alone = variant.program in ("bench_aead", "bench_rustls")
    return variant.median("cpu_s") / (TLS_MEBIBYTES / 1024 if is_tls_alone else gibibytes or 1)


def beside_copy_and_cipher(bench, name, ours, curl, raw, gibibytes, goal):
    """Measures TLS transfers, beside their unavoidable costs: the plain copy and all of rustls, in the full run also the
    cipher alone."""
    command = "seal" if ours.arguments[0] == "upload" else "open"
    rustls = Variant("bench_rustls", command, TLS_MEBIBYTES, *(["--parallel", 10] if "--parallel" in ours.arguments else []))
    aead = [] if bench.quick else [Variant("bench_aead", TLS_MEBIBYTES)]
    against_curl(bench, name, ours, [*curl, *raw, *aead, rustls], gibibytes, goal)
    copy, of_curl = cheapest(raw), cpu_of(curl[0], gibibytes)
    for tls in [*aead, rustls]:
        both = cpu_of(copy, gibibytes) + cpu_of(tls, gibibytes)
        what = NAMES[tls.program].removesuffix(" alone")
        command = f"{copy.command()}; {tls.command()}"
        bench.row(f"{name}: the cheapest raw copy and {what}, CPU", both, of_curl, "CPU s/GiB", command)
        print(f"  {name}: a raw copy and {what} alone cost {both / of_curl:.3f} of libcurl")
    bench.goal(f"{name} cpu, raw copy and rustls", cpu_of(ours, gibibytes) / both, 1.05, "of a raw copy and rustls")
