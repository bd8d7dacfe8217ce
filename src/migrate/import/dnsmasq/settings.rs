//! The other settings of dnsmasq: the cache, and the report of settings that are not converted.

use super::reader::DnsmasqSetting;
use super::records;
use crate::import::draft::Draft;
use crate::import::finding::Weight;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::secret::keyword;
use crate::import::told;
use crate::import::told::ToldSetting;
use crate::import::values::{private, seconds, texts};

/// Settings that other functions of this module read.
const READ: [&str; 15] = [
    "server",
    "local",
    "rev-server",
    "address",
    "resolv-file",
    "no-resolv",
    "listen-address",
    "interface",
    "port",
    "no-hosts",
    "conf-file",
    "conf-dir",
    "servers-file",
    "dnssec",
    "bogus-priv",
];

/// Parts of dnsmasq that are no resolver; each is reported once.
const PARTS: [(&str, &str, &[&str]); 3] = [
    (
        "gave out addresses by DHCP, or boot files",
        "keep dnsmasq for it, with port=0; names of DHCP clients need a [[host]] or a [[zone]]",
        &[
            "dhcp-*",
            "bootp-*",
            "pxe-*",
            "tag-if",
            "no-dhcp*",
            "read-ethers",
            "no-ping",
            "bridge-interface",
            "shared-network",
            "leasefile-ro",
            "script-*",
        ],
    ),
    ("sent router advertisements", "keep dnsmasq for it, with port=0", &["enable-ra", "ra-param"]),
    ("served files by TFTP", "keep dnsmasq for it, with port=0", &["enable-tftp", "tftp-*"]),
];

