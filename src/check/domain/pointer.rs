//! PTR: the names of addresses, whether they lead back, and whether they look like names of dynamic addresses.
//!
//! RFC 1912 section 2.1, RFC 8601 section 2.7.3 (iprev).

use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, LookupFound, Want, canonical, is_within, lookup, reverse};
use super::finding::{Finding, Level};
use super::part::{About, Part};
use super::{elsewhere, remedies};
use crate::limits::MAX_CHECKED_POINTERS;

/// Labels, or their beginnings, that providers give to dynamic addresses.
const DYNAMIC: [&str; 16] = [
    "dyn", "dynamic", "dhcp", "ppp", "pppoe", "dial", "dialup", "dialin", "dsl", "adsl", "vdsl", "cable",
    "pool", "cust", "customer", "client",
];

/// Labels, or their beginnings, of hosts with addresses of their own.
const FIXED: [&str; 9] = ["static", "mail", "mx", "smtp", "mta", "relay", "server", "srv", "vps"];

/// More PTR records than an address should have.
const MANY: usize = 3;

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "A" } else { "AAAA" }
}

/// The PTR names of an address.
fn names(facts: &DomainFacts, address: IpAddr) -> Vec<String> {
    facts.data(&reverse(address), "PTR").into_iter().map(canonical).collect()
}

/// The questions about an address that are needed next.
pub(super) fn wants(facts: &DomainFacts, address: IpAddr) -> Vec<Want> {
    let names = names(facts, address).into_iter().take(MAX_CHECKED_POINTERS);
    std::iter::once(lookup(&reverse(address), "PTR"))
        .chain(names.map(|name| lookup(&name, family(address))))
        .collect()
}

/// The lookups about an address whose failure is examined.
pub(super) fn needed(facts: &DomainFacts, address: IpAddr) -> Vec<(String, &'static str)> {
    let names = names(facts, address).into_iter().take(MAX_CHECKED_POINTERS);
    let names = names.map(|name| (name, family(address)));
    std::iter::once((reverse(address), "PTR")).chain(names).collect()
}

/// The result of one address.
enum Judged {
    /// There is no PTR record; the text says at which alias.
    Missing(String),
    /// No name leads back; the text says where they lead.
    Differs(String),
    /// The lookup of the PTR record, or of its name, fails for good; the text says why.
    Unanswered(String),
    Unknown(String),
    /// The names that are looked up do not lead back, and there are more.
    Crowded(String),
    Confirmed(String),
}

