//! Checks of domains that depend on other zones with faults: the zones of mail hosts, and of domains that an SPF record includes.

use std::sync::Arc;

use hickory_proto::rr::RecordType;

use crate::faults::tree;
use crate::simulated::check;
use config::Family;
use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use lab::fault::Fault;
use lab::simulated::Ipv6Way;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

/// Checks a zone with the text `text`. The two servers of `other.com.` have the faults `faults`.
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

/// Checks `domain`, with the address of a host that sends mail for the domain.
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
fn failing_mail_host_zone_is_failure() {
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
fn failing_spf_include_is_failure() {
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
fn truncating_servers_without_tcp_are_unanswered() {
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
fn unanswered_own_records_are_failure() {
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
        if code == Code::SpfUnanswered && fault != Fault::Fails(RecordType::A) {
            let of_policies = findings.iter().filter(|finding| finding.code == Code::PolicyUnanswered);
            let levels: Vec<Level> = of_policies.map(|finding| finding.level).collect();
            // The findings about DMARC, MTA-STS and TLS reporting.
            let expected = [Level::Failure, Level::Warning, Level::Note];
            assert_eq!(levels, expected, "{findings:#?}");
            assert_eq!(of(&findings, Code::PolicyUnknown), None, "{fault}: {findings:#?}");
        }
    }
}

// This host has no route to one of the servers, so no failure is proven.
#[test]
fn unrouted_servers_may_serve_zone() {
    for (faults, code) in [(&[Fault::Dead][..], Code::NsSilent), (&[Fault::ServFail], Code::NsLame)] {
        let mut tree = tree(MAIL, faults);
        tree.server(ServerPlan::new("six.hosts.com", vec!["2001:2::53".parse().unwrap()])).unwrap();
        let both = ["ns2.hosts.com", "six.hosts.com"].map(str::to_owned);
        tree.zone("far.com.", &both, MAIL).unwrap();
        let findings = of_lab(tree.build().unwrap(), "far.com.");
        let unknown = of(&findings, Code::DelegationUnknown).unwrap_or_else(|| panic!("{findings:#?}"));
        let begin = "this host has no route to 2001:2::53 (six.hosts.com.), or does not use its family, and reaches no server";
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

// IPv6 of this host leads nowhere.
#[test]
fn broken_ipv6_blames_no_server() {
    let mut tree = tree(MAIL, &[]);
    let mut names = vec!["ns1.hosts.com".to_owned()];
    // These servers do not answer. When the servers in six IPv6 networks have been silent, resolverd does not use IPv6 for some time. After that, two
    // silent networks are enough. Each such time is twice as long as the one before, until it is longer than a check.
    for number in 11..=24 {
        let name = format!("six{number}.hosts.com");
        let address = format!("26{number}::53").parse().unwrap();
        tree.server(ServerPlan::new(&name, vec![address])).unwrap();
        let zone = format!("z{number}.com.");
        tree.zone(&zone, &["ns1.hosts.com".to_owned(), name.clone()], MAIL).unwrap();
        names.truncate(1);
        names.push(name);
    }
    tree.zone("far.com.", &names, MAIL).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let mut config = config_for(&lab);
    config.resolve.ipv6 = Family::Auto;
    let of_domain = |domain: &str| CheckSubject { domain: domain.to_owned(), ..CheckSubject::default() };
    paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config, 1);
        simulation.network().set_ipv6(Ipv6Way::Swallowed);
        let mut findings = Vec::new();
        for domain in (11..=24).map(|number| format!("z{number}.com.")).chain(["far.com.".to_owned()]) {
            findings = check(&simulation, of_domain(&domain)).await.1;
        }
        let unknown = of(&findings, Code::DelegationUnknown).unwrap_or_else(|| panic!("{findings:#?}"));
        assert!(unknown.evidence.contains("as from all other servers over IPv6 lately"), "{unknown:#?}");
        for code in [Code::NsSilent, Code::NsUnrouted, Code::NsNoneAnswers] {
            assert_eq!(of(&findings, code), None, "{findings:#?}");
        }
        simulation.network().set_ipv6(Ipv6Way::Open);
        let findings = check(&simulation, of_domain("far.com.")).await.1;
        assert_eq!(of(&findings, Code::DelegationUnknown), None, "an answer ends it: {findings:#?}");
    });
}

#[test]
fn alias_into_failing_zone_is_failure() {
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
fn failing_reverse_zone_names_alias() {
    let silent = &[Fault::Dead][..];
    for (fault, words) in [(&[Fault::Refused][..], "answers REFUSED"), (silent, "does not answer")] {
        let mut tree = tree(MAIL, fault);
        let second = ["ns2.hosts.com".to_owned()];
        tree.zone("64/26.7.18.198.in-addr.arpa.", &second, "").unwrap();
        tree.zone("8.18.198.in-addr.arpa.", &second, "").unwrap();
        let text = "65 CNAME 65.64/26.7.18.198.in-addr.arpa.\n66 PTR mx.dark.com.\n";
        tree.zone("7.18.198.in-addr.arpa.", &["ns1.hosts.com".to_owned()], text).unwrap();
        tree.zone("dark.com.", &second, "").unwrap();
        tree.zone("9.2.0.0.1.0.0.2.ip6.arpa.", &second, "").unwrap();
        let six = "9.2.0.0.1.0.0.2.ip6.arpa. answers for it: 198.18.4.1";
        let alias = "65.7.18.198.in-addr.arpa. PTR (CNAME 65.64/26.7.18.198.in-addr.arpa.): no server of \
                     64/26.7.18.198.in-addr.arpa. answers for it: 198.18.4.1 (ns2.hosts.com.) ";
        let lab = Arc::new(tree.build().unwrap());
        for (address, evidence) in [
            ("198.18.7.65", alias),
            (
                "198.18.8.9",
                "no server of 8.18.198.in-addr.arpa. answers for it: 198.18.4.1 (ns2.hosts.com.) ",
            ),
            (
                "198.18.7.66",
                "198.18.7.66 PTR mx.dark.com.: mx.dark.com. A: no server of dark.com. answers for it: ",
            ),
            ("2001:29::7", six),
        ] {
            for domain in ["", "hosts.com."] {
                let address = address.parse().ok();
                let subject = CheckSubject { domain: domain.to_owned(), address, ..CheckSubject::default() };
                let config = config_for(&lab);
                let findings =
                    paused(async { check(&Simulation::new(Arc::clone(&lab), config, 1), subject).await.1 });
                let told = of(&findings, Code::PtrUnanswered)
                    .unwrap_or_else(|| panic!("{address:?} {domain}: {findings:#?}"));
                assert_eq!(told.level, Level::Failure, "{findings:#?}");
                assert!(told.evidence.contains(evidence) && told.evidence.contains(words), "{told:#?}");
                assert_eq!(of(&findings, Code::PointerUnknown), None, "{findings:#?}");
            }
        }
    }
}

#[test]
fn half_failing_reverse_zone_is_answered() {
    let mut tree = tree(MAIL, &[Fault::ServFail]);
    let both = ["ns1.hosts.com", "ns2.hosts.com"].map(str::to_owned);
    tree.zone("8.18.198.in-addr.arpa.", &both, "").unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let subject = CheckSubject { address: "198.18.8.9".parse().ok(), ..CheckSubject::default() };
    let config = config_for(&lab);
    let findings = paused(async { check(&Simulation::new(Arc::clone(&lab), config, 1), subject).await.1 });
    assert!(of(&findings, Code::PtrMissing).is_some(), "{findings:#?}");
    assert_eq!(of(&findings, Code::PtrUnanswered), None, "{findings:#?}");
}

#[test]
fn policy_aliases_into_failing_zone_fail() {
    for fault in [Fault::Dead, Fault::ServFail] {
        let mut tree = tree(MAIL, &[fault]);
        tree.zone("gone.com.", &["ns2.hosts.com".to_owned()], "").unwrap();
        let text = "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 -all\"\n_dmarc CNAME d.gone.com.\nx._domainkey CNAME x.gone.com.\n\
                    _smtp._tls CNAME t.gone.com.\n";
        tree.zone("alias.com.", &["ns1.hosts.com".to_owned()], text).unwrap();
        let lab = Arc::new(tree.build().unwrap());
        let selectors = vec!["x".to_owned()];
        let subject = CheckSubject { domain: "alias.com.".to_owned(), selectors, ..CheckSubject::default() };
        let config = config_for(&lab);
        let findings =
            paused(async { check(&Simulation::new(Arc::clone(&lab), config, 1), subject).await.1 });
        for (begin, level) in [
            (
                "_dmarc.alias.com. TXT (CNAME d.gone.com.): no server of gone.com. answers for it: ",
                Level::Failure,
            ),
            ("x._domainkey.alias.com. TXT (CNAME x.gone.com.): no server of gone.com. ", Level::Failure),
            ("_smtp._tls.alias.com. TXT (CNAME t.gone.com.): no server of gone.com. ", Level::Note),
        ] {
            let is_told = |finding: &&Finding| {
                (finding.code, finding.level) == (Code::PolicyUnanswered, level)
                    && finding.evidence.starts_with(begin)
            };
            assert!(findings.iter().any(|finding| is_told(&finding)), "{begin}: {findings:#?}");
        }
        assert_eq!(of(&findings, Code::PolicyUnknown), None, "{findings:#?}");
    }
}

// The name servers of two zones are each in the other zone.
#[test]
fn circular_name_servers_are_named() {
    let mut tree = tree(MAIL, &[]);
    let delegations = "loop NS ns.knot\nknot NS ns.loop\n";
    tree.zone("com.", &["ns.com".to_owned()], delegations).unwrap();
    let findings = of_lab(tree.build().unwrap(), "loop.com.");
    assert_eq!((findings[0].code, findings[0].level), (Code::NsNoneAnswers, Level::Failure), "{findings:#?}");
    assert!(findings[0].evidence.starts_with("loop.com. is delegated to ns.knot.com.; "), "{findings:#?}");
    let of_level = |level| {
        findings.iter().any(|finding: &Finding| finding.level == level && finding.code != Code::NsNoneAnswers)
    };
    assert!(!of_level(Level::CouldNotTell) && !of_level(Level::Warning), "{findings:#?}");
}

// The servers also fail for queries of the type NS at this name.
#[test]
fn unanswered_dkim_key_is_failure() {
    let text = format!("{MAIL}x._domainkey TXT \"v=DKIM1; p=\"\n");
    let lab = tree(&text, &[Fault::ServFail]).build().unwrap();
    let lab = Arc::new(lab);
    let config = config_for(&lab);
    let selectors = vec!["x".to_owned()];
    let subject = CheckSubject { domain: "faulty.com.".to_owned(), selectors, ..CheckSubject::default() };
    let findings = paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config, 1);
        // Both servers of faulty.com. fail for queries of the types TXT and NS.
        for server in ["ns1.hosts.com", "ns2.hosts.com"] {
            lab.server(server)
                .unwrap()
                .set_faults(&[Fault::Fails(RecordType::TXT), Fault::Fails(RecordType::NS)]);
        }
        check(&simulation, subject).await.1
    });
    let of_key = |finding: &&Finding| finding.evidence.starts_with("x._domainkey.faulty.com. TXT");
    let told = findings.iter().find(of_key).unwrap_or_else(|| panic!("{findings:#?}"));
    assert_eq!((told.code, told.level), (Code::PolicyUnanswered, Level::Failure), "{findings:#?}");
}

