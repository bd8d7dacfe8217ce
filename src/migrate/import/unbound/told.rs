//! The settings of `server:` that are not carried over.

use super::reader::UnboundSetting;
use crate::import::draft::Draft;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::secret::keyword;
use crate::import::told;
use crate::import::told::ToldSetting;

/// Settings that other functions of this folder read.
const READ: [&str; 41] = [
    "tls-service-key",
    "tls-service-pem",
    "tls-port",
    "https-port",
    "quic-port",
    "http-endpoint",
    "ssl-service-key",
    "ssl-service-pem",
    "ssl-port",
    "interface",
    "ip-address",
    "port",
    "interface-automatic",
    "do-ip4",
    "do-ip6",
    "access-control",
    "outgoing-interface",
    "outgoing-port-permit",
    "outgoing-port-avoid",
    "msg-cache-size",
    "rrset-cache-size",
    "key-cache-size",
    "neg-cache-size",
    "serve-expired",
    "serve-expired-ttl",
    "domain-insecure",
    "private-address",
    "private-domain",
    "module-config",
    "auto-trust-anchor-file",
    "trust-anchor-file",
    "trust-anchor",
    "trusted-keys-file",
    "root-hints",
    "local-zone",
    "local-data",
    "local-data-ptr",
    "directory",
    "tls-upstream",
    "ssl-upstream",
    "val-permissive-mode",
];

