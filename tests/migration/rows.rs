//! The rows of the tables: an option, a file with it, and its keys here or the advice.

/// An option that is converted.
pub(crate) struct Row {
    /// `unbound` or `named`.
    pub(crate) format: &'static str,
    /// The option, as the page shows it.
    pub(crate) option: &'static str,
    /// A configuration with it. `FOLDER` has a zone file, a file of trust anchors, and a certificate with its key.
    pub(crate) typed: &'static str,
    /// The keys that it becomes.
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

/// Options that are converted.
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
    row(
        "unbound",
        "tls-port, https-port, tls-service-pem, tls-service-key",
        "server:\n  interface: 10.0.0.25@853\n  interface: 10.0.0.25@443\n  tls-service-pem: \"FOLDER/first.pem\"\n  tls-service-key: \"FOLDER/first.key\"\n",
        &["[listen] tls", "[listen] https", "[listen] certificate", "[listen] key"],
    ),
    row(
        "unbound",
        "quic-port",
        "server:\n  interface: 10.0.0.25@853\n  quic-port: 853\n  tls-service-pem: \"FOLDER/first.pem\"\n  tls-service-key: \"FOLDER/first.key\"\n",
        &["[listen] tls", "[listen] quic", "[listen] certificate", "[listen] key"],
    ),
    row("unbound", "do-ip4", "server:\n  do-ip4: no\n", &["[resolve] ipv4"]),
    row("unbound", "do-ip6", "server:\n  do-ip6: no\n", &["[resolve] ipv6"]),
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
        "listen-on with tls, or with tls and http; tls-port, https-port",
        "tls own { cert-file \"FOLDER/first.pem\"; key-file \"FOLDER/first.key\"; };\noptions { listen-on tls own { 10.0.0.25; }; listen-on-v6 { none; }; listen-on tls own http default { 10.0.0.25; }; };\n",
        &["[listen] tls", "[listen] https", "[listen] certificate", "[listen] key"],
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
        &["[[zone]] forward", "[[zone]] forward_first"],
    ),
    row(
        "named",
        "query-source, query-source-v6",
        "options { query-source address 10.0.0.25; };\n",
        &["[resolve] source"],
    ),
    row("named", "dnssec-validation no", "options { dnssec-validation no; };\n", &["[dnssec] validate"]),
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

/// Options that are not converted: format, option, a file with it, and the advice.
pub(crate) const NOT_CONVERTED: &[(&str, &str, &str, &str)] = &[
    (
        "unbound",
        "http-endpoint",
        "server:\n  http-endpoint: \"/resolve\"\n",
        "let the clients use the path /dns-query: resolverd has no other",
    ),
    (
        "unbound",
        "http-notls-downstream",
        "server:\n  http-notls-downstream: yes\n",
        "let the clients use https: resolverd serves no DNS over HTTP without TLS",
    ),
    (
        "unbound",
        "cache-min-ttl",
        "server:\n  cache-min-ttl: 60\n",
        "resolverd keeps no answer longer than its TTL, except as a stale answer (serve_stale of [cache])",
    ),
    (
        "unbound",
        "val-permissive-mode",
        "server:\n  val-permissive-mode: yes\n",
        "bogus answers are SERVFAIL; without validation: validate = false in [dnssec]",
    ),
    (
        "unbound",
        "auto-trust-anchor-file",
        "server:\n  auto-trust-anchor-file: \"root.key\"\n",
        "nothing to do for the root, whose keys resolverd follows (update_trust_anchors of [dnssec]); for other zones trust_anchor",
    ),
    (
        "unbound",
        "access-control-view",
        "server:\n  access-control-view: 10.0.0.0/24 x\n",
        "give these clients a [[listener]] with an address of its own and zones",
    ),
    (
        "unbound",
        "interface-action",
        "server:\n  interface-action: 10.0.0.25 allow\n",
        "give the interface a [[listener]] with its addresses and allow",
    ),
    (
        "named",
        "allow-query",
        "zone \"f.example\" { type forward; forwarders { 10.0.0.5; }; allow-query { 10.0.0.0/8; }; };\n",
        "of a zone: zones of a [[listener]] with an address of its own name the zones for its clients",
    ),
    (
        "named",
        "allow-recursion-on",
        "options { allow-recursion-on { 10.0.0.25; }; };\n",
        "give each address a [[listener]] with its own allow",
    ),
    (
        "named",
        "plugin",
        "plugin query \"filter-aaaa.so\" { };\n",
        "resolverd has no plugins; turn IPv6 off in the mail software",
    ),
    (
        "named",
        "trust-anchors",
        "trust-anchors { . initial-ds 20326 8 2 \"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"; };\n",
        "nothing to do for the root, whose keys resolverd follows (update_trust_anchors of [dnssec]); for other zones trust_anchor",
    ),
    (
        "unbound",
        "trust-anchor",
        "server:\n  trust-anchor: \"corp.example. DS 4711 13 2 00FF\"\n",
        "write the key to a file, and set trust_anchor of [dnssec]",
    ),
    (
        "unbound",
        "do-not-query-address",
        "server:\n  do-not-query-address: 10.0.0.0/8\n",
        "deny_servers of [resolve], which has private networks by default",
    ),
    ("unbound", "dns64-prefix", "server:\n  dns64-prefix: 64:ff9b::/96\n", "resolverd has no DNS64"),
    (
        "unbound",
        "log-queries",
        "server:\n  log-queries: yes\n",
        "queries of [log]; `resolverctl why` and `resolverctl stats` need no query log",
    ),
    (
        "unbound",
        "stub-first",
        "stub-zone:\n  name: \"s.example\"\n  stub-addr: 10.0.0.4\n  stub-first: yes\n",
        "name several servers in stub",
    ),
    (
        "named",
        "recursion no",
        "options { recursion no; };\n",
        "resolverd always resolves for the clients in allow of [listen]; keep an authoritative server on another address",
    ),
    (
        "named",
        "response-policy",
        "options { response-policy { zone \"rpz\"; }; };\n",
        "resolverd has no response policy zones; block single domains with a [[zone]] and records",
    ),
    (
        "named",
        "deny-answer-aliases",
        "options { deny-answer-aliases { \"corp.example\"; }; };\n",
        "resolverd follows such aliases; a [[zone]] for the domain decides its names",
    ),
    ("named", "dns64", "options { dns64 64:ff9b::/96 { }; };\n", "resolverd has no DNS64"),
    (
        "named",
        "rate-limit",
        "options { rate-limit { responses-per-second 5; }; };\n",
        "not necessary: each client gets a share of the work",
    ),
    (
        "named",
        "min-cache-ttl",
        "options { min-cache-ttl 60; };\n",
        "resolverd keeps no answer longer than its TTL, except as a stale answer (serve_stale of [cache])",
    ),
    (
        "named",
        "querylog",
        "options { querylog yes; };\n",
        "queries of [log]; `resolverctl why` and `resolverctl stats` need no query log",
    ),
];
