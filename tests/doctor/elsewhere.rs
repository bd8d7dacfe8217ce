//! Faults of other zones that a domain needs: of its mail hosts, and of domains that its SPF record includes.

use std::sync::Arc;

use hickory_proto::rr::RecordType;
use resolverd::check::domain::codes::Code;
use resolverd::check::domain::facts::CheckSubject;
use resolverd::check::domain::finding::{Finding, Level};
use resolverd::lab::fault::Fault;
use resolverd::lab::simulation::{Simulation, config_for, paused};
use resolverd::lab::world::{Lab, ServerPlan};

use crate::faults::tree;
use crate::simulated::check;

/// The findings about a domain with this text; `other.com.` has two servers with these faults.
fn found(text: &str, faults: [&[Fault]; 2]) -> Vec<Finding> {
    let mut tree = tree(text, &[]);
    for (name, last, faults) in [("ns3.hosts.com", 5, faults[0]), ("ns4.hosts.com", 6, faults[1])] {
        let mut plan = ServerPlan::new(name, vec![[198, 18, last, 1].into()]);
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
    }
    let servers = ["ns3.hosts.com", "ns4.hosts.com"].map(str::to_owned);
    let records = "mx A 198.18.9.1\nspf TXT \"v=spf1 ip4:198.18.9.1 -all\"\n";
    tree.zone("other.com.", &servers, records).unwrap();
    of_lab(tree.build().unwrap(), "faulty.com.")
}

/// The findings about a domain of a lab, for an address that sends.
fn of_lab(lab: Lab, domain: &str) -> Vec<Finding> {
    let (lab, address) = (Arc::new(lab), Some("198.18.9.1".parse().unwrap()));
    let subject = CheckSubject { domain: domain.to_owned(), address, ..CheckSubject::default() };
    paused(async { check(&Simulation::new(Arc::clone(&lab), config_for(&lab), 1), subject).await.1 })
}

fn of(findings: &[Finding], code: Code) -> Option<&Finding> {
    findings.iter().find(|finding| finding.code == code)
}

const MAIL: &str = "@ MX 10 mx.other.com.\n@ TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n";

const POLICY: &str = "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 include:spf.other.com -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n";

#[test]
fn a_mail_host_whose_zone_fails_at_all_servers_is_a_failure() {
    let cases: [([&[Fault]; 2], &str); 4] = [
        (
            [&[Fault::ServFail], &[Fault::ServFail]],
            "198.18.5.1 (ns3.hosts.com.) answers SERVFAIL; 198.18.6.1",
        ),
        ([&[Fault::Dead], &[Fault::Dead]], "198.18.5.1 (ns3.hosts.com.) does not answer; 198.18.6.1"),
        ([&[Fault::Refused], &[Fault::Dead]], "answers REFUSED; 198.18.6.1 (ns4.hosts.com.) does not answer"),
        ([&[Fault::LameEmpty], &[Fault::LameEmpty]], "198.18.5.1 (ns3.hosts.com.) "),
    ];
    for (faults, words) in cases {
        let findings = found(MAIL, faults);
        let told =
            of(&findings, Code::MxHostUnanswered).unwrap_or_else(|| panic!("{faults:?}: {findings:#?}"));
        assert_eq!(told.level, Level::Failure, "{findings:#?}");
        let begin = "mx.other.com. A: no server of other.com. answers for it: ";
        assert!(told.evidence.starts_with(begin) && told.evidence.contains(words), "{told:#?}");
        assert_eq!(of(&findings, Code::MailUnknown), None, "{findings:#?}");
    }
    let two = MAIL.replace("@ MX 10 mx.other.com.", "@ MX 10 mx.other.com.\n@ MX 20 mx1.hosts.com.");
    let findings = found(&two, [&[Fault::ServFail], &[Fault::ServFail]]);
    assert_eq!(of(&findings, Code::MxHostUnanswered).unwrap().level, Level::Warning, "{findings:#?}");
}

#[test]
fn an_included_domain_that_fails_at_all_servers_is_a_failure() {
    for fault in [Fault::ServFail, Fault::Dead] {
        let findings = found(POLICY, [&[fault], &[fault]]);
        let told = of(&findings, Code::SpfUnanswered).unwrap_or_else(|| panic!("{fault}: {findings:#?}"));
        let begin =
            "spf.other.com. TXT: no server of other.com. answers for it: 198.18.5.1 (ns3.hosts.com.) ";
        assert!(told.evidence.starts_with(begin), "{told:#?}");
        assert_eq!(findings[0].code, Code::SpfUnanswered, "{findings:#?}");
        assert!(told.evidence.ends_with("; the result for 198.18.9.1 is temperror"), "{told:#?}");
        for code in [Code::PolicyUnknown, Code::SpfOk, Code::SpfFromFails] {
            assert_eq!(of(&findings, code), None, "{findings:#?}");
        }
    }
}

