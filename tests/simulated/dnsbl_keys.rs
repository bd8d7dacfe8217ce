//! DNS lists whose names contain a customer key, which is secret. resolverd adds the key to the names that clients ask for, and only the
//! list's own servers may get it.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use config::{Config, ConfiguredZone, Forwarder, ZoneKind, changes, show};
use dnsbl::batch::BatchCounts;
use dnsbl::list_way::Way;
use explain::failed::FailedWanted;
use explain::why::Wanted;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{Lines, ask, name};
use lab::server::Distance;
use lab::simulation::{Flags, SimulatedReply, Simulation, config_for, config_trusting, paused};
use lab::world::ServerPlan;
use record::Window;
use resolver::resolve::list_keys::secrets_of;

/// The configured customer key. The tests search for it in upper and lower case, because a client may write the name in any case.
const KEY: &str = "x7h3qkey5u8wk3qkey9m2v";

/// A key that a client writes into names. The server of the DNS list has a separate zone for this key.
const CLIENTS: &str = "k3y0fac11entandnobodyelse9";

const OWN_ZONE: &str = "k3y0fac11entandnobodyelse9.authbl.dq.spamhaus.net.";

const ASKED: &str = "4.3.2.1.zen.spamhaus.org.";

/// Writes the key file and a configuration that names it, and reads the configuration.
fn configured(folder: &Path, mode: u32) -> Result<Config, String> {
    let key = folder.join("spamhaus.key");
    std::fs::write(&key, format!("{}\n", KEY.to_ascii_uppercase())).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
    let file = folder.join("resolverd.toml");
    let lists = ["zen.spamhaus.org", "combined.mail.abusix.zone"];
    let lists = lists.map(|list| format!("[[list]]\nname = \"{list}\"\nkey = \"spamhaus.key\"\n"));
    std::fs::write(&file, format!("version = 1\n{}", lists.concat())).unwrap();
    Config::load(Some(&file)).map_err(|errors| errors.to_string())
}

/// Simulates a root, a TLD, the zone of Spamhaus and its zone for names with keys, each with its own server.
fn simulation(faults: &[Fault], folder: &Path) -> Simulation {
    simulation_of(faults, folder, None)
}

/// Like `simulation`, but all zones are signed as the words of `signing` say.
fn simulation_of(faults: &[Fault], folder: &Path, signing: Option<&str>) -> Simulation {
    simulation_with(faults, signing, |config| config.lists = configured(folder, 0o640).unwrap().lists)
}

fn simulation_with(faults: &[Fault], signing: Option<&str>, change: impl FnOnce(&mut Config)) -> Simulation {
    let mut tree = Tree::default();
    for (server, last) in
        [("a.root", 1), ("ns.net", 2), ("ns.spamhaus.net", 3), ("ns.dq.spamhaus.net", 4), ("ns.zone", 5)]
            .into_iter()
            .chain([("ns.of-key.zone", 6)])
    {
        let mut plan = ServerPlan::new(server, vec![IpAddr::from([127, 0, 0, last])]);
        plan.distance = Distance::steady(Duration::from_millis(if last > 3 { 40 } else { 10 }));
        if last == 4 || last == 6 {
            plan.faults = faults.to_vec();
        }
        tree.server(plan).unwrap();
    }
    let listed = format!(
        "4.3.2.1.{KEY}.zen 60 A 127.0.0.2\n4.3.2.1.{KEY}.zen 60 TXT \"see https://l.example/?key={KEY}\"\n"
    );
    let abusix = format!("4.3.2.1.{KEY}.combined.mail 60 A 127.0.0.3\n");
    for (zone, server, text) in [
        (".", "a.root", ""),
        ("net.", "ns.net", ""),
        ("spamhaus.net.", "ns.spamhaus.net", ""),
        ("dq.spamhaus.net.", "ns.dq.spamhaus.net", listed.as_str()),
        ("abusix.zone.", "ns.zone", abusix.as_str()),
        (OWN_ZONE, "ns.of-key.zone", ""),
    ] {
        tree.zone(zone, &[server.to_owned()], text).unwrap();
        tree.sign(zone, signing.map(|words| words.parse().unwrap())).unwrap();
    }
    let lab = Arc::new(tree.build().unwrap());
    let mut config = if signing.is_some() { config_trusting(&lab) } else { config_for(&lab) };
    change(&mut config);
    Simulation::new(lab, config, 11)
}

