//! Decides which problems a check could not look for. If such a problem was not found, this does not mean that it is gone. All functions are pure.
//!
//! A finding can be hidden only if a part that it needs is unknown for one of the hosts, addresses or lists that it is about (`doctor::part`).

use super::history::FollowedFinding;
use doctor::codes::Code;
use doctor::finding::{Finding, Level, Topic};
use doctor::part::{About, Part};

/// The codes of faults that hide all other findings, because the domain cannot be resolved.
const HIDES_ALL: [Code; 4] = [Code::DomainMissing, Code::DnssecBogus, Code::DsRepaired, Code::NsNoneAnswers];

/// A part of the check that could not be done.
struct UnknownPart {
    /// The part, for example the MX records; `None` stands for any policy.
    part: Option<Part>,
    /// The hosts, addresses or lists for which the part is unknown; empty for all.
    about: Vec<About>,
}

/// Decides for each finding if a check could not look for it.
pub(super) struct Unseen {
    /// True if a fault hides all other findings.
    all: bool,
    parts: Vec<UnknownPart>,
}

impl Unseen {
    /// Returns the parts that a check with these findings could not do.
    pub(super) fn in_check(findings: &[Finding]) -> Self {
        let unknown = findings.iter().filter(|finding| match finding.part {
            // This also holds if the limit on questions was reached: the records of a server that was not asked are not known.
            Some(Part::Records) => true,
            // This holds at any level: no server gave the record, and the record may have the fault.
            Some(_) if [Code::PolicyUnanswered, Code::PtrUnanswered].contains(&finding.code) => true,
            Some(_) => finding.level <= Level::CouldNotTell,
            None => finding.level == Level::CouldNotTell,
        });
        Self {
            all: findings.iter().any(|finding| HIDES_ALL.contains(&finding.code) || is_unrouted(finding)),
            parts: unknown
                .map(|finding| UnknownPart { part: finding.part, about: finding.about.clone() })
                .collect(),
        }
    }

    /// Returns true if a finding could not be looked for because of these parts. A finding that itself says "could not tell" is never hidden: it
    /// ends when a check no longer reports it.
    pub(super) fn hides(&self, finding: &FollowedFinding) -> bool {
        let by = |part: &UnknownPart| part.hides(finding);
        self.all || (finding.level != Level::CouldNotTell && self.parts.iter().any(by))
    }
}

/// Returns true if the finding says that this host reaches no server of the zone.
fn is_unrouted(finding: &Finding) -> bool {
    (finding.code, finding.part) == (Code::DelegationUnknown, Some(Part::Servers)) && finding.about.is_empty()
}

impl UnknownPart {
    fn hides(&self, finding: &FollowedFinding) -> bool {
        let is_needed = match self.part {
            Some(part) => finding.code.entry().parts.contains(&part),
            None => finding.code.entry().topic == Topic::Policy,
        };
        let meets = |about: &About| finding.about.iter().any(|of_finding| of_finding.meets(about));
        is_needed && (self.about.is_empty() || finding.about.is_empty() || self.about.iter().any(meets))
    }
}
