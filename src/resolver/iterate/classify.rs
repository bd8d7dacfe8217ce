//! Classifies the DNS message of a server as an answer, a referral, or unusable.
//!
//! See RFC 1034 section 5.3.3 (how to read a response), RFC 2308 section 2 (the forms of negative answers) and RFC 6672 (DNAME).

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use super::scrub::{Scrubbed, scrub};
use crate::limits::{MAX_ADDRESSES, MAX_ALIASES, MAX_SERVERS};
use dns::conduct::Conduct;
use dns::question::same_name;
use exchange::{Heard, ReplyRoom};
use validate::signature::covered_type;

/// A constant for patterns: `hickory_proto` does not parse DNAME, so its records are `RData::Unknown` with this type.
const DNAME: RecordType = RecordType::DNAME;

/// What a DNS message means for the question that the server was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Classified {
    /// Data, a denial, or the part of an alias chain for whose names this server has authority.
    Found(Found),
    /// A doubtful denial, which a working server of the zone would not send. It is believed only if all servers of the zone give it.
    Doubtful(Found),
    /// A referral to other servers, which have the answer.
    Referral(Referral),
    /// The DNS message is unusable, and the next server is asked. The field is the behaviour that is recorded for the server.
    Nothing(Conduct),
    /// This host had no memory for the DNS message. This says nothing about the server.
    NoRoom,
}

/// The answer to a question: data, an alias or a denial, from a server, the cache, or a zone that resolverd itself serves.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The alias records in the order in which they are followed, then the data.
    pub answers: Vec<Record>,
    /// How the answer ends: with data, with an alias, or with a denial.
    pub end: End,
    /// If the data are NS records: the addresses of these name servers in the reply.
    pub glue: Vec<(Name, IpAddr)>,
    /// The signatures, and the NSEC or NSEC3 records, of the reply.
    pub evidence: Vec<Record>,
    /// The server that gave the answer. `None` for an answer from the cache or from a zone that resolverd itself serves.
    pub server: Option<SocketAddr>,
    /// The time from the query to this answer. `None` as for `server`.
    pub round_trip: Option<Duration>,
    /// True if the reply had the AA flag.
    pub authoritative: bool,
    /// True if the reply had a DNAME, and for a name below it another CNAME than the one that the DNAME gives.
    pub contradicted: bool,
    /// True for a denial that a working server would not send, but that all servers of the zone gave. It is cached only for a short time.
    pub doubted: bool,
    /// The memory that is reserved for the records of a long reply.
    pub room: ReplyRoom,
}

impl Found {
    fn negative(nxdomain: bool, name: &Name, soa: Option<Box<Record>>, evidence: Vec<Record>) -> Self {
        Self::new(Vec::new(), End::Negative { nxdomain, name: name.clone(), soa }, evidence)
    }

    /// Creates an answer that did not come from a server.
    pub(crate) fn new(answers: Vec<Record>, end: End, evidence: Vec<Record>) -> Self {
        Self {
            answers,
            end,
            glue: Vec::new(),
            evidence,
            server: None,
            round_trip: None,
            authoritative: false,
            contradicted: false,
            doubted: false,
            room: ReplyRoom::default(),
        }
    }

    /// Returns true for an NXDOMAIN of the queried name, unless `doubted` is true.
    pub(super) fn denies_the_name(&self) -> bool {
        let is_nxdomain = matches!(self.end, End::Negative { nxdomain: true, .. });
        is_nxdomain && self.answers.is_empty() && !self.doubted
    }

    pub(super) fn has_proof(&self) -> bool {
        let is_proof = |record: &Record| matches!(record.record_type(), RecordType::NSEC | RecordType::NSEC3);
        self.evidence.iter().any(is_proof)
    }

    /// Changes the denial of a name into the denial of the name `below`, which does not exist either.
    pub(super) fn of_name(mut self, below: &Name) -> Self {
        if let End::Negative { name, .. } = &mut self.end {
            *name = below.clone();
        }
        self
    }

    /// Returns true for NXDOMAIN and NODATA.
    pub(super) fn denies(&self) -> bool {
        self.answers.is_empty() && matches!(self.end, End::Negative { .. })
    }

