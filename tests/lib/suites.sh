# shellcheck shell=bash
# What each suite consists of. Needs the scripts of deploy/local/lib, counts.sh, $checkout, $work.

readonly programs=(finetunelab finetunelab-gateway finetunelab-session-vault finetunelab-batch-runner finetunelab-analytics
  finetunelab-export finetunelab-sample-endpoint)
# Most of the contract's files wait most of their time.
readonly side_by_side=4
installation=

# run_suite NAME: a suite in which nothing ran has failed.
run_suite() {
  local before=$((passed + failed))
  printf -- '-- %s\n' "$1"
  "suite_$1"
  if ((passed + failed == before)); then
    count 0 1
    printf '%s: nothing ran\n' "$1"
  fi
}

# labelled PRESET LABEL: the tests of a tree that carry the label.
labelled() {
  counted "Tests ($1, $2)" ctest_counts ctest --test-dir "build/$1" --label-regex "^$2\$" --output-on-failure \
    --parallel "$(nproc)"
}

# In a copy without git everything that is not made by building is ours.
our_sources() {
  git ls-files -- "$@" 2>/dev/null || {
    local patterns=() pattern
    for pattern in "$@"; do patterns+=(-o -name "$pattern"); done
    find . \( -name build -o -name node_modules -o -name '.*' -not -name . \) -prune -o \
      -type f \( "${patterns[@]:1}" \) -print
  }
}

is_formatted() {
  local sources
  mapfile -t sources < <(our_sources '*.h' '*.cc')
  clang-format-14 --dry-run --Werror "${sources[@]}"
}

# Another version formats otherwise, so where Debian has no 14 nothing is judged.
check_format() {
  if command -v clang-format-14 >/dev/null; then check 'Format' is_formatted; fi
}

check_page() (
  cd gateway/web || exit 1
  [[ node_modules/.package-lock.json -nt package-lock.json ]] || npm install --no-save --no-audit --no-fund || exit 1
  npm run check
)

page_tests() (
  cd gateway/web && NO_COLOR=1 npm test
)

suite_unit() {
  check_format
  check 'Scripts' shellcheck deploy/local/up deploy/local/down deploy/kubernetes/dev-secrets tests/run
  check 'Page' check_page
  counted 'Page tests' vitest_counts page_tests
  build_tree sanitize unit_tests
  labelled sanitize unit
}

suite_pg() {
  build_tree sanitize pg_tests
  labelled sanitize pg
}

# Limits are as high as tests need. Chaos tests bring their own installations, with processes that they may kill.
start_installation() {
  export FTL_BUILD_DIR=$checkout/build/release
  [[ -z $installation ]] || return 0
  installation=$work/installation
  DEMO_MAX_SESSIONS_PER_ADDRESS=10000 DEMO_MAX_PROMPTS_PER_SESSION=100000 DEMO_MAX_REQUESTS_PER_MINUTE=1000000 \
    deploy/local/up --data "$installation" --port 0 --detach --no-demo --skip-install ||
    fail 70 'the installation that is to be tested did not start.' 'See above.'
  FTL_BASE_URL=http://127.0.0.1:$(<"$installation/run/all-in-one.port")
  FTL_SAMPLE_ENDPOINT=http://127.0.0.1:$(<"$installation/run/sample-endpoint.port")/v1
  FTL_GRPC_ADDRESS=127.0.0.1:$(<"$installation/run/all-in-one-grpc.port")
  FTL_GRPC_OPERATOR_TOKEN=$(<"$installation/secrets/operator_token")
  export FTL_BASE_URL FTL_SAMPLE_ENDPOINT FTL_GRPC_ADDRESS FTL_GRPC_OPERATOR_TOKEN
}

