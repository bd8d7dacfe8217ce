//! The form of a query to a server: its transport, the case of its name, and its OPT record (EDNS, RFC 6891 section 7).
//!
//! Without an OPT record in the query, an answer has no signatures. Firewalls that drop EDNS are rare, but packet loss is common. If a lost query to
//! a signed zone were repeated without EDNS, the zone would look bogus.
//!
//! A FORMERR reply with an OPT record shows that the server supports EDNS, and the RFC does not allow a query without EDNS then. However, some
//! servers reply so to each OPT record with a flag, an option or a size that they do not know. As in Unbound, they are asked without EDNS too,
//! because their zones could not be resolved otherwise.

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};

use super::select::Candidate;
use super::server_role::ServerRole;
use crate::limits::MIXED_CASE_TRIES;
use dns::cached::Delegation;
use dns::conduct::{ServerFeatures, Transport};
use dns::wire::{PAYLOAD, PLAIN_PAYLOAD};
use exchange::network::Path;
use record::limits::EDNS_TRIES;
use validate::anchors::Trust;
use zones::View;

/// Says if the answers of the servers of a zone cut for a name have DNSSEC signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// The DS records or a trust anchor show that the answers are signed.
    Yes,
    /// A proof shows that the answers are not signed, or answers are not validated.
    No,
    /// The operator has configured the servers, or the referral to them had no proof.
    Unknown,
}

impl Signed {
    pub(super) fn at(cut: &Delegation, name: &Name, view: &View) -> Self {
        if !view.config.dnssec.validate {
            return Self::No;
        }
        let anchors = &view.config.dnssec.trust_anchor.anchors;
        let Trust::Anchor(anchor, _) = anchors.closest(name, |above| view.has_nta(above)) else {
            return Self::No;
        };
        let evidence = cut.evidence.records(0);
        let vouched = evidence.iter().any(|record| record.record_type() == RecordType::DS);
        match (vouched || cut.zone.zone_of(anchor), evidence.is_empty()) {
            (true, _) => Self::Yes,
            (false, true) => Self::Unknown,
            (false, false) => Self::No,
        }
    }

    /// Returns the payload size for the OPT record of the next query to a server, after `tries` earlier queries for the same question. Returns
    /// `None` for a query without OPT record. Some firewalls drop long replies. So the query after `EDNS_TRIES` unanswered ones requests a short
    /// reply: a longer answer then arrives truncated, and is fetched over TCP. In a zone without signatures, the queries after that have no OPT
    /// record.
    pub(super) fn payload(self, features: ServerFeatures, tries: u8) -> Option<u16> {
        let has_edns = match self {
            Self::Yes => true,
            Self::Unknown => features.edns,
            Self::No => features.edns && tries <= EDNS_TRIES,
        };
        let is_short = tries >= EDNS_TRIES || !features.long_datagrams;
        has_edns.then_some(if is_short { PLAIN_PAYLOAD } else { PAYLOAD })
    }

    /// Returns true if a server that rejects EDNS may be asked without EDNS. In a signed zone it may not, because the answer could not be validated.
    pub(super) fn may_go_without(self) -> bool {
        self != Self::Yes
    }

    /// `rejection` is the reply of the server to a query with EDNS. Returns true if the server is asked without EDNS for some time: the zone is not
    /// signed, or the reply has no OPT record, or it is BADVERS. Any other reply shows that the server supports EDNS.
    pub(super) fn stays_without(self, rejection: &Message) -> bool {
        self == Self::No || rejection.edns.is_none() || is_bad_version(rejection)
    }
}

/// Returns true if the response code may be a rejection of the OPT record. The reply to a query without EDNS then shows if it is.
pub(super) fn rejects_edns(message: &Message) -> bool {
    let code = message.metadata.response_code;
    matches!(code, ResponseCode::FormErr | ResponseCode::NotImp) || is_bad_version(message)
}

