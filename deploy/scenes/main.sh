# shellcheck shell=bash disable=SC2154
# The main job: a spec reaches three nodes one at a time, drift is repaired, and everything is told. Sourced by deploy/demo.

start_cluster
write_spec() {
  cat >"$work/specs/edge.yaml" <<EOF
apiVersion: netbaton.dev/v1alpha1
kind: NodeNetwork
metadata:
  name: edge
spec:
  nftables: |
    table inet edge {
      chain input {
        type filter hook input priority filter; policy accept;
        ct state established,related accept
        iifname "lo" accept
$1
      }
    }
  routes:
    - { to: 203.0.113.0/24, via: 10.77.0.254, dev: eth0 }
EOF
}
write_spec '        tcp dport 8080 counter drop'

say "Before: port 8080 is open on every node"
service_is_up() { port_is_open "$1" 8080; }
for node in "${nodes[@]}"; do await "the service of $node" service_is_up "$node"; done
claim "port 8080 answers on all three"

say "What the spec would change on node1 (netbaton diff)"
status=0
run_on node1 diff -f "$work/specs" || status=$?
[ "$status" = 1 ] || fail "diff should exit 1 where there is a difference, not $status"
claim "diff says so and exits 1"

say "An agent on each node"
for node in "${nodes[@]}"; do start_agent "$node"; done
port_is_closed() { ! port_is_open "$1" 8080; }
for node in "${nodes[@]}"; do await "port 8080 of $node closes" port_is_closed "$node"; done
claim "port 8080 is closed on all three"
for node in "${nodes[@]}"; do inside "$node" ip route show 203.0.113.0/24 | says 'via 10.77.0.254' || fail "no route on $node"; done
claim "the route is there on all three"

released() { cat "$work"/node?.log | grep -c 'baton released'; }
all_released() { [ "$(released)" -ge "$1" ]; }
await "each node gave the baton back" all_released 3
say "Who asked for the baton, who held it, since when, and what came of it"
cat "$work"/node?.log | grep baton | sort
# Each change's first moment, its last and its node. Logs are read in their own order: sorted by time alone, two lines
# of one moment could change places.
changes() {
  for node in "${nodes[@]}"; do
    sed -nE 's/^([0-9TZ:.-]+) .* (applying|applied) .*/\1 \2/p' "$work/$node.log" | awk -v node="$node" '
      $2 == "applying" { begun = $1 }
      $2 == "applied" { print begun, $1, node }'
  done | sort
}
one_at_a_time() {
  changes | awk '
    $1 < end { print "two at once: " node " until " end ", " $3 " from " $1; exit 1 }
    { end = $2; node = $3; count++ }
    END { if (count < 3) exit 1 }'
}
one_at_a_time || fail "two nodes held the baton at once"
claim "never two at once"

say "Each node's difference as it was logged (netbaton history)"
for node in "${nodes[@]}"; do
  say "  $node"
  run_on "$node" history --local
  run_on "$node" history --local | says 'tcp dport 8080 counter' || fail "the history of $node lacks its difference"
done
claim "every node's difference is on record"

say "A second pass changes nothing"
before=$(run_on node1 diff -f "$work/specs" && inside node1 nft --handle list ruleset)
run_on node1 apply -f "$work/specs" --lock "$lock"
after=$(run_on node1 diff -f "$work/specs" && inside node1 nft --handle list ruleset)
[ "$before" = "$after" ] || fail "a second apply changed something"
claim "apply found nothing to do, and diff exits 0"

say "A rule deleted by hand on node2 comes back"
handle=$(inside node2 nft --handle list chain inet edge input | sed -n 's/.*dport 8080.*# handle //p')
inside node2 nft delete rule inet edge input handle "$handle"
rules_of node2 | lacks 8080
rule_is_back() { rules_of node2 | says 'dport 8080'; }
await "the rule comes back on node2" rule_is_back
claim "node2 repaired itself"

say "A spec edit reaches all three, one by one: 8080 opens, 9090 closes"
write_spec '        tcp dport 9090 counter drop'
for node in "${nodes[@]}"; do await "port 8080 of $node opens" service_is_up "$node"; done
await "each node gave the baton back" all_released 7
one_at_a_time || fail "two nodes held the baton at once"
claim "all three follow the edit, one at a time"
in_sync() { run_on "$1" diff -f "$work/specs" >/dev/null; }
for node in "${nodes[@]}"; do await "$node is in sync" in_sync "$node"; done
run_on node1 status --lock "$lock"
run_on node1 history --lock "$lock" --limit 3
claim "status and history tell it"

say "The agents stop cleanly"
stop_agents
claim "SIGTERM ends all three with status 0"
