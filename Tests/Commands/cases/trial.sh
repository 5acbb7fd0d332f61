# What is on trial, and what a person at a terminal decides.
# shellcheck shell=bash disable=SC2154,SC2317

# forecast PATTERN FLAG...: `diff` says so in text, and exits 1.
forecast() {
  local pattern=$1
  shift
  status 1 nb diff -f "$work/specs" "$@" | says "$pattern"
}

case_diff_tells_what_is_tried() {
  document <<'T' | spec a.yaml
routes: [{ to: 10.0.0.0/8, type: blackhole }]
nftables: |
  table inet a { chain c { type filter hook input priority 0; tcp dport 22 accept; }; }
  table inet b { flowtable f { hook ingress priority 0; devices = { lo }; }; }
T
  forecast 'at once and for good: .*no probes'
  forecast 'trials are off' --trial off --probe tcp:127.0.0.1:22
  forecast 'on trial in the kernel: table inet a$' --probe tcp:127.0.0.1:22
  forecast 'in place, table inet b: flowtable f lets' --probe tcp:127.0.0.1:22
  forecast 'in place: 1 route' --lock etcd://127.0.0.1:1/x
  forecast 'taken back after 30 s' --lock etcd://127.0.0.1:1/x --trial-deadline 30s
  forecast 'refuse this: .*no probes' --trial required
  forecast 'refuse this: .*flowtable f' --trial required --probe tcp:127.0.0.1:22
  status 1 nb diff -f "$work/specs" -o json --probe tcp:127.0.0.1:22 >"$work/plan"
  jq -e '.trial == {course: "trial", deadline: 10, tables: ["inet a"], routes: 1, inPlace: [
    {table: "inet b", reason: "flowtable f lets connections pass by all rules, also by those on trial"}]}' "$work/plan"
  # Both refusals are true, and nobody has to wait for them.
  refused 2 'only changes on trial are allowed.*no probes' nb apply -f "$work/specs" --trial required
  ! grep -q 'baton acquired' "$work/out" || fail "the baton was taken: $(cat "$work/out")"
  refused 2 'only changes on trial are allowed.*flowtable f' nb apply -f "$work/specs" --trial required \
    --probe tcp:127.0.0.1:22
  ! grep -q 'baton acquired' "$work/out" || fail "the baton was taken: $(cat "$work/out")"
}

confirm() { python3 "$top/Tests/Commands/terminal.py" "$1" "$NETBATON" apply -f "$work/specs" --confirm-within "$2"; }

# dropped: whether packets to the port are; without the rule the connection is refused at once.
dropped() {
  local got=0
  timeout 1 bash -c ': </dev/tcp/127.0.0.1/9' 2>/dev/null || got=$?
  [ "$got" = 124 ]
}
let_in() { ! dropped; }

# taken_back STATUS ANSWER: the rule is not in effect any more.
taken_back() {
  printf 'table inet t { chain c { type filter hook input priority 0; tcp dport 9 drop; }; }\n' | spec a.nft
  status "$1" confirm "$2" 3s
  await "$2: the old state" let_in
}

# nothing_left: no table of the spec, and no part of the trial.
nothing_left() { ! nft list tables | grep -qv 'inet netbaton'; }

case_a_person_keeps_a_change() {
  printf 'table inet t { chain c { type filter hook input priority 0; tcp dport 9 drop; }; }\n' | spec a.nft
  status 0 confirm y 60s
  nft list table inet t | says 'dport 9 drop'
  dropped
  status 0 nb diff -f "$work/specs"
}

case_a_person_declines_a_change() {
  taken_back 2 n
  nothing_left
  # Nobody has to resume after that.
  status 0 confirm y 60s
}

case_an_interrupt_takes_it_back() {
  taken_back 2 interrupt
  nothing_left
}

case_no_answer_takes_it_back() {
  taken_back 2 nothing
  nothing_left
  # Whoever was asked may have been cut off.
  refused 2 'halted by testnode' nb apply -f "$work/specs" --wait 0s
}

case_what_was_typed_before_is_no_answer() {
  taken_back 2 early
  nothing_left
}

case_a_terminal_that_is_gone_takes_it_back() {
  taken_back 2 hangup
  nothing_left
}

case_the_kernel_takes_it_back_alone() {
  taken_back 137 kill
  status 1 nb diff -f "$work/specs"
}