/// Returns all texts in which a key could become visible: replies, tables and log.
fn all_that_is_told(simulation: &Simulation, replies: &[SimulatedReply]) -> String {
    let mut told = String::new();
    for reply in replies {
        let octets = reply.message.to_vec().unwrap();
        write!(told, "{reply:?} {}", String::from_utf8_lossy(&octets)).unwrap();
    }
    let recorder = simulation.recorder();
    write!(told, "{:?}", recorder.report(Window::Start)).unwrap();
    write!(told, "{:?} {:?}", recorder.by_zone(Window::Start), recorder.by_server(Window::Start)).unwrap();
    let (resolver, now) = (simulation.resolver(), simulation.clock().mono());
    for name in [ASKED, "4.3.2.1._key.zen.dq.spamhaus.net.", "zen.dq.spamhaus.net.", "dq.spamhaus.net."] {
        write!(told, "{:?}", resolver.memory().look(&self::name(name), None, now)).unwrap();
    }
    write!(told, "{:?} {:?}", resolver.inflight(), resolver.lists()).unwrap();
    told
}

// resolverd adds the key, and replies have the name that the client asked for.
#[test]
fn key_is_hidden_from_clients() {
    let folder = tempfile::tempdir().unwrap();
    paused(async {
        let simulation = simulation(&[], folder.path());
        for (asked, code) in [(ASKED, "127.0.0.2"), ("4.3.2.1.combined.mail.abusix.zone.", "127.0.0.3")] {
            let reply = ask(&simulation, asked, RecordType::A).await;
            let [record] = reply.message.answers.as_slice() else { panic!("{reply:?}") };
            assert_eq!((record.name.clone(), record.data.to_string().as_str()), (name(asked), code));
        }
        let reply = ask(&simulation, "9.9.9.9.zen.spamhaus.org.", RecordType::A).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NXDomain);
        assert_eq!(reply.message.authorities[0].name, name("zen.spamhaus.org."));
    });
}

#[test]
fn key_reaches_only_servers_of_list() {
    let folder = tempfile::tempdir().unwrap();
    paused(async {
        let simulation = simulation(&[], folder.path());
        let mut messages = Vec::new();
        for (asked, kind) in
            [(ASKED, RecordType::A), (ASKED, RecordType::TXT), ("9.9.9.9.zen.spamhaus.org.", RecordType::A)]
        {
            ask(&simulation, asked, kind).await;
            let received = simulation.lab().log().take();
            for one in &received {
                let told = one.to_string().to_ascii_lowercase();
                let at_home = &*one.server == "ns.dq.spamhaus.net";
                assert!(at_home || !told.contains(KEY), "{told}");
            }
            assert!(received.iter().any(|one| one.to_string().to_ascii_lowercase().contains(KEY)));
            messages.push(received.len());
        }
        // The first question queries the root, the TLD, Spamhaus, and the zone with the key. Each later question causes one query.
        assert_eq!(messages[1..], [1, 1], "{messages:?}");
        // The delegation has expired, but not the data of the zone. Even then, the zones above must not get the key.
        tokio::time::sleep(std::time::Duration::from_secs(172_800)).await;
        ask(&simulation, "8.8.8.8.zen.spamhaus.org.", RecordType::A).await;
        for one in simulation.lab().log().take() {
            assert!(
                &*one.server == "ns.dq.spamhaus.net" || !one.to_string().to_ascii_lowercase().contains(KEY),
                "{one}"
            );
        }
    });
}

