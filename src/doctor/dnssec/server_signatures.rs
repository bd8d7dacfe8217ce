//! The signatures of each server of the zone: records of which one server has no signature, or one that does not fit, while another server is
//! right.
//!
//! RFC 4035 section 5.3 (a record set needs one valid signature), RFC 8901 section 3 (each provider of a zone publishes the keys of all),
//! RFC 6781 section 4.1 (during a change of keys, all signatures fit one key that all servers have). The daemon asks another server before
//! it calls a zone bogus, so its verdict tells nothing about one server. `keys` has the servers whose keys fit no DS record, and
//! `signature_times` the times of signatures.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::codes::{Code, remedies};
use crate::delegation::server_hosts;
use crate::dnssec::keys::{self, KeysByFit};
use crate::dnssec::signed_set::{self, SetSignature, SignatureFit, SignedSet};
use crate::dnssec::unproven;
use crate::facts::record_set::is_known;
use crate::facts::{DomainFacts, Got, QueryForm, Want};
use crate::finding::{Finding, Level};
use crate::limits::MAX_UNANSWERED_SHOWN;
use crate::part::About;
use crate::zone;
use validate::budget::Budget;

/// Whether a key has made a signature over a set: the set, its signature, and the data of the DNSKEY record.
type Verify<'v, 'f> = dyn FnMut(&SignedSet<'f>, SetSignature<'f>, &'f str) -> SignatureFit + 'v;

/// The fault of the signatures of a record set at a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SignatureFault {
    /// There is none.
    Missing,
    /// That of the key with this tag does not fit the records.
    Wrong(u16),
    /// It is by the key with this tag, which these servers do not have in their DNSKEY records.
    OtherKey(u16, BTreeSet<IpAddr>),
}

impl SignatureFault {
    /// It in words, about these records; `all`: the number of servers that gave their keys.
    fn words(&self, records: &str, servers: &BTreeMap<IpAddr, BTreeSet<String>>, all: usize) -> String {
        match self {
            Self::Missing => format!("gives {records} without a signature"),
            Self::Wrong(tag) => {
                format!("gives {records} with a signature of the key {tag} that does not verify")
            }
            Self::OtherKey(tag, without) if without.len() == all => {
                format!("signs {records} with the key {tag}, which no server has in its DNSKEY records")
            }
            Self::OtherKey(tag, without) => {
                let without = server_hosts::shown(servers, without.iter().copied()).join(" and ");
                format!("signs {records} with the key {tag}, which is not in the DNSKEY records at {without}")
            }
        }
    }
}

/// The verdict on the signatures of a record set at a server.
#[derive(Clone, Debug, PartialEq, Eq)]
enum SetVerdict {
    /// One of them fits.
    Sound,
    /// None does.
    Faulty(SignatureFault),
    /// It could not be told.
    Unknown,
}

/// The keys of the zone.
struct ZoneKeys<'f> {
    /// The DNSKEY records of each server.
    at: BTreeMap<IpAddr, BTreeSet<&'f str>>,
    /// The keys among them that DS records name.
    named: BTreeSet<&'f str>,
    /// The servers that have lost the signatures of their keys.
    unsigned: BTreeSet<IpAddr>,
}

impl<'f> ZoneKeys<'f> {
    fn new(facts: &'f DomainFacts, by_fit: &KeysByFit<'f>) -> Self {
        let fitting = by_fit.fitting.iter();
        let at: BTreeMap<IpAddr, BTreeSet<&'f str>> =
            fitting.map(|(server, reply)| (*server, reply.data("DNSKEY").collect())).collect();
        let named = at.values().flatten().copied().filter(|key| keys::is_named(facts, key)).collect();
        Self { at, named, unsigned: by_fit.unsigned.keys().copied().collect() }
    }

    /// The verdict on a record set at a server.
    fn judge(&self, server: IpAddr, set: &SignedSet<'f>, verify: &mut Verify<'_, 'f>) -> SetVerdict {
        if set.kind == "DNSKEY" {
            return self.judge_keys(server, set, verify);
        }
        let mut found = SetVerdict::Faulty(SignatureFault::Missing);
        for signature in &set.signatures {
            let without: BTreeSet<IpAddr> = self
                .at
                .iter()
                .filter(|(_, keys)| of(keys, *signature).is_empty())
                .map(|(at, _)| *at)
                .collect();
            let Some(keys) = self.at.values().next().filter(|_| without.is_empty()) else {
                if found == SetVerdict::Faulty(SignatureFault::Missing) {
                    found = SetVerdict::Faulty(SignatureFault::OtherKey(signature.tag, without));
                }
                continue;
            };
            match tried(set, *signature, of(keys, *signature), verify) {
                SetVerdict::Sound => return SetVerdict::Sound,
                wrong if found != SetVerdict::Unknown => found = wrong,
                _ => {}
            }
        }
        found
    }

