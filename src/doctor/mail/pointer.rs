//! PTR: the names of addresses, whether they lead back, and whether they look like names of dynamic addresses.
//!
//! RFC 1912 section 2.1, RFC 8601 section 2.7.3 (iprev).

use std::net::IpAddr;

use crate::codes::{Code, remedies};
use crate::elsewhere;
use crate::facts::{DomainFacts, LookupFound, Want, canonical, is_within, lookup, reverse};
use crate::finding::{Finding, Level};
use crate::limits::MAX_CHECKED_POINTERS;
use crate::part::{About, Part};

/// Labels, or their beginnings, that providers give to dynamic addresses.
const DYNAMIC: [&str; 16] = [
    "dyn", "dynamic", "dhcp", "ppp", "pppoe", "dial", "dialup", "dialin", "dsl", "adsl", "vdsl", "cable",
    "pool", "cust", "customer", "client",
];

/// Labels, or their beginnings, of hosts with addresses of their own.
const FIXED: [&str; 9] = ["static", "mail", "mx", "smtp", "mta", "relay", "server", "srv", "vps"];

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "A" } else { "AAAA" }
}

/// The PTR names of an address.
fn names(facts: &DomainFacts, address: IpAddr) -> Vec<String> {
    facts.data(&reverse(address), "PTR").into_iter().map(canonical).collect()
}

/// The questions about an address that are needed next.
pub(crate) fn wants(facts: &DomainFacts, address: IpAddr) -> Vec<Want> {
    let names = names(facts, address).into_iter().take(MAX_CHECKED_POINTERS);
    std::iter::once(lookup(&reverse(address), "PTR"))
        .chain(names.map(|name| lookup(&name, family(address))))
        .collect()
}

/// The lookups about an address whose failure is examined.
pub(crate) fn needed(facts: &DomainFacts, address: IpAddr) -> Vec<(String, &'static str)> {
    let names = names(facts, address).into_iter().take(MAX_CHECKED_POINTERS);
    let names = names.map(|name| (name, family(address)));
    std::iter::once((reverse(address), "PTR")).chain(names).collect()
}

