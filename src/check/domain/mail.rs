//! Mail: MX records, the hosts that they name, and what senders do without them.
//!
//! RFC 5321 section 5.1 (the choice of the host), RFC 7505 (null MX), RFC 2181 section 10.3 (no aliases).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{
    DomainFacts, Got, LookupFound, ReplySecurity, Role, Want, addresses, canonical, is_within, lookup,
};
use super::finding::{Finding, Level};
use super::part::{About, Part};
use super::private_address::is_private;
use super::refusal::RefusalReason;
use super::spf_record::{SpfRecords, Term, TermKind, records, terms};
use super::{dnssec, elsewhere, pointer, remedies, served, zone};
use crate::limits::{MAX_CHECKED_ADDRESSES, MAX_CHECKED_HOSTS};

/// A name below the domain that does not exist: only a wildcard answers for it.
const NOWHERE: &str = "resolverctl-check-of-wildcards";

/// Whether it is such a name.
pub(super) fn is_nowhere(name: &str) -> bool {
    name.starts_with(NOWHERE)
}

/// An MX record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Exchange {
    preference: u16,
    host: String,
}

impl Exchange {
    fn read(data: &str) -> Option<Self> {
        let (preference, host) = data.split_once(' ')?;
        Some(Self { preference: preference.parse().ok()?, host: canonical(host.trim()) })
    }

    fn is_null(&self) -> bool {
        self.host == "."
    }

    /// The address that stands in the place of the host's name.
    fn address(&self) -> Option<IpAddr> {
        address(self.host.trim_end_matches('.'))
    }
}

/// The address in the place of a name, also as a literal of mail addresses (RFC 5321 section 4.1.3): `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
fn address(text: &str) -> Option<IpAddr> {
    let literal = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let literal = literal.map(|literal| literal.strip_prefix("ipv6:").unwrap_or(literal));
    literal.unwrap_or(text).parse().ok()
}

/// The MX records, the most preferred first.
fn exchanges(facts: &DomainFacts) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> =
        facts.data(&facts.subject.domain, "MX").into_iter().filter_map(Exchange::read).collect();
    exchanges.sort();
    exchanges
}

/// The hosts that the MX records name, the most preferred first; or the domain itself.
pub(super) fn named_hosts(facts: &DomainFacts) -> Vec<String> {
    let exchanges = exchanges(facts);
    if exchanges.is_empty() && facts.lookup(&facts.subject.domain, "MX").is_absent() {
        return vec![facts.subject.domain.clone()];
    }
    let named = exchanges.into_iter().filter(|exchange| !exchange.is_null() && exchange.address().is_none());
    let mut known = BTreeSet::new();
    named.map(|exchange| exchange.host).filter(|host| known.insert(host.clone())).collect()
}

/// The hosts that receive mail for the domain, as far as they are looked up.
pub(super) fn hosts(facts: &DomainFacts) -> Vec<String> {
    named_hosts(facts).into_iter().take(MAX_CHECKED_HOSTS).collect()
}

/// The public addresses of these hosts.
pub(super) fn host_addresses(facts: &DomainFacts) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for address in hosts(facts).iter().flat_map(|host| facts.addresses(host)) {
        if !is_private(address) && !found.contains(&address) && found.len() < MAX_CHECKED_ADDRESSES {
            found.push(address);
        }
    }
    found
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let domain = facts.subject.domain.as_str();
    let mut wants = vec![lookup(domain, "MX"), lookup(domain, "CNAME")];
    wants.extend(addresses(domain));
    if facts.lookup(domain, "MX") == LookupFound::NotAsked {
        return wants;
    }
    wants.push(lookup(&format!("{NOWHERE}.{domain}"), "MX"));
    wants.extend(hosts(facts).iter().flat_map(|host| addresses(host)));
    wants.extend(host_addresses(facts).into_iter().flat_map(|address| pointer::wants(facts, address)));
    wants
}

/// The lookups of addresses of hosts without a known address.
pub(super) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let without = hosts(facts).into_iter().filter(|host| facts.addresses(host).is_empty());
    without.flat_map(|host| ["A", "AAAA"].map(|kind| (host.clone(), kind))).collect()
}

