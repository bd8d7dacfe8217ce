//! The faults of a night, six hours of healthy traffic, and a restart. From the data on the disk, `resolverctl why` must still report each
//! culprit.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use tokio::time::sleep;

use crate::night::failures::{of, zone_of_one_server};
use crate::night::log::lines;
use crate::night::tell;
use explain::failed::FailedWanted;
use explain::why::MessageReport;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{ask, ask_with};
use lab::server::Distance;
use lab::signing::{Flaw, Signing};
use lab::simulation::{Flags, Simulation, config_trusting};
use lab::world::Lab;
use record::culprit::CulpritKind;
use record::limits::MIN_RECORD;
use record::store::Store;
use resolverctl::pasted;
use stage::memory_store::MemoryStore;

/// Mail domains and DNS lists with their faults, the round trip of their servers in milliseconds, and the culprit.
const FAULTS: [(&str, &[Fault], u64, CulpritKind); 10] = [
    ("silent.tld.", &[Fault::Dead], 20, CulpritKind::ServerSilent),
    ("slow.tld.", &[], 1_800, CulpritKind::ServerSlow),
    ("refused.tld.", &[Fault::Refused], 20, CulpritKind::ServerRefused),
    ("lame.tld.", &[Fault::UpwardReferral], 20, CulpritKind::ServerLame),
    ("cut.tld.", &[Fault::AlwaysTruncates, Fault::NoTcp], 20, CulpritKind::Truncated),
    ("bogus.tld.", &[], 20, CulpritKind::Bogus),
    (LOSSY, &[], 300, CulpritKind::Loss),
    (CUT_OFF, &[], 20, CulpritKind::Network),
    ("psbl.surriel.com.", &[Fault::Refused], 20, CulpritKind::ListRefused),
    // This DNS list must be the last entry: its resolution fails, and is logged, only after its client has a reply. The log line of a further entry
    // could come before this line.
    ("bl.spamcop.net.", &[Fault::Dead], 20, CulpritKind::ListSilent),
];

/// The domain of an email whose client pauses between its questions. One of these questions is answered from the cache.
const SLEEPY: &str = "sleepy.tld.";

/// The network path of this mail domain loses 30 % of the packets.
const LOSSY: &str = "lossy.tld.";

/// Clients ask for this domain while no server answers.
const CUT_OFF: &str = "off.tld.";

/// Log lines about mail to slow.tld in which DNS is not the cause of the delay.
const ELSEWHERE: [&str; 9] = [
    "postfix/smtp[9]: 4A2: to=<a@slow.tld>, relay=mx[198.51.100.7]:25, delay=303, delays=0.1/300/2/0.9, dsn=2.0.0, status=sent (250 ok)",
    "postfix/smtp[9]: 4A3: to=<a@slow.tld>, relay=mx[198.51.100.7]:25, delay=63, delays=0.1/0.01/60/0.9, dsn=2.0.0, status=sent (250 ok)",
    "postfix/smtp[9]: 4A4: to=<a@slow.tld>, relay=mx[198.51.100.7]:25, delay=63, delays=0.1/0.01/2/60, dsn=2.0.0, status=sent (250 ok)",
    "postfix/smtp[9]: 4A5: to=<a@slow.tld>, relay=none, delay=301, delays=0.1/0.01/300/0, dsn=4.4.2, status=deferred (conversation with mx.slow.tld[198.51.100.7] timed out while receiving the initial server greeting)",
    "postfix/smtp[9]: 4A6: to=<a@slow.tld>, relay=none, delay=30, delays=0.1/0.01/30/0, dsn=4.4.1, status=deferred (connect to mx.slow.tld[198.51.100.7]:25: Connection timed out)",
    "postfix/smtp[9]: 4A7: to=<a@slow.tld>, relay=mx[198.51.100.7]:25, delay=603, delays=0.1/0.01/2/600, dsn=4.4.2, status=deferred (lost connection with mx[198.51.100.7] while sending end of data)",
    "postfix/lmtp[9]: 4A8: to=<a@slow.tld>, relay=127.0.0.1[127.0.0.1]:10024, delay=125, delays=0.1/0.01/0/125, dsn=2.0.0, status=sent (250 2.0.0 from MTA: 250 ok)",
    "postfix/qmgr[9]: 4A9: to=<a@slow.tld>, relay=none, delay=4000, delays=4000/0.1/0/0, dsn=4.0.0, status=deferred (delivery temporarily suspended: lost connection with mx[198.51.100.7])",
    "sendmail[9]: 4AA: to=<a@slow.tld>, delay=00:05:00, xdelay=00:04:58, mailer=esmtp, relay=mx. [198.51.100.7], dsn=2.0.0, stat=Sent",
];

