# Sourced by links.sh and wakeups.sh, after servers.sh: sets up a private network with an emulated link.
#
# The script and its servers run in a new unnamed network namespace, the clients in a second one, and bench_link connects
# the two. Namespaces and devices end with their processes, so nothing is left however a script ends.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # servers.sh uses and sets them

# These addresses are private, so that the library allows them by their subnet. They exist only inside the two namespaces.
server_address=10.18.0.1
server_host=$server_address
client_address=10.18.0.2

need_for_a_link() {
  need "Linux" linux test "$(uname)" = Linux
  need "root: namespaces and network devices need it" sudo test "$(id -u)" = 0
  need "/dev/net/tun" "modprobe tun" test -c /dev/net/tun
  need "the right to make network namespaces" "a container with CAP_SYS_ADMIN" unshare --net true
  need "a C compiler" gcc command -v cc
  need "cargo" rustup command -v cargo
  need "libcurl's headers" libcurl4-openssl-dev has_header curl/curl.h
  need "OpenSSL's headers" libssl-dev has_header openssl/ssl.h
  need "openssl" openssl command -v openssl
  need "nginx" nginx-light command -v nginx
  need "python3" python3 command -v python3
  need "taskset" util-linux command -v taskset
  need "setpriv" util-linux command -v setpriv
  need "nsenter" util-linux command -v nsenter
  need "a tmpfs at /dev/shm" "mount -t tmpfs" test -d /dev/shm
}

# Builds first, because cargo has no network inside the namespace; then restarts the script in a new namespace.
enter_namespace() { # enter_namespace ARGUMENT…
  [ -z "${BENCH_IN_NAMESPACE:-}" ] || return 0
  build_programs
  BENCH_IN_NAMESPACE=1 exec unshare --net "$0" "$@"
}

start_link() {
  mkfifo "$work/link.commands" "$work/link.answers"
  exec 7<>"$work/link.commands" 8<>"$work/link.answers"
  on_server_core "$build/bench_link" "$server_address" "$client_address" <&7 >&8 &
  children+=($!)
  local answer
  read -r -t 10 answer <&8 || { echo "the link did not start" >&2; exit 1; }
  [ "$answer" = ready ]
  # Clients must end with the script that waits for them, also if it is killed.
  client_prefix="nsenter --net=/proc/$!/ns/net setpriv --pdeathsig KILL"
  prepare_tcp
  $client_prefix bash -c "$(declare -f prepare_tcp); prepare_tcp"
}

# Sets TCP up in this process's namespace. Congestion control is cubic, as on phones; where a namespace may not choose
# cubic, it is reno, which also slows down on losses. Metrics are not saved: later connections would start faster.
prepare_tcp() {
  local settings=/proc/sys/net/ipv4
  { echo cubic >$settings/tcp_congestion_control; } 2>/dev/null || echo reno >$settings/tcp_congestion_control
  echo 1 >$settings/tcp_no_metrics_save
}

start_servers_behind_link() {
  make_work_directory
  make_certificates
  random_file "$work/files/8MiB" $((8 << 20))
  random_file "$work/files/4MiB" $((4 << 20))
  random_file "$work/files/1MiB" $((1 << 20))
  random_file "$work/files/256KiB" $((256 << 10))
  random_file "$work/files/1KiB" 1024
  start_link
  start_bench_server
  start_nginx
}

# Runs in the background, because bash handles an interrupt at once only then. The child gets a signal if the script dies.
run_measurement() { # run_measurement PROGRAM.py ARGUMENT…
  export BENCH_ROOT=$root BENCH_BUILD=$build BENCH_WORK=$work BENCH_CLIENT_CORE=$((cpu_count >= 2 ? CLIENT_CORE : 0))
  export BENCH_CLIENT_PREFIX=$client_prefix SINK_PLAIN SINK_TLS NGINX_PLAIN NGINX_TLS
  setpriv --pdeathsig TERM python3 "$root/benches/$1" "${@:2}" &
  children+=($!)
  wait $!
}
