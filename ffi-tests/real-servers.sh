#!/bin/sh
# Tests the library with independent servers and parsers: nginx and Apache, plain and over TLS, OpenSSL's s_server, and
# Node's FormData, Python's multipart and werkzeug, npm's busboy.
#
#   ffi-tests/real-servers.sh
#
# Installs missing packages with apt, and parsers of fixed versions from PyPI and npm into a temporary directory.
# All servers listen on the loopback and are stopped at the end. The last line is "N passed, N failed".

set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
support=$root/ffi-tests/real-servers

# Each program with its Debian package. apache2-bin starts no service by itself.
missing=
need() {
  command -v "$1" >/dev/null || missing="$missing $2"
}
need nginx nginx
need apache2 apache2-bin
need openssl openssl
need cc gcc
need node nodejs
need npm npm
need curl curl
/usr/bin/python3 -m venv --help >/dev/null 2>&1 || missing="$missing python3"
/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
if [ -n "$missing" ]; then
  echo "installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=600 -q update >/dev/null
  # shellcheck disable=SC2086 # one word per package
  apt-get -o DPkg::Lock::Timeout=600 -q install -y --no-install-recommends $missing >/dev/null
  case $missing in
    # On systems with services, the package starts one.
    *nginx*) service nginx stop >/dev/null 2>&1 || true ;;
  esac
fi

work=$(mktemp -d)
finished=
nginx_pid=
apache_pid=
openssl_pids=
clean_up() {
  status=$?
  trap - EXIT INT TERM
  for pid in $nginx_pid $apache_pid $openssl_pids; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  # The logs explain why there is no result.
  if [ -z "$finished" ]; then
    tail -n 20 "$work"/*.log 2>/dev/null >&2 || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

user=www-data
[ "$(id -u)" -eq 0 ] || user=$(id -un)
mkdir "$work/files" "$work/expected" "$work/put" "$work/bodies" "$work/reference" "$work/busboy" "$work/data" \
  "$work/nginx-temporary" "$work/support"
# The programs that Apache runs have another user.
chmod 755 "$work"
chmod 777 "$work/bodies" "$work/put"
cp "$support"/*.py "$work/support/"
chmod 755 "$work/support" "$work/support"/*.py

echo "building"
library=$("$root/release/library.sh" staticlib)
cc -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror -O1 -I"$root/include" \
  -o "$work/real_servers" "$root/ffi-tests/real_servers.c" "$library" -lpthread -ldl -lm

echo "fetching parsers"
/usr/bin/python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  multipart==2.0.1 werkzeug==3.1.9 markupsafe==3.0.3
npm install --prefix "$work/npm" --ignore-scripts --no-audit --no-fund --no-save --loglevel error \
  busboy@1.6.0 streamsearch@1.1.0 >/dev/null

head -c 300000 /dev/urandom >"$work/files/small.bin"
head -c 134217728 /dev/urandom >"$work/files/large.bin"
: >"$work/files/empty.bin"
seq 1 100000 >"$work/files/text.txt"
printf 'part\r\n--boundary--\r\n\0\377\n' >"$work/files/part.bin"
head -c 230000000 /dev/urandom >"$work/huge.bin"
for file in "$work/files/small.bin" "$work/huge.bin"; do
  printf '%s %s\n' "$(wc -c <"$file")" "$(sha256sum <"$file" | cut -d' ' -f1)" >"$work/expected/$(basename "$file")"
done

# A private certificate authority, and a certificate for localhost.
(
  cd "$work"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Test authority" \
    -keyout authority.key -out authority.pem
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
    -keyout server.key -out server.csr
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >extensions
  openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
    -extfile extensions -out server.pem
) >"$work/openssl.log" 2>&1

# In base64, as in header fields.
digest() { # digest ALGORITHM FILE
  openssl dgst "-$1" -binary "$2" | openssl base64 -A
}

# Six free ports, all opened at once so that they differ.
ports=$(/usr/bin/python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
print(*(s.getsockname()[1] for s in sockets))')
# shellcheck disable=SC2086 # one word per port
set -- $ports
for server in nginx apache; do
  sed -e "s|@SHA256@|$(digest sha256 "$work/files/text.txt")|g" -e "s|@OTHER_SHA256@|$(digest sha256 "$work/files/small.bin")|g" \
    -e "s|@OTHER_MD5@|$(digest md5 "$work/files/small.bin")|g" -e "s|@WORK@|$work|g" -e "s|@SUPPORT@|$work/support|g" -e "s|@USER@|$user|g" \
    -e "s|@NGINX@|$1|g" -e "s|@NGINX_TLS@|$2|g" -e "s|@APACHE@|$3|g" -e "s|@APACHE_TLS@|$4|g" \
    "$support/$server.conf" >"$work/$server.conf"
done
nginx -p "$work" -e "$work/nginx.log" -c "$work/nginx.conf" -g "user $user;" &
nginx_pid=$!
apache2 -d "$work" -f "$work/apache.conf" -D FOREGROUND &
apache_pid=$!
# These require a client certificate, and abort a handshake without one.
openssl s_server -quiet -accept "127.0.0.1:$5" -cert "$work/server.pem" -key "$work/server.key" -www -Verify 1 -tls1_2 \
  >"$work/openssl-1.2.log" 2>&1 &
openssl_pids=$!
openssl s_server -quiet -accept "127.0.0.1:$6" -cert "$work/server.pem" -key "$work/server.key" -www -Verify 1 -tls1_3 \
  >"$work/openssl-1.3.log" 2>&1 &
openssl_pids="$openssl_pids $!"
for port in "$1" "$2" "$3" "$4"; do
  tries=0
  until curl --silent --output /dev/null --insecure "http://127.0.0.1:$port/files/empty.bin"; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "no server answers at port $port" >&2; exit 1; }
    sleep 0.1
  done
done
for port in "$5" "$6"; do
  tries=0
  until /usr/bin/python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$port" \
    2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "no server listens at port $port" >&2; exit 1; }
    sleep 0.1
  done
done

checks=$work/checks
: >"$checks"
# A part that fails without printing a FAILED line counts as a failed check, and so does one that checks nothing.
run() {
  "$@" >"$work/output" || grep -q '^FAILED ' "$work/output" || echo "FAILED $1 ended with $?" >>"$work/output"
  grep -qE '^(ok|FAILED) ' "$work/output" || echo "FAILED $1 checked nothing" >>"$work/output"
  cat "$work/output" >>"$checks"
  cat "$work/output"
}
"$work/venv/bin/python" "$support/multipart_cases.py" write "$work"
run "$work/real_servers" "$work" "$work/cases" \
  "http://127.0.0.1:$1" "https://localhost:$2" "http://127.0.0.1:$3" "https://localhost:$4" \
  "https://localhost:$5" "https://localhost:$6"
# What busboy reads, for the checks below.
NODE_PATH="$work/npm/node_modules" node "$support/multipart_node.js" "$work"
run "$work/venv/bin/python" "$support/multipart_cases.py" check "$work"

passed=$(grep -c '^ok ' "$checks" || true)
failed=$(grep -c '^FAILED ' "$checks" || true)
finished=yes
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
