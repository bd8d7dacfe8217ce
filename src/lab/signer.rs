//! Signs the zones of the lab: adds keys, NSEC or NSEC3 records and signatures, and creates the DS records for the parent.
//!
//! Hickory computes canonical forms, digests and signatures. Follows RFC 4034, RFC 4035 section 2 and RFC 5155 section 7.1, and RFC 9077
//! for the TTL of NSEC and NSEC3 records.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use data_encoding::BASE32_DNSSEC;
use hickory_proto::dnssec::rdata::{DNSSECRData, DS, NSEC, NSEC3, NSEC3PARAM, RRSIG, SigInput};
use hickory_proto::dnssec::{DigestType, DnsSecError, DnsSecResult, Nsec3HashAlgorithm, TBS};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType, SerialNumber};

use super::signing::{Flaw, Generation, Hashing, Signing};
use super::test_keys::TestKey;
use super::world::LabError;
use dns::question::wire_name;
use zones::zone::Zone;

/// An hour in seconds, as in many zones.
const KEY_TTL: u32 = 3_600;

/// A day in seconds, as in the largest top-level domains.
const DS_TTL: u32 = 86_400;

/// The inception of a signature is this long before the time at which it is made, as with BIND, because the clocks of some validators are slow.
const EARLY: Duration = Duration::from_secs(3_600);
/// Signatures are valid for this time after they are made, as with BIND.
const VALID: Duration = Duration::from_secs(14 * 86_400);

/// Wrong signatures expired this many seconds ago, or become valid this many seconds later: more than validators tolerate for wrong clocks
/// (Unbound: a day).
const MISS: u32 = 2 * 86_400;

/// The flag of a zone key (RFC 4034 section 2.1.1).
const ZONE_KEY: u16 = 0x100;
/// The SEP flag (RFC 4034 section 2.1.1).
const ENTRY_POINT: u16 = 0x001;

const REVOKE: u16 = 0x80;

/// The types that a false NSEC or NSEC3 record claims.
const USUAL: [RecordType; 4] = [RecordType::A, RecordType::AAAA, RecordType::MX, RecordType::TXT];

/// Signs a zone by its plan at the time `unix`, in seconds since 1970.
pub(super) fn sign(zone: Zone, plan: &Signing, unix: u64) -> Result<Zone, LabError> {
    if plan.has(Flaw::Unsigned) {
        return Ok(zone);
    }
    let origin = zone.origin().clone();
    let signed = ZoneSigner::new(&origin, plan, unix).and_then(|signer| signer.sign(zone));
    signed.map_err(|error| LabError::Sign { zone: origin.to_string(), error })
}

/// Returns the DS records for the parent. There are none if the plan has a delegation without DS records.
pub(super) fn delegation_signers(zone: &Name, plan: &Signing) -> Result<Vec<Record>, LabError> {
    signers_of(zone, plan, &plan.delegated)
}

/// Returns the DS records of all key signing keys, for the trust anchor of a resolver.
pub(super) fn trust_anchor(zone: &Name, plan: &Signing) -> Result<Vec<Record>, LabError> {
    signers_of(zone, plan, &plan.key_signing)
}

fn signers_of(zone: &Name, plan: &Signing, generations: &[Generation]) -> Result<Vec<Record>, LabError> {
    let make = || -> DnsSecResult<Vec<Record>> {
        let mut records = Vec::new();
        for key in all_keys(zone, plan, generations, Role::KeySigning)? {
            for digest in &plan.digests {
                let data = delegation_signer(zone, &key, *digest, plan.has(Flaw::DsMismatch))?;
                records.push(dnssec_record(zone, DS_TTL, DNSSECRData::DS(data)));
            }
        }
        Ok(records)
    };
    make().map_err(|error| LabError::Sign { zone: zone.to_string(), error })
}

