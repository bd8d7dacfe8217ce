# The units under a systemd of their own: PID 1 of namespaces of its own, below a control group that `run` takes away
# again. It has the network of these tests. Sourced by `run`.

# The control group of this systemd, below our own group in the unified hierarchy.
own_group() {
  local mounted
  mounted=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)
  [ -n "$mounted" ] && echo "$mounted$(sed -n 's/^0:://p' /proc/self/cgroup)/$GROUP"
}

# The units that ours depend on. This systemd knows no others, so it starts nothing else.
LEANED_ON="systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket system.slice -.slice \
  nss-lookup.target network.target sockets.target shutdown.target umount.target"

# PID 1. It sees the files of the machine and may write none of them: /etc is a copy, other written paths are its own.
boot() {
  echo 0 >"$(own_group)/cgroup.procs"
  exec unshare --cgroup --mount --pid --uts --ipc --fork --kill-child bash -euc '
    copy=$work/booted
    mkdir -p "$copy/etc"
    cp -a /etc/. "$copy/etc"
    rm -rf "$copy/etc/systemd"
    mkdir -p "$copy/etc/systemd/system" "$copy/etc/resolverd"
    for unit in $1; do
      if [ -e "/lib/systemd/system/$unit" ]; then cp "/lib/systemd/system/$unit" "$copy/etc/systemd/system"; fi
    done
    for unit in sysinit basic stage; do printf "[Unit]\nDescription=$unit\n" >"$copy/etc/systemd/system/$unit.target"; done
    printf "Requires=systemd-journald.service\nAfter=systemd-journald.service\n" >>"$copy/etc/systemd/system/stage.target"
    cp "$2"/systemd/resolverd*.service "$2/systemd/resolverd.socket" "$copy/etc/systemd/system"
    cp -r "$work/zones" "$copy/etc/resolverd"
    echo 01234567890123456789012345678901 >"$copy/etc/machine-id"
    systemd-sysusers --root="$copy" "$2/systemd/sysusers.d/resolverd.conf"

    mkdir "$copy/dev" "$copy/dev/pts" "$copy/dev/shm"
    for node in null zero full random urandom tty; do
      touch "$copy/dev/$node"
      mount --bind "/dev/$node" "$copy/dev/$node"
    done
    ln -s pts/ptmx "$copy/dev/ptmx"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$copy/dev/pts"
    mount --rbind "$copy/dev" /dev
    mount -t proc proc /proc
    mount --bind "$BINARIES" /usr/local/sbin
    mount --bind "$copy/etc" /etc
    umount --recursive /sys/fs/cgroup
    # Deepest first, as what lies above hides what lies below.
    findmnt --noheadings --raw --output TARGET | sort -r | while read -r place; do
      case $place in
        /dev | /dev/* | "$copy"/* | /proc | /proc/*) ;;
        /etc) ;;
        # A mount that refuses this, such as a network namespace, is no place for files.
        *) mount -o remount,bind,ro "$place" 2>/dev/null || true ;;
      esac
    done
    for place in / /usr /var /var/lib /tmp /sys; do
      if touch "$place/resolverd-test" 2>/dev/null; then
        echo "$place can be written to"
        exit 1
      fi
    done
    mount --bind /proc/sys /proc/sys
    mount -o remount,bind,ro /proc/sys
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    for place in /run /tmp /var/tmp /var/log /var/lib /dev/shm; do mount -t tmpfs -o mode=755 tmpfs "$place"; done
    chmod 1777 /tmp /var/tmp /dev/shm
    export container=stage SYSTEMD_UNIT_PATH=/etc/systemd/system
    exec ${FIRST:-/lib/systemd/systemd --unit=stage.target --show-status=no}
  ' bash "$LEANED_ON" "$here/../.."
}

# Its PID 1, as seen from here.
first() { pgrep -P "$(pid systemd)"; }

# booted COMMAND...: runs it there. The folder of our programs may be one that is hidden there, such as one below /tmp.
booted() { nsenter -t "$(first)" --mount --pid --uts --ipc --cgroup -- env PATH="/usr/local/sbin:$PATH" "$@"; }

# settle_in TEXT: the daemon's file there, with TEXT at its end; the socket is the usual one.
settle_in() {
  configure "${1-}"
  sed "/^\[control\]/,+1d; s#$work/#/etc/resolverd/#" "$work/resolverd.toml" >"$work/unit.toml"
  booted tee /etc/resolverd/resolverd.toml <"$work/unit.toml" >/dev/null
}

starts() {
  begin systemd boot
  soon booted systemctl is-active stage.target
  settle_in
  booted systemctl start resolverd.socket resolverd.service || { booted systemctl status --no-pager --full resolverd.service; booted journalctl --no-pager; return 1; }
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  has '^listens at 127\.0\.0\.1:53' booted systemctl show -p StatusText --value resolverd
  has '^resolverd$' booted ps -o user= -C resolverd
  has 'is healthy' booted resolverctl status
}

journal() {
  # The journal stores an entry a moment after the daemon has sent it.
  soon has 'LISTEN=127\.0\.0\.1:53' booted journalctl -o verbose --no-pager -t resolverd
  has 'resolverd .* listens at' booted journalctl -o cat --no-pager _SYSTEMD_UNIT=resolverd.service LISTEN="$(listened)"
}

listened() { booted journalctl -o json --no-pager -t resolverd | sed -nE 's/.*"LISTEN":"([^"]*)".*/\1/p' | head -n 1; }

reload_by_unit() {
  settle_in '[[host]]
name = "printer.lan"
addresses = ["10.0.0.9"]'
  booted systemctl reload resolverd
  has '10\.0\.0\.9' dig @127.0.0.1 +short printer.lan A
  settle_in '[[host]]
name = "printer.lan"
adresses = ["10.0.0.10"]'
  ! booted systemctl reload resolverd || { echo "a wrong file was taken"; return 1; }
  has '10\.0\.0\.9' dig @127.0.0.1 +short printer.lan A
  has '^active' booted systemctl is-active resolverd
  soon has 'adresses' booted journalctl -o cat --no-pager RELOAD=refused
  settle_in
  booted systemctl reload resolverd
}

# Restarts the daemon; without a reset systemd would stop after this many starts.
anew() { booted systemctl reset-failed resolverd && booted systemctl restart resolverd; }

# systemd holds the ports: queries meanwhile wait, and are answered.
restart_by_unit() {
  local number
  load
  for ((number = 0; number < 10; number++)); do
    anew || { touch "$work/enough"; return 1; }
  done
  loaded
}

# A daemon that hangs is noticed, ended and restarted; queries wait for the new one.
watchdog() {
  local old new
  booted mkdir -p /etc/systemd/system/resolverd.service.d
  printf '[Service]\nWatchdogSec=1s\nTimeoutAbortSec=200ms\n' |
    booted tee /etc/systemd/system/resolverd.service.d/watchdog.conf >/dev/null
  booted systemctl daemon-reload
  anew
  old=$(booted systemctl show -p MainPID --value resolverd)
  booted kill -STOP "$old"
  has '198\.18\.77\.30' dig @127.0.0.1 +tries=1 +timeout=10 +short 1.watchdog.wild.domain.example A
  new=$(booted systemctl show -p MainPID --value resolverd)
  echo "figure: $(booted systemctl show -p NRestarts resolverd)"
  [ "$old" != "$new" ]
  soon has 'Watchdog timeout' booted journalctl -o cat --no-pager UNIT=resolverd.service
}

# An instance next to the first, with its own file, address, control socket and state.
second_instance() {
  sed 's/^addresses = .*/addresses = ["127.0.0.2:53"]/; s#127\.0\.0\.1:53#127.0.0.2:53#' "$work/unit.toml" >"$work/second.toml"
  printf '[control]\nsocket = "/run/resolverd-second/control.sock"\n' >>"$work/second.toml"
  booted tee /etc/resolverd/second.toml <"$work/second.toml" >/dev/null
  booted systemctl start resolverd@second || { booted journalctl --no-pager -u resolverd@second; return 1; }
  has '198\.18\.77\.10' dig @127.0.0.2 +short domain.example A
  has 'is healthy' booted resolverctl --socket /run/resolverd-second/control.sock status
  booted systemctl reload resolverd@second
  has '^active' booted systemctl is-active resolverd
  booted test -d /var/lib/resolverd-second
  booted systemctl stop resolverd@second
}

# The ports stay with systemd; a question starts the daemon.
by_question() {
  booted systemctl stop resolverd.service
  booted systemctl reset-failed resolverd
  has '198\.18\.77\.10' dig @127.0.0.1 +tries=1 +timeout=10 +short domain.example A
  has '^active' booted systemctl is-active resolverd
  booted systemctl stop resolverd.socket resolverd.service
}

end resolverd
if mkdir "$(own_group)" 2>/dev/null; then
  check "systemd: the units start, as their own user" starts
  check "systemd: the journal has fields" journal
  check "systemd: reload, by a right and a wrong file" reload_by_unit
  check "systemd: ten restarts under load" restart_by_unit
  check "systemd: a second instance by the template" second_instance
  check "systemd: the watchdog ends what hangs" watchdog
  check "systemd: a question starts it" by_question
  if first >/dev/null; then kill -KILL "$(first)"; fi
else
  echo "not run: systemd needs a control group that may be written to"
fi
begin resolverd resolverd --config "$work/resolverd.toml"