// Mail is not lost.
#[test]
fn servers_without_aa_are_lame() {
    let lab = tree(crate::faults::SOUND, &[Fault::NoAa]).build().unwrap();
    lab.server("ns1.hosts.com").unwrap().set_faults(&[Fault::NoAa]);
    let findings = of_lab(lab, "faulty.com.");
    assert_eq!(of(&findings, Code::NsNoneAnswers), None, "{findings:#?}");
    assert!(of(&findings, Code::NsLame).is_some(), "{findings:#?}");
}

#[test]
fn records_missing_at_server_differ() {
    let with = "@ MX 10 mail\nmail A 198.18.9.1\n@ TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n";
    for (lacking, expected) in
        [("@ MX 10 mail\n", Code::MxDiffers), ("mail A 198.18.9.1\n", Code::RecordsDiffer)]
    {
        let other = tree(&with.replace(lacking, ""), &[]).build().unwrap();
        for server in ["ns1.hosts.com", "ns2.hosts.com"] {
            for seed in 1..=6 {
                let lab = Arc::new(tree(with, &[]).build().unwrap());
                lab.server(server).unwrap().set_authority(other.server(server).unwrap().authority());
                let config = config_for(&lab);
                let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
                let findings = paused(async {
                    check(&Simulation::new(Arc::clone(&lab), config, seed), subject).await.1
                });
                assert!(of(&findings, expected).is_some(), "{server} {seed}: {findings:#?}");
                for code in [Code::MailNowhere, Code::MxWithoutAddress, Code::NoMx] {
                    assert_eq!(of(&findings, code), None, "{server} {seed}: {findings:#?}");
                }
            }
        }
    }
}

