//! Keeping what was found: RRsets, negative answers and cuts go into memory, with TTLs as the zone's policy has them.
//!
//! May call: `cache`. RFC 2181 section 5 (RRsets), RFC 2308 section 5 (negative answers).

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Record;

use super::classify::{End, Found, Referral};
use super::scrub::firsts;
use super::{Errand, Iterate};
use crate::cache::rrsets::{Delegation, Rank, capped, negative_ttl};
use crate::limits::PRIVATE_LABELS;

impl Iterate {
    /// Keeps the RRsets of an answer, and gives it with its TTLs as they may be told.
    pub(super) fn keep(&self, errand: Errand<'_>, mut found: Found) -> Found {
        let now = self.now();
        let (max_ttl, negative_max_ttl) = (errand.route.policy.max_ttl, errand.route.policy.negative_max_ttl);
        let rrsets = self.memory.rrsets.of(errand.context.view.id);
        for record in &mut found.answers {
            record.ttl = capped(record.ttl, max_ttl);
        }
        for rrset in by_rrset(&found.answers) {
            rrsets.put(&rrset, Rank::Answer, max_ttl, now);
        }
        if let End::Negative { nxdomain, name, soa: Some(soa) } = &mut found.end {
            rrsets.put_negative(name, errand.kind, *nxdomain, soa, negative_max_ttl, now);
            soa.ttl = negative_ttl(soa, negative_max_ttl);
        }
        found
    }

    /// Keeps a referral: the cut with its glue, and the glue for others' cuts too, as glue. `above`: the cut whose servers
    /// gave it; none where it is the operator's own zone.
    ///
    /// Below root and TLD no delegation outlives the one above it: who has lost a domain could else live on by delegating
    /// ever deeper names to himself (phoenix domains, NDSS 2023).
    pub(super) fn keep_referral(
        &self,
        errand: Errand<'_>,
        referral: Referral,
        above: Option<&Delegation>,
    ) -> Arc<Delegation> {
        let now = self.now();
        let max_ttl = errand.route.policy.max_ttl;
        let rrsets = self.memory.rrsets.of(errand.context.view.id);
        for rrset in by_rrset(&referral.addresses) {
            rrsets.put(&rrset, Rank::Glue, max_ttl, now);
        }
        let ttl = capped(referral.ttl, max_ttl);
        let mut expires = now.after(Duration::from_secs(ttl.into()));
        if let Some(above) = above.filter(|above| above.zone.iter().len() >= PRIVATE_LABELS) {
            expires = expires.min(above.expires);
        }
        let delegation = Arc::new(Delegation {
            zone: referral.zone,
            servers: referral.servers,
            glue: referral.glue,
            configured: Vec::new(),
            trusted: above.is_none_or(|above| above.trusted),
            since: now,
            expires,
        });
        rrsets.put_delegation(Arc::clone(&delegation));
        delegation
    }
}

/// Records by owner and type, in the order in which these come first.
fn by_rrset(records: &[Record]) -> Vec<Vec<&Record>> {
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
