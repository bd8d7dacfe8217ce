//! Checks of domains that have one fault each.

use std::sync::Arc;

use crate::simulated::check;
use config::Family;
use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use lab::delegations::Tree;
use lab::fault::{Fault, MixedCaseReply};
use lab::simulation::{Simulation, config_for, config_trusting, paused};
use lab::world::{Lab, ServerPlan};

/// The records of a domain without faults.
pub(crate) const SOUND: &str = "@ MX 10 mx1.hosts.com.\n@ MX 20 mx2.hosts.com.\n@ TXT \"v=spf1 mx -all\"\n\
    _dmarc TXT \"v=DMARC1; p=reject\"\n";

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// Returns a lab with a root, `com.`, mail hosts, and the checked domain `faulty.com.` with the text `text`. The second of its two servers
/// has the faults `faults`.
pub(crate) fn tree(text: &str, faults: &[Fault]) -> Tree {
    let mut tree = Tree::default();
    for (name, address) in [
        ("a.root", "198.18.1.1"),
        ("ns.com", "198.18.2.1"),
        ("ns1.hosts.com", "198.18.3.1"),
        ("ns2.hosts.com", "198.18.4.1"),
    ] {
        let mut plan = ServerPlan::new(name, vec![address.parse().unwrap()]);
        if name.starts_with("ns2") {
            plan.faults = faults.to_vec();
        }
        tree.server(plan).unwrap();
    }
    let hosts = "mx1 A 198.18.9.1\nmx1 AAAA 2001:2::1\nmx2 A 198.18.9.2\n";
    let reverse =
        "1.9 PTR mx1.hosts.com.\n2.9 PTR mx2.hosts.com.\n3.9 PTR c3.dyn.hosts.com.\n4.9 PTR mx1.hosts.com.\n";
    let reverse6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR mx1.hosts.com.\n";
    let first = names(&["ns1.hosts.com"]);
    tree.zone(".", &names(&["a.root"]), "").unwrap();
    tree.zone("com.", &names(&["ns.com"]), "").unwrap();
    tree.zone("hosts.com.", &first, hosts).unwrap();
    tree.zone("18.198.in-addr.arpa.", &first, reverse).unwrap();
    tree.zone("2.0.0.0.1.0.0.2.ip6.arpa.", &first, reverse6).unwrap();
    tree.zone("faulty.com.", &names(&["ns1.hosts.com", "ns2.hosts.com"]), text).unwrap();
    tree
}

fn findings(lab: Lab, subject: CheckSubject, signed: bool) -> Vec<Finding> {
    let lab = Arc::new(lab);
    let config = if signed { config_trusting(&lab) } else { config_for(&lab) };
    paused(async { check(&Simulation::new(lab, config, 1), subject).await.1 })
}

fn domain(name: &str) -> CheckSubject {
    CheckSubject { domain: name.to_owned(), ..CheckSubject::default() }
}

fn of(text: &str, faults: &[Fault]) -> Vec<Finding> {
    findings(tree(text, faults).build().unwrap(), domain("faulty.com."), false)
}

fn has(findings: &[Finding], code: Code, level: Level) -> bool {
    findings.iter().any(|finding| finding.code == code && finding.level == level)
}

// Only that DNSSEC is not validated is reported.
#[test]
fn sound_domain_has_no_findings() {
    let found = of(SOUND, &[]);
    let bad: Vec<&Finding> = found.iter().filter(|finding| finding.level <= Level::Note).collect();
    assert!(bad.iter().all(|finding| finding.code == Code::DnssecOff), "{bad:#?}");
}