// The names of these name servers are in a zone whose servers do not answer.
#[test]
fn name_servers_in_dead_zone_fail() {
    let mut tree = tree(MAIL, &[Fault::Dead]);
    tree.zone("dark.com.", &["ns2.hosts.com".to_owned()], "").unwrap();
    let delegations = "all NS n8.dark\nall NS n9.dark\none NS ns1.hosts.com.\none NS n9.dark\nnone NS n1.nowhere\nnone NS n2.nowhere\n";
    tree.zone("com.", &["ns.com".to_owned()], delegations).unwrap();
    tree.zone("one.com.", &["ns1.hosts.com".to_owned()], "@ NS n9.dark.com.\n@ MX 10 mx.all.com.\n").unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let found = |domain: &str| {
        let subject = CheckSubject { domain: domain.to_owned(), ..CheckSubject::default() };
        let config = config_for(&lab);
        paused(async { check(&Simulation::new(Arc::clone(&lab), config, 1), subject).await.1 })
    };
    for (domain, words) in [
        ("all.com.", "no server of dark.com. answers for it"),
        ("none.com.", "n1.nowhere.com. has no address"),
    ] {
        let findings = found(domain);
        assert_eq!(
            (findings[0].code, findings[0].level),
            (Code::NsNoneAnswers, Level::Failure),
            "{findings:#?}"
        );
        assert!(findings[0].evidence.contains(words), "{findings:#?}");
        assert!(findings.iter().all(|finding| finding.level != Level::CouldNotTell), "{findings:#?}");
    }
    let findings = found("one.com.");
    let told = of(&findings, Code::NsWithoutAddress).unwrap_or_else(|| panic!("{findings:#?}"));
    assert!(told.evidence.starts_with("n9.dark.com. A: no server of dark.com. answers for it"), "{told:#?}");
    let host = of(&findings, Code::MxHostUnanswered).unwrap_or_else(|| panic!("{findings:#?}"));
    assert!(
        host.evidence
            .contains("no address of a name server of all.com. can be found: n8.dark.com., n9.dark.com."),
        "{host:#?}"
    );
}

