//! Checks PTR records: whether the names have the address (RFC 1912 section 2.1, RFC 8601 section 2.7.3, iprev), and whether they look like
//! names of dynamic addresses, which customers get temporarily.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::codes::Code;
use crate::facts::private_address::is_private;
use crate::facts::{DomainFacts, LookupFound, Want, lookup, reverse};
use crate::finding::{Finding, Level};
use crate::limits::MAX_CHECKED_POINTERS;
use crate::part::{About, Part};
use crate::spf::walk::{NamedSenders, SpfOutcome, outcome, reach};
use crate::{elsewhere, mail};

/// Labels, or beginnings of labels, that providers use for dynamic addresses.
const DYNAMIC: [&str; 16] = [
    "dyn", "dynamic", "dhcp", "ppp", "pppoe", "dial", "dialup", "dialin", "dsl", "adsl", "vdsl", "cable",
    "pool", "cust", "customer", "client",
];

/// Labels, or beginnings of labels, of hosts with fixed addresses.
const FIXED: [&str; 9] = ["static", "mail", "mx", "smtp", "mta", "relay", "server", "srv", "vps"];

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "A" } else { "AAAA" }
}

fn names(facts: &DomainFacts, address: IpAddr) -> Vec<String> {
    facts.targets(&reverse(address), "PTR")
}

pub(crate) fn wants(facts: &DomainFacts, address: IpAddr) -> Vec<Want> {
    let names = names(facts, address).into_iter().take(MAX_CHECKED_POINTERS);
    std::iter::once(lookup(&reverse(address), "PTR"))
        .chain(names.map(|name| lookup(&name, family(address))))
        .collect()
}

/// Returns the lookups of the PTR records of an address and of the names in them. If they fail, the check finds out why.
pub(crate) fn needed(facts: &DomainFacts, address: IpAddr) -> Vec<(String, &'static str)> {
    let names = names(facts, address).into_iter().take(MAX_CHECKED_POINTERS);
    let names = names.map(|name| (name, family(address)));
    std::iter::once((reverse(address), "PTR")).chain(names).collect()
}

/// Returns the code and the evidence for an address whose PTR records are missing or unknown.
fn without_names(facts: &DomainFacts, address: IpAddr) -> Option<(Code, String)> {
    let owner = reverse(address);
    Some(match facts.lookup(&owner, "PTR") {
        LookupFound::NoData(reply) | LookupFound::NoName(reply) => {
            let aliases = reply.answers.iter().filter(|record| record.is("CNAME"));
            let aliases: Vec<String> =
                aliases.map(|record| format!("{} CNAME {}", record.name, record.text())).collect();
            let text = match aliases.as_slice() {
                [] => address.to_string(),
                aliases => format!("{address} ({}, which has no PTR record)", aliases.join(", ")),
            };
            (Code::PtrMissing, text)
        }
        LookupFound::Unknown(why) => match elsewhere::evidence(facts, &owner, "PTR") {
            Some(evidence) => (Code::PtrUnanswered, format!("{address}: {evidence}")),
            None => (Code::PointerUnknown, format!("PTR of {address}: {why}")),
        },
        LookupFound::NotAsked => (Code::PointerUnknown, format!("PTR of {address} was not looked up")),
        LookupFound::Data(_) => return None,
    })
}

