//! `resolverctl why` must name the culprit of each fault in an email among healthy traffic.

#![cfg(feature = "lab")]

mod answers;
mod costs;
mod mails;

use std::net::IpAddr;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::rr::RecordType;

use dns::question::{Outcome, wire_name};
use explain::limits::MAX_WHY_QUESTIONS;
use explain::spent::Stage;
use explain::why::{MessageReport, Wanted, WantedSubject};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{ask, ask_with, name};
use lab::server::Distance;
use lab::signing::{Flaw, Signing};
use lab::simulation::{Flags, Simulation, config_trusting, paused};
use lab::world::ServerPlan;
use record::culprit::CulpritKind;
use record::redact::Secrets;
use record::{ReadSpan, Window};
use resolverctl::pasted;

/// The records of a mail domain.
const MAIL: &str = "\
@ 300 MX 10 mx
@ 300 TXT \"v=spf1 mx include:_spf.@ -all\"
mx 300 A 198.51.100.7
_dmarc 300 TXT \"v=DMARC1; p=none\"
txt 300 TXT \"none\"
null 300 MX 0 .
* 300 A 198.51.100.8
";

/// Zones with a fault, each with the round trip of its servers in milliseconds and the packets lost per thousand.
const ZONES: [(&str, &[Fault], u64, u32); 11] = [
    ("silent.tld.", &[Fault::Dead], 20, 0),
    ("dead.tld.", &[Fault::Dead], 20, 0),
    ("slow.tld.", &[], 1_800, 0),
    ("refused.tld.", &[Fault::Refused], 20, 0),
    ("lame.tld.", &[Fault::UpwardReferral], 20, 0),
    ("cut.tld.", &[Fault::AlwaysTruncates, Fault::NoTcp], 20, 0),
    ("bogus.tld.", &[], 20, 0),
    ("lossy.tld.", &[], 20, 300),
    ("fine.tld.", &[], 20, 0),
    ("healthy.tld.", &[], 20, 0),
    ("nohost.tld.", &[], 20, 0),
];

/// DNS lists of the built-in registry, each with the faults of its servers.
const LISTS: [(&str, &[Fault]); 6] = [
    ("zen.spamhaus.org.", &[]),
    ("dbl.spamhaus.org.", &[]),
    ("bl.spamcop.net.", &[Fault::Dead]),
    ("psbl.surriel.com.", &[Fault::Refused]),
    (KEYED, &[Fault::Dead]),
    ("dbl.dq.spamhaus.net.", &[]),
];

/// A zone whose name is a customer key and the name of the DNS list dbl.dq.spamhaus.net. The server of this zone does not answer.
const KEY_ZONE: &str = "secret2.dbl.dq.spamhaus.net.";

/// The reverse name of an address whose PTR record names a host with another address.
const POINTER: &str = "16.7.6.5.in-addr.arpa.";

/// Clients send a key in the names of this DNS list.
const KEYED: &str = "zen.dq.spamhaus.net.";

