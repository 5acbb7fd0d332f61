"""A change of which no send buffer can be made large enough: nothing of it takes effect."""

import subprocess
import tempfile

from bench import expect

# Without the machine's own CAP_NET_ADMIN a socket's buffer is bound by this.
LIMIT = "/proc/sys/net/core/wmem_max"
SCRIPT = """set -u
ip link set lo up
run() { "$1" apply -f "$2/$3.nft" --lock "file:$2/lock" --state-dir "$2/state" --node-name n >"$2/out" 2>&1; }
run "$1" "$2" small || { cat "$2/out"; exit 99; }
nft -a list ruleset >"$2/before"
run "$1" "$2" large
status=$?
nft -a list ruleset >"$2/after"
tail -n 1 "$2/out"
exit $status
"""


def ruleset(count):
    # Each match is some 100 bytes of netlink.
    rule = " ".join(["ip saddr 10.0.0.1"] * 40)
    lines = "\n".join(f'{rule} tcp dport {number % 65535 + 1} counter accept' for number in range(count))
    return f"table inet t {{ chain c {{ type filter hook input priority 0; policy accept;\n{lines}\n}}; }}\n"


def write(path, text):
    with open(path, "x", encoding="utf-8") as file:
        file.write(text)


def oversized(program, _name, _case):
    with open(LIMIT, encoding="utf-8") as file:
        # The kernel doubles what is asked for.
        limit = 2 * int(file.read())
    with tempfile.TemporaryDirectory(prefix="netbaton-faults-") as folder:
        write(f"{folder}/small.nft", ruleset(2))
        write(f"{folder}/large.nft", ruleset(limit // 2000))
        done = subprocess.run(
            ["unshare", "-Urn", "sh", "-c", SCRIPT, "sh", program, folder], capture_output=True, text=True, check=False)
        expect(done.returncode == 2, f"it ended with {done.returncode}: {done.stdout} {done.stderr}")
        expect("Message too long" in done.stdout, f"it did not say why: {done.stdout}")
        with open(f"{folder}/before", encoding="utf-8") as before, open(f"{folder}/after", encoding="utf-8") as after:
            rules = before.read()
            expect("counter" in rules and rules == after.read(), "the rules changed")
    return "old"
