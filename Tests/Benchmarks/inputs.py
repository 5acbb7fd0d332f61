"""Rule files, specs and route lists of any size; the same each time."""

import os


def written(name, lines):
    """The path of a file with these lines."""
    with open(name, "w") as file:
        file.writelines(line + "\n" for line in lines)
    return os.path.abspath(name)


def address(number):
    return f"{10 + (number >> 24)}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def rule(number):
    return f"    ip saddr {address(number * 7)} tcp dport {number % 60000 + 1} counter accept"


def rules(count, extra_at=None):
    """A chain of rules; one more in front of the rule at extra_at."""
    yield "table inet bench {"
    yield "  chain input {"
    yield "    type filter hook input priority filter; policy accept;"
    for number in range(count):
        if number == extra_at:
            yield "    ip saddr 192.0.2.99 tcp dport 22 counter accept"
        yield rule(number)
    yield "  }"
    yield "}"


def addresses(count, extra=False):
    """A set of addresses that a rule looks into."""
    elements = [address(number * 5) for number in range(count)] + (["192.0.2.99"] if extra else [])
    yield "table inet bench {"
    yield "  set blocked {"
    yield "    type ipv4_addr"
    yield "    elements = { " + ", ".join(elements) + " }"
    yield "  }"
    yield "}"


def rules_and_addresses(counts):
    """Both in one file: the table's block twice."""
    return [*rules(counts[0]), *addresses(counts[1])]


def prefixes(count):
    """An interval set; no two prefixes touch."""
    yield "table inet bench {"
    yield "  set nets {"
    yield "    type ipv4_addr"
    yield "    flags interval"
    yield "    elements = { " + ", ".join(f"{address(number * 512)}/24" for number in range(count)) + " }"
    yield "  }"
    yield "}"


def batch(count):
    """Lines for ip -batch."""
    for number in range(count):
        yield f"route add {address(number * 256)}/24 via 192.0.2.2 dev bench0 proto 110"


def routes(count):
    """The same routes as a spec."""
    yield "apiVersion: netbaton.dev/v1alpha1"
    yield "kind: NodeNetwork"
    yield "metadata: { name: bench }"
    yield "spec:"
    yield "  routes:"
    for number in range(count):
        yield f"    - {{ to: {address(number * 256)}/24, via: 192.0.2.2, dev: bench0 }}"