#[test]
fn faults_of_a_server_are_named() {
    let cases: &[(&[Fault], Code)] = &[
        (&[Fault::Refused], Code::NsLame),
        (&[Fault::ServFail], Code::NsLame),
        (&[Fault::Recursive], Code::NsLame),
        (&[Fault::UpwardReferral], Code::NsLame),
        (&[Fault::LameEmpty], Code::NsLame),
        (&[Fault::Denies], Code::NsLame),
        (&[Fault::Dead], Code::NsSilent),
        (&[Fault::NoTcp], Code::NsTcp),
        (&[Fault::MuteTcp], Code::NsTcp),
        (&[Fault::NoEdns], Code::NsEdns),
        (&[Fault::DropsEdns], Code::NsEdns),
        (&[Fault::FlipsCase], Code::NsCase),
    ];
    let dropping = of(SOUND, &[Fault::DropsMixedCase]);
    assert!(has(&dropping, Code::NsCase, Level::Warning), "{dropping:#?}");
    for (faults, code) in cases {
        let found = of(SOUND, faults);
        assert!(has(&found, *code, code.entry().level), "{faults:?}: {found:#?}");
        let worst = found.first().map(|finding| finding.code);
        assert!(code.entry().level == Level::Note || worst == Some(*code), "{faults:?}: {found:#?}");
    }
    // If the replies of a server are very late, its replies to queries with EDNS may only have come too late. Then there is no finding about EDNS.
    for (millis, is_told) in [(700, true), (1_050, false)] {
        let slow = Fault::Slow(std::time::Duration::from_millis(millis));
        let found = of(SOUND, &[Fault::DropsEdns, slow]);
        assert_eq!(has(&found, Code::NsEdns, Level::Warning), is_told, "{millis}: {found:#?}");
    }
    // A server that has lost one datagram must not be reported as silent.
    let lossy = of(SOUND, &[Fault::LosesFirst]);
    assert!(lossy.iter().all(|finding| finding.level >= Level::CouldNotTell), "{lossy:#?}");
}

#[test]
fn server_is_queried_at_all_addresses() {
    let mut tree = tree(SOUND, &[]);
    let addresses = vec!["198.18.5.1".parse().unwrap(), "2001:2::53".parse().unwrap()];
    let mut plan = ServerPlan::new("ns3.hosts.com", addresses);
    plan.faults = vec![Fault::Refused];
    tree.server(plan).unwrap();
    tree.zone("both.com.", &names(&["ns1.hosts.com", "ns3.hosts.com"]), SOUND).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let mut config = config_for(&lab);
    config.resolve.ipv6 = Family::On;
    let found = paused(async { check(&Simulation::new(lab, config, 1), domain("both.com.")).await.1 });
    let lame = found.iter().find(|finding| finding.code == Code::NsLame).unwrap();
    assert_eq!(lame.evidence, "198.18.5.1 and 2001:2::53 (ns3.hosts.com.) answers REFUSED for both.com.");
}

// The answers of the server are not called old.
#[test]
fn mixed_case_failure_is_named() {
    for (fault, level, words) in [
        (
            Fault::MixedCase(MixedCaseReply::Refused),
            Level::Warning,
            "answers REFUSED for names in mixed case",
        ),
        (Fault::MixedCase(MixedCaseReply::Nxdomain), Level::Failure, "denies names in mixed case (NXDOMAIN)"),
    ] {
        let evidence = format!("198.18.4.1 (ns2.hosts.com.) {words}");
        let of_one = of(SOUND, &[fault]);
        let told = &of_one[0];
        assert_eq!(
            (told.code, told.level, &told.evidence),
            (Code::NsPartly, level, &evidence),
            "{of_one:#?}"
        );
        assert!(of_one.iter().all(|finding| finding.code != Code::NsDiffer), "{of_one:#?}");
        // Both servers have the fault. The daemon also sends names in mixed case (0x20), so it gets no records from any server.
        let lab = tree(SOUND, &[fault]).build().unwrap();
        lab.server("ns1.hosts.com").unwrap().set_faults(&[fault]);
        let of_all = findings(lab, domain("faulty.com."), false);
        assert!(has(&of_all, Code::NsPartly, level), "{of_all:#?}");
        let wrong = [Code::CachedHere, Code::MailNowhere, Code::DomainMissing, Code::NsDiffer];
        assert!(of_all.iter().all(|finding| !wrong.contains(&finding.code)), "{of_all:#?}");
    }
}