/// Whether the addresses of a host could not be looked up, other than for DNSSEC.
pub(super) fn is_without_answer(facts: &DomainFacts, host: &str) -> bool {
    let is_unknown = |kind| {
        let is_bogus = matches!(facts.got.get(&lookup(host, kind)), Some(Got::Reply(reply)) if reply.security == ReplySecurity::Bogus);
        matches!(facts.lookup(host, kind), LookupFound::Unknown(_)) && !is_bogus
    };
    facts.addresses(host).is_empty() && ["A", "AAAA"].into_iter().any(is_unknown)
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let mut findings = Vec::new();
    // Below an apex an alias is sound: it stands alone.
    if let LookupFound::Data(reply) = facts.lookup(domain, "CNAME")
        && zone::is_delegated(facts)
    {
        let target = reply.data("CNAME").next().unwrap_or_default();
        findings.push(Finding::new(Code::ApexAlias, format!("{domain} CNAME {target}")));
    } else {
        findings.extend(beside_alias(facts));
    }
    match facts.lookup(domain, "MX") {
        LookupFound::Circle(circle) => {
            findings.push(Finding::new(Code::MailNowhere, format!("{domain} MX: {circle}")))
        }
        LookupFound::Unknown(why) => {
            let alias = facts.lookup(domain, "CNAME").alias();
            findings.push(match alias.and_then(|_| elsewhere::evidence(facts, domain, "MX")) {
                Some(evidence) => Finding::new(Code::MxUnanswered, evidence).of(Part::MxRecords),
                None => Finding::new(Code::MailUnknown, format!("{domain} MX: {why}")),
            });
        }
        LookupFound::NotAsked => {
            findings.push(Finding::new(Code::MailUnknown, format!("{domain} MX was not looked up")))
        }
        LookupFound::NoName(_) => {}
        LookupFound::NoData(_) => findings.extend(without_mx(facts)),
        LookupFound::Data(_) => findings.extend(with_mx(facts)),
    }
    if let LookupFound::Data(reply) = facts.lookup(&format!("{NOWHERE}.{domain}"), "MX") {
        let data: Vec<&str> = reply.data("MX").collect();
        // A null MX bounces mail to names that do not exist (RFC 7505).
        if data.iter().any(|data| !data.ends_with(" .")) {
            let evidence = format!("names below {domain} that do not exist have MX {}", data.join(", "));
            findings.push(Finding::new(Code::WildcardMx, evidence));
        }
    }
    findings.extend(here(facts));
    findings
}

/// A CNAME and MX records of the same name, below an apex.
fn beside_alias(facts: &DomainFacts) -> Option<Finding> {
    let domain = facts.subject.domain.as_str();
    let LookupFound::Data(alias) = facts.lookup(domain, "CNAME") else { return None };
    let asked = facts.got.iter().filter_map(|(want, got)| match (want, got) {
        (Want::Lookup { name, kind: "MX" } | Want::Server { name, kind: "MX", .. }, Got::Reply(reply))
            if name == domain =>
        {
            Some(reply)
        }
        _ => None,
    });
    let mut records = asked.flat_map(|reply| &reply.answers);
    let record = records.find(|record| record.kind == "MX" && record.name == domain)?;
    let target = alias.data("CNAME").next().unwrap_or_default();
    Some(Finding::new(Code::CnameBesideMx, format!("{domain} CNAME {target}; {domain} MX {}", record.data)))
}

/// Mail hosts that have an address of this host.
fn here(facts: &DomainFacts) -> Option<Finding> {
    let own = &facts.subject.own;
    let told: Vec<String> = hosts(facts)
        .iter()
        .filter_map(|host| {
            let address = facts.addresses(host).into_iter().find(|address| own.contains(address))?;
            Some(format!("{host} has the address {address} of this host"))
        })
        .collect();
    if told.is_empty() {
        return by_bounce(facts);
    }
    Some(Finding::new(Code::MxIsHere, told.join("; ")))
}

/// That the mail software which has sent a bounce has found a host of itself: its address may be that of a router before it.
fn by_bounce(facts: &DomainFacts) -> Option<Finding> {
    let domain = facts.subject.domain.as_str();
    let is_loop = facts.subject.refusal.reason == Some(RefusalReason::Loop);
    let hosts = hosts(facts).into_iter().map(|host| {
        let found: Vec<String> = facts.addresses(&host).iter().map(ToString::to_string).collect();
        format!("{host} ({})", found.join(", "))
    });
    let evidence = || {
        let (hosts, records) = (hosts.collect::<Vec<_>>().join(", "), facts.data(domain, "MX").join(", "));
        let these = match (hosts.as_str(), records.as_str()) {
            ("", "") => String::new(),
            // An address in place of a name is no host.
            ("", records) => format!("; its MX records are {records}"),
            (hosts, _) => format!("; these are {hosts}"),
        };
        format!("the host that has bounced the mail says that it is a mail host of {domain}{these}")
    };
    (is_loop && facts.lookup(domain, "MX").is_known()).then(|| Finding::new(Code::MxIsHere, evidence()))
}

