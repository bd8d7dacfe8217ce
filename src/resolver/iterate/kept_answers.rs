//! Stores answers in the cache: RRsets (RFC 2181 section 5), denials (RFC 2308 section 5) and zone cuts. The options of the zone limit their TTLs.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::dnssec::rdata::RRSIG;
use hickory_proto::rr::{Name, Record, RecordType};

use super::classify::{End, Found, Referral};
use super::scrub::firsts;
use super::{Iterate, Lookup};
use crate::cache::negative::{Denial, negative_ttl};
use crate::cache::ranges::hosts_in;
use crate::cache::rrset::{Credibility, capped};
use crate::cache::security::Backing;
use crate::limits::{MAX_FAILURE_TIME, MAX_REFUTING_HOSTS, PRIVATE_LABELS};
use dns::cached::{Delegation, Evidence, Rank};
use dns::clock::Mono;
use dns::question::{Security, same_name};
use validate::signature::{covered_type, covering};

/// The DNSSEC security of each part of an answer.
#[derive(Clone, Debug, Default)]
pub struct AnswerSecurity {
    /// The security of each RRset, in the order of the RRsets.
    pub sets: Vec<Security>,
    /// The security of the denial, if the answer ends with one.
    pub end: Security,
}

impl Iterate {
    /// Stores the RRsets of an answer in the cache, with their signatures and proofs. `zone` is the zone that gave the answer. Returns the answer
    /// with the TTLs for clients.
    pub fn keep(&self, lookup: Lookup<'_>, zone: &Name, mut found: Found, checked: &AnswerSecurity) -> Found {
        let now = self.now();
        let (max_ttl, negative_max_ttl) = (lookup.route.policy.max_ttl, lookup.route.policy.negative_max_ttl);
        let rrsets = self.memory.rrsets.in_view(lookup.context.view.knows);
        for record in &mut found.answers {
            record.ttl = capped(record.ttl, max_ttl);
        }
        let ranked = |yes: bool| if yes { Rank::Authoritative } else { Rank::Answer };
        for (place, rrset) in by_rrset(&found.answers).iter().enumerate() {
            if follows_from_a_dname(rrset, &found.answers) {
                continue;
            }
            let security = checked.sets.get(place).copied().unwrap_or_default();
            let evidence = Evidence::from_records(evidence_of(rrset, &found.evidence));
            // Only the first RRset, and those at the queried name, get the rank of authoritative data: the server may have no authority for
            // the target of an alias (RFC 2181 section 5.4.1).
            let asked_for = || place == 0 || rrset.first().is_some_and(|first| is_at(first, lookup.name));
            let rank = ranked(found.authoritative && asked_for());
            let by = Credibility::new(rank, Backing { evidence, security });
            if let Some(first) = rrset.first().filter(|first| first.ttl == 0) {
                rrsets.outdate(&first.name, lookup.kind, &by, now);
            }
            let contradicts = rrsets.put_backed(rrset, by, max_ttl, now);
            if security == Security::Secure && rrsets.may_refute() {
                self.refute(lookup, (zone, rrset), &found.evidence, now);
            }
            self.show(lookup, (zone, rrset), contradicts, now);
        }
        if found.doubted {
            if let End::Negative { nxdomain: false, name, .. } = &found.end {
                rrsets.put_doubted(name, lookup.kind, checked.end, now);
            }
        } else if let End::Negative { nxdomain, name, soa: Some(soa) } = &mut found.end {
            let denials = found.evidence.iter().filter(|record| is_denial(record, &soa.name));
            let backing = Backing { evidence: Evidence::from_records(denials), security: checked.end };
            let rank = ranked(found.authoritative && name == lookup.name);
            let denied = Denial { name, kind: lookup.kind, nxdomain: *nxdomain, soa };
            rrsets.put_denied(denied, Credibility::new(rank, backing), negative_max_ttl, now);
            soa.ttl = negative_ttl(soa, negative_max_ttl);
            // After an alias, the proof may have records of another zone, and cannot deny other names.
            let is_of_one_zone = *nxdomain && checked.end == Security::Secure && found.answers.is_empty();
            if is_of_one_zone && lookup.route.synthesizes() {
                rrsets.put_ranges(soa, &found.evidence, soa.ttl, now);
            }
        }
        if let End::Negative { name, .. } = &found.end {
            let rank = ranked(found.authoritative && !found.doubted && name == lookup.name);
            let by = Credibility::new(rank, Backing { security: checked.end, ..Backing::default() });
            rrsets.outdate(name, lookup.kind, &by, now);
        }
        found
    }

    /// Stops the use of the cached NSEC and NSEC3 records of `zone` if they deny the owner of this secure RRset, or a name server or mail host in it.
    fn refute(&self, lookup: Lookup<'_>, (zone, rrset): (&Name, &[&Record]), evidence: &[Record], now: Mono) {
        let Some(first) = rrset.first() else { return };
        let mut names: Vec<Name> = hosts_in(zone, rrset).take(MAX_REFUTING_HOSTS).collect();
        if !is_expanded(&covering(evidence, &first.name, first.record_type()), &first.name) {
            names.push(first.name.clone());
        }
        let view = lookup.context.view.knows;
        for name in self.memory.rrsets.in_view(view).refute_ranges(zone, &names, now) {
            self.memory.forget_concluded(&name, view, now);
        }
    }

