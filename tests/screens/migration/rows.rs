//! The rows of the tables: an option of another resolver, a configuration file that contains it, and the keys of
//! resolverd that replace the option, or advice.

/// An option of another resolver that `resolverctl import` converts.
pub(crate) struct Row {
    /// The format of the file: `unbound` or `named`.
    pub(crate) format: &'static str,
    /// The option, as the manual page resolverd-migration(7) shows it.
    pub(crate) option: &'static str,
    /// A configuration file that contains the option. `FOLDER` stands for a directory with a zone file, files of trust
    /// anchors and of root servers, and a certificate with its key.
    pub(crate) typed: &'static str,
    /// The keys of resolverd to which the option is converted.
    pub(crate) keys: &'static [&'static str],
}

const fn row(
    format: &'static str,
    option: &'static str,
    typed: &'static str,
    keys: &'static [&'static str],
) -> Row {
    Row { format, option, typed, keys }
}

/// The options of other resolvers that `resolverctl import` converts.
pub(crate) const CONVERTED: &[Row] = &[
    row(
        "unbound",
        "interface, port",
        "server:\n  interface: 10.0.0.25\n  port: 5353\n",
        &["[listen] addresses"],
    ),
    row(
        "unbound",
        "access-control",
        "server:\n  access-control: 10.0.0.0/24 allow\n  access-control: 10.0.0.6 refuse\n  access-control: 10.0.0.7 deny\n",
        &["[listen] allow", "[listen] refuse", "[listen] drop"],
    ),
    row("unbound", "do-ip4", "server:\n  do-ip4: no\n", &["[resolve] ipv4"]),
    row("unbound", "do-ip6", "server:\n  do-ip6: no\n", &["[resolve] ipv6"]),
    row(
        "unbound",
        "outgoing-port-permit, outgoing-port-avoid",
        "server:\n  outgoing-port-avoid: 0-65535\n  outgoing-port-permit: 40000-50000\n",
        &["[resolve] source_ports"],
    ),
    row("unbound", "outgoing-interface", "server:\n  outgoing-interface: 10.0.0.25\n", &["[resolve] source"]),
    row(
        "unbound",
        "msg-cache-size, rrset-cache-size",
        "server:\n  msg-cache-size: 100m\n  rrset-cache-size: 200m\n",
        &["[cache] size"],
    ),
    row(
        "unbound",
        "cache-max-ttl, cache-max-negative-ttl",
        "server:\n  cache-max-ttl: 3600\n  cache-max-negative-ttl: 60\n",
        &["[cache] max_ttl", "[cache] negative_max_ttl"],
    ),
    row(
        "unbound",
        "serve-expired, serve-expired-ttl",
        "server:\n  serve-expired: yes\n  serve-expired-ttl: 7200\n",
        &["[cache] serve_stale"],
    ),
    row("unbound", "prefetch", "server:\n  prefetch: no\n", &["[cache] prefetch"]),
    row(
        "unbound",
        "qname-minimisation",
        "server:\n  qname-minimisation: no\n",
        &["[resolve] qname_minimisation"],
    ),
    row(
        "unbound",
        "module-config without validator",
        "server:\n  module-config: \"iterator\"\n",
        &["[dnssec] validate"],
    ),
    row(
        "unbound",
        "no auto-trust-anchor-file, trust-anchor-file, trust-anchor or trusted-keys-file",
        "server:\n  interface: 127.0.0.1\n",
        &["[dnssec] validate"],
    ),
    row(
        "unbound",
        "domain-insecure",
        "server:\n  domain-insecure: \"corp.example\"\n",
        &["[dnssec] negative_trust_anchors"],
    ),
    row(
        "unbound",
        "trust-anchor-file, if not of the root",
        "server:\n  trust-anchor-file: \"FOLDER/private.key\"\n",
        &["[dnssec] trust_anchor"],
    ),
    row(
        "unbound",
        "private-address, private-domain",
        "server:\n  private-address: 10.0.0.0/8\n  private-domain: \"corp.example\"\n",
        &["[resolve] private_addresses", "[resolve] private_domains"],
    ),
    row(
        "unbound",
        "local-zone with its local-data",
        "server:\n  local-zone: \"lan.\" static\n  local-data: \"printer.lan. IN A 10.0.0.9\"\n",
        &["[[zone]] records"],
    ),
    row(
        "unbound",
        "local-data without local-zone, local-data-ptr",
        "server:\n  local-data: \"mail.corp.example. IN MX 10 mx.corp.example.\"\n  local-data-ptr: \"10.0.0.8 y.corp.example\"\n",
        &["[[record]] type", "[[record]] data"],
    ),
    row(
        "unbound",
        "forward-zone, forward-tls-upstream",
        "forward-zone:\n  name: \".\"\n  forward-addr: 192.0.2.53@853#dns.example\n  forward-tls-upstream: yes\n",
        &["[[zone]] forward"],
    ),
    row(
        "unbound",
        "forward-first",
        "forward-zone:\n  name: \".\"\n  forward-addr: 192.0.2.53\n  forward-first: yes\n",
        &["[[zone]] forward", "[[zone]] forward_first"],
    ),
    row(
        "unbound",
        "stub-zone",
        "stub-zone:\n  name: \"bl.corp.example\"\n  stub-addr: 127.0.0.1@5300\n",
        &["[[zone]] stub"],
    ),
    row(
        "unbound",
        "stub-zone with stub-host, if all other names are forwarded",
        "stub-zone:\n  name: \"bl.example\"\n  stub-host: ns.bl.example\nforward-zone:\n  name: \".\"\n  forward-addr: 10.0.0.5\n",
        &["[[zone]] recurse"],
    ),
    row(
        "unbound",
        "auth-zone with zonefile",
        "auth-zone:\n  name: \"lan\"\n  zonefile: \"FOLDER/lan.zone\"\n",
        &["[[zone]] file"],
    ),
    row(
        "named",
        "listen-on, listen-on-v6",
        "options { listen-on port 5353 { 10.0.0.25; }; listen-on-v6 { none; }; };\n",
        &["[listen] addresses"],
    ),
    row(
        "named",
        "acl, allow-recursion, allow-query-cache, allow-query",
        "acl office { 10.0.0.0/8; };\noptions { allow-recursion { !10.0.0.6; office; }; };\n",
        &["[listen] allow", "[listen] refuse"],
    ),
    row("named", "blackhole", "options { blackhole { 10.0.0.7; }; };\n", &["[listen] drop"]),
    row(
        "named",
        "forwarders, forward only",
        "options { forward only; forwarders { 192.0.2.53; }; };\n",
        &["[[zone]] forward"],
    ),
    row(
        "named",
        "forward first (also if forward is not set)",
        "options { forwarders { 192.0.2.53; }; };\n",
        &["[[zone]] forward", "[[zone]] forward_first", "[[zone]] locally_served"],
    ),
    row(
        "named",
        "empty-zones-enable, disable-empty-zone, below forwarders",
        "options { forwarders { 192.0.2.53; }; disable-empty-zone \"10.in-addr.arpa\"; };\n",
        &["[[zone]] forward", "[[zone]] locally_served"],
    ),
    row(
        "named",
        "query-source, query-source-v6",
        "options { query-source address 10.0.0.25; };\n",
        &["[resolve] source"],
    ),
    row(
        "named",
        "use-v4-udp-ports, use-v6-udp-ports",
        "options { use-v4-udp-ports { range 40000 50000; }; };\n",
        &["[resolve] source_ports"],
    ),
    row("named", "dnssec-validation no", "options { dnssec-validation no; };\n", &["[dnssec] validate"]),
    row(
        "named",
        "dnssec-validation yes without trust-anchors",
        "options { dnssec-validation yes; };\n",
        &["[dnssec] validate"],
    ),
    row("named", "server with bogus yes", "server 9.9.9.9 { bogus yes; };\n", &["[resolve] deny_servers"]),
    row(
        "named",
        "zone of type hint with a file of its own",
        "zone \".\" { type hint; file \"FOLDER/own.hints\"; };\n",
        &["[resolve] root_hints"],
    ),
    row(
        "named",
        "validate-except",
        "options { validate-except { \"corp.example\"; }; };\n",
        &["[dnssec] negative_trust_anchors"],
    ),
    row("named", "max-cache-size", "options { max-cache-size 100M; };\n", &["[cache] size"]),
    row(
        "named",
        "max-cache-ttl, max-ncache-ttl",
        "options { max-cache-ttl 3600; max-ncache-ttl 60; };\n",
        &["[cache] max_ttl", "[cache] negative_max_ttl"],
    ),
    row(
        "named",
        "stale-answer-enable, max-stale-ttl",
        "options { stale-answer-enable yes; max-stale-ttl 7200; };\n",
        &["[cache] serve_stale"],
    ),
    row(
        "named",
        "qname-minimization",
        "options { qname-minimization off; };\n",
        &["[resolve] qname_minimisation"],
    ),
    row(
        "named",
        "deny-answer-addresses, except-from",
        "options { deny-answer-addresses { 10/8; } except-from { \"corp.example\"; }; };\n",
        &["[resolve] private_addresses", "[resolve] private_domains"],
    ),
    row(
        "named",
        "zone of type primary",
        "zone \"lan\" { type primary; file \"FOLDER/lan.zone\"; };\n",
        &["[[zone]] file"],
    ),
    row(
        "named",
        "zone of type forward",
        "zone \"f.example\" { type forward; forward only; forwarders { 10.0.0.5; }; };\n",
        &["[[zone]] forward"],
    ),
    row(
        "named",
        "forwarders with tls, if its tls statement has remote-hostname",
        "tls t { remote-hostname \"dns.example\"; };\noptions { forward only; forwarders port 853 tls t { 10.0.0.5; }; };\n",
        &["[[zone]] forward"],
    ),
    row(
        "named",
        "zone of type forward with empty forwarders",
        "options { forwarders { 10.0.0.5; }; };\nzone \"f.example\" { type forward; forwarders { }; };\n",
        &["[[zone]] recurse"],
    ),
    row(
        "named",
        "zone of type static-stub, stub or secondary",
        "zone \"s.example\" { type static-stub; server-addresses { 10.0.0.4; }; };\n",
        &["[[zone]] stub"],
    ),
];

