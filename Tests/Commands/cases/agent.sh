# The agent, on one node with a lock file.
# shellcheck shell=bash disable=SC2154,SC2317

start_agent() {
  "$NETBATON" agent -f "$work/specs" --lock "file:$work/lock" --log-format text 2>>"$work/log" & agent=$!
  children+=("$agent")
}
stop_agent() {
  kill -TERM "$agent"
  local got=0
  wait "$agent" || got=$?
  [ "$got" = 0 ] || { tail -n 20 "$work/log"; fail "the agent ended with $got"; }
}
rule() { printf 'table inet t {\n chain c {\n tcp dport %s accept\n }\n}\n' "$1"; }
has_rule() { nft list table inet t 2>/dev/null | says "dport $1"; }

case_agent_follows_edits_and_drift() {
  rule 1 | spec a.nft
  start_agent
  await 'the first rule' has_rule 1
  rule 2 >"$work/new"
  mv "$work/new" "$work/specs/a.nft"
  await 'the edit' has_rule 2
  nft flush chain inet t c
  await 'the repair' has_rule 2
  nft delete table inet t
  await 'the repair of the table' has_rule 2
  stop_agent
  nb lock status --lock "file:$work/lock" | says free
  nb history --local | says drift
}

case_agent_keeps_the_last_good_spec() {
  rule 1 | spec a.nft
  start_agent
  await 'the first rule' has_rule 1
  echo 'table inet t { chain c { nonsense' | spec a.nft
  complains() { grep -q 'last good' "$work/log"; }
  await 'a complaint' complains
  nft flush chain inet t c
  await 'the repair by the last good spec' has_rule 1
  rule 3 | spec a.nft
  await 'the good spec' has_rule 3
  rm "$work/specs/a.nft"
  sleep 1
  has_rule 3 || fail "an emptied folder removed a rule"
  stop_agent
}

case_agent_sees_a_configmap_turn() {
  mkdir "$work/specs/..one" "$work/specs/..two"
  rule 1 >"$work/specs/..one/a.nft"
  rule 2 >"$work/specs/..two/a.nft"
  ln -s ..one "$work/specs/..data"
  ln -s ..data/a.nft "$work/specs/a.nft"
  start_agent
  await 'the first rule' has_rule 1
  ln -s ..two "$work/specs/..data_tmp"
  mv -T "$work/specs/..data_tmp" "$work/specs/..data"
  await 'the turned link' has_rule 2
  stop_agent
}

case_agent_repairs_routes() {
  printf 'routes:\n  - { to: 203.0.113.0/24, type: blackhole }\n' | document | spec a.yaml
  start_agent
  has_route() { ip route | says 203.0.113.0/24; }
  await 'the route' has_route
  ip route del blackhole 203.0.113.0/24
  await 'the route again' has_route
  stop_agent
}

case_agent_stops_while_waiting() {
  rule 1 | spec a.nft
  "$NETBATON" lock run --lock "file:$work/lock" --node-name other -- sleep 60 & children+=($!)
  held() { nb lock status --lock "file:$work/lock" | says 'held by other'; }
  await 'the other holds the lock' held
  start_agent
  waits() { grep -q 'baton waiting.*holder=.*other.*since=' "$work/log"; }
  await 'the agent waits' waits
  stop_agent
  [ -z "$(nft list ruleset)" ]
}

case_agent_reloads_on_hangup() {
  rule 1 | spec a.nft
  start_agent
  await 'the first rule' has_rule 1
  kill -HUP "$agent"
  reloaded() { grep -q reload "$work/log"; }
  await 'a reload' reloaded
  stop_agent
}

case_agent_waits_for_a_first_good_spec() {
  echo 'nonsense' | spec a.nft
  start_agent
  complains() { grep -q 'a.nft:1:' "$work/log"; }
  await 'a complaint' complains
  rule 1 | spec a.nft
  await 'the rule' has_rule 1
  stop_agent
}

case_agent_says_what_stays_when_nothing_selects_it() {
  selecting() {
    printf 'nodeSelector: { matchLabels: { kubernetes.io/hostname: %s } }\n' "$1"
    printf 'nftables: |\n  table inet t {\n    chain c {\n      tcp dport %s accept\n    }\n  }\n' "$2"
    printf 'routes:\n  - { to: 203.0.113.0/24, type: blackhole }\n'
  }
  selecting testnode 1 | document | spec a.yaml
  start_agent
  await 'the rule' has_rule 1
  selecting other 2 | document >"$work/new"
  mv "$work/new" "$work/specs/a.yaml"
  told() { grep -Eq 'warning .*no spec selects this node; .* stays in force.* routes=1 .*tables="?inet t' "$work/log"; }
  await 'what stays' told
  selecting testnode 3 | document >"$work/new"
  mv "$work/new" "$work/specs/a.yaml"
  await 'the rule that selects it again' has_rule 3
  stop_agent
  [ "$(grep -c 'no spec selects' "$work/log")" = 1 ] || fail "told more than once"
}

case_agent_settles_what_is_open_without_a_spec() {
  shut_own_probe 60s
  "$NETBATON" apply -f "$work/specs" --lock "file:$work/lock" >"$work/out" 2>"$work/err" & local pid=$!
  await 'the change is on trial' on_trial
  kill -KILL "$pid"
  rm "$work/specs/a.yaml"
  start_agent
  taken_back() { ! on_trial; }
  await 'the change is taken back' taken_back
  settled() { nb status --lock "file:$work/lock" | says 'halted by testnode'; }
  await 'the fleet knows of it' settled
  stop_agent
}
