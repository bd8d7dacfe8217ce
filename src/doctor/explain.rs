//! Decides which finding (the cause) explains which other finding (the effect), and sorts the findings, so that the first line on the
//! screen is the conclusion.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::finding::{Finding, Level};
use crate::message::refusal::RefusalReason;

/// The condition under which a cause explains an effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// No record of the domain can be looked up because of the cause.
    Blocked,
    /// Cause and effect are about the same lookup.
    SameLookup,
    /// Cause and effect are about the same server or host.
    SameServer,
}

/// What is done with the effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The effect is not shown: it repeats the cause, or the cause proves it wrong.
    Hide,
    /// The effect is added to the evidence of the cause. The cause gets the more serious of the two levels.
    Join,
    /// The effect is listed after the cause, and is at most as serious as the cause.
    Behind,
    /// The cause is listed before the effect, and is at least as serious as the effect.
    Lead,
}

/// A rule: the causes, the condition, what is done, and the effects.
struct Rule(&'static [Code], When, Then, &'static [Code]);

const FAILED: &[Code] =
    &[Code::MailUnknown, Code::PolicyUnknown, Code::DnssecUnknown, Code::PolicyUnanswered];

const WELL: &[Code] = &[
    Code::SpfOk,
    Code::SpfFromPasses,
    Code::DmarcOk,
    Code::DkimOk,
    Code::MtaStsOk,
    Code::MtaStsUnread,
    Code::MailOk,
];

const OF_SERVERS: &[Code] = &[
    Code::MxDiffers,
    Code::RecordsDiffer,
    Code::SerialDiffers,
    Code::NsLame,
    Code::NsSilent,
    Code::NsWithoutAddress,
    Code::DelegationUnknown,
];

/// The rules are applied one after another.
const RULES: &[Rule] = &[
    Rule(
        &[
            Code::DnssecBogus,
            Code::DsRepaired,
            Code::NsNoneAnswers,
            Code::NsEdns,
            Code::NsBogus,
            Code::NsWithoutKeys,
            Code::NsWithoutProof,
            Code::ParentDiffers,
            Code::DelegationUnknown,
            Code::DomainMissing,
        ],
        When::Blocked,
        Then::Hide,
        FAILED,
    ),
    Rule(&[Code::NsEdns], When::Blocked, Then::Hide, &[Code::DnssecBogus]),
    Rule(
        &[Code::NsNoneAnswers],
        When::Blocked,
        Then::Hide,
        &[Code::NsWithoutAddress, Code::NsSingle, Code::NsOneNetwork],
    ),
    Rule(
        &[Code::DnssecBogus, Code::NsWithoutProof, Code::NsEdns, Code::NsBogus, Code::NsWithoutKeys],
        When::SameLookup,
        Then::Hide,
        &[Code::SpfUnanswered, Code::PolicyUnknown, Code::PolicyUnanswered],
    ),
    Rule(
        &[Code::ParentDiffers],
        When::SameLookup,
        Then::Hide,
        &[Code::DnssecBogus, Code::DsRepaired, Code::DnssecOk, Code::DnssecNoEffect, Code::DnssecUnsigned],
    ),
    Rule(&[Code::ApexAlias], When::Always, Then::Hide, &[Code::NsNoneAnswers]),
    Rule(&[Code::DomainMissing], When::Always, Then::Hide, &[Code::SpfMissing, Code::DmarcMissing]),
    Rule(&[Code::MxDiffers], When::Always, Then::Hide, &[Code::MailNowhere, Code::NoMx, Code::MailOk]),
    Rule(&[Code::RecordsDiffer], When::SameLookup, Then::Hide, &[Code::SpfMissing, Code::DmarcMissing]),
    // Another server may give other records, so the finding that the records are correct may be wrong.
    Rule(&[Code::RecordsDiffer, Code::DelegationUnknown, Code::NsMany], When::SameLookup, Then::Hide, WELL),
    // The servers no longer give the records, so the advice in `CachedHere` to flush the cache would be wrong.
    Rule(&[Code::MxUnanswered], When::Always, Then::Hide, &[Code::MailOk, Code::CachedHere]),
    Rule(&[Code::MxUnanswered], When::SameLookup, Then::Hide, &[Code::MailUnknown]),
    Rule(&[Code::ParentDiffers], When::Always, Then::Hide, &[Code::NsDiffer]),
    Rule(&[Code::ParentDiffers, Code::NsDiffer], When::SameServer, Then::Join, OF_SERVERS),
    Rule(&[Code::GlueDiffers], When::SameServer, Then::Join, OF_SERVERS),
    Rule(
        &[Code::MxHostUnanswered, Code::MxWithoutAddress],
        When::SameServer,
        Then::Behind,
        &[Code::SpfUnanswered],
    ),
    Rule(
        &[
            Code::DomainMissing,
            Code::MxUnanswered,
            Code::MxWithoutAddress,
            Code::MxHostUnanswered,
            Code::MailUnknown,
        ],
        When::Always,
        Then::Hide,
        &[Code::BounceStatus],
    ),
    // Senders deliver to the address of the domain only because the domain has no MX record. So this explains a fault of the PTR record of
    // this address.
    Rule(
        &[Code::NoMx],
        When::SameServer,
        Then::Lead,
        &[Code::PtrMissing, Code::PtrDiffers, Code::PtrUnanswered],
    ),
];