#[test]
fn faults_of_mail_records_are_named() {
    let cases = [
        ("@ MX 10 198.18.9.1.\n", Code::MxIsAddress),
        ("@ A 198.18.9.80\n", Code::NoMx),
        ("www A 198.18.9.80\n", Code::MailNowhere),
        ("@ MX 0 .\n@ MX 10 mx1.hosts.com.\n", Code::NullMxBesideOthers),
        ("@ MX 10 gone.hosts.com.\n", Code::MxWithoutAddress),
        ("@ MX 10 in\nin A 10.0.0.1\n", Code::MxPrivateAddress),
        ("@ MX 10 alias\nalias CNAME mx1.hosts.com.\n", Code::MxIsCname),
        ("@ MX 10 six\nsix AAAA 2001:2::1\n", Code::MxWithoutIpv4),
    ];
    for (text, code) in cases {
        let found = of(text, &[]);
        assert!(has(&found, code, code.entry().level), "{text}: {found:#?}");
    }
    let notes = [("@ MX 0 .\n", Code::NullMx), ("@ MX 10 mx2.hosts.com.\n", Code::MxWithoutIpv6)];
    for (text, code) in notes {
        let found = of(text, &[]);
        assert!(has(&found, code, code.entry().level), "{text}: {found:#?}");
    }
    let missing = findings(tree(SOUND, &[]).build().unwrap(), domain("nowhere.com."), false);
    assert_eq!(missing.first().map(|finding| finding.code), Some(Code::DomainMissing));
}

#[test]
fn client_address_is_judged_by_ptr() {
    let lab = || tree(SOUND, &[]).build().unwrap();
    let first = |address: &str| {
        let subject = CheckSubject { address: Some(address.parse().unwrap()), ..CheckSubject::default() };
        findings(lab(), subject, false).first().map(|finding| (finding.code, finding.level))
    };
    assert_eq!(first("198.18.9.1"), Some((Code::PointerOk, Level::Ok)));
    assert_eq!(first("198.18.9.9"), Some((Code::PtrMissing, Level::Failure)));
    assert_eq!(first("198.18.9.4"), Some((Code::PtrDiffers, Level::Failure)));
    assert_eq!(first("2001:2::1"), Some((Code::PointerOk, Level::Ok)));
    let subject = CheckSubject { address: Some("198.18.9.3".parse().unwrap()), ..CheckSubject::default() };
    assert!(has(&findings(lab(), subject, false), Code::PtrDynamic, Level::Warning));
}

#[test]
fn bogus_zone_is_first_finding() {
    let signed = |faults: &[Fault]| {
        let mut tree = tree(SOUND, faults);
        for zone in [".", "com.", "faulty.com."] {
            tree.sign(zone, Some("".parse().unwrap())).unwrap();
        }
        tree.build().unwrap()
    };
    let well = findings(signed(&[]), domain("faulty.com."), true);
    assert!(has(&well, Code::DnssecOk, Level::Ok), "{well:#?}");
    let lab = signed(&[Fault::BadSignatures]);
    lab.server("ns1.hosts.com").unwrap().set_faults(&[Fault::BadSignatures]);
    let found = findings(lab, domain("faulty.com."), true);
    let first = found.first().unwrap();
    assert_eq!(first.code, Code::DnssecBogus, "{found:#?}");
    assert!(first.evidence.contains("breaks between com. and faulty.com."), "{}", first.evidence);
}

#[test]
fn signed_zone_without_edns_is_failure() {
    for fault in [Fault::NoEdns, Fault::DropsEdns, Fault::BadVers, Fault::FormErrOnEdns, Fault::NoDnssec] {
        let lab = |signed: bool| {
            let mut tree = tree(SOUND, &[fault]);
            for (zone, is_signed) in [(".", true), ("com.", true), ("faulty.com.", signed)] {
                tree.sign(zone, is_signed.then(|| "".parse().unwrap())).unwrap();
            }
            let lab = tree.build().unwrap();
            // ns1.hosts.com also serves the zone of the mail hosts, which is not signed, so the fault must have no effect there.
            lab.server("ns1.hosts.com").unwrap().set_faults(&[fault]);
            lab
        };
        let found = findings(lab(true), domain("faulty.com."), true);
        let first = &found[0];
        assert_eq!((first.code, first.level), (Code::NsEdns, Level::Failure), "{fault}: {found:#?}");
        assert!(
            first.evidence.contains("198.18.3.1 (ns1.hosts.com.)") && first.evidence.contains("198.18.4.1"),
            "{fault}: {first:#?}"
        );
        let told = found.iter().filter(|finding| finding.code == Code::NsEdns).count();
        assert_eq!(told, 1, "{fault}: {found:#?}");
        assert!(found.iter().all(|finding| finding.code != Code::DnssecBogus), "{fault}: {found:#?}");
        let unsigned = findings(lab(false), domain("faulty.com."), true);
        assert!(unsigned.iter().all(|finding| finding.level > Level::Failure), "{fault}: {unsigned:#?}");
    }
}