fn delegation_signer(zone: &Name, key: &TestKey, digest: u8, mismatch: bool) -> DnsSecResult<DS> {
    let kind = DigestType::from(digest);
    let mut octets = match kind {
        // 32 arbitrary octets for an unknown digest type.
        DigestType::Unknown(_) => vec![0xd5; 32],
        _ => key.record.to_digest(zone, kind)?.as_ref().to_vec(),
    };
    if mismatch {
        octets.iter_mut().for_each(|octet| *octet ^= 0xff);
    }
    Ok(DS::new(key.tag, key.algorithm(), kind, octets))
}

/// What a key signs: the keys of the zone, or all other records.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    KeySigning,
    ZoneSigning,
}

/// Returns the keys with this role and generation, one for each algorithm.
fn keys(zone: &Name, plan: &Signing, generation: Generation, role: Role) -> DnsSecResult<Vec<TestKey>> {
    // The name of the zone determines the keys, so that a zone and the zone above mostly have different keys.
    let drawn = wire_name(zone).iter().fold(0_usize, |sum, octet| {
        sum.wrapping_mul(31).wrapping_add(usize::from(octet.to_ascii_lowercase()))
    });
    let place = usize::from(generation == Generation::New) * 2 + usize::from(role == Role::ZoneSigning);
    let zone_bit = if plan.has(Flaw::NoZoneBit) { 0 } else { ZONE_KEY };
    let flags = zone_bit | if role == Role::KeySigning { ENTRY_POINT } else { 0 };
    let number = (drawn % 8).wrapping_add(place);
    plan.algorithms.iter().map(|algorithm| TestKey::new(*algorithm, plan.rsa_bits, number, flags)).collect()
}

fn all_keys(
    zone: &Name,
    plan: &Signing,
    generations: &[Generation],
    role: Role,
) -> DnsSecResult<Vec<TestKey>> {
    let keys: DnsSecResult<Vec<Vec<TestKey>>> =
        generations.iter().map(|generation| keys(zone, plan, *generation, role)).collect();
    Ok(keys?.concat())
}

fn dnssec_record(owner: &Name, ttl: u32, data: DNSSECRData) -> Record {
    Record::from_rdata(owner.clone(), ttl, RData::DNSSEC(data))
}

/// The keys of a zone, and the validity of its signatures.
struct ZoneSigner<'a> {
    plan: &'a Signing,
    origin: &'a Name,
    /// The keys in the DNSKEY RRset.
    shown: Vec<TestKey>,
    /// The keys that sign the DNSKEY RRset.
    of_keys: Vec<TestKey>,
    /// The keys that sign all other records.
    of_data: Vec<TestKey>,
    inception: u32,
    expiration: u32,
}

impl<'a> ZoneSigner<'a> {
    fn new(origin: &'a Name, plan: &'a Signing, unix: u64) -> DnsSecResult<Self> {
        let key_signing = plan.key_signing.iter().map(|generation| {
            let keys = keys(origin, plan, *generation, Role::KeySigning)?;
            let is_revoked = plan.revoked.contains(generation);
            let shown: DnsSecResult<Vec<TestKey>> =
                keys.into_iter().map(|key| if is_revoked { key.flagged(REVOKE) } else { Ok(key) }).collect();
            Ok((*generation, shown?))
        });
        let key_signing: Vec<(Generation, Vec<TestKey>)> = key_signing.collect::<DnsSecResult<_>>()?;
        let signs =
            |generation: &Generation| plan.signs_keys.is_empty() || plan.signs_keys.contains(generation);
        let of_keys: Vec<TestKey> =
            key_signing.iter().filter(|(one, _)| signs(one)).flat_map(|(_, keys)| keys.clone()).collect();
        let entry_points: Vec<TestKey> = key_signing.into_iter().flat_map(|(_, keys)| keys).collect();
        let zone_keys = all_keys(origin, plan, &plan.zone_signing, Role::ZoneSigning)?;
        let single = plan.zone_signing.is_empty();
        let of_data =
            if single { of_keys.clone() } else { all_keys(origin, plan, &plan.signs, Role::ZoneSigning)? };
        let mut shown = [entry_points, zone_keys].concat();
        for key in of_keys.iter().chain(&of_data) {
            for number in 0..plan.colliding() {
                shown.push(key.colliding(number)?);
            }
        }
        // The times in signatures are numbers of 32 bits that start again at 0 (RFC 4034 section 3.1.5).
        let now = u32::try_from(unix & u64::from(u32::MAX)).unwrap_or(0);
        let seconds = |span: Duration| u32::try_from(span.as_secs()).unwrap_or(0);
        let (early, valid) = (seconds(EARLY), seconds(VALID));
        let begin = now.wrapping_sub(early);
        let (inception, expiration) = match () {
            () if plan.has(Flaw::Expired) => (begin.wrapping_sub(valid), now.wrapping_sub(MISS)),
            () if plan.has(Flaw::NotYetValid) => (now.wrapping_add(MISS), now.wrapping_add(MISS + valid)),
            () => (begin, begin.wrapping_add(valid)),
        };
        Ok(Self { plan, origin, shown, of_keys, of_data, inception, expiration })
    }

