# shellcheck shell=bash disable=SC2154,SC2317
# Three nodes and a hub for deploy/demo, which sources this: network namespaces joined by a bridge, an etcd on the hub, a
# small service on each node. Ends what it started, however the demo ends.

work=$(mktemp -d)
tag=nbdemo$$
pids=()
nodes=(node1 node2 node3)
# Where each node has a service; a scene may want others.
ports=(8080)
# By node: its agent's process.
declare -A agents=()

clean_up() {
  trap '' INT TERM
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || :; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || :; done
  for name in hub "${nodes[@]}"; do
    ip netns pids "$tag-$name" 2>/dev/null | xargs -r kill -9 || :
    ip netns del "$tag-$name" 2>/dev/null || :
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT
trap 'clean_up; exit 143' TERM

# What runs in the background is started with ip(8) itself, so that $! is the program and not a shell.
inside() { local name=$1; shift; ip netns exec "$tag-$name" "$@"; }
address() { echo "10.77.0.1${1#node}"; }
# One new connection from outside the node.
port_is_open() { inside hub timeout 2 bash -c "exec 3<>/dev/tcp/$(address "$1")/$2" 2>/dev/null; }
rules_of() { inside "$1" nft list table inet edge; }

claims=0
claim() { claims=$((claims + 1)); say "  ok: $1"; }
# Waits up to 30 s for a command to succeed.
await() {
  local what=$1; shift
  for _ in $(seq 300); do "$@" && return 0; sleep 0.1; done
  tail -n 20 "$work"/*.log >&2 || :
  fail "waited 30 s in vain: $what"
}

start_cluster() {
  say "Three nodes and a hub, joined by a bridge"
  ip netns add "$tag-hub"
  inside hub ip link set lo up
  inside hub ip link add br0 type bridge
  inside hub ip addr add 10.77.0.254/24 dev br0
  inside hub ip link set br0 up
  for node in "${nodes[@]}"; do
    ip netns add "$tag-$node"
    inside hub ip link add "$node" type veth peer name eth0 netns "$tag-$node"
    inside hub ip link set "$node" master br0 up
    inside "$node" ip link set lo up
    inside "$node" ip addr add "$(address "$node")/24" dev eth0
    inside "$node" ip link set eth0 up
    for port in "${ports[@]}"; do
      ip netns exec "$tag-$node" socat "TCP-LISTEN:$port,fork,reuseaddr" "SYSTEM:echo hello from $node" & pids+=($!)
    done
  done

  say "etcd, on the hub"
  ip netns exec "$tag-hub" etcd --name demo --data-dir "$work/etcd" --listen-client-urls http://10.77.0.254:2379 \
    --advertise-client-urls http://10.77.0.254:2379 --listen-peer-urls http://10.77.0.254:2380 \
    --initial-advertise-peer-urls http://10.77.0.254:2380 --initial-cluster demo=http://10.77.0.254:2380 \
    >"$work/etcd.out" 2>&1 & pids+=($!)
  etcd_is_up() { inside hub env ETCDCTL_API=3 etcdctl --endpoints http://10.77.0.254:2379 endpoint health >/dev/null 2>&1; }
  await "etcd answers" etcd_is_up

  lock=etcd://10.77.0.254:2379/netbaton/demo
  mkdir "$work/specs"
}

run_on() { local node=$1; shift; inside "$node" "$netbaton" "$@" --node-name "$node" --state-dir "$work/$node"; }

start_agent() {
  ip netns exec "$tag-$1" "$netbaton" agent -f "$work/specs" --lock "$lock" --node-name "$1" \
    --state-dir "$work/$1" --log-format text 2>>"$work/$1.log" & pids+=($!)
  agents[$1]=$!
}

stop_agents() {
  for node in "${nodes[@]}"; do kill -TERM "${agents[$node]}"; done
  for node in "${nodes[@]}"; do wait "${agents[$node]}" || fail "the agent of $node ended with $?"; done
}
