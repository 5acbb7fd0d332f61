# One case, already inside a network namespace of its own: FILE NAME FOLDER. Run by Tests/Commands/run.
# shellcheck shell=bash
set -euo pipefail
# shellcheck source=Tests/lib.sh
. "$(dirname "$0")/../lib.sh"

file=$1 name=$2 work=$3
mkdir -p "$work/specs"
children=()
end_children() {
  for pid in "${children[@]}"; do kill "$pid" 2>/dev/null || :; done
  for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || :; done
}
trap end_children EXIT
ip link set lo up
export NETBATON_STATE_DIR=$work/state NETBATON_NODE_NAME=testnode NETBATON_CONFIG=$work/agent.yaml
: >"$NETBATON_CONFIG"

nb() { "$NETBATON" "$@"; }

# spec NAME <<TEXT: a spec file in the case's folder.
spec() { cat >"$work/specs/$1"; }

# document < the lines of `spec:`
document() {
  printf 'apiVersion: netbaton.dev/v1alpha1\nkind: NodeNetwork\nmetadata: { name: test }\nspec:\n'
  sed 's/^/  /'
}

# kernel: everything a change could touch, in a form that can be compared.
kernel() {
  nft --handle list ruleset
  ip -4 route show table all
  ip -6 route show table all | grep -v '^multicast\|^anycast\|^local' || :
  ip rule
  ip -6 rule
}

# refused STATUS PATTERN COMMAND...: it ends with the status, says the pattern, and leaves the kernel as it was.
refused() {
  local status=$1 pattern=$2 got=0 before after
  shift 2
  before=$(kernel)
  "$@" >"$work/out" 2>&1 </dev/null || got=$?
  after=$(kernel)
  [ "$got" = "$status" ] || { cat "$work/out"; fail "status $got instead of $status: $*"; }
  grep -Eq -- "$pattern" "$work/out" || { cat "$work/out"; fail "did not say: $pattern"; }
  [ "$before" = "$after" ] || { diff <(echo "$before") <(echo "$after") || :; fail "the kernel changed"; }
}

# status STATUS COMMAND...
status() {
  local want=$1 got=0
  shift
  "$@" || got=$?
  [ "$got" = "$want" ] || fail "status $got instead of $want: $*"
}

# await WHAT COMMAND...: up to 20 s.
await() {
  local what=$1
  shift
  for _ in $(seq 200); do "$@" && return 0; sleep 0.1; done
  fail "waited 20 s in vain: $what"
}

# shut_own_probe DEADLINE: a spec that closes the port which its probe asks; until then, somebody listens there.
shut_own_probe() {
  socat TCP-LISTEN:9,fork,reuseaddr /dev/null & children+=($!)
  document <<T | spec a.yaml
probes: [{ tcp: "127.0.0.1:9" }]
trial: { deadline: $1 }
nftables: |
  table inet t { chain c { type filter hook input priority 0; tcp dport 9 drop; }; }
T
  await 'port 9 answers' listens 9
}
listens() { (: </dev/tcp/127.0.0.1/"$1") 2>/dev/null; }
on_trial() { nft list ruleset | says '_armed'; }

# generation: nftables' generation, by netlink (NFT_MSG_GETGEN).
generation() { python3 "$top/Tests/Commands/generation.py"; }

# shellcheck source=/dev/null
. "$file"
"case_$name"
