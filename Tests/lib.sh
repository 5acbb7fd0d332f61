# Shared by deploy/demo, Tests/run and .ci/run: saying what is done, installing, building. Sourced, not run.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# ... | says PATTERN: unlike grep -q it reads to the end, so that the writer never meets a closed pipe.
says() { grep -e "$1" >/dev/null; }

# ... | lacks PATTERN
lacks() { if grep -e "$1"; then fail "should not say: $1"; fi; }

# Installs those of the named Debian packages that are missing.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || fail "these Debian packages are missing, and installing needs root: ${missing[*]}"
  say "Installing from Debian: ${missing[*]}"
  apt-get update -qq
  # A package's own daemon must not start: nobody asked for an etcd or a firewall on this machine.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# What the program is built with, and what the demo runs.
# shellcheck disable=SC2034
demo_packages=(nftables iproute2 etcd-server etcd-client socat libmnl-dev libnftnl-dev libyaml-dev pkg-config)

need_swift() {
  command -v swift >/dev/null || fail "no Swift toolchain found: install Swift 6.3 or later, and put swift into PATH"
}

# Builds the release program, unless NETBATON names one, and leaves its path in `netbaton`.
build_release() {
  # shellcheck disable=SC2034
  netbaton=${NETBATON:-$top/.build/release/netbaton}
  [ -z "${NETBATON:-}" ] || return 0
  need_swift
  say "Building (the first time takes some minutes)"
  (cd "$top" && swift build -c release --product netbaton --static-swift-stdlib -Xlinker -s 2>&1 | tail -n 3)
}