    /// Removes signatures of RRsets that are not in the answer.
    fn drop_stray_signatures(&mut self) {
        if !self.evidence.iter().any(is_signature) {
            return;
        }
        let soa = if let End::Negative { soa, .. } = &self.end { soa.as_deref() } else { None };
        let there = self.answers.iter().chain(&self.evidence).chain(soa);
        let sets: HashSet<(Name, RecordType)> =
            there.map(|record| (record.name.clone(), record.record_type())).collect();
        self.evidence.retain(|record| {
            !is_signature(record)
                || covered_type(record).is_some_and(|kind| sets.contains(&(record.name.clone(), kind)))
        });
    }

    /// Cuts the answer after the first alias whose target must be looked up elsewhere (`is_elsewhere` returns true for it).
    pub(crate) fn cut_where(&mut self, is_elsewhere: impl Fn(&Name) -> bool) {
        let cut = self.answers.iter().enumerate().find_map(|(place, record)| match &record.data {
            RData::CNAME(target) if is_elsewhere(&target.0) => Some((place, target.0.clone())),
            _ => None,
        });
        let Some((place, target)) = cut else { return };
        self.answers.truncate(place.saturating_add(1));
        let answers = &self.answers;
        self.evidence.retain(|record| {
            covered_type(record).is_none_or(|kind| {
                answers.iter().any(|answer| answer.name == record.name && answer.record_type() == kind)
            })
        });
        self.glue.clear();
        self.end = End::Alias(target);
    }
}

/// How an answer ends after its aliases.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Data of the queried type.
    Data,
    /// An alias. The server has no authority for its target, or gave no data for it.
    Alias(Name),
    /// A DNAME whose target name is longer than a name may be: YXDOMAIN (RFC 6672 section 2.2).
    TooLong,
    /// The denial of a name.
    Negative {
        /// True if the name does not exist, false if it has no data of the queried type.
        nxdomain: bool,
        /// The denied name: the last name of the alias chain.
        name: Name,
        /// The SOA, which limits how long the denial may be cached, or `None` if the reply had none.
        soa: Option<Box<Record>>,
    },
}

/// A referral to the servers of a zone below.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Referral {
    pub zone: Name,
    pub servers: Vec<Name>,
    /// Addresses of the servers, each with the index of its server in `servers`.
    pub glue: Vec<(usize, IpAddr)>,
    /// The TTL of the NS RRset, in seconds.
    pub ttl: u32,
    /// The address records from which `glue` was made.
    pub addresses: Vec<Record>,
    /// The DS records and signatures, or the proof that there are no DS records.
    pub evidence: Vec<Record>,
}

impl Classified {
    /// Adds the server, its round-trip time, and the memory reserved for the records.
    #[must_use]
    pub(super) fn said_by(mut self, server: SocketAddr, heard: &Heard) -> Self {
        if let Self::Found(found) | Self::Doubtful(found) = &mut self {
            found.server = Some(server);
            found.round_trip = Some(heard.elapsed);
            found.room = heard.room.clone();
        }
        self
    }

    /// `self` is the reply to a query in mixed case, `later` that to a query without mixed case. Returns true if `later` is usable and gives
    /// another answer.
    pub(super) fn differs_from(&self, later: &Self) -> bool {
        match (self, later) {
            (Self::Found(found), Self::Found(later)) => {
                !later.denies() || found.denies_the_name() != later.denies_the_name()
            }
            (_, Self::Found(_) | Self::Referral(_)) => true,
            _ => false,
        }
    }

    fn with_contradiction(mut self, contradicted: bool) -> Self {
        if let Self::Found(found) | Self::Doubtful(found) = &mut self {
            found.contradicted = contradicted;
        }
        self
    }

    fn with_authority(mut self, authoritative: bool) -> Self {
        if let Self::Found(found) | Self::Doubtful(found) = &mut self {
            found.authoritative = authoritative;
        }
        self
    }
}

