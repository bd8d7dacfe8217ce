//! Checks the MX records and the hosts that they name, and what senders do without MX records.
//!
//! RFC 5321 section 5.1 (how senders choose the host), RFC 7505 (null MX), RFC 2181 section 10.3 (no aliases).

pub(crate) mod connect;
pub(crate) mod exchanges;
pub(crate) mod helo;
pub(crate) mod lists;
pub(crate) mod pointer;
pub(crate) mod steady;

use std::net::IpAddr;

use crate::codes::Code;
use crate::facts::private_address::is_private;
use crate::facts::{DomainFacts, LookupFound, Record, Role, Want, addresses, is_within, lookup};
use crate::finding::{Finding, Level};
use crate::limits::{MAX_CHECKED_ADDRESSES, MAX_CHECKED_HOSTS};
use crate::mail::exchanges::{Exchange, exchanges};
pub(super) use crate::mail::exchanges::{hosts, named_hosts};
use crate::message::refusal::RefusalReason;
use crate::part::{About, Part};
use crate::{dnssec, elsewhere, served, zone};

/// Returns the public addresses of the mail hosts.
pub(super) fn host_addresses(facts: &DomainFacts) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for address in hosts(facts).iter().flat_map(|host| facts.addresses(host)) {
        if !is_private(address) && !found.contains(&address) && found.len() < MAX_CHECKED_ADDRESSES {
            found.push(address);
        }
    }
    found
}

pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let domain = facts.subject.domain.as_str();
    let mut wants = vec![lookup(domain, "MX"), lookup(domain, "CNAME")];
    wants.extend(addresses(domain));
    if facts.lookup(domain, "MX") == LookupFound::NotAsked {
        return wants;
    }
    wants.extend(hosts(facts).iter().flat_map(|host| addresses(host)));
    wants.extend(host_addresses(facts).into_iter().flat_map(|address| pointer::wants(facts, address)));
    wants
}

/// Returns the lookups for mail hosts without a known address. If they fail, the check finds out why.
pub(super) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let without = hosts(facts).into_iter().filter(|host| facts.addresses(host).is_empty());
    without.flat_map(|host| ["A", "AAAA"].map(|kind| (host.clone(), kind))).collect()
}

/// Returns true if no address of a host is known, for a reason other than DNSSEC validation.
pub(super) fn is_without_answer(facts: &DomainFacts, host: &str) -> bool {
    let is_unknown =
        |kind| matches!(facts.lookup(host, kind), LookupFound::Unknown(_)) && !facts.is_bogus(host, kind);
    facts.addresses(host).is_empty() && ["A", "AAAA"].into_iter().any(is_unknown)
}

pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let mut findings = Vec::new();
    // An alias at a name below the apex of a zone is correct if the name has no other records.
    let own_alias = facts.lookup(domain, "CNAME").alias().filter(|_| zone::is_delegated(facts));
    if let Some(target) = own_alias {
        findings.push(Finding::new(Code::ApexAlias, format!("{domain} CNAME {target}")));
    }
    match facts.lookup(domain, "MX") {
        LookupFound::Unknown(why) => {
            let alias = facts.lookup(domain, "CNAME").alias();
            findings.push(match alias.and_then(|_| elsewhere::evidence(facts, domain, "MX")) {
                Some(evidence) => {
                    Finding::new(Code::MxUnanswered, evidence).in_part(Part::MxRecords).on(domain, "MX")
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

/// Returns the finding that mail would loop: a mail host has an address of this host, or a bounce reports a loop.
fn here(facts: &DomainFacts) -> Option<Finding> {
    let (domain, own) = (facts.subject.domain.as_str(), &facts.subject.own);
    let of_host = |host: &String| {
        let address = facts.addresses(host).into_iter().find(|address| own.contains(address))?;
        Some(format!("{host} has the address {address} of this host"))
    };
    let found: Vec<String> = hosts(facts).iter().filter_map(of_host).collect();
    let is_loop = facts.subject.refusal.reason == Some(RefusalReason::Loop);
    let words = match found.is_empty() {
        false => found.join("; "),
        true if is_loop && facts.lookup(domain, "MX").is_known() => format!(
            "the host that has bounced the mail says that it is a mail host of {domain}; these are {}",
            facts.records(domain, "MX").into_iter().map(Record::text).collect::<Vec<_>>().join(", ")
        ),
        true => return None,
    };
    Some(Finding::new(Code::MxIsHere, words))
}

fn listed(addresses: &[IpAddr]) -> String {
    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    format!("the {} {}", if list.len() == 1 { "address" } else { "addresses" }, list.join(", "))
}

/// Returns true if no host on the internet reaches the address: it is private, or an address for documentation (RFC 5737, RFC 3849).
fn is_unreachable(address: &IpAddr) -> bool {
    let is_example = match address {
        IpAddr::V4(v4) => v4.is_documentation(),
        IpAddr::V6(v6) => v6.segments().starts_with(&[0x2001, 0xdb8]),
    };
    is_example || is_private(*address)
}

/// Returns the finding about private addresses of mail hosts, which senders try in vain.
fn private(facts: &DomainFacts, hosts: &[String]) -> Option<Finding> {
    let of_host = |host: &String| {
        let private: Vec<IpAddr> = facts.addresses(host).into_iter().filter(is_unreachable).collect();
        (!private.is_empty()).then(|| (format!("{host} has {}", listed(&private)), About::Host(host.clone())))
    };
    let (words, about): (Vec<String>, Vec<About>) = hosts.iter().filter_map(of_host).unzip();
    let is_public = |host: &&String| facts.addresses(host).iter().any(|address| !is_unreachable(address));
    let public: Vec<&str> = hosts.iter().filter(is_public).map(String::as_str).collect();
    let found = |end: &str| {
        let finding = Finding::new(Code::MxPrivateAddress, format!("{}{end}", words.join("; ")));
        finding.about(about.clone())
    };
    (!words.is_empty()).then(|| match public.is_empty() {
        true => found(""),
        false => {
            let end = format!(
                "; senders also try public addresses of {}: mail is late, and not lost",
                public.join(", ")
            );
            found(&end).at(Level::Warning)
        }
    })
}

/// Returns the findings about a domain without MX records. Senders then deliver to the address of the domain itself (RFC 5321 section 5.1).
fn without_mx(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let found = facts.addresses(domain);
    if found.is_empty() {
        return vec![without_host(facts)];
    }
    // The finding `NoMx` says that mail goes to the address of the domain, perhaps to a web server. If all addresses are private, the function
    // `private` reports them, and `NoMx` is left out.
    let has_public = found.iter().any(|address| !is_unreachable(address));
    let evidence = format!("{domain} has no MX; it has {}", listed(&found));
    let about = [About::Host(domain.to_owned())];
    let no_mx = has_public.then(|| Finding::new(Code::NoMx, evidence).about(about));
    private(facts, &[domain.to_owned()]).into_iter().chain(no_mx).collect()
}

fn without_host(facts: &DomainFacts) -> Finding {
    let domain = facts.subject.domain.as_str();
    let unknown = ["A", "AAAA"].into_iter().find_map(|kind| match facts.lookup(domain, kind) {
        LookupFound::Unknown(why) => Some(format!("{domain} has no MX; {kind}: {why}")),
        LookupFound::NotAsked => Some(format!("{domain} has no MX; {kind} was not looked up")),
        _ => None,
    });
    match unknown {
        Some(why) => Finding::new(Code::MailUnknown, why).in_part(Part::MailHosts),
        None => {
            let target = facts.lookup(domain, "MX").alias().map(|target| format!(" (CNAME {target})"));
            let evidence = format!("{domain}{} has no MX, A or AAAA record", target.unwrap_or_default());
            Finding::new(Code::MailNowhere, evidence)
        }
    }
}

fn with_mx(facts: &DomainFacts) -> Vec<Finding> {
    let (domain, exchanges) = (facts.subject.domain.as_str(), exchanges(facts));
    let shown = |exchange: &Exchange| format!("{domain} MX {} {}", exchange.preference, exchange.host);
    let mut findings = Vec::new();
    let (null, real): (Vec<_>, Vec<_>) = exchanges.into_iter().partition(Exchange::is_null);
    if let Some(null) = null.first() {
        if real.is_empty() {
            let found = Finding::new(Code::NullMx, shown(null));
            // The checked domain is the recipient of an email, so it should receive mail. A null MX record says that it receives none.
            let is_recipient = facts.subject.role == Role::Recipient;
            return vec![if is_recipient { found.at(Level::Failure) } else { found }];
        }
        let all: Vec<String> = std::iter::once(null).chain(&real).map(shown).collect();
        findings.push(Finding::new(Code::NullMxBesideOthers, all.join("; ")));
    }
    let addresses: Vec<String> =
        real.iter().filter(|exchange| exchange.address().is_some()).map(shown).collect();
    if !addresses.is_empty() {
        findings.push(Finding::new(Code::MxIsAddress, addresses.join("; ")));
    }
    findings.extend(addressless(facts, real.len()));
    findings.extend(of_hosts(facts));
    if findings.iter().all(|finding| finding.level >= Level::Note) {
        findings.push(well(facts));
    }
    findings
}

fn of_hosts(facts: &DomainFacts) -> Vec<Finding> {
    let (hosts, mut findings) = (hosts(facts), Vec::new());
    for host in &hosts {
        if let Some(target) = ["A", "AAAA"].into_iter().find_map(|kind| facts.lookup(host, kind).alias()) {
            let found = Finding::new(Code::MxIsCname, format!("{host} CNAME {target}"));
            findings.push(found.about([About::Host(host.clone())]));
        }
    }
    findings.extend(private(facts, &hosts));
    // If some mail hosts were not looked up, no finding says that all hosts have a fault.
    let are_all = named_hosts(facts).len() == hosts.len();
    let are_known = |kind| are_all && hosts.iter().all(|host| facts.lookup(host, kind).is_known());
    let all: Vec<IpAddr> = hosts.iter().flat_map(|host| facts.addresses(host)).collect();
    let has_public = |is_family: fn(&IpAddr) -> bool| {
        all.iter().any(|address| is_family(address) && !is_unreachable(address))
    };
    if has_public(IpAddr::is_ipv6) && !has_public(IpAddr::is_ipv4) && are_known("A") {
        findings.push(Finding::new(Code::MxWithoutIpv4, hosts.join(", ")));
    }
    if all.iter().any(IpAddr::is_ipv4) && !all.iter().any(IpAddr::is_ipv6) && are_known("AAAA") {
        findings.push(Finding::new(Code::MxWithoutIpv6, hosts.join(", ")));
    }
    findings
}

/// Returns the finding that the mail hosts have addresses.
fn well(facts: &DomainFacts) -> Finding {
    let (domain, hosts) = (facts.subject.domain.as_str(), hosts(facts));
    let with_addresses = hosts.iter().filter_map(|host| {
        let found: Vec<String> = facts.addresses(host).iter().map(ToString::to_string).collect();
        (!found.is_empty()).then(|| format!("{host} ({})", found.join(", ")))
    });
    let mut evidence = with_addresses.collect::<Vec<_>>().join(", ");
    let beyond = named_hosts(facts).split_off(hosts.len());
    if !beyond.is_empty() {
        evidence
            .push_str(&format!("; not looked up, beyond {MAX_CHECKED_HOSTS} hosts: {}", beyond.join(", ")));
    }
    hosts.iter().fold(Finding::new(Code::MailOk, evidence).on(domain, "MX"), |finding, host| {
        finding.on(host.as_str(), "A").on(host.as_str(), "AAAA")
    })
}

/// Returns the code and the evidence for a mail host without a known address. Returns `None` if a server of the zone gives an address.
fn without_address(facts: &DomainFacts, host: &str) -> Option<(Code, String)> {
    let kinds = ["A", "AAAA"].map(|kind| (kind, facts.lookup(host, kind)));
    let is_given = |server: IpAddr| {
        let given = |kind| {
            served::given(facts, server, (host, kind))
                .is_some_and(|reply| reply.records(kind).next().is_some())
        };
        given("A") || given("AAAA")
    };
    let is_bogus = |kind: &'static str| facts.is_bogus(host, kind) && !dnssec::is_broken_above(facts, host);
    Some(match kinds.into_iter().find(|(_, found)| !found.is_known()) {
        None if served::serving(facts).into_iter().any(is_given) => return None,
        None if exchanges::holds_address(facts, host) => {
            (Code::MxIsAddress, format!("{host} (an address without a last dot)"))
        }
        None => (Code::MxWithoutAddress, exchanges::with_last_dot(facts, host)),
        Some((kind, LookupFound::Unknown(why))) if is_bogus(kind) => {
            (Code::MxHostUnanswered, format!("{host} fails DNSSEC validation: {why}"))
        }
        Some((kind, LookupFound::Unknown(why))) => match elsewhere::evidence(facts, host, kind) {
            Some(evidence) => (Code::MxHostUnanswered, evidence),
            None => (Code::MailUnknown, format!("{host}: {why}")),
        },
        Some(_) => (Code::MailUnknown, format!("{host} was not looked up")),
    })
}

/// Returns the findings about mail hosts without a known address. `all`: the number of hosts in the MX records.
fn addressless(facts: &DomainFacts, all: usize) -> Vec<Finding> {
    let hosts = hosts(facts).into_iter().filter(|host| facts.addresses(host).is_empty());
    let found: Vec<(String, Code, String)> = hosts
        .filter_map(|host| without_address(facts, &host).map(|(code, text)| (host, code, text)))
        .collect();
    // The number of mail hosts that senders cannot reach.
    let lost = found.iter().filter(|(_, code, _)| *code != Code::MailUnknown).count();
    let is_all =
        lost + exchanges(facts).iter().filter(|exchange| exchange.address().is_some()).count() == all;
    let codes = [Code::MxIsAddress, Code::MxHostUnanswered, Code::MxWithoutAddress, Code::MailUnknown];
    let of_code = |code: Code| {
        // Some domains have an MX record only to prove to a provider who owns the domain. Its host receives no mail, so it is not reported next to
        // other hosts.
        let is_reported = |host: &str| is_all || code != Code::MxWithoutAddress || !is_verification(host);
        let of_code = found.iter().filter(|(host, known, _)| *known == code && is_reported(host));
        let (about, texts): (Vec<About>, Vec<&str>) =
            of_code.map(|(host, _, text)| (About::Host(host.clone()), text.as_str())).unzip();
        let finding = Finding::new(code, texts.join("; ")).about(about);
        let is_unknown = [Code::MailUnknown, Code::MxHostUnanswered].contains(&code);
        let finding = if is_unknown { finding.in_part(Part::MailHosts) } else { finding };
        let is_milder = !is_all && [Code::MxWithoutAddress, Code::MxHostUnanswered].contains(&code);
        (!texts.is_empty()).then(|| if is_milder { finding.at(Level::Warning) } else { finding })
    };
    codes.into_iter().filter_map(of_code).collect()
}

/// Returns true if a host has no address on purpose: providers ask for an MX record with such a name as a proof that the customer owns the
/// domain (Microsoft 365: `ms12345678.msv1.invalid`, Google Workspace: `TOKEN.mx-verification.google.com`).
fn is_verification(host: &str) -> bool {
    ["invalid.", "mx-verification.google.com."].iter().any(|zone| is_within(host, zone))
}

pub(super) fn hosts_at(facts: &DomainFacts, address: IpAddr) -> Vec<About> {
    let has = |host: &String| facts.addresses(host).contains(&address);
    hosts(facts).into_iter().filter(has).map(About::Host).collect()
}

#[cfg(test)]
mod tests;