/// The fallback to the address of the domain, which is then its own mail host (RFC 5321 section 5.1).
fn without_mx(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let found = facts.addresses(domain);
    if found.is_empty() {
        return vec![without_host(facts)];
    }
    let list: Vec<String> = found.iter().map(ToString::to_string).collect();
    let evidence = format!("{domain} has no MX; it has the address {}", list.join(", "));
    let (private, public): (Vec<IpAddr>, Vec<IpAddr>) = found.into_iter().partition(is_unreachable);
    let told = Finding::new(Code::MxPrivateAddress, &evidence).about([About::Host(domain.to_owned())]);
    let told = if public.is_empty() { told } else { beside_public(told) };
    let private = (!private.is_empty()).then_some(told);
    // Nobody takes a private address for that of a web server.
    let no_mx = (!public.is_empty()).then(|| Finding::new(Code::NoMx, &evidence));
    private.into_iter().chain(no_mx).collect()
}

/// A finding about private addresses of a domain that senders reach at others: they try these, too.
const fn beside_public(finding: Finding) -> Finding {
    finding.at(Level::Warning).to_do(remedies::PRIVATE_BESIDE_PUBLIC)
}

/// A domain with neither MX nor a known address.
fn without_host(facts: &DomainFacts) -> Finding {
    let domain = facts.subject.domain.as_str();
    let unknown = ["A", "AAAA"].into_iter().find_map(|kind| match facts.lookup(domain, kind) {
        LookupFound::Circle(why) | LookupFound::Unknown(why) => {
            Some(format!("{domain} has no MX; {kind}: {why}"))
        }
        LookupFound::NotAsked => Some(format!("{domain} has no MX; {kind} was not looked up")),
        _ => None,
    });
    match unknown {
        Some(why) => Finding::new(Code::MailUnknown, why).of(Part::MailHosts),
        None => {
            let target = facts.lookup(domain, "MX").alias().map(|target| format!(" (CNAME {target})"));
            let evidence = format!("{domain}{} has no MX, A or AAAA record", target.unwrap_or_default());
            Finding::new(Code::MailNowhere, evidence)
        }
    }
}

/// Whether the SPF record of the domain allows somebody to send.
fn may_send(facts: &DomainFacts) -> bool {
    let SpfRecords::One(record) = records(facts, &facts.subject.domain) else { return false };
    let allows = |term: &Term| term.qualifier == '+' && term.kind != TermKind::Other;
    terms(&record).is_ok_and(|terms| terms.iter().any(allows))
}

fn with_mx(facts: &DomainFacts) -> Vec<Finding> {
    let (domain, exchanges) = (facts.subject.domain.as_str(), exchanges(facts));
    let shown = |exchange: &Exchange| format!("{domain} MX {} {}", exchange.preference, exchange.host);
    let mut findings = Vec::new();
    let (null, real): (Vec<_>, Vec<_>) = exchanges.into_iter().partition(Exchange::is_null);
    if let Some(null) = null.first() {
        let code = if real.is_empty() { Code::NullMx } else { Code::NullMxBesideOthers };
        let all: Vec<String> = std::iter::once(null).chain(&real).map(shown).collect();
        let found = Finding::new(code, all.join("; "));
        if real.is_empty() {
            findings.push(match facts.subject.role {
                // Somebody wants to deliver to it.
                Role::Recipient => found.at(Level::Failure),
                // Receivers may reject mail from a domain to which no bounce can be delivered (RFC 7505 section 4.2).
                _ if may_send(facts) => found.at(Level::Note),
                _ => found,
            });
            return findings;
        }
        findings.push(found);
    }
    let addresses: Vec<String> =
        real.iter().filter(|exchange| exchange.address().is_some()).map(shown).collect();
    if !addresses.is_empty() {
        findings.push(Finding::new(Code::MxIsAddress, addresses.join("; ")));
    }
    findings.extend(of_hosts(facts));
    findings.extend(beyond_bound(facts));
    let equal = real.iter().zip(real.iter().skip(1)).find(|(one, next)| one.preference == next.preference);
    if let Some((one, next)) = equal {
        findings.push(Finding::new(Code::MxEqual, format!("{}; {}", shown(one), shown(next))));
    }
    if findings.iter().all(|finding| finding.level >= Level::Note) {
        let hosts = hosts(facts);
        let with_addresses = hosts.iter().filter_map(|host| {
            let found: Vec<String> = facts.addresses(host).iter().map(ToString::to_string).collect();
            (!found.is_empty()).then(|| format!("{host} ({})", found.join(", ")))
        });
        findings.push(Finding::new(Code::MailOk, with_addresses.collect::<Vec<_>>().join(", ")));
    }
    findings
}

