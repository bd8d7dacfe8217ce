//! Classifies a server's message: an answer, a referral, or nothing that helps.
//!
//! Pure. RFC 1034 section 5.3.3 (how to read a response), RFC 2308 section 2 (the forms of negative answers), RFC
//! 6672 (DNAME).

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::CNAME;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use super::scrub::{Scrubbed, scrub};
use crate::exchange::{Heard, ReplyRoom};
use crate::limits::{MAX_ADDRESSES, MAX_ALIASES, MAX_SERVERS};
use dns::conduct::Conduct;
use dns::question::same_name;
use validate::signature::covered_type;

/// Type DNAME. The library reads its data as unknown.
const DNAME: RecordType = RecordType::DNAME;

/// The meaning of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Classified {
    /// An answer, positive or negative, or the part of a chain of aliases that this server has authority for.
    Found(Found),
    /// A denial in doubt: no working server of the zone would send it. It is valid only if all servers of the zone
    /// give it.
    Doubtful(Found),
    /// A referral: other servers have the answer.
    Referral(Referral),
    /// The message is of no use: the next server is asked.
    Nothing(Conduct),
    /// The message was dropped, because this host has no memory for it: it shows nothing about the server.
    NoRoom,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Aliases in order, then the data.
    pub answers: Vec<Record>,
    /// How the chain ends.
    pub end: End,
    /// If the data are NS: addresses that came with them.
    pub glue: Vec<(Name, IpAddr)>,
    /// Signatures and proofs of absence that came along.
    pub evidence: Vec<Record>,
    /// The server that said it; none if it was made here or was in memory.
    pub server: Option<SocketAddr>,
    /// From the query to this answer; none if it was in memory.
    pub round_trip: Option<Duration>,
    /// Whether it had AA.
    pub authoritative: bool,
    /// Whether a CNAME came along that differs from the one that its DNAME makes.
    pub contradicted: bool,
    /// Whether it is a denial in doubt that all servers of the zone gave: it holds for a short time.
    pub doubted: bool,
    /// The room of its records, if the reply was long.
    pub room: ReplyRoom,
}

impl Found {
    /// A denial that `name` has the type, or exists.
    fn negative(nxdomain: bool, name: &Name, soa: Option<Box<Record>>, evidence: Vec<Record>) -> Self {
        Self::new(Vec::new(), End::Negative { nxdomain, name: name.clone(), soa }, evidence)
    }

    /// An answer with this end, without a server.
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

    /// Returns true if it denies the name that was asked for, and not in doubt.
    pub(super) fn denies_the_name(&self) -> bool {
        let is_nxdomain = matches!(self.end, End::Negative { nxdomain: true, .. });
        is_nxdomain && self.answers.is_empty() && !self.doubted
    }

    /// Returns true if it denies the name that was asked for, with NSEC or NSEC3.
    pub(super) fn denies_with_proof(&self) -> bool {
        let is_proof = |record: &Record| matches!(record.record_type(), RecordType::NSEC | RecordType::NSEC3);
        self.denies_the_name() && self.evidence.iter().any(is_proof)
    }

    /// A denial of a name above, as that of `below`.
    pub(super) fn of_name(mut self, below: &Name) -> Self {
        if let End::Negative { name, .. } = &mut self.end {
            *name = below.clone();
        }
        self
    }

    /// Returns true if it denies the name or the type.
    pub(super) fn denies(&self) -> bool {
        self.answers.is_empty() && matches!(self.end, End::Negative { .. })
    }

    /// Keeps only the signatures of RRsets that are present. Other signatures prove nothing here.
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

    /// Removes the records behind the first alias whose target `is_elsewhere`: its own servers are asked for them.
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

/// How an answer ends.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// At data.
    Data,
    /// At an alias whose target this server has no authority for, or said nothing about.
    Alias(Name),
    /// At a DNAME that makes a name longer than names can be: YXDOMAIN (RFC 6672 section 2.2).
    TooLong,
    /// At a name that lacks the type, or at a name that does not exist.
    Negative {
        /// True: no such name. False: no such type.
        nxdomain: bool,
        /// The name that lacks it: the last of the chain.
        name: Name,
        /// The SOA that limits the time of the answer, if one came.
        soa: Option<Box<Record>>,
    },
}

/// A referral to a zone below.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Referral {
    /// The zone.
    pub zone: Name,
    /// Its servers' names.
    pub servers: Vec<Name>,
    /// Addresses that came along, by place in `servers`.
    pub glue: Vec<(usize, IpAddr)>,
    /// Seconds that it holds: the TTL of its NS RRset.
    pub ttl: u32,
    /// The addresses as records.
    pub addresses: Vec<Record>,
    /// DS and signatures that came along, or the proof that there is no DS.
    pub evidence: Vec<Record>,
}

