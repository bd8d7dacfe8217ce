//! The result of following a name along its aliases: the records, their DNSSEC security, and the DNS response that is made from them.
//!
//! See RFC 4035 section 3.2.1 (signatures for clients that set DO) and RFC 6672 (DNAME).

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, Record, RecordType};

use crate::extended_error;
use crate::iterate::classify::{End, Found};
use crate::iterate::failure::Failure;
use crate::iterate::kept_answers::AnswerSecurity;
use dns::clock::Mono;
use dns::question::{Answer, ExtendedError, ListMark, Question, Security};
use dns::wire::compose;
use dnsbl::list::List;
use exchange::ReplyRoom;
use validate::signature::covered_type;
use validate::verdict::ValidationFailure;

/// The aliases of a name, and the data or denial for the last name of their chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Chased {
    /// The aliases in the order in which they are followed, then the data of the last name.
    pub(super) answers: Vec<Record>,
    /// NXDOMAIN if the last name does not exist, YXDOMAIN if a DNAME makes the name too long.
    pub(super) rcode: ResponseCode,
    pub(super) soa: Option<Box<Record>>,
    pub(super) signatures: Vec<Record>,
    /// The proofs of a negative answer or of a wildcard.
    pub(super) proofs: Vec<Record>,
    /// The lowest security of the RRsets. `None` before the first RRset.
    pub(super) security: Option<Security>,
    /// Why the answer is insecure, if an extended error (RFC 8914) tells the client.
    pub(super) fault: Option<ValidationFailure>,
    /// The zone whose servers were asked last, or `None` if the cache had all data.
    pub(super) zone: Option<Name>,
    pub(super) answered: Option<(IpAddr, Duration)>,
    pub(super) extended_error: Option<ExtendedError>,
    /// The zone whose cached NSEC or NSEC3 records deny the last name, if no server was asked for it (RFC 8198).
    pub(super) concluded_from: Option<Name>,
    pub(super) list: Option<ListMark>,
    /// True if another resolution (flight) asked the servers for this answer.
    pub(super) shared: bool,
    /// True if all servers of a zone denied the last name, but perhaps wrongly: with the SOA of another zone, or without AA and SOA.
    pub(super) doubted: bool,
    /// Set if the aliases lead to a name in a DNS list: this name, and the list. The name was not followed, because `lists::guard` must
    /// decide about its answer.
    pub(super) entered: Option<(Name, Arc<List>)>,
    /// The first name whose alias came from the cache and is not secure. The alias may be wrong for the type of this question.
    pub(super) recalled_alias: Option<Name>,
    /// The memory that was reserved for the long replies from which the records come.
    pub(super) rooms: Vec<ReplyRoom>,
}

impl Chased {
    /// Records that the last name in the chain of aliases exists, because a `[[host]]` of the configuration has it, even if the servers of its
    /// zone deny it.
    pub(super) fn exists_here(&mut self) {
        self.proofs.clear();
        self.concluded_from = None;
        self.security = self.security.map(|security| security.and(Security::Insecure));
    }

    /// Returns these aliases, followed by the answer for the name that they lead to.
    pub(super) fn leading_to(self, end: Self) -> Self {
        Self {
            answers: [self.answers, end.answers].concat(),
            signatures: [self.signatures, end.signatures].concat(),
            proofs: [self.proofs, end.proofs].concat(),
            rooms: [self.rooms, end.rooms].concat(),
            security: Some(self.security.unwrap_or_default().and(end.security.unwrap_or_default())),
            fault: self.fault.or(end.fault),
            zone: end.zone.or(self.zone),
            answered: end.answered.or(self.answered),
            ..end
        }
    }

    /// Adds the result for one name of the alias chain. Returns how this result ends: with data, an alias or a denial.
    pub(super) fn take(&mut self, found: Found, checked: &AnswerSecurity) -> End {
        self.doubted = found.doubted;
        if found.room.is_held() {
            self.rooms.push(found.room);
        }
        if let (Some(server), Some(round_trip)) = (found.server, found.round_trip) {
            self.answered = Some((server.ip(), round_trip));
        }
        let negative = matches!(found.end, End::Negative { .. }).then_some(checked.end);
        for security in checked.sets.iter().copied().chain(negative) {
            self.security = Some(self.security.map_or(security, |so_far| so_far.and(security)));
        }
        if checked.sets.is_empty() && negative.is_none() {
            self.security = Some(Security::Unchecked);
        }
        let least = match &found.end {
            End::Negative { soa: Some(soa), .. } => soa.ttl,
            _ => found.answers.iter().map(|record| record.ttl).min().unwrap_or(0),
        };
        // A DNAME may redirect two names of one chain. The answer contains it only once.
        let again = |owner: &Name, kind: RecordType| {
            let held = |held: &Record| held.record_type() == RecordType::DNAME && held.name == *owner;
            kind == RecordType::DNAME && self.answers.iter().any(held)
        };
        for mut record in found.evidence {
            if covered_type(&record).is_some_and(|kind| again(&record.name, kind)) {
                continue;
            }
            let covered = |answer: &&Record| {
                answer.name == record.name && covered_type(&record) == Some(answer.record_type())
            };
            let ttl = found.answers.iter().find(covered).map(|answer| answer.ttl);
            record.ttl = record.ttl.min(ttl.unwrap_or(least));
            let section = if ttl.is_some() { &mut self.signatures } else { &mut self.proofs };
            section.push(record);
        }
        if self.answers.is_empty() {
            self.answers = found.answers;
            return found.end;
        }
        let is_new = |record: &Record| !again(&record.name, record.record_type());
        let new: Vec<Record> = found.answers.into_iter().filter(is_new).collect();
        self.answers.extend(new);
        found.end
    }
}

/// Composes the DNS response. It contains signatures and proofs if the client has set DO (RFC 4035 section 3.2.1).
pub(super) fn compose_answer(question: &Question, chased: &Chased, now: Mono) -> Result<Answer, Failure> {
    let (mut answers, mut authorities) = (
        Cow::Borrowed(&*chased.answers),
        Cow::Borrowed(chased.soa.as_deref().map_or(&[][..], std::slice::from_ref)),
    );
    if question.dnssec_ok {
        answers.to_mut().extend_from_slice(&chased.signatures);
        authorities.to_mut().extend_from_slice(&chased.proofs);
    }
    let synthesized = chased.concluded_from.as_ref().map(extended_error::synthesized);
    let own = chased.extended_error.as_ref().or(synthesized.as_ref());
    let parts = compose::AnswerParts {
        question,
        rcode: chased.rcode,
        answers: &answers,
        authorities: &authorities,
        stored: now,
        extended_error: extended_error::for_answer(own, chased.fault.as_ref()),
        list: chased.list,
    };
    let answer = compose::answer(&parts)
        .ok_or_else(|| Failure::TooLarge { name: question.name.clone(), kind: question.kind })?;
    Ok(Answer { security: chased.security.unwrap_or_default(), ..answer })
}
