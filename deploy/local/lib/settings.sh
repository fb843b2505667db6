# shellcheck shell=bash
# What an installation in $data was set to, so that a later `up` goes on as the earlier one did: flags come first, then the
# environment, then what DIR/settings holds, then defaults. Needs $data.

# Settings that belong to one call, and secrets that stand in files of their own, are never kept.
is_kept() {
  case $1 in
    FTL_DEMO_API_KEY | FTL_BUILD_DIR | DEMO_ENCRYPTION_KEY | OTEL_EXPORTER_OTLP_HEADERS) return 1 ;;
    DATABASE_URL | DEMO_* | FTL_* | OTEL_*) return 0 ;;
  esac
  return 1
}

# read_kept_settings: exports each kept setting that the environment does not have, and sets `split` where it was so.
read_kept_settings() {
  local name value
  [[ -r $data/settings ]] || return 0
  while IFS='=' read -r name value; do
    if [[ $name == split ]]; then split=$value; fi
    if is_kept "$name" && [[ -z ${!name+set} ]]; then export "$name=$value"; fi
  done <"$data/settings"
}

# exported_settings: those of the environment that are kept, a line each.
exported_settings() {
  local name
  for name in $(compgen -e | sort); do
    if is_kept "$name" && [[ ${!name} != *$'\n'* ]]; then printf '%s=%s\n' "$name" "${!name}"; fi
  done
}

# keep_settings: writes what holds now; for the owner's eyes, since a database's address may hold a password.
keep_settings() {
  (umask 077 && { exported_settings && printf 'split=%s\n' "$split"; } >"$data/settings.new")
  mv "$data/settings.new" "$data/settings"
}

# http_address: sets `listen` and `port` from flags, else from FTL_HTTP_ADDRESS, else the defaults.
choose_http_address() {
  local given=${FTL_HTTP_ADDRESS:-127.0.0.1:8080} given_listen given_port
  given_port=${given##*:}
  given_listen=${given%:*}
  given_listen=${given_listen#[}
  given_listen=${given_listen%]}
  if [[ $given != *:* ]] || ! is_port "$given_port" || ! is_address "$given_listen"; then
    fail 78 "FTL_HTTP_ADDRESS is $given, which is no ADDRESS:PORT." 'Write it like 127.0.0.1:8080.'
  fi
  listen=${flag_listen:-$given_listen}
  port=$((10#${flag_port:-$given_port}))
}

# bracketed ADDRESS: as it stands in a URL.
bracketed() {
  if [[ $1 == *:* ]]; then printf '[%s]' "$1"; else printf '%s' "$1"; fi
}

# reachable_address: where this machine reaches what listens on `listen`.
reachable_address() {
  case $listen in
    0.0.0.0) printf '127.0.0.1' ;;
    ::) printf '::1' ;;
    *) printf '%s' "$listen" ;;
  esac
}