fn world() -> Simulation {
    let mut tree = Tree::default();
    let mut last = 0_u8;
    let mut server = |tree: &mut Tree, name: &str, faults: &[Fault], millis: u64, loss: u32| {
        last += 1;
        let mut plan = ServerPlan::new(name, vec![IpAddr::from([192, 0, 2, last])]);
        plan.distance = Distance { loss_per_mille: loss, ..Distance::steady(Duration::from_millis(millis)) };
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
        name.to_owned()
    };
    let root = server(&mut tree, "a.root", &[], 10, 0);
    tree.zone(".", &[root], "").unwrap();
    tree.sign(".", Some(Signing::default())).unwrap();
    let tld = server(&mut tree, "ns.tld", &[], 15, 0);
    tree.zone("tld.", &[tld], "").unwrap();
    tree.sign("tld.", Some(Signing::default())).unwrap();
    for (zone, faults, millis, loss) in ZONES {
        let base = zone.trim_end_matches('.');
        let server = server(&mut tree, &format!("ns1.{base}"), faults, millis, loss);
        let text = match zone {
            "nohost.tld." => "@ 300 MX 10 mail\n".to_owned(),
            _ => MAIL.replace("_spf.@", &format!("_spf.{base}")),
        };
        tree.zone(zone, &[server], &text).unwrap();
        if zone == "bogus.tld." {
            tree.sign(zone, Some(Signing { flaws: vec![Flaw::Expired], ..Signing::default() })).unwrap();
        }
    }
    for (apex, faults) in LISTS {
        let server = server(&mut tree, &format!("ns1.{}", apex.trim_end_matches('.')), faults, 30, 0);
        tree.zone(
            apex,
            &[server],
            "2.0.0.127 60 A 127.0.0.2\n7.100.51.198 60 A 127.0.0.4\nbad.tld 60 A 127.0.1.2\n",
        )
        .unwrap();
    }
    let pointer = server(&mut tree, "ns1.pointer.tld", &[], 20, 0);
    tree.zone(POINTER, &[pointer], "@ 300 PTR mx.fine.tld.\n").unwrap();
    let of_key = server(&mut tree, "ns1.keys.tld", &[Fault::Dead], 30, 0);
    tree.zone(KEY_ZONE, &[of_key], "").unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let config = config_trusting(&lab);
    Simulation::new(lab, config, 11)
}

