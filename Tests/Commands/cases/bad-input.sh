# Wrong input: a message that says where and what to do, a non-zero status, a kernel exactly as before.
# shellcheck shell=bash disable=SC2154,SC2317,SC2016

case_wrong_yaml() {
  printf 'kind: [NodeNetwork\nspec: {' | spec a.yaml
  refused 2 'a\.yaml:[0-9]+:[0-9]+: error' nb apply -f "$work/specs"
}

case_unknown_key() {
  document <<'T' | spec a.yaml
nftable: |
  table inet t {
  }
T
  refused 2 'a\.yaml:5:3: error.*nftable' nb check -f "$work/specs"
  grep -q nftables "$work/out"
}

case_two_specs_claim_one_table() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  echo 'table inet t { chain d { drop; }; }' | spec b.nft
  refused 2 'inet t' nb apply -f "$work/specs"
  grep -q 'a\.nft' "$work/out"
  grep -q 'b\.nft' "$work/out"
}

case_rule_that_does_not_parse() {
  printf 'table inet t {\n  chain c {\n    tcp dprot 22 accept\n  }\n}\n' | spec a.nft
  refused 2 'a\.nft:3:[0-9]+: error' nb apply -f "$work/specs"
  grep -q '\^' "$work/out"
}

case_rule_in_yaml_has_its_place() {
  document <<'T' | spec a.yaml
nftables: |
  table inet t {
    chain c {
      tcp dport 70000 accept
    }
  }
T
  refused 2 'a\.yaml:8:[0-9]+: error' nb apply -f "$work/specs"
}

case_element_of_wrong_type() {
  printf 'table inet t {\n  set s {\n    type ipv4_addr\n    elements = { 10.0.0.1, 2001:db8::1 }\n  }\n}\n' | spec a.nft
  refused 2 'a\.nft:4:[0-9]+: error' nb apply -f "$work/specs"
}

case_chain_that_does_not_exist() {
  printf 'table inet t {\n  chain c {\n    jump nowhere\n  }\n}\n' | spec a.nft
  refused 2 'a\.nft:3:[0-9]+: error.*nowhere' nb apply -f "$work/specs"
}

case_interface_that_does_not_exist() {
  printf 'table inet t {\n  chain c {\n    iif nosuchif accept\n  }\n}\n' | spec a.nft
  refused 2 'a\.nft:3:[0-9]+: error.*nosuchif' nb apply -f "$work/specs"
}

case_route_through_missing_interface() {
  printf 'routes:\n  - { to: 10.9.0.0/16, via: 10.0.0.1, dev: nosuchif }\n' | document | spec a.yaml
  refused 2 'a\.yaml:6:.*nosuchif' nb apply -f "$work/specs"
}

case_next_hop_out_of_reach() {
  ip link add v0 type veth peer name v1
  ip link set v0 addrgenmode none
  ip link set v1 addrgenmode none
  ip addr add 192.0.2.1/24 dev v0
  ip link set v0 up
  ip link set v1 up
  is_up() { ip -o link show "$1" | says 'state UP'; }
  await 'v0 has a carrier' is_up v0
  await 'v1 has a carrier' is_up v1
  printf 'routes:\n  - { to: 10.9.0.0/16, via: 198.51.100.1, dev: v0 }\n' | document | spec a.yaml
  refused 2 'a\.yaml:6:' nb apply -f "$work/specs"
}

case_table_of_somebody_else() {
  nft add table inet t
  nft add chain inet t mine
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  refused 2 'inet t' nb apply -f "$work/specs"
  refused 2 'inet t' nb diff -f "$work/specs"
}

case_route_of_somebody_else() {
  ip route add blackhole 10.9.0.0/16
  printf 'routes:\n  - { to: 10.9.0.0/16, type: unreachable }\n' | document | spec a.yaml
  refused 2 'a\.yaml:6:.*10\.9\.0\.0/16' nb apply -f "$work/specs"
}

# Root's files, and none of its rights: the program may lie where nobody else can read it.
without_privileges() { setpriv --bounding-set=-all --inh-caps=-all "$@"; }

case_no_privileges() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  refused 2 'CAP_NET_ADMIN' without_privileges "$NETBATON" apply -f "$work/specs"
}

case_check_needs_no_privileges() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  status 0 without_privileges "$NETBATON" check -f "$work/specs"
}

case_etcd_away() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  refused 2 '127\.0\.0\.1:1' nb apply -f "$work/specs" --lock etcd://127.0.0.1:1/x --wait 3s
}

case_lock_url_nobody_knows() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  refused 2 'etcd://' nb apply -f "$work/specs" --lock zookeeper://x/y
}

case_lock_held_by_somebody_else() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  "$NETBATON" lock run --lock "file:$work/lock" --node-name other --purpose 'a long upgrade' -- sleep 30 & children+=($!)
  held() { nb lock status --lock "file:$work/lock" | says 'held by other'; }
  await 'the other holds the lock' held
  refused 2 'other.*since 20.*a long upgrade' nb apply -f "$work/specs" --lock "file:$work/lock" --wait 0s
}