/// The options that the import does not convert: the format, the option, and a file that contains it.
pub(crate) const NOT_CONVERTED: &[(&str, &str, &str)] = &[
    ("unbound", "tls-service-key", "server:\n  interface: 10.0.0.25@853\n  tls-service-key: \"a.key\"\n"),
    ("named", "listen-on tls", "options { listen-on tls own { 10.0.0.25; }; };\n"),
    ("unbound", "http-endpoint", "server:\n  http-endpoint: \"/resolve\"\n"),
    ("unbound", "http-notls-downstream", "server:\n  http-notls-downstream: yes\n"),
    ("unbound", "cache-min-ttl", "server:\n  cache-min-ttl: 60\n"),
    (
        "unbound",
        "val-permissive-mode",
        "server:\n  auto-trust-anchor-file: \"root.key\"\n  val-permissive-mode: yes\n",
    ),
    (
        "unbound",
        "harden-dnssec-stripped: no",
        "server:\n  auto-trust-anchor-file: \"root.key\"\n  harden-dnssec-stripped: no\n",
    ),
    ("unbound", "tls-cert-bundle", "server:\n  tls-cert-bundle: \"/etc/own.pem\"\n"),
    ("unbound", "auto-trust-anchor-file", "server:\n  auto-trust-anchor-file: \"root.key\"\n"),
    (
        "unbound",
        "view",
        "server:\n  access-control-view: 10.0.0.0/24 x\nview:\n  name: x\n  local-data: \"www.lan. A 10.0.0.9\"\n",
    ),
    ("unbound", "interface-action", "server:\n  interface-action: 10.0.0.25 allow\n"),
    (
        "named",
        "view",
        "view \"host\" { match-clients { localhost; }; };\nview \"office\" { match-clients { 10.0.0.0/8; }; };\n",
    ),
    (
        "named",
        "allow-query",
        "zone \"f.example\" { type forward; forwarders { 10.0.0.5; }; allow-query { 10.0.0.0/8; }; };\n",
    ),
    ("named", "allow-recursion-on", "options { allow-recursion-on { 10.0.0.25; }; };\n"),
    ("named", "plugin", "plugin query \"filter-aaaa.so\" { };\n"),
    (
        "named",
        "trust-anchors",
        "trust-anchors { . initial-ds 20326 8 2 \"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"; };\n",
    ),
    ("unbound", "trust-anchor", "server:\n  trust-anchor: \"corp.example. DS 4711 13 2 00FF\"\n"),
    ("unbound", "do-not-query-address", "server:\n  do-not-query-address: 10.0.0.0/8\n"),
    ("unbound", "dns64-prefix", "server:\n  dns64-prefix: 64:ff9b::/96\n"),
    ("unbound", "log-queries", "server:\n  log-queries: yes\n"),
    (
        "unbound",
        "stub-first",
        "stub-zone:\n  name: \"s.example\"\n  stub-addr: 10.0.0.4\n  stub-first: yes\n",
    ),
    ("named", "recursion no", "options { recursion no; };\n"),
    ("named", "response-policy", "options { response-policy { zone \"rpz\"; }; };\n"),
    ("named", "deny-answer-aliases", "options { deny-answer-aliases { \"corp.example\"; }; };\n"),
    ("named", "dns64", "options { dns64 64:ff9b::/96 { }; };\n"),
    ("named", "rate-limit", "options { rate-limit { responses-per-second 5; }; };\n"),
    ("named", "min-cache-ttl", "options { min-cache-ttl 60; };\n"),
    ("named", "querylog", "options { querylog yes; };\n"),
    ("unbound", "rpz", "rpz:\n  name: \"rpz.example\"\n"),
    ("unbound", "proxy-protocol-port", "server:\n  proxy-protocol-port: 5353\n"),
    ("unbound", "local-zone-tag", "server:\n  local-zone-tag: lan. guests\n"),
    ("unbound", "response-ip", "server:\n  response-ip: 10.0.0.0/8 deny\n"),
    ("unbound", "refuse_non_local", "server:\n  access-control: 10.0.0.0/8 refuse_non_local\n"),
    (
        "unbound",
        "forward-no-cache",
        "forward-zone:\n  name: \"f.example\"\n  forward-addr: 10.0.0.1\n  forward-no-cache: yes\n",
    ),
    ("unbound", "tcp-upstream", "server:\n  tcp-upstream: yes\n"),
    ("unbound", "root-hints", "server:\n  root-hints: \"root.hints\"\n"),
    ("unbound", "num-threads", "server:\n  num-threads: 4\n"),
    ("unbound", "ip-ratelimit", "server:\n  ip-ratelimit: 100\n"),
    ("unbound", "remote-control", "remote-control:\n  control-enable: yes\n"),
    ("named", "filter-aaaa-on-v4", "options { filter-aaaa-on-v4 yes; };\n"),
    ("named", "catalog-zones", "options { catalog-zones { zone \"catalog.example\"; }; };\n"),
    ("named", "dlz", "dlz \"x\" { database \"x\"; };\n"),
    (
        "named",
        "allow-update",
        "zone \"lan\" { type primary; file \"FOLDER/lan.zone\"; allow-update { key k; }; };\n",
    ),
    ("named", "type redirect", "zone \".\" { type redirect; file \"x\"; };\n"),
    ("named", "type mirror", "zone \"m.example\" { type mirror; primaries { 10.0.0.4; }; };\n"),
    ("named", "query-source port", "options { query-source port 10053; };\n"),
    ("named", "dnssec-must-be-secure", "options { dnssec-must-be-secure \"example.com\" yes; };\n"),
    ("named", "disable-empty-zone", "options { disable-empty-zone \"10.in-addr.arpa\"; };\n"),
    ("named", "check-names", "options { check-names response fail; };\n"),
    ("named", "server", "server 10.0.0.4 { edns no; };\n"),
    ("named", "sortlist", "options { sortlist { 10.0.0.0/8; }; };\n"),
    ("named", "recursive-clients", "options { recursive-clients 1000; };\n"),
    ("named", "logging", "logging { channel x { syslog daemon; }; };\n"),
    ("named", "controls", "controls { };\n"),
    ("named", "statistics-channels", "statistics-channels { inet 127.0.0.1; };\n"),
];

