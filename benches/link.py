"""The emulated phone links, and the emulator between the namespaces (bench_link), which link_setup.sh has started."""

import dataclasses
import os

from runs import MIB, NGINX_PLAIN, WORK, RunFailed, Variant, numbers, run_lines

CLIENT_PREFIX = os.environ["BENCH_CLIENT_PREFIX"].split()
# Three times the duration of the slowest workload, 5 MiB up at 700 kbit/s.
TIMEOUT = 300


@dataclasses.dataclass
class Link:
    """The settings of bench_link: `down` and `up` in kbit/s, `delay` one way. Packets that wait over `queue` are dropped."""

    name: str
    down: int
    up: int
    delay_ms: int
    queue_ms: int
    loss_percent: float = 0
    jitter_ms: int = 0
    large: int = 8 * MIB

    def describe(self):
        """The settings as text."""
        text = f"{self.name}: {self.down:,}/{self.up:,} kbit/s down/up, {self.delay_ms} ms one way, {self.jitter_ms} ms jitter"
        loss = f", {self.loss_percent:g} % loss" if self.loss_percent else ""
        return f"{text}{loss}, a queue of {self.queue_ms} ms"


# The queues are long, as in mobile networks: if a queue overflows, a transfer's time depends on which packets are dropped.
LINKS = [
    Link("Wi-Fi", 80_000, 40_000, delay_ms=8, queue_ms=500, jitter_ms=1),
    Link("LTE", 20_000, 8_000, delay_ms=30, queue_ms=3000, jitter_ms=3),
    Link("LTE-loss", 20_000, 8_000, delay_ms=30, queue_ms=3000, jitter_ms=3, loss_percent=0.5),
    Link("3G", 2_000, 700, delay_ms=100, queue_ms=3000, jitter_ms=10, large=MIB),
    Link("5G-far", 150_000, 50_000, delay_ms=75, queue_ms=500, jitter_ms=2),
]


def tell(command):
    """Sends one command to the emulator and returns its answer."""
    with open(f"{WORK}/link.commands", "w", encoding="ascii") as commands:
        commands.write(command + "\n")
    with open(f"{WORK}/link.answers", encoding="ascii") as answers:
        return answers.readline().strip()


def use(link, seed):
    """Sets the link to `link`. With the same seed, the same sequence of packets has the same losses and delays."""
    tell(f"set {link.down} {link.up} {link.delay_ms} {link.jitter_ms} {link.loss_percent} {link.queue_ms} {seed}")


class LinkVariant(Variant):
    """A program whose runs use a link. The n-th run of every program sees the same losses."""

    def __init__(self, link, program, *arguments):
        super().__init__(program, *arguments)
        self.link = link

    def run(self):
        use(self.link, len(self.results))
        self.results.append(numbers(run_lines(self.program, self.arguments, prefix=CLIENT_PREFIX, timeout=TIMEOUT)[-1]))


def check_emulator():
    """Checks before the measurement that rate and delay are as set, that packets get lost, and that a link can go down."""
    link = Link("test", 8_000, 8_000, delay_ms=50, queue_ms=1000)
    download = ["download", "--url", f"{NGINX_PLAIN}/1MiB"]
    copy = LinkVariant(link, "bench_curl", *download)
    copy.run()
    # 1 MiB and its packet headers at 1 MB/s, four times 50 ms until the first byte, and a slow start.
    expect("a copy of 1 MiB at 8,000 kbit/s, s", copy.median("wall_s"), 1.25, 1.8)
    LinkVariant(dataclasses.replace(link, loss_percent=5), "bench_curl", *download).run()
    fates = numbers(tell("count"))
    share = 100 * fates["down_lost"] / (fates["down_lost"] + fates["down_passed"] + fates["down_dropped"])
    expect("lost of 5 %", share, 3, 7)
    use(link, 0)
    tell("off")
    expect("copies over no link", copies_in_a_second(), 0, 0)
    tell("on")
    expect("copies over the link again", copies_in_a_second(), 1, 1)


def copies_in_a_second():
    """Makes one small copy, which takes a quarter of a second; returns how many copies succeed."""
    small = ["download", "--url", f"{NGINX_PLAIN}/1KiB"]
    try:
        run_lines("bench_curl", small, prefix=[*CLIENT_PREFIX, "timeout", "--signal=KILL", "1"])
    except RunFailed:
        return 0
    return 1


def expect(what, measured, least, most):
    """Fails unless a measured property of the emulator is in its range."""
    if not least <= measured <= most:
        raise RunFailed(f"the emulator is not right: {what}: {measured:.3g}, not {least} to {most}")


def congestion_control():
    """The congestion control of both namespaces."""
    with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="ascii") as file:
        return file.read().strip()