# own_something: what a spec asked for is in effect, so that it would be missed.
own_something() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  nb apply -f "$work/specs"
}

case_empty_folder() {
  own_something
  rm "$work/specs/a.nft"
  refused 2 "$work/specs" nb apply -f "$work/specs" --allow-removal
}

case_missing_path() {
  own_something
  refused 2 'nowhere' nb apply -f "$work/nowhere" --allow-removal
}

case_empty_spec_removes_nothing() {
  own_something
  : | spec a.nft
  refused 2 'a\.nft|nothing|empty' nb apply -f "$work/specs"
}

case_removing_most_asks_for_a_word() {
  { echo 'table inet t { chain c {'; for i in $(seq 40); do echo "tcp dport $i accept"; done; echo '}; }'; } | spec a.nft
  nb apply -f "$work/specs"
  echo 'table inet t { chain c { tcp dport 1 accept; }; }' | spec a.nft
  refused 2 'allow-removal' nb apply -f "$work/specs"
  nb apply -f "$work/specs" --allow-removal
  [ "$(nft list ruleset | grep -c dport)" = 1 ]
}

# cannot_make FLAG VALUE FOLDER WHY: the folder that the flag names cannot be made; told in one line, with what to do.
cannot_make() {
  refused 2 "$3.* cannot be made \\($4\\); .*$1" unshare -m sh -c 'mount -t tmpfs -o ro none "$0" && exec "$@"' "$work/readonly" \
    "$NETBATON" apply -f "$work/specs" --lock "file:$work/lock" "$1" "$2"
  lacks 'Domain=' <"$work/out"
}

case_folders_that_cannot_be_made() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  mkdir "$work/readonly"
  local file=$work/specs/a.nft
  cannot_make --lock "file:$file/lock" "$file/lock" 'Not a directory'
  cannot_make --lock "file:$work/readonly/lock" "$work/readonly/lock" 'Read-only file system'
  cannot_make --state-dir "$file/state" "$file/state" 'Not a directory'
  cannot_make --state-dir "$work/readonly/state" "$work/readonly/state" 'Read-only file system'
}

case_huge_file() {
  head -c 100000000 /dev/zero | tr '\0' '#' >"$work/specs/a.yaml"
  refused 2 'a\.yaml' nb check -f "$work/specs"
}

case_yaml_bomb() {
  { echo 'a: &a [x,x,x,x,x,x,x,x,x]'
    previous=a
    for next in b c d e f g h i; do
      echo "$next: &$next [*$previous,*$previous,*$previous,*$previous,*$previous,*$previous,*$previous,*$previous]"
      previous=$next
    done; } | spec a.yaml
  refused 2 'a\.yaml:[0-9]+:[0-9]+: error' nb check -f "$work/specs"
}

case_deep_yaml() {
  { printf 'spec: '; head -c 200000 /dev/zero | tr '\0' '['; } | spec a.yaml
  refused 2 'a\.yaml:1:[0-9]+: error' nb check -f "$work/specs"
}

case_include_out_of_the_source() {
  echo 'table inet stolen { }' >"$work/outside.nft"
  echo 'include "../outside.nft"' | spec a.nft
  refused 2 'a\.nft:1:' nb check -f "$work/specs"
}

case_link_out_of_the_source() {
  echo 'table inet stolen { }' >"$work/outside.nft"
  ln -s ../outside.nft "$work/specs/a.nft"
  refused 2 'a\.nft' nb check -f "$work/specs"
}

case_no_specs_named() { refused 2 '-f PATH' nb apply; }

case_unknown_setting() {
  echo 'lokc: file:/x' >"$NETBATON_CONFIG"
  echo 'table inet t { }' | spec a.nft
  refused 2 'agent\.yaml:1:1: error.*lokc' nb apply -f "$work/specs"
}

# wrong_setting KEY VALUE EXPECTED COMMAND...: told with who says it, from the file, a variable and a flag.
wrong_setting() {
  local key=$1 value=$2 expected=$3 variable
  variable=NETBATON_$(tr a-z- A-Z_ <<<"$1")
  shift 3
  printf 'node-name: testnode\n%s: %s\n' "$key" "$value" >"$NETBATON_CONFIG"
  refused 2 "agent\.yaml:2:$((${#key} + 3)): error: $key must be $expected, not .$value.\$" nb "$@"
  says '\^~' <"$work/out"
  : >"$NETBATON_CONFIG"
  refused 2 "^netbaton: $variable must be $expected, not .$value.\$" env "$variable=$value" "$NETBATON" "$@"
  [ "$key" = allow-removal ] ||
    refused 2 "^netbaton: --$key must be $expected, not .$value.\$" nb "$@" "--$key" "$value"
}

