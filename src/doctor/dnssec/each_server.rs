//! Finds servers of a signed zone that give record sets without a signature or with a wrong one, or denials without the NSEC or NSEC3
//! records that prove them.
//!
//! RFC 4035 sections 3.1.3, 5.3 and 5.4, RFC 5155 sections 7.2 and 8, RFC 8901 section 3 (each provider of a zone publishes the keys of all
//! providers). The daemon asks another server before it calls a zone bogus, so its validation result shows nothing about a single server.
//!
//! # Decisions
//!
//! - If all servers lack the same signature or proof, that is a fault of the zone, which the daemon sees too. A wrong signature is a fault
//!   of one server only if another server is right, or if only some servers have the key.
//! - After a denial without a proof, a validating resolver asks another server, so the fault is only a warning. It is a failure if no
//!   server sends proofs, or if no server proves that a policy (SPF, DMARC) or TLSA records do not exist.
//! - The signatures of servers without EDNS, or with other DNSKEY records than the rest, are not checked, because these faults are
//!   reported. The module `signature_times` checks the times of signatures.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use hickory_proto::dnssec::rdata::{DNSKEY, RRSIG};
use hickory_proto::rr::{Name, Record as WireRecord, RecordType};

use crate::codes::{Code, remedies};
use crate::delegation::server_hosts;
use crate::dnssec::key_records::{algorithm_and_tag, is_by, key, signature};
use crate::dnssec::keys::{self, KeysByFit};
use crate::dnssec::signed_set::{self, SignatureFit, SignedSet};
use crate::facts::record_set::is_known;
use crate::facts::{DomainFacts, QueryForm, Record, ReplyFacts};
use crate::finding::{Finding, Level};
use crate::limits::MAX_UNANSWERED_SHOWN;
use crate::part::About;
use crate::served::{self, ServerReply};
use crate::zone;
use dns::wire::presentation::read_name;
use validate::budget::Budget;
use validate::denial::Denials;
use validate::verdict::Why;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// The record set has no signature.
    Unsigned,
    /// The signature by the key with this tag is wrong.
    Wrong(u16),
    /// The key with this tag made the signature, but some servers do not give this key.
    OtherKey(u16),
    /// A reply denies a name or has records of a wildcard, but has no NSEC or NSEC3 record that proves this.
    Unproven { is_wildcard: bool },
    /// A reply denies a name or has records of a wildcard, but its NSEC or NSEC3 records do not prove this.
    ProvenInPart { is_wildcard: bool },
}

impl Fault {
    /// Describes the fault. `records`: the names and types of the affected records.
    fn words(self, records: &str) -> String {
        let (gives, what) = match self {
            Self::Unproven { is_wildcard: true } | Self::ProvenInPart { is_wildcard: true } => {
                ("gives the records of a wildcard for", " that no name is closer")
            }
            _ => ("denies", ""),
        };
        match self {
            Self::Unsigned => format!("gives {records} without a signature"),
            Self::Wrong(tag) => {
                format!("gives {records} with a signature of the key {tag} that does not verify")
            }
            Self::OtherKey(tag) => {
                format!(
                    "signs {records} with the key {tag}, which is not in the DNSKEY records of all servers"
                )
            }
            Self::Unproven { .. } => {
                format!("{gives} {records} without an NSEC or NSEC3 record as the proof{what}")
            }
            Self::ProvenInPart { .. } => {
                let it = if what.is_empty() { " it" } else { what };
                format!("{gives} {records} with NSEC or NSEC3 records that do not prove{it}")
            }
        }
    }
}

type NameAndType<'f> = (&'f str, &'f str);

/// For each server and fault, the affected record sets.
type Faults<'f> = BTreeMap<IpAddr, BTreeMap<Fault, BTreeSet<NameAndType<'f>>>>;

/// Returns the importance of a record type for mail; 0 is the most important.
fn worth(kind: &str) -> u8 {
    match kind {
        "MX" => 0,
        // If the signatures over the DNSKEY records are wrong, the zone is bogus.
        "DNSKEY" => 1,
        "NSEC" | "NSEC3" => 3,
        _ => 2,
    }
}

/// Names the most important of these record sets, and the number of the others.
fn some(records: &BTreeSet<NameAndType<'_>>) -> String {
    let mut listed: Vec<&NameAndType<'_>> = records.iter().collect();
    listed.sort_by_key(|(_, kind)| worth(kind));
    let (first, others) = listed.split_at(listed.len().min(MAX_UNANSWERED_SHOWN));
    let first: Vec<String> = first.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    match others.len() {
        0 => first.join(", "),
        count => format!("{} and {count} more", first.join(", ")),
    }
}

