//! The iterations of NSEC3: hashes beyond the first one, which protect nothing and cost validators time.
//!
//! RFC 9276 section 3.1 (a zone has none), section 3.2 (validators take many for unsigned, or answer SERVFAIL).

use crate::codes::Code;
use crate::facts::{DomainFacts, Got, is_within};
use crate::finding::{Finding, Level};
use crate::zone;
use validate::limits::MAX_NSEC3_ITERATIONS;

/// The greatest number of iterations in the proofs of the zone; none if it has shown no NSEC3 record.
pub(crate) fn iterations(facts: &DomainFacts) -> Option<u16> {
    let apex = zone::apex(facts);
    let replies = facts.got.values().filter_map(|got| match got {
        Got::Reply(reply) => Some(&reply.authority),
        _ => None,
    });
    let is_own = |name: &str| name.split_once('.').is_some_and(|(_, above)| is_within(above, apex));
    let proofs = replies.flatten().filter(|record| record.kind == "NSEC3" && is_own(&record.name));
    proofs.filter_map(|record| record.data.split_whitespace().nth(2)?.parse().ok()).max()
}

/// The finding: a note, and a warning if many validators do without the proofs.
pub(crate) fn check(facts: &DomainFacts) -> Option<Finding> {
    let iterations = iterations(facts).filter(|iterations| *iterations > 0)?;
    let evidence = format!("the NSEC3 records of {} have {iterations} iterations", zone::apex(facts));
    let finding = Finding::new(Code::Nsec3Iterations, evidence);
    Some(if iterations > MAX_NSEC3_ITERATIONS { finding } else { finding.at(Level::Note) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    #[test]
    fn iterations_beyond_those_of_validators_are_a_warning_and_others_a_note() {
        let of = |owner: &str, parameters: &str| {
            let proof = format!(">{owner} NSEC3 {parameters} aabb 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG");
            let lines = format!(
                "lookup a.b. SOA | ns. h. 1 2 3 4 5\nserver 192.0.2.1 _dmarc.a.b. TXT udp NXDOMAIN aa | {proof}"
            );
            check(&facts("a.b.", &lines)).map(|finding| (finding.level, finding.evidence))
        };
        let told =
            |level, number: u16| Some((level, format!("the NSEC3 records of a.b. have {number} iterations")));
        assert_eq!(of("x.a.b.", "1 0 0"), None);
        assert_eq!(of("x.a.b.", "1 0 1"), told(Level::Note, 1));
        assert_eq!(of("x.a.b.", "1 1 50"), told(Level::Note, 50));
        assert_eq!(of("x.a.b.", "1 0 51"), told(Level::Warning, 51));
        assert_eq!(of("x.b.", "1 0 200"), None, "of the zone above");
    }
}
