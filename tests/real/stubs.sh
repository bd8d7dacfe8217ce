# Stub resolvers of other C libraries and languages than glibc: musl, Go, Java, dnspython, c-ares, and Node. Each reads lines of a kind
# and a name, and prints them with what it found: sorted addresses, exchanges, or the octets of the texts; or `not found`, `no data`,
# `try again`. Sourced by `run`.

stubs=$work/stubs

# What each must find: `longest` comes over TCP, `www.lame` fails.
stubs_wanted() {
  cat <<'END'
address domain.example 198.18.77.10 2001:2::77:10
address away.domain.example 198.18.77.20 2001:2::77:20
MX domain.example 10 mx.domain.example 20 mx2.domain.example
TXT long.domain.example 3000
TXT longest.domain.example 60000
PTR 198.18.77.77 client.sender.example
address nothing.domain.example not found
MX nothing.domain.example not found
MX www.lame.example try again
address 1.servfail.faulty.example try again
END
}

raise_stubs() {
  mkdir -p "$stubs"
  musl-gcc -static -O1 -o "$stubs/lookup" "$here/lookup.c"
  gccgo -o "$stubs/go" "$here/stubs/stub.go"
  javac -d "$stubs" "$here/stubs/Stub.java"
}

# stub_finds COMMAND...: it finds what is wanted, but for what sed's script $differences changes.
stub_finds() {
  forget
  diff <(stubs_wanted | sed -E "${differences-}") <(stubs_wanted | cut -d' ' -f1,2 | "$@")
}

check "stubs: programs are built" raise_stubs
for stub in dnspython.py cares.py; do
  check "stubs: ${stub%.py} finds what there is" stub_finds /usr/bin/python3 "$here/stubs/$stub"
done
check "stubs: Node finds what there is" stub_finds node "$here/stubs/node.js"
check "stubs: Go finds what there is" stub_finds env GODEBUG=netdns=go "$stubs/go"
# It writes out each part of an address.
differences='s/2001:2::/2001:2:0:0:0:0:/g'
check "stubs: Java finds what there is" stub_finds java -cp "$stubs" Stub
unset differences

# musl of Debian 12 knows no TCP: a long answer is cut off, and nothing fails.
musl_finds() {
  forget
  has '^OK 198\.18\.77\.10 2001:2::77:10 |^OK 2001:2::77:10 198\.18\.77\.10 ' "$stubs/lookup" address domain.example
  has '^OK client\.sender\.example ' "$stubs/lookup" reverse 198.18.77.77
  has '^NOERROR 2 records' "$stubs/lookup" query domain.example MX
  has '^HOST_NOT_FOUND' "$stubs/lookup" query nothing.domain.example MX
  has '^EAI_NONAME' "$stubs/lookup" address nothing.domain.example
  has '^EAI_AGAIN' "$stubs/lookup" address 1.servfail.faulty.example
  has '^NO_DATA' "$stubs/lookup" query long.domain.example TXT
}
check "stubs: musl finds what there is" musl_finds