/// Returns the finding about these faults. Faults of the most important records are named first.
fn finding(facts: &DomainFacts, code: Code, faults: &Faults<'_>) -> Option<Finding> {
    let words = |(server, faults): (&IpAddr, &BTreeMap<Fault, BTreeSet<NameAndType<'_>>>)| {
        let mut faults: Vec<_> = faults.iter().collect();
        faults.sort_by_key(|(_, records)| records.iter().map(|(_, kind)| worth(kind)).min());
        let words: Vec<String> =
            faults.into_iter().map(|(fault, records)| fault.words(&some(records))).collect();
        (*server, words.join(", and "))
    };
    let conducts: Vec<(IpAddr, String)> = faults.iter().map(words).collect();
    let finding = Finding::new(code, server_hosts::with_conduct(&zone::servers(facts), &conducts));
    (!conducts.is_empty()).then(|| finding.about(faults.keys().copied().map(About::Address)))
}

/// Returns the replies with EDNS of the servers whose signatures are checked.
fn replies<'f>(facts: &'f DomainFacts, by_fit: &KeysByFit<'f>) -> Vec<ServerReply<'f>> {
    let servers = zone::servers(facts);
    let is_signing = |way| [QueryForm::Udp, QueryForm::Tcp, QueryForm::MixedCase].contains(&way);
    let is_judged = |server| servers.contains_key(&server) && !by_fit.others.contains_key(&server);
    served::replies(facts).filter(|of| is_signing(of.way) && is_judged(of.server)).collect()
}

type Verify<'v, 'f> = dyn FnMut(&SignedSet<'f>, &'f RRSIG, &'f DNSKEY) -> SignatureFit + 'v;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SetVerdict {
    Sound,
    Faulty(Fault),
    Unknown,
}

struct ZoneKeys<'f> {
    at: BTreeMap<IpAddr, Vec<&'f DNSKEY>>,
    /// The keys that a DS record of the parent zone names.
    named: Vec<&'f DNSKEY>,
    /// The servers whose DNSKEY records have no signature.
    unsigned: BTreeSet<IpAddr>,
}

impl<'f> ZoneKeys<'f> {
    fn new(facts: &'f DomainFacts, by_fit: &KeysByFit<'f>) -> Self {
        let fitting = by_fit.fitting.iter();
        let at: BTreeMap<IpAddr, Vec<&'f DNSKEY>> = fitting
            .map(|(server, reply)| (*server, reply.answers.iter().filter_map(key).collect()))
            .collect();
        let named = at.values().flatten().copied().filter(|key| keys::is_named(facts, key)).collect();
        Self { at, named, unsigned: by_fit.unsigned.keys().copied().collect() }
    }

    /// Checks a record set that a server gives. The DNSKEY records must be signed by a key that a DS record names.
    fn judge(&self, server: IpAddr, set: &SignedSet<'f>, verify: &mut Verify<'_, 'f>) -> SetVerdict {
        let is_of_keys = set.kind == "DNSKEY";
        if is_of_keys && self.unsigned.contains(&server) {
            return SetVerdict::Faulty(Fault::Unsigned);
        }
        let mut found = None;
        for signature in &set.signatures {
            let tag = signature.input().key_tag;
            let named = Some((signature.input().algorithm.into(), tag));
            let having = |keys: &Vec<&'f DNSKEY>| -> Vec<&'f DNSKEY> {
                let is_sound = |key: &&DNSKEY| key.zone_key() && !key.revoke();
                let is_named = |key: &&DNSKEY| is_sound(key) && algorithm_and_tag(key) == named;
                keys.iter().copied().filter(is_named).collect()
            };
            let keys = if is_of_keys {
                let own = self.at.get(&server).map(&having).unwrap_or_default();
                own.into_iter().filter(|key| self.named.contains(key)).collect()
            } else if self.at.values().all(|keys| !having(keys).is_empty()) {
                self.at.values().next().map(having).unwrap_or_default()
            } else if self.at.values().any(|keys| !having(keys).is_empty()) {
                found = found.or(Some(SetVerdict::Faulty(Fault::OtherKey(tag))));
                continue;
            } else {
                Vec::new()
            };
            if is_of_keys && keys.is_empty() {
                continue;
            }
            let fits: Vec<SignatureFit> = keys.into_iter().map(|key| verify(set, signature, key)).collect();
            match () {
                () if fits.contains(&SignatureFit::Verifies) => return SetVerdict::Sound,
                () if fits.contains(&SignatureFit::Unknown) => found = Some(SetVerdict::Unknown),
                () if found == Some(SetVerdict::Unknown) => {}
                () => found = Some(SetVerdict::Faulty(Fault::Wrong(tag))),
            }
        }
        let without = if is_of_keys { SetVerdict::Unknown } else { SetVerdict::Faulty(Fault::Unsigned) };
        found.unwrap_or(without)
    }
}

