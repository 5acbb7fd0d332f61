"""Times a command in a network namespace of its own, and what it takes of memory."""

import ctypes
import json
import os
import statistics
import subprocess
import sys
import traceback

CLONE_NEWNET = 0x40000000


class Failure(Exception):
    """A command that did not do what it was started for; the text says which and what it said."""


def enter_namespace():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise Failure(f"no network namespace: {os.strerror(ctypes.get_errno())} (be root, or start under unshare -rn)")
    must(["ip", "link", "set", "lo", "up"])


def must(command, allowed=(0,)):
    """Runs what prepares a measurement."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode not in allowed:
        raise Failure(complaint(command, done.returncode, done.stderr.decode(errors="replace")))


def complaint(command, status, errors):
    last = errors.strip().splitlines()[-1:] or ["nothing on standard error"]
    return f"{os.path.basename(command[0])} {command[1] if len(command) > 1 else ''}: status {status}: {last[0]}"


LAUNCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")


def timed(command, allowed=(0,)):
    """Seconds and peak resident KiB of one run; peaks below some 9 MiB are not seen (see launch.py)."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", LAUNCH, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(complaint(command, done.returncode, done.stderr))
    status, seconds, peak = done.stdout.split()
    if int(status) not in allowed:
        raise Failure(complaint(command, status, done.stderr))
    return float(seconds), int(peak)


def apart(body):
    """What body returns when it is called in a process and a network namespace of its own."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            enter_namespace()
            answer = {"result": body()}
        except Failure as failure:
            answer = {"failure": str(failure)}
        except BaseException:  # The parent has to hear of every end.
            answer = {"failure": traceback.format_exc(limit=-1).strip().replace("\n", " ")}
        with os.fdopen(writer, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    answer = json.loads(text) if text else {"failure": "the measuring process died"}
    if "failure" in answer:
        raise Failure(answer["failure"])
    return answer["result"]


class Row:
    """Measures of the peer and of netbaton, taken in turns."""

    def __init__(self, name, unit="s"):
        self.name, self.unit, self.peer, self.own = name, unit, [], []

    def measure(self, rounds, peer, own):
        for number in range(rounds):
            order = [(self.peer, peer), (self.own, own)]
            for samples, body in order if number % 2 == 0 else reversed(order):
                samples.append(apart(body))
        return self

    def figures(self):
        ratio = lambda part: statistics.median(o[part] / p[part] for o, p in zip(self.own, self.peer))
        median = lambda samples, part: statistics.median(sample[part] for sample in samples)
        return {
            "work": self.name,
            "peerSeconds": median(self.peer, 0),
            "ownSeconds": median(self.own, 0),
            "timeRatio": ratio(0),
            "peerMiB": median(self.peer, 1) / 1024,
            "ownMiB": median(self.own, 1) / 1024,
            "memoryRatio": ratio(1),
        }


HEADING = f"{'work':44} {'peer':>9} {'netbaton':>9} {'ratio':>6}  {'peer':>7} {'netbaton':>8} {'ratio':>6}"


def line(figures):
    """One line of the table: medians of time and memory, and the medians of the pairs' ratios."""
    text = lambda seconds: f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
    return (
        f"{figures['work']:44} {text(figures['peerSeconds']):>9} {text(figures['ownSeconds']):>9}"
        f" {figures['timeRatio']:6.2f}  {figures['peerMiB']:5.0f} M {figures['ownMiB']:6.0f} M"
        f" {figures['memoryRatio']:6.2f}"
    )


def report(row):
    figures = row.figures()
    print(line(figures), flush=True)
    return figures


def warn(text):
    print(text, file=sys.stderr, flush=True)
