//! Classifies the DNS message of a server as an answer, a referral, or unusable.
//!
//! The functions use only their arguments. They follow RFC 1034 section 5.3.3 (how to read a response), RFC 2308 section 2 (the forms of
//! negative answers) and RFC 6672 (DNAME).

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

/// The record type DNAME. `hickory_proto` does not parse DNAME records, and returns their data as unknown data.
const DNAME: RecordType = RecordType::DNAME;

/// What the DNS message of a server means for the question that the server was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Classified {
    /// An answer: data, a denial, or the first part of an alias chain. The part contains the names for which this server has authority.
    Found(Found),
    /// A doubtful denial, which a working server of the zone would not send. It is believed only if all servers of the zone give it.
    Doubtful(Found),
    /// The reply is a referral: it names other servers, which have the answer.
    Referral(Referral),
    /// The DNS message is unusable, so the next server is asked. The field has the behaviour that is recorded for the server.
    Nothing(Conduct),
    /// The DNS message was dropped, because this host had no memory for it. This says nothing about the server.
    NoRoom,
}

/// The answer to a question: data, an alias or a denial. It came from a server, from the cache, or from a zone that resolverd itself serves.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The alias records in the order in which they are followed, then the data.
    pub answers: Vec<Record>,
    /// How the answer ends: with data, with an alias, or with a denial.
    pub end: End,
    /// If the data are NS records: the addresses of these name servers in the DNS message.
    pub glue: Vec<(Name, IpAddr)>,
    /// The signatures, and the NSEC or NSEC3 records (proofs), of the reply.
    pub evidence: Vec<Record>,
    /// The server that gave the answer. `None` if the answer came from the cache or from a zone that resolverd itself serves.
    pub server: Option<SocketAddr>,
    /// The time from the query to this answer. `None` if the answer came from the cache or from a zone that resolverd itself serves.
    pub round_trip: Option<Duration>,
    /// True if the reply had the AA flag (authoritative answer).
    pub authoritative: bool,
    /// True if the DNS message had a DNAME, and for a name below the DNAME another CNAME than the one that the DNAME gives.
    pub contradicted: bool,
    /// True if the answer is a doubtful denial that all servers of the zone gave. It is cached only for a short time.
    pub doubted: bool,
    /// The memory that is reserved for the records of a long reply.
    pub room: ReplyRoom,
}

impl Found {
    /// Creates a denial: `name` does not exist, or has no data of the queried type.
    fn negative(nxdomain: bool, name: &Name, soa: Option<Box<Record>>, evidence: Vec<Record>) -> Self {
        Self::new(Vec::new(), End::Negative { nxdomain, name: name.clone(), soa }, evidence)
    }

    /// Creates an answer that did not come from a server. `end` says how its alias chain ends.
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

    /// Returns true if the answer is an NXDOMAIN for the queried name, and is not doubtful.
    pub(super) fn denies_the_name(&self) -> bool {
        let is_nxdomain = matches!(self.end, End::Negative { nxdomain: true, .. });
        is_nxdomain && self.answers.is_empty() && !self.doubted
    }

    /// Returns true if the answer contains NSEC or NSEC3 records.
    pub(super) fn has_proof(&self) -> bool {
        let is_proof = |record: &Record| matches!(record.record_type(), RecordType::NSEC | RecordType::NSEC3);
        self.evidence.iter().any(is_proof)
    }

    /// Changes the denial of a name into the denial of the name `below`. If a name does not exist, names below it do not exist either.
    pub(super) fn of_name(mut self, below: &Name) -> Self {
        if let End::Negative { name, .. } = &mut self.end {
            *name = below.clone();
        }
        self
    }

    /// Returns true if the answer says that the queried name does not exist or has no data of the type.
    pub(super) fn denies(&self) -> bool {
        self.answers.is_empty() && matches!(self.end, End::Negative { .. })
    }