    /// The verdict on the keys of a server: those that DS records name count. Keys without a signature by one of these are a fault of its own.
    fn judge_keys(&self, server: IpAddr, set: &SignedSet<'f>, verify: &mut Verify<'_, 'f>) -> SetVerdict {
        let own = self.at.get(&server).cloned().unwrap_or_default();
        let own: BTreeSet<&'f str> = own.intersection(&self.named).copied().collect();
        if self.unsigned.contains(&server) {
            return SetVerdict::Faulty(SignatureFault::Missing);
        }
        let mut found = SetVerdict::Unknown;
        for signature in &set.signatures {
            let keys = of(&own, *signature);
            if keys.is_empty() {
                continue;
            }
            match tried(set, *signature, keys, verify) {
                SetVerdict::Faulty(wrong) => found = SetVerdict::Faulty(wrong),
                other => return other,
            }
        }
        found
    }
}

/// The keys among these that a signature names.
fn of<'f>(keys: &BTreeSet<&'f str>, signature: SetSignature<'_>) -> Vec<&'f str> {
    let named = Some((signature.algorithm, signature.tag));
    keys.iter().copied().filter(|key| keys::algorithm_and_tag(key) == named).collect()
}

/// The verdict on a signature by the keys that it names.
fn tried<'f>(
    set: &SignedSet<'f>,
    signature: SetSignature<'f>,
    keys: Vec<&'f str>,
    verify: &mut Verify<'_, 'f>,
) -> SetVerdict {
    let fits: Vec<SignatureFit> = keys.into_iter().map(|key| verify(set, signature, key)).collect();
    match () {
        () if fits.contains(&SignatureFit::Verifies) => SetVerdict::Sound,
        () if fits.contains(&SignatureFit::Unknown) => SetVerdict::Unknown,
        () => SetVerdict::Faulty(SignatureFault::Wrong(signature.tag)),
    }
}

/// The records of a name and a type.
type NameAndType<'f> = (&'f str, &'f str);

/// The verdicts on the record sets that servers gave.
type Verdicts<'f> = BTreeMap<NameAndType<'f>, Vec<(IpAddr, SetVerdict)>>;

/// The verdicts on all record sets of the zone that its servers gave with authority. Servers whose keys fit no DS record are told otherwise,
/// and so are those without EDNS, which send no signatures.
fn verdicts<'f>(facts: &'f DomainFacts, by_fit: &KeysByFit<'f>, verify: &mut Verify<'_, 'f>) -> Verdicts<'f> {
    let (apex, servers) = (zone::apex(facts), zone::servers(facts));
    let keys = ZoneKeys::new(facts, by_fit);
    let mut given: Vec<(IpAddr, SignedSet<'f>)> = Vec::new();
    for (want, got) in &facts.got {
        let (Want::Server { server, way, .. }, Got::Reply(reply)) = (want, got) else { continue };
        let is_signing = [QueryForm::Udp, QueryForm::Tcp, QueryForm::MixedCase].contains(way);
        let is_asked = servers.contains_key(server) && !by_fit.others.contains_key(server);
        // `unproven` tells the servers that deny records without a proof.
        let is_left = !reply.authoritative || !is_known(reply) || unproven::is_unproven_denial(reply);
        if !is_signing || !is_asked || is_left {
            continue;
        }
        given.extend(signed_set::of_reply(reply, apex).into_iter().map(|set| (*server, set)));
    }
    // The budget of checks is for the first of them.
    given.sort_by_key(|(_, set)| worth(set.kind));
    let mut verdicts = Verdicts::new();
    for (server, set) in given {
        let verdict = keys.judge(server, &set, verify);
        verdicts.entry((set.name, set.kind)).or_default().push((server, verdict));
    }
    verdicts
}

/// The faults of each server, with the records that have them.
type FaultsByServer<'f> = BTreeMap<IpAddr, FaultsOfServer<'f>>;

/// See above.
type FaultsOfServer<'f> = BTreeMap<SignatureFault, BTreeSet<NameAndType<'f>>>;

/// The faults that one server has and another has not. A key that only some servers have is a fault of itself. What all servers lack is a
/// fault of the zone: the daemon sees it too, or the records are of an unsigned zone below.
fn faults<'f>(verdicts: &Verdicts<'f>, all: usize) -> FaultsByServer<'f> {
    let mut faults = FaultsByServer::new();
    for (records, told) in verdicts {
        let is_right = |other: &(IpAddr, SetVerdict)| other.1 == SetVerdict::Sound;
        for (server, verdict) in told {
            let SetVerdict::Faulty(fault) = verdict else { continue };
            let is_partly = matches!(fault, SignatureFault::OtherKey(_, without) if without.len() < all);
            if is_partly || told.iter().any(|other| other.0 != *server && is_right(other)) {
                faults.entry(*server).or_default().entry(fault.clone()).or_default().insert(*records);
            }
        }
    }
    faults
}

