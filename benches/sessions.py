"""Sessions while no bytes flow: abort, idle, and start."""

from runs import CA, FAULT_CA, FAULT_PLAIN, FAULT_TLS, FILES, MIB, NGINX_TLS, SINK_PLAIN, SINK_TLS, WORK, Variant, command_text, interleave
from runs import RunFailed, numbers, run_lines

# Phases with a hostile server, lock holder or resolver. Each is measured alone, because it may hang.
HOSTILE = ("interim-flood", "tls-flood", "foreign-flood", "lock-held", "dns-full", "dns-hung")
# The ways to end a task in these phases, each with the suffix of the name that bench_abort prints.
ENDS = (("abort", ""), ("deadline", "-deadline"), ("close", "-close"))


def abort(bench):
    """Measures the time from the abort to the host's failure callback, in every phase."""
    samples = "100" if bench.quick else "500"
    arguments = [FAULT_PLAIN, FAULT_TLS, FAULT_CA, SINK_PLAIN, SINK_TLS, CA, f"{FILES}/200MiB", f"{WORK}/data", samples]
    phases = abort_phases(bench, arguments, ("p50", "p99"))
    for key, limit in (("p50", 0.3), ("p99", 5)):
        worst = max(phases, key=lambda name, key=key: phases[name][f"{key}_ms"])
        bench.goal(f"abort {key} (worst: {worst})", phases[worst][f"{key}_ms"], limit, "ms")
    samples = "30" if bench.quick else "100"
    for phase in HOSTILE:
        try:
            phases = abort_phases(bench, [*arguments[:-1], samples, phase], ("p50", "max"), timeout=120)
        except RunFailed as error:
            print(f"  {error}")
            phases = {}
        for end, suffix in ENDS:
            slowest = max((measured["max_ms"] for name, measured in phases.items() if name.endswith(phase + suffix)), default=None)
            bench.goal(f"{end} max, {phase}", slowest, 20, "ms")


def abort_phases(bench, arguments, keys, timeout=400):
    """Parses the numbers of each phase that bench_abort printed, and adds a row for each key."""
    command = command_text("bench_abort", arguments).replace(FAULT_CA, "FAULT_CA").replace(CA, "SINK_CA").replace(f"{WORK}/data", "DIRECTORY")
    phases = {}
    for line in run_lines("bench_abort", arguments, timeout=timeout):
        name, rest = line.split(" ", 1)
        phases[name] = numbers(rest)
        for key in keys:
            end = next((end for end, suffix in ENDS[1:] if name.endswith(suffix)), "abort")
            bench.row(f"{end}, {name.removesuffix(f'-{end}')}, {key}", phases[name][f"{key}_ms"], None, "ms", command)
    return phases


def idle(bench):
    """Measures sessions that ran one task and have been idle for six seconds. The process-wide timer still runs: it closes
    kept connections when they are 15 s old."""
    for name, url in (("idle session", f"{NGINX_TLS}/4KiB"), ("idle session after 16 MiB", f"{SINK_TLS}/bytes/{16 * MIB}")):
        variant = Variant("bench_wxt", "idle", "--url", url, "--ca", CA, "--count", 10)
        variant.run()
        for what, key, unit in (("threads besides the delivery", "threads", "threads"), ("memory", "rss_kib", "KiB")):
            bench.row(f"{name}, {what}", variant.median(key), None, unit, variant.command())
        bench.goal(f"{name}, threads besides the delivery", variant.median("threads"), 1, "threads")
        bench.goal(f"{name}, memory", variant.median("rss_kib"), 200, "KiB", below=True)


def first_byte(bench):
    """Measures a cold process: open, connect, TLS, first byte. The server's time and the round trips are included."""
    arguments = ["first-byte", "--url", f"{NGINX_TLS}/4KiB", "--ca", CA]
    ours, curl = Variant("bench_wxt", *arguments), Variant("bench_curl", *arguments)
    interleave(2 * bench.rounds + 1, ours, curl)
    key = "first_byte_ms"
    bench.row("cold process to the first TLS byte", ours.median(key), curl.median(key), "ms", ours.command())
    bench.row("of that, opening the session", ours.median("open_ms"), None, "ms", ours.command())
    bench.goal("cold process to the first tls byte", ours.median(key), 5, "ms")