/// Returns the finding about servers with missing or wrong signatures, even if this host does not validate.
pub(crate) fn signatures(facts: &DomainFacts) -> Option<Finding> {
    let budget = Budget::default();
    // Most servers send the same signatures, so the result of each verification is kept.
    let mut known = HashMap::<(SignedSet<'_>, &RRSIG, &DNSKEY), SignatureFit>::new();
    signatures_by(facts, &mut |set, signature, key| {
        let fit = || signed_set::fit(set, signature, key, &budget);
        *known.entry((set.clone(), signature, key)).or_insert_with(fit)
    })
}

fn signatures_by<'f>(facts: &'f DomainFacts, verify: &mut Verify<'_, 'f>) -> Option<Finding> {
    let (by_fit, apex) = (keys::by_fit(facts), zone::apex(facts));
    if by_fit.fitting.is_empty() || facts.configured().is_some() || apex == "." {
        return None;
    }
    let keys = ZoneKeys::new(facts, &by_fit);
    let is_judged = |reply: &ReplyFacts| reply.authoritative && is_known(reply) && !is_bare_denial(reply);
    let replies = replies(facts, &by_fit).into_iter().filter(|of| is_judged(of.reply));
    let sets = |of: ServerReply<'f>| {
        signed_set::of_reply(of.reply, apex).into_iter().map(move |set| (of.server, set))
    };
    let mut given: Vec<(IpAddr, SignedSet<'f>)> = replies.flat_map(sets).collect();
    // The number of verifications is limited, so the most important record sets come first.
    given.sort_by_key(|(_, set)| worth(set.kind));
    let mut verdicts = BTreeMap::<NameAndType<'f>, Vec<(IpAddr, SetVerdict)>>::new();
    for (server, set) in given {
        let verdict = keys.judge(server, &set, verify);
        verdicts.entry((set.name, set.kind)).or_default().push((server, verdict));
    }
    let mut faults = Faults::new();
    for (records, verdicts) in &verdicts {
        for (server, verdict) in verdicts {
            let SetVerdict::Faulty(fault) = *verdict else { continue };
            let is_right = |other: &(IpAddr, SetVerdict)| other.0 != *server && other.1 == SetVerdict::Sound;
            if matches!(fault, Fault::OtherKey(_)) || verdicts.iter().any(is_right) {
                faults.entry(*server).or_default().entry(fault).or_default().insert(*records);
            }
        }
    }
    let finding = finding(facts, Code::NsBogus, &faults)?;
    let is_of_keys = faults.values().flatten().any(|(fault, _)| matches!(fault, Fault::OtherKey(_)));
    // Signatures over NSEC and NSEC3 are needed only for denials, mostly of SPF or DMARC records. If only they are wrong, few lookups fail.
    let is_needed =
        faults.values().flatten().flat_map(|(_, sets)| sets).any(|(_, kind)| worth(kind) < worth("NSEC"));
    let finding = if is_needed { finding } else { finding.at(Level::Warning) };
    Some(if is_of_keys { finding.to_do(remedies::KEYS_OF_SIGNERS) } else { finding })
}

fn proofs(reply: &ReplyFacts) -> impl Iterator<Item = &Record> {
    reply.authority.iter().filter(|record| record.is("NSEC") || record.is("NSEC3"))
}

/// Returns the NSEC and NSEC3 records of a reply; `None` if one of their names cannot be read.
pub(crate) fn proof_records(reply: &ReplyFacts) -> Option<Vec<WireRecord>> {
    let record =
        |proof: &Record| Some(WireRecord::from_rdata(read_name(&proof.name)?, 0, proof.data.clone()));
    proofs(reply).map(record).collect()
}

/// Returns true if a reply says that the requested records do not exist.
pub(crate) fn is_denial(reply: &ReplyFacts) -> bool {
    reply.authoritative && is_known(reply) && !reply.truncated && reply.answers.is_empty()
}

/// Returns true for a denial without any NSEC or NSEC3 record.
fn is_bare_denial(reply: &ReplyFacts) -> bool {
    is_denial(reply) && proofs(reply).next().is_none()
}