async fn mail(simulation: &Simulation, domain: &str) {
    let questions = [
        (domain.to_owned(), RecordType::MX),
        (format!("mx.{domain}"), RecordType::A),
        (domain.to_owned(), RecordType::TXT),
        (format!("_dmarc.{domain}"), RecordType::TXT),
    ];
    for (text, kind) in questions {
        ask(simulation, &text, kind).await;
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
}

async fn check(simulation: &Simulation, reversed: &str, list: &str) {
    ask(simulation, &format!("{reversed}.{list}"), RecordType::A).await;
}

/// Another gateway with healthy mail asks a question every hundred milliseconds.
async fn healthy(simulation: &Simulation) {
    let client = Some([198, 18, 0, 1].into());
    for number in 0_u32.. {
        let flags = Flags { client, ..Flags::default() };
        ask_with(simulation, &format!("w{number}.healthy.tld."), RecordType::A, flags).await;
        tokio::time::sleep(Duration::from_millis(80)).await;
    }
}

async fn among_others<Work: Future>(simulation: &Simulation, work: Work) {
    tokio::select! {
        biased;
        _ = work => {}
        () = healthy(simulation) => {}
    }
}

async fn why(simulation: &Simulation, subject: Option<WantedSubject>) -> Vec<MessageReport> {
    simulation.explainer().why(wanted(subject)).await
}

fn wanted(subject: Option<WantedSubject>) -> Wanted {
    Wanted { subject, from: 0, to: u64::MAX, client: None, most: 20, decisive: None }
}

/// Returns the report about the slowest email to or from a domain.
async fn of_domain(simulation: &Simulation, domain: &str) -> MessageReport {
    let subject = WantedSubject::Name(wire_name(&name(domain)).into());
    why(simulation, Some(subject)).await.into_iter().next().unwrap()
}

/// Returns the time at which the email ended, as in a log line.
fn at_the_end_of(report: &MessageReport) -> String {
    jiff::Timestamp::from_second((report.began + report.took) as i64).unwrap().to_string()
}

/// Returns a line of Postfix, which has deferred the email because of a failed lookup. The line shows how long the email waited for DNS.
fn deferred(domain: &str, report: &MessageReport) -> String {
    let (base, at, waited) = (domain.trim_end_matches('.'), at_the_end_of(report), report.waited);
    format!(
        "{at} mx postfix/smtp[9]: 4A1B2C: to=<a@{base}>, relay=none, delay=60, delays=0.1/0.01/{waited:.2}/0, dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name={base} type=MX: Host not found, try again)"
    )
}

/// Returns the report that `resolverctl why -` finds for a log line.
async fn pasted(simulation: &Simulation, text: &str) -> MessageReport {
    let line = pasted::read(text, 1_795_305_600.0).remove(0);
    let mut found = Vec::new();
    for subject in &line.subjects {
        let subject = match subject.parse() {
            Ok(address) => WantedSubject::Address(address),
            Err(_) => WantedSubject::Name(wire_name(&name(&format!("{subject}."))).into()),
        };
        found.extend(why(simulation, Some(subject)).await);
    }
    pasted::settle(&line, found, &|began| began.to_string()).remove(0)
}

fn kind_of(report: &MessageReport) -> (CulpritKind, &str, usize) {
    (report.culprit.kind, report.culprit.zone.as_deref().unwrap_or_default(), report.also.len())
}

#[test]
fn each_domain_fault_is_named() {
    use CulpritKind as Kind;
    paused(async {
        for (domain, kind) in [
            ("silent.tld.", Kind::ServerSilent),
            ("slow.tld.", Kind::ServerSlow),
            ("refused.tld.", Kind::ServerRefused),
            ("lame.tld.", Kind::ServerLame),
            ("cut.tld.", Kind::Truncated),
            ("bogus.tld.", Kind::Bogus),
        ] {
            let simulation = world();
            among_others(&simulation, mail(&simulation, domain)).await;
            let report = of_domain(&simulation, domain).await;
            assert_eq!(kind_of(&report), (kind, domain, 0), "{report:#?}");
            assert!(report.questions.len() == 4 && !report.culprit.advice.is_empty(), "{report:#?}");
            assert!(report.waited <= report.took, "{report:#?}");
            assert_eq!(report.client, "127.0.0.1");
            // The slowest of all emails is this email.
            let mut worst = why(&simulation, None).await.remove(0);
            for (one, other) in worst.questions.iter_mut().zip(&report.questions) {
                one.of_subject = other.of_subject;
            }
            assert_eq!(worst, report);
            let line = pasted(&simulation, &deferred(domain, &report)).await;
            assert_eq!(kind_of(&line), kind_of(&report), "{line:#?}");
        }
    });
}

#[test]
fn cause_of_wanted_name_comes_first() {
    paused(async {
        let simulation = world();
        let work = async {
            ask(&simulation, "refused.tld.", RecordType::A).await;
            ask(&simulation, "silent.tld.", RecordType::A).await;
        };
        among_others(&simulation, work).await;
        let refused = of_domain(&simulation, "refused.tld.").await;
        assert_eq!(kind_of(&refused), (CulpritKind::ServerRefused, "refused.tld.", 1), "{refused:#?}");
        assert_eq!(refused.also[0].zone.as_deref(), Some("silent.tld."), "{refused:#?}");
        let silent = of_domain(&simulation, "silent.tld.").await;
        assert_eq!(kind_of(&silent), (CulpritKind::ServerSilent, "silent.tld.", 0), "{silent:#?}");
    });
}

// The worse email had the wanted name from the cache.
#[test]
fn waiting_mail_precedes_cached_mail() {
    paused(async {
        let simulation = world();
        let work = async {
            ask(&simulation, "slow.tld.", RecordType::A).await;
            tokio::time::sleep(Duration::from_secs(10)).await;
            ask(&simulation, "slow.tld.", RecordType::A).await;
            ask(&simulation, "silent.tld.", RecordType::A).await;
        };
        among_others(&simulation, work).await;
        let subject = WantedSubject::Name(wire_name(&name("slow.tld.")).into());
        let found = why(&simulation, Some(subject)).await;
        let kinds: Vec<_> = found.iter().map(kind_of).collect();
        let wanted =
            [(CulpritKind::ServerSlow, "slow.tld.", 0), (CulpritKind::ServerSilent, "silent.tld.", 0)];
        assert_eq!(kinds, wanted, "{found:#?}");
        assert!(found[0].waited < found[1].waited, "{found:#?}");
    });
}

#[test]
fn fine_mail_has_no_culprit() {
    paused(async {
        let simulation = world();
        among_others(&simulation, mail(&simulation, "fine.tld.")).await;
        let report = of_domain(&simulation, "fine.tld.").await;
        assert_eq!(kind_of(&report), (CulpritKind::None, "", 0), "{report:#?}");
        let line = format!(
            "{} mx postfix/smtp[9]: 4A: to=<a@fine.tld>, relay=mx.fine.tld[198.51.100.7]:25, delay=31, delays=0.1/0.01/30/0.9, dsn=2.0.0, status=sent",
            at_the_end_of(&report)
        );
        assert_eq!(pasted(&simulation, &line).await.culprit.kind, CulpritKind::NotDns);
        let report = of_domain(&simulation, "never-asked.tld.").await;
        assert_eq!(kind_of(&report), (CulpritKind::Unknown, "", 0));
        assert!(report.began > 0.0 && report.questions.is_empty());
    });
}

#[test]
fn silent_and_refusing_lists_are_named() {
    paused(async {
        for (list, kind) in
            [("bl.spamcop.net.", CulpritKind::ListSilent), ("psbl.surriel.com.", CulpritKind::ListRefused)]
        {
            let simulation = world();
            let work = async {
                let lists = ["zen.spamhaus.org.", list];
                join_all(lists.map(|list| check(&simulation, "9.100.51.198", list))).await;
                mail(&simulation, "fine.tld.").await;
            };
            among_others(&simulation, work).await;
            let address = WantedSubject::Address([198, 51, 100, 9].into());
            let report = why(&simulation, Some(address)).await.remove(0);
            assert_eq!(kind_of(&report), (kind, list, 0), "{report:#?}");
            assert_eq!(report.culprit.list.as_deref(), Some(list));
            // The first client gets its reply before the resolution ends. The report about its query must still have the messages of the
            // resolution.
            let of_list = report.questions.iter().find(|question| question.name.ends_with(list)).unwrap();
            assert!(!of_list.messages.is_empty(), "{of_list:#?}");
        }
    });
}

#[test]
fn list_key_is_redacted() {
    paused(async {
        let simulation = world();
        among_others(&simulation, check(&simulation, "9.100.51.198.secret1", KEYED)).await;
        let found = why(&simulation, Some(WantedSubject::Address([198, 51, 100, 9].into()))).await;
        assert_eq!(kind_of(&found[0]), (CulpritKind::ListSilent, KEYED, 0), "{found:#?}");
        let name = format!("9.100.51.198._key.{KEYED}");
        assert!(found[0].questions.iter().all(|question| question.name == name), "{found:#?}");
        // After this pause, the queries belong to another email.
        tokio::time::sleep(Duration::from_secs(5)).await;
        check(&simulation, "shop.test", KEY_ZONE).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        check(&simulation, "store.test", KEY_ZONE).await;
        let of_shop = of_domain(&simulation, "shop.test.").await;
        assert_eq!(kind_of(&of_shop), (CulpritKind::ListSilent, "dbl.dq.spamhaus.net.", 0), "{of_shop:#?}");
        let all = [found, why(&simulation, None).await];
        assert!(!serde_json::to_string(&all).unwrap().contains("secret"), "{all:#?}");
    });
}

#[test]
fn loss_on_path_is_no_silence() {
    paused(async {
        let simulation = world();
        let work = async {
            for number in 0..40 {
                ask(&simulation, &format!("w{number}.lossy.tld."), RecordType::A).await;
            }
        };
        among_others(&simulation, work).await;
        let report = of_domain(&simulation, "lossy.tld.").await;
        assert_eq!(kind_of(&report), (CulpritKind::Loss, "lossy.tld.", 0), "{report:#?}");
    });
}

#[test]
fn total_outage_blames_own_network() {
    paused(async {
        let simulation = world();
        // The background tasks query root servers while no server answers.
        let _tasks = simulation.tend();
        among_others(&simulation, mail(&simulation, "fine.tld.")).await;
        tokio::time::sleep(Duration::from_secs(400)).await;
        simulation.network().set_loss(1_000);
        let work = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            mail(&simulation, "fine.tld.").await;
            mail(&simulation, "slow.tld.").await;
        };
        among_others(&simulation, work).await;
        for domain in ["fine.tld.", "slow.tld."] {
            let report = of_domain(&simulation, domain).await;
            assert_eq!(report.culprit.kind, CulpritKind::Network, "{report:#?}");
        }
    });
}

