# Published configurations of mail gateways: the resolver they were written for runs with each of them, resolverd with the
# imported one, and both answer the same 300 questions. Sourced by `run`.
#
# Of each file only that is changed what ties it to its own host and internet: users, paths, addresses to listen at, the
# anchors of the root, the lists and servers that this internet has not, and the addresses of forwarders, which are an Unbound of
# this internet. This internet is not signed, so the files have no anchor of the root; BIND, which has one built in, gets an option
# in the file. Nothing else turns validation off: if the import does not find out that the file validates nothing,
# resolverd answers SERVFAIL.

published=$here/../screens/import/published

raise_office() {
  # BIND listens at addresses of interfaces only.
  ip address add 127.0.0.2/8 dev lo
  cat >"$work/office.conf" <<EOF
$(unbound_server)
  interface: 198.18.0.40@53
  interface: 198.18.0.40@530
  interface: 198.18.0.40@10053
  access-control: 198.18.0.0/16 allow
  qname-minimisation: no
EOF
  begin office internet unbound -d -c "$work/office.conf"
  soon has 198.18.77.10 dig @198.18.0.40 +tries=1 +timeout=2 +short domain.example
}

# adapted KIND FILE: the file for this internet.
adapted() {
  local without=()
  case $1 in
    named) grep -q dnssec-validation "$2" || without=(-e '0,/options \{/s//options { dnssec-validation no;/') ;;
  esac
  sed -E "${without[@]}" -e '/^[[:space:]]*(root-hints|(auto-)?trust-anchor-file|username|chroot|logfile|use-syslog|do-daemonize|interface|port|server-(key|cert)-file|control-[a-z-]+):/d' \
    -e 's/dnssec-validation auto/dnssec-validation no/' -e '/^[[:space:]]*(listen-on(-v6)?|managed-keys-directory) /d' \
    -e '/^(listen-address|interface)=/d' \
    -e "s#directory:?[[:space:]]+\"(/var/cache/bind|/etc/unbound|/var/named)\"#directory \"$work\"#; s#directory \"surbl\"#directory \"$published/surbl\"#" \
    -e "s#\"(/var/log/named|data)/#\"$work/#" \
    -e '/stub-zone/,$s/(zen|dbl)\.spamhaus\.org/\1.lists.example/; s/zen\.lists/bl.lists/; s/[a-e]\.gns\.spamhaus\.org/ns.outside.lists.example/' \
    -e 's/^([[:space:]]*)directory "([^;]*)"$/\1directory: "\2"/' \
    -e 's/192\.0\.2\.5[34]/198.18.0.40/g; s/127\.0\.0\.11$/198.18.0.40/; s/127\.0\.0\.1 port 530/198.18.0.40 port 530/; s/127\.0\.0\.1#10053/198.18.0.40#10053/' \
    "$2"
}

# original KIND FILE: starts the resolver of the file at 127.0.0.2.
original() {
  case $1 in
    unbound)
      # Its modules are those of the file.
      { cat "$2"; unbound_server | grep -v module-config; printf '  interface: 127.0.0.2\n  do-not-query-localhost: no\n'; } >"$work/original.conf"
      begin original unbound -d -c "$work/original.conf"
      ;;
    named)
      { sed -E '0,/options \{/s##options { listen-on { 127.0.0.2; }; listen-on-v6 { none; }; pid-file none; session-keyfile none;#' "$2"
        printf 'controls { };\nzone "." { type hint; file "%s"; };\n' "$work/zones/root.hints"; } >"$work/original.conf"
      begin original named -g -c "$work/original.conf"
      ;;
    dnsmasq)
      begin original dnsmasq --keep-in-foreground --user=root --pid-file= --listen-address=127.0.0.2 --bind-interfaces --no-hosts \
        --conf-file="$2"
      ;;
  esac
  soon has 'status: (NOERROR|NXDOMAIN)' dig @127.0.0.2 +tries=1 +timeout=2 domain.example
}