/// The number of questions without faults: one every four seconds for six hours, each for a new name.
const QUESTIONS: u32 = 6 * 60 * 60 / 4;

fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut last = 0;
    let mut zone = |zone: &str, faults: &[Fault], millis: u64| {
        last += 1;
        let loss_per_mille = if zone == LOSSY { 300 } else { 0 };
        let distance = Distance { loss_per_mille, ..Distance::steady(Duration::from_millis(millis)) };
        zone_of_one_server(&mut tree, zone, last, faults, distance);
        if [".", "tld."].contains(&zone) {
            tree.sign(zone, Some(Signing::default())).unwrap();
        } else if zone == "bogus.tld." {
            tree.sign(zone, Some(Signing { flaws: vec![Flaw::Expired], ..Signing::default() })).unwrap();
        }
    };
    zone(".", &[], 10);
    zone("tld.", &[], 15);
    FAULTS.iter().for_each(|(domain, faults, millis, _)| zone(domain, faults, *millis));
    zone(SLEEPY, &[], 20);
    zone("fine.tld.", &[], 20);
    Arc::new(tree.build().unwrap())
}

/// Simulates the host. Its history of queries in memory is as small as possible.
fn host(store: Option<&Arc<MemoryStore>>) -> Simulation {
    let lab = lab();
    let mut config = config_trusting(&lab);
    config.history.size = Some(MIN_RECORD);
    let host = Simulation::new(lab, config, 5);
    if let Some(store) = store {
        host.recorder().store_in(Arc::clone(store) as Arc<dyn Store>);
    }
    host
}

fn asked(domain: &str) -> String {
    if domain.ends_with(".tld.") { format!("www.{domain}") } else { format!("9.100.51.198.{domain}") }
}

/// Asks the questions of an email whose client waits for three seconds in total.
async fn sleep_between(host: &Simulation) {
    for name in ["sleepy.tld.", "_dmarc.sleepy.tld.", "s1._domainkey.sleepy.tld."] {
        ask(host, name, RecordType::A).await;
        sleep(Duration::from_millis(1_500)).await;
    }
}

async fn of_sleepy(host: &Simulation) -> CulpritKind {
    host.explainer().why(of(SLEEPY)).await.remove(0).culprit.kind
}

async fn night(host: &Simulation) {
    let _tended = host.tend();
    let tells = tell(host);
    sleep_between(host).await;
    sleep(Duration::from_secs(5)).await;
    for (domain, ..) in FAULTS {
        let questions = if domain == LOSSY { 40_u8 } else { 1 };
        host.network().set_loss(if domain == CUT_OFF { 1_000 } else { 0 });
        for number in 0..questions {
            let name = if number == 0 { asked(domain) } else { format!("w{number}.{domain}") };
            // Each question has its own client, so each counts as a separate email. If one client asked them all, they would count as one email
            // that waited long, because the server is far away.
            let client = Some(IpAddr::from([198, 18, 1, number]));
            ask_with(host, &name, RecordType::A, Flags { client, ..Flags::default() }).await;
        }
        // The failures of the outage are written to the log within some seconds.
        sleep(Duration::from_secs(if domain == CUT_OFF { 10 } else { 0 })).await;
        host.network().set_loss(0);
        // After this pause, the queries belong to another email.
        sleep(Duration::from_secs(if domain == CUT_OFF { 120 } else { 5 })).await;
    }
    for number in 0..QUESTIONS {
        ask(host, &format!("w{number}.fine.tld."), RecordType::A).await;
        sleep(Duration::from_secs(4)).await;
    }
    tells.abort();
}

