//! Mail: MX records, the hosts that they name, and what senders do without them.
//!
//! RFC 5321 section 5.1 (the choice of the host), RFC 7505 (null MX), RFC 2181 section 10.3 (no aliases).

pub(crate) mod addressless;
pub(crate) mod connect;
pub(crate) mod exchanges;
pub(crate) mod helo;
pub(crate) mod last_dot;
pub(crate) mod lists;
pub(crate) mod pointer;
pub(crate) mod pointers;
pub(crate) mod reach;
pub(crate) mod steady;

use std::net::IpAddr;

use crate::codes::Code;
use crate::facts::private_address::is_private;
use crate::facts::{DomainFacts, LookupFound, Role, Want, addresses, lookup};
use crate::finding::{Finding, Level};
use crate::limits::{MAX_CHECKED_ADDRESSES, MAX_CHECKED_HOSTS};
use crate::mail::addressless::Addressless;
use crate::mail::exchanges::{Exchange, exchanges};
pub(super) use crate::mail::exchanges::{hosts, named_hosts};
use crate::mail::reach::{Reach, listed};
use crate::message::refusal::RefusalReason;
use crate::part::{About, Part};
use crate::spf::record::{SpfRecords, Term, TermKind, records, terms};
use crate::{elsewhere, zone};

/// The public addresses of the mail hosts.
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
    wants.extend(hosts(facts).iter().flat_map(|host| addresses(host)));
    wants.extend(last_dot::wants(facts));
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
    let is_unknown =
        |kind| matches!(facts.lookup(host, kind), LookupFound::Unknown(_)) && !facts.is_bogus(host, kind);
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
    }
    match facts.lookup(domain, "MX") {
        LookupFound::Unknown(why) => {
            let alias = facts.lookup(domain, "CNAME").alias();
            findings.push(match alias.and_then(|_| elsewhere::evidence(facts, domain, "MX")) {
                Some(evidence) => {
                    Finding::new(Code::MxUnanswered, evidence).of(Part::MxRecords).on(domain, "MX")
                }
                None => Finding::new(Code::MailUnknown, format!("{domain} MX: {why}")).on(domain, "MX"),
            });
        }
        LookupFound::NotAsked => {
            findings.push(Finding::new(Code::MailUnknown, format!("{domain} MX was not looked up")))
        }
        LookupFound::NoName(_) => {}
        LookupFound::NoData(_) => findings.extend(without_mx(facts)),
        LookupFound::Data(_) => findings.extend(with_mx(facts)),
    }
    findings.extend(here(facts));
    findings
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

/// The same in the words of the host that has bounced the mail.
fn by_bounce(facts: &DomainFacts) -> Option<Finding> {
    let domain = facts.subject.domain.as_str();
    let is_loop = facts.subject.refusal.reason == Some(RefusalReason::Loop);
    let records = facts.data(domain, "MX").join(", ");
    let words = format!(
        "the host that has bounced the mail says that it is a mail host of {domain}; these are {records}"
    );
    (is_loop && facts.lookup(domain, "MX").is_known()).then(|| Finding::new(Code::MxIsHere, words))
}

/// The fallback to the address of the domain, which is then its own mail host (RFC 5321 section 5.1).
fn without_mx(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let found = facts.addresses(domain);
    if found.is_empty() {
        return vec![without_host(facts)];
    }
    let evidence = format!("{domain} has no MX; it has {}", listed(&found));
    let reach = Reach::of(facts, &[domain.to_owned()], 1);
    let end = if reach.needs_ipv6 { "; senders without IPv6 do not deliver" } else { "" };
    let private = reach.private(facts, domain);
    let private = private.map(|found| Finding { evidence: format!("{evidence}{end}"), ..found });
    // Nobody takes a private address for that of a web server.
    let about = [About::Host(domain.to_owned())];
    let no_mx = reach.has_public().then(|| Finding::new(Code::NoMx, &evidence).about(about));
    let without_ipv4 = private.as_ref().filter(|_| reach.needs_ipv6);
    let without_ipv4 = without_ipv4.map(|_| Finding::new(Code::MxWithoutIpv4, domain));
    private.iter().cloned().chain(no_mx).chain(without_ipv4).collect()
}

/// A domain with neither MX nor a known address.
fn without_host(facts: &DomainFacts) -> Finding {
    let domain = facts.subject.domain.as_str();
    let unknown = ["A", "AAAA"].into_iter().find_map(|kind| match facts.lookup(domain, kind) {
        LookupFound::Unknown(why) => Some(format!("{domain} has no MX; {kind}: {why}")),
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
    if findings.iter().all(|finding| finding.level >= Level::Note) {
        let hosts = hosts(facts);
        let with_addresses = hosts.iter().filter_map(|host| {
            let found: Vec<String> = facts.addresses(host).iter().map(ToString::to_string).collect();
            (!found.is_empty()).then(|| format!("{host} ({})", found.join(", ")))
        });
        let mut evidence = with_addresses.collect::<Vec<_>>().join(", ");
        let beyond = named_hosts(facts).split_off(hosts.len());
        if !beyond.is_empty() {
            evidence.push_str(&format!(
                "; not looked up, beyond {MAX_CHECKED_HOSTS} hosts: {}",
                beyond.join(", ")
            ));
        }
        let finding =
            hosts.iter().fold(Finding::new(Code::MailOk, evidence).on(domain, "MX"), |finding, host| {
                finding.on(host.as_str(), "A").on(host.as_str(), "AAAA")
            });
        findings.push(finding);
    }
    findings
}

/// The addresses of the hosts.
fn of_hosts(facts: &DomainFacts) -> Vec<Finding> {
    let (mut findings, mut addressless) = (Vec::new(), Addressless::default());
    let (mut ipv4, mut ipv6) = (false, false);
    let (hosts, named) = (hosts(facts), named_hosts(facts).len());
    let all = named + exchanges(facts).iter().filter(|exchange| exchange.address().is_some()).count();
    // Nothing is said of all hosts unless all were looked up.
    let mut known = [named == hosts.len(); 2];
    let reach = Reach::of(facts, &hosts, named);
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
        findings.extend(reach.private(facts, host));
        if found.is_empty() {
            addressless.take(facts, host);
        }
    }
    findings.extend(addressless.findings(all));
    findings.extend(misnamed(&hosts, all));
    let names = || hosts.join(", ");
    match (ipv4 && !reach.needs_ipv6, ipv6, known) {
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
mod tests;
