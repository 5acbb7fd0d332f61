# The specs in rules/, each on a node that it selects.
# shellcheck shell=bash disable=SC2154,SC2317

# rules_twice NAME [LABEL ...]: the second apply sends nothing that changes anything, and counters go on.
rules_twice() {
  local name=$1 labels=() label before generation
  shift
  for label in "$@"; do labels+=(--label "$label"); done
  for device in wan0 wan1 lan0; do
    ip link add "$device" type veth peer name "p$device"
    ip link set "p$device" up
    ip link set "$device" up
  done
  ip addr add 192.0.2.2/24 dev wan0
  ip addr add 198.51.100.2/24 dev wan1
  ip addr add 10.0.0.1/16 dev lan0
  status 1 nb diff -f "$top/rules/$name.yaml" "${labels[@]}"
  status 0 nb apply -f "$top/rules/$name.yaml" "${labels[@]}"
  nft list ruleset | says 'hook'
  before=$(nft --stateless --handle list ruleset; ip -4 route show table all; ip rule)
  generation=$(generation)
  ping -c 2 -i 0.2 -q 127.0.0.1 >/dev/null || :
  status 0 nb apply -f "$top/rules/$name.yaml" "${labels[@]}" >"$work/second"
  says 'no difference' <"$work/second"
  [ "$generation" = "$(generation)" ] || fail "the generation moved"
  [ "$before" = "$(nft --stateless --handle list ruleset; ip -4 route show table all; ip rule)" ] || fail "something changed"
  status 0 nb uninstall --yes
  [ -z "$(nft list ruleset)" ] || fail "uninstall left something"
  ip route show table all | lacks 'proto 110'
}

case_rules_workstation() { rules_twice workstation; }
case_rules_kubernetes_node() { rules_twice kubernetes-node node-role.kubernetes.io/worker= role=worker kubernetes.io/os=linux; }
case_rules_nat_gateway() { rules_twice nat-gateway role=gateway; }
case_rules_control_plane() { rules_twice control-plane node-role.kubernetes.io/control-plane=; }
case_rules_for_all_nodes() { status 0 nb check --all-nodes -f "$top/rules"; }

case_a_rule_file_includes_what_is_beside_it() {
  printf 'table inet a { }; include "b.nft"\n' | spec a.nft
  echo 'table inet b { }' | spec b.nft
  nb check -f "$work/specs/a.nft" | says '2 tables'
}
