# shellcheck shell=bash
# What has passed and failed so far, read from what the test programs say. Needs steps.sh.

passed=0
failed=0

# count PASSED FAILED
count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
}

# check WHAT COMMAND...: one test that is a command.
check() {
  local log=$work/check.log
  begin "$1"
  shift
  if "$@" >"$log" 2>&1; then
    count 1 0
    done_with 'passed'
  else
    count 0 1
    tail -n 40 "$log"
    done_with 'FAILED'
  fi
}

# The failed tests of a TAP log, or the end of any other.
show_failures() {
  local tap
  tap=$(awk '/^ *not ok / { left = 40 } left-- > 0' "$1" | head -n 400)
  if [[ -n $tap ]]; then printf '%s\n' "$tap"; else tail -n 120 "$1"; fi
}

# counted WHAT COUNTER COMMAND...: tests that count themselves; COUNTER reads "PASSED FAILED" from their words on its input.
counted() {
  local what=$1 counter=$2 log=$work/counted.log status counts
  shift 2
  begin "$what"
  "$@" >"$log" 2>&1
  status=$?
  read -r -a counts < <("$counter" <"$log")
  # A program that fails without a failed test has broken down.
  if ((status != 0 && ${counts[1]:-0} == 0)); then counts[1]=1; fi
  count "${counts[0]:-0}" "${counts[1]:-0}"
  if ((${counts[1]:-0})); then show_failures "$log"; fi
  done_with "${counts[0]:-0} passed, ${counts[1]:-0} failed"
}

ctest_counts() {
  sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+)$/\1 \2/p' | {
    read -r failures total
    printf '%d %d\n' $((${total:-0} - ${failures:-0})) "${failures:-0}"
  }
}

# Node's own runner, in TAP. What was cancelled waited for something that never came.
node_counts() {
  awk '$1 == "#" && $2 == "pass" { p = $3 } $1 == "#" && ($2 == "fail" || $2 == "cancelled") { f += $3 }
    END { print p + 0, f + 0 }'
}

vitest_counts() {
  awk '$1 == "Tests" { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p = $(i - 1); if ($i ~ /^failed/) f = $(i - 1) } }
    END { print p + 0, f + 0 }'
}

# A script of ours that ends with "NAME: N passed, N failed".
own_counts() {
  sed -nE 's/^[a-z]+: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' | tail -n 1
}