// Two silent zones at an idle gateway are no outage of the own network.
#[test]
fn idle_gateway_blames_silent_zones() {
    paused(async {
        let simulation = world();
        // The cache knows both domains. While their servers are silent, no other questions are asked.
        join_all([mail(&simulation, "silent.tld."), mail(&simulation, "dead.tld.")]).await;
        for domain in ["silent.tld.", "dead.tld."] {
            tokio::time::sleep(Duration::from_secs(300)).await;
            let asked = ["silent.tld.", "dead.tld."].map(|zone| format!("at{domain}{zone}"));
            join_all(asked.each_ref().map(|text| ask(&simulation, text, RecordType::A))).await;
        }
        for domain in ["silent.tld.", "dead.tld."] {
            let report = of_domain(&simulation, domain).await;
            assert_eq!(report.culprit.kind, CulpritKind::ServerSilent, "{report:#?}");
        }
    });
}

#[test]
fn known_silent_zone_names_server() {
    paused(async {
        let simulation = world();
        among_others(&simulation, mail(&simulation, "silent.tld.")).await;
        // The failures of the first email no longer count for another email.
        tokio::time::sleep(Duration::from_secs(90)).await;
        ask(&simulation, "other.silent.tld.", RecordType::A).await;
        let report = of_domain(&simulation, "other.silent.tld.").await;
        let [question] = &report.questions[..] else { panic!("{report:#?}") };
        // The parent zone may be queried, but not the silent server.
        let is_asked = question.messages.iter().any(|message| message.zone == "silent.tld.");
        assert!(!is_asked && question.elapsed < 0.1, "{report:#?}");
        assert_eq!(kind_of(&report), (CulpritKind::ServerSilent, "silent.tld.", 0), "{report:#?}");
        let silent = of_domain(&simulation, "silent.tld.").await;
        assert!(
            report.culprit.server.is_some() && report.culprit.server == silent.culprit.server,
            "{report:#?}"
        );
    });
}