/// Settings whose effect is missing here, or is not needed.
const TOLD: [ToldSetting; 68] = [
    (
        "bogus-nxdomain",
        Dangerous,
        "took an address for NXDOMAIN",
        "resolverd keeps it; use servers that do not lie",
    ),
    (
        "ignore-address",
        Different,
        "ignored answers with an address",
        "resolverd keeps them; DNSSEC refuses forged ones",
    ),
    ("alias", Dangerous, "replaced addresses in answers", "add a [[host]] or [[record]] for each name"),
    ("filter-A", Dangerous, "removed all IPv4 addresses from answers", "resolverd keeps them"),
    (
        "filter-AAAA",
        Dangerous,
        "removed all IPv6 addresses from answers",
        "resolverd keeps them; turn IPv6 off in the mail software",
    ),
    ("filter-rr", Different, "removed records of a type from answers", "resolverd keeps them"),
    ("filterwin2k", Different, "did not forward some queries of Windows hosts", "resolverd resolves them"),
    (
        "ipset",
        Dangerous,
        "added addresses to a set of the firewall",
        "resolverd does not change the firewall",
    ),
    (
        "nftset",
        Dangerous,
        "added addresses to a set of the firewall",
        "resolverd does not change the firewall",
    ),
    (
        "connmark-allowlist*",
        Dangerous,
        "allowed some clients some names only",
        "add a [[listener]] with `zones` for these clients",
    ),
    (
        "conntrack",
        Different,
        "marked queries to servers for the firewall",
        "resolverd does not mark them; use its user or source",
    ),
    (
        "auth-*",
        Dangerous,
        "served zones to the internet",
        "run an authoritative server; resolverd answers its clients only",
    ),
    (
        "interface-name",
        Dangerous,
        "named the addresses of a network interface",
        "add a [[host]] with these addresses",
    ),
    (
        "dynamic-host",
        Dangerous,
        "named addresses of a network interface",
        "add a [[host]] with these addresses",
    ),
    (
        "synth-domain",
        Dangerous,
        "made names for the addresses of a range",
        "write the names into the zone file of a [[zone]]",
    ),
    ("localmx", Dangerous, "gave each local name an MX record", "add a [[record]] of type MX for each"),
    (
        "selfmx",
        Dangerous,
        "gave each local name itself as its MX record",
        "add a [[record]] of type MX for each",
    ),
    ("domain", Different, "named the domain of hosts without one", "write whole names into [[host]]"),
    ("conf-script", Dangerous, "took settings from a program", "run it, and import what it prints"),
    (
        "except-interface",
        Dangerous,
        "did not listen at a network interface",
        "remove its addresses from listen.addresses",
    ),
    (
        "local-service",
        Different,
        "answered clients of directly connected networks only",
        "add these networks to listen.allow",
    ),
    ("proxy-dnssec", Different, "passed the AD bit of the servers on", "resolverd validates itself"),
    (
        "dnssec-no-timecheck",
        Unneeded,
        "ignored the times of signatures until a signal",
        "resolverd waits until the clock is set",
    ),
    ("dnssec-debug", Different, "passed bogus answers on", "use dig +cd for a test"),
    ("dnssec-check-unsigned", Unneeded, "proved that unsigned zones are unsigned", "resolverd always does"),
    (
        "dnssec-timestamp",
        Unneeded,
        "kept the time for the begin of validation",
        "resolverd waits until the clock is set",
    ),
    ("dnssec-limits", Unneeded, "bounded the work of validation", "resolverd has bounds of its own"),
    (
        "query-port",
        Dangerous,
        "sent all queries from one port",
        "resolverd uses random ports; permit those of resolve.source_ports in the firewall",
    ),
    ("port-limit", Unneeded, "bounded the number of source ports", "resolverd uses a new one for each query"),
    (
        "domain-needed",
        Different,
        "forwarded no names without a dot",
        "resolverd resolves them as other names: the root, or the servers of the [[zone]] \".\", say that they do not exist",
    ),
    (
        "localise-queries",
        Different,
        "chose an address by the network of the client",
        "give each network a [[view]] with a [[host]] of its own",
    ),
    (
        "min-cache-ttl",
        Different,
        "kept answers longer than their TTL",
        "resolverd keeps no answer longer than its TTL, unless no server answers (serve_stale)",
    ),
    ("auth-ttl", Unneeded, "was the TTL of served zones", "resolverd takes that of the records"),
    ("neg-ttl", Unneeded, "was the TTL of negative answers without one", "resolverd does not cache these"),
    ("cache-rr", Unneeded, "cached one more type", "resolverd caches all types"),
    ("strict-order", Different, "asked the servers in their order", "resolverd prefers the fastest one"),
    (
        "all-servers",
        Unneeded,
        "asked all servers at once",
        "resolverd asks a second one when the first is late",
    ),
    ("fast-dns-retry", Unneeded, "asked again early", "resolverd measures each server"),
    ("add-mac", Different, "told the servers the hardware address of the client", "resolverd never does"),
    ("add-subnet", Different, "told the servers the network of the client", "resolverd never does"),
    ("add-cpe-id", Different, "told the servers who asks", "resolverd never does"),
    (
        "umbrella",
        Dangerous,
        "identified this host to a filtering service",
        "resolverd cannot; the service may filter otherwise",
    ),
    ("strip-*", Unneeded, "removed data of clients from queries", "resolverd sends none"),
    ("no-round-robin", Different, "kept the order of records", "clients choose among addresses themselves"),
    ("bind-interfaces", Unneeded, "listened at single addresses only", "resolverd always does"),
    ("bind-dynamic", Unneeded, "listened at addresses that come later", "resolverd does"),
    (
        "dns-loop-detect",
        Unneeded,
        "found servers that ask back",
        "resolverd refuses its own addresses as servers",
    ),
    ("log-queries", Different, "logged each query", "log.queries = true does the same"),
    ("log-*", Unneeded, "configured the log", "resolverd logs to the journal; see [log]"),
    ("quiet-*", Unneeded, "configured the log", "resolverd logs to the journal; see [log]"),
    ("dump*", Different, "wrote packets to a file", "see [dnstap]"),
    (
        "cache-size",
        Unneeded,
        "bounded the number of cached names",
        "cache.size bounds the memory of the cache",
    ),
    ("no-poll", Unneeded, "did not read resolv.conf again", "resolverd does not read it"),
    ("clear-on-reload", Unneeded, "emptied the cache at a reload", "resolverd removes what a reload changes"),
    ("dns-forward-max", Unneeded, "bounded the queries in progress", "resolverd has bounds of its own"),
    ("max-tcp-connections", Unneeded, "bounded the TCP connections", "resolverd has bounds of its own"),
    ("edns-packet-max", Unneeded, "bounded the size of replies over UDP", "resolverd takes 1232 octets"),
    ("user", Unneeded, "named the user of the daemon", "resolverd.service has its own"),
    ("group", Unneeded, "named the group of the daemon", "resolverd.service has its own"),
    ("pid-file", Unneeded, "named a file of the daemon", "systemd knows the process"),
    ("keep-in-foreground", Unneeded, "told the way to start", "resolverd.service starts it"),
    ("no-daemon", Unneeded, "told the way to start", "resolverd.service starts it"),
    ("test", Unneeded, "only checked the configuration", "resolverctl config check does"),
    (
        "enable-dbus",
        Different,
        "let programs change the servers over D-Bus",
        "resolverd takes its servers from its file only",
    ),
    ("enable-ubus", Different, "let programs read and change it over ubus", "resolverctl reads resolverd"),
    ("no-ident", Unneeded, "did not answer version.bind", "resolverd tells clients no version"),
    ("version", Unneeded, "only told the version", "resolverd --version does"),
    ("help", Unneeded, "only told the options", "resolverd --help does"),
];

