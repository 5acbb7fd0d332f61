# What apply promises, judged by nft(8) and ip(8).
# shellcheck shell=bash disable=SC2154,SC2317,SC2016

case_apply_twice_changes_nothing() {
  document <<'T' | spec a.yaml
nftables: |
  table inet t {
    set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 }; }
    chain c {
      type filter hook input priority filter; policy accept;
      ip saddr @s counter accept
      tcp dport { 22, 80-90 } accept
    }
  }
routes:
  - { to: 203.0.113.0/24, type: blackhole }
  - { to: 2001:db8:1::/48, type: unreachable }
routingPolicy:
  - { from: 10.1.0.0/16, table: 100, priority: 1000 }
T
  status 1 nb diff -f "$work/specs"
  status 0 nb apply -f "$work/specs"
  nft list table inet t | says '10.0.0.0/8'
  ip route show | says 'blackhole 203.0.113.0/24 proto 110'
  ip -6 route show | says 'unreachable 2001:db8:1::/48'
  ip rule | says '1000:.*from 10.1.0.0/16 lookup 100'
  local before after generation
  before=$(kernel) generation=$(generation)
  status 0 nb apply -f "$work/specs"
  status 0 nb diff -f "$work/specs"
  after=$(kernel)
  [ "$before" = "$after" ] || fail "the second apply changed something"
  [ "$generation" = "$(generation)" ] || fail "the generation moved"
}

case_counters_of_kept_rules_stay() {
  printf 'table inet t {\n chain c {\n type filter hook output priority 0;\n ip daddr 127.0.0.1 counter accept\n }\n}\n' | spec a.nft
  nb apply -f "$work/specs"
  ping -c 3 -i 0.2 -q 127.0.0.1 >/dev/null
  local before handle
  before=$(nft list chain inet t c | sed -n 's/.*counter packets \([0-9]*\).*/\1/p')
  handle=$(nft -a list chain inet t c | sed -n 's/.*counter.*# handle //p')
  [ "$before" -ge 3 ]
  printf 'table inet t {\n chain c {\n type filter hook output priority 0;\n tcp dport 9 drop\n ip daddr 127.0.0.1 counter accept\n udp dport 9 drop\n }\n}\n' | spec a.nft
  nb apply -f "$work/specs"
  [ "$(nft list chain inet t c | sed -n 's/.*counter packets \([0-9]*\).*/\1/p')" -ge "$before" ] || fail "counter lost"
  [ "$(nft -a list chain inet t c | sed -n 's/.*counter.*# handle //p')" = "$handle" ] || fail "handle changed"
  [ "$(nft list chain inet t c | grep -c drop)" = 2 ]
}

case_gathered_elements_stay() {
  printf 'table inet t {\n set s {\n type ipv4_addr\n flags dynamic,timeout\n timeout 1h\n }\n chain c {\n }\n}\n' | spec a.nft
  nb apply -f "$work/specs"
  nft add element inet t s '{ 192.0.2.7 }'
  status 0 nb diff -f "$work/specs"
  printf 'table inet t {\n set s {\n type ipv4_addr\n flags dynamic,timeout\n timeout 1h\n }\n chain c {\n accept\n }\n}\n' | spec a.nft
  nb apply -f "$work/specs"
  nft list set inet t s | says 192.0.2.7
}

case_other_tables_stay() {
  nft add table ip foreign
  nft add chain ip foreign x '{ type filter hook input priority 0; }'
  nft add rule ip foreign x counter
  ip route add blackhole 198.51.100.0/24
  local before
  before=$(nft -a list table ip foreign)
  printf 'flush ruleset\ntable inet t {\n chain c {\n accept\n }\n}\n' | spec a.nft
  nb apply -f "$work/specs" 2>"$work/err"
  grep -q 'warning' "$work/err"
  [ "$before" = "$(nft -a list table ip foreign)" ]
  ip route | says 198.51.100.0/24
  nb uninstall --yes
  [ "$before" = "$(nft -a list ruleset)" ] || fail "uninstall left something or took too much"
  ip route | says 198.51.100.0/24
}

