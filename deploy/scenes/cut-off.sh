# shellcheck shell=bash disable=SC2154,SC2034,SC2317
# Changes that cut their node off, and what becomes of them: each is gone by its deadline, one node alone has had it, and
# nobody goes on before a person says so. Sourced by deploy/demo.

ports=(22 6443)
start_cluster
lock="$lock?ttl=8"

# $1: rules at the chain's head; $2: its policy; $3: a route
write_spec() {
  cat >"$work/next.yaml" <<EOT
apiVersion: netbaton.dev/v1alpha1
kind: NodeNetwork
metadata:
  name: edge
spec:
  nftables: |
    table inet edge {
      chain input {
        type filter hook input priority filter; policy $2;
        iifname "lo" accept
$1
      }
    }
  routes:
    - $3
  probes:
    - tcp: 10.77.0.254:2379
  trial: { deadline: 4s }
EOT
  mv "$work/next.yaml" "$work/specs/edge.yaml"
}
harmless='{ to: 203.0.113.0/24, via: 10.77.0.254, dev: eth0 }'
good() { write_spec "        tcp dport $1 counter drop" accept "$harmless"; }
# Neither SSH, nor the API, nor the answers of etcd come in any more.
deadly_rules() { write_spec "        udp dport $1 accept" drop "$harmless"; }
# The hub, where etcd is, is not to be reached any more.
deadly_route() { write_spec "        tcp dport $1 counter drop" accept '{ to: 10.77.0.254/32, type: blackhole }'; }

status_json() { run_on node1 status --lock "$lock" -o json; }
halted() { status_json | jq -e '.halt != null' >/dev/null; }
halted_by() { status_json | jq -r '.halt.node'; }
reachable() { port_is_open "$1" 22 && port_is_open "$1" 6443; }
in_sync() { run_on "$1" diff -f "$work/specs" >/dev/null; }
all_in_sync() { for node in "${nodes[@]}"; do in_sync "$node" || return 1; done; }
# What a node has, with handles: nothing was made anew if it is the same.
state_of() { inside "$1" nft -s --handle list ruleset && inside "$1" ip route; }
remember() { for node in "${nodes[@]}"; do state_of "$node" >"$work/$node.before"; done; }
is_as_before() { state_of "$1" | cmp -s - "$work/$1.before"; }
# A trial's parts are in the kernel.
on_trial() { inside "$1" nft list ruleset | says 'nb[0-9]*_'; }
has_deadly_route() { inside "$1" ip route show 10.77.0.254/32 | says blackhole; }

# Leaves in `victim` the first node of which $1 is true, as soon as it is.
find_victim() {
  for _ in $(seq 2000); do
    for victim in "${nodes[@]}"; do "$1" "$victim" && return 0; done
    sleep 0.01
  done
  fail "no node began the change"
}

others() { for node in "${nodes[@]}"; do [ "$node" = "$1" ] || echo "$node"; done; }

# $1: the node that had the change; $2: a part of what failed
claim_taken_back() {
  await "$1 is reachable again" reachable "$1"
  await "$1 has exactly what it had" is_as_before "$1"
  claim "$1 can be reached again and has exactly the old rules and routes"
  for node in $(others "$1"); do
    is_as_before "$node" || fail "$node changed"
    reachable "$node" || fail "$node is cut off"
  done
  claim "the other two never changed"
  run_on "$1" status --lock "$lock"
  [ "$(halted_by)" = "$1" ] || fail "the halt names $(halted_by), not $1"
  status_json | jq -r '.halt.cause' | says "$2" || fail "the halt does not say what failed: $(status_json | jq -c .halt)"
  run_on "$1" status --lock "$lock" | says 'netbaton resume' || fail "status does not say what to do"
  claim "status says: halted, by $1, for which generation, since when, what failed and what to do"
}

# $1: the port that the corrected spec closes
go_on() {
  local old
  sleep 1
  for node in "${nodes[@]}"; do is_as_before "$node" || fail "$node went on in spite of the halt"; done
  good "$1"
  run_on node1 resume --lock "$lock" --reason "the spec is corrected"
  await "all three follow the corrected spec" all_in_sync
  for node in "${nodes[@]}"; do inside "$node" nft list chain inet edge input | says "dport $1" || fail "$node lacks port $1"; done
  old=$(status_json | jq -c '[.halt, .intents]')
  [ "$old" = '[null,[]]' ] || fail "something is left over in etcd: $old"
  claim "a corrected spec and netbaton resume let the fleet go on"
}

say "Three nodes in sync; SSH and the API port answer"
good 9000
for node in "${nodes[@]}"; do start_agent "$node"; done
await "all three follow the spec" all_in_sync
for node in "${nodes[@]}"; do await "$node answers" reachable "$node"; done
claim "all three are in sync and reachable"

say "A spec that drops etcd's answers, SSH and the API port"
remember
deadly_rules 7001
await "the fleet is halted" halted
claim_taken_back "$(halted_by)" 10.77.0.254:2379
go_on 9001

say "The same, and the agent is killed one instant after the change"
remember
deadly_rules 7002
find_victim on_trial
kill -KILL "${agents[$victim]}"
await "$victim is reachable again, without its agent" reachable "$victim"
claim "the kernel of $victim took the change back by itself"
await "another node halts the fleet" halted
start_agent "$victim"
claim_taken_back "$victim" ''
go_on 9002

say "A route that takes the node's way out"
remember
deadly_route 7003
await "the fleet is halted" halted
claim_taken_back "$(halted_by)" 10.77.0.254:2379
go_on 9003

say "The same, and the agent is killed one instant after the change"
remember
deadly_route 7004
find_victim has_deadly_route
kill -KILL "${agents[$victim]}"
await "$victim has its way out again, without its agent" reachable "$victim"
claim "the process that outlives the agent of $victim took the route back"
await "another node halts the fleet" halted
start_agent "$victim"
claim_taken_back "$victim" ''
go_on 9004

say "The agents stop cleanly"
stop_agents
claim "SIGTERM ends all three with status 0"
