"""Costs per byte and per task must not grow with the size of a file or a queue."""

from runs import CA, FAULT_PLAIN, GIB, SINK_PLAIN, SINK_TLS, Variant, free_memory, interleave

# The least free memory for the largest transfers, whose files are in memory.
MEMORY_FOR_LARGE = 16 * GIB
# For runs of ten gigabytes, each longer than usual disturbances.
LONG_ROUNDS = 6
# For runs of a quarter of a gigabyte, each a fraction of a second.
QUICK_ROUNDS = 15
# A long queue is in newly allocated memory, a short one in cached memory. A linear search through the queue would exceed
# this a thousand times.
QUEUE_GROWTH = 1.25


def growth(bench):
    """Checks that no cost grows with the amount."""
    growth_by_size(bench)
    total = 5_000 if bench.quick else 100_000
    batches = [10, 1000, total]
    arguments = ["download", "--url", f"{SINK_PLAIN}/bytes/1", "--parallel", 10, "--count", total, "--batch"]
    growth_by_queue(bench, "cpu per task", "CPU µs a task by tasks queued", arguments, batches)
    batches = [10, 1000, 100_000]
    stalled = f"{FAULT_PLAIN}/fault/stall-before-answer"
    arguments = ["queue", "--url", stalled, "--parallel", 10, "--count", batches[-1], "--batch"]
    growth_by_queue(bench, "cpu per aborted task", "CPU µs a task that is queued and aborted, by tasks queued", arguments, batches)


def growth_by_size(bench):
    """Measures TLS downloads by size, and the cost of writing the file's pages alone."""
    sizes = [1 << 20, 16 << 20, 256 << 20]
    if not bench.quick:
        sizes.append(1 << 30)
        if free_memory() > MEMORY_FOR_LARGE:
            sizes.append(10 << 30)
    total = sizes[-1]
    bench.hold(total)
    labels = [f"{size >> 20} MiB" for size in sizes]

    def variants(program, *arguments):
        # The total of bytes is the same for each size, so that all fill the same memory and run for about the same time.
        return [Variant(program, *[str(argument).replace("SIZE", str(size)) for argument in arguments], "--count", total // size)
                for size in sizes]

    ours = variants("bench_wxt", "download", "--url", f"{SINK_TLS}/bytes/SIZE", "--ca", CA)
    pages = [] if bench.quick else variants("bench_raw", "pages", "--bytes", "SIZE", "--buffer", 256 << 10)
    curl = Variant("bench_curl", *ours[-1].arguments)
    interleave(QUICK_ROUNDS if bench.quick else LONG_ROUNDS, *ours, *pages, curl)
    gibibytes = total / GIB
    for name, side in (("CPU s/GiB by size of a download", ours), ("CPU s/GiB of a file's pages alone, by its size", pages)):
        if side:
            series(bench, name, labels, [each.median("cpu_s") / gibibytes for each in side], side)
            print(f"  from one size to a larger one it rises by {rise(side):.3f} at most")
    bench.goal(f"growth, cpu per byte, 1 to {labels[-1]}", rise(ours), 1.1)
    bench.memory(f"a tls download of {labels[-1]}", ours[-1], curl, 5)


def rise(variants):
    """The largest ratio of a size's cost to that of a smaller size."""
    costs = [each.median("cpu_s") for each in variants]
    return max(later / earlier for at, earlier in enumerate(costs) for later in costs[at:])


def growth_by_queue(bench, goal, name, arguments, batches):
    """Runs the same total of tasks, with more or fewer of them queued at once."""
    variants = [Variant("bench_wxt", *arguments, batch) for batch in batches]
    interleave(bench.rounds, *variants)
    total = int(variants[0].arguments[variants[0].arguments.index("--count") + 1])
    costs = [variant.median("cpu_s") / total * 1e6 for variant in variants]
    series(bench, name, batches, costs, variants)
    bench.goal(f"growth, {goal}, 10 to {batches[-1]} queued", max(costs) / costs[0], QUEUE_GROWTH)


def series(bench, name, labels, costs, variants):
    """Records a cost at several sizes, for the table and the terminal."""
    bench.series.append(name)
    for label, cost, variant in zip(labels, costs, variants):
        bench.row(f"{name}: {label}", cost, None, "", variant.command())
    print("  " + name + ": " + ", ".join(f"{label}: {cost:.2f}" for label, cost in zip(labels, costs)))
