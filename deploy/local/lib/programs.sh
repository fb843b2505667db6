# shellcheck shell=bash
# FineTuneLab's own programs and what each is told. Needs all of the others; $data, $bin, $listen, $port, $split, $database_place.

readonly services=(session-vault batch-runner analytics export)

# program_of NAME: the file that runs under this name.
program_of() {
  case $1 in
    all-in-one) printf 'finetunelab' ;;
    *) printf 'finetunelab-%s' "$1" ;;
  esac
}

# setting_of SERVICE SUFFIX: FTL_SESSION_VAULT_LISTEN of session-vault and LISTEN.
setting_of() {
  local name=${1//-/_}
  printf 'FTL_%s_%s' "${name^^}" "$2"
}

# port_for FILE PROGRAM: the port in DIR/run/FILE.port as long as the program has it or nobody has, else a free one. Sets `given`.
port_for() {
  local file=$data/run/$1.port
  given=$(cat "$file" 2>/dev/null)
  if [[ -z $given ]] || { ! running_pid "$2" >/dev/null && is_port_taken "$given"; }; then
    given=$(free_port)
    given_ports+=" $given"
    printf '%s\n' "$given" >"$file"
  fi
}

# start_program NAME SETTING...: starts it with these settings on top of the environment, unless it runs so already.
start_program() {
  local name=$1 program pid outcome=started
  shift
  program=$bin/$(program_of "$name")
  [[ -x $program ]] || fail 69 "$program is not there." 'Build it: call this without FTL_BUILD_DIR.'
  begin "$name"
  # In a subshell, so that no program sees the settings of another; its exit status says what there was to do.
  (
    for setting in "$@"; do export "${setting?}"; done
    unset FTL_DEMO_API_KEY FTL_BUILD_DIR
    print=$(fingerprint "$(stat --format '%n %i %Y' "$program")" "$(exported_settings)" "${certificates_print:-}")
    if pid=$(running_pid "$name"); then
      if [[ $(launched_as "$name") == "$print" ]]; then exit 10; fi
      stop_program "$name"
      launch "$name" "$print" "$program"
      exit 11
    fi
    launch "$name" "$print" "$program"
  )
  case $? in
    10) outcome=already ;;
    11) outcome=restarted ;;
  esac
  pid=$(cat "$data/run/$name.pid")
  if [[ $outcome == already ]]; then
    done_with "runs already, process $pid"
  else
    started+=("$name")
    done_with "$outcome, process $pid"
  fi
}

