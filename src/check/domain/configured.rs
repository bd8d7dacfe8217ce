//! Names that the configuration of this host answers, in the place of the internet: `[[zone]]`, `[[host]]`, `[[record]]`.

use super::codes::Code;
use super::facts::{DomainFacts, reverse};
use super::finding::Finding;

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = Some(facts.subject.domain.clone()).filter(|domain| !domain.is_empty());
    let names = domain.into_iter().chain(facts.subject.address.map(reverse));
    let told =
        names.filter_map(|name| Some(format!("{name} is answered by {}", facts.configured_at(&name)?)));
    told.map(|evidence| Finding::new(Code::ConfiguredHere, evidence)).collect()
}