/// Classifies the reply of a server of `zone` to the query for `kind` at `name`. Also returns how many records were removed, because the server has
/// no authority for them or they do not belong to the answer.
pub(crate) fn classify(zone: &Name, name: &Name, kind: RecordType, message: &Message) -> (Classified, usize) {
    let rcode = message.metadata.response_code;
    match rcode {
        // YXDOMAIN is an answer only if a DNAME makes the name too long, which is checked below.
        ResponseCode::NoError | ResponseCode::NXDomain | ResponseCode::YXDomain => {}
        code => return (Classified::Nothing(Conduct::of_error(code)), 0),
    }
    let mut scrubbed = scrub(zone, message);
    let nxdomain = rcode == ResponseCode::NXDomain;
    let mut unasked = 0;
    let chain = match is_rrset(name, kind, &scrubbed.answers) {
        true => AliasChain::of_data(std::mem::take(&mut scrubbed.answers), name),
        false => follow(zone, name, kind, &scrubbed.answers),
    };
    let mut said = match chain {
        AliasChain { end, .. } if rcode == ResponseCode::YXDomain && end != ChainEnd::TooLong => {
            Classified::Nothing(Conduct::OtherError)
        }
        AliasChain { answers, synthesised, last, end } => {
            let sent =
                scrubbed.answers.iter().filter(|record| kind == RecordType::RRSIG || !is_signature(record));
            let used = answers.len().saturating_sub(synthesised.len());
            unasked = sent.count().saturating_sub(used);
            let contradicted = synthesised
                .iter()
                .filter_map(|place| answers.get(*place))
                .any(|made| is_contradicted(made, &scrubbed.answers));
            let said = match end {
                ChainEnd::Data => found_data(answers, kind, &scrubbed),
                ChainEnd::TooLong => found_too_long(answers, evidence(kind, &scrubbed)),
                // The server is not at fault: whoever follows the chain finds that it has no end.
                ChainEnd::Endless => {
                    let end = End::Alias(last);
                    Classified::Found(Found::new(answers, end, evidence(kind, &scrubbed)))
                }
                ChainEnd::Open if answers.is_empty() => without_answer(zone, name, kind, message, &scrubbed),
                ChainEnd::Open => {
                    let end = end_of_alias(zone, last, nxdomain, &scrubbed);
                    Classified::Found(Found::new(answers, end, evidence(kind, &scrubbed)))
                }
            };
            said.with_contradiction(contradicted)
        }
    };
    if let Classified::Found(found) | Classified::Doubtful(found) = &mut said {
        found.drop_stray_signatures();
    }
    (said.with_authority(message.metadata.authoritative), scrubbed.dropped.saturating_add(unasked))
}

/// Classifies the answer of a forwarder of `zone`. With the RA flag, the forwarder is a recursive server: it counts as having authority for all
/// names, and referrals are ignored. An empty answer means NODATA even without SOA, because small forwarders omit the SOA. But with NS records and no
/// SOA, it comes from a server that does not resolve names, which counts as lame.
pub(crate) fn classify_recursive(
    zone: &Name,
    name: &Name,
    kind: RecordType,
    message: &Message,
) -> (Classified, usize) {
    if !message.metadata.recursion_available {
        return classify_unrecursive(zone, name, kind, message);
    }
    let (said, dropped) = classify(&Name::root(), name, kind, message);
    let empty = message.metadata.response_code == ResponseCode::NoError && message.answers.is_empty();
    let has = |kind| message.authorities.iter().any(|record| record.record_type() == kind);
    let said = match said {
        _ if empty && has(RecordType::NS) && !has(RecordType::SOA) => Classified::Nothing(Conduct::Lame),
        Classified::Nothing(Conduct::Lame) if empty => {
            Classified::Found(Found::negative(false, name, None, proofs(&message.authorities)))
        }
        Classified::Doubtful(found) => Classified::Found(found),
        other => other,
    };
    (said, dropped)
}

/// Classifies the reply of a configured forwarder if it has no RA flag. Such a forwarder can only be a server of `zone` itself, so its data are
/// used. A denial without AA gives `Classified::Doubtful`, and an empty reply is no answer.
fn classify_unrecursive(
    zone: &Name,
    name: &Name,
    kind: RecordType,
    message: &Message,
) -> (Classified, usize) {
    let (said, dropped) = classify(zone, name, kind, message);
    let has_soa = message.authorities.iter().any(|record| record.record_type() == RecordType::SOA);
    let empty = message.metadata.response_code == ResponseCode::NoError && !has_soa;
    let said = match said {
        Classified::Referral(_) => Classified::Nothing(Conduct::Lame),
        Classified::Doubtful(_) if empty => Classified::Nothing(Conduct::Lame),
        Classified::Found(found) if found.denies() && !found.authoritative => Classified::Doubtful(found),
        other => other,
    };
    (said, dropped)
}

