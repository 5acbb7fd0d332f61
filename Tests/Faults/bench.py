"""Network namespaces, processes and a folder of one test's own."""

import atexit
import concurrent.futures
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile

CLONE_NEWNET = 0x40000000


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


class Bench:
    """Everything of it ends with `close`, which also runs when the test fails."""

    def __init__(self, program, name, places):
        self.program = program
        self.names = {place: f"nbf{os.getpid()}-{name}-{place}" for place in places}
        self.folder = tempfile.mkdtemp(prefix="netbaton-faults-")
        self.children = []
        atexit.register(self.close)
        for place, namespace in self.names.items():
            subprocess.run(["ip", "netns", "add", namespace], check=True)
            self.inside("ip", "link", "set", "lo", "up", at=place)

    def link(self, *ends):
        """Joins two places: each end is its place, its device and its address."""
        (here, device, _), (there, other, _) = ends
        self.inside(
            "ip", "link", "add", device, "type", "veth", "peer", "name", other, "netns", self.names[there], at=here)
        for place, device, address in ends:
            self.inside("ip", "addr", "add", address, "dev", device, at=place)
            self.inside("ip", "link", "set", device, "up", at=place)

    def inside(self, *command, at="node", check=True):
        return subprocess.run(
            ["ip", "netns", "exec", self.names[at], *command], check=check, capture_output=True, text=True)

    def spawn(self, *command, at="node", **options):
        """`ip netns exec` becomes the program, so that the process is the program's."""
        child = subprocess.Popen(["ip", "netns", "exec", self.names[at], *command], **options)
        self.children.append(child)
        return child

    def socket(self, at, kind):
        """A socket stays in the namespace that its thread was in when it was made."""
        def make():
            with open(f"/run/netns/{self.names[at]}", "rb") as file:
                if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            return socket.socket(socket.AF_INET, kind)

        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            return thread.submit(make).result()

    def close(self):
        atexit.unregister(self.close)
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.kill()
                child.wait()
        for namespace in self.names.values():
            pids = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
            for pid in pids.stdout.split():
                os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", namespace], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
