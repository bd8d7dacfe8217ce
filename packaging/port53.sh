# Programs in the way of resolverd at port 53. packaging/build copies this into the scripts of both packages, so it is
# plain sh and uses only what a minimal system has.
# shellcheck shell=sh disable=SC3043,SC2013 # Every sh of these systems has `local`; the inodes are words.

# Lines "named (named.service) holds port 53" and "unbound.service is enabled": whatever is now, or after the next boot,
# at 127.0.0.1:53 or [::1]:53.
in_the_way() {
  local inode process name unit
  # A datagram socket has no state that matters; a stream socket in the way listens (0A).
  for inode in $(cat /proc/net/udp /proc/net/udp6 /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '
      $2 !~ /:0035$/ || ($4 != "07" && $4 != "0A") { next }
      { sub(/:0035$/, "", $2) }
      $2 ~ /^0*$/ || $2 == "0100007F" || $2 ~ /^0+01000000$/ || $2 ~ /^0+FFFF0000(0100007F|0+)$/ { print $10 }' | sort -un); do
    process=$(find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\[$inode\]" 2>/dev/null | sed -n '1s#^/proc/\([0-9]*\)/.*#\1#p')
    if [ -z "$process" ]; then
      echo "a program that this system does not show holds port 53"
      continue
    fi
    name=$(cat "/proc/$process/comm" 2>/dev/null) || name=$process
    unit=$(sed -n 's#^.*/\([^/]*\.service\).*#\1#p' "/proc/$process/cgroup" 2>/dev/null | head -n 1)
    echo "$name${unit:+ ($unit)} holds port 53"
  done | sort -u
  for unit in named bind9 named-chroot unbound dnsmasq kresd@1 kresd@2 kresd@3 kresd@4 knot-resolver pdns-recursor; do
    # Another name of an enabled unit is "alias".
    [ "$(systemctl is-enabled "$unit.service" 2>/dev/null)" != enabled ] || echo "$unit.service is enabled"
  done
}

# tell_how LINES: what stands in the way, and the command that puts resolverd in its place.
tell_how() {
  echo "resolverd is installed, but not started:"
  printf '%s\n' "$1" | sed 's/^/  /'
  echo "To see the steps of a switch to resolverd, which change nothing yet, run:"
  echo "  resolverctl switch"
}