/// `made` is a CNAME that resolverd made from a DNAME. Returns true if the server has sent another CNAME with the same owner name.
fn is_contradicted(made: &Record, sent: &[Record]) -> bool {
    sent.iter().any(|sent| sent.record_type() == RecordType::CNAME && sent.name == made.name)
}

/// How an alias chain ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChainEnd {
    Data,
    /// A name without data of the queried type.
    Open,
    /// A DNAME that makes the name too long.
    TooLong,
    /// A name that is already in the chain, or one alias more than a chain may have.
    Endless,
}

struct AliasChain {
    answers: Vec<Record>,
    /// Indexes in `answers` of the CNAME records that resolverd made from a DNAME and the server did not send.
    synthesised: Vec<usize>,
    last: Name,
    end: ChainEnd,
}

impl AliasChain {
    fn of_data(answers: Vec<Record>, name: &Name) -> Self {
        Self { answers, synthesised: Vec::new(), last: name.clone(), end: ChainEnd::Data }
    }
}

/// Returns true if the answer section contains only the queried RRset. In this usual case, no aliases need to be followed.
fn is_rrset(name: &Name, kind: RecordType, records: &[Record]) -> bool {
    let fits = |record: &Record| record.record_type() == kind && same_name(&record.name, name);
    !records.is_empty() && records.iter().all(fits)
}