fn is_bad_version(message: &Message) -> bool {
    u16::from(message.metadata.response_code) == u16::from(ResponseCode::BADVERS)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WantedAnswer {
    /// The query is for the whole name.
    Any,
    /// The query is for a shorter name (query name minimisation), so only a referral is used.
    Referral,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct UpstreamForm {
    /// The transport. If the server's answer over UDP was truncated and no other server is left, the attempt begins with TCP, even if the server
    /// recently did not accept TCP.
    pub(super) transport: Transport,
    /// The payload size in the OPT record, or `None` without OPT record.
    pub(super) edns: Option<u16>,
    pub(super) case: NameCase,
    /// True if replies that may be forged are skipped, because the server does not accept TCP.
    pub(super) skips_forgeries: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameCase {
    Mixed,
    /// The name has the letters of the question, because the server did not answer mixed case correctly, or is recursive.
    AsAsked,
}

impl UpstreamForm {
    pub(super) fn for_candidate(
        candidate: &Candidate,
        (path, role): (&Path, ServerRole),
        signed: Signed,
    ) -> Self {
        let features = candidate.standing.features;
        // A recursive server caches names in the case of the query, and sends them to its other clients. BIND, for example, would return the names of
        // mail hosts in mixed case.
        let as_asked = candidate.own_case
            || candidate.doubted
            || candidate.tries >= MIXED_CASE_TRIES
            || !features.keeps_case
            || role.is_recursive();
        Self {
            transport: if candidate.over_tcp.is_some() { Transport::Tcp } else { path.transport() },
            edns: signed.payload(features, candidate.tries),
            case: if as_asked { NameCase::AsAsked } else { NameCase::Mixed },
            skips_forgeries: !features.tcp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use hickory_proto::dnssec::rdata::{DNSSECRData, DS};
    use hickory_proto::dnssec::{Algorithm, DigestType};
    use hickory_proto::rr::rdata::TXT;
    use hickory_proto::rr::{RData, Record};

    use config::Config;
    use dns::cached::Evidence;
    use dns::clock::Mono;
    use dns::stage::name;
    use zones::Views;

    fn ds() -> RData {
        let ds = DS::new(1, Algorithm::ED25519, DigestType::SHA256, vec![0; 32]);
        RData::DNSSEC(DNSSECRData::DS(ds))
    }

    /// Returns whether the answers for `www.one.example.` from the servers of `zone` are signed. `brought` has the proofs and the DS records in the
    /// referral to these servers.
    fn known(config: Config, zone: &str, brought: &[RData]) -> Signed {
        let views = Views::new(&Arc::new(config)).unwrap();
        let records = brought.iter().map(|data| Record::from_rdata(name(zone), 300, data.clone()));
        let records: Vec<Record> = records.collect();
        let cut = Delegation {
            zone: name(zone),
            servers: Vec::new(),
            glue: Vec::new(),
            configured: Vec::new(),
            trusted: false,
            evidence: Evidence::from_records(&records),
            since: Mono::START,
            expires: Mono::START,
        };
        Signed::at(&cut, &name("www.one.example."), views.of_listener(0).unwrap())
    }

    #[test]
    fn ds_or_anchor_makes_zone_signed() {
        let proof = RData::TXT(TXT::new(vec!["whatever denies DS".to_owned()]));
        let at = |zone, brought: &[RData]| known(Config::default(), zone, brought);
        assert_eq!(at("one.example.", &[ds()]), Signed::Yes);
        assert_eq!(at("one.example.", std::slice::from_ref(&proof)), Signed::No);
        assert_eq!(at("one.example.", &[]), Signed::Unknown);
        assert_eq!(at(".", &[]), Signed::Yes, "the root has an anchor");
        let mut config = Config::default();
        config.dnssec.validate = false;
        assert_eq!(known(config, "one.example.", &[ds()]), Signed::No);
        let mut config = Config::default();
        config.dnssec.negative_trust_anchors.push(name("example."));
        assert_eq!(known(config, "one.example.", &[ds()]), Signed::No);
    }

    // After losses, zones that may be signed keep EDNS and get a smaller size.
    #[test]
    fn edns_is_dropped_for_unsigned_zones() {
        let all = [Signed::Yes, Signed::Unknown, Signed::No];
        let [yes, unknown, no] =
            all.map(|signed| [0, 1, 2, 3].map(|tries| signed.payload(ServerFeatures::ALL, tries)));
        let (long, short) = (Some(PAYLOAD), Some(PLAIN_PAYLOAD));
        assert_eq!((yes, unknown), ([long, long, short, short], [long, long, short, short]));
        assert_eq!(no, [long, long, short, None]);
        let rejects = ServerFeatures { edns: false, ..ServerFeatures::ALL };
        assert_eq!(all.map(|signed| signed.payload(rejects, 0)), [long, None, None]);
        let loses = ServerFeatures { long_datagrams: false, ..ServerFeatures::ALL };
        assert_eq!(all.map(|signed| signed.payload(loses, 0)), [short; 3]);
    }
}