#[test]
fn held_list_is_named_hours_later() {
    paused(async {
        for (list, kind) in
            [("bl.spamcop.net.", CulpritKind::ListSilent), ("psbl.surriel.com.", CulpritKind::ListRefused)]
        {
            let simulation = world();
            for last in 1..=12 {
                check(&simulation, &format!("{last}.100.51.198"), list).await;
            }
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            check(&simulation, "99.100.51.198", list).await;
            let address = WantedSubject::Address([198, 51, 100, 99].into());
            let report = why(&simulation, Some(address)).await.remove(0);
            assert_eq!(kind_of(&report), (kind, list, 0), "{report:#?}");
        }
    });
}

#[test]
fn history_has_one_reader_at_once() {
    let simulation = paused(async { world() });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    runtime.block_on(async {
        let resolver = Arc::clone(simulation.resolver());
        let held = Arc::new(Barrier::new(2));
        let memory = resolver.memory().clone();
        let other = Arc::clone(&held);
        let walk = tokio::spawn(async move {
            memory
                .walk(move |_| {
                    other.wait();
                    other.wait().is_leader()
                })
                .await
        });
        // From here on, the other task is reading the cache.
        held.wait();
        let mut reading = std::pin::pin!(simulation.explainer().why(wanted(None)));
        let others = async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            _ = &mut reading => panic!("it has not waited for the other"),
            () = others => {}
        }
        held.wait();
        walk.await.unwrap();
        assert_eq!(reading.await.len(), 1);
    });
}