case_wrong_settings() {
  echo 'table inet t { chain c { accept; }; }' | spec a.nft
  local agent=(agent -f "$work/specs" --lock "file:$work/lock") diff=(diff -f "$work/specs")
  wrong_setting resync soon 'a time such as 30s, 5m or 1h, and 1s at least' "${agent[@]}"
  wrong_setting slots many 'a number, 1 or more' "${agent[@]}"
  wrong_setting route-protocol 300 'a number from 5 to 255' "${diff[@]}"
  wrong_setting allow-removal maybe 'true or false' "${diff[@]}"
  wrong_setting log-format xml 'text, journal or json' "${diff[@]}"
  wrong_setting log-level loud 'one of trace, debug, info, notice, warning, error, critical' "${diff[@]}"
  wrong_setting lock zookeeper://x/y 'file:PATH, etcd://HOST:PORT/PREFIX or etcds://HOST:PORT/PREFIX' lock status
  refused 2 '^netbaton: --wait must be a time such as 30s, 5m or 1h, or 0s, not `ever`$' nb apply -f "$work/specs" --wait ever
  refused 2 '^netbaton: --label must be KEY=VALUE, not `edge`$' nb diff -f "$work/specs" --label edge
}

# shown PATTERN TEXT: after `refused`: the message's form is a spec error's, and a caret stands under TEXT in the line.
shown() {
  local line column rest
  rest=$(grep -E -A 2 -- "$1" "$work/out") || { cat "$work/out"; fail "did not say: $1"; }
  { read -r line; IFS= read -r excerpt; IFS= read -r caret; } <<<"$rest"
  [[ $line =~ ^[^:]+:[0-9]+:([0-9]+):\ error:\  ]] || fail "not a place and an error: $line"
  column=$((BASH_REMATCH[1] - 1))
  [ "${excerpt:column:${#2}}" = "$2" ] || fail "not at $2: $excerpt"
  [ "${caret:column:1}" = '^' ] || fail "no caret below $2: $caret"
}

case_what_the_kernel_refuses_has_its_line() {
  ip link add v0 type veth peer name v1
  ip link set v0 up
  ip route add blackhole 10.8.0.0/16
  nft add table inet f
  printf 'routes:\n  - { to: 10.9.0.0/16, via: 198.51.100.1, dev: v0 }\n' | document | spec a.yaml
  refused 2 'error' nb apply -f "$work/specs"
  shown 'a\.yaml:6:7: error: .*unreachable' '{ to: 10.9.0.0/16'
  printf 'routes:\n  - { to: 10.8.0.0/16, type: unreachable }\n' | document | spec a.yaml
  refused 2 'error' nb apply -f "$work/specs"
  shown 'a\.yaml:6:7: error: another program' '{ to: 10.8.0.0/16'
  rm "$work/specs/a.yaml"
  printf 'table ip t {\n  chain c {\n    type filter hook input priority 0;\n    tcp dport 22 masquerade\n  }\n}\n' | spec a.nft
  refused 2 'error' nb apply -f "$work/specs"
  shown 'a\.nft:4:5: error: cannot change nftables: Operation not supported' 'tcp dport 22 masquerade'
  echo 'table inet f { chain c { accept; }; }' | spec a.nft
  refused 2 'error' nb apply -f "$work/specs"
  shown 'a\.nft:1:12: error: table inet f is in the kernel already' 'f { chain c'
}

case_misspelt_commands() {
  refused 64 '^netbaton: `netbaton` has no command `aply`; did you mean "apply"\?; see `netbaton --help`$' nb aply -f x
  refused 64 '`netbaton lock` has no command `statsu`; did you mean "status"\?' nb lock statsu
  refused 64 '`netbaton` has no command `frobnicate`; known are: check, diff, apply' nb frobnicate
  status 0 nb help apply >/dev/null
  status 0 nb lock --help >/dev/null
}

case_compile_says_what_it_needs() {
  local rule=(compile --family ip --table t --chain c --rule 'tcp dport 22 accept')
  refused 2 '^  name a file with --setup that declares .*: table ip t \{ chain c \{ \} \}$' nb "${rule[@]}"
  echo 'table ip t { chain c { }; }' >"$work/setup"
  nb "${rule[@]}" --setup "$work/setup" | says 'cmp eq reg 1'
}

case_certificate_files() {
  local lock=etcds://127.0.0.1:1/x file=$work/file
  printf -- '-----BEGIN CERTIFICATE-----\n' >"$file"
  refused 2 "the key of $file is missing; name it with --etcd-key\$" nb lock status --lock "$lock" --etcd-cert "$file"
  refused 2 "certificate of $file is missing|$file has no PEM block of a private key" nb lock status --lock "$lock" --etcd-key "$file"
  refused 2 "certificate $work/none cannot be read \\(No such file or directory\\); .* with --etcd-ca\$" \
    nb lock status --lock "$lock" --etcd-ca "$work/none"
  refused 2 "certificate $work is no file that can be read" nb lock status --lock "$lock" --etcd-ca "$work"
}
