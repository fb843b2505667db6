# shellcheck shell=bash
# Says what is being done and how long it took: one line per step, and under it what the step itself has to say.

step_open=0

now_ms() {
  local now=${EPOCHREALTIME/[.,]/}
  printf '%s' "${now%???}"
}

# seconds_since START_MS: for people, as "0.3 s".
seconds_since() {
  local elapsed=$(($(now_ms) - $1))
  printf '%d.%d s' $((elapsed / 1000)) $((elapsed % 1000 / 100))
}

begin() {
  step_started=$(now_ms)
  step_open=1
  printf '%-28s ' "$1"
}

# say TEXT: one line, under the step that is going on.
say() {
  if ((step_open)); then
    printf '\n'
    step_open=0
  fi
  printf '  %s\n' "$1"
}

# done_with TEXT: ends the step.
done_with() {
  if ((!step_open)); then printf '  '; fi
  printf '%s (%s)\n' "$1" "$(seconds_since "$step_started")"
  step_open=0
}

# fail STATUS WHAT ADVICE...: ends the command. STATUS follows sysexits.h; each ADVICE is a line that says what to do.
fail() {
  local status=$1 line
  shift
  if ((step_open)); then
    printf 'failed (%s)\n' "$(seconds_since "$step_started")"
    step_open=0
  fi
  printf '%s: %s\n' "$command_name" "$1" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit "$status"
}
