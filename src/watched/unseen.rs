//! Decides which problems a check of a domain was unable to look for: a part of the check had no result for one of the hosts, addresses or
//! lists of the finding (see `doctor::part`). Such a problem may still exist. All functions are pure.

use super::history::FollowedFinding;
use doctor::codes::Code;
use doctor::finding::{Finding, Level, Topic};
use doctor::part::{About, Part};

/// With these faults, the domain cannot be resolved, so no other finding can be looked for.
const HIDES_ALL: [Code; 4] = [Code::DomainMissing, Code::DnssecBogus, Code::DsRepaired, Code::NsNoneAnswers];

struct UnknownPart {
    /// `None` stands for any policy record, such as SPF.
    part: Option<Part>,
    /// The hosts, addresses or lists without a result. If empty, none of them has a result.
    about: Vec<About>,
}

pub(super) struct Unseen {
    /// True if a fault in `HIDES_ALL` was found.
    all: bool,
    parts: Vec<UnknownPart>,
}

impl Unseen {
    pub(super) fn in_check(findings: &[Finding]) -> Self {
        let unknown = findings.iter().filter(|finding| match finding.part {
            // A finding of any level about the part "records" says that the records of some server are not known: the server gave no usable answer,
            // or was not queried because of the limit on questions.
            Some(Part::Records) => true,
            // No server gave the record. So any fault of the record is unknown, for each level of the finding.
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

    /// Returns true if the check had no result for the facts of `finding`, so that a missing finding does not show that the problem is gone. For a
    /// finding with the level "could not tell", this is so only if `all` is true.
    pub(super) fn hides(&self, finding: &FollowedFinding) -> bool {
        let by = |part: &UnknownPart| part.hides(finding);
        self.all || (finding.level != Level::CouldNotTell && self.parts.iter().any(by))
    }
}

/// Returns true if this host cannot reach any server of the zone.
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
