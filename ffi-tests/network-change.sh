#!/bin/sh
# Removes one of two networks in the middle of transfers, and checks that the transfers that use its local address end at
# once, and that the others continue.
#
#   ffi-tests/network-change.sh
#
# Linux, as root: needs network namespaces and devices. Everything happens in unnamed namespaces, which end with their
# processes: the machine's network is not touched, and nothing is left however the script ends.

set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

fail() {
  echo "network-change.sh: $1" >&2
  exit 1
}

[ "$(uname)" = Linux ] || fail "needs Linux: the two networks are in namespaces"
[ "$(id -u)" = 0 ] || fail "needs root: network namespaces and devices belong to it (sudo $0)"
for program in ip:iproute2 unshare:util-linux setpriv:util-linux python3:python3 openssl:openssl cc:gcc cargo:rustup; do
  command -v "${program%:*}" >/dev/null || fail "needs ${program%:*} (package ${program#*:})"
done
unshare --net true 2>/dev/null || fail "may not make network namespaces: needs CAP_SYS_ADMIN"

if [ -z "${WXT_LIBRARY_IN_NAMESPACE:-}" ]; then
  # cargo would have no network in the new namespace.
  library=$("$root/release/library.sh" staticlib)
  WXT_LIBRARY_IN_NAMESPACE=$library exec unshare --net "$0"
fi

work=$(mktemp -d)
server=
clean_up() {
  status=$?
  trap - EXIT INT TERM
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cc -std=c99 -Wall -Wextra -Wpedantic -Werror -O1 -I"$root/include" \
  -o "$work/network_change" "$root/ffi-tests/network-change/network_change.c" "$WXT_LIBRARY_IN_NAMESPACE" \
  -lpthread -ldl -lm
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=network-change \
  -addext "subjectAltName=IP:10.19.1.1,IP:10.19.2.1" -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/openssl.log" ||
  fail "openssl made no certificate: $(cat "$work/openssl.log")"

# The servers are in a separate namespace, reached by both networks, 10.19.1.0/24 and 10.19.2.0/24.
mkfifo "$work/ready"
unshare --net setpriv --pdeathsig KILL \
  python3 "$root/ffi-tests/network-change/server.py" "$work/certificate.pem" "$work/key.pem" "$work/ready" &
server=$!
# The server prints this when its namespace exists.
[ "$(head -n 1 "$work/ready")" = namespace ] || fail "the server did not start"
ip link set lo up
for number in 1 2; do
  ip link add "client$number" type veth peer name "server$number" netns "$server"
  ip address add "10.19.$number.2/24" dev "client$number"
  ip link set "client$number" up
  nsenter --net="/proc/$server/ns/net" sh -c \
    "ip address add 10.19.$number.1/24 dev server$number && ip link set server$number up"
done
echo networks >"$work/ready"
[ "$(head -n 1 "$work/ready")" = ready ] || fail "the server does not listen"

WXT_DIRECTORY=$work WXT_CA_FILE=$work/certificate.pem "$work/network_change"
echo "network-change.sh: all passed"