#[test]
fn client_query_with_key_bypasses_forwarder() {
    let folder = tempfile::tempdir().unwrap();
    paused(async {
        let simulation = simulation_with(&[], None, |config| {
            config.lists = configured(folder.path(), 0o640).unwrap().lists;
            let address = ([127, 0, 0, 6], 53).into();
            config.zones = vec![ConfiguredZone {
                kind: ZoneKind::Forward(vec![Forwarder { address, encryption: None }]),
                forward_first: true,
                ..ConfiguredZone::default()
            }];
        });
        for asked in [format!("4.3.2.1.{KEY}.zen.dq.spamhaus.net."), ASKED.to_owned()] {
            let reply = ask(&simulation, &asked, RecordType::A).await;
            assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
        }
        ask(&simulation, &format!("{KEY}.combined.mail.abusix.zone."), RecordType::TXT).await;
        // All DNS lists of the provider have the same key.
        for base in ["xbl.dq.spamhaus.net.", "dq.spamhaus.net.", "black.mail.abusix.zone."] {
            ask(&simulation, &format!("4.3.2.1.{KEY}.{base}"), RecordType::A).await;
        }
        ask(&simulation, "www.example.", RecordType::A).await;
        let received: Vec<String> = simulation.lab().log().take().iter().map(ToString::to_string).collect();
        for one in received.iter().filter(|one| one.contains(KEY)) {
            let at_home = ["ns.dq.spamhaus.net ", "ns.spamhaus.net ", "ns.zone "];
            assert!(at_home.iter().any(|server| one.starts_with(server)), "{one}");
        }
        assert!(received.iter().any(|one| one.starts_with("ns.of-key.zone www.example.")), "{received:?}");
    });
}

#[test]
fn query_with_key_placeholder_is_nxdomain() {
    let folder = tempfile::tempdir().unwrap();
    paused(async {
        let simulation = simulation(&[], folder.path());
        for asked in ["4.3.2.1._key.zen.dq.spamhaus.net.", "4.3.2.1._KEY.combined.mail.abusix.zone."] {
            let reply = ask(&simulation, asked, RecordType::A).await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::NXDomain, "{asked}");
        }
        assert!(simulation.lab().log().take().is_empty(), "nobody is asked");
        for asked in [ASKED, "4.3.2.1.combined.mail.abusix.zone."] {
            let reply = ask(&simulation, asked, RecordType::A).await;
            assert_eq!(reply.message.answers.len(), 1, "{asked}: a listing is lost");
        }
    });
}

/// Looks up sixty addresses, each in both DNS lists. Returns how long the lookups of the last address took, and the counters of batches
/// (queries in advance).
async fn sixty(simulation: &Simulation, lists: [&str; 2], key: &str) -> (Duration, BatchCounts) {
    let _tended = simulation.tend();
    let mut took = Duration::ZERO;
    for last in 0..60 {
        let began = simulation.clock().mono();
        for list in lists {
            ask(simulation, &format!("{last}.2.0.192.{key}{list}"), RecordType::A).await;
        }
        took = simulation.clock().mono().since(began);
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let known = simulation.resolver().lists();
    let mut batch = known.batch();
    batch.settle(simulation.clock().mono());
    (took, batch.counts(known.entry(&name(lists[1]), &Way::Public).number()))
}

#[test]
fn keyed_lists_are_batched_without_leak() {
    let folder = tempfile::tempdir().unwrap();
    paused(async {
        // First, resolverd adds the configured key.
        let own = simulation(&[], folder.path());
        let (took, BatchCounts { used, wasted, .. }) =
            sixty(&own, ["zen.spamhaus.org.", "combined.mail.abusix.zone."], "").await;
        assert_eq!(took, Duration::from_millis(40));
        assert!(used >= 10 && wasted == 0, "{used} of use, {wasted} in vain");
        let told = all_that_is_told(&own, &[]).to_ascii_lowercase();
        assert!(told.contains("zen.spamhaus.org") && !told.contains(KEY), "{told}");
    });
    paused(async {
        // Here, clients ask for names with a key of their own. What resolverd has learned from these names must not contain the key.
        let theirs = simulation_with(&[], None, |_| {});
        let lists = ["zen.dq.spamhaus.net.", "combined.mail.abusix.zone."];
        let (took, BatchCounts { used, wasted, .. }) = sixty(&theirs, lists, &format!("{CLIENTS}.")).await;
        assert_eq!(took, Duration::from_millis(40));
        assert!(used >= 10 && wasted == 0, "{used} of use, {wasted} in vain");
        let told = format!("{:?}", theirs.resolver().lists()).to_ascii_lowercase();
        assert!(told.contains("zen.dq.spamhaus.net") && !told.contains(CLIENTS), "{told}");
        let received = theirs.lab().log().received();
        let home = |one: &&lab::log::Received| one.name.to_string().to_ascii_lowercase().contains(CLIENTS);
        let asked = received.iter().filter(home).count();
        assert!((120..=124).contains(&asked), "{asked}: once each, and the way to them");
    });
}

#[test]
fn it_is_told_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Lines::from_work(tracing::Level::TRACE, || {
        for fault in [
            None,
            Some(Fault::Refused),
            Some(Fault::ServFail),
            Some(Fault::Dead),
            Some(Fault::AlwaysTruncates),
        ] {
            paused(async {
                let faults: Vec<Fault> = fault.into_iter().collect();
                let simulation = simulation(&faults, folder.path());
                let mut replies = Vec::new();
                for asked in [ASKED, "9.9.9.9.zen.spamhaus.org."] {
                    for kind in [RecordType::A, RecordType::TXT, RecordType::A, RecordType::ANY] {
                        replies.push(ask(&simulation, asked, kind).await);
                    }
                }
                let told = all_that_is_told(&simulation, &replies).to_ascii_lowercase();
                assert!(told.contains("zen.spamhaus.org"), "{told}");
                assert!(!told.contains(KEY), "{fault:?}: {told}");
                if fault == Some(Fault::Refused) {
                    let text = replies[0].extended_error.clone().unwrap().text;
                    assert!(text.starts_with("zen.spamhaus.org refuses your key"), "{text}");
                }
            });
        }
    });
    let config = configured(folder.path(), 0o600).unwrap();
    write!(told, "{config:?} {:?} {}", config.lists(), show(&config, false)).unwrap();
    write!(told, "{:?}", changes(&Config::default(), &config)).unwrap();
    assert!(told.contains("spamhaus.key"));
    assert!(told.contains("refuses your key"), "the log says so");
    assert!(!told.to_ascii_lowercase().contains(KEY), "{told}");
}

