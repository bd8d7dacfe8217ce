//! `resolverctl why` and `resolverctl failed` must report the right one of two causes that are easily confused: a DNS list and the zones
//! above it, a zone and the address family of its servers, a silent zone and the load of resolverd.

#![cfg(feature = "lab")]

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::rr::RecordType;

use config::{Config, Family};
use dns::conduct::Conduct;
use dns::question::wire_name;
use explain::failed::{FailedWanted, FailedZone};
use explain::why::{MessageReport, Wanted, WantedSubject};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{ask, ask_with, name};
use lab::server::Distance;
use lab::simulated::Ipv6Way;
use lab::simulation::{Flags, Simulation, config_for, config_trusting, paused};
use lab::world::ServerPlan;
use record::Window;
use record::culprit::CulpritKind;
use record::limits::FLIGHT_TIME;
use resolver::limits::{MAX_FLIGHTS, MAX_SILENT_FLIGHTS, NEW_ZONE_TIME};

/// A DNS list of the built-in registry.
const LIST: &str = "bl.spamcop.net.";

/// The parent zone of `LIST`, which belongs to the operator of the list.
const OWNER: &str = "spamcop.net.";

/// Each zone below the root has one server with an address and a connection of its own.
struct Internet(Tree);

impl Internet {
    fn new() -> Self {
        let mut internet = Self(Tree::default());
        internet.zone(".", "192.0.2.1", (&[], Duration::from_millis(10)), "");
        internet
    }

    fn zone(&mut self, zone: &str, address: &str, (faults, time): (&[Fault], Duration), text: &str) {
        let below = zone.trim_end_matches('.');
        let name = if below.is_empty() { "a.root".to_owned() } else { format!("ns1.{below}") };
        let mut plan = ServerPlan::new(&name, vec![address.parse::<IpAddr>().unwrap()]);
        plan.distance = Distance::steady(time);
        plan.faults = faults.to_vec();
        self.0.server(plan).unwrap();
        self.0.zone(zone, &[name], text).unwrap();
    }

    fn fine(&mut self, zone: &str, address: &str, text: &str) {
        self.zone(zone, address, (&[], Duration::from_millis(20)), text);
    }

    fn simulation(self, change: impl FnOnce(&mut Config)) -> Simulation {
        let lab = Arc::new(self.0.build().unwrap());
        let mut config = config_for(&lab);
        change(&mut config);
        Simulation::new(lab, config, 11)
    }
}

async fn why(simulation: &Simulation, subject: WantedSubject) -> MessageReport {
    let wanted =
        Wanted { subject: Some(subject), from: 0, to: u64::MAX, client: None, most: 20, decisive: None };
    simulation.explainer().why(wanted).await.remove(0)
}

fn named(text: &str) -> WantedSubject {
    WantedSubject::Name(wire_name(&name(text)).into())
}

async fn failed(simulation: &Simulation) -> Vec<FailedZone> {
    simulation.explainer().failed(FailedWanted::default()).await.zones
}

/// Returns the culprit of the report: its kind, zone, server and list.
fn told(report: &MessageReport) -> (CulpritKind, &str, &str, &str) {
    fn text(text: &Option<String>) -> &str {
        text.as_deref().unwrap_or_default()
    }
    let culprit = &report.culprit;
    (culprit.kind, text(&culprit.zone), text(&culprit.server), text(&culprit.list))
}

/// Simulates a DNS list whose server works. The server of the zone `above`, which is above the list, has the faults `faults`, and takes
/// `time` for a reply.
fn list_below(above: &str, faults: &[Fault], time: Duration) -> Simulation {
    let mut internet = Internet::new();
    for (zone, address) in [("net.", "192.0.2.2"), (OWNER, "192.0.2.3"), (LIST, "192.0.2.4")] {
        let (faults, time) =
            if zone == above { (faults, time) } else { (&[][..], Duration::from_millis(20)) };
        internet.zone(
            zone,
            address,
            (faults, time),
            if zone == LIST { "2.0.0.127 60 A 127.0.0.2\n" } else { "" },
        );
    }
    internet.fine("tld.", "192.0.2.5", "");
    internet.fine("fine.tld.", "192.0.2.6", "* 300 A 198.51.100.8\n");
    internet.simulation(|_| ())
}