impl Classified {
    /// Adds the server that sent it, its round trip, and the room of its records.
    #[must_use]
    pub(super) fn said_by(mut self, server: SocketAddr, heard: &Heard) -> Self {
        if let Self::Found(found) | Self::Doubtful(found) = &mut self {
            found.server = Some(server);
            found.round_trip = Some(heard.elapsed);
            found.room = heard.room.clone();
        }
        self
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

/// Reads the answer of a server of `zone` to the question for `kind` at `name`; also returns how many records were
/// scrubbed.
pub(crate) fn classify(zone: &Name, name: &Name, kind: RecordType, message: &Message) -> (Classified, usize) {
    let rcode = message.metadata.response_code;
    match rcode {
        // YXDOMAIN is an answer if a DNAME explains it.
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
        AliasChain::Broken => Classified::Nothing(Conduct::Unfit),
        AliasChain::Followed { end, .. } if rcode == ResponseCode::YXDomain && end != ChainEnd::TooLong => {
            Classified::Nothing(Conduct::OtherError)
        }
        AliasChain::Followed { answers, synthesised, last, end } => {
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

/// Reads the answer of a forwarder of `zone`. With RA it is a recursive server: its answer is read like the
/// answer of a root server, which has authority for all names, but referrals in it are ignored. An empty answer is "no such type"
/// even without SOA, because small forwarders leave it out. An empty answer that names servers does not mean that: it
/// comes from a server that does not resolve.
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

/// Reads the answer of a configured server that does not resolve: at best it is a server of `zone`. Its data are used. A denial
/// without AA is in doubt, and an empty message is no answer.
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

/// Returns true if another CNAME was sent in place of one that was made here.
fn is_contradicted(made: &Record, sent: &[Record]) -> bool {
    sent.iter().any(|sent| sent.record_type() == RecordType::CNAME && sent.name == made.name)
}

/// How a chain ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChainEnd {
    /// The data.
    Data,
    /// A name without data in the message.
    Open,
    /// A DNAME that makes a name too long.
    TooLong,
}

enum AliasChain {
    Followed {
        answers: Vec<Record>,
        /// Places of the records that were synthesised here from a DNAME.
        synthesised: Vec<usize>,
        last: Name,
        end: ChainEnd,
    },
    /// The chain is too long, or a circle.
    Broken,
}

impl AliasChain {
    /// A chain of the data alone.
    fn of_data(answers: Vec<Record>, name: &Name) -> Self {
        Self::Followed { answers, synthesised: Vec::new(), last: name.clone(), end: ChainEnd::Data }
    }
}

/// Returns true if the answer section has only the RRset that was asked for, as in most answers. Then it needs no further
/// work.
fn is_rrset(name: &Name, kind: RecordType, records: &[Record]) -> bool {
    let fits = |record: &Record| record.record_type() == kind && same_name(&record.name, name);
    !records.is_empty() && records.iter().all(fits)
}

/// Follows the aliases of the answer section from `name` as far as the server has authority.
fn follow(zone: &Name, name: &Name, kind: RecordType, records: &[Record]) -> AliasChain {
    let (mut answers, mut synthesised): (Vec<Record>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut last = name.clone();
    for _ in 0..=MAX_ALIASES {
        let asked = |of: RecordType| kind == RecordType::ANY || of == kind;
        // Below a DNAME only its own results exist (RFC 6672 section 2.4).
        if let Some((dname, redirected)) = redirection(&last, records) {
            if answers.iter().all(|answer| *answer != *dname) {
                answers.push(dname.clone());
            }
            let Redirected::To(cname, target) = redirected else {
                return AliasChain::Followed { answers, synthesised, last, end: ChainEnd::TooLong };
            };
            // A CNAME that the server sent for it is replaced by ours, so it counts as used.
            if !records.iter().any(|sent| sent.name == last && sent.data == cname.data) {
                synthesised.push(answers.len());
            }
            answers.push(*cname);
            if asked(RecordType::CNAME) {
                return AliasChain::Followed { answers, synthesised, last, end: ChainEnd::Data };
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
                return AliasChain::Followed { answers, synthesised, last, end: ChainEnd::Data };
            }
            let Some((record, target)) = alias else {
                return AliasChain::Followed { answers, synthesised, last, end: ChainEnd::Open };
            };
            answers.push(record.clone());
            last = target;
        }
        if !zone.zone_of(&last) {
            return AliasChain::Followed { answers, synthesised, last, end: ChainEnd::Open };
        }
    }
    AliasChain::Broken
}

/// The target of a name below a DNAME.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Redirected {
    /// The CNAME of the name leads to this name.
    To(Box<Record>, Name),
    /// The target is longer than a name may be.
    TooLong,
}

/// The DNAME above `name`, and the target.
fn redirection<'a>(name: &Name, records: &'a [Record]) -> Option<(&'a Record, Redirected)> {
    records.iter().find_map(|record| Some((record, redirected(record, name)?)))
}

/// The target of `name` if `record` is a DNAME above it. A CNAME that the server sent along is not trusted: ours is
/// made from the DNAME and has its TTL (RFC 6672 section 3.1).
pub(crate) fn redirected(record: &Record, name: &Name) -> Option<Redirected> {
    let RData::Unknown { code: DNAME, rdata } = &record.data else { return None };
    if record.name == *name || !record.name.zone_of(name) {
        return None;
    }
    let target = Name::read(&mut BinDecoder::new(&rdata.anything)).ok()?;
    // Not `num_labels`, which does not count a wildcard's star.
    let below = name.iter().len().checked_sub(record.name.iter().len())?;
    let prefix = Name::from_labels(name.iter().take(below)).ok()?;
    let Ok(mut whole) = prefix.append_name(&target) else { return Some(Redirected::TooLong) };
    whole.set_fqdn(true);
    let cname = Record::from_rdata(name.clone(), record.ttl, RData::CNAME(CNAME(whole.clone())));
    Some(Redirected::To(Box::new(cname), whole))
}

/// A chain that ends at a DNAME whose target is too long.
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

/// How a chain without data ends. The response code is about the last name (RFC 2308 section 2.1), but only if this
/// server has authority for it; otherwise the chain continues at other servers.
fn end_of_alias(zone: &Name, last: Name, nxdomain: bool, scrubbed: &Scrubbed) -> End {
    let soa = soa_of(&last, scrubbed);
    if zone.zone_of(&last) && (soa.is_some() || nxdomain) {
        End::Negative { nxdomain, name: last, soa }
    } else {
        End::Alias(last)
    }
}

/// A message without an answer to the question: negative, a referral, or nothing.
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
    // The SOA belongs to another zone: the server no longer has this one, and answers from a catch-all zone or from
    // the zone above.
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
            // The message names servers of a zone outside its authority: an upward or sideways referral.
            Some(_) => Classified::Nothing(Conduct::Lame),
            // Data of another type: load balancers answer every question with an address. Like an empty message, it
            // means "no such type"; without AA only if all servers say so. Data of another name do not answer the
            // question.
            None if message.answers.iter().any(|record| !is_signature(record))
                && !(is_at(name) && (message.metadata.authoritative || may_lack(kind))) =>
            {
                Classified::Nothing(Conduct::Unfit)
            }
            // "No such type" without SOA (RFC 2308 section 2.2, type 3) is not kept. Without AA it comes from servers
            // that do not have the zone, and from load balancers that know one type.
            None if message.metadata.authoritative => Classified::Found(negative(None)),
            None if may_lack(kind) => Classified::Doubtful(negative(None)),
            None => Classified::Nothing(Conduct::Lame),
        };
    };
    let below = zone.iter().len() < cut.iter().len();
    // The parent answers for DS at the cut itself, so for DS a referral to the name itself leads nowhere.
    let towards = cut.zone_of(name) && !(kind == RecordType::DS && cut == *name);
    if below && towards {
        referral(&cut, scrubbed)
    } else if cut == *zone && message.metadata.authoritative {
        Classified::Found(negative(None))
    } else if cut == *zone && may_lack(kind) {
        // The same without AA: a load balancer that knows one type, or a server that does not have the zone.
        Classified::Doubtful(negative(None))
    } else {
        Classified::Nothing(Conduct::Lame)
    }
}