    fn sign(&self, zone: Zone) -> DnsSecResult<Zone> {
        let shown = self.shown.iter().map(|key| DNSSECRData::DNSKEY(key.record.clone()));
        let mut records: Vec<Record> = shown.map(|data| dnssec_record(self.origin, KEY_TTL, data)).collect();
        if let Some(hashing) = &self.plan.hashing {
            let Hashing { iterations, salt, .. } = hashing.clone();
            let data = NSEC3PARAM::new(Nsec3HashAlgorithm::SHA1, false, iterations, salt);
            records.push(dnssec_record(self.origin, 0, DNSSECRData::NSEC3PARAM(data)));
        }
        let keyed = with(zone, records)?;
        let spans = match &self.plan.hashing {
            _ if self.plan.has(Flaw::NoNsec) => Vec::new(),
            None => self.spans(&keyed),
            Some(hashing) => self.hashed_spans(&keyed, hashing)?,
        };
        let proven = with(keyed, spans)?;
        let signatures = self.signatures(&proven)?;
        with(proven, signatures)
    }

    /// Returns an NSEC record for every name that is not below a zone cut.
    fn spans(&self, zone: &Zone) -> Vec<Record> {
        let ttl = denial_ttl(zone);
        let owners: Vec<&Name> = zone
            .names()
            .map(|(name, _)| name)
            .filter(|name| !hidden(zone, name) && self.has_span(name))
            .collect();
        let nexts = owners.iter().skip(1).chain(owners.first());
        let span = |(owner, next): (&&Name, &&Name)| {
            let mut types = self.types(zone, owner);
            types.extend([RecordType::NSEC, RecordType::RRSIG]);
            let next = if self.plan.has(Flaw::WrongNsec) { successor(owner) } else { (*next).clone() };
            dnssec_record(owner, ttl, DNSSECRData::NSEC(NSEC::new(next, types)))
        };
        owners.iter().zip(nexts).map(span).collect()
    }

    /// Returns an NSEC3 record for every name that is not below a zone cut, including empty non-terminals. With opt-out, unsigned delegations
    /// have none.
    fn hashed_spans(&self, zone: &Zone, hashing: &Hashing) -> DnsSecResult<Vec<Record>> {
        let ttl = denial_ttl(zone);
        let mut names: BTreeSet<Name> = BTreeSet::new();
        for (name, _) in zone.names() {
            let unsigned_cut = is_cut(zone, name) && zone.set(name, RecordType::DS).is_none();
            if hidden(zone, name) || (hashing.opt_out && unsigned_cut) {
                continue;
            }
            // Adds all names between the name and the apex too.
            names.extend((self.origin.iter().len()..=name.iter().len()).map(|labels| name.trim_to(labels)));
        }
        let mut by_hash: BTreeMap<Vec<u8>, Name> = BTreeMap::new();
        for name in names.into_iter().filter(|name| self.has_span(name)) {
            let hash = Nsec3HashAlgorithm::SHA1.hash(&hashing.salt, &name, hashing.iterations)?;
            by_hash.insert(hash.as_ref().to_vec(), name);
        }
        let nexts: Vec<Vec<u8>> = by_hash.keys().skip(1).chain(by_hash.keys().take(1)).cloned().collect();
        let mut records = Vec::new();
        for ((hash, name), next) in by_hash.iter().zip(nexts) {
            let mut types = self.types(zone, name);
            let unsigned_cut = is_cut(zone, name) && zone.set(name, RecordType::DS).is_none();
            if !types.is_empty() && !unsigned_cut {
                types.insert(RecordType::RRSIG);
            }
            let next = if self.plan.has(Flaw::WrongNsec) { increased(hash) } else { next };
            let owner = self.origin.prepend_label(BASE32_DNSSEC.encode(hash))?;
            records.push(dnssec_record(&owner, ttl, hashed_span(hashing, next, types)));
        }
        Ok(records)
    }

