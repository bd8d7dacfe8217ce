//! Decides which problems a check of a domain was unable to look for. If a check did not find such a problem, the problem may still exist. All
//! functions are pure.
//!
//! A check is unable to look for a finding if a part of the check that the finding needs had no result, for one of the hosts, addresses or lists that
//! the finding is about (see `doctor::part`).

use super::history::FollowedFinding;
use doctor::codes::Code;
use doctor::finding::{Finding, Level, Topic};
use doctor::part::{About, Part};

/// The codes of faults that make it impossible to look for any other finding, because the domain cannot be resolved.
const HIDES_ALL: [Code; 4] = [Code::DomainMissing, Code::DnssecBogus, Code::DsRepaired, Code::NsNoneAnswers];

/// A part of the check of a domain that had no result.
struct UnknownPart {
    /// The part, for example the MX records. `None` stands for any policy record, such as SPF.
    part: Option<Part>,
    /// The hosts, addresses or lists for which the part had no result; empty for all.
    about: Vec<About>,
}

/// Decides for each finding of earlier checks if the last check was unable to look for it.
pub(super) struct Unseen {
    /// True if the check was unable to look for any other finding, because of a fault that hides all others (`HIDES_ALL`).
    all: bool,
    parts: Vec<UnknownPart>,
}

impl Unseen {
    /// Collects the parts of a check that had no result, according to its `findings`.
    pub(super) fn in_check(findings: &[Finding]) -> Self {
        let unknown = findings.iter().filter(|finding| match finding.part {
            // The check did not query a server, for example because of its limit on questions. So the records of this server are unknown.
            Some(Part::Records) => true,
            // No server gave the record, so it is unknown whether the record has the fault. This is so whatever the
            // level of the finding is.
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

    /// Returns true if the check was unable to look for this finding, because of a fault that hides all others or the parts without a result. Always
    /// false for a finding that itself says "could not tell": it ends when a check no longer reports it.
    pub(super) fn hides(&self, finding: &FollowedFinding) -> bool {
        let by = |part: &UnknownPart| part.hides(finding);
        self.all || (finding.level != Level::CouldNotTell && self.parts.iter().any(by))
    }
}

/// Returns true if the finding says that this host cannot reach any server of the zone.
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