# database_of SERVICE...: sets `database`, where each of them finds the private database, with its own login.
database_of() {
  local name
  database=()
  [[ -n $database_place ]] || return 0
  for name in "$@"; do database+=("$(setting_of "$name" DATABASE_URL)=$(login_url "ftl_${name//-/_}")"); done
}

# Anyone may listen to the gateway where it listens beyond loopback, and then nobody's URL may lead to this machine's own.
allows_loopback() {
  is_loopback "$listen" && [[ ${DEMO_ALLOW_LOCALHOST:-true} == true ]]
}

# Whoever reaches the gateway is the owner of a workspace without sign-in, so there is one by itself on loopback alone.
workspace() {
  if is_loopback "$listen"; then printf '%s' "${FTL_WORKSPACE:-local}"; else printf '%s' "${FTL_WORKSPACE:-off}"; fi
}

common_settings() {
  if allows_loopback; then allow=true; else allow=false; fi
  common=("DEMO_ALLOW_LOCALHOST=$allow" "FTL_HTTP_ADDRESS=$(bracketed "$listen"):$port" "FTL_WORKSPACE=$(workspace)")
  vault=("FTL_KEY_DIR=${FTL_KEY_DIR:-$data/keys}")
  if [[ -z ${FTL_GRPC_OPERATOR_TOKEN:-}${FTL_GRPC_OPERATOR_TOKEN_FILE:-} ]]; then
    vault+=("FTL_GRPC_OPERATOR_TOKEN_FILE=$data/secrets/operator_token")
  fi
  if [[ -z ${DEMO_ENCRYPTION_KEY:-}${DEMO_ENCRYPTION_KEY_FILE:-} ]]; then
    vault+=("DEMO_ENCRYPTION_KEY_FILE=$data/secrets/demo_encryption_key")
  fi
}

# check_settings: has every program that is to be started read its settings, before anything is made. The database may be one that
# is yet to be made, and the addresses of services are chosen later.
check_settings() {
  local names=(all-in-one) name database_place=/finetunelab common vault database allow said faults
  if [[ $split == true ]]; then names=("${services[@]}" gateway); fi
  if [[ -n ${DATABASE_URL:-}${DATABASE_URL_FILE:-} ]]; then database_place=; fi
  common_settings
  database_of "${services[@]}"
  begin 'Settings'
  faults=$(for name in "${names[@]}"; do
    for setting in "${common[@]}" "${vault[@]}" "${database[@]}" FTL_TLS_{CA,CERT,KEY}_FILE=/dev/null; do export "${setting?}"; done
    unset FTL_DEMO_API_KEY FTL_BUILD_DIR
    said=$("$bin/$(program_of "$name")" --check-config 2>&1) || printf '%s\n(%s)\n' "$said" "$(program_of "$name")"
  done)
  if [[ -n $faults ]]; then
    printf '%s\n' "$faults" | sort -u >&2
    fail 78 'these settings are wrong (above).' 'They come from the environment or from '"$data/settings"'; set them right, then call this again.'
  fi
  done_with 'read'
}

migrate() {
  local program log=$data/log/migrate.log
  if [[ $split == true ]]; then program=$bin/finetunelab-session-vault; else program=$bin/finetunelab; fi
  begin 'Migrations'
  if ! (
    if [[ -n $database_place ]]; then FTL_MIGRATE_DATABASE_URL=$(login_url "$cluster_user") && export FTL_MIGRATE_DATABASE_URL; fi
    for setting in "${common[@]}" "${vault[@]}"; do export "${setting?}"; done
    unset FTL_DEMO_API_KEY FTL_BUILD_DIR
    "$program" migrate
  ) >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail 70 "the database could not be migrated (above: the end of $log)." 'Mend what it says there, then call this again.'
  fi
  done_with 'applied'
}

# What the page may be tried with without a key; where this installation calls loopback. Sets `sample`.
sample_setting() {
  sample=()
  if [[ -n $endpoint ]] || ! allows_loopback; then return; fi
  port_for sample-endpoint sample-endpoint
  sample=("FTL_SAMPLE_ENDPOINT_URL=${FTL_SAMPLE_ENDPOINT_URL:-http://127.0.0.1:$given/v1}")
}

start_all_in_one() {
  local database
  port_for all-in-one-grpc all-in-one
  database_of "${services[@]}"
  printf '%s\n' "$port" >"$data/run/all-in-one.port"
  start_program all-in-one "${common[@]}" "${database[@]}" "${vault[@]}" "${sample[@]}" "FTL_GRPC_LISTEN=${FTL_GRPC_LISTEN:-127.0.0.1:$given}"
}

start_split() {
  local name addresses=() own tls database certificates_print
  for name in "${services[@]}"; do
    port_for "$name" "$name"
    addresses+=("$(setting_of "$name" ADDRESS)=127.0.0.1:$given")
  done
  certificates_print=$(sha256sum "$data/tls/ca.crt")
  for name in "${services[@]}" gateway; do
    tls=("FTL_TLS_CA_FILE=$data/tls/ca.crt" "FTL_TLS_CERT_FILE=$data/tls/$name.crt" "FTL_TLS_KEY_FILE=$data/tls/$name.key")
    own=()
    if [[ $name == gateway ]]; then
      printf '%s\n' "$port" >"$data/run/gateway.port"
      own+=("${sample[@]}")
    else
      port_for "$name" "$name"
      own+=("$(setting_of "$name" LISTEN)=127.0.0.1:$given")
      port_for "$name-metrics" "$name"
      database_of "$name"
      own+=("FTL_ADMIN_ADDRESS=127.0.0.1:$given" "${database[@]}")
    fi
    if [[ $name == session-vault ]]; then own+=("${vault[@]}"); fi
    start_program "$name" "${common[@]}" "${addresses[@]}" "${tls[@]}" "${own[@]}"
  done
}

start_sample_endpoint() {
  port_for sample-endpoint sample-endpoint
  start_program sample-endpoint "FTL_SAMPLE_ENDPOINT_LISTEN=127.0.0.1:$given"
  await sample-endpoint 20 accepts_connections 127.0.0.1 "$given"
  sample_url=http://127.0.0.1:$given/v1
}

is_gateway_ready() {
  [[ $(http_status "$(reachable_address)" "$port" /readyz) == 200 ]]
}