    fn has_span(&self, name: &Name) -> bool {
        !self.plan.has(Flaw::OneRange) || name == self.origin
    }

    /// Returns the record types at a name. At a zone cut, only those that belong to this zone.
    fn types(&self, zone: &Zone, name: &Name) -> BTreeSet<RecordType> {
        let all = zone.all(name).into_iter().map(|record| record.record_type());
        if is_cut(zone, name) {
            return all.filter(|kind| matches!(kind, RecordType::NS | RecordType::DS)).collect();
        }
        let mut types: BTreeSet<RecordType> = all.collect();
        if self.plan.has(Flaw::WrongBitmap) {
            types.extend(USUAL);
        }
        types
    }

    fn signatures(&self, zone: &Zone) -> DnsSecResult<Vec<Record>> {
        let mut signatures = Vec::new();
        for (name, kinds) in zone.names() {
            for kind in kinds {
                let theirs = is_cut(zone, name) && !matches!(kind, RecordType::DS | RecordType::NSEC);
                if !theirs && !hidden(zone, name) {
                    self.sign_set(zone.set(name, kind).unwrap_or_default(), &mut signatures)?;
                }
            }
        }
        for set in zone.hashed().values() {
            self.sign_set(set, &mut signatures)?;
        }
        Ok(signatures)
    }

    fn sign_set(&self, set: &[Record], signatures: &mut Vec<Record>) -> DnsSecResult<()> {
        let Some(first) = set.first() else { return Ok(()) };
        let of_keys = first.record_type() == RecordType::DNSKEY;
        let left_out = if of_keys { Flaw::UnsignedKeys } else { Flaw::MissingRrsig };
        if self.plan.has(left_out) {
            return Ok(());
        }
        for key in if of_keys { &self.of_keys } else { &self.of_data } {
            let input = SigInput {
                type_covered: first.record_type(),
                algorithm: key.algorithm(),
                num_labels: first.name.num_labels(),
                original_ttl: first.ttl,
                sig_expiration: SerialNumber::new(self.expiration),
                sig_inception: SerialNumber::new(self.inception),
                key_tag: key.tag,
                signer_name: self.origin.clone(),
            };
            let octets = TBS::from_input(&first.name, DNSClass::IN, &input, set.iter())?;
            let signature = if self.plan.has(Flaw::WrongKey) && !of_keys {
                key.sign(&TBS::from(b"something else".as_slice()))?
            } else {
                key.sign(&octets)?
            };
            // False signatures come before the true one. Each is different, because a resolver may skip a signature that it has already
            // checked.
            for number in (1..=self.plan.colliding()).rev() {
                let mut forged = signature.clone();
                forged.iter_mut().rev().take(1).for_each(|octet| *octet ^= number);
                signatures.push(signed(first, &input, forged));
            }
            signatures.push(signed(first, &input, signature));
        }
        Ok(())
    }
}

fn signed(first: &Record, input: &SigInput, signature: Vec<u8>) -> Record {
    let data = RRSIG::from_sig(input.clone(), signature);
    dnssec_record(&first.name, first.ttl, DNSSECRData::RRSIG(data))
}

fn with(zone: Zone, records: Vec<Record>) -> DnsSecResult<Zone> {
    zone.with(records).map_err(|error| DnsSecError::Msg(error.to_string()))
}

