"""One node for fault tests: a network namespace with an etcd on its loopback, a link, and a folder of specs."""

import atexit
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

SPEC = """apiVersion: netbaton.dev/v1alpha1
kind: NodeNetwork
metadata:
  name: faults
spec:
  nftables: |
    table inet faults {
      chain input {
        type filter hook input priority filter; policy accept;
        iifname "lo" accept
        tcp dport {port} counter drop
      }
    }
  routes:
    - {{ to: 203.0.113.0/24, via: 10.9.0.{hop}, dev: eth0 }}
    - {{ to: 198.51.100.{hop}/32, type: blackhole }}
  trial: {{ deadline: 2s }}
"""
STEPS = ["announce", "journal", "deadMan", "effect", "prove", "confirm", "keep", "promote", "settle", "close"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    """Everything of it ends with `close`, which also runs when the test fails."""

    def __init__(self, program, name):
        self.program = program
        self.name = f"nbf{os.getpid()}-{name}"
        self.folder = tempfile.mkdtemp(prefix="netbaton-faults-")
        self.children = []
        self.etcd = None
        atexit.register(self.close)
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.inside("ip", "link", "set", "lo", "up")
        self.inside("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
        self.inside("ip", "link", "set", "peer0", "up")
        self.inside("ip", "addr", "add", "10.9.0.1/24", "dev", "eth0")
        self.inside("ip", "link", "set", "eth0", "up")
        self.start_etcd()
        self.lock = "etcd://127.0.0.1:2379/test?ttl=6"
        self.write("old", 1001, 2)
        self.write("new", 1002, 3)
        self.write("other", 1003, 4, "  nodeSelector: { matchLabels: { never: mine } }\n")
        self.apply("old")
        self.old, self.old_routes = self.state(), self.routes()
        self.apply("new")
        self.new, self.new_routes = self.state(), self.routes()
        self.apply("old")
        assert self.state() == self.old and self.old != self.new, "the two specs do not differ in the kernel"

    def start_etcd(self):
        self.etcd = self.spawn(
            "etcd", "--name", "test", "--data-dir", f"{self.folder}/etcd",
            "--listen-client-urls", "http://127.0.0.1:2379", "--advertise-client-urls", "http://127.0.0.1:2379",
            "--listen-peer-urls", "http://127.0.0.1:2380", "--initial-advertise-peer-urls", "http://127.0.0.1:2380",
            "--initial-cluster", "test=http://127.0.0.1:2380", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if self.etcdctl("endpoint", "health", check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("etcd did not start")

    def etcdctl(self, *arguments, check=True):
        return self.inside("env", "ETCDCTL_API=3", "etcdctl", "--endpoints", "127.0.0.1:2379", *arguments, check=check)

    def inside(self, *command, check=True):
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *command], check=check, capture_output=True, text=True)

    def spawn(self, *command, **options):
        child = subprocess.Popen(["ip", "netns", "exec", self.name, *command], **options)
        self.children.append(child)
        return child

    def write(self, name, port, hop, selector=""):
        os.makedirs(f"{self.folder}/{name}", exist_ok=True)
        with open(f"{self.folder}/{name}/spec.yaml", "w", encoding="utf-8") as file:
            file.write(SPEC.replace("spec:\n", "spec:\n" + selector).replace("{port}", str(port)).replace("{hop}", str(hop)).replace("{{", "{").replace("}}", "}"))

    def command(self, *arguments):
        return [
            self.program, *arguments, "--lock", self.lock, "--node-name", "n", "--state-dir", f"{self.folder}/state",
            "--log-level", "debug"]

    def apply(self, name, check=True):
        done = self.inside(*self.command("apply", "-f", f"{self.folder}/{name}", "--wait", "8s"), check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"apply {name} ended with {done.returncode}: {done.stderr}")
        return done

    def begin(self, name):
        return self.spawn(
            *self.command("apply", "-f", f"{self.folder}/{name}"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, start_new_session=True)

    def recover(self):
        """What the next start of the node does; no spec selects the node, so that it does nothing else."""
        agent = self.spawn(
            *self.command("agent", "-f", f"{self.folder}/other"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        # Whatever it settles, it does before its first plan comes to anything.
        limit = threading.Timer(60, agent.kill)
        limit.start()
        found = any("in sync" in line for line in agent.stderr)
        limit.cancel()
        if not found:
            raise RuntimeError("the agent never came to rest")
        agent.send_signal(signal.SIGTERM)
        agent.stderr.read()
        agent.wait()

    def resume(self):
        self.inside(*self.command("resume", "--reason", "the test goes on"), check=False)

    def status(self):
        return json.loads(self.inside(*self.command("status", "-o", "json")).stdout)

    def state(self):
        """The rules without handles and counts, netbaton's own record left out, and the routes."""
        rules = self.inside("nft", "-s", "list", "ruleset").stdout
        own = re.sub(r"table inet netbaton \{.*?\n\}\n", "", rules, flags=re.S)
        return own + self.inside("ip", "route").stdout

    def is_armed(self):
        return self._has_element(self.inside("nft", "-s", "list", "ruleset").stdout, "armed")

    def is_kept(self, rules):
        return self._has_element(rules, "kept")

    @staticmethod
    def _has_element(rules, part):
        return re.search(r"set nb\d+_%s \{[^}]*elements = \{" % part, rules) is not None

    def routes(self):
        return self.inside("ip", "route").stdout

    def reads_as(self, state):
        return self.state() == state

    def close(self):
        atexit.unregister(self.close)
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.kill()
                child.wait()
        for pid in subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True).stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", self.name], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def at_step(process, step):
    """Reads the log until the step begins; False if the process ended before that."""
    for line in process.stderr:
        if f"step={step}" in line and "begins" in line:
            return True
    return False