/// The hosts that are not looked up, because there are too many, and the addresses whose PTR records are not. No lookup has failed.
fn beyond_bound(facts: &DomainFacts) -> Option<Finding> {
    let hosts = hosts(facts);
    let beyond = named_hosts(facts).split_off(hosts.len());
    let of_hosts = (!beyond.is_empty()).then(|| {
        format!(
            "the check looks up the {MAX_CHECKED_HOSTS} most preferred mail hosts; not looked up: {}",
            beyond.join(", ")
        )
    });
    let addresses: BTreeSet<IpAddr> = hosts.iter().flat_map(|host| facts.addresses(host)).collect();
    let public = addresses.into_iter().filter(|address| !is_private(*address)).count();
    let of_addresses = (public > MAX_CHECKED_ADDRESSES).then(|| {
        format!(
            "the check looks up the PTR records of {MAX_CHECKED_ADDRESSES} addresses of mail hosts, which have {public}"
        )
    });
    let told: Vec<String> = of_hosts.into_iter().chain(of_addresses).collect();
    (!told.is_empty()).then(|| Finding::new(Code::MxMany, told.join("; ")))
}

/// Mail hosts without a known address, each with its evidence.
#[derive(Default)]
struct Addressless {
    /// There is no address.
    missing: Vec<(String, String)>,
    /// The same, and the name of the domain was added to a name without a last dot.
    dotless: Vec<(String, String)>,
    /// An address stands in the place of the name, and the name of the domain was added to it.
    addresses: Vec<(String, String)>,
    /// The zone of the host fails DNSSEC validation.
    bogus: Vec<(String, String)>,
    /// No server of the host's zone answers.
    unanswered: Vec<(String, String)>,
    unknown: Vec<(String, String)>,
}