#[test]
fn servers_that_truncate_and_do_not_answer_over_tcp_give_no_answer() {
    let faults: &[Fault] = &[Fault::AlwaysTruncates, Fault::MuteTcp];
    let findings = found(MAIL, [faults, faults]);
    assert!(of(&findings, Code::MxHostUnanswered).is_some(), "{findings:#?}");
    let findings = found(POLICY, [faults, faults]);
    assert!(of(&findings, Code::SpfUnanswered).is_some(), "{findings:#?}");
    let lab = tree(MAIL, faults).build().unwrap();
    lab.server("ns1.hosts.com").unwrap().set_faults(faults);
    let findings = of_lab(lab, "faulty.com.");
    assert!(of(&findings, Code::NsNoneAnswers).is_some(), "{findings:#?}");
}

#[test]
fn records_that_no_server_of_the_own_zone_gives_are_a_failure() {
    let text =
        "@ MX 10 mail\nmail A 198.18.9.1\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n";
    let cases = [
        (Fault::Drops(RecordType::A), Code::MxHostUnanswered),
        (Fault::Fails(RecordType::A), Code::SpfUnanswered),
        (Fault::Drops(RecordType::TXT), Code::SpfUnanswered),
        (Fault::Fails(RecordType::TXT), Code::SpfUnanswered),
        (Fault::DeniesType(RecordType::MX), Code::MxUnanswered),
    ];
    for (fault, code) in cases {
        let lab = tree(text, &[fault]).build().unwrap();
        lab.server("ns1.hosts.com").unwrap().set_faults(&[fault]);
        let findings = of_lab(lab, "faulty.com.");
        let told = of(&findings, code).unwrap_or_else(|| panic!("{fault}: {findings:#?}"));
        assert_eq!(told.level, Level::Failure, "{findings:#?}");
    }
}

#[test]
fn servers_that_this_host_has_no_route_to_may_have_the_zone() {
    for (faults, code) in [(&[Fault::Dead][..], Code::NsSilent), (&[Fault::ServFail], Code::NsLame)] {
        let mut tree = tree(MAIL, faults);
        tree.server(ServerPlan::new("six.hosts.com", vec!["2001:2::53".parse().unwrap()])).unwrap();
        let both = ["ns2.hosts.com", "six.hosts.com"].map(str::to_owned);
        tree.zone("far.com.", &both, MAIL).unwrap();
        let findings = of_lab(tree.build().unwrap(), "far.com.");
        let unknown = of(&findings, Code::DelegationUnknown).unwrap_or_else(|| panic!("{findings:#?}"));
        let begin = "this host has no route to 2001:2::53 (six.hosts.com.), and reaches no server";
        assert!(unknown.evidence.starts_with(begin), "{unknown:#?}");
        assert!(
            of(&findings, code).is_some() && of(&findings, Code::NsNoneAnswers).is_none(),
            "{findings:#?}"
        );
    }
    let mut tree = tree(MAIL, &[]);
    tree.server(ServerPlan::new("six.hosts.com", vec!["2001:2::53".parse().unwrap()])).unwrap();
    tree.zone("far.com.", &["six.hosts.com".to_owned()], MAIL).unwrap();
    let findings = of_lab(tree.build().unwrap(), "far.com.");
    assert!(of(&findings, Code::DelegationUnknown).is_some(), "{findings:#?}");
    assert_eq!(of(&findings, Code::NsUnrouted), None, "{findings:#?}");
}

#[test]
fn a_domain_that_is_an_alias_into_a_zone_that_fails_is_a_failure() {
    let mut tree = tree(MAIL, &[Fault::ServFail]);
    tree.zone("other.com.", &["ns2.hosts.com".to_owned()], "@ MX 10 mx\n").unwrap();
    tree.zone("above.com.", &["ns1.hosts.com".to_owned()], "sub CNAME other.com.\n").unwrap();
    let findings = of_lab(tree.build().unwrap(), "sub.above.com.");
    let told = of(&findings, Code::MxUnanswered).unwrap_or_else(|| panic!("{findings:#?}"));
    let begin = "sub.above.com. MX (CNAME other.com.): no server of other.com. answers for it: 198.18.4.1";
    assert!(told.evidence.starts_with(begin), "{told:#?}");
    assert_eq!(findings[0].code, Code::MxUnanswered, "{findings:#?}");
}

#[test]
fn one_server_that_answers_is_enough() {
    for faults in
        [[&[Fault::ServFail][..], &[]], [&[Fault::Dead], &[]], [&[Fault::LosesFirst], &[Fault::LosesFirst]]]
    {
        for text in [MAIL, POLICY] {
            let findings = found(text, faults);
            for code in [Code::MxHostUnanswered, Code::SpfUnanswered, Code::MailUnknown, Code::PolicyUnknown]
            {
                assert_eq!(of(&findings, code), None, "{faults:?}: {findings:#?}");
            }
        }
    }
}