/// Returns true if a server with authority has put the SOA of a denial into the answer section, as some load balancers do.
fn is_soa_instead(zone: &Name, name: &Name, message: &Message) -> bool {
    let is_soa = |record: &&Record| {
        record.record_type() == RecordType::SOA && zone.zone_of(&record.name) && record.name.zone_of(name)
    };
    let mut answers = message.answers.iter().filter(|record| !is_signature(record)).peekable();
    message.metadata.authoritative && answers.peek().is_some() && answers.all(|record| is_soa(&record))
}

/// Returns true if an empty message without AA may mean that the type does not exist. False for types that every zone has.
/// False for A too, because mail bounces if its host has no address.
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

/// The records that prove an answer: the signatures of its RRsets, and the denials in the authority section.
/// Signatures that were asked for are the answer.
fn evidence(kind: RecordType, scrubbed: &Scrubbed) -> Vec<Record> {
    let answers = scrubbed.answers.iter().filter(|record| kind != RecordType::RRSIG && is_signature(record));
    answers.cloned().chain(proofs(&scrubbed.authorities)).collect()
}

/// Proofs of absence, DS, and the signatures of these and of the SOA.
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

/// The SOA of the authority section that covers `name`.
fn soa_of(name: &Name, scrubbed: &Scrubbed) -> Option<Box<Record>> {
    let covers = |record: &&Record| record.record_type() == RecordType::SOA && record.name.zone_of(name);
    scrubbed.authorities.iter().find(covers).cloned().map(Box::new)
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
