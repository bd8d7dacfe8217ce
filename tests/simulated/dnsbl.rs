//! DNS lists that refuse queries, are parked, list everything or do not answer: which answers clients get. Each listing of a working list
//! must reach the client.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use config::{Config, ConfiguredList, ConfiguredZone, ZoneKind};
use dns::cached::Flush;
use dns::question::ListSays;
use dnsbl::list::{Guard, OnRefusal, WhenStale};
use dnsbl::list_way::Way;
use dnsbl::registry::Registry;
use dnsbl::state::ListState;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::log::Received;
use lab::prelude::{ask, name};
use lab::simulation::{SimulatedReply, Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

/// A DNS list: its zone, a name that a client asks for, and the answers "listed" and "refused".
struct ListSubject {
    apex: &'static str,
    name: &'static str,
    listing: &'static str,
    refusal: &'static str,
}

const BLOCK: ListSubject = ListSubject {
    apex: "zen.spamhaus.org.",
    name: "4.3.2.1.zen.spamhaus.org.",
    listing: "127.0.0.4",
    refusal: "127.255.255.254",
};
const ALLOW: ListSubject = ListSubject {
    apex: "list.dnswl.org.",
    name: "4.3.2.1.list.dnswl.org.",
    listing: "127.0.5.2",
    refusal: "127.0.0.255",
};
const DOMAIN: ListSubject = ListSubject {
    apex: "multi.uribl.com.",
    name: "spam.example.multi.uribl.com.",
    listing: "127.0.0.2",
    refusal: "127.0.0.1",
};

/// A DNS list with TXT records but no A records.
const DATA: ListSubject = ListSubject {
    apex: "asn.rspamd.com.",
    name: "4.3.2.1.asn.rspamd.com.",
    listing: "127.0.0.2",
    refusal: "127.255.255.254",
};

/// Simulates a DNS list that answers each query with `address`.
fn simulation(
    list: &ListSubject,
    address: &str,
    faults: &[Fault],
    change: impl FnOnce(&mut Config),
) -> Simulation {
    let text =
        if address.is_empty() { String::new() } else { format!("* 60 A {address}\n* 60 TXT \"because\"\n") };
    simulation_of(list, &text, faults, change)
}

/// Simulates a DNS list whose zone has the records in `text`.
fn simulation_of(
    list: &ListSubject,
    text: &str,
    faults: &[Fault],
    change: impl FnOnce(&mut Config),
) -> Simulation {
    let mut tree = Tree::default();
    tree.server(ServerPlan::new("a.root", vec![IpAddr::from([127, 0, 0, 1])])).unwrap();
    let mut plan = ServerPlan::new("ns.lists", vec![IpAddr::from([127, 0, 0, 2])]);
    plan.faults = faults.to_vec();
    tree.server(plan).unwrap();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone(list.apex, &["ns.lists".to_owned()], text).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let mut config = config_for(&lab);
    change(&mut config);
    Simulation::new(lab, config, 7)
}

/// Returns the response code and the code of the extended error (RFC 8914).
fn given(reply: &SimulatedReply) -> (ResponseCode, Option<u16>) {
    (reply.message.metadata.response_code, reply.extended_error.as_ref().map(|error| error.code))
}

// Refusals, parked lists, lists of the world and silence reach no client as a listing.
#[test]
fn broken_list_answers_become_no_listing() {
    const FILTERED: Option<u16> = Some(17);
    const UNREACHED: Option<u16> = Some(22);
    let servfail = |code| (ResponseCode::ServFail, code);
    let nxdomain = |code| (ResponseCode::NXDomain, code);
    for list in [BLOCK, ALLOW, DOMAIN] {
        let allow = list.apex == ALLOW.apex;
        let wanted = |code| if allow { nxdomain(code) } else { servfail(code) };
        let parked = "203.0.113.7";
        for kind in [RecordType::A, RecordType::TXT] {
            for (what, address, faults, world, code) in [
                ("refused", list.refusal, None, false, FILTERED),
                ("parked", parked, None, false, FILTERED),
                ("lists the world", list.listing, None, true, FILTERED),
                ("silent", list.listing, Some(Fault::Dead), false, UNREACHED),
                ("REFUSED", list.listing, Some(Fault::Refused), false, UNREACHED),
            ] {
                paused(async {
                    let faults: Vec<Fault> = faults.into_iter().collect();
                    let simulation = simulation(&list, address, &faults, |_| {});
                    let entry = simulation.resolver().lists().entry(&name(list.apex), &Way::Public);
                    if world {
                        entry.tested(ListState::ListsTheWorld, "it does", simulation.clock().now());
                    }
                    let reply = ask(&simulation, list.name, kind).await;
                    let context = format!("{} {kind}, {what}: {:?}", list.apex, reply.extended_error);
                    assert_eq!(given(&reply), wanted(code), "{context}");
                    assert!(reply.message.answers.is_empty(), "{context}");
                    let text = reply.extended_error.unwrap().text;
                    assert!(text.contains(list.apex.trim_end_matches('.')), "{text}");
                    assert_eq!(reply.message.authorities.len(), usize::from(allow), "{context}");
                });
            }
        }
    }
}

#[test]
fn valid_listings_and_denials_pass_unchanged() {
    for list in [BLOCK, ALLOW, DOMAIN] {
        paused(async {
            let listed = simulation(&list, list.listing, &[], |_| {});
            for kind in [RecordType::A, RecordType::TXT] {
                let reply = ask(&listed, list.name, kind).await;
                assert_eq!((given(&reply), reply.message.answers.len()), ((ResponseCode::NoError, None), 1));
            }
            let unlisted = simulation(&list, "", &[], |_| {});
            for kind in [RecordType::A, RecordType::TXT] {
                let reply = ask(&unlisted, list.name, kind).await;
                assert_eq!(given(&reply), (ResponseCode::NXDomain, None));
            }
        });
    }
}

#[test]
fn txt_costs_one_message_after_a() {
    paused(async {
        let listed = simulation(&BLOCK, BLOCK.listing, &[], |_| {});
        ask(&listed, BLOCK.name, RecordType::A).await;
        listed.lab().log().take();
        ask(&listed, BLOCK.name, RecordType::TXT).await;
        assert_eq!(listed.lab().log().take().len(), 1);
        let refused = simulation(&BLOCK, BLOCK.refusal, &[], |_| {});
        ask(&refused, BLOCK.name, RecordType::TXT).await;
        // Queries for shorter names are not counted (RFC 9156).
        let asked = refused.lab().log().take();
        let of_address =
            |one: &&Received| one.kind == RecordType::A && one.name.to_lowercase().to_string() == BLOCK.name;
        assert_eq!(asked.iter().filter(of_address).count(), 1, "{asked:?}");
        let (now, entry) =
            (refused.clock().now(), refused.resolver().lists().entry(&name(BLOCK.apex), &Way::Public));
        assert_eq!(entry.watch.quota(now.unix).0, 2, "the quota knows of both");
    });
}

#[test]
fn changed_list_state_invalidates_answers() {
    paused(async {
        let simulation = simulation(&BLOCK, BLOCK.listing, &[], |_| {});
        let ask = async || given(&ask(&simulation, BLOCK.name, RecordType::A).await);
        let list = Registry::built_in().lists[&name(BLOCK.apex)].clone();
        let entry = simulation.resolver().lists().entry(&list.apex, &Way::Public);
        assert_eq!(ask().await, (ResponseCode::NoError, None));
        simulation.resolver().list_resolver().list_is(&entry, ListState::ListsTheWorld, "it does").await;
        assert_eq!(ask().await, (ResponseCode::ServFail, Some(17)));
        simulation.resolver().list_resolver().list_is(&entry, ListState::Ok, "").await;
        assert_eq!(ask().await, (ResponseCode::NoError, None));
    });
}

#[test]
fn on_refusal_overrides_list_and_listener() {
    let entry = |on_refusal| ConfiguredList {
        name: name(BLOCK.apex),
        on_refusal: Some(on_refusal),
        ..ConfiguredList::default()
    };
    for (choice, rcode, answers) in [
        (OnRefusal::Servfail, ResponseCode::ServFail, 0),
        (OnRefusal::Nxdomain, ResponseCode::NXDomain, 0),
        (OnRefusal::Pass, ResponseCode::NoError, 1),
    ] {
        paused(async {
            let simulation =
                simulation(&BLOCK, BLOCK.refusal, &[], |config| config.lists = vec![entry(choice)]);
            let reply = ask(&simulation, BLOCK.name, RecordType::A).await;
            assert_eq!((given(&reply).0, reply.message.answers.len()), (rcode, answers), "{choice:?}");
        });
    }
    for (choice, rcode, answers) in [
        (OnRefusal::Servfail, ResponseCode::ServFail, 0),
        (OnRefusal::Nxdomain, ResponseCode::NXDomain, 0),
        (OnRefusal::Pass, ResponseCode::NoError, 1),
    ] {
        for list in [BLOCK, ALLOW, DOMAIN] {
            paused(async {
                let simulation = simulation(&list, list.refusal, &[], |config| {
                    config.listen.on_refusal = Some(choice);
                    config.lists =
                        vec![ConfiguredList { name: name(list.apex), ..entry(OnRefusal::Nxdomain) }];
                });
                for kind in [RecordType::A, RecordType::TXT] {
                    let reply = ask(&simulation, list.name, kind).await;
                    assert_eq!(
                        (given(&reply).0, reply.message.answers.len()),
                        (rcode, answers),
                        "{choice:?}"
                    );
                }
            });
        }
    }
    paused(async {
        let pass = |config: &mut Config| config.listen.dnsbl = Guard::Pass;
        let simulation = simulation(&ALLOW, ALLOW.refusal, &[], pass);
        for kind in [RecordType::A, RecordType::TXT] {
            let reply = ask(&simulation, ALLOW.name, kind).await;
            assert_eq!((given(&reply), reply.message.answers.len()), ((ResponseCode::NoError, None), 1));
        }
    });
}

#[test]
fn cached_list_answers_are_counted() {
    paused(async {
        let simulation = simulation(&BLOCK, BLOCK.listing, &[], |_| {});
        for _ in 0..3 {
            ask(&simulation, BLOCK.name, RecordType::A).await;
        }
        ask(&simulation, "ns1.zen.spamhaus.org.", RecordType::A).await;
        let counts = simulation.resolver().lists().entry(&name(BLOCK.apex), &Way::Public).counts();
        assert_eq!((counts.questions, counts.hits, counts.listed), (3, 2, 3));
        assert_eq!(counts.elapsed.count, 1);
        let mark = simulation.resolver().lists().all()[0].mark(ListSays::Listed);
        assert_eq!(mark.list, 0);
    });
}

#[test]
fn server_names_of_list_pass_unchecked() {
    paused(async {
        let simulation = simulation(&BLOCK, "203.0.113.7", &[], |_| {});
        let reply = ask(&simulation, "ns1.zen.spamhaus.org.", RecordType::A).await;
        assert_eq!((given(&reply), reply.message.answers.len()), ((ResponseCode::NoError, None), 1));
    });
}

// A zone of SPF macros has names like those of a DNS list.
#[test]
fn lookalike_zone_is_recorded_not_filtered() {
    let spf = ListSubject { apex: "_spf.corp.example.", name: "", listing: "203.0.113.7", refusal: "" };
    paused(async {
        let simulation = simulation(&spf, spf.listing, &[], |_| {});
        for last in 1..=20 {
            let asked = format!("{last}.2.0.192._spf.corp.example.");
            let reply = ask(&simulation, &asked, RecordType::A).await;
            assert_eq!((given(&reply), reply.message.answers.len()), ((ResponseCode::NoError, None), 1));
        }
        let told = simulation.resolver().lists().lookalikes().list();
        assert_eq!((told[0].zone.clone(), told[0].questions), (name(spf.apex), 20));
        assert!(simulation.resolver().lists().all().is_empty());
    });
}

/// Returns the configuration and the lab of a DNS list with a public server and a local mirror. The data of the mirror may be at most two hours old.
fn with_mirror(choice: WhenStale) -> (Arc<Lab>, Config) {
    let mut tree = Tree::default();
    for (server, last) in [("a.root", 1), ("ns.lists", 2), ("mirror.lists", 3)] {
        tree.server(ServerPlan::new(server, vec![IpAddr::from([127, 0, 0, last])])).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    let both = ["ns.lists".to_owned(), "mirror.lists".to_owned()];
    tree.zone(BLOCK.apex, &both, &format!("* 60 A {}\n", BLOCK.listing)).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let mut config = config_for(&lab);
    config.zones = vec![ConfiguredZone {
        name: name(BLOCK.apex),
        kind: ZoneKind::Stub(vec!["127.0.0.3:53".parse().unwrap()]),
        ..ConfiguredZone::default()
    }];
    config.lists = vec![ConfiguredList {
        name: name(BLOCK.apex),
        max_age: Some(Duration::from_secs(7_200)),
        when_stale: Some(choice),
        ..ConfiguredList::default()
    }];
    (lab, config)
}

// With `when_stale = "report"`, the mirror is still queried.
#[test]
fn stale_mirror_falls_back_to_public() {
    for (choice, asks_root) in [(WhenStale::Report, false), (WhenStale::Public, true)] {
        paused(async {
            let (lab, config) = with_mirror(choice);
            let simulation = Simulation::new(lab, config.clone(), 7);
            let config = Arc::new(config);
            let asked = async |text| {
                assert_eq!(
                    given(&ask(&simulation, text, RecordType::A).await),
                    (ResponseCode::NoError, None)
                );
                simulation.lab().log().take().iter().any(|one| &*one.server == "a.root")
            };
            simulation.resolver().list_resolver().look_at_mirrors().await;
            assert!(!asked("1.3.2.1.zen.spamhaus.org.").await);
            tokio::time::sleep(Duration::from_secs(10_000)).await;
            simulation.resolver().list_resolver().look_at_mirrors().await;
            assert_eq!(asked("1.3.2.1.zen.spamhaus.org.").await, asks_root, "{choice:?}");
            let way = Way::Stub(vec!["127.0.0.3:53".parse().unwrap()]);
            let entry = simulation.resolver().lists().entry(&name(BLOCK.apex), &way);
            let standing = entry.standing();
            assert_eq!(standing.state, ListState::DataTooOld);
            assert!(standing.why.contains("are 2 h 46 min old"), "{standing:?}");
            // A reload must not make the mirror's data count as new.
            simulation.resolver().set_views(simulation.resolver().views().following(&config).unwrap());
            simulation.resolver().memory().flush(&Flush::All);
            assert_eq!(asked("2.3.2.1.zen.spamhaus.org.").await, asks_root, "{choice:?} after a reload");
            // The failed mirror answers again. It must be used only if its data are new enough.
            let mirror = simulation.lab().server("mirror.lists").unwrap();
            mirror.set_faults(&[Fault::Dead]);
            simulation.resolver().set_views(simulation.resolver().views().following(&config).unwrap());
            simulation.resolver().list_resolver().look_at_mirrors().await;
            mirror.set_faults(&[]);
            simulation.resolver().list_resolver().look_at_mirrors().await;
            simulation.resolver().memory().flush(&Flush::All);
            assert_eq!(asked("3.3.2.1.zen.spamhaus.org.").await, asks_root, "{choice:?} after silence");
        });
    }
}

#[test]
fn shut_down_list_is_answered_locally() {
    paused(async {
        let simulation = simulation(&BLOCK, BLOCK.listing, &[], |_| {});
        for kind in [RecordType::A, RecordType::TXT] {
            let reply = ask(&simulation, "4.3.2.1.dnsbl.sorbs.net.", kind).await;
            assert_eq!(given(&reply), (ResponseCode::NXDomain, None));
            assert_eq!(reply.message.authorities.len(), 1);
        }
        assert!(simulation.lab().log().take().is_empty());
        let entries = simulation.resolver().lists().all();
        let asked: Vec<_> =
            entries.iter().map(|entry| (entry.apex.to_ascii(), entry.counts().questions)).collect();
        assert_eq!(asked, [("dnsbl.sorbs.net.".to_owned(), 2)], "it is shown to be asked");
    });
}

// Mail to the domain of a DNS list that was shut down must still work.
#[test]
fn domain_of_former_list_resolves() {
    for (asked, kind) in [
        ("ahbl.org.", RecordType::MX),
        ("www.ahbl.org.", RecordType::A),
        ("dnsbl.ahbl.org.", RecordType::A),
        ("dnsbl.ahbl.org.", RecordType::MX),
        ("mail.dnsbl.ahbl.org.", RecordType::MX),
        ("dnsbl.sorbs.net.", RecordType::NS),
        ("www.dnsbl.sorbs.net.", RecordType::AAAA),
    ] {
        paused(async {
            let simulation = simulation(&BLOCK, BLOCK.listing, &[], |_| {});
            ask(&simulation, "4.3.2.1.dnsbl.ahbl.org.", RecordType::A).await;
            ask(&simulation, "4.3.2.1.dnsbl.ahbl.org.", RecordType::TXT).await;
            assert!(simulation.lab().log().take().is_empty(), "the list is not asked");
            ask(&simulation, asked, kind).await;
            assert!(!simulation.lab().log().take().is_empty(), "{asked} {kind} is asked of the internet");
        });
    }
}

#[test]
fn txt_without_a_is_no_listing() {
    let text = "* 60 TXT \"v=spf1 -all\"\n";
    for (list, rcode, answers) in [
        (BLOCK, ResponseCode::NXDomain, 0),
        (DOMAIN, ResponseCode::NXDomain, 0),
        (ALLOW, ResponseCode::NoError, 1),
        (DATA, ResponseCode::NoError, 1),
    ] {
        paused(async {
            let simulation = simulation_of(&list, text, &[], |_| {});
            for _ in ["cold", "from memory"] {
                let reply = ask(&simulation, list.name, RecordType::TXT).await;
                assert_eq!((given(&reply).0, reply.message.answers.len()), (rcode, answers), "{}", list.apex);
            }
            let passing = simulation_of(&list, text, &[], |config| config.listen.dnsbl = Guard::Pass);
            let reply = ask(&passing, list.name, RecordType::TXT).await;
            assert_eq!((given(&reply), reply.message.answers.len()), ((ResponseCode::NoError, None), 1));
        });
    }
}

#[test]
fn configured_listed_code_overrides_registry() {
    let list = Registry::built_in().lists[&name(DOMAIN.apex)].clone();
    let entry = ConfiguredList {
        name: name(DOMAIN.apex),
        listed: Some(vec!["127.0.0.1".parse().unwrap()]),
        ..ConfiguredList::default()
    };
    assert!(list.refused.iter().any(|code| code.span.contains([127, 0, 0, 1].into())));
    paused(async {
        let simulation = simulation(&DOMAIN, "127.0.0.1", &[], |config| config.lists = vec![entry]);
        let reply = ask(&simulation, DOMAIN.name, RecordType::A).await;
        assert_eq!((given(&reply), reply.message.answers.len()), ((ResponseCode::NoError, None), 1));
    });
}

#[test]
fn the_registry_is_whole() {
    let registry = Registry::built_in();
    let alive = registry.lists.values().filter(|list| list.is_alive()).count();
    assert!(alive >= 40, "{alive}");
    assert!(registry.lists.len() - alive >= 16);
    assert_eq!(registry.dated, "2026-11-20");
    for zone in ["zen.spamhaus.org.", "dbl.spamhaus.org.", "combined.mail.abusix.zone."] {
        assert!(registry.keyed.contains_key(&name(zone)), "{zone}");
    }
    let wrong =
        Registry::read("dated = \"2026-11-20\"\n[[list]]\nname = \"a.example\"\npurpose = \"blok\"\n")
            .unwrap_err();
    assert_eq!((wrong.line, wrong.key.as_deref()), (4, Some("purpose")), "{wrong}");
    let text = "dated = \"\"\n[[list]]\nname = \"a.example\"\nlisted = { \"203.0.113.7\" = \"x\" }\npurpose = \"block\"\nsubjects = [\"ip4\"]\nsource = \"s\"\n";
    let wrong = Registry::read(text).unwrap_err();
    assert_eq!((wrong.line, wrong.key.as_deref()), (4, Some("listed")), "{wrong}");
}