#[test]
fn batched_requests_match_single_requests() {
    paused(async {
        let simulation = world();
        among_others(&simulation, mail(&simulation, "slow.tld.")).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        among_others(&simulation, mail(&simulation, "refused.tld.")).await;
        let of_name = |text| wanted(Some(WantedSubject::Name(wire_name(&name(text)).into())));
        let slow = simulation.explainer().why(of_name("slow.tld.")).await.remove(0);
        let (from, to) = ((slow.began * 1e6) as u64, ((slow.began + slow.took) * 1e6) as u64);
        let near = |text| Wanted { from, to, ..of_name(text) };
        let client = Some("198.18.0.0/24".parse().unwrap());
        let each = vec![
            of_name("slow.tld."),
            near("slow.tld."),
            near("refused.tld."),
            of_name("refused.tld."),
            of_name("never.tld."),
            wanted(Some(WantedSubject::Address([198, 51, 100, 7].into()))),
            Wanted { most: 3, ..wanted(None) },
            Wanted { client, from, to, most: 3, ..wanted(None) },
        ];
        let together = simulation.explainer().why_each(each.clone()).await;
        assert_eq!(together.len(), each.len());
        for (one, found) in each.into_iter().zip(together) {
            assert!(!found.is_empty() && simulation.explainer().why(one.clone()).await == found, "{one:?}");
        }
    });
}

#[test]
fn sleeping_client_is_not_dns() {
    paused(async {
        let simulation = world();
        let work = async {
            ask(&simulation, "fine.tld.", RecordType::MX).await;
            tokio::time::sleep(Duration::from_millis(1_900)).await;
            ask(&simulation, "mx.fine.tld.", RecordType::A).await;
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            ask(&simulation, "fine.tld.", RecordType::TXT).await;
        };
        among_others(&simulation, work).await;
        let report = of_domain(&simulation, "fine.tld.").await;
        assert_eq!(kind_of(&report), (CulpritKind::Client, "", 0), "{report:#?}");
        assert!(report
                .culprit
                .evidence
                .starts_with("the client sent no query for 3.4 s of 3.5 s; the longest pause, 1.9 s, was before mx.fine.tld. A"), "{report:#?}");
    });
}

// The first, the wanted, the failed and the slowest questions are shown.
#[test]
fn long_message_shows_decisive_questions() {
    paused(async {
        let simulation = world();
        let work = async {
            ask(&simulation, "fine.tld.", RecordType::MX).await;
            // A content filter looks up the domains of links in a DNS list, and then the addresses of these domains.
            ask(&simulation, "fine.tld.", RecordType::TXT).await;
            for domain in ["refused.tld", "slow.tld"] {
                check(&simulation, &format!("{domain}.secret1"), "dbl.dq.spamhaus.net.").await;
            }
            for number in 0..250 {
                ask(&simulation, &format!("w{number}.fine.tld."), RecordType::A).await;
            }
            ask(&simulation, "x.refused.tld.", RecordType::A).await;
            ask(&simulation, "x.slow.tld.", RecordType::A).await;
            ask(&simulation, "w0.fine.tld.", RecordType::A).await;
        };
        among_others(&simulation, work).await;
        let report = of_domain(&simulation, "w0.fine.tld.").await;
        let names: Vec<&str> = report.questions.iter().map(|question| question.name.as_str()).collect();
        assert_eq!((names.len() as u64 + report.left_out, names.len()), (257, MAX_WHY_QUESTIONS));
        let lists = ["refused.tld._key.dbl.dq.spamhaus.net.", "slow.tld._key.dbl.dq.spamhaus.net."];
        assert_eq!(names[..5], ["fine.tld.", "fine.tld.", lists[0], lists[1], "w0.fine.tld."]);
        assert!(names.ends_with(&["x.refused.tld.", "x.slow.tld.", "w0.fine.tld."]), "{names:?}");
        assert!(report.questions.is_sorted_by_key(|question| question.at));
        let of_subject = report.questions.iter().filter(|question| question.of_subject);
        assert_eq!(of_subject.count(), 2);
    });
}

