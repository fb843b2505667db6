# shellcheck shell=bash
# Builds trees of CMakePresets.json, one build of a checkout at a time. Needs steps.sh, processes.sh, $checkout.

# As many jobs as there are processors, but no more than memory has room for: a file that uses Beast takes 1.5 GB.
build_jobs() {
  local processors available
  processors=$(nproc)
  available=$(awk '$1 == "MemAvailable:" { print int($2 / 1500000) }' /proc/meminfo)
  ((available > 0)) || available=1
  printf '%d' $((available < processors ? available : processors))
}

run_build() {
  local preset=$1 tree=$checkout/build/$1
  shift
  cd "$checkout" || return 1
  [[ -f $tree/build.ninja ]] || cmake --preset "$preset" || return 1
  ninja -C "$tree" -j "$(build_jobs)" "$@"
}

# tell_progress PID LOG: while the build runs, how far it is, every quarter of a minute.
tell_progress() {
  local waited=0 progress
  while kill -0 "$1" 2>/dev/null; do
    sleep 0.2
    if ((++waited % 75)); then continue; fi
    progress=$(grep -oE '^\[[0-9]+/[0-9]+\]' "$2" | tail -n 1)
    if [[ -n $progress ]]; then say "built $(tr -d '[]' <<<"${progress/\// of }") files"; fi
  done
}

# build_logged LOG PRESET TARGET...
build_logged() {
  local log=$1 build
  shift
  run_build "$@" >"$log" 2>&1 &
  build=$!
  tell_progress "$build" "$log"
  wait "$build"
}

# build_tree PRESET TARGET...
build_tree() {
  local preset=$1 log=$checkout/build/$1.log output build_lock
  begin "Build ($preset)"
  command -v ninja >/dev/null || fail 69 'ninja is not installed.' 'Call this without --skip-install.'
  mkdir -p "$checkout/build"
  lock_file build_lock "$checkout/build/lock" 'build of this checkout'
  if [[ -f $checkout/build/$preset/build.ninja ]] &&
    output=$(ninja -C "$checkout/build/$preset" -n "${@:2}" 2>/dev/null) && [[ $output == *'no work to do.'* ]]; then
    unlock_file "$build_lock"
    done_with 'nothing to build'
    return
  fi
  say 'building; from nothing this takes about ten minutes on two cores'
  if [[ -t 1 ]]; then
    run_build "$@" || fail 70 'the build failed (above: its words).' 'Mend what it says there, then call this again.'
  elif ! build_logged "$log" "$@"; then
    grep -E -A 12 'error|FAILED|CMake Error' "$log" | head -n 60 >&2
    fail 70 "the build failed; all of its words: $log." 'Mend it, then call this again.'
  fi
  unlock_file "$build_lock"
  done_with 'built'
}