/// Adds and reports them.
pub(super) fn add(settings: &[DnsmasqSetting], draft: &mut Draft) {
    cache(settings, draft);
    ports(settings, draft);
    rebinding(settings, draft);
    parts(settings, draft);
    for setting in settings {
        one(setting, draft);
    }
}

fn is_of(setting: &DnsmasqSetting, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(begin) => setting.option.starts_with(begin),
        None => setting.option == wanted,
    }
}

/// Reports each part with the place of its first setting and the number of the others.
fn parts(settings: &[DnsmasqSetting], draft: &mut Draft) {
    for (did, instead, options) in PARTS {
        let of_part: Vec<&DnsmasqSetting> =
            settings.iter().filter(|setting| options.iter().any(|wanted| is_of(setting, wanted))).collect();
        let Some(first) = of_part.first() else { continue };
        let option = match of_part.len() {
            1 => first.typed.clone(),
            number => {
                let last = of_part.last().map_or(0, |last| last.place.line);
                format!("{} ({number} settings, the last in line {last})", first.typed)
            }
        };
        draft.tell(Dangerous, &first.place, &option, (did, instead));
    }
}

fn one(setting: &DnsmasqSetting, draft: &mut Draft) {
    let option = setting.option.as_str();
    let is_part = PARTS.iter().any(|(.., options)| options.iter().any(|wanted| is_of(setting, wanted)));
    if is_part || READ.contains(&option) || records::READ.contains(&option) || CACHED.contains(&option) {
        return;
    }
    if option == "trust-anchor" {
        return anchor(setting, draft);
    }
    let (weight, did, instead): (Weight, &str, &str) = match told::find(&TOLD, option) {
        _ if option == "cache-size" && setting.field(0) == "0" => {
            (Different, "turned the cache off", "resolverd always caches, for the TTL of an answer")
        }
        Some((_, weight, did, instead)) => (*weight, *did, *instead),
        None => {
            let did = "is not known to this import";
            let instead = "see dnsmasq(8) for its effect and resolverd.toml(5)";
            return draft.tell(Different, &setting.place, keyword(option), (did, instead));
        }
    };
    draft.tell(weight, &setting.place, &setting.typed, (did, instead));
}

/// Settings that `cache`, `ports` and `rebinding` read; `expand-hosts` is part of the files of hosts.
const CACHED: [&str; 10] = [
    "max-ttl",
    "max-cache-ttl",
    "no-negcache",
    "use-stale-cache",
    "min-port",
    "max-port",
    "expand-hosts",
    "stop-dns-rebind",
    "rebind-localhost-ok",
    "rebind-domain-ok",
];