/// If a reply has records of a wildcard, returns the number of labels of the wildcard without its asterisk.
fn wildcard(reply: &ReplyFacts, name: &str, apex: &str) -> Option<usize> {
    let is_whole = reply.authoritative && !reply.truncated && !name.contains('\\') && !name.starts_with("*.");
    let all = name.trim_end_matches('.').split('.').count();
    let labels = |signature: &RRSIG| {
        let labels = usize::from(signature.input().num_labels);
        (is_by(signature, apex) && labels < all).then_some(labels)
    };
    let own = reply.answers.iter().filter(|record| is_whole && record.name == name);
    own.filter_map(signature).find_map(labels)
}

/// Returns the fault if a denial, or records of a wildcard, lack the NSEC or NSEC3 records as proof.
fn proof_fault(apex: &str, (name, kind): NameAndType<'_>, reply: &ReplyFacts) -> Option<Fault> {
    let labels = wildcard(reply, name, apex);
    let is_wildcard = labels.is_some();
    if !is_wildcard && !is_denial(reply) {
        return None;
    }
    if proofs(reply).next().is_none() {
        return Some(Fault::Unproven { is_wildcard });
    }
    let records = proof_records(reply)?;
    let (name, zone, kind): (Name, Name, RecordType) =
        (read_name(name)?, read_name(apex)?, kind.parse().ok()?);
    let (denials, budget) = (Denials::unchecked(&records, &zone), Budget::default());
    let proven = match labels {
        Some(labels) => denials.wildcard(&name, &name.trim_to(labels), &budget),
        None if reply.rcode == "NXDOMAIN" => denials.nxdomain(&name, &budget),
        None => denials.nodata(&name, kind, &budget),
    };
    let is_unproven = proven.is_err_and(|fault| fault.why != Why::Indeterminate);
    is_unproven.then_some(Fault::ProvenInPart { is_wildcard })
}

/// Returns true if servers deny records of this name and type, and none of these servers sends the proof.
pub(crate) fn is_unproven(facts: &DomainFacts, lookup: NameAndType<'_>) -> bool {
    let denials: Vec<&ReplyFacts> = served::replies(facts)
        .filter(|of| matches!(of.way, QueryForm::Udp | QueryForm::Tcp))
        .filter(|of| of.lookup == lookup && is_denial(of.reply))
        .map(|of| of.reply)
        .collect();
    let apex = zone::apex(facts);
    !denials.is_empty() && denials.into_iter().all(|reply| proof_fault(apex, lookup, reply).is_some())
}

/// Returns the finding about servers that deny records without a proof. If `are_lookups_bogus` is true, lookups through this host fail for
/// this reason.
pub(crate) fn missing_proofs(facts: &DomainFacts, are_lookups_bogus: bool) -> Option<Finding> {
    let (by_fit, apex) = (keys::by_fit(facts), zone::apex(facts));
    if !keys::has_ds(facts) || facts.configured().is_some() || apex == "." {
        return None;
    }
    let is_judged = |server: &IpAddr| {
        !by_fit.others.contains_key(server)
            && !by_fit.unsigned.contains_key(server)
            && served::form(facts, *server) != Some(QueryForm::Plain)
    };
    let servers: BTreeSet<IpAddr> = served::serving(facts).into_iter().filter(is_judged).collect();
    let mut replies = replies(facts, &by_fit);
    replies.retain(|of| servers.contains(&of.server) && of.way != QueryForm::MixedCase);
    let has_soa = |reply: &ReplyFacts| zone::soa(reply).is_some_and(|soa| soa.owner == apex);
    // A name below the apex may be in another zone. Only the SOA record shows the zone of the name.
    let is_of_zone = |of: &ServerReply<'_>| {
        let is_denied = |other: &ServerReply<'_>| {
            other.lookup == of.lookup && is_denial(other.reply) && has_soa(other.reply)
        };
        !of.reply.answers.is_empty()
            || has_soa(of.reply)
            || of.reply.authority.is_empty() && (of.lookup.0 == apex || replies.iter().any(is_denied))
    };
    let mut faults = Faults::new();
    for of in replies.iter().filter(|of| is_of_zone(of)) {
        if let Some(fault) = proof_fault(apex, of.lookup, of.reply) {
            faults.entry(of.server).or_default().entry(fault).or_default().insert(of.lookup);
        }
    }
    let is_failure = faults.len() == servers.len() || are_lookups_bogus;
    let finding = finding(facts, Code::NsWithoutProof, &faults)?;
    Some(if is_failure { finding.at(Level::Failure) } else { finding })
}

#[cfg(test)]
#[path = "each_server_tests.rs"]
mod tests;
