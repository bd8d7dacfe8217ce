//! From a name to what stands at the end of its aliases: memory first, then the route of each name.
//!
//! May call: `iterate`, `cache`. RFC 1034 section 3.6.2 (aliases), RFC 2308 (negative answers). Sub-questions of the
//! iterator come back here, so that they too are routed and remembered.

use futures_util::future::BoxFuture;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::Resolver;
use crate::cache::rrsets::{Known, Rank};
use crate::iterate::SubQuestions;
use crate::iterate::classify::End;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::limits::MAX_ALIASES;
use crate::question::{Question, QuestionKey};
use crate::record::event::StepEvent;

/// What stands at the end.
#[derive(Debug, Default)]
pub(super) struct Chased {
    /// Aliases in order, then the data.
    pub(super) answers: Vec<Record>,
    /// NXDOMAIN where the last name does not exist.
    pub(super) rcode: ResponseCode,
    /// The SOA of a negative answer.
    pub(super) soa: Option<Record>,
    /// The zone whose server was asked last; none where memory was enough.
    pub(super) zone: Option<Name>,
}

impl Resolver {
    /// Follows `name` to its end.
    pub(super) async fn chase(
        &self,
        name: &Name,
        kind: RecordType,
        context: &Context,
    ) -> Result<Chased, Failure> {
        let mut chased = Chased::default();
        let mut current = name.clone();
        loop {
            let end = match self.recall(&current, kind, context, &mut chased) {
                Some(end) => end,
                None => {
                    let resolved = self.iterate.find(&current, kind, context, self).await?;
                    chased.zone = Some(resolved.zone);
                    chased.answers.extend(resolved.found.answers);
                    resolved.found.end
                }
            };
            match end {
                End::Data => return Ok(chased),
                End::Negative { nxdomain, soa, .. } => {
                    chased.rcode = if nxdomain { ResponseCode::NXDomain } else { ResponseCode::NoError };
                    chased.soa = soa.map(|soa| *soa);
                    return Ok(chased);
                }
                End::Alias(target) => {
                    if goes_in_a_circle(&chased.answers, &target) {
                        return Err(Failure::Aliases { name: name.clone() });
                    }
                    context.note(StepEvent::Alias { target: target.to_string() });
                    current = target.to_lowercase();
                }
            }
        }
    }

    /// What memory knows of a name: its data, their absence, or its alias.
    fn recall(&self, name: &Name, kind: RecordType, context: &Context, chased: &mut Chased) -> Option<End> {
        let now = self.clock.mono();
        let known = self.memory.rrsets.get(name, kind, Rank::Answer, now);
        let known = known.map(|known| (known, kind)).or_else(|| {
            let alias = self.memory.rrsets.get(name, RecordType::CNAME, Rank::Answer, now)?;
            matches!(alias, Known::Rrset(_)).then_some((alias, RecordType::CNAME))
        });
        let (known, of) = known?;
        context.note(StepEvent::Memory { found: describe(&known, name, of) });
        match known {
            Known::Negative(negative) => Some(End::Negative {
                nxdomain: negative.nxdomain,
                name: name.clone(),
                soa: Some(Box::new(negative.soa(now))),
            }),
            Known::Rrset(rrset) => {
                let records = rrset.records(name, now);
                let target = records.iter().find_map(|record| match &record.data {
                    RData::CNAME(target) if kind != RecordType::CNAME => Some(target.0.clone()),
                    _ => None,
                });
                chased.answers.extend(records);
                Some(target.map_or(End::Data, End::Alias))
            }
        }
    }
}

impl SubQuestions for Resolver {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Vec<Record>, Failure>> {
        Box::pin(async move {
            context.note(StepEvent::Question { name: name.to_string(), kind: kind.to_string() });
            let key = sub_key(name, kind);
            if let Some(failed) = self.memory.failures.get(key.as_bytes(), self.clock.mono()) {
                return Err(Failure::Remembered { why: failed.error.text.clone() });
            }
            let chased = self.chase(name, kind, context).await;
            match &chased {
                Ok(_) => self.memory.failures.clear(&key),
                // The asker's budget is not the name's fault.
                Err(failure @ (Failure::Servers { .. } | Failure::Addresses { .. })) => {
                    self.memory.failures.put(key, failure.extended_error(), self.clock.mono());
                }
                Err(_) => {}
            }
            let records = chased?.answers;
            Ok(records.into_iter().filter(|record| record.record_type() == kind).collect())
        })
    }
}

/// Failures of sub-questions are kept apart from those of clients: bit 4 of the last octet.
fn sub_key(name: &Name, kind: RecordType) -> QuestionKey {
    let mut bytes = Question::new(name, kind).key().as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last |= 0x10;
    }
    QuestionKey::from_bytes(&bytes)
}

/// Whether a chain has been at `target`, or is longer than chains may be.
fn goes_in_a_circle(answers: &[Record], target: &Name) -> bool {
    let aliases = answers.iter().filter(|record| record.record_type() == RecordType::CNAME);
    aliases.clone().any(|alias| alias.name == *target) || aliases.count() > MAX_ALIASES
}

fn describe(known: &Known, name: &Name, kind: RecordType) -> String {
    match known {
        Known::Rrset(_) => format!("{kind} of {name}"),
        Known::Negative(negative) if negative.nxdomain => format!("that {name} does not exist"),
        Known::Negative(_) => format!("that {name} has no {kind}"),
    }
}