impl Addressless {
    /// Takes in a host for which no address was found.
    fn take(&mut self, facts: &DomainFacts, host: &str) {
        let kinds = ["A", "AAAA"].map(|kind| (kind, facts.lookup(host, kind)));
        let is_bogus = |kind: &'static str| {
            let got = facts.got.get(&lookup(host, kind));
            matches!(got, Some(Got::Reply(reply)) if reply.security == ReplySecurity::Bogus)
                && !dnssec::is_broken_above(facts, host)
        };
        // The usual mistake in a zone file: an address without a last dot.
        let before = host.strip_suffix(&facts.subject.domain).and_then(|before| before.strip_suffix('.'));
        let is_address = before.is_some_and(|before| address(before).is_some());
        let (list, told) = match kinds.iter().find(|(_, found)| !found.is_known()) {
            // Another server of the zone has one: that the servers differ is told.
            None if is_given(facts, host) => return,
            None if is_address => (&mut self.addresses, format!("{host} (an address without a last dot)")),
            None => match without_dot(host, &facts.subject.domain) {
                Some(meant) => (
                    &mut self.dotless,
                    format!("{host} (the zone file may name {meant} without its last dot)"),
                ),
                None => (&mut self.missing, host.to_owned()),
            },
            Some((_, LookupFound::Circle(circle))) => (&mut self.missing, format!("{host} ({circle})")),
            Some((kind, LookupFound::Unknown(why))) if is_bogus(kind) => {
                (&mut self.bogus, format!("{host}: {why}"))
            }
            Some((kind, LookupFound::Unknown(why))) => match elsewhere::evidence(facts, host, kind) {
                Some(evidence) => (&mut self.unanswered, evidence),
                None => (&mut self.unknown, format!("{host}: {why}")),
            },
            Some(_) => (&mut self.unknown, format!("{host} was not looked up")),
        };
        list.push((host.to_owned(), told));
    }

    /// The findings about a domain with so many hosts.
    fn findings(self, all: usize) -> Vec<Finding> {
        let Self { missing, dotless, addresses, bogus, unanswered, unknown } = self;
        // Senders deliver to none of these.
        let lost = missing.len() + dotless.len() + addresses.len() + bogus.len() + unanswered.len();
        let worst = if lost == all { Level::Failure } else { Level::Warning };
        // The others receive the mail, and nobody is to deliver to these.
        let missing = match lost < all {
            true => missing.into_iter().filter(|(host, _)| !is_verification(host)).collect(),
            false => missing,
        };
        let told = [
            (Code::MxIsAddress, addresses, Code::MxIsAddress.entry().level),
            (Code::MxHostBogus, bogus, worst),
            (Code::MxHostUnanswered, unanswered, worst),
            (Code::MxWithoutAddress, missing, worst),
            (Code::MailUnknown, unknown, Code::MailUnknown.entry().level),
        ];
        let finding = |(code, hosts, level): (Code, Vec<(String, String)>, Level)| {
            let (names, texts): (Vec<String>, Vec<String>) = hosts.into_iter().unzip();
            let separator = if code == Code::MxWithoutAddress { ", " } else { "; " };
            let finding = Finding::new(code, texts.join(separator)).at(level);
            let is_untold = [Code::MailUnknown, Code::MxHostUnanswered].contains(&code);
            let finding = if is_untold { finding.of(Part::MailHosts) } else { finding };
            finding.about(names.into_iter().map(About::Host))
        };
        let has_hosts = |hosts: &Vec<_>| !hosts.is_empty();
        let dotless = Some(dotless).filter(has_hosts);
        let dotless =
            dotless.map(|hosts| finding((Code::MxWithoutAddress, hosts, worst)).to_do(remedies::LAST_DOT));
        let told = told.into_iter().filter(|(_, hosts, _)| has_hosts(hosts)).map(finding);
        dotless.into_iter().chain(told).collect()
    }
}

/// Top-level domains that are labels of nothing else.
const TOP_LEVEL: [&str; 5] = ["com", "net", "org", "info", "biz"];

/// The name that is meant by a host whose name ends with that of the domain a second time, or has a top-level domain before it; as in a zone
/// file where the last dot is missing (RFC 1035 section 5.1).
fn without_dot<'h>(host: &'h str, domain: &str) -> Option<&'h str> {
    let before = host.strip_suffix(domain).filter(|before| before.ends_with('.'))?;
    let labels: Vec<&str> = before.trim_end_matches('.').split('.').collect();
    let is_top = |label: &&&str| TOP_LEVEL.contains(*label);
    let has_top = labels.len() > 1 && labels.last().filter(is_top).is_some();
    (is_within(before, domain) || has_top).then_some(before)
}

/// Whether a host has no address on purpose: providers let people prove by its name in an MX record that a domain is theirs (Microsoft 365:
/// `ms12345678.msv1.invalid`, Google Workspace: `TOKEN.mx-verification.google.com`).
fn is_verification(host: &str) -> bool {
    ["invalid.", "mx-verification.google.com."].iter().any(|zone| is_within(host, zone))
}

/// Whether a server of the zone gives an address of a host.
fn is_given(facts: &DomainFacts, host: &str) -> bool {
    let gives = |kind: &'static str| {
        let given = served::serving(facts)
            .into_iter()
            .filter_map(move |server| served::given(facts, server, (host, kind)));
        given.flat_map(move |reply| reply.data(kind)).next().is_some()
    };
    ["A", "AAAA"].into_iter().any(gives)
}