# imported KIND FILE: starts resolverd at 127.0.0.3 with the imported file, and the keys that this internet needs.
imported() {
  resolverctl import --from "$1" "$2" >"$work/imported.toml" || [ $? -eq 1 ]
  python3 - "$work/imported.toml" "$work" <<'EOF'
import sys
path, work = sys.argv[1:]
needed = {"listen": 'addresses = ["127.0.0.3:53"]', "resolve": f'root_hints = "{work}/zones/root.hints"',
          "control": f'socket = "{work}/imported.sock"', "lookahead": 'mode = "off"'}
section, sections, lists = "", {"": []}, []
for line in open(path):
    if line.startswith("[["):
        section = None
    elif line.startswith("["):
        section = line.strip().strip("[]")
        sections.setdefault(section, [])
        continue
    (lists if section is None else sections[section]).append(line)
for section, line in needed.items():
    kept = [one for one in sections.get(section, []) if one.split(" ")[0] != line.split(" ")[0]]
    sections[section] = [line + "\n"] + kept
with open(path, "w") as file:
    for section, lines in sections.items():
        file.write((f"[{section}]\n" if section else "") + "".join(lines))
    file.write("".join(lists))
EOF
  begin imported resolverd --config "$work/imported.toml"
  watched=imported soon resolverctl --socket "$work/imported.sock" stats
}

# The questions of mail about domains and clients of this internet, about names of the files, and about names that are not.
questions() {
  local name type
  for name in domain.example mx.domain.example mx2.domain.example sender.example client.sender.example partner.example \
    alias.domain.example chain.domain.example away.domain.example dangling.domain.example x.wild.domain.example \
    nothing.domain.example leaf.empty.domain.example empty.domain.example _dmarc.domain.example sel._domainkey.domain.example \
    _25._tcp.mx.domain.example other.com www.other.com nothing.example x.nothing.example nothing.invalid localhost \
    2.0.0.127.bl.lists.example 9.0.0.127.bl.lists.example listed.dbl.lists.example front antispam stage dns \
    mail.example.org example.org test.multi.surbl.org 2.0.0.127.zen.spamhaus.org 2.0.0.127.zen.dnsbl.example.org; do
    for type in A AAAA MX TXT NS SOA SRV TLSA; do echo "$name $type"; done
  done
  for name in 10.77.18.198 25.100.18.198 66.77.18.198 1.0.0.127 9.0.0.10 1.1.168.192 3.15.16.172 254.15.16.172 1.254.169 7.2.0.192; do
    for type in PTR A; do echo "$name.in-addr.arpa $type"; done
  done
}

# The differences that are meant, as lines FILE NAME TYPE REASON; a * fits all.
meant() {
  cat <<'EOF'
* localhost * resolverd has this zone itself (RFC 6761); BIND and dnsmasq have it in files of their packages only
* 1.0.0.127.in-addr.arpa * the same
mail-in-a-box listed.dbl.lists.example * BIND looks up the server of this list in the zone bl, which lacks it; others take the delegation's address
spamhaus-rbldnsd-bind listed.dbl.lists.example * the same
surbl-bind listed.dbl.lists.example * the same
spamhaus-stub listed.dbl.lists.example * Unbound looks up the server that this list names in the zone bl, too
mail-toaster stage * names of local-data without a local-zone have no other types in Unbound, and are resolved in resolverd
mail-toaster dns * the same
mail-toaster *example.org * the same: of a typetransparent zone
mail-toaster *.15.16.172.in-addr.arpa * the same
yunohost dangling.domain.example * dnsmasq sometimes answers NOERROR for an alias whose target does not exist, if several types are asked at a time
yunohost nothing.domain.example * dnsmasq sometimes answers NOERROR for a name that does not exist, if several types are asked at a time
nethserver dangling.domain.example * the same
yunohost example.org A* the import asks for a [[host]] with the addresses of the network interface
EOF
}

same_answers() {
  local kind=$1 name=$2
  adapted "$kind" "$published/$name.conf" >"$work/adapted.conf"
  original "$kind" "$work/adapted.conf"
  imported "$kind" "$work/adapted.conf"
  questions >"$work/questions"
  meant >"$work/meant"
  python3 "$here/same.py" "$name" "$work/questions" "$work/meant"
}