fn hashed_span(hashing: &Hashing, next: Vec<u8>, types: BTreeSet<RecordType>) -> DNSSECRData {
    let Hashing { iterations, salt, opt_out } = hashing.clone();
    DNSSECRData::NSEC3(NSEC3::new(Nsec3HashAlgorithm::SHA1, opt_out, iterations, salt, next, types))
}

/// Returns true if the name is below the apex and has NS records.
fn is_cut(zone: &Zone, name: &Name) -> bool {
    name != zone.origin() && zone.set(name, RecordType::NS).is_some()
}

/// Returns true if the name is below a zone cut or a DNAME, so that it does not belong to this zone.
fn hidden(zone: &Zone, name: &Name) -> bool {
    let cut = zone.cut_above(name).and_then(<[Record]>::first);
    cut.is_some_and(|cut| &cut.name != name) || zone.dname_above(name).is_some()
}

/// Returns the TTL of NSEC and NSEC3 records: that of the SOA or its field MINIMUM, whichever is smaller (RFC 9077).
fn denial_ttl(zone: &Zone) -> u32 {
    zone.negative_soa().map_or(0, |soa| soa.ttl)
}

/// Returns the next name in canonical order: no name can be between the two.
fn successor(name: &Name) -> Name {
    name.prepend_label([0_u8].as_slice()).unwrap_or_else(|_| name.clone())
}

