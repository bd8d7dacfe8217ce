//! Finds out from the cache if a name exists. An NXDOMAIN for an existing name denies only the type of its question.
//!
//! According to RFC 2308 section 5, an NXDOMAIN denies all types of the name. But load balancers send NXDOMAIN for types that they do not know, above
//! all AAAA (RFC 4074 section 4.2). So an unsigned NXDOMAIN denies only the type of its question, unless it comes from a top-level domain, whose
//! servers know all types. For a domain that a spammer invented, this NXDOMAIN answers the questions of a mail server for MX, A and AAAA, even if the
//! top-level domain is unsigned or uses opt-out (RFC 5155 section 6).

use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::entries::{CacheEntry, Known};
use super::keys::KeySlot;
use super::memory::Memory;
use super::negative::Negative;
use super::rrsets::InView;
use crate::limits::MAX_SHOWN_ABOVE;
use dns::cached::Rank;
use dns::clock::Mono;
use dns::question::{Question, Security, ViewId, name_of_wire};

/// The types that mail software, the web and the DNS itself use. If the cache has data of one of them, the name exists. If an NXDOMAIN for all types
/// turns out to be wrong, negative answers for these types are removed.
pub(super) const SHOWING: [RecordType; 10] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::MX,
    RecordType::TXT,
    RecordType::CNAME,
    RecordType::NS,
    RecordType::SOA,
    RecordType::PTR,
    RecordType::SRV,
    RecordType::TLSA,
];

impl InView<'_> {
    /// Returns true if an NXDOMAIN (`denial`) for `kind` at `name` denies all types. An NXDOMAIN for DS never does. A secure one does. One that is
    /// not secure does so if it is for type A, which every server knows, or from a top-level domain, unless the cache shows that the name exists.
    pub(super) fn denies_all_types(
        &self,
        name: &Name,
        kind: RecordType,
        denial: &Negative,
        now: Mono,
    ) -> bool {
        let is_secure = denial.backing.security == Security::Secure;
        match kind {
            // The parent zone answers DS queries. A stub zone or a forwarder may serve the name although the parent zone denies it.
            RecordType::DS => false,
            RecordType::A => is_secure || !self.exists(name, now),
            _ => is_secure || denial.is_of_top_level_domain() && !self.exists(name, now),
        }
    }

    /// Returns true if the cache has data for `name` or a name below.
    fn exists(&self, name: &Name, now: Mono) -> bool {
        let mut keys = self.keys(name);
        let shows = SHOWING.iter().any(|kind| {
            let known = self.known(&keys.at(0, KeySlot::Rrset(*kind)), Rank::Answer, now);
            matches!(known, Some(Known::Rrset(_)))
        });
        shows
            || matches!(self.store.get(&keys.at(0, KeySlot::Exists)), Some(CacheEntry::Exists(until)) if now < until)
            || self.delegated(&keys.at(0, KeySlot::Delegation), now).is_some()
    }

    /// Marks the names between `zone` and `owner` as existing for `time`, because `owner` has data. Returns those names for which the cache had a
    /// denial of all types.
    pub(crate) fn show_above(&self, owner: &Name, zone: &Name, time: Duration, now: Mono) -> Vec<Name> {
        let mut cleared = Vec::new();
        if owner.iter().len() <= zone.iter().len().saturating_add(1) {
            // There is no name between `zone` and `owner`.
            return cleared;
        }
        let (mut keys, mut begin) = (self.keys(owner), 0);
        let Some(top) = keys.place_of(zone) else { return cleared };
        for _ in 0..MAX_SHOWN_ABOVE {
            let Some(above) = keys.above(begin).filter(|above| *above < top) else { break };
            begin = above;
            let key = keys.at(begin, KeySlot::Exists).to_key();
            self.store.insert(key, CacheEntry::Exists(now.after(time)));
            if self.known(&keys.at(begin, KeySlot::Nxdomain), Rank::Glue, now).is_some() {
                let above = name_of_wire(keys.name(begin));
                if self.clear_denial(&above, now) {
                    cleared.push(above);
                }
            }
        }
        cleared
    }

    /// Remembers until `until` that servers denied `name` in a query for a shorter name.
    pub(crate) fn put_probed(&self, name: &Name, until: Mono) {
        self.store.insert(self.key(name, KeySlot::Probed), CacheEntry::Mark(until));
    }

    /// Returns true if servers have lately denied `name` in a query for a shorter name.
    pub(crate) fn was_denied_in_a_probe(&self, name: &Name, now: Mono) -> bool {
        let mark = self.store.get(&self.keys(name).at(0, KeySlot::Probed));
        matches!(mark, Some(CacheEntry::Mark(until)) if now < until)
    }

    /// Removes the denial of all types of `name`, because the name has data. Type A stays denied, unless the denial comes from a top-level domain:
    /// such a denial may have answered a question for another type than A. Returns false if there is no such denial, or if it is secure.
    pub(super) fn clear_denial(&self, name: &Name, now: Mono) -> bool {
        let key = self.key(name, KeySlot::Nxdomain);
        let Some(denial) = self.known(&key, Rank::Glue, now).filter(|denial| !denial.is_proven()) else {
            return false;
        };
        self.store.remove(&key);
        let of_type = self.key(name, KeySlot::Rrset(RecordType::A));
        let is_of_type = !matches!(&denial, Known::Negative(negative) if negative.is_of_top_level_domain());
        if is_of_type && self.known(&of_type, Rank::Glue, now).is_none() {
            self.store.insert(of_type, CacheEntry::Known(denial));
        }
        true
    }
}

