# The package for Rocky and Alma, with its scripts, in the clean root of `packages`: installed, upgraded and erased. Sourced by
# packages.sh. Rocky itself is not played: its files are not among Debian's packages, so dependencies are not resolved (--nodeps).
# shellcheck shell=bash disable=SC2154 # packages.sh and `run` set clean, packages, work, here and BINARIES.

rpm_builds() {
  local name
  for name in 1 2 again; do
    SOURCE_DATE_EPOCH=1700000000 "$here/../../packaging/build" --binaries "$BINARIES" --output "$packages/rpm-$name" \
      --revision "${name/again/1}" --quick rpm
  done
  cmp "$packages/rpm-1/SHA256SUMS" "$packages/rpm-again/SHA256SUMS"
  for name in 1 2; do cp "$packages/rpm-$name"/resolverd-0*.rpm "$clean/srv/resolverd-$name.rpm"; done
}

rpm_without_errors() { has ' 0 errors' rpmlint --config "$here/../../packaging/rpm/rpmlint.toml" "$packages"/rpm-1/*.rpm; }

# The rpm of Debian 12 asks to be told that it is on Debian; later ones do not know the option. A plugin of rpm 4.20 hides the network
# from scripts; Rocky 9 has rpm 4.16 without it.
rpm_in_clean() {
  local options=(--nodeps --noplugins)
  if clean rpm --help | grep -q force-debian; then options+=(--force-debian); fi
  clean rpm "${options[@]}" "$@"
}

rpm_taken() {
  local output
  clean systemctl start named.service
  soon held
  output=$(rpm_in_clean --install /srv/resolverd-1.rpm 2>&1)
  echo "$output"
  grep -q 'named (named.service) holds port 53' <<<"$output"
  grep -q 'resolverctl switch' <<<"$output"
  ! clean systemctl is-active resolverd.service resolverd.socket || return 1
  ! clean systemctl is-enabled resolverd.socket || return 1
  has '^resolverd:' clean getent passwd resolverd
  clean resolverd --check
  same_resolv
}

rpm_switches() {
  settled
  switches
  switches_back
  switches
}

# No query is lost, the changed file stays, and the cache is there afterwards.
rpm_upgrades() {
  local old
  has '198\.18\.77\.30' dig @127.0.0.1 +short kept.wild.domain.example A
  old=$(process)
  load
  rpm_in_clean --upgrade /srv/resolverd-2.rpm || { touch "$work/enough"; return 1; }
  loaded
  [ "$(process)" != "$old" ]
  has '-2\.el9$' clean rpm -q resolverd --qf '%{VERSION}-%{RELEASE}\n'
  has '198\.18\.77\.30' clean resolverctl cache kept.wild.domain.example
  clean cat /etc/resolverd/resolverd.toml | cmp - "$work/settled.toml"
}

# The resolver of before answers again, and the changed file is kept beside.
rpm_erases() {
  rpm_in_clean --erase resolverd
  soon held
  has '^active' clean systemctl is-active named.service
  has '^nameserver 198\.18\.0\.40' clean cat /etc/resolv.conf
  clean cat /etc/resolverd/resolverd.toml.rpmsave | cmp - "$work/settled.toml"
  hasnt resolverd clean find /etc/systemd
  ! clean test -e /var/lib/resolverctl || return 1
}

check "packages: the .rpm is built twice alike" rpm_builds
check "packages: rpmlint finds no error" rpm_without_errors
check "packages: the .rpm starts nothing while port 53 is taken" rpm_taken
check "packages: the .rpm: switch, back, and switch again" rpm_switches
check "packages: the .rpm: an upgrade under load loses no query and keeps the cache" rpm_upgrades
check "packages: the .rpm: erased, the resolver of before answers" rpm_erases