/// The faults with their records at all addresses of one host: it is not asked for all records at each address.
fn joined<'f>(
    faults: &FaultsByServer<'f>,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
) -> FaultsByServer<'f> {
    let mut joined = faults.clone();
    for (server, own) in &mut joined {
        let same = faults.iter().filter(|(other, _)| servers.get(other) == servers.get(server));
        for (fault, records) in same.flat_map(|(_, faults)| faults) {
            own.entry(fault.clone()).and_modify(|own| own.extend(records));
        }
    }
    joined
}

/// The place of a type by its worth for mail.
fn worth(kind: &str) -> u8 {
    match kind {
        "MX" => 0,
        // Without the keys, all other records are bogus.
        "DNSKEY" => 1,
        "NSEC" | "NSEC3" => 3,
        _ => 2,
    }
}

/// Whether mail needs these records. Without the proof of an absence, mostly that of a policy, few lookups fail.
fn is_needed((_, kind): &NameAndType<'_>) -> bool {
    worth(kind) < worth("NSEC")
}

/// The first of some records in words, and the number of the others.
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

/// The faults of a server in words, those of MX records first; `all`: the number of servers that gave their keys.
fn in_words(faults: &FaultsOfServer<'_>, servers: &BTreeMap<IpAddr, BTreeSet<String>>, all: usize) -> String {
    let mut faults: Vec<_> = faults.iter().collect();
    faults.sort_by_key(|(_, records)| records.iter().map(|(_, kind)| worth(kind)).min());
    let words = faults.into_iter().map(|(fault, records)| fault.words(&some(records), servers, all));
    words.collect::<Vec<_>>().join(", and ")
}

/// The finding. The domain is signed, and validates or fails here.
pub(crate) fn check(facts: &DomainFacts) -> Option<Finding> {
    let (apex, budget) = (zone::apex(facts), Budget::default());
    // Most servers send the same signatures.
    let mut known = BTreeMap::<(SignedSet<'_>, SetSignature<'_>, &str), SignatureFit>::new();
    checked(facts, &mut |set, signature, key| {
        let fit = || signed_set::fit(set, signature, key, apex, &budget);
        *known.entry((set.clone(), signature, key)).or_insert_with(fit)
    })
}

fn checked<'f>(facts: &'f DomainFacts, verify: &mut Verify<'_, 'f>) -> Option<Finding> {
    let (by_fit, servers) = (keys::by_fit(facts), zone::servers(facts));
    let all = by_fit.fitting.len();
    if all == 0 || facts.configured().is_some() || zone::apex(facts) == "." {
        return None;
    }
    let faults = joined(&faults(&verdicts(facts, &by_fit, verify), all), &servers);
    let words = |(server, faults): (&IpAddr, &FaultsOfServer<'_>)| (*server, in_words(faults, &servers, all));
    let told: Vec<(IpAddr, String)> = faults.iter().map(words).collect();
    let of_all = || faults.values().flatten();
    let is_needed = of_all().any(|(_, records)| records.iter().any(is_needed));
    let is_of_keys = of_all().any(|(fault, _)| matches!(fault, SignatureFault::OtherKey(..)));
    let finding = Finding::new(Code::NsBogus, server_hosts::with_conduct(&servers, &told));
    let finding = finding.about(faults.keys().copied().map(About::Address));
    let finding = if is_needed { finding } else { finding.at(Level::Warning) };
    (!told.is_empty()).then(|| if is_of_keys { finding.to_do(remedies::KEYS_OF_SIGNERS) } else { finding })
}

#[cfg(test)]
#[path = "server_signatures_tests.rs"]
mod tests;
