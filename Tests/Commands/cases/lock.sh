# The baton itself.
# shellcheck shell=bash disable=SC2154,SC2317,SC2016

case_lock_run_gives_status_and_token() {
  status 7 nb lock run --lock "file:$work/lock" -- sh -c 'exit 7'
  nb lock run --lock "file:$work/lock" -- printenv NETBATON_TOKEN >"$work/one"
  nb lock run --lock "file:$work/lock" -- printenv NETBATON_TOKEN >"$work/two"
  [ "$(cat "$work/two")" -gt "$(cat "$work/one")" ]
}

case_lock_run_wants_a_command() {
  refused 2 'lock run -- COMMAND' nb lock run --lock "file:$work/lock"
  status 0 nb lock run --help >"$work/help"
  says 'NETBATON_TOKEN' <"$work/help"
}

case_lock_run_says_what_it_cannot_run() {
  local got=0
  nb lock run --lock "file:$work/lock" -- no-such-program >"$work/out" 2>&1 || got=$?
  [ "$got" != 0 ]
  grep -q 'no-such-program' "$work/out"
}

case_one_at_a_time() {
  echo 0 >"$work/count"
  for _ in $(seq 8); do
    for _ in 1 2 3; do
      nb lock run --lock "file:$work/lock" -- sh -c 'n=$(cat "$0"); sleep 0.01; echo $((n + 1)) >"$0"' "$work/count"
    done & children+=($!)
  done
  wait "${children[@]}"
  [ "$(cat "$work/count")" = 24 ] || fail "$(cat "$work/count") instead of 24: two ran at once"
}

case_killed_holder_frees_the_file_lock() {
  "$NETBATON" lock run --lock "file:$work/lock" --node-name other -- sleep 60 & local pid=$!
  held() { nb lock status --lock "file:$work/lock" | says 'held by other'; }
  await 'the other holds the lock' held
  kill -9 "$pid"
  status 0 nb lock run --lock "file:$work/lock" --wait 10s -- true
}
