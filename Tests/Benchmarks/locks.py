"""How fast a lock goes from hand to hand: many processes that each take it, do nothing and give it back."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from measure import Failure


class Etcd:
    """A server of its own on loopback, which is gone with its namespace's last process."""

    def __enter__(self):
        self.folder = os.path.abspath("etcd")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.log = open("etcd.log", "w")
        self.process = subprocess.Popen(
            ["etcd", "--data-dir", self.folder, "--log-level", "error"], stdout=self.log, stderr=self.log)
        for _ in range(200):
            if self.process.poll() is not None:
                raise Failure("etcd ended; see etcd.log")
            try:
                urllib.request.urlopen("http://127.0.0.1:2379/health", timeout=1).read()
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise Failure("etcd does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()


LOOP = "import subprocess, sys\nfor _ in range(int(sys.argv[1])): subprocess.run(sys.argv[2:], check=True)"


def seconds_a_turn(command, contenders, turns):
    """Seconds from one turn to the next, and the peak resident KiB of a contender."""
    with Etcd(), tempfile.TemporaryFile() as log:
        begin = time.perf_counter()
        loops = [
            subprocess.Popen([sys.executable, "-c", LOOP, str(turns), *command], stdout=subprocess.DEVNULL, stderr=log)
            for _ in range(contenders)
        ]
        peak, failed = 0, False
        for loop in loops:
            _, status, usage = os.wait4(loop.pid, 0)
            loop.returncode = os.waitstatus_to_exitcode(status)
            failed = failed or loop.returncode != 0
            peak = max(peak, usage.ru_maxrss)
        seconds = time.perf_counter() - begin
        if failed:
            log.seek(0)
            last = log.read().decode(errors="replace").strip().splitlines()[-1:]
            raise Failure(f"{os.path.basename(command[0])}: a contender failed: {last}")
    return seconds / (contenders * turns), peak
