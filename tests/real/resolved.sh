# systemd-resolved, which forwards to resolverd and validates again what it gets. Sourced by `dnssec.sh`, on its signed internet.

. "$here/measure.sh"

# raise_resolved: it runs without a bus, in a gateway of its own.
raise_resolved() {
  local user='systemd-resolve:x:19996:19996::/nonexistent:/usr/sbin/nologin'
  gateway resolved 127.0.0.1
  mkdir -p "$work/resolved/etc/systemd" "$work/resolved/etc/dnssec-trust-anchors.d"
  grep -q '^systemd-resolve:' /etc/passwd || echo "$user" >>"$work/resolved/etc/passwd"
  grep -q '^systemd-resolve:' /etc/group || echo systemd-resolve:x:19996: >>"$work/resolved/etc/group"
  printf '[Resolve]\nDNS=127.0.0.1\nFallbackDNS=\nDNSSEC=yes\nLLMNR=no\nMulticastDNS=no\nDomains=~.\n' >"$work/resolved/etc/systemd/resolved.conf"
  sed -E 's/.*IN[[:space:]]+DS/. IN DS/; s/([0-9A-F]{32}) ([0-9A-F]+)$/\1\2/' "$signed/root.ds" >"$work/resolved/etc/dnssec-trust-anchors.d/root.positive"
  at resolved mkdir -p /run/systemd
  begin_at resolved resolved env LD_LIBRARY_PATH="$RESOLVED/usr/lib/x86_64-linux-gnu/systemd" "$RESOLVED/lib/systemd/systemd-resolved"
  soon has 'status: NOERROR' dig @127.0.0.53 +tries=1 +timeout=5 www.secure.org A
}

# Its answers are those of resolverd, and it validates them itself.
resolved_agrees() {
  local zone question ours theirs differing=0
  for zone in secure.org nsec.net ed.net plain.net spoilt.net expired.net; do
    for question in "www.$zone A" "$zone MX" "txt.$zone TXT" "nothing.$zone A" "www.$zone MX"; do
      ours=$(verdict 127.0.0.1 $question)
      theirs=$(verdict 127.0.0.53 $question)
      if [ "$ours" != "$theirs" ]; then
        echo "$question: resolverd $ours, systemd-resolved $theirs"
        differing=$((differing + 1))
      fi
    done
  done
  [ $differing -eq 0 ]
}
check "dnssec: systemd-resolved with DNSSEC=yes starts before resolverd" raise_resolved
check "dnssec: systemd-resolved has and validates the same answers" resolved_agrees
end resolved-resolved
end gateway-resolved
