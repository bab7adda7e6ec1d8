#!/bin/sh
# Makes the certificates of CertificateVerifierTest with OpenSSL 3, in the directory $1. Their CRLs and their OCSP responder are
# at the URL $2.
#
# For each chain it makes NAME.key, NAME.pem, NAME.chain (the certificates that the server sends with its own; empty if there
# are none) and, if the server staples a response, NAME.ocsp. root.pem is the only trusted root.
set -eu
directory=$1
url=$2
cd "$directory"

key() { # key NAME
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
}

root() { # root NAME
    key "$1"
    openssl req -x509 -new -key "$1.key" -days 3650 -subj "/CN=$1" -out "$1.pem" \
        -addext keyUsage=critical,keyCertSign,cRLSign
}

# issue NAME ISSUER FIRST-DAY LAST-DAY EXTENSION...: each issuer has the database that `openssl ocsp` reads.
issue() {
    name=$1 issuer=$2 first=$3 last=$4
    shift 4
    key "$name"
    openssl req -new -key "$name.key" -subj "/CN=$name" -out "$name.request"
    printf '%s\n' "$@" >"$name.extensions"
    touch "$issuer.index"
    printf '%s\n' '[ca]' 'default_ca=issuer' '[issuer]' "database=$issuer.index" 'new_certs_dir=.' 'rand_serial=yes' \
        'default_md=sha256' 'policy=policy' '[policy]' 'commonName=supplied' >"$issuer.config"
    openssl ca -batch -notext -config "$issuer.config" -cert "$issuer.pem" -keyfile "$issuer.key" -in "$name.request" \
        -out "$name.pem" -startdate "${first}000000Z" -enddate "${last}000000Z" -extfile "$name.extensions" 2>"$name.log"
}

authority() { # authority NAME ISSUER EXTENSION...
    name=$1 issuer=$2
    shift 2
    issue "$name" "$issuer" 20250101 20900101 basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,digitalSignature "$@"
}

server() { # server NAME HOST ISSUER FIRST-DAY LAST-DAY EXTENSION...
    name=$1 host=$2 issuer=$3 first=$4 last=$5
    shift 5
    issue "$name" "$issuer" "$first" "$last" "subjectAltName=DNS:$host.example.test" keyUsage=critical,digitalSignature "$@"
    cp "$issuer.pem" "$name.chain"
}

staple() { # staple NAME ISSUER
    openssl ocsp -index "$2.index" -rsigner "$2.pem" -rkey "$2.key" -CA "$2.pem" -issuer "$2.pem" -cert "$1.pem" \
        -ndays 3650 -noverify -respout "$1.ocsp" >"$1.log" 2>&1
}

crl="crlDistributionPoints=URI:$url/list.crl"
ocsp="authorityInfoAccess=OCSP;URI:$url/ocsp"
for_servers=extendedKeyUsage=serverAuth

root root
root stranger
authority crl-authority root "$crl"
authority ocsp-authority root "$ocsp"
authority unknown-authority stranger "$crl"

server crl-only crl-only crl-authority 20250101 20900101 "$for_servers" "$crl"
server ocsp-only ocsp-only ocsp-authority 20250101 20900101 "$for_servers" "$ocsp"
server stapled-good stapled-good ocsp-authority 20250101 20900101 "$for_servers" "$ocsp"
# The server also sends an expired authority that its certificate does not need, as many servers do with an old cross-signed one.
issue old-authority root 20250101 20250401 basicConstraints=critical,CA:TRUE
cat old-authority.pem >>stapled-good.chain
server revoked revoked ocsp-authority 20250101 20900101 "$for_servers" "$ocsp"
server expired expired crl-authority 20250101 20250401 "$for_servers" "$crl"
server not-yet-valid not-yet-valid crl-authority 20890101 20900101 "$for_servers" "$crl"
server wrong-host other crl-authority 20250101 20900101 "$for_servers" "$crl"
server untrusted untrusted unknown-authority 20250101 20900101 "$for_servers" "$crl"
server for-clients for-clients crl-authority 20250101 20900101 extendedKeyUsage=clientAuth "$crl"
server alone alone crl-authority 20250101 20900101 "$for_servers" "$crl"
: >alone.chain
# As many certificates as a server can send. They exceed the number of local references that a virtual machine allows.
server long long crl-authority 20250101 20900101 "$for_servers" "$crl"
for _ in 0 1 2 3 4 5 6 7 8 9; do
    cat crl-authority.pem crl-authority.pem crl-authority.pem crl-authority.pem crl-authority.pem \
        crl-authority.pem crl-authority.pem crl-authority.pem crl-authority.pem crl-authority.pem
done >long.chain

openssl ca -config ocsp-authority.config -cert ocsp-authority.pem -keyfile ocsp-authority.key -revoke revoked.pem \
    -crl_reason keyCompromise 2>revoked.log
staple stapled-good ocsp-authority
staple revoked ocsp-authority
