# Sourced by the scripts of this directory: required tools, the build, certificates and servers.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are used by the scripts that source this file

SERVER_CORE=0
CLIENT_CORE=1
# The addresses that the servers listen on, and the host names that URLs use.
server_address=127.0.0.1
server_host=localhost
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cargo_target=${CARGO_TARGET_DIR:-$root/target}
build=$root/target/benches
cpu_count=$(nproc)

# Without `rep movsb` in memcpy, because its speed depends on the addresses that malloc returned (README.md). The user's
# own settings are kept, also one of this threshold. Other C libraries ignore the variable.
user_tunables=${GLIBC_TUNABLES:-}
copy_threshold=glibc.cpu.x86_rep_movsb_threshold
case :$user_tunables: in
  *":$copy_threshold="*) ;;
  *) export GLIBC_TUNABLES=${user_tunables:+$user_tunables:}$copy_threshold=$((1 << 30)) ;;
esac

need() { # need WHAT PACKAGE TEST…: collects what is missing
  local what=$1 package=$2
  shift 2
  "$@" >/dev/null 2>&1 || missing+=("$what (Debian: $package)")
}

stop_where_something_is_missing() {
  [ ${#missing[@]} -eq 0 ] && return
  echo "These are needed and not there; nothing was installed:" >&2
  printf '  %s\n' "${missing[@]}" >&2
  exit 2
}

has_header() { printf '#include <%s>\n' "$1" | cc -E -x c - ; }

# Makes the directory for the files, downloads and sockets of one run. It is in memory, so that no disk is measured.
make_work_directory() {
  work=$(mktemp -d /dev/shm/wxtransfer-benches.XXXXXX)
  chmod 755 "$work" # nginx's worker is another user where this is root
  mkdir -p "$work/files" "$work/data" "$work/kept"
  children=()
  trap stop_servers EXIT
}

stop_servers() {
  local child
  # A child may have ended already.
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait 2>/dev/null
  # A client may still be writing there after an interrupt.
  rm -rf "$work" || { sleep 1; rm -rf "$work"; }
}

build_in_rust() { # a [[bench]] of Cargo.toml
  (cd "$root" && cargo bench --locked --quiet --bench "$1" --no-run)
  cp "$(find "$cargo_target/release/deps" -name "$1-*" -type f -executable -printf '%T@ %p\n' | sort -rn | sed -n '1s/[^ ]* //p')" "$build/bench_$1"
}

build_programs() {
  mkdir -p "$build"
  local flags="-O2 -std=gnu11 -Wall -Wextra -I$root/include" here=$root/benches library
  library=$("$root/release/library.sh" staticlib)
  # shellcheck disable=SC2086
  {
    cc $flags "$here/bench_wxt.c" -o "$build/bench_wxt" "$library" -lpthread -ldl -lm
    cc $flags "$here/bench_abort.c" -o "$build/bench_abort" "$library" -lpthread -ldl -lm
    cc $flags "$here/bench_raw.c" -o "$build/bench_raw" -lpthread
    cc $flags "$here/bench_link.c" -o "$build/bench_link"
    cc $flags "$here/bench_server.c" -o "$build/bench_server" -lssl -lcrypto -lpthread
    if has_header curl/curl.h >/dev/null 2>&1; then
      cc $flags "$here/bench_curl.c" -o "$build/bench_curl" -lcurl -lpthread
    fi
  }
}

# Makes a root and a leaf certificate for the servers: rustls rejects a root as a server certificate.
make_certificates() {
  (
    cd "$work" || exit
    openssl ecparam -name prime256v1 -genkey -noout -out root.key
    openssl req -x509 -new -key root.key -days 2 -subj "/CN=benchmark root" -out ca.pem
    openssl ecparam -name prime256v1 -genkey -noout -out leaf.key
    openssl req -new -key leaf.key -subj "/CN=localhost" -out leaf.csr
    printf 'subjectAltName=DNS:localhost,IP:%s\nbasicConstraints=CA:FALSE\n' "$server_address" >leaf.ext
    openssl x509 -req -in leaf.csr -CA ca.pem -CAkey root.key -CAcreateserial -days 2 -extfile leaf.ext -out leaf.pem
  ) >/dev/null 2>&1
}

random_file() { # random_file PATH BYTES: the same bytes in every run
  { openssl enc -aes-128-ctr -nosalt -pass pass:wxtransfer -pbkdf2 </dev/zero 2>/dev/null || true; } | head -c "$2" >"$1"
}

# Replaces the process by a server; must be run with `&`, so that `$!` is the server's process id. The server ends with
# this script, also if the script is killed.
on_server_core() {
  if [ "$cpu_count" -ge 2 ]; then set -- taskset -c "$SERVER_CORE" "$@"; fi
  exec setpriv --pdeathsig TERM "$@"
}

# The servers end when their standard input closes. It is a pipe that this script holds open.
start_bench_server() {
  mkfifo "$work/hold"
  exec 9<>"$work/hold"
  on_server_core "$build/bench_server" "$work/leaf.pem" "$work/leaf.key" "$work/kept" "$server_address" <"$work/hold" >"$work/bench_server.out" &
  children+=($!)
  wait_for_line "$work/bench_server.out" tls
  SINK_PLAIN=http://$server_host:$(port_of "$work/bench_server.out" plain)
  SINK_TLS=https://$server_host:$(port_of "$work/bench_server.out" tls)
}

start_fault_server() {
  # A release build: a debug build makes TLS records more slowly than the library reads them.
  (cd "$root" && cargo build --locked --quiet --release -p wxtransfer-test-server)
  mkdir -p "$work/fault"
  on_server_core "$cargo_target/release/wxtransfer-test-server" --directory "$work/fault" <"$work/hold" >"$work/fault.out" &
  children+=($!)
  wait_for_line "$work/fault.out" ready
  FAULT_PLAIN=$(port_of "$work/fault.out" fault-plain)
  FAULT_TLS=$(port_of "$work/fault.out" fault-tls)
}

start_nginx() {
  local plain=18080 tls=18443
  while ! port_is_free $plain; do plain=$((plain + 1)); done
  while ! port_is_free $tls; do tls=$((tls + 1)); done
  sed -e "s|@DIRECTORY@|$work|; s|@PLAIN_PORT@|$plain|; s|@TLS_PORT@|$tls|; s|@ADDRESS@|$server_address|" "$root/benches/nginx.conf.in" >"$work/nginx.conf"
  on_server_core nginx -c "$work/nginx.conf" -p "$work" 2>>"$work/nginx-start.log" &
  children+=($!)
  NGINX_PLAIN=http://$server_host:$plain
  NGINX_TLS=https://$server_host:$tls
  for _ in $(seq 100); do
    port_is_free $tls || return 0
    sleep 0.05
  done
  cat "$work/nginx-start.log" >&2
  exit 1
}

port_is_free() { ! (exec 8<>"/dev/tcp/$server_address/$1") 2>/dev/null; }

wait_for_line() { # wait_for_line FILE WORD
  for _ in $(seq 200); do
    grep -q "^$2" "$1" 2>/dev/null && return
    sleep 0.05
  done
  echo "a server did not start: $1" >&2
  exit 1
}

port_of() { sed -n "s/^$2 //p" "$1"; }
