# shellcheck shell=bash
# The private PostgreSQL of an installation: a cluster in DIR/postgres, reached through a unix socket that only this user may
# open, by whom it says he is; the owner also through loopback with the password in DIR/secrets/postgres_password. Every service
# logs in as itself. Needs steps.sh, ports.sh, processes.sh, $data.

readonly cluster_user=finetunelab
readonly service_logins=(ftl_session_vault ftl_batch_runner ftl_analytics ftl_export)

postgres_programs() {
  local version=
  if [[ -r $data/postgres/PG_VERSION ]]; then version=$(<"$data/postgres/PG_VERSION"); fi
  find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path "*/${version:-*}/bin/initdb" 2>/dev/null |
    sort --version-sort | tail -n 1 | xargs --no-run-if-empty dirname
}

# PostgreSQL refuses to run as root. `as_postgres` becomes the words in front of a command that make it another user; where
# that user may not pass a folder above DIR, it is lent the one capability that lets it.
choose_postgres_user() {
  local capability
  as_postgres=()
  ((EUID == 0)) || return 0
  for capability in '' dac_read_search dac_override; do
    as_postgres=(setpriv --reuid postgres --regid postgres --clear-groups)
    if [[ -n $capability ]]; then as_postgres+=("--inh-caps=+$capability" "--ambient-caps=+$capability"); fi
    # Not `test -r`: access(2) answers without the capability.
    if "${as_postgres[@]}" ls "$data/postgres/." >/dev/null 2>&1; then return; fi
  done
  fail 77 "the user postgres may not enter $data, and this container may not lend it the right to." \
    'Choose a folder with --data that every user may pass, /var/lib/finetunelab say.'
}

make_cluster() {
  local password_file=$data/postgres.password log=$data/log/initdb.log
  say "making a cluster in $data/postgres"
  (umask 077 && openssl rand -hex 24 >"$data/secrets/postgres_password")
  install --mode 0600 "$data/secrets/postgres_password" "$password_file"
  if ((EUID == 0)); then chown postgres "$password_file"; fi
  if ! (cd / && "${as_postgres[@]}" "$programs/initdb" --pgdata "$data/postgres" --username "$cluster_user" \
    --pwfile "$password_file" --auth-local peer --auth-host scram-sha-256 --encoding UTF8 --locale C.UTF-8 \
    --no-instructions) >"$log" 2>&1; then
    rm -f "$password_file"
    tail -n 15 "$log" >&2
    fail 70 'initdb failed (above: its last words).' 'Mend what it says there, then call this again.'
  fi
  rm -f "$password_file"
  echo "include 'finetunelab.conf'" >>"$data/postgres/postgresql.conf"
}

# These stand in the cluster, so that it comes back the same whoever starts it.
write_cluster_settings() {
  cat >"$data/postgres/finetunelab.conf" <<TXT
listen_addresses = '127.0.0.1'
port = $postgres_port
unix_socket_directories = '$postgres_socket'
unix_socket_permissions = 0700
max_connections = 300
shared_buffers = 256MB
max_wal_size = 2GB
jit = off
TXT
  cat >"$data/postgres/pg_hba.conf" <<'TXT'
local all all peer map=finetunelab
host all all 127.0.0.1/32 scram-sha-256
TXT
  write_logins
}

write_logins() {
  local login
  for login in "$cluster_user" "${service_logins[@]}"; do
    printf "finetunelab %s $login\n" "$(id --user --name)" postgres
  done >"$data/postgres/pg_ident.conf"
}

# A socket's path may have 107 characters at most, so it stands in a short folder of its own, open to nobody else.
make_socket_folder() {
  postgres_socket=$(mktemp --directory /tmp/finetunelab-XXXXXX)
  if ((EUID == 0)); then chown postgres "$postgres_socket"; fi
  printf '%s\n' "$postgres_socket" >"$data/state/postgres-socket"
}

