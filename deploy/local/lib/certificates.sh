# shellcheck shell=bash
# Certificates for mutual TLS between services, in DIR/tls: one authority, one certificate per service with its name. The
# authority's key is thrown away, so nobody can ever make another; when one is missing or about to expire, all are made anew.

readonly split_programs=(session-vault batch-runner analytics export gateway)

have_certificates() {
  local name
  for name in "${split_programs[@]}"; do
    [[ -s $data/tls/$name.key ]] || return 1
    openssl x509 -in "$data/tls/$name.crt" -noout -checkend 2592000 >/dev/null 2>&1 || return 1
  done
  [[ -s $data/tls/ca.crt ]]
}

new_key() {
  openssl ecparam -name prime256v1 -genkey -noout
}

# certify NAME: valid for the service's name, and for loopback, where others find it by address.
certify() {
  new_key >"$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$1" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -sha256 -out "$1.crt" -extfile <(
      cat <<TXT
subjectAltName = DNS:$1, DNS:localhost, IP:127.0.0.1
extendedKeyUsage = serverAuth, clientAuth
keyUsage = critical, digitalSignature
basicConstraints = critical, CA:FALSE
TXT
    )
}

make_certificates() (
  set -e -o pipefail
  umask 077
  rm -rf "$data/tls"
  mkdir "$data/tls"
  cd "$data/tls"
  new_key >ca.key
  openssl req -new -x509 -key ca.key -subj '/CN=FineTuneLab local authority' -days 365 -sha256 -out ca.crt \
    -addext 'keyUsage = critical, keyCertSign' -addext 'basicConstraints = critical, CA:TRUE'
  for name in "${split_programs[@]}"; do certify "$name"; done
  shred --remove ca.key
  rm -f ca.srl
)

ensure_certificates() {
  begin 'Certificates'
  if have_certificates; then
    done_with 'valid'
    return
  fi
  make_certificates >"$data/log/certificates.log" 2>&1 ||
    fail 70 "openssl could not make the certificates; its words: $data/log/certificates.log." \
      'Call this without --skip-install, so that openssl is there.'
  done_with "made in $data/tls"
}