# node_tests NAME AT_ONCE FOLDER [FIND...]: the files of Node's test runner there, where there are any, so many at a time.
node_tests() {
  local name=$1 at_once=$2 files
  shift 2
  mapfile -t files < <(find "$@" -name node_modules -prune -o \( -name '*.test.mjs' -o -name '*.spec.mjs' \) -print 2>/dev/null | sort)
  ((${#files[@]})) || return 0
  counted "$name" node_counts node --import ./tests/lib/ends.mjs --test --test-concurrency="$at_once" --test-reporter=tap "${files[@]}"
}

# Packages of npm that the tests of a folder need. Not `npm ci`: npm 11 refuses locks that name the optional packages of one
# platform only.
npm_packages() {
  if [[ -f $1/package.json && ! $1/node_modules/.package-lock.json -nt $1/package-lock.json ]]; then
    begin "npm packages of $1"
    (cd "$1" && npm install --no-save --no-audit --no-fund) >"$work/npm.log" 2>&1 || fail 69 "npm could not install them: $(tail -n 3 "$work/npm.log")"
    done_with 'installed'
  fi
}

suite_contract() {
  build_tree release "${programs[@]}" contract_tests
  npm_packages tests/contract
  npm_packages protos
  start_installation
  counted 'Smoke' own_counts node tests/smoke.mjs --url "$FTL_BASE_URL" --endpoint "$FTL_SAMPLE_ENDPOINT"
  labelled release contract
  node_tests 'Contract' "$side_by_side" tests/contract -maxdepth 1
  node_tests 'Contract, alone' 1 tests/contract/alone
  node_tests 'Security' 1 tests/security
}

suite_e2e() {
  build_tree release "${programs[@]}" e2e_tests
  npm_packages tests/e2e
  start_installation
  labelled release e2e
  node_tests 'Browser' 1 tests/e2e
}

suite_chaos() {
  build_tree release "${programs[@]}" chaos_tests
  npm_packages tests/chaos
  export FTL_BUILD_DIR=$checkout/build/release
  labelled release chaos
  node_tests 'Chaos' 1 tests/chaos
}

# Prometheus and promtool, unpacked and not installed: Debian's package would start a service. Tests that need them are
# skipped where the package cannot be had.
unpack_prometheus() {
  local folder=$work/prometheus
  if [[ $skip_install == true ]] || command -v promtool >/dev/null; then return 0; fi
  mkdir -p "$folder"
  if (cd "$folder" && apt-get download prometheus && dpkg --extract prometheus_*.deb .) >"$work/prometheus.log" 2>&1; then
    export PATH=$folder/usr/bin:$PATH
  else
    say "no Prometheus: $(tail -n 1 "$work/prometheus.log")"
  fi
}

suite_deploy() {
  build_tree release "${programs[@]}"
  npm_packages tests/deploy
  unpack_prometheus
  export FTL_BUILD_DIR=$checkout/build/release
  node_tests 'Scripts that run it' 1 deploy
  node_tests 'Deployment' 1 tests/deploy
}

suite_bench() {
  build_tree release all
  export FTL_BUILD_DIR=$checkout/build/release
  if [[ -x tests/bench/run ]]; then check_bench; fi
}

# The table is what a bench is for, so it is shown.
check_bench() {
  if tests/bench/run; then count 1 0; else count 0 1; fi
}

suite_smoke() {
  local arguments=(--url "$url") port
  if [[ -n $endpoint ]]; then
    arguments+=(--endpoint "$endpoint" --model "$model")
  else
    build_tree release finetunelab-sample-endpoint
    port=$(free_port)
    FTL_SAMPLE_ENDPOINT_LISTEN=127.0.0.1:$port build/release/bin/finetunelab-sample-endpoint 2>"$work/endpoint.log" &
    sample_endpoint=$!
    until accepts_connections 127.0.0.1 "$port"; do
      kill -0 "$sample_endpoint" 2>/dev/null || fail 70 "the sample endpoint ended: $(tail -n 3 "$work/endpoint.log")"
      sleep 0.05
    done
    arguments+=(--endpoint "http://127.0.0.1:$port/v1")
  fi
  node tests/smoke.mjs "${arguments[@]}" | tee "$work/smoke.log"
  read -r -a counts < <(own_counts <"$work/smoke.log")
  count "${counts[0]:-0}" "${counts[1]:-1}"
}

# end_of_tests: the last line is the counts, whatever ended the tests.
end_of_tests() {
  local status=$?
  trap - EXIT
  if [[ -n ${sample_endpoint:-} ]]; then kill "$sample_endpoint"; fi
  if [[ -n $installation ]]; then deploy/local/down --data "$installation"; fi
  if ((status == 0 && failed == 0)); then
    rm -rf "$work"
  else
    status=$((status ? status : 1))
    printf 'What the tests left: %s\n' "$work"
  fi
  printf '%d passed, %d failed\n' "$passed" "$failed"
  exit "$status"
}
