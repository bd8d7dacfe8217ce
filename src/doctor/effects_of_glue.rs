//! Records that differ because the glue of a name server, or its address in the zone, still leads to a former server: one fault, with one
//! remedy.
//!
//! RFC 1912 section 2.3. The former server has the former zone, whatever the transfers of the zone do.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::codes::Code;
use super::facts::DomainFacts;
use super::finding::Finding;
use super::glue_sides::{Right, Sides};
use super::{delegation, effects_of_sets, glue, remedies};

/// Makes differences of records a part of the difference of the addresses that they come from.
pub(super) fn join(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    if !findings.iter().any(|finding| finding.code == Code::GlueDiffers) {
        return;
    }
    let differing = glue::differing(facts, &delegation::of_silent(facts));
    let former = former(&differing);
    let is_effect = |finding: &Finding| is_effect(facts, finding.code, &former);
    let effects: Vec<Finding> = findings.iter().filter(|finding| is_effect(finding)).cloned().collect();
    if effects.is_empty() {
        return;
    }
    findings.retain(|finding| !effects.contains(finding));
    if let Some(cause) = findings.iter_mut().find(|finding| finding.code == Code::GlueDiffers) {
        effects.iter().for_each(|effect| effects_of_sets::add(cause, effect));
        // One of the addresses leads to other records.
        if cause.remedy == Some(remedies::GLUE_ALIKE) {
            cause.remedy = Some(remedies::GLUE_UNTOLD);
        }
    }
}

/// The sets of addresses of which one may be that of the former servers.
fn former(differing: &[Sides]) -> Vec<BTreeSet<IpAddr>> {
    let all = |of: fn(&Sides) -> &BTreeSet<IpAddr>| -> BTreeSet<IpAddr> {
        differing.iter().flat_map(|sides| of(sides).iter().copied()).collect()
    };
    let (glued, own) = (all(|sides| &sides.glued), all(|sides| &sides.own));
    let are = |right: Right| differing.iter().all(|sides| sides.right == right);
    if are(Right::Glue) {
        vec![own]
    } else if are(Right::Zone) {
        vec![glued]
    } else {
        vec![own, glued]
    }
}

/// Whether servers differ, and do not without those at the addresses of the former servers.
fn is_effect(facts: &DomainFacts, code: Code, former: &[BTreeSet<IpAddr>]) -> bool {
    let Some(divided) = effects_of_sets::divided(facts, code) else { return false };
    let is_one_without = |former: &BTreeSet<IpAddr>, groups: &[Vec<IpAddr>]| {
        let others = groups.iter().filter(|servers| servers.iter().any(|server| !former.contains(server)));
        others.count() == 1
    };
    let is_cause = |former: &BTreeSet<IpAddr>| divided.iter().all(|groups| is_one_without(former, groups));
    divided.iter().all(|groups| groups.len() > 1) && former.iter().any(is_cause)
}
