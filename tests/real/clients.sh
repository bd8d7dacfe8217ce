# glibc's resolver as Postfix, Exim and every other program here use it: getaddrinfo, getnameinfo and res_query with
# /etc/resolv.conf alone. Sourced by `run`.

lookup() { "$work/lookup" "$@"; }

# milliseconds LINE...: the number before " ms" in the last line given.
milliseconds() { sed -nE '$s/.* ([0-9]+) ms$/\1/p' <<<"$1"; }

found() {
  has '^OK 198\.18\.77\.10 2001:2::77:10 |^OK 2001:2::77:10 198\.18\.77\.10 ' lookup address domain.example
  has '^OK client\.sender\.example ' lookup reverse 198.18.77.77
  has '^EAI_NONAME' lookup address nothing.domain.example
  has '^EAI_NONAME' lookup reverse 198.18.77.250
  has '^EAI_NODATA' lookup address _dmarc.domain.example
  has '^198\.18\.77\.20 +STREAM' getent ahosts away.domain.example
  has '2001:2::77:10' getent ahostsv6 domain.example
  has 'client\.sender\.example' getent hosts 198.18.77.77
  has '^NOERROR 2 records' lookup query domain.example MX
  has '^HOST_NOT_FOUND' lookup query nothing.domain.example MX
  has '^NO_DATA' lookup query mx.domain.example MX
}
check "clients: glibc finds what there is, and not what there is not" found

long() {
  has '^NOERROR 12 records' lookup query many.partner.example MX
  has '^NOERROR 1 records, 3[0-9]{3} octets' lookup query long.domain.example TXT
  has '^NOERROR 1 records, 6[0-9]{4} octets' lookup query longest.domain.example TXT
}
check "clients: res_query gets long answers over TCP" long

# Postfix bounces mail on NO_RECOVERY, which is FORMERR, or REFUSED over TCP. An upstream's fault must be TRY_AGAIN.
soft() {
  local fault
  for fault in refused servfail formerr notimp garbage tcp-refused tcp-formerr tcp-closed; do
    has '^TRY_AGAIN' lookup query "1.$fault.faulty.example" A
    has '^TRY_AGAIN' env RES_OPTIONS=use-vc "$work/lookup" query "2.$fault.faulty.example" A
    has '^EAI_AGAIN' lookup address "3.$fault.faulty.example"
  done
  has '^TRY_AGAIN' env RES_OPTIONS=use-vc "$work/lookup" query www.lame.example MX
}
check "clients: a server's fault is never a permanent error" soft

# Our own refusals over TCP would be permanent errors too: no name may cause one.
strange() {
  local name
  for name in localhost test.test a.invalid x.onion 1.0.0.127.in-addr.arpa 1.1.168.192.in-addr.arpa; do
    hasnt '^NO_RECOVERY' env RES_OPTIONS=use-vc "$work/lookup" query "$name" A
    hasnt '^NO_RECOVERY' env RES_OPTIONS=use-vc "$work/lookup" query "$name" MX
  done
}
check "clients: no name makes a permanent error" strange

silent() {
  local lines
  lines=$(lookup query 1.drop.faulty.example A 3)
  echo "$lines"
  [ "$(grep -c '^TRY_AGAIN' <<<"$lines")" -eq 3 ]
  # glibc alone would need 10 s each time. The first waits for the deadline, and once more for what is left of the
  # flight; when that has ended, failure is remembered.
  at_most 10100 "$(milliseconds "$(head -n 1 <<<"$lines")")" "ms of the first"
  at_most 50 "$(milliseconds "$(tail -n 1 <<<"$lines")")" "ms of the third"
}
check "clients: what nobody answers fails in time and stays failed" silent

# The deadline is 4 s. glibc repeats on SERVFAIL at once, the repeat joins the flight, and has the answer.
slow() {
  local line
  line=$(lookup query 1.late-5000.faulty.example A)
  echo "$line"
  grep -q '^NOERROR' <<<"$line"
  at_most 5500 "$(milliseconds "$line")" "ms until the answer"
  line=$(lookup query 1.late-5000.faulty.example A)
  echo "$line"
  grep -q '^NOERROR' <<<"$line"
  at_most 50 "$(milliseconds "$line")" "ms from the cache"
}
check "clients: a server that takes 5 s is waited for by glibc's own repeat" slow

apart() {
  local lines
  lines=$(lookup pair 1.drop-aaaa.faulty.example)
  echo "$lines"
  grep -qE '^A rcode 0 ' <<<"$lines"
  grep -qE '^AAAA rcode 2 ' <<<"$lines"
  at_most 500 "$(milliseconds "$(grep '^A ' <<<"$lines")")" "ms of A"
  at_most 4500 "$(milliseconds "$(grep '^AAAA ' <<<"$lines")")" "ms of AAAA"
}
check "clients: A never waits for AAAA" apart

# Without resolverd getaddrinfo takes 15 s for this.
half() {
  local line
  line=$(lookup address 2.drop-aaaa.faulty.example)
  echo "$line"
  grep -q '^OK 198\.18\.77\.5 ' <<<"$line"
  at_most 5000 "$(milliseconds "$line")" "ms"
  line=$(lookup address 1.late-aaaa-1000.faulty.example)
  echo "$line"
  grep -q '2001:2::77:5' <<<"$line"
  at_most 1500 "$(milliseconds "$line")" "ms"
}
check "clients: getaddrinfo with a silent or slow AAAA" half

many_at_once() {
  local number line pids=()
  for ((number = 0; number < 40; number++)); do
    lookup address "$number.many.wild.domain.example" >"$work/many.$number" &
    pids+=($!)
  done
  wait "${pids[@]}"
  cat "$work"/many.*
  [ "$(cat "$work"/many.* | grep -c '^OK 198\.18\.77\.30 ')" -eq 40 ]
}
check "clients: forty programs at once" many_at_once
