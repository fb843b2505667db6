# shellcheck shell=bash
# Programs that run for an installation: DIR/run/NAME.pid holds the process id alone; DIR/state/NAME tells that process from a
# later one with the same id, and what it was started with. Needs steps.sh, $data.

# In the order in which they stop.
readonly all_programs=(all-in-one gateway export analytics batch-runner session-vault sample-endpoint postgres)

# start_time PID: boot and clock ticks since then, or nothing where no such process runs.
start_time() {
  local stat fields boot
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  # The name in parentheses may hold anything, blanks and parentheses too.
  read -r -a fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z && ${fields[0]} != X ]] || return 1
  boot=$(</proc/sys/kernel/random/boot_id)
  printf '%s %s' "$boot" "${fields[19]}"
}

# running_pid NAME: the id of the program as this installation started it, or a failure.
running_pid() {
  local pid now recorded
  { pid=$(<"$data/run/$1.pid"); } 2>/dev/null || return 1
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  now=$(start_time "$pid") || return 1
  { read -r recorded <"$data/state/$1"; } 2>/dev/null || return 1
  [[ $now == "$recorded" ]] || return 1
  printf '%s' "$pid"
}

fingerprint() {
  printf '%s\n' "$@" | sha256sum | cut -d ' ' -f 1
}

close_descriptors() {
  local path descriptor
  for path in "/proc/$BASHPID/fd/"*; do
    descriptor=${path##*/}
    if ((descriptor > 2)); then exec {descriptor}>&-; fi
  done
}

# launch NAME FINGERPRINT COMMAND...: starts it in a session of its own that holds nothing of the caller's.
launch() {
  local name=$1 print=$2 pid log=$data/log/$1.log
  shift 2
  (
    cd / || exit 1
    close_descriptors
    exec setsid "$@"
  ) </dev/null >>"$log" 2>&1 &
  pid=$!
  disown "$pid"
  printf '%s\n%s\n' "$(start_time "$pid")" "$print" >"$data/state/$name"
  printf '%s\n' "$pid" >"$data/run/$name.pid"
}

# launched_as NAME: the fingerprint that it was started with.
launched_as() {
  sed -n 2p "$data/state/$1" 2>/dev/null
}

# stop_program NAME: asks it to end, waits as long as a drain may take, then ends it. Returns 1 where it did not run.
stop_program() {
  local name=$1 pid signal=TERM patience=25 deadline
  if ! pid=$(running_pid "$name"); then
    rm -f "$data/run/$name.pid" "$data/state/$name"
    return 1
  fi
  # For PostgreSQL, TERM waits for every client; INT ends their sessions and stops cleanly.
  if [[ $name == postgres ]]; then signal=INT patience=60; fi
  kill -s "$signal" "$pid"
  # A process that was stopped by SIGSTOP takes no signal until it goes on.
  kill -s CONT "$pid" 2>/dev/null
  deadline=$((SECONDS + patience))
  while running_pid "$name" >/dev/null; do
    if ((SECONDS > deadline)); then
      say "$name did not end within $patience s and was killed; its log: $data/log/$name.log"
      kill -s KILL "$pid" 2>/dev/null
      deadline=$((SECONDS + patience))
    fi
    sleep 0.05
  done
  rm -f "$data/run/$name.pid" "$data/state/$name"
}

# stop_programs NAME...: those that run, in the order of all_programs.
stop_programs() {
  local name stopped=()
  for name in "${all_programs[@]}"; do
    [[ " $* " == *" $name "* ]] || continue
    if stop_program "$name"; then stopped+=("$name"); fi
  done
  stopped_programs=${stopped[*]:-nothing was running}
}

# await NAME SECONDS TEST...: until the test passes; ends the command where the program ends first or time runs out.
await() {
  local name=$1 deadline=$((SECONDS + $2)) patience=$2 log=$data/log/$1.log
  shift 2
  until "$@"; do
    if ! running_pid "$name" >/dev/null; then
      tail -n 15 "$log" >&2
      fail 70 "$name ended before it was ready (above: the end of $log)." 'Mend what it says there, then call this again.'
    fi
    if ((SECONDS > deadline)); then
      tail -n 15 "$log" >&2
      fail 70 "$name was not ready within $patience s (above: the end of $log)." \
        "See what it waits for there, then call this again."
    fi
    sleep 0.03
  done
}

# lock_file VARIABLE PATH WHAT: held until this process ends or unlocks; says so where it has to wait.
lock_file() {
  local -n lock_descriptor=$1
  exec {lock_descriptor}>>"$2" || fail 73 "cannot write $2." 'Check who owns the folder.'
  flock --nonblock "$lock_descriptor" && return
  say "waiting for another $3 to finish"
  flock "$lock_descriptor"
}

unlock_file() {
  local descriptor=$1
  exec {descriptor}>&-
}
