# shellcheck shell=bash
# Ports of this machine, read from /proc, and the little HTTP that waiting for a program needs.

# is_port_taken PORT: whether anything listens there, on any address.
is_port_taken() {
  local hex
  printf -v hex ':%04X ' "$1"
  # A listening socket has state 0A and no other end.
  grep -qsE "^ *[0-9]+: [0-9A-F]+${hex}[0-9A-F]+:0000 0A" /proc/net/tcp /proc/net/tcp6
}

# free_port: one that nothing listens on, from below the range that the system hands out for outgoing connections.
free_port() {
  local port
  while true; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    if ! is_port_taken "$port" && [[ " ${given_ports:-} " != *" $port "* ]]; then break; fi
  done
  printf '%s' "$port"
}

# http_status HOST PORT PATH: the status of a GET, or nothing.
http_status() {
  local connection status=
  { exec {connection}<>"/dev/tcp/$1/$2"; } 2>/dev/null || return 1
  printf 'GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n' "$3" "$1" "$2" 1>&"$connection"
  read -r -t 5 _ status _ 0<&"$connection"
  exec {connection}>&-
  printf '%s' "$status"
}

accepts_connections() {
  local connection
  { exec {connection}<>"/dev/tcp/$1/$2"; } 2>/dev/null || return 1
  exec {connection}>&-
}