/// Options of the PowerDNS Recursor in old and new form, each with its equivalent in resolverd. Files of the Recursor
/// cannot be imported.
pub(crate) const OF_RECURSOR: &[(&str, &str)] = &[
    ("local-address, local-port; incoming: listen, port", "[listen] addresses; by default 127.0.0.1 and ::1"),
    (
        "allow-from, allow-from-file",
        "[listen] allow; a network with ! in [listen] refuse. The Recursor allows private networks by default, resolverd this host only",
    ),
    ("query-local-address; outgoing: source_address", "[resolve] source"),
    ("udp-source-port-min, udp-source-port-max", "[resolve] source_ports"),
    ("forward-zones", "[[zone]] stub, also for the zone \".\""),
    (
        "forward-zones-recurse, forward-zones-file with +",
        "[[zone]] forward; over TLS \"tls://192.0.2.1#dns.example\"",
    ),
    ("auth-zones", "[[zone]] file"),
    ("export-etc-hosts, etc-hosts-file", "a [[host]] for each name"),
    (
        "serve-rfc1918, serve-rfc6303",
        "always, except in a [[zone]] that covers these names; below forwarders [[zone]] locally_served",
    ),
    ("dnssec: off or process-no-validate", "[dnssec] validate = false"),
    ("trustanchorfile, addTA", "[dnssec] trust_anchor; the keys of the root are built in"),
    ("addNTA; dnssec: negative_trustanchors", "[dnssec] negative_trust_anchors"),
    ("hint-file", "[resolve] root_hints, for a private root only"),
    ("dont-query", "[resolve] deny_servers, which has private networks by default"),
    ("qname-minimization", "[resolve] qname_minimisation"),
    ("max-cache-entries, max-packetcache-entries", "[cache] size, in octets"),
    ("max-cache-ttl, max-negative-ttl", "[cache] max_ttl, [cache] negative_max_ttl"),
    ("serve-stale-extensions", "[cache] serve_stale"),
    ("refresh-on-ttl-perc", "[cache] prefetch"),
    ("rpz, rpzFile, rpzPrimary", "none; block single domains with a [[zone]] and records"),
    ("lua-dns-script", "none: resolverd runs no programs; use [[zone]], [[host]] and [[record]]"),
    ("dns64-prefix", "none"),
    ("webserver, api-key, carbon-server, snmp-agent", "[metrics], and resolverctl stats"),
    ("logging, quiet, protobufServer", "[log], [dnstap]"),
    ("threads", "[listen] workers"),
];