// At all servers, the domain is bogus; at one server, this server is named.
#[test]
fn unanswered_dnskey_is_named() {
    for fault in [Fault::Fails(RecordType::DNSKEY), Fault::Drops(RecordType::DNSKEY)] {
        for both in [true, false] {
            let mut tree = tree(MAIL, &[fault]);
            for zone in [".", "com.", "faulty.com."] {
                tree.sign(zone, Some("".parse().unwrap())).unwrap();
            }
            let lab = Arc::new(tree.build().unwrap());
            if both {
                lab.server("ns1.hosts.com").unwrap().set_faults(&[fault]);
            }
            let config = lab::simulation::config_trusting(&lab);
            let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
            let findings =
                paused(async { check(&Simulation::new(Arc::clone(&lab), config, 1), subject).await.1 });
            if both {
                assert_eq!(
                    (findings[0].code, findings[0].level),
                    (Code::DnssecBogus, Level::Failure),
                    "{findings:#?}"
                );
                assert!(
                    findings[0].evidence.contains("no name server gives faulty.com. DNSKEY: 198.18.3.1"),
                    "{findings:#?}"
                );
            } else {
                let partly = of(&findings, Code::NsPartly).unwrap_or_else(|| panic!("{findings:#?}"));
                assert!(partly.evidence.contains("faulty.com. DNSKEY"), "{partly:#?}");
            }
        }
    }
}

#[test]
fn unanswered_mail_host_is_reported_once() {
    let findings = found(MAIL, [&[Fault::Dead], &[Fault::Dead]]);
    assert!(of(&findings, Code::MxHostUnanswered).is_some(), "{findings:#?}");
    let of_dane = |finding: &&Finding| finding.evidence.contains("TLSA");
    assert_eq!(findings.iter().find(of_dane), None, "{findings:#?}");
}

#[test]
fn lost_datagrams_blame_no_server() {
    for seed in 1..=40 {
        let lab = Arc::new(tree(crate::faults::SOUND, &[]).build().unwrap());
        let config = config_for(&lab);
        let findings = paused(async {
            let simulation = Simulation::new(lab, config, seed);
            simulation.network().set_loss(300);
            let subject = CheckSubject { domain: "faulty.com.".to_owned(), ..CheckSubject::default() };
            check(&simulation, subject).await.1
        });
        for code in [Code::NsCase, Code::NsEdns] {
            assert_eq!(of(&findings, code), None, "{seed}: {findings:#?}");
        }
    }
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

#[test]
fn unfound_backup_host_precedes_spf() {
    let text = "@ MX 10 mx1.hosts.com.\n@ MX 20 mx.other.com.\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n";
    for fault in [Fault::ServFail, Fault::Dead] {
        let findings = found(text, [&[fault], &[fault]]);
        assert_eq!(
            (findings[0].code, findings[0].level),
            (Code::MxHostUnanswered, Level::Warning),
            "{findings:#?}"
        );
        let spf = of(&findings, Code::SpfUnanswered).unwrap_or_else(|| panic!("{findings:#?}"));
        assert_eq!(spf.level, Level::Warning, "{findings:#?}");
        assert!(!spf.remedy().contains("remove the term"), "{}", spf.remedy());
    }
}