/// The result of one address.
enum Judged {
    /// There is no PTR record; the text says at which alias.
    Missing(String),
    /// No name leads back; the text says where they lead. The change that helps, if that of the code does not fit.
    Differs(String, Option<&'static str>),
    /// The lookup of the PTR record, or of its name, fails for good; the text says why. With the change that helps, too.
    Unanswered(String, Option<&'static str>),
    Unknown(String),
    /// The names that are looked up do not lead back, and there are more.
    Crowded(String),
    Confirmed(String),
}

/// The result of an address whose PTR records are not known; none if they are.
fn without_names(facts: &DomainFacts, address: IpAddr) -> Option<Judged> {
    let owner = reverse(address);
    Some(match facts.lookup(&owner, "PTR") {
        LookupFound::NoData(reply) | LookupFound::NoName(reply) => {
            let aliases = reply.answers.iter().filter(|record| record.kind == "CNAME");
            let aliases: Vec<String> =
                aliases.map(|record| format!("{} CNAME {}", record.name, record.data)).collect();
            Judged::Missing(match aliases.as_slice() {
                [] => address.to_string(),
                aliases => format!("{address} ({}, which has no PTR record)", aliases.join(", ")),
            })
        }
        LookupFound::Unknown(why) => {
            let is_bogus = facts.is_bogus(&owner, "PTR");
            let remedy = Some(remedies::POINTER_BOGUS).filter(|_| is_bogus);
            match elsewhere::evidence(facts, &owner, "PTR") {
                Some(evidence) => Judged::Unanswered(format!("{address}: {evidence}"), remedy),
                None => Judged::Unknown(format!("PTR of {address}: {why}")),
            }
        }
        LookupFound::NotAsked => Judged::Unknown(format!("PTR of {address} was not looked up")),
        LookupFound::Data(_) => return None,
    })
}

fn judge(facts: &DomainFacts, address: IpAddr) -> Judged {
    if let Some(judged) = without_names(facts, address) {
        return judged;
    }
    let (mut others, mut unanswered, mut unknown, mut remedy) = (Vec::new(), None, None, None);
    for name in names(facts, address).into_iter().take(MAX_CHECKED_POINTERS) {
        let found = facts.addresses(&name);
        if found.contains(&address) {
            return Judged::Confirmed(name);
        }
        let lookup = facts.lookup(&name, family(address));
        if let Some((of_fault, text)) = name_fault(&name).filter(|_| lookup.is_known()) {
            remedy = remedy.or(Some(of_fault));
            others.push(text);
            continue;
        }
        match lookup {
            LookupFound::Unknown(why) => match elsewhere::evidence(facts, &name, family(address)) {
                Some(evidence) => {
                    let is_bogus = facts.is_bogus(&name, family(address));
                    let remedy = Some(remedies::POINTER_NAME_BOGUS).filter(|_| is_bogus);
                    unanswered = Some((format!("{address} PTR {name}: {evidence}"), remedy));
                }
                None => unknown = Some(format!("{name} of {address}: {why}")),
            },
            LookupFound::NotAsked => unknown = Some(format!("{name} of {address} was not looked up")),
            LookupFound::NoName(_) => others.push(format!("{name}, which does not exist")),
            LookupFound::NoData(_) => others.push(format!("{name}, which has no {} record", family(address))),
            LookupFound::Data(_) => {
                let list: Vec<String> = found.iter().map(ToString::to_string).collect();
                others.push(format!("{name}, which has {}", list.join(", ")));
            }
        }
    }
    let all = names(facts, address).len();
    if all > MAX_CHECKED_POINTERS {
        return Judged::Crowded(format!(
            "{address} has {all} PTR records, and the first {MAX_CHECKED_POINTERS} do not lead back"
        ));
    }
    match (unknown, unanswered) {
        (Some(why), _) => Judged::Unknown(why),
        (None, Some((evidence, remedy))) => Judged::Unanswered(evidence, remedy),
        (None, None) => Judged::Differs(format!("{address} PTR {}", others.join("; ")), remedy),
    }
}

/// The fault of a PTR name itself, with the change that helps: it lacks its last dot, so that the server has added the name of the reverse
/// zone (RFC 1035 section 5.1), or it is that of every host itself (RFC 6761 section 6.3).
fn name_fault(name: &str) -> Option<(&'static str, String)> {
    if is_within(name, "localhost.") || is_within(name, "localhost.localdomain.") {
        return Some((remedies::POINTER_LOCALHOST, format!("{name}, which is every host itself")));
    }
    let before = ["in-addr.arpa.", "ip6.arpa."].into_iter().find_map(|zone| name.strip_suffix(zone))?;
    // Labels of addresses, also of parts of a network (RFC 2317).
    let is_of_address =
        |label: &str| label.len() <= 1 || label.starts_with(|letter: char| letter.is_ascii_digit());
    let meant = before.trim_end_matches('.').rsplit('.').skip_while(|label| is_of_address(label));
    let meant: Vec<&str> = meant.collect();
    let meant = meant.into_iter().rev().collect::<Vec<_>>().join(".");
    let told = match meant.as_str() {
        "" => format!("{name}, which is a name of the reverse zone"),
        meant => format!("{name} (the reverse zone may name {meant}. without its last dot)"),
    };
    Some((remedies::POINTER_LAST_DOT, told))
}

/// Whether a PTR name of the address leads back to it and is a domain or below it, as the mechanism `ptr` of SPF asks (RFC 7208 section
/// 5.5); none if it could not be told. A name that receivers cannot look up counts for nothing there.
pub(crate) fn has_name_within(facts: &DomainFacts, address: IpAddr, domain: &str) -> Option<bool> {
    if !facts.lookup(&reverse(address), "PTR").is_known() {
        let fails = elsewhere::evidence(facts, &reverse(address), "PTR").is_some();
        return fails.then_some(false);
    }
    let within = names(facts, address).into_iter().take(MAX_CHECKED_POINTERS);
    let within: Vec<String> = within.filter(|name| is_within(name, domain)).collect();
    if within.iter().any(|name| facts.addresses(name).contains(&address)) {
        return Some(true);
    }
    let is_told = |name: &String| {
        let kind = family(address);
        facts.lookup(name, kind).is_known() || elsewhere::evidence(facts, name, kind).is_some()
    };
    within.iter().all(is_told).then_some(false)
}

/// Whether it is known that receivers find no name of the address that leads back to it.
pub(crate) fn is_faulty(facts: &DomainFacts, address: IpAddr) -> bool {
    matches!(judge(facts, address), Judged::Missing(_) | Judged::Differs(..) | Judged::Unanswered(..))
}

/// Whether a name of the address looks like that of a dynamic address.
pub(crate) fn is_dynamic(facts: &DomainFacts, address: IpAddr) -> bool {
    names(facts, address).iter().any(|name| looks_dynamic(name, address))
}

/// The texts of one finding, and the things that they are about.
#[derive(Default)]
struct Told {
    texts: Vec<String>,
    about: Vec<About>,
}

/// The faults of addresses, by their codes and the changes that help.
#[derive(Default)]
struct Faults(Vec<(Code, Option<&'static str>, Told)>);

impl Faults {
    fn add(&mut self, (code, remedy): (Code, Option<&'static str>), text: String, about: Vec<About>) {
        match self.0.iter_mut().find(|(known, of, _)| (*known, *of) == (code, remedy)) {
            Some((_, _, told)) => told.add(text, about),
            None => self.0.push((code, remedy, Told { texts: vec![text], about })),
        }
    }

    /// The findings: missing names first, and those with a change of their own before others of their code.
    fn findings(mut self, level: Level) -> Vec<Finding> {
        let order = [Code::PtrMissing, Code::PtrDiffers, Code::PtrUnanswered];
        self.0.sort_by_key(|(code, remedy, _)| {
            (order.iter().position(|known| known == code), remedy.is_none())
        });
        let finding = |(code, remedy, told): (Code, Option<&'static str>, Told)| {
            let between = if code == Code::PtrMissing { ", " } else { "; " };
            let finding = Finding::new(code, told.texts.join(between)).at(level).about(told.about);
            let finding = if code == Code::PtrUnanswered { finding.of(Part::Pointers) } else { finding };
            Finding { remedy, ..finding }
        };
        self.0.into_iter().map(finding).collect()
    }
}

impl Told {
    fn add(&mut self, text: String, about: Vec<About>) {
        self.texts.push(text);
        self.about.extend(about);
    }
}

/// The levels of findings about addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels {
    /// Of a missing or wrong name.
    pub(crate) fault: Level,
    /// Of a name that looks like that of a dynamic address.
    pub(crate) dynamic: Level,
}

impl Levels {
    /// That of a fault, and the next milder one for a name that looks dynamic.
    pub(crate) const fn of(fault: Level) -> Self {
        let dynamic = if matches!(fault, Level::Failure) { Level::Warning } else { Level::Note };
        Self { fault, dynamic }
    }
}

/// The findings about addresses. Each has the hosts that it is one of.
pub(crate) fn check_all(
    facts: &DomainFacts,
    addresses: &[(IpAddr, Vec<About>)],
    levels: Levels,
) -> Vec<Finding> {
    let level = levels.fault;
    let (mut faults, mut unknown, mut well) = (Faults::default(), Told::default(), Vec::new());
    let (mut dynamic, mut crowded) = (Told::default(), Told::default());
    for (address, hosts) in addresses {
        let about = || {
            let hosts = hosts.iter().cloned();
            hosts.chain([About::Address(*address)]).collect::<Vec<About>>()
        };
        match judge(facts, *address) {
            Judged::Missing(text) => faults.add((Code::PtrMissing, None), text, about()),
            Judged::Differs(text, remedy) => faults.add((Code::PtrDiffers, remedy), text, about()),
            Judged::Unanswered(text, remedy) => faults.add((Code::PtrUnanswered, remedy), text, about()),
            Judged::Unknown(text) => unknown.add(text, vec![About::Address(*address)]),
            Judged::Crowded(text) => crowded.add(text, vec![About::Address(*address)]),
            Judged::Confirmed(name) => well.push(format!("{address} ({name})")),
        }
        let names = names(facts, *address);
        if let Some(name) = names.iter().find(|name| looks_dynamic(name, *address)) {
            dynamic.add(format!("{address} PTR {name}"), about());
        }
    }
    let mut findings = faults.findings(level);
    if !unknown.texts.is_empty() {
        findings.push(Finding::new(Code::PointerUnknown, unknown.texts.join("; ")).about(unknown.about));
    }
    if !crowded.texts.is_empty() {
        let finding = Finding::new(Code::PointerUnknown, crowded.texts.join("; ")).about(crowded.about);
        findings.push(finding.to_do(remedies::ONE_POINTER));
    }
    if findings.is_empty() && !well.is_empty() {
        findings.push(Finding::new(Code::PointerOk, well.join(", ")));
    }
    if !dynamic.texts.is_empty() {
        let finding = Finding::new(Code::PtrDynamic, dynamic.texts.join("; "));
        findings.push(finding.at(levels.dynamic).about(dynamic.about));
    }
    findings
}

/// The findings about the address of a client. Only hosts of its own network see a client with a private address.
pub(crate) fn check(facts: &DomainFacts, address: IpAddr, is_private: bool) -> Vec<Finding> {
    let level = if is_private { Level::Note } else { Level::Failure };
    let mut findings = check_all(facts, &[(address, Vec::new())], Levels::of(level));
    if let Some(first) = findings.first_mut().filter(|_| is_private) {
        first.evidence.push_str("; it is a private or reserved address: no host on the internet reaches it");
    }
    findings
}

/// Whether a name looks like a provider's name for a dynamic address: it holds most of the address, or a label
/// says so. A label that names a purpose, such as `static` or `mx`, says that it is none.
fn looks_dynamic(name: &str, address: IpAddr) -> bool {
    let host = name.split('.').rev().skip(3).collect::<Vec<_>>();
    let words: Vec<&str> = host
        .iter()
        .flat_map(|label| label.split(['-', '_']))
        .map(|word| word.trim_end_matches(|letter: char| letter.is_ascii_digit()))
        .collect();
    let says = |known: &[&str]| words.iter().any(|word| known.contains(word));
    !says(&FIXED) && (says(&DYNAMIC) || holds(name, address))
}

/// Whether a name holds most of an address: its numbers in a row in either direction, or all of it as hexadecimal or padded
/// decimal digits.
fn holds(name: &str, address: IpAddr) -> bool {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    match address {
        IpAddr::V4(v4) => {
            let numbers: Vec<u32> = name
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|digits| digits.parse().ok())
                .collect();
            let octets = v4.octets().map(u32::from);
            let last: Vec<u32> = octets.into_iter().skip(1).collect();
            let backward: Vec<u32> = octets.into_iter().rev().take(3).collect();
            let has = |wanted: &[u32]| numbers.windows(3).any(|window| window == wanted);
            let hexadecimal: String = v4.octets().iter().map(|octet| format!("{octet:02x}")).collect();
            let padded: String = v4.octets().iter().map(|octet| format!("{octet:03}")).collect();
            has(&last) || has(&backward) || letters.contains(&hexadecimal) || letters.contains(&padded)
        }
        IpAddr::V6(v6) => {
            let whole: String = v6.octets().iter().map(|octet| format!("{octet:02x}")).collect();
            let short = v6.to_string().replace("::", "--").replace(':', "-");
            letters.contains(&whole) || name.contains(&short)
        }
    }
}

#[cfg(test)]
#[path = "pointer_tests.rs"]
mod tests;
