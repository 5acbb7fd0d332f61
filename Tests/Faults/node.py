"""One node with a folder of specs, and an etcd in a namespace of its own behind a link."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from datetime import datetime

from bench import Bench, expect

SPEC = """apiVersion: netbaton.dev/v1alpha1
kind: NodeNetwork
metadata:
  name: faults
spec:
  %(selector)s
  nftables: |
    table inet faults {
      chain input {
        type filter hook input priority filter; policy accept;
        iifname "lo" accept
        udp dport %(port)d counter drop
      }
      chain output {
        type filter hook output priority filter; policy accept;
        tcp dport %(unreachable)d reject
      }
    }
  routes:
    - { to: 203.0.113.0/24, via: 10.9.0.%(hop)d, dev: eth0 }
    - { to: 198.51.100.%(hop)d/32, type: blackhole }
  probes:
    - tcp: 10.9.1.2:2381
  trial: { deadline: 2s }
"""
# Of the trial, in seconds; and what the machine may take longer for rules and for routes.
DEADLINE = 2.0
SLACK = 2.0
# How long the baton is held by who has gone silent.
LEASE = 6.0
# How long others wait for a node with an open change before they halt: the trial's time, and 5 s.
INTENT_BOUND = DEADLINE + 5.0
# In the order of a change that is kept; `revert` is of one whose probe fails.
STEPS = [
    "announce", "journal", "deadMan", "effect", "prove", "confirm", "keep", "promote", "settle", "close", "revert"]
# What the old rules drop and the new ones let pass.
NEW_PORT = 1001


def spec_for(step):
    return "bad" if step == "revert" else "new"


class Change:
    """A change under way, followed by its log."""

    def __init__(self, process):
        self.process = process
        self.token = None
        self.begun = {}
        self.log = []

    def _lines(self):
        for line in self.process.stderr:
            self.log.append(line)
            begins = re.match(r"(\S+)Z .*a step begins .*step=(\w+) token=(\d+)", line)
            if begins:
                self.begun[begins[2]] = datetime.fromisoformat(begins[1] + "+00:00").timestamp()
                self.token = int(begins[3])
            yield begins[2] if begins else None

    def reach(self, step):
        expect(step in self._lines(), f"the step {step} was not reached:\n{''.join(self.log)}")

    def signal(self, number):
        os.kill(self.process.pid, number)

    def end(self):
        """Reads the log to its end; returns the exit code."""
        for _ in self._lines():
            pass
        return self.process.wait()

    @property
    def deadline(self):
        """The dead-man, and then the kernel, gets it right when its step begins."""
        return self.begun["deadMan"] + DEADLINE


class Node(Bench):
    def __init__(self, program, name):
        super().__init__(program, name, ["node", "etcd"])
        self.inside("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
        self.inside("ip", "link", "set", "peer0", "up")
        self.inside("ip", "addr", "add", "10.9.0.1/24", "dev", "eth0")
        self.inside("ip", "link", "set", "eth0", "up")
        self.link(("node", "etcd0", "10.9.1.1/30"), ("etcd", "node0", "10.9.1.2/30"))
        self.start_etcd()
        self.lock = f"etcd://10.9.1.2:2379/test?ttl={LEASE:.0f}"
        self.write("old", port=NEW_PORT, hop=2)
        self.write("new", port=NEW_PORT + 1, hop=3)
        self.write("bad", port=NEW_PORT + 1, hop=3, unreachable=2381)
        self.write("other", port=1, hop=4, selector="nodeSelector: { matchLabels: { never: mine } }")
        self.apply("old")
        self.old, self.old_routes = self.state(), self.routes()
        self.apply("new")
        self.new, self.new_routes = self.state(), self.routes()
        self.apply("old")
        assert self.state() == self.old and self.old != self.new, "the two specs do not differ in the kernel"

    def start_etcd(self):
        client, peer = "http://10.9.1.2:2379", "http://10.9.1.2:2380"
        self.etcd = self.spawn(
            "etcd", "--name", "test", "--data-dir", f"{self.folder}/etcd", "--listen-client-urls", client,
            "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"test={peer}", "--listen-metrics-urls", "http://10.9.1.2:2381",
            at="etcd", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if self.etcdctl("endpoint", "health", check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("etcd did not start")

    def etcdctl(self, *arguments, check=True):
        return self.inside(
            "env", "ETCDCTL_API=3", "etcdctl", "--endpoints", "10.9.1.2:2379", *arguments, at="etcd", check=check)

    def write(self, name, port, hop, unreachable=9, selector=""):
        os.makedirs(f"{self.folder}/{name}")
        with open(f"{self.folder}/{name}/spec.yaml", "w", encoding="utf-8") as file:
            file.write(SPEC % {"port": port, "hop": hop, "unreachable": unreachable, "selector": selector})

    def command(self, *arguments, name="n"):
        return [
            self.program, *arguments, "--lock", self.lock, "--node-name", name,
            "--state-dir", f"{self.folder}/state-{name}", "--log-level", "debug"]

    def apply(self, name, check=True):
        done = self.inside(*self.command("apply", "-f", f"{self.folder}/{name}", "--wait", "20s"), check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"apply {name} ended with {done.returncode}: {done.stderr}")
        return done

    def begin(self, name):
        return Change(self.spawn(
            *self.command("apply", "-f", f"{self.folder}/{name}"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, start_new_session=True))

    def recover(self):
        """What the next start of the node does; no spec selects the node, so that it does nothing else."""
        agent = self.spawn(
            *self.command("agent", "-f", f"{self.folder}/other"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)
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

    def settled(self, change, where):
        """After the next start: exactly one of the two states, told as such, and nothing left over."""
        self.recover()
        state = self.state()
        expect(state in (self.old, self.new), f"{where}: neither the old nor the new state:\n{state}")
        expect(not os.path.exists(f"{self.folder}/state-n/change"), f"{where}: a journal is left")
        intents = [intent for intent in self.status()["intents"] if intent["node"] == "n"]
        expect(not intents, f"{where}: an intent is left: {intents}")
        told = self.outcomes(change.token)
        expect(("applied" in told) == (state == self.new), f"{where}: told as {told}, and the state is\n{state}")
        return "new" if state == self.new else "old"

    def go_back(self, where):
        self.inside(*self.command("resume", "--reason", "the test goes on"), check=False)
        if self.state() != self.old:
            self.apply("old")
        expect(self.state() == self.old, f"{where}: the test's own way back failed")

    def status(self):
        return json.loads(self.inside(*self.command("status", "-o", "json")).stdout)

    def record(self, name, *options):
        """What stands in etcd under a name; empty if nothing does."""
        return self.etcdctl("get", "--print-value-only", *options, f"test/{name}").stdout

    def outcomes(self, token):
        """What the history in etcd says became of the changes under a token."""
        lines = self.record("history/", "--prefix").splitlines()
        records = [json.loads(line) for line in lines if line]
        return [record["outcome"] for record in records if record.get("token") == token]

    def state(self):
        """The rules without handles and counts, netbaton's own record left out, and the routes."""
        rules = self.inside("nft", "-s", "list", "ruleset").stdout
        own = re.sub(r"table inet netbaton \{.*?\n\}\n", "", rules, flags=re.S)
        return own + self.routes()

    def routes(self):
        return self.inside("ip", "route").stdout

    def is_armed(self):
        return self._has_element(self.inside("nft", "-s", "list", "ruleset").stdout, "armed")

    def is_decided(self):
        """Whether the change was confirmed: signals come some moments after the log's line."""
        return self._has_element(self.inside("nft", "-s", "list", "ruleset").stdout, "kept") or self.state() == self.new

    @staticmethod
    def _has_element(rules, part):
        return re.search(r"set nb\d+_%s \{[^}]*elements = \{" % part, rules) is not None