/// Returns the slowest email about each domain and DNS list.
async fn worst(host: &Simulation) -> Vec<MessageReport> {
    let mut reports = Vec::new();
    for (domain, ..) in FAULTS {
        let subject = if domain == LOSSY { domain.to_owned() } else { asked(domain) };
        reports.push(host.explainer().why(of(&subject)).await.remove(0));
    }
    reports
}

async fn culprits(host: &Simulation) -> Vec<CulpritKind> {
    worst(host).await.iter().map(|report| report.culprit.kind).collect()
}

/// Returns the culprit for a log line. The line gets the time at which the email of `report` was sent.
async fn pasted(host: &Simulation, report: &MessageReport, text: &str) -> CulpritKind {
    let parts = pasted::read(text, 0.0).remove(0).delay.parts;
    let sending = parts.map_or(0.0, |[.., sending]| sending);
    let at = jiff::Timestamp::from_second((report.began + report.took + sending) as i64).unwrap();
    let line = pasted::read(&format!("{at} mx {text}"), 1_795_305_600.0).remove(0);
    let mut found = Vec::new();
    for subject in line.subjects.iter().filter(|subject| subject.parse::<IpAddr>().is_err()) {
        found.extend(host.explainer().why(of(&format!("{subject}."))).await);
    }
    pasted::settle(&line, found, &|began| began.to_string())[0].culprit.kind
}

/// A line of Postfix about mail to each domain must lead to the right culprit, or to `NotDns` if DNS is not the cause of the delay.
async fn lines_are_settled(host: &Simulation) {
    let worst = worst(host).await;
    for (report, (domain, _, _, kind)) in worst.iter().zip(FAULTS) {
        let (base, waited) = (domain.trim_end_matches('.'), report.waited);
        let line = if domain.ends_with(".tld.") {
            format!(
                "postfix/smtp[9]: 4A1B2C: to=<a@{base}>, relay=none, delay=60, delays=0.1/0.01/{waited:.2}/0, dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name={base} type=MX: Host not found, try again)"
            )
        } else {
            format!(
                "postfix/dnsblog[9]: warning: dnsblog_query: lookup error for DNS query 9.100.51.198.{base}: Host or domain name not found. Name service error for name=9.100.51.198.{base} type=A: Host not found, try again"
            )
        };
        assert_eq!(pasted(host, report, &line).await, kind, "{domain}");
    }
    let sleepy = host.explainer().why(of(SLEEPY)).await.remove(0);
    let slept = "postfix/smtp[9]: 4B1: to=<a@sleepy.tld>, relay=mx[198.51.100.7]:25, delay=3.2, delays=3/0.01/0.1/0.1, dsn=2.0.0, status=sent (250 ok)";
    assert_eq!(pasted(host, &sleepy, slept).await, CulpritKind::Client);
    let longer = slept.replace("delay=3.2, delays=3/", "delay=60.2, delays=60/");
    assert_eq!(pasted(host, &sleepy, &longer).await, CulpritKind::Unknown);
    // These lines are about slow.tld., the second domain in `FAULTS`.
    for line in ELSEWHERE {
        assert_eq!(pasted(host, &worst[1], line).await, CulpritKind::NotDns, "{line}");
    }
}