/// Follows the aliases from `name` on. Stops at a name outside `zone`, because the server has no authority for it.
fn follow(zone: &Name, name: &Name, kind: RecordType, records: &[Record]) -> AliasChain {
    let (mut answers, mut synthesised): (Vec<Record>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut last = name.clone();
    for _ in 0..=MAX_ALIASES {
        let asked = |of: RecordType| kind == RecordType::ANY || of == kind;
        // A DNAME comes before the records of the name: below a DNAME, the only names are those that result from it (RFC 6672 section 2.4).
        if let Some((dname, redirected)) = redirection(&last, records) {
            if answers.iter().all(|answer| *answer != *dname) {
                answers.push(dname.clone());
            }
            let Redirected::To(cname, target) = redirected else {
                return AliasChain { answers, synthesised, last, end: ChainEnd::TooLong };
            };
            // `synthesised` has only the CNAME records that the server did not send.
            if !records.iter().any(|sent| sent.name == last && sent.data == cname.data) {
                synthesised.push(answers.len());
            }
            answers.push(*cname);
            if asked(RecordType::CNAME) {
                return AliasChain { answers, synthesised, last, end: ChainEnd::Data };
            }
            last = target;
        } else {
            let at_last = records.iter().filter(|record| same_name(&record.name, &last));
            let (mut alias, before) = (None, answers.len());
            for record in at_last {
                if asked(record.record_type()) {
                    answers.push(record.clone());
                } else if let (None, RData::CNAME(target)) = (&alias, &record.data) {
                    alias = Some((record, target.0.clone()));
                }
            }
            if answers.len() > before {
                return AliasChain { answers, synthesised, last, end: ChainEnd::Data };
            }
            let Some((record, target)) = alias else {
                return AliasChain { answers, synthesised, last, end: ChainEnd::Open };
            };
            answers.push(record.clone());
            last = target;
        }
        if !zone.zone_of(&last) {
            return AliasChain { answers, synthesised, last, end: ChainEnd::Open };
        }
        if answers
            .iter()
            .any(|alias| alias.record_type() == RecordType::CNAME && same_name(&alias.name, &last))
        {
            break;
        }
    }
    AliasChain { answers, synthesised, last, end: ChainEnd::Endless }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Redirected {
    /// A CNAME made from the DNAME, and its target.
    To(Box<Record>, Name),
    /// The target is longer than a name can be.
    TooLong,
}

fn redirection<'a>(name: &Name, records: &'a [Record]) -> Option<(&'a Record, Redirected)> {
    records.iter().find_map(|record| Some((record, redirected(record, name)?)))
}

/// Returns the target of `name` if `record` is a DNAME above `name`. resolverd makes the CNAME itself, with the TTL of the DNAME (RFC 6672 section
/// 3.1), and does not use one that the server sent.
pub(crate) fn redirected(record: &Record, name: &Name) -> Option<Redirected> {
    let RData::Unknown { code: DNAME, rdata } = &record.data else { return None };
    if record.name == *name || !record.name.zone_of(name) {
        return None;
    }
    let target = Name::read(&mut BinDecoder::new(&rdata.anything)).ok()?;
    // `num_labels` does not count the `*` label of a wildcard.
    let below = name.iter().len().checked_sub(record.name.iter().len())?;
    let prefix = Name::from_labels(name.iter().take(below)).ok()?;
    let Ok(mut whole) = prefix.append_name(&target) else { return Some(Redirected::TooLong) };
    whole.set_fqdn(true);
    let cname = Record::from_rdata(name.clone(), record.ttl, RData::CNAME(CNAME(whole.clone())));
    Some(Redirected::To(Box::new(cname), whole))
}

fn found_too_long(answers: Vec<Record>, evidence: Vec<Record>) -> Classified {
    Classified::Found(Found::new(answers, End::TooLong, evidence))
}

fn found_data(answers: Vec<Record>, kind: RecordType, scrubbed: &Scrubbed) -> Classified {
    let mut glue = Vec::new();
    if kind == RecordType::NS {
        let servers = answers.iter().filter_map(|record| match &record.data {
            RData::NS(server) => Some(&server.0),
            _ => None,
        });
        for server in servers.take(MAX_SERVERS) {
            let addresses = scrubbed.addresses.iter().filter(|address| address.name == *server);
            glue.extend(addresses.filter_map(|address| Some((server.clone(), address.data.ip_addr()?))));
        }
        glue.truncate(MAX_ADDRESSES);
    }
    Classified::Found(Found { glue, ..Found::new(answers, End::Data, evidence(kind, scrubbed)) })
}

/// Returns how an alias chain ends whose last name has no data. The response code is about this last name (RFC 2308 section 2.1), but counts only if
/// this server has authority for the name. Otherwise other servers are asked for it.
fn end_of_alias(zone: &Name, last: Name, nxdomain: bool, scrubbed: &Scrubbed) -> End {
    let soa = soa_of(&last, scrubbed);
    if zone.zone_of(&last) && (soa.is_some() || nxdomain) {
        End::Negative { nxdomain, name: last, soa }
    } else {
        End::Alias(last)
    }
}

fn without_answer(
    zone: &Name,
    name: &Name,
    kind: RecordType,
    message: &Message,
    scrubbed: &Scrubbed,
) -> Classified {
    let nxdomain = message.metadata.response_code == ResponseCode::NXDomain;
    let soa = soa_of(name, scrubbed);
    let negative = |soa| Found::negative(nxdomain, name, soa, evidence(kind, scrubbed));
    // With the SOA of another zone, the server no longer serves this zone: it answers from a catch-all zone or from the parent zone.
    let elsewhere =
        soa.is_none() && message.authorities.iter().any(|record| record.record_type() == RecordType::SOA);
    if elsewhere || (nxdomain && soa.is_none() && !message.metadata.authoritative) {
        return Classified::Doubtful(negative(None));
    }
    if nxdomain || soa.is_some() {
        return Classified::Found(negative(soa));
    }
    if is_soa_instead(zone, name, message) {
        return Classified::Found(negative(None));
    }
    let ns = |record: &&Record| record.record_type() == RecordType::NS;
    let is_at = |name: &Name| scrubbed.answers.iter().any(|record| same_name(&record.name, name));
    let Some(cut) = scrubbed.authorities.iter().find(ns).map(|record| record.name.clone()) else {
        return match message.authorities.iter().find(ns) {
            // A referral upwards, or to a zone for which the server has no authority.
            Some(_) => Classified::Nothing(Conduct::Lame),
            // Data of another name are unusable. Data of another type at the queried name mean NODATA, because some load balancers answer every
            // question with an address. Without AA, this counts only for types that a name may lack.
            None if message.answers.iter().any(|record| !is_signature(record))
                && !(is_at(name) && (message.metadata.authoritative || may_lack(kind))) =>
            {
                Classified::Nothing(Conduct::Unfit)
            }
            // NODATA without SOA (RFC 2308 section 2.2, type 3), which is not cached. Without AA, the reply may come from a server that does not
            // serve the zone, or from a load balancer that knows only one record type.
            None if message.metadata.authoritative => Classified::Found(negative(None)),
            None if may_lack(kind) => Classified::Doubtful(negative(None)),
            None => Classified::Nothing(Conduct::Lame),
        };
    };
    let below = zone.iter().len() < cut.iter().len();
    // DS records are in the parent zone, so a referral to `name` itself does not lead to the DS records of `name`.
    let towards = cut.zone_of(name) && !(kind == RecordType::DS && cut == *name);
    if below && towards {
        referral(&cut, scrubbed)
    } else if cut == *zone && message.metadata.authoritative {
        Classified::Found(negative(None))
    } else if cut == *zone && may_lack(kind) {
        // NODATA without SOA and AA comes from a load balancer that knows only one record type, or from a server that does not serve the zone.
        Classified::Doubtful(negative(None))
    } else {
        Classified::Nothing(Conduct::Lame)
    }
}

/// Returns true if the answer section has only the SOA of a denial. Some load balancers put the SOA there.
fn is_soa_instead(zone: &Name, name: &Name, message: &Message) -> bool {
    let is_soa = |record: &&Record| {
        record.record_type() == RecordType::SOA && zone.zone_of(&record.name) && record.name.zone_of(name)
    };
    let mut answers = message.answers.iter().filter(|record| !is_signature(record)).peekable();
    message.metadata.authoritative && answers.peek().is_some() && answers.all(|record| is_soa(&record))
}

/// Returns true if an empty reply without AA may mean NODATA. Returns false for types that every zone has, and for type A, because mail bounces if a
/// mail host seems to have no address.
fn may_lack(kind: RecordType) -> bool {
    use RecordType::{A, DNSKEY, DS, NS, SOA};
    !matches!(kind, A | NS | SOA | DS | DNSKEY)
}

fn referral(zone: &Name, scrubbed: &Scrubbed) -> Classified {
    let mut servers: Vec<Name> = Vec::new();
    let mut ttl = u32::MAX;
    for record in scrubbed.authorities.iter().filter(|record| record.name == *zone) {
        if let RData::NS(server) = &record.data
            && servers.len() < MAX_SERVERS
        {
            servers.push(server.0.to_lowercase());
            ttl = ttl.min(record.ttl);
        }
    }
    let mut glue = Vec::new();
    let mut addresses = Vec::new();
    for record in &scrubbed.addresses {
        let place = servers.iter().position(|server| *server == record.name);
        if let (Some(place), Some(address), true) = (place, record.data.ip_addr(), glue.len() < MAX_ADDRESSES)
        {
            glue.push((place, address));
            addresses.push(record.clone());
        }
    }
    let evidence = proofs(&scrubbed.authorities);
    Classified::Referral(Referral { zone: zone.to_lowercase(), servers, glue, ttl, addresses, evidence })
}

/// Returns the signatures of the RRsets, and the proofs in the authority section. If the question is for RRSIG, signatures in the answer section are
/// the answer itself.
fn evidence(kind: RecordType, scrubbed: &Scrubbed) -> Vec<Record> {
    let answers = scrubbed.answers.iter().filter(|record| kind != RecordType::RRSIG && is_signature(record));
    answers.cloned().chain(proofs(&scrubbed.authorities)).collect()
}

fn proofs(records: &[Record]) -> Vec<Record> {
    let is_proof = |record: &&Record| match covered_type(record) {
        Some(RecordType::SOA) => true,
        covered => matches!(
            covered.unwrap_or_else(|| record.record_type()),
            RecordType::NSEC | RecordType::NSEC3 | RecordType::DS
        ),
    };
    records.iter().filter(is_proof).cloned().collect()
}

fn is_signature(record: &Record) -> bool {
    record.record_type() == RecordType::RRSIG
}

fn soa_of(name: &Name, scrubbed: &Scrubbed) -> Option<Box<Record>> {
    let covers = |record: &&Record| record.record_type() == RecordType::SOA && record.name.zone_of(name);
    scrubbed.authorities.iter().find(covers).cloned().map(Box::new)
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