#[test]
fn faults_of_policies_are_named() {
    let with = |text: &str| {
        let (domain, subject) = (domain("faulty.com."), text.contains("x._domainkey"));
        let selectors = if subject { vec!["x".to_owned()] } else { Vec::new() };
        let text = format!("@ MX 10 mx1.hosts.com.\n{text}\n");
        findings(tree(&text, &[]).build().unwrap(), CheckSubject { selectors, ..domain }, false)
    };
    let many: String = (0..11).map(|number| format!("include:i{number}.faulty.com ")).collect();
    let included: String = (0..11).map(|number| format!("i{number} TXT \"v=spf1 -all\"\n")).collect();
    let cases = [
        ("@ TXT \"v=spf1 -all\"\n@ TXT \"v=spf1 mx -all\"".to_owned(), Code::SpfMultiple),
        ("@ TXT \"v=spf1 ip4:300.0.0.1 -all\"".to_owned(), Code::SpfSyntax),
        (format!("@ TXT \"v=spf1 {}\" \"{}-all\"\n{included}", &many[..120], &many[120..]), Code::SpfLookups),
        (
            "@ TXT \"v=spf1 a:n1.faulty.com a:n2.faulty.com a:n3.faulty.com -all\"".to_owned(),
            Code::SpfVoidLookups,
        ),
        ("@ TXT \"v=spf1 include:gone.faulty.com -all\"".to_owned(), Code::SpfIncludeMissing),
        ("@ TXT \"v=spf1 +all\"".to_owned(), Code::SpfAllowsAll),
        ("@ TXT \"other\"".to_owned(), Code::SpfMissing),
        ("@ TXT \"v=spf1 mx\"".to_owned(), Code::SpfOpenEnd),
        ("x._domainkey TXT \"v=DKIM1; p=AAAA\"".to_owned(), Code::DkimSyntax),
        ("x._domainkey TXT \"v=DKIM1; p=\"".to_owned(), Code::DkimRevoked),
        ("_dmarc TXT \"v=DMARC1; p=maybe\"".to_owned(), Code::DmarcSyntax),
        (
            "_dmarc TXT \"v=DMARC1; p=none\"\n_dmarc TXT \"v=DMARC1; p=reject\"".to_owned(),
            Code::DmarcMultiple,
        ),
        ("_dmarc TXT \"v=DMARC1; p=none\"".to_owned(), Code::DmarcNone),
        ("www A 198.18.9.80".to_owned(), Code::DmarcMissing),
        ("_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:a@reports.org\"".to_owned(), Code::DmarcReportsRefused),
        ("_mta-sts TXT \"v=STSv1\"".to_owned(), Code::MtaStsSyntax),
        ("_smtp._tls TXT \"v=TLSRPTv1\"".to_owned(), Code::TlsRptSyntax),
    ];
    for (text, code) in cases {
        let found = with(&text);
        assert!(has(&found, code, code.entry().level), "{text}: {found:#?}");
    }
}

#[test]
fn spf_host_is_no_mail_host() {
    let hosts =
        "@ A 198.18.9.9\nwww A 198.18.9.8\n@ MX 10 mx1.hosts.com.\n_dmarc TXT \"v=DMARC1; p=reject\"\n";
    for spf in [
        "a mx",
        "a mx a:www.faulty.com",
        "mx ip4:198.18.8.0/24",
        "mx ip4:198.18.9.8",
        "a",
        "ip4:198.18.9.0/24",
    ] {
        let found = of(&format!("{hosts}@ TXT \"v=spf1 {spf} -all\"\n"), &[]);
        let bad: Vec<&Finding> = found.iter().filter(|finding| finding.level < Level::Note).collect();
        assert!(bad.is_empty(), "{spf}: {bad:#?}");
    }
    // The domain receives no mail, but its web server may send mail.
    let found =
        of("@ A 198.18.9.9\n@ MX 0 .\n@ TXT \"v=spf1 a -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n", &[]);
    assert!(found.iter().all(|finding| finding.level >= Level::Note), "{found:#?}");
}