#[test]
fn culprits_survive_six_hours_and_restart() {
    let wanted = FAULTS.map(|(.., kind)| kind);
    let store = Arc::new(MemoryStore::default());
    lines(|| async {
        let first = host(Some(&store));
        night(&first).await;
        assert_eq!(culprits(&first).await, wanted, "by the disk, six hours later");
        assert_eq!(of_sleepy(&first).await, CulpritKind::Client);
        lines_are_settled(&first).await;
        let next = host(Some(&store));
        assert_eq!(culprits(&next).await, wanted, "after a restart");
        assert_eq!(of_sleepy(&next).await, CulpritKind::Client);
        lines_are_settled(&next).await;
        let failed = next.explainer().failed(FailedWanted::default()).await.zones;
        for (domain, _, _, kind) in FAULTS {
            let is_told = failed.iter().any(|row| row.zone.as_deref() == Some(domain));
            // The network was down when this zone was queried, so the zone need not be reported as failed.
            if kind == CulpritKind::Network {
                continue;
            }
            let is_slow = matches!(kind, CulpritKind::ServerSlow | CulpritKind::Loss);
            assert_eq!(is_told, !is_slow, "{domain}: {failed:#?}");
        }
    });
}

/// An email waits for a silent DNS list. Immediately afterwards, the domain of its sender is looked up.
async fn mail_behind_a_list(host: &Simulation) {
    for (name, kind) in [
        ("9.100.51.198.in-addr.arpa.", RecordType::PTR),
        ("9.100.51.198.bl.spamcop.net.", RecordType::A),
        ("fine.tld.", RecordType::MX),
        ("fine.tld.", RecordType::TXT),
    ] {
        ask(host, name, kind).await;
        sleep(Duration::from_millis(5)).await;
    }
}

/// Returns the culprit for a log line about the sender, with the time `at` (seconds since 1970).
async fn of_sender(host: &Simulation, at: u64) -> CulpritKind {
    let at = jiff::Timestamp::from_second(at as i64).unwrap();
    let text = format!("{at} mx postfix/qmgr[9]: 4C1: from=<a@fine.tld>, size=900, nrcpt=1 (queue active)");
    let line = pasted::read(&text, 1_795_305_600.0).remove(0);
    let found = host.explainer().why(of("fine.tld.")).await;
    pasted::settle(&line, found, &|began| began.to_string())[0].culprit.kind
}

// The quick queries of an email that waited for a list are not on the disk.
#[test]
fn partial_mail_on_disk_is_unknown() {
    let store = Arc::new(MemoryStore::default());
    lines(|| async {
        let first = host(Some(&store));
        let tells = tell(&first);
        sleep(Duration::from_secs(30)).await;
        mail_behind_a_list(&first).await;
        let at = first.clock().now().unix;
        sleep(Duration::from_secs(30)).await;
        let before = of_sender(&first, at).await;
        for number in 0..4_000 {
            ask(&first, &format!("w{number}.fine.tld."), RecordType::A).await;
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(before, CulpritKind::ListSilent);
        // Memory no longer has the email. Of its queries, the disk has only slow and failed ones. Only their times could show that they belong to
        // one email, and this is not enough.
        assert_eq!(of_sender(&first, at).await, CulpritKind::Unknown, "memory has lost it");
        tells.abort();
        assert_eq!(of_sender(&host(Some(&store)), at).await, CulpritKind::Unknown, "after a crash");
    });
}

#[test]
fn small_history_without_disk_forgets_culprits() {
    lines(|| async {
        let host = host(None);
        night(&host).await;
        assert_eq!(culprits(&host).await, FAULTS.map(|_| CulpritKind::Unknown));
        assert_ne!(of_sleepy(&host).await, CulpritKind::Client);
    });
}

#[test]
fn sleeping_client_is_named_after_restart() {
    let store = Arc::new(MemoryStore::default());
    lines(|| async {
        let first = host(Some(&store));
        sleep_between(&first).await;
        let before = first.explainer().why(of(SLEEPY)).await.remove(0);
        first.explainer().write_last_log();
        let next = host(Some(&store));
        let after = next.explainer().why(of(SLEEPY)).await.remove(0);
        assert_eq!((after.culprit.kind, after.questions.len()), (CulpritKind::Client, 3), "{after:#?}");
        assert!(after.of_disk && !before.of_disk);
        assert_eq!(MessageReport { of_disk: false, ..after }, before);
    });
}
