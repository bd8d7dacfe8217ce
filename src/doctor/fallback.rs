//! The address that mail goes to because the domain has no MX record: faults of its names in the reverse tree matter only for this reason, so
//! the missing MX record is told before them.
//!
//! RFC 5321 section 5.1.

use super::codes::Code;
use super::finding::{Finding, Level};
use super::part::About;

/// The level by which the missing MX record has its place in the order: that of the worst fault of a host that is a mail host without
/// it; none if there is no such fault.
pub(super) fn worst_consequence(findings: &[Finding]) -> Option<Level> {
    let of_names = [Code::PtrMissing, Code::PtrDiffers, Code::PtrUnanswered, Code::PtrDynamic];
    // The address of a client, which is examined by itself, has no host.
    let is_of_host = |finding: &&Finding| {
        of_names.contains(&finding.code) && finding.about.iter().any(|about| matches!(about, About::Host(_)))
    };
    findings.iter().filter(is_of_host).map(|finding| finding.level).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;
    use crate::judge;
    use crate::refusal::RefusalReason;

    const WITHOUT_MX: &str = "lookup a.test. MX\nlookup a.test. A | 198.18.0.1\nlookup a.test. AAAA";

    /// The first finding about a domain without MX whose SPF record is that of many panels.
    fn first(pointer: &str, reason: Option<RefusalReason>) -> (Code, Level) {
        let lines = format!(
            "{WITHOUT_MX}\nlookup a.test. TXT | \"v=spf1 a mx -all\"\nlookup 1.0.18.198.in-addr.arpa. PTR {pointer}
            lookup www.b.test. A | 198.18.0.9\nlookup 198-18-0-1.host.b.test. A | 198.18.0.1"
        );
        let mut facts = facts("a.test.", &lines);
        facts.subject.refusal.reason = reason;
        let found = judge(&facts);
        assert!(found.iter().any(|finding| finding.code == Code::NoMx), "{found:#?}");
        (found[0].code, found[0].level)
    }

    #[test]
    fn a_missing_mx_record_is_told_before_the_names_of_the_address_in_its_place() {
        for pointer in ["NXDOMAIN", "| www.b.test.", "| 198-18-0-1.host.b.test."] {
            assert_eq!(first(pointer, None), (Code::NoMx, Level::Warning), "{pointer}");
        }
        let refused = first("NXDOMAIN", Some(RefusalReason::Pointer));
        assert_eq!(refused, (Code::PtrMissing, Level::Failure), "a receiver refuses it for this");
    }

    #[test]
    fn a_missing_mx_record_is_told_before_the_resolvers_that_still_have_it() {
        let lines = format!("{WITHOUT_MX}\nserver 9.9.9.9 a.test. MX recursive ra | 10 mx.b.test.");
        let facts = facts("a.test.", &lines);
        let old = Finding::new(Code::OthersOld, "9.9.9.9 a.test. MX: 10 mx.b.test.");
        let missing = Finding::new(Code::NoMx, "a.test.");
        assert_eq!(old.level, missing.level);
        let mut found = vec![old, missing];
        super::super::consequences::remove(&facts, &mut found);
        super::super::in_order(&mut found, None);
        assert_eq!(
            found.iter().map(|finding| finding.code).collect::<Vec<_>>(),
            [Code::NoMx, Code::OthersOld]
        );
        assert_eq!(found[1].remedy(), super::super::remedies::LOST_MAIL_HOSTS);
    }

    #[test]
    fn the_names_of_a_client_are_no_consequence() {
        let lines = format!("{WITHOUT_MX}\nlookup 7.2.0.192.in-addr.arpa. PTR NXDOMAIN");
        let mut facts = facts("a.test.", &lines);
        facts.subject.address = "192.0.2.7".parse().ok();
        assert_eq!(judge(&facts)[0].code, Code::PtrMissing);
    }
}