#[test]
fn sending_address_is_checked_with_spf() {
    let from = |address: &str| {
        let subject = CheckSubject { address: Some(address.parse().unwrap()), ..domain("faulty.com.") };
        findings(tree(SOUND, &[]).build().unwrap(), subject, false)
    };
    let good = from("198.18.9.1");
    assert!(
        has(&good, Code::SpfFromPasses, Level::Ok) && has(&good, Code::PointerOk, Level::Ok),
        "{good:#?}"
    );
    let bad = from("198.18.9.9");
    let first: Vec<Code> = bad.iter().take(2).map(|finding| finding.code).collect();
    assert_eq!(first, [Code::SpfFromFails, Code::PtrMissing]);
}

#[test]
fn stale_cached_records_are_first() {
    let lab = Arc::new(tree(SOUND, &[]).build().unwrap());
    let moved = tree(&SOUND.replace("MX 10 mx1", "MX 5 mx1"), &[]).build().unwrap();
    let found = paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config_for(&lab), 1);
        check(&simulation, domain("faulty.com.")).await;
        for server in ["ns1.hosts.com", "ns2.hosts.com"] {
            lab.server(server).unwrap().set_authority(moved.server(server).unwrap().authority());
        }
        check(&simulation, domain("faulty.com.")).await.1
    });
    let first = found.first().unwrap();
    assert_eq!(first.code, Code::CachedHere, "{found:#?}");
    assert!(
        first.evidence.starts_with("faulty.com. MX: this host still uses 10 mx1.hosts.com., "),
        "{}",
        first.evidence
    );
    assert!(first.evidence.contains("have 20 mx2.hosts.com., 5 mx1.hosts.com."), "{}", first.evidence);
}

#[test]
fn changed_record_is_judged_immediately() {
    let lab = Arc::new(tree(SOUND, &[]).build().unwrap());
    let broken =
        SOUND.replace("MX 10 mx1.hosts.com.", "MX 10 198.18.9.1.").replace("v=spf1 mx -all", "v=spf1 +all");
    let (broken, sound) = (tree(&broken, &[]).build().unwrap(), tree(SOUND, &[]).build().unwrap());
    let change = |other: &Lab| {
        for server in ["ns1.hosts.com", "ns2.hosts.com"] {
            lab.server(server).unwrap().set_authority(other.server(server).unwrap().authority());
        }
    };
    paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config_for(&lab), 1);
        let codes = [Code::MxIsAddress, Code::SpfAllowsAll, Code::CachedHere];
        for (turn, is_broken) in [(0, false), (1, true), (2, false)] {
            if turn > 0 {
                change(if is_broken { &broken } else { &sound });
            }
            let found = check(&simulation, domain("faulty.com.")).await.1;
            for code in codes {
                assert_eq!(has(&found, code, code.entry().level), is_broken, "{turn} {code:?}: {found:#?}");
            }
            let old = found.iter().find(|finding| finding.code == Code::CachedHere);
            let text = "faulty.com. TXT: this host still uses \"v=spf1 mx -all\" until ";
            assert!(old.is_none_or(|old| old.evidence.contains(text)), "{old:?}");
        }
    });
}

#[test]
fn differing_policies_name_server() {
    let other = SOUND.replace("v=spf1 mx -all", "v=spf1 +all").replace("p=reject", "p=quarantine");
    let other = tree(&other, &[]).build().unwrap();
    let mut cached = [false; 2];
    for seed in 1..=16 {
        let lab = Arc::new(tree(SOUND, &[]).build().unwrap());
        lab.server("ns2.hosts.com")
            .unwrap()
            .set_authority(other.server("ns2.hosts.com").unwrap().authority());
        let (facts, found) = paused(async {
            let simulation = Simulation::new(Arc::clone(&lab), config_for(&lab), seed);
            check(&simulation, domain("faulty.com.")).await
        });
        // The seed determines which of the two servers the daemon has queried. After the loop, `cached` shows that both cases occurred.
        cached[usize::from(!facts.cached.is_empty())] = true;
        let first = found.first().unwrap();
        assert_eq!((first.code, first.level), (Code::RecordsDiffer, Level::Failure), "{seed}: {found:#?}");
        let text = "198.18.4.1 (ns2.hosts.com.) has \"v=spf1 +all\"";
        assert!(first.evidence.contains(text), "{}", first.evidence);
        let wrong = [Code::SpfOk, Code::DmarcOk, Code::DelegationOk, Code::CachedHere];
        assert!(found.iter().all(|finding| !wrong.contains(&finding.code)), "{seed}: {found:#?}");
    }
    assert_eq!(cached, [true; 2]);
}