impl Rule {
    fn applies(&self, cause: &Finding, effect: &Finding) -> bool {
        let Self(causes, when, then, effects) = self;
        let is_met = match when {
            When::Always => true,
            When::Blocked => cause.blocks,
            When::SameLookup => cause.lookups.iter().any(|lookup| effect.lookups.contains(lookup)),
            When::SameServer => cause.about.iter().any(|about| effect.about.contains(about)),
        };
        // If the cause is less serious than a warning, only an effect that is less serious than the cause is added to it.
        let counts = *then != Then::Join || cause.level <= Level::Warning || effect.level > cause.level;
        causes.contains(&cause.code) && effects.contains(&effect.code) && is_met && counts
    }

    fn apply(&self, findings: &mut Vec<Finding>) {
        let cause_of = |effect: &Finding| findings.iter().position(|cause| self.applies(cause, effect));
        let explained: Vec<Option<usize>> = findings.iter().map(cause_of).collect();
        let mut gone = BTreeSet::new();
        for (place, cause) in explained.into_iter().enumerate() {
            let Some((cause, effect)) = cause.zip(findings.get(place).cloned()) else { continue };
            match self.2 {
                Then::Hide => drop(gone.insert(place)),
                Then::Join => {
                    gone.insert(place);
                    if let Some(cause) = findings.get_mut(cause) {
                        cause.take(effect);
                    }
                }
                Then::Lead => {
                    if let Some(cause) = findings.get_mut(cause) {
                        cause.level = cause.level.min(effect.level);
                    }
                }
                Then::Behind => {
                    let level = findings.get(cause).map(|cause| cause.level);
                    if let Some((effect, level)) = findings.get_mut(place).zip(level) {
                        effect.level = effect.level.max(level);
                    }
                }
            }
        }
        let mut place = 0;
        findings.retain(|_| {
            place += 1;
            !gone.contains(&(place - 1))
        });
    }
}

/// Applies the rules and sorts the findings.
pub(super) fn explained(mut findings: Vec<Finding>, reason: Option<RefusalReason>) -> Vec<Finding> {
    for rule in RULES {
        rule.apply(&mut findings);
    }
    for finding in findings.iter_mut().filter(|finding| is_reason(reason, finding.code)) {
        if RAISED.contains(&finding.code) {
            finding.level = Level::Failure;
        }
    }
    in_order(&mut findings, reason);
    findings
}

/// Findings with these codes become failures if they explain why the receiver refused the mail.
const RAISED: [Code; 5] =
    [Code::HeloUnknown, Code::NullMx, Code::SpfMissing, Code::DkimRevoked, Code::MxIsHere];