/// The signatures cannot be checked: the owner names in the replies contain the key, and only the module `exchange` knows the key.
#[test]
fn signed_keyed_list_is_insecure() {
    let folder = tempfile::tempdir().unwrap();
    for signing in ["", "nsec3", "expired"] {
        paused(async {
            let simulation = simulation_of(&[], folder.path(), Some(signing));
            let flags = Flags { dnssec_ok: true, authentic_data: true, ..Flags::default() };
            let mut replies = Vec::new();
            for (asked, rcode) in
                [(ASKED, ResponseCode::NoError), ("9.9.9.9.zen.spamhaus.org.", ResponseCode::NXDomain)]
            {
                for kind in [RecordType::A, RecordType::TXT, RecordType::A] {
                    let reply = simulation.ask_with(&name(asked), kind, flags).await.unwrap();
                    let metadata = reply.message.metadata;
                    assert_eq!(
                        (metadata.response_code, metadata.authentic_data),
                        (rcode, false),
                        "{reply:?}"
                    );
                    let kinds = reply.message.answers.iter().chain(&reply.message.authorities);
                    assert!(
                        kinds.clone().all(|record| record.record_type() != RecordType::RRSIG),
                        "{reply:?}"
                    );
                    replies.push(reply);
                }
            }
            for one in simulation.lab().log().take() {
                let told = one.to_string().to_ascii_lowercase();
                assert!(&*one.server == "ns.dq.spamhaus.net" || !told.contains(KEY), "{told}");
                assert!(!told.contains("_key"), "{told}");
            }
            assert!(!all_that_is_told(&simulation, &replies).to_ascii_lowercase().contains(KEY));
        });
    }
}