async fn check(simulation: &Simulation, last: u8) {
    ask(simulation, &format!("{last}.100.51.198.{LIST}"), RecordType::A).await;
}

fn address(last: u8) -> WantedSubject {
    WantedSubject::Address([198, 51, 100, last].into())
}

// The zone above the DNS list has the same owner as the list.
#[test]
fn silent_zone_above_list_blames_list() {
    paused(async {
        let simulation = list_below(OWNER, &[Fault::Dead], Duration::from_millis(20));
        for last in 1..=3 {
            ask(&simulation, "a.fine.tld.", RecordType::A).await;
            check(&simulation, last).await;
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        // After an hour, the zone of the DNS list is still cached, so this query does not need the zones above it.
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        check(&simulation, 9).await;
        for last in [1, 2, 3, 9] {
            let report = why(&simulation, address(last)).await;
            assert_eq!(
                told(&report),
                (CulpritKind::ListSilent, OWNER, "192.0.2.3", LIST),
                "{last}: {report:#?}"
            );
            let evidence = &report.culprit.evidence;
            assert!(
                evidence.starts_with("192.0.2.3 did not answer ")
                    && evidence.contains(" spamcop.net., a zone above DNS list bl.spamcop.net."),
                "{report:#?}"
            );
            assert!(report.culprit.advice.starts_with("remove bl.spamcop.net. from"), "{report:#?}");
        }
        let [zone] = &failed(&simulation).await[..] else { panic!("one zone") };
        assert_eq!((zone.zone.as_deref(), zone.culprit), (Some(LIST), CulpritKind::ListSilent), "{zone:#?}");
        assert!(zone.reason.contains("the servers of spamcop.net"), "{zone:#?}");
    });
}

// The zone above the DNS list has the same owner as the list.
#[test]
fn slow_zone_above_list_blames_list() {
    paused(async {
        let simulation = list_below(OWNER, &[], Duration::from_millis(1_800));
        check(&simulation, 1).await;
        let report = why(&simulation, address(1)).await;
        assert_eq!(told(&report), (CulpritKind::ListSlow, OWNER, "192.0.2.3", LIST), "{report:#?}");
        assert!(
            report
                .culprit
                .evidence
                .contains(" for spamcop.net., a zone above DNS list bl.spamcop.net. after 1.8 s"),
            "{report:#?}"
        );
    });
}

// The DNS list is not blamed for its top-level domain.
#[test]
fn silent_tld_above_list_is_culprit() {
    paused(async {
        for (faults, time, kind) in [
            (&[Fault::Dead][..], Duration::from_millis(20), CulpritKind::ServerSilent),
            (&[], Duration::from_millis(1_800), CulpritKind::ServerSlow),
        ] {
            let simulation = list_below("net.", faults, time);
            check(&simulation, 1).await;
            let report = why(&simulation, address(1)).await;
            assert_eq!(told(&report), (kind, "net.", "192.0.2.2", LIST), "{report:#?}");
            assert!(
                report.culprit.evidence.contains("for net., a zone above DNS list bl.spamcop.net."),
                "{report:#?}"
            );
        }
    });
}

#[test]
fn zone_of_list_servers_is_culprit() {
    paused(async {
        let mut internet = Internet::new();
        internet.fine("net.", "192.0.2.2", "");
        internet.fine(OWNER, "192.0.2.3", "");
        internet.fine("tld.", "192.0.2.5", "");
        internet.zone("hosts.tld.", "192.0.2.6", (&[Fault::Dead], Duration::from_millis(20)), "");
        internet.0.server(ServerPlan::new("ns9.hosts.tld", vec!["192.0.2.4".parse().unwrap()])).unwrap();
        internet.0.zone(LIST, &["ns9.hosts.tld".to_owned()], "2.0.0.127 60 A 127.0.0.2\n").unwrap();
        let simulation = internet.simulation(|_| ());
        check(&simulation, 1).await;
        let report = why(&simulation, address(1)).await;
        assert_eq!(
            told(&report),
            (CulpritKind::ServerSilent, "hosts.tld.", "192.0.2.6", LIST),
            "{report:#?}"
        );
        assert!(
            report.culprit.evidence.contains("for hosts.tld., which is needed for DNS list bl.spamcop.net."),
            "{report:#?}"
        );
    });
}

/// Simulates two zones whose servers have only IPv6 addresses: `six.tld.`, and `away.tld.`, whose server has a name in `fine.tld.`.
fn only_ipv6(ipv6: Family) -> Simulation {
    let mut internet = Internet::new();
    internet.fine("tld.", "192.0.2.2", "");
    internet.fine("six.tld.", "2001:db8::53", "@ 300 MX 10 mx\nmx 300 A 198.51.100.8\n");
    internet.fine("fine.tld.", "192.0.2.6", "ns 300 AAAA 2001:db8::54\n* 300 A 198.51.100.8\n");
    internet.0.server(ServerPlan::new("ns.fine.tld", vec!["2001:db8::54".parse().unwrap()])).unwrap();
    internet.0.zone("away.tld.", &["ns.fine.tld".to_owned()], "@ 300 MX 10 mx\n").unwrap();
    let simulation = internet.simulation(|config| config.resolve.ipv6 = ipv6);
    simulation.network().set_ipv6(Ipv6Way::Unrouted);
    simulation
}

// Without IPv6 on this host, a zone whose servers have IPv6 alone is unreachable.
#[test]
fn zone_without_ipv4_servers_is_unreachable() {
    paused(async {
        for (ipv6, reason) in [
            (Family::Auto, "this host has no IPv6 route"),
            (Family::Off, "resolverd does not use IPv6 (resolve.ipv6 = false)"),
        ] {
            let simulation = only_ipv6(ipv6);
            for zone in ["six.tld.", "away.tld."] {
                for pause in [40, 90, 1] {
                    ask(&simulation, "a.fine.tld.", RecordType::A).await;
                    ask(&simulation, zone, RecordType::MX).await;
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
                let subject = Some(named(zone));
                let wanted =
                    Wanted { subject, from: 0, to: u64::MAX, client: None, most: 20, decisive: None };
                let reports = simulation.explainer().why(wanted).await;
                for report in &reports {
                    let culprit = (report.culprit.kind, report.culprit.zone.as_deref());
                    assert_eq!(culprit, (CulpritKind::Unreachable, Some(zone)), "{report:#?}");
                    if zone == "six.tld." {
                        assert_eq!(report.culprit.server.as_deref(), Some("2001:db8::53"), "{report:#?}");
                        assert!(report.culprit.advice.contains("resolve.ipv6 = false"), "{report:#?}");
                    }
                }
                let told = |report: &MessageReport| report.culprit.evidence.contains(reason);
                assert!(reports.iter().any(told), "{reports:#?}");
                let failed = failed(&simulation).await;
                let row = failed.iter().find(|row| row.zone.as_deref() == Some(zone)).unwrap();
                assert_eq!(row.culprit, CulpritKind::Unreachable, "{row:#?}");
            }
        }
    });
}

#[test]
fn ipv6_blackhole_is_unreachable_not_silent() {
    const SIX: [&str; 4] = ["six0.tld.", "six1.tld.", "six2.tld.", "six3.tld."];
    paused(async {
        for (way, kind) in
            [(Ipv6Way::Swallowed, CulpritKind::Unreachable), (Ipv6Way::Open, CulpritKind::ServerSilent)]
        {
            let mut internet = Internet::new();
            internet.fine("tld.", "192.0.2.2", "");
            internet.fine("well.tld.", "2001:db8:99::53", "@ 300 MX 10 mx\n");
            for (place, zone) in SIX.into_iter().enumerate() {
                let dead = (&[Fault::Dead][..], Duration::from_millis(20));
                internet.zone(zone, &format!("2001:db8:{place}::53"), dead, "@ 300 MX 10 mx\n");
            }
            let simulation = internet.simulation(|config| config.resolve.ipv6 = Family::On);
            simulation.network().set_ipv6(way);
            for zone in SIX.into_iter().chain(["well.tld."]) {
                ask(&simulation, zone, RecordType::MX).await;
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            for (place, zone) in SIX.into_iter().enumerate() {
                let report = why(&simulation, named(zone)).await;
                let server = format!("2001:db8:{place}::53");
                let server = server.parse::<IpAddr>().unwrap().to_string();
                assert_eq!(told(&report), (kind, zone, &*server, ""), "{report:#?}");
                let advice = &report.culprit.advice;
                assert_eq!(advice.contains("resolve.ipv6 = false"), way == Ipv6Way::Swallowed, "{report:#?}");
            }
            let rows = failed(&simulation).await;
            let dead = rows.iter().filter(|row| row.zone.as_deref() != Some("well.tld."));
            assert!(dead.clone().count() == SIX.len(), "{rows:#?}");
            assert!(dead.into_iter().all(|row| row.culprit == kind), "{rows:#?}");
        }
    });
}

async fn flood(simulation: &Simulation, zone: &str, count: usize) {
    let names: Vec<String> = (0..count).map(|number| format!("w{number}.{zone}")).collect();
    join_all(names.iter().map(|name| ask(simulation, name, RecordType::A))).await;
}

#[test]
fn queries_shed_by_load_are_overload() {
    paused(async {
        let mut internet = Internet::new();
        internet.fine("net.", "192.0.2.2", "");
        internet.zone(LIST, "192.0.2.3", (&[], Duration::from_secs(2)), "2.0.0.127 60 A 127.0.0.2\n");
        internet.fine("tld.", "192.0.2.4", "");
        internet.zone("slow.tld.", "192.0.2.5", (&[], Duration::from_secs(2)), "* 300 A 198.51.100.8\n");
        let simulation = internet.simulation(|_| ());
        ask(&simulation, &format!("w.{LIST}"), RecordType::A).await;
        ask(&simulation, "w.slow.tld.", RecordType::A).await;
        join_all([flood(&simulation, LIST, MAX_FLIGHTS), flood(&simulation, "slow.tld.", MAX_FLIGHTS)]).await;
        let rows = failed(&simulation).await;
        let [overload] = &rows[..] else { panic!("{rows:#?}") };
        assert_eq!(
            (overload.zone.as_deref(), overload.culprit),
            (None, CulpritKind::Overload),
            "{overload:#?}"
        );
        assert!(overload.servers.is_empty() && overload.advice.contains("cause the load"), "{overload:#?}");
        let (_, clients) = simulation.recorder().shed_by(Window::Start);
        assert_eq!(overload.questions, clients.iter().map(|row| row.shed).sum::<u64>(), "{overload:#?}");
    });
}

#[test]
fn shed_queries_blame_silent_zone() {
    paused(async {
        let mut internet = Internet::new();
        internet.fine("tld.", "192.0.2.4", "");
        internet.zone("silent.tld.", "192.0.2.5", (&[Fault::Dead], Duration::from_millis(20)), "");
        let simulation = internet.simulation(|_| ());
        ask(&simulation, "w.silent.tld.", RecordType::A).await;
        flood(&simulation, "silent.tld.", 2 * MAX_SILENT_FLIGHTS).await;
        let rows = failed(&simulation).await;
        let [silent] = &rows[..] else { panic!("{rows:#?}") };
        let told = (silent.zone.as_deref(), silent.culprit);
        assert_eq!(told, (Some("silent.tld."), CulpritKind::ServerSilent), "{silent:#?}");
    });
}

#[test]
fn shed_queries_of_zone_are_counted() {
    const MORE: usize = 5;
    paused(async {
        let mut internet = Internet::new();
        internet.fine("tld.", "192.0.2.4", "");
        internet.zone("silent.tld.", "192.0.2.5", (&[Fault::Dead], Duration::from_millis(20)), "");
        internet.fine("fine.tld.", "192.0.2.6", "* 300 A 198.51.100.8\n");
        let simulation = internet.simulation(|_| ());
        let beyond = async {
            tokio::time::sleep(2 * NEW_ZONE_TIME).await;
            for number in 0..MORE {
                ask(&simulation, &format!("more{number}.silent.tld."), RecordType::A).await;
                let flags = Flags { client: Some([198, 18, 0, 1].into()), ..Flags::default() };
                ask_with(&simulation, &format!("w{number}.fine.tld."), RecordType::A, flags).await;
            }
        };
        tokio::join!(flood(&simulation, "silent.tld.", MAX_SILENT_FLIGHTS + 1), beyond);
        // The clients have their replies, but the resolutions go on for up to `FLIGHT_TIME`.
        tokio::time::sleep(FLIGHT_TIME).await;
        let (zones, _) = simulation.recorder().shed_by(Window::Start);
        assert_eq!(zones.iter().map(|row| row.shed).sum::<u64>(), MORE as u64, "{zones:#?}");
        let limit = format!(
            "; {MORE} of these queries were turned away by resolverd at once, because its limit for the queries in progress for one zone was reached"
        );
        let rows = failed(&simulation).await;
        let [silent] = &rows[..] else { panic!("{rows:#?}") };
        let told = (silent.zone.as_deref(), silent.culprit);
        assert_eq!(told, (Some("silent.tld."), CulpritKind::ServerSilent), "{silent:#?}");
        assert!(silent.reason.ends_with(&limit), "{silent:#?}");
        let culprit = why(&simulation, named("more0.silent.tld.")).await.culprit;
        assert_eq!(culprit.kind, CulpritKind::ServerSilent, "{culprit:#?}");
        assert!(
            culprit.evidence.contains("; 1 of these queries was turned away by resolverd"),
            "{culprit:#?}"
        );
        // The report about another client's message must not contain these queries.
        let report = why(&simulation, named("fine.tld.")).await;
        assert!(report.questions.iter().all(|one| one.name.ends_with(".fine.tld.")), "{report:#?}");
        assert!(!format!("{report:?}").contains("turned away"), "{report:#?}");
    });
}

// The mail log has the name with the customer key.
#[test]
fn why_finds_name_with_list_key() {
    const KEYED: &str = "zen.dq.spamhaus.net.";
    paused(async {
        let mut internet = Internet::new();
        internet.fine("net.", "192.0.2.2", "");
        internet.zone(KEYED, "192.0.2.3", (&[Fault::Dead], Duration::from_millis(20)), "");
        let simulation = internet.simulation(|_| ());
        let asked = format!("9.100.51.198.secret1.{KEYED}");
        ask(&simulation, &asked, RecordType::A).await;
        let report = why(&simulation, named(&asked)).await;
        assert_eq!(told(&report), (CulpritKind::ListSilent, KEYED, "192.0.2.3", KEYED), "{report:#?}");
        assert!(!format!("{report:?}").contains("secret1"), "{report:#?}");
    });
}

// A DNS list that answers with a foreign address may have a new owner.
#[test]
fn advice_removes_list_with_new_owner() {
    paused(async {
        let mut internet = Internet::new();
        internet.fine("net.", "192.0.2.2", "");
        internet.fine(OWNER, "192.0.2.3", "");
        internet.fine(LIST, "192.0.2.4", "* 60 A 203.0.113.9\n");
        let simulation = internet.simulation(|_| ());
        check(&simulation, 1).await;
        let report = why(&simulation, address(1)).await;
        assert_eq!(told(&report), (CulpritKind::ListRefused, LIST, "", LIST), "{report:#?}");
        let culprit = &report.culprit;
        assert!(culprit.evidence.contains("its domain may have a new owner"), "{report:#?}");
        let advice = "remove bl.spamcop.net. from the configuration of your mail software";
        assert!(culprit.advice.starts_with(advice), "{report:#?}");
        let [zone] = &failed(&simulation).await[..] else { panic!("one zone") };
        assert_eq!(zone.advice, culprit.advice, "{zone:#?}");
    });
}

#[test]
fn broken_dnssec_chain_blames_breaking_zone() {
    const KIDS: [(&str, &str); 2] = [("one.sig.", "192.0.2.3"), ("two.sig.", "192.0.2.4")];
    paused(async {
        for (flaws, zone, advice) in [
            (["", "unsigned"], "sig.", "the owner of sig. must repair its signatures"),
            (["ds-mismatch", ""], ".", "check the clock and the trust anchor of this host"),
        ] {
            let mut internet = Internet::new();
            internet.fine("sig.", "192.0.2.2", "");
            for (kid, address) in KIDS {
                internet.fine(kid, address, "@ 300 MX 10 mx\nmx 300 A 198.51.100.8\n");
            }
            for (signed, flaw) in [".", "sig."].into_iter().zip(flaws) {
                internet.0.sign(signed, Some(flaw.parse().unwrap())).unwrap();
            }
            let lab = Arc::new(internet.0.build().unwrap());
            let config = config_trusting(&lab);
            let simulation = Simulation::new(lab, config, 11);
            for (kid, _) in KIDS {
                ask(&simulation, kid, RecordType::MX).await;
                let report = why(&simulation, named(kid)).await;
                assert_eq!(told(&report), (CulpritKind::Bogus, zone, "", ""), "{report:#?}");
                assert!(report.culprit.advice.starts_with(advice), "{report:#?}");
            }
            let [row] = &failed(&simulation).await[..] else { panic!("one zone") };
            assert_eq!((row.zone.as_deref(), row.questions), (Some(zone), 2), "{row:#?}");
            assert!(row.advice.starts_with(advice), "{row:#?}");
        }
    });
}

// A server that truncates and does not answer over TCP does not count as silent.
#[test]
fn truncating_server_without_tcp_is_truncated() {
    paused(async {
        for fault in [Fault::SilentTcp, Fault::MuteTcp, Fault::DripsTcp, Fault::NoTcp] {
            let mut internet = Internet::new();
            internet.fine("tld.", "192.0.2.2", "");
            let faults = [Fault::AlwaysTruncates, fault];
            let time = Duration::from_millis(20);
            internet.zone("cut.tld.", "192.0.2.5", (&faults, time), "* 300 A 198.51.100.8\n");
            let simulation = internet.simulation(|_| ());
            // Both resolutions are still in progress when the report is made.
            for asked in ["first.cut.tld.", "second.cut.tld."] {
                ask(&simulation, asked, RecordType::A).await;
            }
            let report = why(&simulation, named("cut.tld.")).await;
            assert_eq!(report.questions.len(), 2, "{fault}: {report:#?}");
            assert!(
                report.culprit.evidence.contains("; 2 queries of the client failed"),
                "{fault}: {report:#?}"
            );
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            // The first query finds out that this server cannot be reached over TCP. At the second query, resolverd knows this.
            for asked in ["a.cut.tld.", "b.cut.tld."] {
                ask(&simulation, asked, RecordType::A).await;
                tokio::time::sleep(Duration::from_secs(8)).await;
                let report = why(&simulation, named(asked)).await;
                let expected = (CulpritKind::Truncated, "cut.tld.", "192.0.2.5", "");
                assert_eq!(told(&report), expected, "{fault}: {report:#?}");
                let culprit = &report.culprit;
                let evidence = "192.0.2.5 truncates its answers for cut.tld. and does not answer over TCP";
                assert!(culprit.evidence.starts_with(evidence), "{fault}: {report:#?}");
                assert!(culprit.advice.contains("TCP port 53"), "{fault}: {report:#?}");
                assert!(report.also.is_empty(), "{fault}: {report:#?}");
            }
            let [zone] = &failed(&simulation).await[..] else { panic!("one zone") };
            let server = zone.servers.first().map(|server| (&*server.server, server.conduct));
            assert_eq!(server, Some(("192.0.2.5", Some(Conduct::NoTcp))), "{fault}: {zone:#?}");
            assert_eq!(zone.culprit, CulpritKind::Truncated, "{fault}: {zone:#?}");
            assert!(zone.reason.contains("192.0.2.5 no answer over TCP"), "{fault}: {zone:#?}");
            assert!(zone.advice.contains("TCP port 53"), "{fault}: {zone:#?}");
        }
    });
}

/// Asks once with an empty cache. The server of the zone has the fault `fault`.
async fn asked_cold(fault: Fault) -> MessageReport {
    let mut internet = Internet::new();
    internet.fine("tld.", "192.0.2.2", "");
    let faults = (&[fault][..], Duration::from_millis(20));
    internet.zone("cold.tld.", "192.0.2.5", faults, "* 300 A 198.51.100.8\n");
    let simulation = internet.simulation(|config| config.history.slow = Duration::from_millis(100));
    ask(&simulation, "a.cold.tld.", RecordType::A).await;
    why(&simulation, named("a.cold.tld.")).await
}

// The culprit is packet loss, or unknown if the answered query had a simpler form.
#[test]
fn server_answering_retry_is_not_silent() {
    paused(async {
        let report = asked_cold(Fault::LosesFirst).await;
        assert_eq!(told(&report), (CulpritKind::Loss, "cold.tld.", "192.0.2.5", ""), "{report:#?}");
        let culprit = &report.culprit;
        let evidence = "192.0.2.5 did not answer 1 query for cold.tld., but answered others within seconds";
        assert!(culprit.evidence.starts_with(evidence), "{report:#?}");
        assert!(culprit.advice.starts_with("packets get lost"), "{report:#?}");
        // This server drops all queries with EDNS.
        let report = asked_cold(Fault::DropsEdns).await;
        assert_eq!(told(&report), (CulpritKind::Unknown, "cold.tld.", "192.0.2.5", ""), "{report:#?}");
        let culprit = &report.culprit;
        let evidence = "192.0.2.5 did not answer 3 queries for cold.tld., but answered the next one, which may have had a simpler form (no EDNS); ";
        assert!(culprit.evidence.starts_with(evidence), "{report:#?}");
        assert!(culprit.advice.contains("`resolverctl check cold.tld.`"), "{report:#?}");
    });
}

#[test]
fn missing_route_is_fault_of_host() {
    paused(async {
        let mut internet = Internet::new();
        internet.fine("tld.", "192.0.2.2", "");
        internet.fine("away.tld.", "192.0.2.5", "@ 300 MX 10 mx\n");
        let simulation = internet.simulation(|_| ());
        simulation.network().set_unroutable("192.0.2.5".parse().unwrap());
        ask(&simulation, "away.tld.", RecordType::MX).await;
        let report = why(&simulation, named("away.tld.")).await;
        assert_eq!(told(&report), (CulpritKind::Unreachable, "away.tld.", "192.0.2.5", ""), "{report:#?}");
        let culprit = &report.culprit;
        let evidence = "this host has no route to 192.0.2.5, or its firewall blocks the DNS port; no query for away.tld. was sent";
        assert!(culprit.evidence.starts_with(evidence), "{report:#?}");
        assert!(culprit.advice.starts_with("check the routes and the firewall of this host"), "{report:#?}");
        let [zone] = &failed(&simulation).await[..] else { panic!("one zone") };
        assert_eq!(zone.advice, culprit.advice, "{zone:#?}");
        assert!(zone.reason.contains("192.0.2.5 not sent"), "{zone:#?}");
    });
}
