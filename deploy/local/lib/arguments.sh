# shellcheck shell=bash
# Reads command lines. Every wrong flag is named at once, with exit status 64 (sysexits.h: usage). Needs steps.sh.

argument_faults=()

# split_arguments ARGUMENT...: fills `arguments` with them, with each --flag=value as two.
split_arguments() {
  local argument
  arguments=()
  for argument in "$@"; do
    if [[ $argument == --*=* ]]; then
      arguments+=("${argument%%=*}" "${argument#*=}")
    else
      arguments+=("$argument")
    fi
  done
}

# has_value FLAG REST...: whether a value follows the flag; where not, that is a fault.
has_value() {
  if (($# >= 2)) && [[ -n $2 && $2 != --* ]]; then return 0; fi
  argument_faults+=("$1 needs a value")
  return 1
}

# is_port TEXT: 0 means a free one.
is_port() {
  [[ $1 =~ ^[0-9]{1,5}$ ]] && ((10#$1 <= 65535))
}

is_ipv4() {
  local part
  [[ $1 =~ ^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$ ]] || return 1
  for part in "${BASH_REMATCH[@]:1}"; do ((10#$part <= 255)) || return 1; done
}

is_address() {
  is_ipv4 "$1" || [[ $1 == localhost ]] || [[ $1 == *:*:* && $1 =~ ^[0-9A-Fa-f:.]+$ ]]
}

is_loopback() {
  [[ $1 == localhost || $1 == ::1 ]] || { is_ipv4 "$1" && [[ $1 == 127.* ]]; }
}

# refuse_faults USAGE: ends the command where there are faults.
refuse_faults() {
  local fault
  ((${#argument_faults[@]})) || return 0
  for fault in "${argument_faults[@]}"; do printf '%s: %s\n' "$command_name" "$fault" >&2; done
  printf '%s\n' "$1" >&2
  exit 64
}