case_adopt_replaces() {
  nft add table inet t
  nft add chain inet t old
  printf 'adopt: [inet t]\nnftables: |\n  table inet t {\n    chain new {\n      accept\n    }\n  }\n' | document | spec a.yaml
  nb apply -f "$work/specs"
  nft list table inet t | says 'chain new'
  nft list table inet t | lacks 'chain old'
}

case_manual_change_is_drift() {
  printf 'table inet t {\n chain c {\n tcp dport 1 accept\n tcp dport 2 accept\n }\n}\n' | spec a.nft
  nb apply -f "$work/specs"
  nft insert rule inet t c drop
  status 1 nb diff -f "$work/specs" >"$work/diff"
  grep -q '^ *-.*drop' "$work/diff"
  nb apply -f "$work/specs"
  nft list table inet t | lacks drop
}

case_failed_route_leaves_rules_alone() {
  document <<'T' | spec a.yaml
nftables: |
  table inet t {
    chain c {
      accept
    }
  }
routes:
  - { to: 203.0.113.0/24, type: blackhole }
  - { to: 10.9.0.0/16, via: 198.51.100.1, dev: lo }
T
  refused 2 'a\.yaml:13:' nb apply -f "$work/specs"
}

case_diff_as_json() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  status 1 nb diff -f "$work/specs" -o json >"$work/json"
  python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$work/json"
}

case_history_tells() {
  echo 'table inet t { chain c { tcp dport 77 accept; }; }' | spec a.nft
  nb apply -f "$work/specs"
  nb history --local | says 'dport 77'
  nb history | says 'dport 77'
  nb history --local -o json | python3 -c 'import json,sys; [json.loads(line) for line in sys.stdin]'
}

case_no_record_no_change() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  mkdir "$work/state"
  refused 2 "$work/state.*Read-only file system" unshare -m sh -c 'mount -t tmpfs -o ro none "$0" && exec "$@"' "$work/state" \
    "$NETBATON" apply -f "$work/specs" --lock "file:$work/lock"
}

# wait_for_other SECONDS COMMAND...: starts a command that asks for the baton; another node holds it for so long.
wait_for_other() {
  local seconds=$1
  shift
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  "$NETBATON" lock run --lock "file:$work/lock" --node-name other -- sleep "$seconds" & children+=($!)
  held() { nb lock status --lock "file:$work/lock" | says 'held by other'; }
  await 'the other holds the lock' held
  "$@" 2>"$work/err" & waiting=$!
  waits() { grep -q 'baton waiting' "$work/err"; }
  await 'apply waits' waits
}

case_interrupted_while_waiting() {
  wait_for_other 30 "$NETBATON" apply -f "$work/specs" --lock "file:$work/lock"
  kill -INT "$waiting"
  status 2 wait "$waiting"
  [ -z "$(nft list ruleset)" ]
  nb lock status --lock "file:$work/lock" | lacks 'waiting ('
}

case_nohup_lets_no_hangup_end_it() {
  wait_for_other 3 nohup "$NETBATON" apply -f "$work/specs" --lock "file:$work/lock"
  kill -HUP "$waiting"
  wait "$waiting"
  nft list ruleset | says 'accept'
}

case_nobody_reads_what_it_says() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  mkfifo "$work/pipe"
  : <"$work/pipe" & local reader=$!
  exec 9>"$work/pipe"
  wait "$reader"
  # The difference comes before the change: nobody has seen it.
  status 141 nb apply -f "$work/specs" --lock "file:$work/lock" >&9
  [ -z "$(nft list ruleset)" ]
  # The log comes with it, and must not end it.
  nb apply -f "$work/specs" --lock "file:$work/lock" 2>&9
  nft list ruleset | says 'accept'
}