    /// Records that the names above an RRset exist, and removes cached denials of these names. Does not do this in the zones of DNS lists, because
    /// lists deny names that have names below them. If `contradicts` is true, also removes cached denials of the name of the RRset.
    fn show(&self, lookup: Lookup<'_>, (zone, rrset): (&Name, &[&Record]), contradicts: bool, now: Mono) {
        let Some(first) = rrset.first() else { return };
        let view = lookup.context.view.knows;
        if contradicts {
            self.memory.forget_denied(&first.name, view, now);
        }
        if lookup.route.policy.nxdomain_cut {
            let ttl = rrset.iter().map(|record| record.ttl).min().unwrap_or(0);
            let time = Duration::from_secs(ttl.into());
            for name in self.memory.rrsets.in_view(view).show_above(&first.name, zone, time, now) {
                self.memory.forget_denied(&name, view, now);
            }
        }
    }

    /// Stores a referral: the zone cut, and its glue as address records. `above` is the zone cut whose servers gave the referral, or `None` if
    /// resolverd itself serves that zone.
    ///
    /// Below the root and the TLDs, no delegation is valid longer than the delegation above it. Otherwise the former owner of a domain could keep the
    /// domain in use by delegating deeper and deeper names to himself (phoenix domains, NDSS 2023).
    pub(super) fn keep_referral(
        &self,
        lookup: Lookup<'_>,
        referral: Referral,
        above: Option<&Delegation>,
    ) -> Arc<Delegation> {
        let now = self.now();
        let max_ttl = lookup.route.policy.max_ttl;
        let rrsets = self.memory.rrsets.in_view(lookup.context.view.knows);
        for rrset in by_rrset(&referral.addresses) {
            rrsets.put(&rrset, Rank::Glue, max_ttl, now);
        }
        // The delegation expires no later than its DS records, so that a key rollover is noticed in time (RFC 4035 section 4.5).
        let signers = referral.evidence.iter().filter(|record| record.record_type() == RecordType::DS);
        let ttl = signers.map(|record| record.ttl).fold(capped(referral.ttl, max_ttl), u32::min);
        let mut expires = now.after(Duration::from_secs(ttl.into()));
        if let Some(above) = above.filter(|above| above.zone.iter().len() >= PRIVATE_LABELS) {
            expires = expires.min(above.expires);
        }
        // Only the zone itself could tell where these servers are, so the referral is a failure and lasts as long as one (RFC 9520).
        let is_in_zone = |server: &Name| referral.zone.zone_of(server);
        if referral.glue.is_empty() && referral.servers.iter().all(is_in_zone) {
            expires = expires.min(now.after(MAX_FAILURE_TIME));
        }
        let delegation = Arc::new(Delegation {
            zone: referral.zone,
            servers: referral.servers,
            glue: referral.glue,
            configured: Vec::new(),
            trusted: above.is_none_or(|above| above.trusted),
            evidence: Evidence::from_records(&referral.evidence),
            since: now,
            expires,
        });
        rrsets.put_delegation(Arc::clone(&delegation));
        delegation
    }

    /// Stores a referral that the servers of `cut` gave after its question had failed.
    pub(crate) fn keep_late_referral(&self, lookup: Lookup<'_>, referral: Referral, cut: &Delegation) {
        self.keep_referral(lookup, referral, Some(cut));
    }
}

fn is_at(record: &Record, name: &Name) -> bool {
    same_name(&record.name, name) || record.record_type() == RecordType::DNAME && record.name.zone_of(name)
}

/// Returns true if this CNAME results from a DNAME that is stored.
fn follows_from_a_dname(rrset: &[&Record], answers: &[Record]) -> bool {
    let above = |name: &Name| {
        let dnames = answers.iter().filter(|record| record.record_type() == RecordType::DNAME);
        dnames.into_iter().any(|dname| dname.name != *name && dname.name.zone_of(name))
    };
    rrset.first().is_some_and(|first| first.record_type() == RecordType::CNAME && above(&first.name))
}

/// Returns the signatures of an RRset, and all NSEC and NSEC3 records if the RRset was made from a wildcard.
fn evidence_of<'a>(rrset: &[&Record], evidence: &'a [Record]) -> Vec<&'a Record> {
    let Some(first) = rrset.first() else { return Vec::new() };
    let signatures = covering(evidence, &first.name, first.record_type());
    let expanded = is_expanded(&signatures, &first.name);
    let own = |record: &&Record| {
        record.name == first.name && covered_type(record) == Some(first.record_type())
            || expanded && is_proof(record)
    };
    evidence.iter().filter(own).collect()
}

/// Returns true if an RRset at `name` with these signatures was made from a wildcard.
fn is_expanded(signatures: &[&RRSIG], name: &Name) -> bool {
    signatures.iter().any(|signature| signature.input().num_labels < name.num_labels())
}

/// Returns true for the parts of a denial's proof: NSEC, NSEC3, their signatures, and the signature of the SOA at `apex`.
fn is_denial(record: &Record, apex: &Name) -> bool {
    is_proof(record) || record.name == *apex && covered_type(record) == Some(RecordType::SOA)
}

fn is_proof(record: &Record) -> bool {
    let kind = covered_type(record).unwrap_or_else(|| record.record_type());
    matches!(kind, RecordType::NSEC | RecordType::NSEC3)
}

/// Groups records by owner and type, in the order in which these first appear.
pub(crate) fn by_rrset(records: &[Record]) -> Vec<Vec<&Record>> {
    if let [only] = records {
        return vec![vec![only]];
    }
    let firsts = firsts(records.iter().map(|record| (&record.name, record.record_type())));
    let mut rrsets: Vec<Vec<&Record>> = vec![Vec::new(); records.len()];
    for (record, first) in records.iter().zip(firsts) {
        if let Some(rrset) = rrsets.get_mut(first) {
            rrset.push(record);
        }
    }
    rrsets.retain(|rrset| !rrset.is_empty());
    rrsets
}
