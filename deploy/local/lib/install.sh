# shellcheck shell=bash
# Installs the Debian packages of deploy/local/packages that are missing, asking nothing. Needs steps.sh, $checkout.

# A Node and npm of at least 18 may come from elsewhere; Debian's would conflict with them.
has_own_node() {
  local version
  command -v npm >/dev/null && version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  ((${version%%.*} >= 18))
}

debian_release() {
  local VERSION_ID=
  # shellcheck source=/dev/null
  if [[ -r /etc/os-release ]]; then . /etc/os-release; fi
  printf '%s' "${VERSION_ID:-unknown}"
}

# packages_for GROUP...: the packages of these groups, as this Debian names them.
packages_for() {
  local release group name newer_name
  release=$(debian_release)
  while read -r group name newer_name; do
    [[ " $* " == *" $group "* ]] || continue
    if [[ $name == nodejs || $name == npm ]] && has_own_node; then continue; fi
    if [[ $release == 13 && -n $newer_name ]]; then name=$newer_name; fi
    printf '%s\n' "$name"
  done < <(grep -v '^#' "$checkout/deploy/local/packages")
}

# missing_packages GROUP...: those of them that dpkg does not know as installed.
missing_packages() {
  local wanted installed name
  mapfile -t wanted < <(packages_for "$@")
  # shellcheck disable=SC2016  # the dollar belongs to dpkg-query
  installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null)
  for name in "${wanted[@]}"; do
    [[ $'\n'$installed$'\n' == *$'\n'"installed $name"$'\n'* ]] || printf '%s\n' "$name"
  done
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -qq \
    install --yes --no-install-recommends "$@"
}

# Debian starts a cluster of its own on port 5432 unless told not to before the server package comes.
install_without_default_cluster() {
  apt_install postgresql-common &&
    as_root sed -i 's/^#* *create_main_cluster *=.*/create_main_cluster = false/' \
      /etc/postgresql-common/createcluster.conf &&
    apt_install "$@"
}

# install_packages GROUP...
install_packages() {
  local missing log
  begin 'Packages'
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    fail 69 'this machine has no apt-get; only Debian 12 and 13 are set up by themselves.' \
      'Install what deploy/local/packages names by your own means, then add --skip-install.'
  fi
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    done_with 'all present'
    return
  fi
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    fail 77 "these packages are missing and only root may install them: ${missing[*]}" \
      "Run as root: apt-get install --no-install-recommends ${missing[*]}" \
      'then call this again.'
  fi
  say "installing ${#missing[@]}: ${missing[*]}"
  log=$(mktemp)
  if ! as_root apt-get -o DPkg::Lock::Timeout=600 -qq update >"$log" 2>&1 ||
    ! install_without_default_cluster "${missing[@]}" >>"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail 69 "apt-get could not install what is missing (all of its words: $log)." \
      'See that the machine reaches its package mirror and has disk space, then call this again.'
  fi
  rm -f "$log"
  done_with "${#missing[@]} installed"
}