/// The times of the cache.
fn cache(settings: &[DnsmasqSetting], draft: &mut Draft) {
    let last = |option: &str| settings.iter().rfind(|setting| setting.option == option);
    let longest = ["max-ttl", "max-cache-ttl"].iter().filter_map(|option| last(option));
    let number = |setting: &DnsmasqSetting| setting.field(0).parse::<u64>().ok();
    // The shorter one counts for the client.
    if let Some(shortest) =
        longest.filter(|setting| number(setting).is_some_and(|ttl| ttl > 0)).min_by_key(|one| number(one))
        && let Some((text, _)) = seconds(shortest.field(0), 604_800)
    {
        draft.set(&shortest.place, &shortest.typed, ("[cache]", "max_ttl"), text);
    }
    if let Some(off) = last("no-negcache") {
        draft.set(&off.place, &off.typed, ("[cache]", "negative_max_ttl"), "0s");
    }
    if let Some(stale) = last("use-stale-cache") {
        // Without a value it is a day; 0 is for ever.
        let span = match stale.field(0) {
            "" => "1d".to_owned(),
            "0" => "3d".to_owned(),
            typed => seconds(typed, 259_200).map_or_else(|| "1d".to_owned(), |(text, _)| text),
        };
        draft.set(&stale.place, &stale.typed, ("[cache]", "serve_stale"), span);
    }
}

/// The source ports.
fn ports(settings: &[DnsmasqSetting], draft: &mut Draft) {
    let last = |option: &str| settings.iter().rfind(|setting| setting.option == option);
    let (least, most) = (last("min-port"), last("max-port"));
    let Some(typed) = least.or(most) else { return };
    let number = |setting: Option<&DnsmasqSetting>, usual: u16| {
        setting.and_then(|setting| setting.field(0).parse::<u16>().ok()).unwrap_or(usual)
    };
    let range = format!("{}-{}", number(least, 1_024).max(1_024), number(most, u16::MAX));
    draft.set(&typed.place, &typed.typed, ("[resolve]", "source_ports"), range);
}

/// The addresses that names from outside must not have, and the domains that may.
fn rebinding(settings: &[DnsmasqSetting], draft: &mut Draft) {
    if let Some(stop) = settings.iter().find(|setting| setting.option == "stop-dns-rebind") {
        draft.set(&stop.place, &stop.typed, ("[resolve]", "private_addresses"), private());
        if !settings.iter().any(|setting| setting.option == "rebind-localhost-ok") {
            let did = "removed addresses of 127.0.0.0/8 too";
            let instead = "resolverd keeps them: DNS lists and SPF answer with them";
            draft.tell(Different, &stop.place, &stop.typed, (did, instead));
        }
    }
    if let Some(alone) = settings.iter().find(|setting| setting.option == "rebind-localhost-ok") {
        let did = "kept addresses of 127.0.0.0/8";
        draft.tell(Unneeded, &alone.place, &alone.typed, (did, "resolverd does"));
    }
    let mut names: Vec<String> = Vec::new();
    let typed: Vec<&DnsmasqSetting> =
        settings.iter().filter(|setting| setting.option == "rebind-domain-ok").collect();
    for setting in &typed {
        let domains = setting.domains().map_or_else(|| setting.fields.clone(), |(domains, _)| domains);
        names.extend(domains.iter().filter(|name| !name.is_empty()).map(|name| name.to_ascii_lowercase()));
    }
    if let Some(first) = typed.first() {
        draft.set(&first.place, &first.typed, ("[resolve]", "private_domains"), texts(names));
    }
}

/// The trust anchors. The anchors of the root are built in.
fn anchor(setting: &DnsmasqSetting, draft: &mut Draft) {
    if setting.fields.iter().any(|field| field == ".") {
        let did = "gave a key of the root";
        return draft.tell(Unneeded, &setting.place, &setting.typed, (did, "resolverd has them built in"));
    }
    let did = "gave a key to validate with";
    let instead = "write it as a DS record into a file, and set dnssec.trust_anchor to the file";
    draft.tell(Dangerous, &setting.place, &setting.typed, (did, instead));
}