#[test]
fn readable_key_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o644, 0o660, 0o604, 0o700] {
        let wrong = configured(folder.path(), mode).unwrap_err();
        assert!(wrong.contains("list.key") && wrong.contains("chmod 0640"), "{wrong}");
        assert!(!wrong.to_ascii_lowercase().contains(KEY));
        std::fs::remove_file(folder.path().join("spamhaus.key")).unwrap();
    }
    for mode in [0o640, 0o600, 0o440, 0o400] {
        assert!(configured(folder.path(), mode).is_ok(), "{mode:o}");
        std::fs::remove_file(folder.path().join("spamhaus.key")).unwrap();
    }
    std::fs::write(folder.path().join("spamhaus.key"), "no\n").unwrap();
    let text = "version = 1\n[[list]]\nname = \"bl.blocklist.de\"\nkey = \"spamhaus.key\"\n";
    std::fs::write(folder.path().join("resolverd.toml"), text).unwrap();
    let wrong = Config::load(Some(&folder.path().join("resolverd.toml"))).unwrap_err().to_string();
    assert!(wrong.contains("list.key"), "{wrong}");
}

/// Where a client may write its key: at the usual position, before an unknown list, at the beginning, without the list's name, before a
/// search domain of the C library, in another list, or at the apex of a zone.
const PLACES: [&str; 8] = [
    "4.3.2.1.KEY.zen.dq.spamhaus.net.",
    "4.3.2.1.KEY.new.dq.spamhaus.net.",
    "KEY.4.3.2.1.zen.dq.spamhaus.net.",
    "KEY.dq.spamhaus.net.",
    "shop.test.KEY.dbl.dq.spamhaus.net.corp.net.",
    "4.3.2.1.KEY.list.stranger.zone.",
    "shop.test.KEY.authbl.dq.spamhaus.net.",
    "4.3.2.1.KEY.authbl.dq.spamhaus.net.",
];

/// The log, the history of queries, the disk, and the tables for `resolverctl` must not contain the key.
#[test]
fn client_key_appears_in_no_output() {
    let told = Lines::from_work(tracing::Level::TRACE, || {
        for fault in [None, Some(Fault::Refused), Some(Fault::ServFail), Some(Fault::Dead)] {
            paused(async {
                let faults: Vec<Fault> = fault.into_iter().collect();
                let simulation = simulation_with(&faults, None, |_| {});
                let (resolver, recorder) = (simulation.resolver(), simulation.recorder());
                let secrets = secrets_of(&Config::default());
                let mut told = String::new();
                for turn in 0..4 {
                    for place in PLACES {
                        let place = place.replace("KEY", CLIENTS);
                        let asked = ask(&simulation, &place, RecordType::A);
                        tokio::pin!(asked);
                        tokio::select! {
                            biased;
                            _ = &mut asked => {}
                            () = tokio::time::sleep(Duration::from_millis(5)) => {
                                // The questions in progress must not contain the key.
                                let flights = format!("{:?}", resolver.inflight());
                                told.push_str(&secrets.without_keys(flights));
                                asked.await;
                            }
                        }
                    }
                    tokio::time::sleep(Duration::from_secs(if turn == 2 { 120 } else { 6 })).await;
                    simulation.explainer().write_new_log();
                }
                let wanted =
                    Wanted { subject: None, from: 0, to: u64::MAX, client: None, most: 100, decisive: None };
                write!(told, "{:?}", simulation.explainer().why(wanted).await).unwrap();
                write!(told, "{:?}", simulation.explainer().failed(FailedWanted::default()).await).unwrap();
                write!(told, "{:?}", resolver.lists()).unwrap();
                let tables = format!(
                    "{:?} {:?} {:?} {:?}",
                    recorder.by_zone(Window::Start),
                    recorder.failing(Window::Start),
                    recorder.shed_by(Window::Start),
                    recorder.troubles()
                );
                assert!(tables.contains("dq.spamhaus.net."), "{tables}");
                told.push_str(&secrets.without_keys(tables));
                let told = told.to_ascii_lowercase();
                assert!(told.contains("_key.zen.dq.spamhaus.net"), "{told}");
                let shown =
                    told.find(CLIENTS).map(|at| &told[at.saturating_sub(300)..(at + 100).min(told.len())]);
                assert_eq!(shown, None, "{fault:?}");
                simulation.explainer().write_last_log();
            });
        }
    });
    let shown: Vec<&str> = told.lines().filter(|line| line.to_ascii_lowercase().contains(CLIENTS)).collect();
    assert!(shown.is_empty(), "{shown:#?}");
}