/// Settings whose effect is missing here, or that resolverd does not need.
const TOLD: [ToldSetting; 57] = [
    (
        "access-control-view",
        Dangerous,
        "gave these clients the local data of a view",
        "they are refused, except this host, as the view is not converted",
    ),
    (
        "access-control-*",
        Dangerous,
        "gave some clients other data",
        "add a [[listener]] with an address of its own and `zones` for these clients",
    ),
    (
        "interface-automatic-ports",
        Different,
        "listened at more ports",
        "add the addresses with these ports to listen.addresses",
    ),
    (
        "interface-*",
        Dangerous,
        "decided about clients by the interface that they reached",
        "add a [[listener]] with the addresses of the interface, `allow` and `zones`",
    ),
    (
        "local-zone-*",
        Dangerous,
        "gave a zone of its own to some clients only, or treated it otherwise for them",
        "all clients of [listen] get it here; for others add a [[listener]] with `zones`",
    ),
    ("define-tag", Unneeded, "named tags of clients and zones", "see the settings that use them"),
    (
        "response-ip*",
        Dangerous,
        "changed answers that have some addresses",
        "resolverd does not; resolve.private_addresses removes addresses of networks",
    ),
    (
        "proxy-protocol-port",
        Dangerous,
        "took the addresses of clients from a proxy",
        "resolverd sees the address of the proxy; let clients ask it directly",
    ),
    (
        "cache-min-ttl",
        Different,
        "kept answers longer than their TTL",
        "resolverd keeps no answer longer than its TTL, unless no server answers (serve_stale)",
    ),
    ("infra-cache-min-rtt", Unneeded, "bounded the timers of servers", "resolverd measures each server"),
    (
        "rrset-roundrobin",
        Different,
        "rotated the records of an answer",
        "clients choose among addresses themselves",
    ),
    (
        "tcp-upstream",
        Different,
        "sent all queries over TCP",
        "resolverd uses TCP after truncated answers only",
    ),
    ("deny-any", Different, "answered ANY with nothing", "resolverd answers ANY from its data"),
    ("log-queries", Different, "logged each query", "log.queries = true does the same"),
    (
        "do-not-query-address",
        Dangerous,
        "named servers that were never queried",
        "add them to resolve.deny_servers",
    ),
    (
        "do-not-query-localhost",
        Different,
        "allowed servers at 127.0.0.0/8",
        "a [[zone]] with stub or forward may have such servers",
    ),
    (
        "dns64-*",
        Dangerous,
        "made IPv6 addresses for IPv4 servers (DNS64)",
        "resolverd has no DNS64; keep another resolver for these clients",
    ),
    ("ratelimit", Unneeded, "limited queries to a zone", "resolverd gives each zone a share of its work"),
    ("ratelimit-*", Unneeded, "limited queries to a zone", "resolverd gives each zone a share of its work"),
    (
        "ip-ratelimit",
        Unneeded,
        "limited queries of a client",
        "resolverd gives each client a share of its work",
    ),
    (
        "ip-ratelimit-*",
        Unneeded,
        "limited queries of a client",
        "resolverd gives each client a share of its work",
    ),
    ("prefer-ip4", Unneeded, "preferred servers with IPv4", "resolverd prefers the fastest server"),
    ("prefer-ip6", Unneeded, "preferred servers with IPv6", "resolverd prefers the fastest server"),
    (
        "unblock-lan-zones",
        Different,
        "resolved reverse names of private networks",
        "resolverd answers these itself unless a [[zone]] has them",
    ),
    (
        "insecure-lan-zones",
        Different,
        "did not validate reverse names of private networks",
        "a [[zone]] for them may have validate = false",
    ),
    (
        "qname-minimisation-strict",
        Different,
        "never sent more of a name than a server needs",
        "resolverd sends the whole name if a server fails otherwise",
    ),
    (
        "ignore-cd-flag",
        Different,
        "validated also for clients that set CD",
        "resolverd gives these clients the answer without validation",
    ),
    (
        "serve-expired-*",
        Unneeded,
        "timed the use of expired answers",
        "resolverd has rules of its own; see serve_stale",
    ),
    ("add-holddown", Unneeded, "timed the change of keys", "resolverd has the times of RFC 5011"),
    ("del-holddown", Unneeded, "timed the change of keys", "resolverd has the times of RFC 5011"),
    ("keep-missing", Unneeded, "timed the change of keys", "resolverd has the times of RFC 5011"),
    ("permit-small-holddown", Unneeded, "timed the change of keys", "resolverd has the times of RFC 5011"),
    ("outbound-msg-retry", Unneeded, "bounded the work for a query", "resolverd has bounds of its own"),
    ("max-sent-count", Unneeded, "bounded the work for a query", "resolverd has bounds of its own"),
    ("max-query-restarts", Unneeded, "bounded the work for a query", "resolverd has bounds of its own"),
    ("max-global-quota", Unneeded, "bounded the work for a query", "resolverd has bounds of its own"),
    ("max-client-subnet-*", Unneeded, "bounded what servers are told of clients", "resolverd tells nothing"),
    ("max-ecs-*", Unneeded, "bounded what servers are told of clients", "resolverd tells nothing"),
    ("min-client-subnet-*", Unneeded, "bounded what servers are told of clients", "resolverd tells nothing"),
    ("iter-scrub-*", Unneeded, "bounded the work for a query", "resolverd has bounds of its own"),
    ("send-client-subnet", Different, "told servers the network of the client", "resolverd never does"),
    ("client-subnet-*", Different, "told servers the network of the client", "resolverd never does"),
    ("nsid", Unneeded, "told the identity of the server", "resolverd tells none"),
    (
        "ipsecmod-enabled",
        Dangerous,
        "started a program for names with keys of IPsec",
        "resolverd starts no programs",
    ),
    ("ipsecmod-*", Unneeded, "configured the program for keys of IPsec", "see ipsecmod-enabled"),
    (
        "disable-dnssec-lame-check",
        Unneeded,
        "asked servers without DNSSEC",
        "resolverd learns what a server supports",
    ),
    ("pad-*", Unneeded, "filled up messages over TLS", "resolverd has rules of its own"),
    (
        "http-notls-downstream",
        Different,
        "served DNS over HTTP without TLS",
        "resolverd serves DNS over HTTPS only: see https of [listen]",
    ),
    ("http-*", Unneeded, "set a detail of DNS over HTTPS", "resolverd needs no such setting"),
    ("tls-cert-bundle", Different, TRUSTED, OF_SYSTEM),
    ("ssl-cert-bundle", Different, TRUSTED, OF_SYSTEM),
    ("tls-cipher*", Unneeded, "chose the ciphers of TLS", "resolverd has those of its library"),
    ("tls-use-sni", Unneeded, "named the server in TLS", "resolverd always does"),
    ("tls-*", Different, SERVED, OVER_TLS),
    ("https-*", Different, SERVED, OVER_TLS),
    ("quic-size", Unneeded, "bounded the memory of DNS over QUIC", "resolverd has bounds of its own"),
    ("quic-*", Unneeded, "set a detail of DNS over QUIC", "resolverd needs no such setting"),
];

/// The effect of settings of encrypted DNS, and what to do.
const SERVED: &str = "served or asked over TLS or HTTPS";
const OVER_TLS: &str = "clients: see tls and https of [listen]; forwarders may be tls://address#name or https://address/path#name";