fn judge(facts: &DomainFacts, address: IpAddr) -> Judged {
    match facts.lookup(&reverse(address), "PTR") {
        LookupFound::NoData(reply) | LookupFound::NoName(reply) => {
            let aliases = reply.answers.iter().filter(|record| record.kind == "CNAME");
            let aliases: Vec<String> =
                aliases.map(|record| format!("{} CNAME {}", record.name, record.data)).collect();
            return Judged::Missing(match aliases.as_slice() {
                [] => address.to_string(),
                aliases => format!("{address} ({}, which has no PTR record)", aliases.join(", ")),
            });
        }
        LookupFound::Circle(circle) => return Judged::Unanswered(format!("{address}: {circle}")),
        LookupFound::Unknown(why) => {
            return match elsewhere::evidence(facts, &reverse(address), "PTR") {
                Some(evidence) => Judged::Unanswered(format!("{address}: {evidence}")),
                None => Judged::Unknown(format!("PTR of {address}: {why}")),
            };
        }
        LookupFound::NotAsked => return Judged::Unknown(format!("PTR of {address} was not looked up")),
        LookupFound::Data(_) => {}
    }
    let (mut others, mut unanswered, mut unknown) = (Vec::new(), None, None);
    for name in names(facts, address).into_iter().take(MAX_CHECKED_POINTERS) {
        let found = facts.addresses(&name);
        if found.contains(&address) {
            return Judged::Confirmed(name);
        }
        match facts.lookup(&name, family(address)) {
            LookupFound::Circle(circle) => others.push(format!("{name}, which has {circle}")),
            LookupFound::Unknown(why) => match elsewhere::evidence(facts, &name, family(address)) {
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
    let all = names(facts, address).len();
    if all > MAX_CHECKED_POINTERS {
        return Judged::Crowded(format!(
            "{address} has {all} PTR records, and the first {MAX_CHECKED_POINTERS} do not lead back"
        ));
    }
    match (unknown, unanswered) {
        (Some(why), _) => Judged::Unknown(why),
        (None, Some(evidence)) => Judged::Unanswered(evidence),
        (None, None) => Judged::Differs(format!("{address} PTR {}", others.join("; "))),
    }
}

/// Whether a PTR name of the address leads back to it and is a domain or below it, as the mechanism `ptr` of SPF asks (RFC 7208 section
/// 5.5); none if it could not be told. A name that receivers cannot look up counts for nothing there.
pub(super) fn has_name_within(facts: &DomainFacts, address: IpAddr, domain: &str) -> Option<bool> {
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
pub(super) fn is_faulty(facts: &DomainFacts, address: IpAddr) -> bool {
    matches!(judge(facts, address), Judged::Missing(_) | Judged::Differs(_) | Judged::Unanswered(_))
}

/// Whether a name of the address looks like that of a dynamic address.
pub(super) fn is_dynamic(facts: &DomainFacts, address: IpAddr) -> bool {
    names(facts, address).iter().any(|name| looks_dynamic(name, address))
}

/// The texts of one finding, and the things that they are about.
#[derive(Default)]
struct Told {
    texts: Vec<String>,
    about: Vec<About>,
}

impl Told {
    fn add(&mut self, text: String, about: Vec<About>) {
        self.texts.push(text);
        self.about.extend(about);
    }
}

/// The levels of findings about addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    /// Of a missing or wrong name.
    pub(super) fault: Level,
    /// Of a name that looks like that of a dynamic address.
    pub(super) dynamic: Level,
}

impl Levels {
    /// That of a fault, and the next milder one for a name that looks dynamic.
    pub(super) const fn of(fault: Level) -> Self {
        let dynamic = if matches!(fault, Level::Failure) { Level::Warning } else { Level::Note };
        Self { fault, dynamic }
    }
}

/// The findings about addresses. Each has the hosts that it is one of.
pub(super) fn check_all(
    facts: &DomainFacts,
    addresses: &[(IpAddr, Vec<About>)],
    levels: Levels,
) -> Vec<Finding> {
    let level = levels.fault;
    let (mut missing, mut differs, mut unanswered) = (Told::default(), Told::default(), Told::default());
    let (mut unknown, mut well) = (Told::default(), Vec::new());
    let (mut dynamic, mut many, mut crowded) = (Told::default(), Told::default(), Told::default());
    for (address, hosts) in addresses {
        let about = || {
            let hosts = hosts.iter().cloned();
            hosts.chain([About::Address(*address)]).collect::<Vec<About>>()
        };
        match judge(facts, *address) {
            Judged::Missing(text) => missing.add(text, about()),
            Judged::Differs(text) => differs.add(text, about()),
            Judged::Unanswered(text) => unanswered.add(text, about()),
            Judged::Unknown(text) => unknown.add(text, vec![About::Address(*address)]),
            Judged::Crowded(text) => crowded.add(text, vec![About::Address(*address)]),
            Judged::Confirmed(name) => well.push(format!("{address} ({name})")),
        }
        let names = names(facts, *address);
        if let Some(name) = names.iter().find(|name| looks_dynamic(name, *address)) {
            dynamic.add(format!("{address} PTR {name}"), about());
        }
        if names.len() > MANY {
            many.add(format!("{address} has {} PTR records", names.len()), about());
        }
    }
    let mut findings = Vec::new();
    let groups = [(Code::PtrMissing, missing, ", "), (Code::PtrDiffers, differs, "; ")];
    for (code, told, between) in groups.into_iter().filter(|(_, told, _)| !told.texts.is_empty()) {
        findings.push(Finding::new(code, told.texts.join(between)).at(level).about(told.about));
    }
    if !unanswered.texts.is_empty() {
        let finding = Finding::new(Code::PtrUnanswered, unanswered.texts.join("; ")).at(level);
        findings.push(finding.of(Part::Pointers).about(unanswered.about));
    }
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
    let others =
        [(Code::PtrDynamic, dynamic, levels.dynamic), (Code::PtrMany, many, Code::PtrMany.entry().level)];
    for (code, told, level) in others.into_iter().filter(|(_, told, _)| !told.texts.is_empty()) {
        findings.push(Finding::new(code, told.texts.join("; ")).at(level).about(told.about));
    }
    findings
}

/// The findings about the address of a client. Only hosts of its own network see a client with a private address.
pub(super) fn check(facts: &DomainFacts, address: IpAddr, is_private: bool) -> Vec<Finding> {
    let level = if is_private { Level::Note } else { Level::Failure };
    check_all(facts, &[(address, Vec::new())], Levels::of(level))
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
mod tests {
    use super::*;
    use crate::check::domain::facts::tests::facts;

    #[test]
    fn names_of_dynamic_addresses_are_told_from_those_of_mail_hosts() {
        let address = "192.0.2.77".parse().unwrap();
        for name in [
            "77-2-0-192.provider.example.",
            "host-192-0-2-77.isp.example.",
            "c77.dyn.isp.example.",
            "p192-0-2-77.dip0.isp.example.",
            "dsl-3.isp.example.",
            "pc000024d.dip0.isp.example.",
            "x192000002077.res.isp.example.",
        ] {
            assert!(looks_dynamic(name, address), "{name}");
        }
        for name in [
            "mail.example.",
            "out77.hoster.example.",
            "mx2.dyn.example.",
            "pool.example.",
            "static.77.2.0.192.clients.hoster.example.",
            "pool-mx1.a.hoster.example.",
        ] {
            assert!(!looks_dynamic(name, address), "{name}");
        }
    }

    #[test]
    fn a_name_may_hold_an_ipv6_address() {
        let address = "2001:db8::7".parse().unwrap();
        assert!(looks_dynamic("2001-db8--7.isp.example.", address));
        assert!(looks_dynamic("x20010db8000000000000000000000007.a.isp.example.", address));
        assert!(!looks_dynamic("a7.b.isp.example.", address));
    }

    #[test]
    fn a_missing_name_of_a_private_address_is_a_note() {
        let found = check(
            &facts("", "lookup 1.1.1.10.in-addr.arpa. PTR NXDOMAIN"),
            "10.1.1.1".parse().unwrap(),
            true,
        );
        assert_eq!((found[0].code, found[0].level), (Code::PtrMissing, Level::Note));
    }

    #[test]
    fn addresses_with_one_fault_are_one_finding() {
        let lines = "lookup 1.2.0.192.in-addr.arpa. PTR | 192-0-2-1.host.b.\nlookup 192-0-2-1.host.b. A | 192.0.2.1\n\
            lookup 2.2.0.192.in-addr.arpa. PTR | 192-0-2-2.host.b.\nlookup 192-0-2-2.host.b. A | 192.0.2.2";
        let addresses = ["192.0.2.1", "192.0.2.2"].map(|text| (text.parse().unwrap(), Vec::new()));
        let found = check_all(&facts("", lines), &addresses, Levels::of(Level::Note));
        let dynamic: Vec<_> = found.iter().filter(|finding| finding.code == Code::PtrDynamic).collect();
        assert_eq!(dynamic.len(), 1, "{found:#?}");
        assert_eq!(dynamic[0].evidence, "192.0.2.1 PTR 192-0-2-1.host.b.; 192.0.2.2 PTR 192-0-2-2.host.b.");
        assert_eq!((dynamic[0].level, dynamic[0].about.len()), (Level::Note, 2));
    }

    #[test]
    fn a_name_must_lead_back_to_the_address() {
        let address = "192.0.2.7".parse().unwrap();
        let ptr = "7.2.0.192.in-addr.arpa.";
        let cases = [
            (format!("lookup {ptr} PTR NXDOMAIN"), Code::PtrMissing, Level::Failure),
            (format!("lookup {ptr} PTR"), Code::PtrMissing, Level::Failure),
            (format!("lookup {ptr} PTR SERVFAIL"), Code::PointerUnknown, Level::CouldNotTell),
            (
                format!("lookup {ptr} PTR | mail.a.\nlookup mail.a. A | 192.0.2.8"),
                Code::PtrDiffers,
                Level::Failure,
            ),
            (format!("lookup {ptr} PTR | mail.a.\nlookup mail.a. A"), Code::PtrDiffers, Level::Failure),
            (
                format!("lookup {ptr} PTR | mail.a.\nlookup mail.a. A SERVFAIL"),
                Code::PointerUnknown,
                Level::CouldNotTell,
            ),
            (format!("lookup {ptr} PTR | Mail.A.\nlookup mail.a. A | 192.0.2.7"), Code::PointerOk, Level::Ok),
            (
                format!("lookup {ptr} PTR | a.a. | b.a.\nlookup a.a. A NXDOMAIN\nlookup b.a. A | 192.0.2.7"),
                Code::PointerOk,
                Level::Ok,
            ),
        ];
        let many = |number: usize| {
            let names: String = (0..number).map(|number| format!(" | h{number}.a.")).collect();
            let hosts: String =
                (0..number).map(|number| format!("\nlookup h{number}.a. A NXDOMAIN")).collect();
            format!("lookup {ptr} PTR{names}{hosts}")
        };
        let bounds = [
            (many(10), Code::PtrDiffers, Level::Failure),
            (many(11), Code::PointerUnknown, Level::CouldNotTell),
            (many(26), Code::PointerUnknown, Level::CouldNotTell),
            (many(10).replace("h9.a. A NXDOMAIN", "h9.a. A | 192.0.2.7"), Code::PointerOk, Level::Ok),
        ];
        for (lines, code, level) in cases.into_iter().chain(bounds) {
            let found = check(&facts("", &lines), address, false);
            assert_eq!(
                found.first().map(|finding| (finding.code, finding.level)),
                Some((code, level)),
                "{lines}"
            );
        }
    }

    #[test]
    fn many_names_that_do_not_lead_back_are_to_be_fewer() {
        let names: String = (0..26).map(|number| format!(" | h{number}.a.")).collect();
        let hosts: String = (0..10).map(|number| format!("\nlookup h{number}.a. A NXDOMAIN")).collect();
        let lines = format!("lookup 7.2.0.192.in-addr.arpa. PTR{names}{hosts}");
        let found = check(&facts("", &lines), "192.0.2.7".parse().unwrap(), false);
        assert_eq!(found[0].code, Code::PointerUnknown);
        let object = serde_json::to_value(&found[0]).unwrap();
        assert!(object.to_string().contains("Keep one PTR record"), "{object}");
    }
}
