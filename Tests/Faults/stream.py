"""A connection through a router whose rules are changed meanwhile: it loses nothing, and what counts it goes on."""

import json
import socket
import struct
import subprocess
import threading
import time

from bench import Bench, expect

SPEC = """apiVersion: netbaton.dev/v1alpha1
kind: NodeNetwork
metadata:
  name: stream
spec:
  nftables: |
    table inet edge {
      counter passed { }
      chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established counter comment "before"
        %s
        ct state established counter name passed counter accept comment "behind"
        tcp dport 7000 counter accept comment "opened"
        %s
      }
    }
  probes:
    - http: http://10.8.1.2:8080/
"""
# What counts the same packets and is nobody's to change.
JUDGE = """table ip judge {
  chain forward {
    type filter hook forward priority filter - 1;
    ct state established counter comment "all"
  }
}
"""
OLD = ("tcp dport 9 drop", "tcp dport 7001 counter accept")
NEW = ("tcp dport 10-12 counter drop", "\n        ".join(f"tcp dport {port} counter accept" for port in range(8000, 8050)))
ENDINGS = ["confirmed", "reverted"]


class Flow:
    """Numbers that go through the node and come back."""

    def __init__(self, bench):
        listener = bench.socket("server", socket.SOCK_STREAM)
        listener.bind(("10.8.1.2", 7000))
        listener.listen()
        self.near = bench.socket("client", socket.SOCK_STREAM)
        self.near.connect(("10.8.1.2", 7000))
        self.far = listener.accept()[0]
        listener.close()
        self.sent = self.received = 0
        self.problem = None
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=run, daemon=True) for run in (self._send, self._echo, self._check)]
        for thread in self.threads:
            thread.start()

    def _send(self):
        while not self.ended.wait(0.001):
            self.near.sendall(b"".join(struct.pack("!Q", self.sent + number) for number in range(100)))
            self.sent += 100
        self.near.shutdown(socket.SHUT_WR)

    def _echo(self):
        while data := self.far.recv(65536):
            self.far.sendall(data)
        self.far.shutdown(socket.SHUT_WR)

    def _check(self):
        with self.near.makefile("rb") as numbers:
            while data := numbers.read(8):
                if struct.unpack("!Q", data)[0] != self.received:
                    self.problem = f"{data.hex()} instead of number {self.received}"
                self.received += 1

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(20)
        # `tcpi_total_retrans` of `struct tcp_info` in linux/tcp.h.
        lost = [struct.unpack_from("I", each.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)[0]
                for each in (self.near, self.far)]
        self.near.close()
        self.far.close()
        expect(not self.problem and self.received == self.sent, f"{self.sent} sent, {self.received} came: {self.problem}")
        expect(lost == [0, 0], f"segments were sent again: {lost}")


class Answer:
    """An HTTP server that takes its time, so that a trial lasts; from some request on it has an error."""

    def __init__(self, bench, fails_from):
        self.listener = bench.socket("server", socket.SOCK_STREAM)
        self.listener.bind(("10.8.1.2", 8080))
        self.listener.listen()
        self.asked = []
        self.fails_from = fails_from
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection = self.listener.accept()[0]
            self.asked.append(time.monotonic())
            connection.recv(4096)
            time.sleep(0.5)
            status = "503 no" if len(self.asked) >= self.fails_from else "204 yes"
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            connection.close()


def rules(bench, table):
    """By the comment: the handles and the packets of all rules that have it; a named counter by its name."""
    found = {}
    for item in json.loads(bench.inside("nft", "-j", "list", "table", *table.split()).stdout)["nftables"]:
        if "counter" in item:
            found[item["counter"]["name"]] = ([], item["counter"]["packets"])
        rule = item.get("rule", {})
        if "comment" in rule:
            count = sum(each["counter"]["packets"] for each in rule["expr"] if isinstance(each.get("counter"), dict))
            handles, packets = found.get(rule["comment"], ([], 0))
            found[rule["comment"]] = (handles + [rule["handle"]], packets + count)
    return found


def counts(bench):
    """What the rules count that all packets of the flow meet, and what another program's rule counts before and after."""
    before = rules(bench, "ip judge")["all"][1]
    found = rules(bench, "inet edge")
    return before, found, rules(bench, "ip judge")["all"][1]


def apply(bench, lines):
    path = f"{bench.folder}/spec.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(SPEC % lines)
    return bench.spawn(
        bench.program, "apply", "-f", path, "--trial", "required", "--trial-deadline", "5s", "--node-name", "n",
        "--lock", f"file:{bench.folder}/lock", "--state-dir", f"{bench.folder}/state", 
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process, is_kept):
    told = process.communicate()[1]
    expect((process.returncode == 0) == is_kept, f"it ended with {process.returncode}: {told}")


def change_beside(bench, ending):
    bench.link(("client", "node0", "10.8.0.2/24"), ("node", "client0", "10.8.0.1/24"))
    bench.link(("server", "node0", "10.8.1.2/24"), ("node", "server0", "10.8.1.1/24"))
    for place, gateway in ("client", "10.8.0.1"), ("server", "10.8.1.1"):
        bench.inside("ip", "route", "add", "default", "via", gateway, at=place)
    bench.inside("sysctl", "-qw", "net.ipv4.ip_forward=1")
    bench.inside("nft", JUDGE)
    is_kept = ending == "confirmed"
    # Asked twice at the first load, and twice at the change.
    answer = Answer(bench, fails_from=99 if is_kept else 4)
    finish(apply(bench, OLD), True)
    flow = Flow(bench)
    time.sleep(0.2)
    handles = {name: found[0] for name, found in rules(bench, "inet edge").items()}
    asked = len(answer.asked)
    change = apply(bench, NEW)
    # The second question is the proof's: the trial stands.
    while change.poll() is None and len(answer.asked) < asked + 2:
        time.sleep(0.01)
    trial = bench.inside("nft", "list", "table", "inet", "edge").stdout
    expect("dport 8049" in trial and "_armed" in trial, f"there is no trial: {trial}")
    sure, found, most = counts(bench)
    for name in "before", "behind", "passed":
        # The other program's rule comes first, and a packet or two may be on their way to ours.
        expect(sure - 2 <= found[name][1] <= most, f"on trial: {name} has {found[name]}, another {sure} to {most}")
        expect(set(handles[name]) <= set(found[name][0]), f"on trial: {name} was made anew: {handles} {found}")
    finish(change, is_kept)
    time.sleep(0.2)
    flow.end()
    total, after, _ = counts(bench)
    for name in "before", "passed":
        expect(after[name] == (handles[name], total), f"in the end: {name} has {after[name]}, another {total}")
    if is_kept:
        # The rules behind the first change are counted by copies; these are added up while packets go on.
        expect(after["behind"][1] == total, f"in the end: {after['behind']}, at the trial {sure}, {total} in all")
        print(f"stream: {total} packets, each counted")
    expect(after["opened"][1] == 1, f"the connection was opened {after['opened'][1]} times")
    listing = bench.inside("nft", "list", "table", "inet", "edge").stdout
    expect(("dport 8049" in listing) == is_kept and "_armed" not in listing, f"{ending}: {listing}")


def stream(program, name, ending):
    bench = Bench(program, name, ["client", "node", "server"])
    try:
        change_beside(bench, ending)
    finally:
        bench.close()
    return "new" if ending == "confirmed" else "old"
