//! One query for the keys of the root zone (RFC 5011): fetches the DNSKEY records, validates them, and adds new keys to the table of known root keys.

use std::sync::Arc;

use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, RRSIG};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::Validator;
use super::chain::unreachable;
use super::fetch::{Fetched, Round};
use crate::iterate::context::Context;
use crate::iterate::flight_progress::FlightProgress;
use dns::clock::Calendar;
use validate::anchors::{Anchors, Trust};
use validate::entrust::Entrusted;
use validate::keys::{ZoneKey, ZoneKeys};
use validate::limits::MAX_DNSKEYS;
use validate::root_keys::{RootKeyChange, RootKeys, ShownKeys, is_followed, unrevoked};
use validate::signature;
use validate::signature::{CoveredRrset, covering};
use zones::View;

pub(in crate::resolve) struct RootKeyLook {
    pub(in crate::resolve) keys: RootKeys,
    pub(in crate::resolve) changes: Vec<RootKeyChange>,
    /// The TTL of the keys in seconds, or why they could not be validated, as the end of a sentence.
    pub(in crate::resolve) seen: Result<u32, String>,
    /// The answer, if its signatures were valid.
    fetched: Option<Arc<Fetched>>,
}

impl Validator {
    pub(in crate::resolve) fn trusts_root(&self, view: &Arc<View>) -> bool {
        let context = self.context_of_root(view);
        context.checks() && self.trusts(&Name::root(), &context)
    }

    /// Queries the keys of the root zone, and adds them to a copy of `known`.
    pub(in crate::resolve) async fn look_at_root_keys(
        &self,
        known: &RootKeys,
        view: &Arc<View>,
    ) -> RootKeyLook {
        let (root, context) = (Name::root(), self.context_of_root(view));
        let mut look = RootKeyLook { keys: known.clone(), changes: Vec::new(), seen: Ok(0), fetched: None };
        match self.fetch(&root, RecordType::DNSKEY, Round::Again { avoid: &[] }, &context).await {
            Ok(fetched) => {
                look.seen = self.take_root_keys(&fetched, &mut look, &context).await;
                look.fetched = look.seen.is_ok().then_some(fetched);
            }
            Err(failure) => look.seen = Err(unreachable("keys", &root, &failure).text),
        }
        look
    }

    /// Determines the security state of the root zone again, with the new keys and the current trust anchors.
    pub(in crate::resolve) async fn use_root_keys(&self, look: RootKeyLook, view: &Arc<View>) {
        if let Some(fetched) = look.fetched {
            // If the new state cannot be determined, the old one remains in the cache.
            drop(self.establish(&Name::root(), Some(fetched), &self.context_of_root(view)).await);
        }
    }

    /// Returns the context of a query for the root keys. The query belongs to no question of a client, so the context has a query budget of its own.
    fn context_of_root(&self, view: &Arc<View>) -> Context {
        Context::new(Arc::new(FlightProgress::new(&self.clock)), Arc::clone(view))
    }

    async fn take_root_keys(
        &self,
        fetched: &Fetched,
        look: &mut RootKeyLook,
        context: &Context,
    ) -> Result<u32, String> {
        let root = Name::root();
        let configured = &context.view.config.dnssec.trust_anchor.anchors;
        let of_root = |record: &&Record| record.name.is_root() && record.record_type() == RecordType::DNSKEY;
        let records: Vec<&Record> = fetched.answers.iter().filter(of_root).collect();
        let mut keys: Vec<DNSKEY> =
            records.iter().filter_map(|record| key_of(record)).filter(is_followed).collect();
        // A large number of unknown keys must not hide a known key or its revocation.
        keys.sort_by_key(|key| !self.is_known(key, &look.keys, configured));
        keys.truncate(MAX_DNSKEYS);
        let signatures: Vec<&RRSIG> = covering(&fetched.evidence, &root, RecordType::DNSKEY);
        let (revoked, shown): (Vec<DNSKEY>, Vec<DNSKEY>) = keys.into_iter().partition(DNSKEY::revoke);
        let mut proven = Vec::new();
        for key in revoked {
            if self.is_known(&key, &look.keys, configured)
                && self.has_signed(&key, (&records, &signatures), context).await
            {
                proven.push(key);
            }
        }
        let unix = self.right_time()?;
        look.changes.extend(look.keys.revoke(configured, &proven, unix));
        let anchors = look.keys.in_use(configured);
        let Trust::Anchor(_, ds) = anchors.closest(&root, |_| false) else {
            return Err("no trust anchor of the root is configured".to_owned());
        };
        let ds: Vec<_> = ds.iter().collect();
        let ttl = match self.judge_keys(&root, &ds, (&records, fetched), context).await {
            Entrusted::Secure(_, ttl) => ttl,
            Entrusted::Insecure(fault) | Entrusted::Bogus(fault) => return Err(fault.text),
        };
        // The validation may have shown that the clock is slow.
        let unix = self.right_time()?;
        look.changes.extend(look.keys.see(configured, ShownKeys { keys: &shown, ttl }, unix));
        Ok(ttl)
    }

    /// Returns the current time, in seconds since 1970. Fails if the clock is known to be slow, so that dates cannot be compared.
    fn right_time(&self) -> Result<u64, String> {
        match self.calendar() {
            Calendar::Clock(unix) => Ok(unix),
            Calendar::After(_) => Err("the clock of this host is behind".to_owned()),
        }
    }

    /// Returns true if a key, revoked or not, is in the table or configured. Signatures of unknown keys are not verified: a forged answer
    /// with many keys could cause a lot of work.
    fn is_known(&self, key: &DNSKEY, known: &RootKeys, configured: &Anchors) -> bool {
        let plain = unrevoked(key);
        known.keys.iter().any(|known| known.key == plain) || configured.cover(&Name::root(), &plain)
    }

    /// Returns true if this key has made a valid signature over the root's DNSKEY RRset.
    async fn has_signed(
        &self,
        key: &DNSKEY,
        (records, signatures): (&[&Record], &[&RRSIG]),
        context: &Context,
    ) -> bool {
        let zone = Name::root();
        let Some(key) = ZoneKey::new(key.clone()) else { return false };
        let rrset = CoveredRrset { name: &zone, kind: RecordType::DNSKEY, records };
        let keys = ZoneKeys { zone: zone.clone(), keys: vec![key] };
        signature::check(&rrset, signatures, &keys, self.rules(context)).await.is_ok()
    }
}

fn key_of(record: &Record) -> Option<DNSKEY> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::DNSKEY(key)) => Some(key.clone()),
        _ => None,
    }
}