#[test]
fn address_finds_hosts_and_clients() {
    paused(async {
        let simulation = world();
        among_others(&simulation, mail(&simulation, "fine.tld.")).await;
        let found = why(&simulation, Some(WantedSubject::Address([198, 51, 100, 7].into()))).await;
        assert!(found.iter().all(|report| report.client == "127.0.0.1"), "{found:#?}");
        assert!(found[0].questions.iter().any(|question| question.name == "mx.fine.tld."));
        let client = Some("198.18.0.0/24".parse().unwrap());
        let wanted = Wanted { subject: None, from: 0, to: u64::MAX, client, most: 20, decisive: None };
        let found = simulation.explainer().why(wanted).await;
        assert!(found.iter().all(|report| report.client == "198.18.0.1"), "{found:#?}");
    });
}

#[test]
fn question_after_failure_has_its_cause() {
    paused(async {
        let simulation = world();
        among_others(&simulation, mail(&simulation, "silent.tld.")).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let reply = ask(&simulation, "silent.tld.", RecordType::MX).await;
        assert!(matches!(reply.outcome, Outcome::Remembered | Outcome::Failed), "{:?}", reply.outcome);
        let found = why(&simulation, Some(WantedSubject::Name(wire_name(&name("silent.tld.")).into()))).await;
        assert_eq!(found.len(), 2);
        for report in found {
            assert_eq!(report.culprit.kind, CulpritKind::ServerSilent, "{report:#?}");
        }
        let report = simulation.recorder().report(Window::Start);
        let everything = simulation.recorder().recorded(&ReadSpan::default(), &Secrets::default());
        assert_eq!(report.questions, everything.questions.len() as u64);
    });
}

/// Questions and resolutions are counted at different times. `resolverctl stats --help` states by how much their numbers may differ.
#[test]
fn resolution_is_counted_at_its_end() {
    paused(async {
        let simulation = world();
        let recorder = simulation.recorder();
        let asked = ask(&simulation, "www.silent.tld.", RecordType::A).await;
        assert!(asked.outcome.is_failure(), "{asked:?}");
        let ended = || recorder.by_zone(Window::Start).iter().map(|row| row.flights).sum::<u64>();
        let before = ended();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!((before, ended()), (0, 1));
    });
}

#[test]
fn question_time_is_split_by_stage() {
    paused(async {
        let simulation = world();
        let begun = simulation.clock().mono();
        let asked = ask(&simulation, "www.bogus.tld.", RecordType::A).await;
        assert!(asked.outcome.is_failure(), "{asked:?}");
        let took = simulation.clock().mono().since(begun).as_secs_f64();
        let rows = simulation.explainer().stages(0).await.rows;
        let spent = |stage| rows.iter().find(|row| row.stage == stage).map_or(0.0, |row| row.spent);
        // The keys of the root and of tld. arrive while the resolution waits for other answers. Only those of bogus.tld. arrive later.
        assert!(spent(Stage::Waiting) > 0.04 && spent(Stage::Validation) > 0.01, "{rows:#?}");
        let sum: f64 = rows.iter().map(|row| row.spent).sum();
        assert!((sum - took).abs() < 0.001, "{sum} of {took}: {rows:#?}");
    });
}