impl Memory {
    /// Removes the answers that were made from a denial of all types of `name`. Answers for type A stay.
    pub(crate) fn forget_denied(&self, name: &Name, view: ViewId, now: Mono) {
        let kinds = SHOWING.into_iter().filter(|kind| *kind != RecordType::A);
        self.forget_negative(kinds, name, view, now);
    }

    /// Removes the negative answers for `name`, because they were concluded from NSEC or NSEC3 records that are wrong.
    pub(crate) fn forget_concluded(&self, name: &Name, view: ViewId, now: Mono) {
        self.forget_negative(SHOWING.into_iter(), name, view, now);
    }

    fn forget_negative(&self, kinds: impl Iterator<Item = RecordType>, name: &Name, view: ViewId, now: Mono) {
        for kind in kinds {
            for (dnssec_ok, checking_disabled) in [(false, false), (true, false), (false, true), (true, true)]
            {
                let question = Question { dnssec_ok, checking_disabled, view, ..Question::new(name, kind) };
                let key = question.key();
                if self.answers.get(key.as_bytes(), now).is_some_and(|answer| answer.is_negative()) {
                    self.answers.0.remove(key.as_bytes());
                }
                // A worker may have a copy of the removed answer. It does not use the copy after the version of the answer has changed.
                self.answers.1.end(self.answers.1.for_key(key.as_bytes()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::negative::Denial;
    use crate::cache::rrset::Credibility;
    use crate::cache::security::Backing;
    use crate::cache::stage::{DAY, memory, name};
    use hickory_proto::rr::rdata::{A, SOA, TXT};
    use hickory_proto::rr::{RData, Record};
    use std::sync::Arc;

    fn deny(rrsets: InView<'_>, (kind, zone): (RecordType, &str), security: Security) {
        let soa = SOA::new(name("ns.example."), name("hostmaster.example."), 1, 2, 3, 4, 60);
        let soa = Record::from_rdata(name(zone), 60, RData::SOA(soa));
        let backing = Backing { security, ..Backing::default() };
        let owner = name("x.one.example.");
        let denied = Denial { name: &owner, kind, nxdomain: true, soa: &soa };
        rrsets.put_denied(denied, Credibility::new(Rank::Authoritative, backing), DAY, Mono::START);
    }

    fn denied(rrsets: InView<'_>, kind: RecordType) -> Option<Arc<Negative>> {
        match rrsets.get(&name("x.one.example."), kind, Rank::Answer, Mono::START) {
            Some(Known::Negative(negative)) => Some(negative),
            _ => None,
        }
    }

    // Proof, a top-level domain or a query for A makes NXDOMAIN cover all types; DS never does.
    #[test]
    fn nxdomain_denies_all_types_if_credible() {
        let (domain, top) = ("one.example.", "example.");
        for (kind, zone, security, all) in [
            (RecordType::AAAA, domain, Security::Unchecked, false),
            (RecordType::MX, domain, Security::Insecure, false),
            (RecordType::MX, top, Security::Insecure, true),
            (RecordType::A, domain, Security::Insecure, true),
            (RecordType::AAAA, domain, Security::Secure, true),
            (RecordType::DS, domain, Security::Secure, false),
            (RecordType::DS, top, Security::Insecure, false),
        ] {
            let memory = memory();
            let rrsets = memory.rrsets.in_view(ViewId::default());
            deny(rrsets, (kind, zone), security);
            assert!(denied(rrsets, kind).is_some_and(|negative| negative.nxdomain), "{kind} {security:?}");
            assert_eq!(denied(rrsets, RecordType::TXT).is_some(), all, "{kind} {security:?}");
        }
    }

    // Cached data at or below a name show that the name exists, whichever came first.
    #[test]
    fn existing_data_limit_nxdomain_to_type() {
        let text = Record::from_rdata(name("x.one.example."), 60, RData::TXT(TXT::new(vec!["here".into()])));
        let below = Record::from_rdata(name("w.x.one.example."), 60, RData::A(A::new(192, 0, 2, 1)));
        let zone = name("one.example.");
        for (record, before) in [(&text, true), (&text, false), (&below, true), (&below, false)] {
            let memory = memory();
            let rrsets = memory.rrsets.in_view(ViewId::default());
            let show = || {
                let cleared = rrsets.put_backed(
                    &[record],
                    Credibility::new(Rank::Answer, Backing::default()),
                    DAY,
                    Mono::START,
                );
                let above = rrsets.show_above(&record.name, &zone, Duration::from_secs(60), Mono::START);
                cleared || !above.is_empty()
            };
            if before {
                assert!(!show(), "nothing was denied yet");
            }
            deny(rrsets, (RecordType::A, "one.example."), Security::Insecure);
            if !before {
                assert!(denied(rrsets, RecordType::MX).is_some());
                assert!(show());
            }
            assert!(denied(rrsets, RecordType::A).is_some());
            assert!(denied(rrsets, RecordType::MX).is_none());
        }
    }

    #[test]
    fn cached_data_clear_tld_nxdomain() {
        let text = Record::from_rdata(name("x.one.example."), 60, RData::TXT(TXT::new(vec!["here".into()])));
        let memory = memory();
        let rrsets = memory.rrsets.in_view(ViewId::default());
        deny(rrsets, (RecordType::MX, "example."), Security::Insecure);
        assert!(rrsets.put_backed(
            &[&text],
            Credibility::new(Rank::Answer, Backing::default()),
            DAY,
            Mono::START
        ));
        for kind in [RecordType::A, RecordType::MX] {
            assert!(denied(rrsets, kind).is_none(), "{kind}");
        }
        // Because of the stored TXT record, the name now exists in the cache. So the next NXDOMAIN for MX denies only MX.
        deny(rrsets, (RecordType::MX, "example."), Security::Insecure);
        assert!(denied(rrsets, RecordType::MX).is_some());
        assert!(denied(rrsets, RecordType::A).is_none());
    }

    // A forged TXT record must not clear a denial that DNSSEC has proven.
    #[test]
    fn unproven_data_keep_proven_nxdomain() {
        let memory = memory();
        let rrsets = memory.rrsets.in_view(ViewId::default());
        deny(rrsets, (RecordType::A, "one.example."), Security::Secure);
        let text =
            Record::from_rdata(name("x.one.example."), 60, RData::TXT(TXT::new(vec!["forged".into()])));
        assert!(!rrsets.put_backed(
            &[&text],
            Credibility::new(Rank::Answer, Backing::default()),
            DAY,
            Mono::START
        ));
        assert!(denied(rrsets, RecordType::TXT).is_some());
    }
}
