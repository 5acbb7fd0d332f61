# Stopping the cluster, and letting it go on.
# shellcheck shell=bash disable=SC2154,SC2317,SC2016

# Ends without the baton, which a halt holds back.
not_granted() {
  refused 2 "$1" nb lock run --lock "file:$work/lock" --wait 0s -- true
}

# intent NODE TOKEN: as an agent that vanished has left it.
intent() {
  printf '{"bound":%s,"commit":"c0ffee","generation":"0123456789abcdef","holder":{"instance":"i","node":"%s","pid":1,"version":"0"},"node":"%s","since":"2026-01-01T00:00:00Z","token":%s}' \
    "${3:-30}" "$1" "$1" "$2" >"$work/lock/intent/$1"
}

case_halt_and_resume() {
  export NETBATON_LOCK=file:$work/lock USER=ada SUDO_USER=
  nb resume --reason 'all well' | says '^there is no halt$'
  nb history | says "nothing on record in file:$work/lock; --local reads"
  nb halt --reason 'maintenance of the switch' | says '^halted: nobody is granted'
  nb halt --reason 'me too' >"$work/out"
  grep -q '^already halted by ada@testnode since 20.*: maintenance of the switch' "$work/out"
  not_granted 'halted by ada@testnode since 20.*: maintenance of the switch; `netbaton resume` lets it go on'
  nb status >"$work/out"
  sed -n 1p "$work/out" | says '^halted by ada@testnode since 20'
  grep -q '  maintenance of the switch' "$work/out"
  nb lock status | says '^halted by ada@testnode'
  nb status -o json | jq -e '.halt.who == "ada@testnode" and .halt.why == "maintenance of the switch"' >"$work/out"
  SUDO_USER=grace nb resume --reason 'done' | says '^cleared the halt by ada@testnode since 20.*: maintenance'
  nb status | lacks halted
  nb lock run -- true
  nb history >"$work/out"
  [ "$(grep -c '^20' "$work/out")" = 2 ] || fail "$(cat "$work/out")"
  sed -n 1p "$work/out" | says 'testnode resume applied'
  grep -q 'grace@testnode: done' "$work/out"
  grep -q 'ada@testnode: maintenance of the switch' "$work/out"
}

case_history_skips_what_it_cannot_read() {
  export NETBATON_LOCK=file:$work/lock
  nb halt --reason 'to look' >"$work/out"
  echo '{"some":"other' >"$work/lock/history/00000000000000000099+0000"
  nb history 2>"$work/err" | says 'to look'
  grep -q "file:$work/lock: a record under token 99 cannot be read" "$work/err"
}

case_halt_leaves_the_baton_to_who_holds_it() {
  export NETBATON_LOCK=file:$work/lock
  nb lock run --node-name other -- sleep 60 & children+=($!)
  held() { nb lock status | says 'held by other'; }
  await 'the other holds the lock' held
  nb halt --reason 'to look' | says 'other (pid .* holds it since .* and keeps it'
  nb lock status | says 'held by other'
}

case_halt_wants_a_reason() {
  for command in halt resume; do
    refused 64 'reason' nb "$command" --lock "file:$work/lock"
    refused 64 'reason says why' nb "$command" --lock "file:$work/lock" --reason ' '
    refused 64 'control characters' nb "$command" --lock "file:$work/lock" --reason $'a\eb'
  done
}

case_status_tells_changes_under_way() {
  export NETBATON_LOCK=file:$work/lock
  nb status >"$work/out"
  intent dead 7
  nb status | says '  dead: generation 0123456789ab (commit c0ffee), since 2026-01-01T00:00:00Z, token 7, its holder is gone'
  nb status -o json | jq -e '.intents == [{node: "dead", token: 7, generation: "0123456789abcdef", commit: "c0ffee",
    since: "2026-01-01T00:00:00Z", bound: 30, holderIsGone: true}]' >"$work/out"
  not_granted 'a change is unsettled on dead'
}

case_resume_gives_up_a_node_by_name() {
  export NETBATON_LOCK=file:$work/lock
  nb status >"$work/out"
  intent dead 7 1
  # Whoever is next waits out the bound, then halts; a wait that is over ends it.
  status 2 nb lock run --wait 3s -- true 2>"$work/err"
  grep -q 'halted by testnode since' "$work/err"
  nb status >"$work/out"
  sed -n 1p "$work/out" | says 'halted by testnode since 20.* for generation 0123456789ab (commit c0ffee) on dead$'
  for words in 'dead vanished in the middle of a change: its holder' 'fix the spec, then: netbaton resume --reason' \
    'add: --abandon dead'; do
    grep -qe "$words" "$work/out" || fail "does not say: $words"
  done
  refused 2 'other has no change under way' nb resume --reason r --abandon other
  nb status | says '^halted'
  nb resume --reason r 2>"$work/err" | says '^cleared the halt by testnode'
  grep -q 'dead vanished in the middle .*--abandon dead' "$work/err"
  nb resume --reason 'it burnt down' --abandon dead 2>"$work/err" >"$work/out"
  grep -q '^gave up the change of dead since 2026-01-01T00:00:00Z, token 7' "$work/out"
  [ "$(cat "$work/err")" = 'netbaton: generation 0123456789ab failed and is not tried again; --retry allows it' ] ||
    fail "$(cat "$work/err")"
  nb status | says '  dead: generation 0123456789ab (commit c0ffee), failed'
  nb lock run --wait 0s -- true
  nb history | says 'gave up the change of dead'
}

case_resume_lets_a_failed_generation_be_tried() {
  export NETBATON_LOCK=file:$work/lock
  nb status >"$work/out"
  printf '{"generation":"0123456789abcdef","node":"a","outcome":"failed","time":"t","version":"0"}' >"$work/lock/node/a"
  nb resume --reason r 2>"$work/err" | says 'there is no halt'
  grep -q 'generation 0123456789ab failed and is not tried again; --retry allows it' "$work/err"
  nb resume --reason 'fixed the cable' --retry 2>"$work/err" | says 'generation 0123456789ab may be tried again'
  [ ! -s "$work/err" ] || fail "$(cat "$work/err")"
  nb status | says '  a: generation 0123456789ab, retry'
}