    /// Removes signatures of RRsets that are not in the answer. Such signatures are of no use.
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

    /// Finds the first alias whose target must be looked up elsewhere (`is_elsewhere` returns true for the target), and removes the records after
    /// this alias.
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

/// How an answer ends after the aliases in it.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The answer ends with data of the type that was asked for.
    Data,
    /// The answer ends with an alias. The server has no authority for the alias's target, or gave no data for it.
    Alias(Name),
    /// The answer ends at a DNAME whose target name is longer than a name may be: YXDOMAIN (RFC 6672 section 2.2).
    TooLong,
    /// The answer ends with the denial of a name that does not exist or has no data of the type.
    Negative {
        /// True if the name does not exist, false if it has no data of the type.
        nxdomain: bool,
        /// The denied name: the last name of the alias chain.
        name: Name,
        /// The SOA, which limits how long the denial may be cached, or `None` if the DNS message had no SOA.
        soa: Option<Box<Record>>,
    },
}

/// A referral to the servers of a zone that is deeper in the tree of names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Referral {
    /// The zone that the referral leads to.
    pub zone: Name,
    /// The names of the zone's servers.
    pub servers: Vec<Name>,
    /// Addresses of the servers in the DNS message, each with the index of its server in `servers`.
    pub glue: Vec<(usize, IpAddr)>,
    /// The time for which the referral is valid, in seconds: the TTL of its NS RRset.
    pub ttl: u32,
    /// The address records from which `glue` was made.
    pub addresses: Vec<Record>,
    /// The DS records and signatures in the DNS message, or the proof that there are no DS records.
    pub evidence: Vec<Record>,
}

impl Classified {
    /// Adds the server that sent the DNS message, its round-trip time, and the memory reserved for the records.
    #[must_use]
    pub(super) fn said_by(mut self, server: SocketAddr, heard: &Heard) -> Self {
        if let Self::Found(found) | Self::Doubtful(found) = &mut self {
            found.server = Some(server);
            found.round_trip = Some(heard.elapsed);
            found.room = heard.room.clone();
        }
        self
    }

