"""What can befall the lock's store, and another node that waits for the baton meanwhile."""

import contextlib
import os
import signal
import subprocess
import threading
import time

from bench import expect
from node import INTENT_BOUND, LEASE, SLACK, spec_for
from watch import Watch


class Contender:
    """Another node of the group, at etcd's side of the line: it wants the baton all the time, and says when it has it."""

    def __init__(self, node):
        self.node = node
        self.turns = []
        self.process = None
        self.is_waiting = threading.Event()
        self.is_ended = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        stamps = "echo $NETBATON_TOKEN $(date +%s.%N); sleep 0.2; date +%s.%N"
        while not self.is_ended:
            self.process = self.node.spawn(
                *self.node.command("lock", "run", "--wait", "60s", name="other"), "--", "sh", "-c", stamps, at="etcd",
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for line in self.process.stderr:
                if "baton waiting" in line:
                    self.is_waiting.set()
            turn = self.process.stdout.read().split()
            self.process.wait()
            if len(turn) == 3:
                self.turns.append((int(turn[0]), float(turn[1]), float(turn[2])))
            # Whom a halt turns away, comes again.
            time.sleep(0.5)

    def __enter__(self):
        expect(self.is_waiting.wait(5), "the other node does not wait")
        return self

    def __exit__(self, *_):
        self.is_ended = True
        self.process.terminate()
        self.thread.join()


@contextlib.contextmanager
def killed(node):
    node.etcd.kill()
    node.etcd.wait()
    yield
    node.start_etcd()


@contextlib.contextmanager
def paused(node):
    os.kill(node.etcd.pid, signal.SIGSTOP)
    yield
    os.kill(node.etcd.pid, signal.SIGCONT)


def dropping(*rules):
    """Packets are lost at etcd's end of the line."""
    @contextlib.contextmanager
    def fault(node):
        for hook, rule in zip(("input", "output"), rules):
            node.inside(
                "nft", f"add table ip line; add chain ip line {hook} {{ type filter hook {hook} priority 0; }}; "
                f"add rule ip line {hook} {rule}", at="etcd")
        yield
        node.inside("nft", "delete table ip line", at="etcd")
    return fault


@contextlib.contextmanager
def slow(node):
    """Each sync of etcd's log to its disk takes half a second longer."""
    calls = "fsync,fdatasync"
    tracer = node.spawn(
        "strace", "-qq", "-f", "-p", str(node.etcd.pid), "-o", "/dev/null", "-e", f"trace={calls}",
        "-e", f"inject={calls}:delay_enter=500000", at="etcd")
    yield
    tracer.send_signal(signal.SIGINT)
    tracer.wait()


# Of other nodes, beside changes that took effect.
TURNS = []
REQUESTS, ANSWERS = 'iifname "node0" tcp dport 2379', 'oifname "node0" tcp sport 2379'
BOTH = dropping(f"{REQUESTS} drop", f"{ANSWERS} drop")
SOME = "numgen random mod 100 < 30 drop"
# How long each lasts: longer than the lease, and `away` until the others, who learn late that it is over, have halted.
SHORT, LONG = LEASE + SLACK, LEASE + INTENT_BOUND + 5
FAULTS = {
    "killed": (killed, SHORT),
    "paused": (paused, SHORT),
    "cut": (BOTH, SHORT),
    "away": (BOTH, LONG),
    "deaf": (dropping(f"{REQUESTS} drop"), SHORT),
    "mute": (dropping("accept", f"{ANSWERS} drop"), SHORT),
    "lossy": (dropping(f"{REQUESTS} {SOME}", f"{ANSWERS} {SOME}"), SHORT),
    "slow": (slow, SHORT),
}


def store(node, name):
    """A fault of etcd or of the line to it begins with a step of a change, for longer than the lease."""
    fault, step = name.split("/")
    with Watch(node) as watch:
        change = node.begin(spec_for(step))
        change.reach("announce")
        # It waits until the other stands in line behind it.
        change.signal(signal.SIGSTOP)
        with Contender(node) as contender:
            change.signal(signal.SIGCONT)
            if step != "announce":
                change.reach(step)
            change.signal(signal.SIGSTOP)
            fault, seconds = FAULTS[fault]
            with fault(node):
                change.signal(signal.SIGCONT)
                # Of an etcd that is killed or paused nothing could be asked.
                is_open = seconds == LONG and node.record("intent/n")
                time.sleep(seconds)
                expect(not is_open or node.record("halt"), f"{name}: nobody has halted")
            code = change.end()
            found = node.settled(change, name)
    log = "".join(change.log)
    expect(code != 0 or found == "new", f"{name}: it ended with 0, and the state is the old one; {log}")
    in_force = watch.rules + watch.routes
    if in_force:
        if found == "old":
            late = max(in_force) - change.deadline
            expect(late < SLACK, f"{name}: in force until {late:.3f} s after the deadline; {log}")
        end = max(in_force) if found == "old" else change.begun["settle"]
        TURNS.extend(contender.turns)
        for token, begin, over in contender.turns:
            expect(over < min(in_force) or begin > end, f"{name}: token {token} beside the change; {log}")
            expect((token > change.token) == (begin > end), f"{name}: token {token} out of its order")
    node.go_back(name)
    return found