fn increased(hash: &[u8]) -> Vec<u8> {
    let mut next = hash.to_vec();
    for octet in next.iter_mut().rev() {
        *octet = octet.wrapping_add(1);
        if *octet != 0 {
            break;
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone_file::read_zone;
    use dns::stage::name;
    use hickory_proto::dnssec::Verifier;

    const UNIX: u64 = 1_767_225_600;

    const TEXT: &str = "@ 3600 SOA ns Host 1 2 3 4 60
@ NS ns
ns A 127.0.0.1
a.b.Ent TXT one two
*.wild MX 10 Mail
sub NS ns.sub
ns.sub A 127.0.0.2
safe NS ns.elsewhere.
safe DS 1 13 2 0102030405060708091011121314151617181920212223242526272829303132
old DNAME new
";

    fn signed_as(words: &str) -> Zone {
        let zone = read_zone(&name("example."), TEXT).unwrap();
        sign(zone, &words.parse().unwrap(), UNIX).unwrap()
    }

    fn verified(zone: &Zone, owner: &str, kind: RecordType) -> usize {
        let owner = name(owner);
        let hashed = zone.hashed().get(&owner).map(Vec::as_slice);
        let set = if kind == RecordType::NSEC3 { hashed } else { zone.set(&owner, kind) }.unwrap();
        let keys = zone.set(zone.origin(), RecordType::DNSKEY).unwrap();
        let verifies = |signature: &&Record| {
            let RData::DNSSEC(DNSSECRData::RRSIG(signature)) = &signature.data else { return false };
            keys.iter().any(|key| match &key.data {
                RData::DNSSEC(DNSSECRData::DNSKEY(key)) => {
                    key.verify_rrsig(&owner, DNSClass::IN, signature, set.iter()).is_ok()
                }
                _ => false,
            })
        };
        zone.signatures(&owner, kind).iter().filter(verifies).count()
    }

    // Each algorithm of the zone signs each RRset, but neither delegations nor glue.
    #[test]
    fn owned_rrsets_are_signed() {
        for (words, each) in [("algorithm=8", 1), ("algorithm=10", 1), ("algorithm=13,14,15 nsec3", 3)] {
            let zone = signed_as(words);
            for (owner, kinds) in zone.names() {
                for kind in kinds {
                    let theirs = is_cut(&zone, owner) && kind == RecordType::NS;
                    let wanted = if theirs || hidden(&zone, owner) { 0 } else { each };
                    assert_eq!(verified(&zone, &owner.to_string(), kind), wanted, "{words} {owner} {kind}");
                }
            }
            for owner in zone.hashed().keys() {
                assert_eq!(verified(&zone, &owner.to_string(), RecordType::NSEC3), each);
            }
        }
    }

    // It leaves out glue and empty non-terminals; NSEC3 with opt-out has no insecure cuts.
    #[test]
    fn nsec_chain_is_circular() {
        let zone = signed_as("");
        let has = |owner: &str| zone.set(&name(owner), RecordType::NSEC).is_some();
        assert!(has("example.") && has("sub.example.") && has("*.wild.example.") && has("old.example."));
        assert!(!has("ns.sub.example.") && !has("ent.example.") && !has("b.ent.example."));
        let RData::DNSSEC(DNSSECRData::NSEC(last)) =
            &zone.set(&name("*.wild.example."), RecordType::NSEC).unwrap()[0].data
        else {
            panic!("no NSEC")
        };
        assert_eq!(last.next_domain_name(), &name("example."));
        // Names with an NSEC3 record: the apex, ns, the leaf and its two ancestors, wild and *.wild, sub, safe, old. With opt-out, sub has
        // none.
        assert_eq!(signed_as("nsec3").hashed().len(), 10);
        assert_eq!(signed_as("nsec3 optout").hashed().len(), 9);
    }

    #[test]
    fn ds_matches_planned_key() {
        let origin = name("example.");
        let fits = |words: &str| -> Vec<bool> {
            let plan: Signing = words.parse().unwrap();
            let zone = signed_as(words);
            let signers = delegation_signers(&origin, &plan).unwrap();
            let keys = zone.set(&origin, RecordType::DNSKEY).unwrap();
            let covered = |signer: &Record| {
                let RData::DNSSEC(DNSSECRData::DS(signer)) = &signer.data else { return false };
                keys.iter().any(|key| match &key.data {
                    RData::DNSSEC(DNSSECRData::DNSKEY(key)) => {
                        signer.covers(&origin, key).is_ok_and(|yes| yes)
                    }
                    _ => false,
                })
            };
            signers.iter().map(covered).collect()
        };
        assert_eq!(fits(""), [true]);
        assert_eq!(fits("digest=1,2,4 algorithm=13,8"), [true; 6]);
        assert_eq!(fits("ds=old,new"), [true, false]);
        assert_eq!(fits("ds=old,new ksk=old,new"), [true, true]);
        assert_eq!(fits("ds-mismatch"), [false]);
        assert!(fits("ds=none").is_empty());
    }

    #[test]
    fn flaws_show_in_the_zone() {
        let counts = |words: &str| {
            let zone = signed_as(words);
            let apex = zone.origin();
            let signatures = |kind| zone.signatures(apex, kind).len();
            (zone.all(apex).len(), signatures(RecordType::DNSKEY), signatures(RecordType::SOA))
        };
        // The five records at the apex: SOA, NS, two DNSKEY and NSEC.
        assert_eq!(counts(""), (5, 1, 1));
        assert_eq!(counts("missing-rrsig"), (5, 1, 0));
        assert_eq!(counts("unsigned-keys"), (5, 0, 1));
        assert_eq!(counts("unsigned"), (2, 0, 0));
        assert_eq!(counts("no-nsec"), (4, 1, 1));
        assert_eq!(counts("zsk=old,new"), (6, 1, 1));
        assert_eq!(counts("zsk=none"), (4, 1, 1));
        assert_eq!(counts("keytrap=5"), (15, 6, 6));
        assert_eq!(verified(&signed_as("wrong-key"), "example.", RecordType::SOA), 0);
        assert_eq!(verified(&signed_as("wrong-key"), "example.", RecordType::DNSKEY), 1);
        assert_eq!(verified(&signed_as("keytrap=5"), "example.", RecordType::SOA), 1);
        let expired = signed_as("expired");
        let RData::DNSSEC(DNSSECRData::RRSIG(late)) =
            &expired.signatures(&name("example."), RecordType::SOA)[0].data
        else {
            panic!("no RRSIG")
        };
        assert!(u64::from(late.input().sig_expiration.get()) < UNIX);
    }
}