/// Returns the code and the evidence for an address. At least one of its PTR names should have this address.
fn judge(facts: &DomainFacts, address: IpAddr) -> (Code, String) {
    if let Some(judged) = without_names(facts, address) {
        return judged;
    }
    let (mut others, mut unanswered, mut unknown) = (Vec::new(), None, None);
    let names = names(facts, address);
    for name in names.iter().take(MAX_CHECKED_POINTERS) {
        let found = facts.addresses(name);
        if found.contains(&address) {
            return (Code::PointerOk, format!("{address} ({name})"));
        }
        match facts.lookup(name, family(address)) {
            LookupFound::Unknown(why) => match elsewhere::evidence(facts, name, family(address)) {
                Some(evidence) => unanswered = Some(format!("{address} PTR {name}: {evidence}")),
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
    if names.len() > MAX_CHECKED_POINTERS {
        unknown = Some(format!(
            "{address} has {} PTR records, and the first {MAX_CHECKED_POINTERS} do not lead back",
            names.len()
        ));
    }
    match (unknown, unanswered) {
        (Some(why), _) => (Code::PointerUnknown, why),
        (None, Some(evidence)) => (Code::PtrUnanswered, evidence),
        (None, None) => (Code::PtrDiffers, format!("{address} PTR {}", others.join("; "))),
    }
}

/// Returns true if it is certain that no PTR name has this address.
fn is_faulty(facts: &DomainFacts, address: IpAddr) -> bool {
    [Code::PtrMissing, Code::PtrDiffers, Code::PtrUnanswered].contains(&judge(facts, address).0)
}

/// Returns a text about the PTR record if its name looks like that of a dynamic address.
fn dynamic(facts: &DomainFacts, address: IpAddr) -> Option<String> {
    let name = names(facts, address).into_iter().find(|name| looks_dynamic(name, address))?;
    Some(format!("{address} PTR {name}"))
}

/// The levels of a missing or wrong PTR record, and of a dynamic name.
type Levels = (Level, Level);

/// Returns the findings about the PTR records of addresses. The evidence ends with `why`, the reason for the levels.
fn of_addresses(
    facts: &DomainFacts,
    addresses: &[IpAddr],
    (fault, of_dynamic): Levels,
    why: &str,
) -> Vec<Finding> {
    let mut found = BTreeMap::<Code, (Vec<String>, Vec<About>)>::new();
    let mut add = |code: Code, text: String, about: Vec<About>| {
        let (texts, all) = found.entry(code).or_default();
        texts.push(text);
        all.extend(about);
    };
    for address in addresses {
        let own = vec![About::Address(*address)];
        let about = || [mail::hosts_at(facts, *address), own.clone()].concat();
        let (code, text) = judge(facts, *address);
        add(code, text, if code == Code::PointerUnknown { own.clone() } else { about() });
        dynamic(facts, *address).into_iter().for_each(|text| add(Code::PtrDynamic, text, about()));
    }
    if found.keys().any(|code| ![Code::PointerOk, Code::PtrDynamic].contains(code)) {
        found.remove(&Code::PointerOk);
    }
    let finding = |(code, (texts, about)): (Code, (Vec<String>, Vec<About>))| {
        let finding =
            |end: &str| Finding::new(code, format!("{}{end}", texts.join("; "))).about(about.clone());
        match code {
            Code::PointerOk | Code::PointerUnknown => finding(""),
            Code::PtrDynamic => finding(why).at(of_dynamic),
            Code::PtrUnanswered => finding(why).at(fault).in_part(Part::Pointers),
            _ => finding(why).at(fault),
        }
    };
    found.into_iter().map(finding).collect()
}

/// Returns the findings about the address of a client. Only hosts in the same network see a private address, so such an address is checked
/// less strictly.
pub(crate) fn check(facts: &DomainFacts, address: IpAddr) -> Vec<Finding> {
    match is_private(address) {
        true => of_addresses(
            facts,
            &[address],
            (Level::Note, Level::Note),
            "; it is a private or reserved address: no host on the internet reaches it",
        ),
        false => of_addresses(facts, &[address], (Level::Failure, Level::Warning), ""),
    }
}

/// Returns the findings about the addresses of the mail hosts, except the address `examined`, which has findings of its own. Gmail and
/// Microsoft require a PTR record for hosts that send mail; SPF shows which mail hosts send mail.
pub(crate) fn of_hosts(facts: &DomainFacts, examined: Option<IpAddr>) -> Vec<Finding> {
    let senders = senders(facts);
    let (mut sending, mut others) = (Vec::new(), Vec::new());
    for address in mail::host_addresses(facts).into_iter().filter(|address| Some(*address) != examined) {
        match outcome(facts, &facts.subject.domain, address).0 {
            SpfOutcome::Fail | SpfOutcome::SoftFail => {}
            SpfOutcome::Pass if senders.as_ref().is_some_and(|senders| senders.has(address)) => {
                sending.push(address);
            }
            _ => others.push(address),
        }
    }
    let mut findings = Vec::new();
    if let Some(senders) = senders.filter(|_| !sending.is_empty()) {
        // If all addresses that SPF allows to send have the fault, receivers may reject all mail of the domain.
        let are_all = |is_so: &dyn Fn(IpAddr) -> bool| {
            !senders.has_others && senders.addresses.iter().all(|address| is_so(*address))
        };
        let is_refused = |address| is_faulty(facts, address) || dynamic(facts, address).is_some();
        let levels = (
            if are_all(&|address| is_faulty(facts, address)) { Level::Failure } else { Level::Warning },
            if are_all(&is_refused) { Level::Warning } else { Level::Note },
        );
        findings.extend(of_addresses(facts, &sending, levels, "; named as a sender by SPF"));
    }
    if !others.is_empty() {
        findings.extend(of_addresses(facts, &others, (Level::Note, Level::Note), ""));
    }
    findings
}

/// Returns the hosts that SPF names as senders, if the domain is checked as a sender.
pub(crate) fn senders(facts: &DomainFacts) -> Option<NamedSenders> {
    let (_, walk) = reach(facts, &facts.subject.domain);
    Some(walk.senders).filter(|_| facts.subject.role.sends() && !walk.at.is_empty())
}

/// Returns true if a name contains most of the address, or a label such as `dhcp`. Labels such as `static` or `mx` show a fixed address.
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

/// Returns true if a name contains three numbers of an IPv4 address in a row, in either direction, or all hexadecimal digits of the
/// address.
fn holds(name: &str, address: IpAddr) -> bool {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let hexadecimal = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    match address {
        IpAddr::V4(v4) => {
            let numbers = name.split(|letter: char| !letter.is_ascii_digit());
            let numbers: Vec<u8> = numbers.filter_map(|digits| digits.parse().ok()).collect();
            let [first, second, third, fourth] = v4.octets();
            let has = |wanted: [u8; 3]| numbers.windows(3).any(|window| window == wanted);
            has([second, third, fourth])
                || has([fourth, third, second])
                || letters.contains(&hexadecimal(&[first, second, third, fourth]))
        }
        IpAddr::V6(v6) => letters.contains(&hexadecimal(&v6.octets())),
    }
}

#[cfg(test)]
#[path = "pointer_tests.rs"]
mod tests;