# Whoever made a folder of that name after a restart of the machine may not be us.
has_own_socket_folder() {
  local owner
  owner=$(stat --format '%u:%a' "${postgres_socket:-/nowhere}" 2>/dev/null)
  [[ $owner == "$(stat --format %u "$data/postgres"):700" ]]
}

is_postgres_ready() {
  "$programs/pg_isready" --quiet --host "$postgres_socket" --port "$postgres_port" \
    --username "$cluster_user" --dbname postgres
}

# start_postgres: sets database_place, for login_url.
start_postgres() {
  local programs pid outcome
  begin 'PostgreSQL'
  programs=$(postgres_programs)
  [[ -n $programs ]] || fail 69 'PostgreSQL is not installed.' 'Call this without --skip-install, or set DATABASE_URL.'
  postgres_socket=$(cat "$data/state/postgres-socket" 2>/dev/null)
  postgres_port=$(cat "$data/run/postgres.port" 2>/dev/null)
  if pid=$(running_pid postgres); then
    outcome="runs already, process $pid"
  else
    install --directory --mode 0700 "$data/postgres"
    if ((EUID == 0)); then chown postgres "$data/postgres"; fi
    choose_postgres_user
    [[ -s $data/postgres/PG_VERSION ]] || make_cluster
    if [[ -z $postgres_port ]] || is_port_taken "$postgres_port"; then postgres_port=$(free_port); fi
    has_own_socket_folder || make_socket_folder
    write_cluster_settings
    await_end_of_old_postgres
    launch postgres - "${as_postgres[@]}" "$programs/postgres" -D "$data/postgres"
    printf '%s\n' "$postgres_port" >"$data/run/postgres.port"
    started+=(postgres)
    outcome="started on port $postgres_port"
  fi
  await postgres 60 is_postgres_ready
  make_database
  make_logins
  database_place="/finetunelab?host=$postgres_socket&port=$postgres_port"
  done_with "$outcome"
}

# The processes of a killed server outlive it for a moment, and a new one refuses to start beside them, or where its id is not
# free yet. All of them have their working folder in the cluster.
await_end_of_old_postgres() {
  local deadline=$((SECONDS + 20)) path
  while ((SECONDS < deadline)); do
    for path in /proc/[0-9]*/cwd ''; do
      if [[ $path -ef $data/postgres ]]; then break; fi
    done
    if [[ -z $path ]]; then
      rm -f "$data/postgres/postmaster.pid" "$postgres_socket"/.s.PGSQL.*
      return
    fi
    sleep 0.1
  done
}

make_database() {
  local connection=(--host "$postgres_socket" --port "$postgres_port" --username "$cluster_user")
  if [[ -z $("$programs/psql" "${connection[@]}" --no-psqlrc --tuples-only --no-align --dbname postgres \
    --command "SELECT 1 FROM pg_database WHERE datname = 'finetunelab'") ]]; then
    "$programs/createdb" "${connection[@]}" finetunelab ||
      fail 70 'the database finetunelab could not be made.' "See $data/log/postgres.log."
  fi
}

# Also of a cluster that was made before services had logins.
make_logins() {
  local log=$data/log/roles.log
  write_logins
  if ! PGOPTIONS='-c client_min_messages=error' "$programs/psql" --host "$postgres_socket" --port "$postgres_port" \
    --username "$cluster_user" --dbname finetunelab --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --set "migrator=$cluster_user" --file "$checkout/deploy/postgres/roles.sql" --command 'SELECT pg_reload_conf()' >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail 70 "the services' logins could not be made (above: the end of $log)." 'Mend what it says there, then call this again.'
  fi
}

# login_url LOGIN: the private database as that user.
login_url() {
  printf 'postgresql://%s@%s' "$1" "$database_place"
}

forget_socket() {
  local folder
  folder=$(cat "$data/state/postgres-socket" 2>/dev/null) || return 0
  [[ $folder == /tmp/finetunelab-* ]] && rm -rf "$folder"
  rm -f "$data/state/postgres-socket"
}