/// The addresses of the hosts.
fn of_hosts(facts: &DomainFacts) -> Vec<Finding> {
    let (mut findings, mut addressless) = (Vec::new(), Addressless::default());
    let (mut ipv4, mut ipv6) = (false, false);
    let (hosts, named) = (hosts(facts), named_hosts(facts).len());
    let all = named + exchanges(facts).iter().filter(|exchange| exchange.address().is_some()).count();
    // Nothing is said of all hosts unless all were looked up.
    let mut known = [named == hosts.len(); 2];
    let has_public = |host: &&String| facts.addresses(host).iter().any(|address| !is_unreachable(address));
    let public: Vec<&str> = hosts.iter().filter(has_public).map(String::as_str).collect();
    for host in &hosts {
        let kinds = ["A", "AAAA"].map(|kind| facts.lookup(host, kind));
        if let Some(target) = kinds.iter().find_map(LookupFound::alias) {
            let told = Finding::new(Code::MxIsCname, format!("{host} CNAME {target}"));
            findings.push(told.about([About::Host(host.clone())]));
        }
        let found = facts.addresses(host);
        known = [known[0] && kinds[0].is_known(), known[1] && kinds[1].is_known()];
        ipv4 |= found.iter().any(IpAddr::is_ipv4);
        ipv6 |= found.iter().any(IpAddr::is_ipv6);
        let private = found.iter().filter(|address| is_unreachable(address)).map(ToString::to_string);
        let private: Vec<String> = private.collect();
        if !private.is_empty() {
            let word = if private.len() == 1 { "address" } else { "addresses" };
            let evidence = format!("{host} has the {word} {}", private.join(", "));
            let told = match public.as_slice() {
                [] => Finding::new(Code::MxPrivateAddress, evidence),
                public => {
                    let others = match public.contains(&host.as_str()) {
                        true => "its public address".to_owned(),
                        false => public.join(", "),
                    };
                    let evidence =
                        format!("{evidence}; senders also try {others}: mail is late, and not lost");
                    beside_public(Finding::new(Code::MxPrivateAddress, evidence))
                }
            };
            findings.push(told.about([About::Host(host.clone())]));
        }
        if found.is_empty() {
            addressless.take(facts, host);
        }
    }
    findings.extend(addressless.findings(all));
    findings.extend(misnamed(&hosts, all));
    let names = || hosts.join(", ");
    match (ipv4, ipv6, known) {
        (false, true, [true, _]) => findings.push(Finding::new(Code::MxWithoutIpv4, names())),
        (true, false, [_, true]) => findings.push(Finding::new(Code::MxWithoutIpv6, names())),
        _ => {}
    }
    findings
}

/// The mail hosts that have an address.
pub(super) fn hosts_at(facts: &DomainFacts, address: IpAddr) -> Vec<About> {
    let has = |host: &String| facts.addresses(host).contains(&address);
    hosts(facts).into_iter().filter(has).map(About::Host).collect()
}

/// Whether the address is one of examples in documentation (RFC 5737, RFC 3849).
fn is_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_documentation(),
        IpAddr::V6(v6) => v6.segments().starts_with(&[0x2001, 0xdb8]),
    }
}

/// Whether no host on the internet has the address, or reaches it.
fn is_unreachable(address: &IpAddr) -> bool {
    is_private(*address) || is_documentation(*address)
}

/// The fault in a name that no host can have (RFC 1123 section 2.1), and whether mail software takes it all the same.
fn name_fault(host: &str) -> Option<(&'static str, bool)> {
    let is_letter = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'.';
    if !host.bytes().all(|octet| is_letter(octet) || octet == b'_') {
        return Some(("has characters other than letters, digits and hyphens", false));
    }
    let is_hyphened = |label: &str| label.starts_with('-') || label.ends_with('-');
    if host.split('.').any(is_hyphened) {
        return Some(("has a label that begins or ends with a hyphen", false));
    }
    host.contains('_').then_some(("has an underscore", true))
}

/// Mail hosts with names that no host can have, of a domain with so many hosts.
fn misnamed(hosts: &[String], all: usize) -> Option<Finding> {
    let faults = hosts.iter().filter_map(|host| Some((host, name_fault(host)?)));
    let faults: Vec<_> = faults.collect();
    let told: Vec<String> = faults.iter().map(|(host, (fault, _))| format!("{host} {fault}")).collect();
    let skipped = faults.iter().filter(|(_, (_, is_taken))| !*is_taken).count();
    let level = match skipped {
        0 => Level::Note,
        // Postfix and Exim deliver to none.
        _ if skipped == all => Level::Failure,
        _ => Level::Warning,
    };
    let about = faults.iter().map(|(host, _)| About::Host((*host).clone()));
    (!told.is_empty()).then(|| Finding::new(Code::MxNameInvalid, told.join("; ")).at(level).about(about))
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
