//! Questions for DMARC: the record of a domain, and the records of the domains above it in the DNS tree walk (RFC 9989 section 4.10).

use hickory_proto::rr::{Name, RecordType};

use super::answer_facts::AnswerFacts;
use super::{Further, RuleStep};
use config::Rule;
use dns::limits::DMARC_WALK_LABELS;

const LABEL: &[u8] = b"_dmarc";

const VERSION: &[u8] = b"v=DMARC1";

pub(super) fn of_domain(domain: &Name) -> Option<Further> {
    record_of(domain, Rule::Dmarc)
}

/// Returns the question for the next domain in the tree walk, if the domain has no DMARC record.
pub(super) fn after_text(name: &Name, facts: &AnswerFacts) -> Vec<Further> {
    let is_record =
        |text: &Vec<u8>| text.get(..VERSION.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(VERSION));
    let mut labels = name.iter();
    if labels.next() != Some(LABEL) || facts.texts().any(|text| is_record(&text)) {
        return Vec::new();
    }
    // After a domain with eight labels or more, the tree walk continues with its last seven labels.
    let above = labels.len().saturating_sub(1).min(DMARC_WALK_LABELS);
    let skipped = labels.len().saturating_sub(above);
    let next = Name::from_labels(labels.skip(skipped)).ok();
    next.and_then(|next| record_of(&next, Rule::DmarcWalk)).into_iter().collect()
}

fn record_of(domain: &Name, rule: Rule) -> Option<Further> {
    if domain.is_root() {
        return None;
    }
    let name = domain.to_lowercase().prepend_label(LABEL).ok()?;
    Some(Further::new(name, RecordType::TXT, rule, RuleStep::Dmarc))
}