    /// Returns true if `later`, the reply to the same question without mixed case, is usable and says something else than this reply.
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

/// Classifies the DNS message that a server of `zone` sent when it was asked for `kind` at `name`. Also returns how many records were removed,
/// because the server has no authority for them or they do not belong to the answer.
pub(crate) fn classify(zone: &Name, name: &Name, kind: RecordType, message: &Message) -> (Classified, usize) {
    let rcode = message.metadata.response_code;
    match rcode {
        // YXDOMAIN is an answer only if a DNAME in the DNS message makes the name too long. This is checked below.
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

/// Classifies the answer of a forwarder of `zone`. If the DNS message has the RA flag (recursion available), the forwarder is a recursive server.
/// Its answer is then classified as if it had authority for all names, but referrals are ignored. An empty answer means NODATA even without SOA,
/// because small forwarders omit the SOA. But an empty answer with NS records and no SOA comes from a server that does not resolve names, which
/// counts as lame.
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

/// Classifies the answer of a configured forwarder that does not resolve names (RA is not set). It can only be a server of `zone` itself. Its data
/// are used. A denial without AA is doubtful, and an empty DNS message does not count as an answer.
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

/// Returns true if the server sent another CNAME for the name of `made`. `made` is a CNAME that resolverd made from a DNAME.
fn is_contradicted(made: &Record, sent: &[Record]) -> bool {
    sent.iter().any(|sent| sent.record_type() == RecordType::CNAME && sent.name == made.name)
}

/// How the chain of aliases in a reply ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChainEnd {
    /// The chain of aliases ends with the data that were queried.
    Data,
    /// The chain of aliases ends with a name for which the reply has no data of the queried type.
    Open,
    /// The chain of aliases ends with a DNAME that makes the name too long.
    TooLong,
}

enum AliasChain {
    Followed {
        answers: Vec<Record>,
        /// Indexes in `answers` of the CNAME records that resolverd made from a DNAME and that the server did not send.
        synthesised: Vec<usize>,
        last: Name,
        end: ChainEnd,
    },
    /// The chain of aliases is too long, or circular.
    Broken,
}

impl AliasChain {
    /// Creates a chain of aliases that has no alias, only data.
    fn of_data(answers: Vec<Record>, name: &Name) -> Self {
        Self::Followed { answers, synthesised: Vec::new(), last: name.clone(), end: ChainEnd::Data }
    }
}

/// Returns true if the answer section contains only the RRset that was queried. This is the usual case, and no aliases need to be followed then.
fn is_rrset(name: &Name, kind: RecordType, records: &[Record]) -> bool {
    let fits = |record: &Record| record.record_type() == kind && same_name(&record.name, name);
    !records.is_empty() && records.iter().all(fits)
}

/// Follows the aliases in the answer section from `name` on. Stops at a name outside `zone`, because the server has no authority for it.
fn follow(zone: &Name, name: &Name, kind: RecordType, records: &[Record]) -> AliasChain {
    let (mut answers, mut synthesised): (Vec<Record>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut last = name.clone();
    for _ in 0..=MAX_ALIASES {
        let asked = |of: RecordType| kind == RecordType::ANY || of == kind;
        // Below a DNAME, the only names are those that result from it (RFC 6672 section 2.4).
        if let Some((dname, redirected)) = redirection(&last, records) {
            if answers.iter().all(|answer| *answer != *dname) {
                answers.push(dname.clone());
            }
            let Redirected::To(cname, target) = redirected else {
                return AliasChain::Followed { answers, synthesised, last, end: ChainEnd::TooLong };
            };
            // If the server sent the same CNAME, the CNAME made here replaces it, and does not count as made here (`synthesised`).
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

/// The name to which a DNAME record redirects a name below it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Redirected {
    /// A CNAME record for the name, made here from the DNAME, and its target.
    To(Box<Record>, Name),
    /// The target is longer than a name can be.
    TooLong,
}

/// Returns the DNAME above `name`, and the target that results from it.
fn redirection<'a>(name: &Name, records: &'a [Record]) -> Option<(&'a Record, Redirected)> {
    records.iter().find_map(|record| Some((record, redirected(record, name)?)))
}

/// Returns the target of `name` if `record` is a DNAME above `name`. A CNAME that the server sent in addition is not used. Instead, resolverd makes
/// a CNAME from the DNAME, with the TTL of the DNAME (RFC 6672 section 3.1).
pub(crate) fn redirected(record: &Record, name: &Name) -> Option<Redirected> {
    let RData::Unknown { code: DNAME, rdata } = &record.data else { return None };
    if record.name == *name || !record.name.zone_of(name) {
        return None;
    }
    let target = Name::read(&mut BinDecoder::new(&rdata.anything)).ok()?;
    // `num_labels` is not used, because it does not count the `*` label of a wildcard.
    let below = name.iter().len().checked_sub(record.name.iter().len())?;
    let prefix = Name::from_labels(name.iter().take(below)).ok()?;
    let Ok(mut whole) = prefix.append_name(&target) else { return Some(Redirected::TooLong) };
    whole.set_fqdn(true);
    let cname = Record::from_rdata(name.clone(), record.ttl, RData::CNAME(CNAME(whole.clone())));
    Some(Redirected::To(Box::new(cname), whole))
}

/// Creates an answer whose last DNAME leads to a name that is too long.
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

/// Returns how an alias chain ends whose last name has no data. The response code is about this last name (RFC 2308 section 2.1), but it counts
/// only if this server has authority for the name. Otherwise other servers are asked for the name.
fn end_of_alias(zone: &Name, last: Name, nxdomain: bool, scrubbed: &Scrubbed) -> End {
    let soa = soa_of(&last, scrubbed);
    if zone.zone_of(&last) && (soa.is_some() || nxdomain) {
        End::Negative { nxdomain, name: last, soa }
    } else {
        End::Alias(last)
    }
}

/// Classifies a DNS message without an answer to the question: it is a denial, a referral, or unusable.
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
    // True if the reply has the SOA of another zone. The server then no longer serves this zone: it answers from a catch-all zone or from the
    // parent zone.
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
            // The NS records belong to a zone for which the server has no authority: it is a referral upwards or to an unrelated zone.
            Some(_) => Classified::Nothing(Conduct::Lame),
            // The DNS message has other data than were queried. Data of another name are unusable. Data of another type at the queried name mean
            // NODATA, like an empty message (see below), because some load balancers answer every question with an address. Without AA, this counts
            // only for types that a name may lack.
            None if message.answers.iter().any(|record| !is_signature(record))
                && !(is_at(name) && (message.metadata.authoritative || may_lack(kind))) =>
            {
                Classified::Nothing(Conduct::Unfit)
            }
            // The DNS message is NODATA without SOA (RFC 2308 section 2.2, type 3), which is not cached. If AA is not set, the message may come
            // from a server that does not serve the zone, or from a load balancer that knows only one record type.
            None if message.metadata.authoritative => Classified::Found(negative(None)),
            None if may_lack(kind) => Classified::Doubtful(negative(None)),
            None => Classified::Nothing(Conduct::Lame),
        };
    };
    let below = zone.iter().len() < cut.iter().len();
    // DS records are in the parent zone. So if the question is for DS at `name`, a referral to the zone `name` does not lead to the answer.
    let towards = cut.zone_of(name) && !(kind == RecordType::DS && cut == *name);
    if below && towards {
        referral(&cut, scrubbed)
    } else if cut == *zone && message.metadata.authoritative {
        Classified::Found(negative(None))
    } else if cut == *zone && may_lack(kind) {
        // The DNS message is NODATA without a SOA and without AA. It comes from a load balancer that knows only one record type, or from a server
        // that does not serve the zone.
        Classified::Doubtful(negative(None))
    } else {
        Classified::Nothing(Conduct::Lame)
    }
}

/// Returns true if the answer section of an authoritative reply has the SOA of a denial. Some load balancers put it there instead of into the
/// authority section.
fn is_soa_instead(zone: &Name, name: &Name, message: &Message) -> bool {
    let is_soa = |record: &&Record| {
        record.record_type() == RecordType::SOA && zone.zone_of(&record.name) && record.name.zone_of(name)
    };
    let mut answers = message.answers.iter().filter(|record| !is_signature(record)).peekable();
    message.metadata.authoritative && answers.peek().is_some() && answers.all(|record| is_soa(&record))
}

/// Returns true if an empty DNS message without AA may mean that the name has no data of this type. Returns false for types that every zone has,
/// and for type A, because mail bounces if a mail host seems to have no address.
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

/// Returns the records that prove an answer: the signatures of its RRsets, and the proofs in the authority section. If the question is for
/// RRSIG, signatures in the answer section are the answer itself and are not returned.
fn evidence(kind: RecordType, scrubbed: &Scrubbed) -> Vec<Record> {
    let answers = scrubbed.answers.iter().filter(|record| kind != RecordType::RRSIG && is_signature(record));
    answers.cloned().chain(proofs(&scrubbed.authorities)).collect()
}

/// Returns the NSEC, NSEC3 and DS records, and the signatures of these and of the SOA.
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

/// Returns the SOA in the authority section whose zone contains `name`.
fn soa_of(name: &Name, scrubbed: &Scrubbed) -> Option<Box<Record>> {
    let covers = |record: &&Record| record.record_type() == RecordType::SOA && record.name.zone_of(name);
    scrubbed.authorities.iter().find(covers).cloned().map(Box::new)
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
