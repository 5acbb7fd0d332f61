# The baton in a real etcd, in the case's own network namespace.
# shellcheck shell=bash disable=SC2154,SC2317

control() { ETCDCTL_API=3 etcdctl "$@"; }

# start_etcd: on its usual port, ready.
start_etcd() {
  etcd --data-dir "$work/etcd" >"$work/etcd.log" 2>&1 & children+=($!)
  answers() { control endpoint health >/dev/null 2>&1; }
  await 'etcd answers' answers
}

# hold TTL: a holder in the background; its process is in `holder`, its lease in `lease`.
hold() {
  "$NETBATON" lock run --lock "etcd://127.0.0.1/x?ttl=$1" -- sleep 30 2>"$work/log" & holder=$!
  children+=("$holder")
  await 'the baton is held' grep -q 'baton acquired' "$work/log"
  lease=$(control get --prefix x/queue/ --keys-only | sed -n 's,^x/queue/,,p')
}

# loses WHY: the holder ends by itself, and its log says that the baton was lost, and by whom.
loses() {
  status 75 wait "$holder"
  grep -Eq "warning .*baton lost lock=etcd://127.0.0.1:2379/x node=testnode pid=$holder .*sleep 30.* reason=.*$1" \
    "$work/log" || { cat "$work/log"; fail "the log does not say that the baton was lost: $1"; }
}

case_a_lost_baton_is_logged() {
  start_etcd
  hold 60
  control lease revoke "$lease" >/dev/null
  loses 'removed'

  # A holder that was paused for longer than its lease.
  hold 2
  kill -STOP "$holder"
  free() { [ -z "$(control get --prefix x/queue/ --keys-only)" ]; }
  await 'the lease ends' free
  kill -CONT "$holder"
  loses 'not renewed in time'
}

case_an_interrupted_change_gives_the_baton_back() {
  start_etcd
  shut_own_probe 3s
  "$NETBATON" apply -f "$work/specs" --lock 'etcd://127.0.0.1/x?ttl=30' >"$work/out" 2>"$work/err" & local pid=$!
  await 'the change is on trial' on_trial
  kill -INT "$pid"
  status 2 wait "$pid"
  # How it ended is told, and nobody has to wait for the lease's end.
  grep -q 'the change was taken back, and the fleet is halted' "$work/err" || { cat "$work/err"; fail 'the end is not told'; }
  [ -z "$(control get --prefix x/queue/ --keys-only)" ] || fail 'its place is still there'
}
