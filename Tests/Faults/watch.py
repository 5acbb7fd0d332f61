"""When the new rules and the new routes were in force, as packets and the kernel's own notices tell."""

import contextlib
import socket
import struct
import subprocess
import threading
import time
from datetime import datetime

from node import NEW_PORT

PERIOD = 0.005


class Watch:
    """A datagram every few milliseconds that only the new rules let pass: each says when it was sent, and the rules are
    asked within the call that sends it. At its end, `rules` are the times at which the new ones were in force, and
    `routes` those at which routes changed."""

    def __init__(self, node):
        self.rules = []
        self.routes = []
        self._arrived = node.socket("node", socket.SOCK_DGRAM)
        self._arrived.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE
        self._arrived.setblocking(False)
        self._arrived.bind(("10.9.1.1", NEW_PORT))
        self._sender = node.socket("etcd", socket.SOCK_DGRAM)
        self._sender.connect(("10.9.1.1", NEW_PORT))
        self._monitor = node.spawn("ip", "-4", "-ts", "monitor", "route", stdout=subprocess.PIPE, text=True)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self):
        while not self._ended.wait(PERIOD):
            self._sender.send(struct.pack("d", time.time()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
        self._sender.close()
        with contextlib.suppress(BlockingIOError):
            while True:
                self.rules += struct.unpack("d", self._arrived.recv(8))
        self._arrived.close()
        self._monitor.terminate()
        lines = self._monitor.communicate()[0].splitlines()
        self.routes = [datetime.fromisoformat(line[1:line.index("]")]).timestamp() for line in lines if line[:1] == "["]