pub(super) fn is_reason(reason: Option<RefusalReason>, code: Code) -> bool {
    reason.is_some_and(|reason| code.entry().reasons.contains(&reason))
}

/// Sorts findings: first those that explain a bounce, then by level. Within a level, findings that explain why the receiver refused the
/// mail (`reason`) come first, the others in the order of the table of codes.
pub fn in_order(findings: &mut [Finding], reason: Option<RefusalReason>) {
    let fails = findings.iter().any(|finding| finding.level == Level::Failure);
    findings.sort_by_key(|finding| {
        (!finding.code.leads(fails), finding.level, !is_reason(reason, finding.code), finding.code)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::About;

    fn codes(findings: Vec<Finding>) -> Vec<(Code, Level)> {
        explained(findings, None).into_iter().map(|finding| (finding.code, finding.level)).collect()
    }

    #[test]
    fn a_cause_hides_what_it_explains() {
        let of = |code, name: &str| Finding::new(code, name).on(name, "TXT");
        let found = vec![
            of(Code::DnssecBogus, "b.a."),
            of(Code::PolicyUnknown, "b.a."),
            of(Code::PolicyUnknown, "mb.a."),
        ];
        assert_eq!(
            codes(found),
            [(Code::DnssecBogus, Level::Failure), (Code::PolicyUnknown, Level::CouldNotTell)],
            "another name that ends so"
        );
        let mut bogus = Finding::new(Code::DnssecBogus, "");
        let unknown = Finding::new(Code::MailUnknown, "");
        assert_eq!(codes(vec![bogus.clone(), unknown.clone()]).len(), 2);
        bogus.blocks = true;
        assert_eq!(codes(vec![bogus, unknown]).len(), 1);
    }

    #[test]
    fn effect_joins_cause_with_worse_level() {
        let server = |last: u8| About::Address([192, 0, 2, last].into());
        let differ = Finding::new(Code::NsDiffer, "sets").about([server(1)]);
        let lame = |last| Finding::new(Code::NsLame, "lame").about([server(last)]);
        let joined = explained(vec![differ.clone(), lame(1)], None);
        assert_eq!((joined.len(), joined[0].level), (1, Level::Failure));
        assert_eq!(joined[0].evidence, "sets; because of that, a name server does not serve the zone: lame");
        assert_eq!(explained(vec![differ, lame(2)], None).len(), 2, "another server");
    }

    #[test]
    fn missing_ptr_follows_missing_mx() {
        let host = || About::Host("a.".to_owned());
        let found = vec![
            Finding::new(Code::PtrMissing, "").about([host()]),
            Finding::new(Code::NoMx, "").about([host()]),
        ];
        assert_eq!(codes(found), [(Code::NoMx, Level::Failure), (Code::PtrMissing, Level::Failure)]);
    }

    #[test]
    fn dns_fault_explains_bounce_status() {
        let status = || Finding::new(Code::BounceStatus, "x.4.4");
        assert_eq!(
            codes(vec![Finding::new(Code::DomainMissing, ""), status()]),
            [(Code::DomainMissing, Level::Failure)]
        );
        assert_eq!(codes(vec![Finding::new(Code::SpfMissing, ""), status()]).len(), 2);
    }

    #[test]
    fn failure_precedes_provider_page() {
        let first = |codes: &[Code]| {
            let mut findings: Vec<Finding> = codes.iter().map(|code| Finding::new(*code, "")).collect();
            in_order(&mut findings, None);
            findings[0].code
        };
        assert_eq!(first(&[Code::SpfMissing, Code::BouncePage]), Code::BouncePage);
        assert_eq!(first(&[Code::BouncePage, Code::PtrMissing]), Code::PtrMissing);
        assert_eq!(first(&[Code::BounceUnlisted, Code::PtrMissing]), Code::BounceUnlisted);
    }
}