/// The effect of certificates to trust, and what to do.
const TRUSTED: &str = "named certificates to trust";
const OF_SYSTEM: &str = "resolverd trusts those of the system: if a forwarder has a certificate of a private issuer, add this issuer to those of the system, or its certificate cannot be verified";

/// The files in which systems have the issuers that they trust.
const SYSTEM_BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Details of Unbound, and begins of their names, which end with `-`.
const DETAILS: [&str; 62] = [
    "verbosity",
    "num-threads",
    "username",
    "chroot",
    "pidfile",
    "logfile",
    "use-syslog",
    "log-",
    "hide-",
    "identity",
    "version",
    "harden-",
    "use-caps-for-id",
    "caps-exempt",
    "caps-whitelist",
    "edns-buffer-size",
    "max-udp-size",
    "so-",
    "msg-cache-slabs",
    "rrset-cache-slabs",
    "key-cache-slabs",
    "infra-",
    "num-queries-per-thread",
    "outgoing-",
    "incoming-",
    "jostle-timeout",
    "delay-close",
    "unwanted-reply-threshold",
    "prefetch-key",
    "minimal-responses",
    "statistics-",
    "extended-statistics",
    "aggressive-nsec",
    "val-",
    "tcp-",
    "edns-",
    "do-udp",
    "do-tcp",
    "ede",
    "ede-",
    "target-fetch-policy",
    "msg-buffer-size",
    "stream-wait-size",
    "discard-timeout",
    "wait-limit",
    "wait-limit-",
    "cookie-",
    "answer-cookie",
    "ip-transparent",
    "ip-freebind",
    "ip-dscp",
    "low-rtt",
    "fast-server-",
    "trust-anchor-signaling",
    "root-key-sentinel",
    "zonemd-",
    "unknown-server-time-limit",
    "max-reuse-tcp-queries",
    "udp-",
    "use-systemd",
    "do-daemonize",
    "serve-original-ttl",
];

/// Reports a setting that no other function reads.
pub(super) fn tell(setting: &UnboundSetting, draft: &mut Draft) {
    let option = setting.option.as_str();
    // See `trust`.
    let is_lenient = (option, setting.value()) == ("harden-dnssec-stripped", "no");
    if READ.contains(&option) || is_lenient {
        return;
    }
    let without = match (option, setting.value()) {
        ("do-udp" | "do-tcp", "no") => Some(("used one of UDP and TCP only", "resolverd uses both")),
        ("tls-use-sni", "no") => Some((
            "asked servers over TLS without the name of the server in the first message (SNI)",
            "resolverd sends the name that stands behind # of tls://",
        )),
        _ => None,
    };
    if let Some(told) = without {
        return draft.tell(Different, &setting.place, &setting.shown(), told);
    }
    // This one is on by default: the finding is about `no`.
    let is_off = match option {
        "do-not-query-localhost" => setting.is_yes(),
        _ => setting.value() == "no" || setting.value() == "0",
    };
    let begins = |begin: &&str| option == *begin || (begin.ends_with('-') && option.starts_with(*begin));
    let is_detail = DETAILS.iter().any(begins);
    let (weight, did, instead) = match told::find(&TOLD, option) {
        Some(_) if is_off && setting.is_yes() => {
            (Unneeded, "sets the default", "resolverd needs no such setting")
        }
        // resolverd has these parts, or something in their place.
        Some((_, Unneeded, _, instead)) if is_off => (Unneeded, "turned it off", *instead),
        Some(_) if is_off => (Unneeded, "turned it off", "resolverd has no such part"),
        Some((.., OF_SYSTEM)) if SYSTEM_BUNDLES.contains(&setting.value()) => {
            (Unneeded, TRUSTED, "resolverd trusts those of the system")
        }
        Some((_, weight, did, instead)) => (*weight, *did, *instead),
        None if is_detail => (Unneeded, "sets a detail of Unbound", "resolverd needs no such setting"),
        None if setting.value() == "no" => (Unneeded, "turned it off", "resolverd has no such part"),
        None => {
            let did = "is not known to this import";
            let instead = "see unbound.conf(5) for its effect and resolverd.toml(5)";
            return draft.tell(Different, &setting.place, keyword(option), (did, instead));
        }
    };
    draft.tell(weight, &setting.place, &setting.shown(), (did, instead));
}