/// Options of Knot Resolver: calls in kresd.conf, then keys of config.yaml. Each has its equivalent in
/// resolverd.
pub(crate) const OF_KNOT: &[(&str, &str)] = &[
    (
        "net.listen; network: listen",
        "[listen] addresses; with kind tls, doh2 or doq [listen] tls, https or quic, with certificate and key",
    ),
    (
        "view:addr with policy.PASS, REFUSE or DROP; views",
        "[listen] allow, [listen] refuse, [listen] drop. Knot Resolver answers all who reach it, resolverd this host only",
    ),
    ("net.ipv4 = false, net.ipv6 = false; do-ipv4, do-ipv6", "[resolve] ipv4, [resolve] ipv6"),
    ("net.outgoing_v4, net.outgoing_v6; out-interface-v4", "[resolve] source"),
    (
        "policy.FORWARD, policy.TLS_FORWARD; forward",
        "[[zone]] forward; over TLS \"tls://192.0.2.1#dns.example\"",
    ),
    ("policy.STUB; forward with authoritative: true", "[[zone]] stub, with validate = false"),
    ("policy.PASS for names below forwarders", "[[zone]] recurse"),
    (
        "policy.DENY with policy.suffix; subtree: nxdomain",
        "[[zone]] records = []; the name of the zone itself has no records, and is not NXDOMAIN",
    ),
    ("policy.DENY with policy.domains", "none: a [[zone]] has all names below, too"),
    (
        "policy.ANSWER; local-data: records, rules",
        "[[record]] type, [[record]] data; with names below [[zone]] records",
    ),
    ("hints, hints.add_hosts; local-data: addresses", "a [[host]] for each name"),
    ("trust_anchors.remove('.'); dnssec: enable: false", "[dnssec] validate = false"),
    (
        "trust_anchors.add_file; trust-anchors-files",
        "[dnssec] trust_anchor; the keys of the root are built in",
    ),
    ("trust_anchors.set_insecure; negative-trust-anchors", "[dnssec] negative_trust_anchors"),
    ("hints.root_file; root-fallback-addresses", "[resolve] root_hints, for a private root only"),
    ("modules = { 'rebinding < iterate' }; rebinding-protection", "[resolve] private_addresses"),
    ("cache.size; cache: size-max", "[cache] size"),
    ("cache.max_ttl; ttl-max", "[cache] max_ttl"),
    ("serve_stale", "[cache] serve_stale"),
    ("predict; cache: prefetch", "[cache] prefetch"),
    ("options: minimize", "[resolve] qname_minimisation"),
    ("policy.rpz; local-data: rpz", "none; block single domains with a [[zone]] and records"),
    ("dns64, renumber, Lua functions", "none: resolverd runs no programs"),
    ("http, graphite; monitoring", "[metrics], and resolverctl stats"),
    ("workers, kresd@2", "[listen] workers"),
];
