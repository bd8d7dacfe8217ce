# The package for Debian in a clean Debian 12, Debian 13 or Ubuntu 24.04, with a systemd of its own: installed, upgraded, removed and purged. Sourced
# by `run`, which has made the clean root with mmdebstrap. Not played here: AppArmor in force, which needs another kernel.
# shellcheck shell=bash disable=SC2016,SC2153,SC2154 # `run` sets work, here, BINARIES and GROUP.

clean=$work/clean
packages=$work/packages

# PID 1 of the clean root, with the network of these tests. It starts its journal and what the checks ask for: the units of
# Debian that set up a machine (sysctl, devices, file systems) would change this one.
boot_clean() {
  echo 0 >"$group/cgroup.procs"
  exec unshare --cgroup --mount --pid --uts --ipc --fork --kill-child bash -euc '
    clean=$1
    mount --bind "$clean" "$clean"
    rm -rf "$clean"/usr/lib/systemd/system/*.wants "$clean"/etc/systemd/system/*.wants "$clean"/usr/lib/systemd/system-generators
    for unit in sysinit basic stage; do printf "[Unit]\nDescription=$unit\n" >"$clean/etc/systemd/system/$unit.target"; done
    printf "Requires=systemd-journald.service\nAfter=systemd-journald.service\n" >>"$clean/etc/systemd/system/stage.target"
    echo 01234567890123456789012345678901 >"$clean/etc/machine-id"
    mount -t proc proc "$clean/proc"
    mount --bind "$clean/proc/sys" "$clean/proc/sys"
    mount -o remount,bind,ro "$clean/proc/sys"
    mount -t sysfs -o ro sysfs "$clean/sys"
    mount -t cgroup2 cgroup2 "$clean/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$clean/run"
    mount -t tmpfs -o mode=755 tmpfs "$clean/dev"
    mkdir "$clean/dev/pts" "$clean/dev/shm"
    for node in null zero full random urandom tty; do
      touch "$clean/dev/$node"
      mount --bind "/dev/$node" "$clean/dev/$node"
    done
    ln -s /proc/self/fd "$clean/dev/fd"
    ln -s pts/ptmx "$clean/dev/ptmx"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$clean/dev/pts"
    cd "$clean"
    pivot_root . mnt
    umount -l /mnt
    export container=stage
    exec /lib/systemd/systemd --unit=stage.target --show-status=no
  ' bash "$clean"
}

first_clean() { pgrep -P "$(pid clean)"; }

# clean COMMAND...: runs it there.
clean() { nsenter -t "$(first_clean)" --mount --pid --uts --ipc --cgroup --root --wd -- env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

# debian_package NAME: into $packages/NAME.
debian_package() {
  SOURCE_DATE_EPOCH=1700000000 "$here/../../packaging/build" --binaries "$BINARIES" --output "$packages/$1" --quick deb
}

# Its name in the clean root.
built() { cp "$packages/$1"/resolverd_*.deb "$clean/srv/resolverd-$1.deb" && echo "/srv/resolverd-$1.deb"; }

builds() {
  local first second
  mkdir -p "$packages"
  debian_package 1 &
  first=$!
  debian_package again &
  second=$!
  wait $first
  wait $second
  cmp "$packages/1/SHA256SUMS" "$packages/again/SHA256SUMS"
  (cd "$packages/1" && sha256sum --check --quiet SHA256SUMS)
  # The next revision, with the same files.
  dpkg-deb --raw-extract "$packages"/1/resolverd_*.deb "$packages/next"
  sed -i 's/^\(Version: .*\)-1$/\1-2/' "$packages/next/DEBIAN/control"
  mkdir "$packages/2"
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$packages/next" "$packages/2" >/dev/null
  echo "figure: $(cd "$packages/1" && stat -c '%n %s octets' ./*.deb | tr '\n' ' ')"
}

# Each crate of the packages with its version and licence, those of others with their sum, and none that only tests have.
# cargo-cyclonedx also lists a few crates of features that are off.
materials() {
  cmp "$MATERIALS/first/SHA256SUMS" "$MATERIALS/again/SHA256SUMS"
  (cd "$MATERIALS/first" && sha256sum --check --quiet SHA256SUMS)
  python3 - "$MATERIALS"/first/resolverd-*.cdx.json "$MATERIALS/crates" <<'END'
import json, sys
text = open(sys.argv[1]).read()
materials = json.loads(text)
assert (materials["bomFormat"], materials["specVersion"]) == ("CycloneDX", "1.5")
listed = {(crate["name"], crate["version"]) for crate in materials["components"]}
# "serde v1.0.1 (proc-macro) (*)"; the first is resolverd itself.
lines = [line.split() for line in open(sys.argv[2]) if line.strip()]
linked = {(line[0], line[1].removeprefix("v")) for line in lines[1:]}
assert linked <= listed and len(listed) < len(linked) + 20, linked ^ listed
assert "proptest" not in dict(listed)
without = [crate["name"] for crate in materials["components"] if not crate.get("licenses") or not (crate.get("hashes") or crate["bom-ref"].startswith("path+"))]
assert not without, without
assert materials["metadata"]["component"]["name"] == "resolverd"
print(f"figure: {len(listed)} crates")
END
  ! grep -F "$(cd "$here/../.." && pwd)" "$MATERIALS"/first/*.json || return 1
}

# Rocky 9 has the oldest glibc of the systems that the packages are for: 2.34. Debian 12 has 2.36, Ubuntu 24.04 2.39.
old_glibc() {
  local newest program
  for program in usr/sbin/resolverd usr/bin/resolverctl; do
    newest=$(readelf --wide --dyn-syms "$packages/next/$program" | grep -o 'GLIBC_[0-9.]*' | sort --version-sort | tail -n 1)
    echo "$program: $newest"
    [ "$(printf 'GLIBC_2.34\n%s\n' "$newest" | sort --version-sort | tail -n 1)" = GLIBC_2.34 ]
  done
  dpkg-deb --field "$packages"/1/resolverd_*.deb Depends | grep -E '^libc6 \(>= 2\.(3[0-4]|[12][0-9])\), '
}

without_errors() { lintian --allow-root --fail-on error "$packages"/1/*.deb; }

profile_parses() { apparmor_parser --skip-kernel-load --skip-cache "$here/../../packaging/deb/apparmor"; }

# All files but those that a package manager and a journal write.
files() {
  clean find / -xdev \( -path /var/lib/dpkg -o -path /var/log -o -path /var/cache -o -path /tmp -o -path /var/tmp -o -path /srv \
    -o -path /var/lib/systemd -o -name '__pycache__' \) -prune -o -printf '%p %y %m %U %l\n' | sort
}

boots() {
  begin clean boot_clean
  soon clean systemctl is-active stage.target
  printf 'nameserver 198.18.0.40\n' | clean tee /etc/resolv.conf >/dev/null
  # A resolver in place, as the port and `ps` show it.
  cp "$clean/usr/bin/perl" "$clean/usr/local/sbin/named"
  clean tee /etc/systemd/system/named.service >/dev/null <<'END'
[Service]
ExecStart=/usr/local/sbin/named -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 17); bind(S, sockaddr_in(53, INADDR_ANY)) or die; sleep'
[Install]
WantedBy=multi-user.target
END
  clean systemctl daemon-reload
  clean systemctl enable --now named.service
  # bind(2) comes a moment after the start of the unit.
  soon held
  files >"$work/files.before"
  clean cat /etc/resolv.conf >"$work/resolv.before"
}

held() { grep -q ':0035' /proc/net/udp; }

same_resolv() { clean cat /etc/resolv.conf | cmp - "$work/resolv.before"; }

taken() {
  local package output
  package=$(built 1)
  output=$(clean dpkg -i "$package" 2>&1)
  echo "$output"
  grep -q 'named (named.service) holds port 53' <<<"$output"
  grep -q 'resolverctl switch' <<<"$output"
  ! clean systemctl is-active resolverd.service resolverd.socket || return 1
  ! clean systemctl is-enabled resolverd.service || return 1
  ! clean systemctl is-enabled resolverd.socket || return 1
  has '^active' clean systemctl is-active named.service
  same_resolv
}

stopped_but_enabled() {
  local output
  clean systemctl stop named.service
  clean dpkg --purge resolverd
  output=$(clean dpkg -i /srv/resolverd-1.deb 2>&1)
  echo "$output"
  grep -q 'named.service is enabled' <<<"$output"
  ! clean systemctl is-enabled resolverd.socket || return 1
}

complete() {
  has '^resolverd:.*:/var/lib/resolverd:' clean getent passwd resolverd
  clean resolverd --check
  clean test -s /usr/share/bash-completion/completions/resolverctl -a -s /usr/share/man/man8/resolverd.8.gz \
    -a -s /etc/apparmor.d/local/resolverd
  hasnt 'symtab|debug_info' readelf --section-headers --wide "$clean/usr/sbin/resolverd"
}

# switch OPTION...: the command, with a root server and names of this internet.
switch() { clean resolverctl switch --root-server 198.18.0.1:53 "$@"; }

# named holds the port at all addresses.
asks_here() { switch --stop-shared --ask domain.example --ask mx.domain.example "$@"; }

# All that an operator's host has: files and their content. resolverd's own state stays with the package. Postfix writes the ids of its
# processes.
whole() {
  files | grep -vE '^/var/lib/resolverd|^/var/spool/postfix/pid/'
  clean find /etc /var/spool -type f ! -path '/etc/resolverd/*' ! -path '/var/spool/postfix/pid/*' -exec md5sum {} + | sort
  clean systemctl is-enabled named.service resolverd.socket resolverd.service || true
  clean systemctl is-active named.service resolverd.socket resolverd.service || true
}

# mailed WORD: a message from a client in the internet, through Postfix in its chroot, to the MX of its recipient.
mailed() {
  has '^accepted' internet /usr/bin/python3 "$here/send.py" 198.18.77.77 198.18.100.25 someone@sender.example "$1@partner.example"
  soon clean grep -q "to=<$1@partner\.example>, relay=mail\.partner\.example\[198\.18\.25\.1\]:25,.*status=sent" /var/log/mail.log ||
    { clean tail -n 15 /var/log/mail.log; return 1; }
  has 'connect from client\.sender\.example\[198\.18\.77\.77\]' clean cat /var/log/mail.log
  soon has 'Mail queue is empty' clean postqueue -p
}

# The resolver of before, on another host.
raise_before() {
  unbound_server >"$work/before.conf"
  printf '  interface: 198.18.0.40@53\n  access-control: 198.18.0.0/16 allow\nremote-control:\n  control-enable: no\n' >>"$work/before.conf"
  begin before internet unbound -d -c "$work/before.conf"
  soon has 198.18.77.10 dig @198.18.0.40 +tries=1 +timeout=2 +short domain.example
}

# Postfix of the suite, in its chroot. Its mail goes before the switch, by the resolver of before.
raise_mail() {
  local file
  raise_before
  clean sed -i -E 's/^(smtp +(inet|unix) +[^ ]+ +[^ ]+ +)[^ ]+/\1y/' /etc/postfix/master.cf
  clean tee /etc/postfix/main.cf >/dev/null <<'END'
compatibility_level = 3.6
myhostname = mx.domain.example
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 198.18.100.25
inet_protocols = ipv4
relay_domains = partner.example
smtpd_sender_restrictions = reject_unknown_sender_domain
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
maillog_file = /var/log/mail.log
END
  clean mkdir -p /var/spool/postfix/etc
  for file in hosts nsswitch.conf services resolv.conf; do clean cp "/etc/$file" "/var/spool/postfix/etc/$file"; done
  begin sink internet smtp-sink -u postfix -h mail.partner.example 198.18.25.1:25 100
  # The generator that joins the two units of Debian 12 does not run here. Debian 13 has one.
  clean systemctl start postfix@-.service postfix.service || clean systemctl start postfix.service
  soon has '^220' timeout 2 bash -c 'read -r line <>/dev/tcp/198.18.100.25/25; echo "$line"'
  mailed before
}

# A gateway: Postfix's chroot, and cloud-init, which writes resolv.conf at each boot.
settled() {
  clean systemctl start named.service
  soon held
  cp -r "$work/zones" "$clean/srv/zones"
  configure
  sed "/^\[control\]/,+1d; s#$work/#/srv/#" "$work/resolverd.toml" | clean tee /etc/resolverd/resolverd.toml >/dev/null
  clean cat /etc/resolverd/resolverd.toml >"$work/settled.toml"
  clean mkdir -p /etc/cloud
  printf 'manage_resolv_conf: true\n' | clean tee /etc/cloud/cloud.cfg >/dev/null
  raise_mail
  whole >"$work/whole.before"
}

plans() {
  settled
  has 'stop named.service' asks_here
  has 'disable named.service' asks_here
  has 'write /var/spool/postfix/etc/resolv.conf' asks_here
  whole | diff "$work/whole.before" -
}

# A mail's questions: by the C library in the root and in the chroot, and by a program that asks by itself.
switches() {
  asks_here --yes || { clean journalctl --no-pager | tail -n 30; return 1; }
  has '^nameserver 127\.0\.0\.1' clean cat /etc/resolv.conf
  has '^nameserver 127\.0\.0\.1' clean cat /var/spool/postfix/etc/resolv.conf
  has '^inactive' clean systemctl is-active named.service
  has '^198\.18\.' clean getent ahostsv4 mx.domain.example
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  has 'mx\.domain\.example' dig @127.0.0.1 +short domain.example MX
  has '^resolverd$' clean stat -c %U /run/resolverd/control.sock
  has '^600 root' clean stat -c '%a %U' /var/lib/resolverctl/switch.json
  has 'is healthy' clean resolverctl status
  mailed "after$RANDOM"
}

# Each lookup of the mail goes through resolverd: of its client, its sender and its recipient. Later they are in the cache.
switches_first() {
  switches
  has '^77\.77\.18\.198\.in-addr\.arpa|^18\.198\.in-addr\.arpa|^198\.in-addr\.arpa|^in-addr\.arpa' clean resolverctl stats --since start --by zone
  has '^sender\.example' clean resolverctl stats --since start --by zone
  has '^partner\.example' clean resolverctl stats --since start --by zone
}

switches_back() {
  has 'All is as before' switch --back
  soon held
  whole | diff "$work/whole.before" -
  mailed back
  whole | diff "$work/whole.before" -
}

# Names that no server knows: the switch ends where it began.
switch_fails() {
  has 'All is as before' switch --stop-shared --yes --ask missing.domain.example
  soon held
  whole | diff "$work/whole.before" -
}

process() { clean systemctl show -p MainPID --value resolverd; }

# A local change stays, no query is lost, and the cache is there afterwards.
upgrades() {
  local old package
  package=$(built 2)
  has '198\.18\.77\.30' dig @127.0.0.1 +short kept.wild.domain.example A
  old=$(process)
  load
  clean dpkg -i --force-confold "$package" || { touch "$work/enough"; return 1; }
  loaded
  [ "$(process)" != "$old" ]
  has '-2$' clean dpkg-query -W -f '${Version}\n' resolverd
  has '198\.18\.77\.30' clean resolverctl cache kept.wild.domain.example
  clean cat /etc/resolverd/resolverd.toml | cmp - "$work/settled.toml"
  has '^nameserver 127\.0\.0\.1' clean cat /etc/resolv.conf
}

# A version that does not accept the file would stop all mail.
upgrade_with_wrong_file() {
  local old output
  old=$(process)
  printf '[resolve]\nwrong = 1\n' | clean tee /etc/resolverd/resolverd.toml >/dev/null
  output=$(clean dpkg -i --force-confold /srv/resolverd-1.deb 2>&1)
  echo "$output"
  grep -q 'goes on in its old version' <<<"$output"
  grep -q 'wrong' <<<"$output"
  [ "$(process)" = "$old" ]
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  clean tee /etc/resolverd/resolverd.toml <"$work/settled.toml" >/dev/null
}

# resolv.conf was changed since and still names resolverd, and the resolver of before has gone: the package stays, and answers.
removal_is_refused() {
  local output
  clean cp /etc/resolv.conf /etc/resolv.conf.kept
  printf 'nameserver 127.0.0.1\nsearch changed.example\n' | clean tee /etc/resolv.conf >/dev/null
  clean mv /etc/systemd/system/named.service /etc/named.service.kept
  clean systemctl daemon-reload
  ! output=$(clean dpkg --remove resolverd 2>&1) || return 1
  echo "$output"
  grep -q 'so that this host keeps a resolver' <<<"$output"
  has '^active' clean systemctl is-active resolverd.service
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  clean cp /etc/resolv.conf.kept /etc/resolv.conf
  clean rm /etc/resolv.conf.kept
  clean mv /etc/named.service.kept /etc/systemd/system/named.service
  clean systemctl daemon-reload
}

# The resolver of before answers again.
removes() {
  clean dpkg --remove resolverd
  clean cat /etc/resolverd/resolverd.toml | cmp - "$work/settled.toml"
  clean test -s /var/lib/resolverd/cache.snapshot
  hasnt resolverd clean find /etc/systemd
  soon held
  has '^active' clean systemctl is-active named.service
  has '^enabled' clean systemctl is-enabled named.service
  has '^nameserver 198\.18\.0\.40' clean cat /etc/resolv.conf
  ! clean test -e /var/lib/resolverctl || return 1
}

# Nothing else holds the port: the package starts the daemon, with the file and the cache of before.
installs_again() {
  clean systemctl disable --now named.service
  clean dpkg -i --force-confold /srv/resolverd-2.deb
  has '^enabled' clean systemctl is-enabled resolverd.socket
  has '198\.18\.77\.30' clean resolverctl cache kept.wild.domain.example
  same_resolv
}

purges() {
  clean dpkg --purge resolverd
  ! held || return 1
  ! clean test -e /var/lib/resolverd || return 1
  ! clean test -e /etc/resolverd || return 1
  same_resolv
  clean systemctl enable named.service
  clean systemctl stop postfix.service
  end sink
  end before
  clean rm -r /etc/cloud
  files >"$work/files.after"
  # The user stays. Postfix has made files of its own.
  diff <(grep -vE '^/etc/(passwd|group|g?shadow)-? |^/(etc|var/lib|var/spool)/postfix/' "$work/files.before") \
    <(grep -vE '^/etc/(passwd|group|g?shadow)-? |^/(etc|var/lib|var/spool)/postfix/' "$work/files.after")
}

end resolverd
check "packages: built twice alike" builds
check "packages: the programs run with the glibc of Rocky 9" old_glibc
check "packages: the bill of materials names each crate" materials
check "packages: lintian finds no error" without_errors
check "packages: the AppArmor profile parses" profile_parses
group=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)$(sed -n 's/^0:://p' /proc/self/cgroup)/$GROUP-clean
if mkdir "$group" 2>/dev/null; then
  mkdir -p "$clean"
  tar -C "$clean" -xf "$CLEAN_ROOT"
  check "packages: a clean Debian boots" boots
  check "packages: with port 53 taken nothing starts, and the holder is named" taken
  check "packages: a resolver that starts at the next boot is named" stopped_but_enabled
  check "packages: the files, the user and the configuration" complete
  check "packages: switch shows its steps, and changes nothing" plans
  check "packages: switch, and mail goes in and out through it" switches_first
  check "packages: switch --back restores every file and service, and mail goes on" switches_back
  check "packages: a switch whose names cannot be resolved undoes itself" switch_fails
  check "packages: switch again" switches
  check "packages: an upgrade under load loses no query and keeps the cache" upgrades
  check "packages: an upgrade with a wrong file keeps the old version running" upgrade_with_wrong_file
  check "packages: remove is refused while nothing else would answer" removal_is_refused
  check "packages: remove" removes
  check "packages: install again" installs_again
  check "packages: purge" purges
  # shellcheck source=tests/real/rpm.sh
  . "$here/rpm.sh"
  if first_clean >/dev/null; then kill -KILL "$(first_clean)"; fi
else
  echo "not run: packages needs a control group that may be written to"
fi
begin resolverd resolverd --config "$work/resolverd.toml"