#[test]
fn top_level_domain_uses_root_parent() {
    let found = findings(tree(SOUND, &[]).build().unwrap(), domain("com."), true);
    assert!(found.iter().all(|finding| finding.level != Level::CouldNotTell), "{found:#?}");
}

#[test]
fn unusable_tlsa_records_are_named() {
    let mut tree = tree("@ MX 10 mx.faulty.com.\nmx A 198.18.9.1\n_25._tcp.mx TLSA 1 1 1 AB\n", &[]);
    for zone in [".", "com.", "faulty.com."] {
        tree.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    let found = findings(tree.build().unwrap(), domain("faulty.com."), true);
    assert!(has(&found, Code::TlsaUnusable, Level::Warning), "{found:#?}");
}

// Of a name server and of an SPF term.
#[test]
fn circular_aliases_are_reported() {
    let of = |name: &str, text: &str| {
        let mut tree = tree(text, &[]);
        let circle = "loop1 CNAME loop2\nloop2 CNAME loop1\n";
        tree.zone("loops.com.", &names(&["ns1.hosts.com"]), circle).unwrap();
        tree.server(ServerPlan::new("loop1.loops.com", Vec::new())).unwrap();
        tree.zone("circled.com.", &names(&["ns1.hosts.com", "loop1.loops.com"]), SOUND).unwrap();
        findings(tree.build().unwrap(), domain(name), false)
    };
    let circle = "aliases in a circle: loop1.loops.com. CNAME loop2.loops.com. CNAME loop1.loops.com.";
    let of_code = |found: &[Finding], code: Code| {
        let told = found.iter().find(|finding| finding.code == code);
        told.unwrap_or_else(|| panic!("{found:#?}")).clone()
    };
    let found = of("circled.com.", SOUND);
    let told = of_code(&found, Code::NsWithoutAddress);
    assert_eq!(told.evidence, format!("loop1.loops.com. A: {circle}"), "{found:#?}");
    of_code(&found, Code::NsSingle);
    assert!(found.iter().all(|finding| finding.code != Code::DelegationOk), "{found:#?}");
    let found = of("faulty.com.", &SOUND.replace("v=spf1 mx", "v=spf1 a:loop1.loops.com mx"));
    let told = of_code(&found, Code::SpfUnanswered);
    assert_eq!(
        (told.level, &told.evidence),
        (Level::Failure, &format!("loop1.loops.com. A: {circle}")),
        "{found:#?}"
    );
    assert_eq!(found[0].code, Code::SpfUnanswered, "{found:#?}");
}

// The zone has so many servers and mail hosts that the queries are limited.
#[test]
fn dead_servers_precede_mail_comparisons() {
    let mut tree = tree(SOUND, &[]);
    let servers: Vec<String> = (1..=13).map(|number| format!("n{number}.hosts.com")).collect();
    for (number, name) in (1..).zip(&servers) {
        let mut plan = ServerPlan::new(name, vec![[198, 18, 30 + number, 1].into()]);
        plan.faults = if number > 7 { vec![Fault::Dead] } else { Vec::new() };
        tree.server(plan).unwrap();
    }
    let mail = (1..=20).map(|number| format!("@ MX {number} mx{number}\nmx{number} A 198.18.9.{number}\n"));
    let includes: String = (1..=9).map(|number| format!("include:i{number}.faulty.com ")).collect();
    let included = (1..=9).map(|number| format!("i{number} TXT \"v=spf1 ip4:198.18.9.{number} -all\"\n"));
    let text = format!(
        "{}@ TXT \"v=spf1 {includes}-all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n{}",
        mail.collect::<String>(),
        included.collect::<String>()
    );
    tree.zone("faulty.com.", &servers, &text).unwrap();
    let found = findings(tree.build().unwrap(), domain("faulty.com."), false);
    let silent = found.iter().find(|finding| finding.code == Code::NsSilent);
    let silent = silent.unwrap_or_else(|| panic!("{found:#?}"));
    assert!(
        silent.evidence.contains("each of 6 servers answers neither over UDP nor over TCP"),
        "{silent:#?}"
    );
    assert!(found.iter().all(|finding| finding.code != Code::DelegationUnknown), "{found:#?}");
}