each_is_compared() {
  local file
  for file in "$published"/*.conf; do
    [[ " ${compared[*]#*:} " == *" $(basename "$file" .conf) "* ]] || { echo "$file is compared with nothing"; return 1; }
  done
}

# The views of guests, this host and strangers: that of this host is left here.
views_of_bind() {
  local view
  for view in guests inside outside; do
    printf '@ 300 SOA a. b. 1 2 3 4 5\n@ 300 NS a.\n@ 300 TXT %s\n' $view >"$work/$view.zone"
  done
  cat >"$work/views.conf" <<EOF
acl strangers { !127.0.0.0/16; any; };
options { directory "$work"; listen-on { 127.0.0.2; }; listen-on-v6 { none; }; pid-file none; session-keyfile none;
  dnssec-validation no; recursion no; };
controls { };
view "guests" { match-clients { 127.9.0.0/16; }; recursion yes; zone "split.example" { type primary; file "guests.zone"; }; };
view "inside" { match-clients { !{ 127.0.7.0/24; }; !strangers; any; }; recursion yes; allow-recursion { any; };
  zone "split.example" { type primary; file "inside.zone"; }; };
view "outside" { zone "split.example" { type primary; file "outside.zone"; }; };
EOF
  begin original named -g -c "$work/views.conf"
  each_view named "$work/views.conf"
  has '"outside"' dig -b 127.0.7.1 @127.0.0.2 split.example TXT +short
  has '"outside"' dig -b 127.8.0.1 @127.0.0.2 split.example TXT +short
  has 'status: REFUSED' dig -b 127.8.0.1 @127.0.0.3 split.example TXT
  has 'status: REFUSED' dig -b 127.0.7.1 @127.0.0.3 split.example TXT
}

views_of_unbound() {
  cat >"$work/views.conf" <<EOF
$(unbound_server)
  interface: 127.0.0.2
  access-control: 127.0.0.0/8 allow
  access-control-view: 127.9.0.0/16 guests
  local-zone: "split.example." static
  local-data: "split.example. TXT inside"
view:
  name: guests
  local-zone: "split.example." static
  local-data: "split.example. TXT guests"
EOF
  begin original unbound -d -c "$work/views.conf"
  each_view unbound "$work/views.conf"
}

# each_view KIND FILE: this host gets what it got, and the guests are refused.
each_view() {
  soon has '"inside"' dig @127.0.0.2 +tries=1 +timeout=2 split.example TXT +short
  has '"guests"' dig -b 127.9.9.9 @127.0.0.2 split.example TXT +short
  imported "$1" "$2"
  has '"inside"' dig @127.0.0.3 split.example TXT +short
  has 'status: REFUSED' dig -b 127.9.9.9 @127.0.0.3 split.example TXT
}

put_away() { end original; end imported; }

check "import: a forwarder for the published configurations" raise_office
compared=(unbound:mailcow unbound:mailu unbound:hardware-mailserver unbound:mail-toaster unbound:zimbra
  unbound:hermes unbound:anonym-mail unbound:arch-linux unbound:jeboehm named:mail-in-a-box
  named:spamassassin-bind named:spamhaus-rbldnsd-bind named:surbl-bind dnsmasq:nethserver
  unbound:mailcow-forward unbound:ns8-mail unbound:geekoops unbound:spamhaus-stub unbound:leap named:mail-in-a-box-forward
  named:spamassassin-red-hat named:homebox dnsmasq:yunohost)
check "import: each published configuration is compared with its resolver" each_is_compared
for one in "${compared[@]}"; do
  check "import: ${one#*:} answers as the original does" same_answers "${one%%:*}" "${one#*:}"
  put_away
done
check "import: the view of BIND that answers this host" views_of_bind
put_away
check "import: the clients of a view of Unbound are refused" views_of_unbound
put_away
. "$here/import_own.sh"
end office
