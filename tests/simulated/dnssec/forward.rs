//! Validation of zones with configured servers: forwarders with and without DNSSEC, forwarders that validate, stub zones, zones with a
//! negative trust anchor, and DNS lists with a customer key.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};
use hickory_proto::serialize::binary::BinEncodable;
use tracing::Level;

use crate::night::log::lines_from;
use config::{ConfiguredZone, Forwarder, ZoneKind};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{ask_for_ad, name};
use lab::server::Distance;
use lab::simulation::{Flags, SimulatedReply, Simulation, config_trusting, paused};
use lab::world::{Lab, ServerPlan};
use zones::zone::Zone as SignedZone;

const MAIL: &str = "@ 300 MX 10 mail\nwww 300 A 10.0.0.1\nmail 300 A 10.0.0.2\n*.wild 300 A 10.0.0.3\n";

/// The zones with their signing plans. Two servers serve all zones, so they answer like forwarders. The third one serves `tld.` but not
/// `corp.tld.`, like a public server.
const ZONES: [(&str, Option<&str>); 7] = [
    (".", Some("")),
    ("tld.", Some("nsec3 optout")),
    ("zone.tld.", Some("")),
    ("deep.zone.tld.", Some("nsec3")),
    ("plain.tld.", None),
    ("broken.tld.", Some("expired")),
    ("corp.tld.", Some("")),
];

const ROUND_TRIP: Duration = Duration::from_millis(20);

fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    let servers = ["one.tld", "two.tld"];
    for (last, server) in (1..).zip(servers) {
        let mut plan = ServerPlan::new(server, vec![IpAddr::from([127, 0, 0, last])]);
        plan.distance = Distance::steady(ROUND_TRIP);
        tree.server(plan).unwrap();
    }
    for (zone, signing) in ZONES {
        tree.zone(zone, &servers.map(ToOwned::to_owned), MAIL).unwrap();
        tree.sign(zone, signing.map(|words| words.parse().unwrap())).unwrap();
    }
    Arc::new(tree.build().unwrap())
}

fn zone(apex: &str, kind: ZoneKind, validate: bool) -> ConfiguredZone {
    ConfiguredZone { name: name(apex), kind, validate, ..ConfiguredZone::default() }
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, last], 53))
}

fn forward(apex: &str, servers: &[u8]) -> ConfiguredZone {
    let forwarders = servers.iter().map(|last| Forwarder { address: address(*last), encryption: None });
    zone(apex, ZoneKind::Forward(forwarders.collect()), true)
}

fn simulation(lab: &Arc<Lab>, zones: Vec<ConfiguredZone>) -> Simulation {
    let mut config = config_trusting(lab);
    config.zones = zones;
    Simulation::new(Arc::clone(lab), config, 1)
}

type Told = (ResponseCode, bool, Option<u16>);

fn told(reply: &SimulatedReply) -> Told {
    let metadata = reply.message.metadata;
    (metadata.response_code, metadata.authentic_data, reply.extended_error.as_ref().map(|error| error.code))
}

const SECURE: Told = (ResponseCode::NoError, true, None);
const INSECURE: Told = (ResponseCode::NoError, false, None);
const EXEMPTED: Told = (ResponseCode::NoError, false, Some(33));
const EXPIRED: Told = (ResponseCode::ServFail, false, Some(7));

/// The correct answers, whichever server gives them: question, response code, AD flag, and code of the extended error.
const TRUTH: [(&str, RecordType, Told); 11] = [
    ("www.zone.tld.", RecordType::A, SECURE),
    ("zone.tld.", RecordType::MX, SECURE),
    ("zone.tld.", RecordType::DNSKEY, SECURE),
    ("zone.tld.", RecordType::DS, SECURE),
    ("mail.deep.zone.tld.", RecordType::A, SECURE),
    ("x.wild.deep.zone.tld.", RecordType::A, SECURE),
    ("none.deep.zone.tld.", RecordType::A, (ResponseCode::NXDomain, true, None)),
    ("www.deep.zone.tld.", RecordType::TXT, SECURE),
    ("www.plain.tld.", RecordType::A, INSECURE),
    ("www.plain.tld.", RecordType::TXT, INSECURE),
    ("www.broken.tld.", RecordType::A, EXPIRED),
];

#[test]
fn dnssec_forwarder_matches_authoritative_servers() {
    for faults in [&[][..], &[Fault::Validates]] {
        paused(async {
            let lab = lab();
            lab.server("one.tld").unwrap().set_faults(faults);
            let simulation = simulation(&lab, vec![forward(".", &[1])]);
            for (owner, kind, wanted) in TRUTH {
                // The first answer comes from the forwarder, the second one from the cache.
                for _ in 0..2 {
                    let reply = ask_for_ad(&simulation, owner, kind).await;
                    assert_eq!(told(&reply), wanted, "{faults:?} {owner} {kind} {:#?}", reply.steps);
                }
            }
            let unchecked = Flags { checking_disabled: true, ..Flags::default() };
            let reply =
                simulation.ask_with(&name("mail.broken.tld."), RecordType::A, unchecked).await.unwrap();
            assert_eq!(told(&reply), INSECURE);
            assert_eq!(lab.log().count("two.tld"), 0);
        });
    }
}

/// Without a trust anchor for the name, resolverd queries forwarders without CD, like Unbound. The forwarder then validates.
#[test]
fn unvalidated_zone_is_validated_by_forwarder() {
    paused(async {
        let lab = lab();
        lab.server("one.tld").unwrap().set_faults(&[Fault::Validates]);
        let exempted = ConfiguredZone { validate: false, ..forward(".", &[1]) };
        let passed_on = simulation(&lab, vec![exempted]);
        let reply = ask_for_ad(&passed_on, "www.broken.tld.", RecordType::A).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail, "{:#?}", reply.steps);
        // Names at a negative trust anchor are resolved although their signatures are wrong.
        let mut config = config_trusting(&lab);
        config.zones = vec![forward(".", &[1])];
        config.dnssec.negative_trust_anchors = vec![name("broken.tld.")];
        let resolved = Simulation::new(Arc::clone(&lab), config, 1);
        assert_eq!(told(&ask_for_ad(&resolved, "www.broken.tld.", RecordType::A).await), EXEMPTED);
    });
}

// If it is the only forwarder, all names are bogus.
#[test]
fn signature_stripping_forwarder_is_avoided() {
    paused(async {
        let lab = lab();
        lab.server("one.tld").unwrap().set_faults(&[Fault::NoDnssec]);
        let both = simulation(&lab, vec![forward(".", &[1, 2])]);
        for (owner, kind, wanted) in TRUTH {
            let reply = ask_for_ad(&both, owner, kind).await;
            assert_eq!(told(&reply), wanted, "{owner} {kind} {:#?}", reply.steps);
        }
        let before = lab.log().count("one.tld");
        ask_for_ad(&both, "mail.zone.tld.", RecordType::A).await;
        assert_eq!(lab.log().count("one.tld"), before, "the other one has been better");
        let alone = simulation(&lab, vec![forward(".", &[1])]);
        for owner in ["www.zone.tld.", "www.plain.tld."] {
            let reply = ask_for_ad(&alone, owner, RecordType::A).await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail, "{owner}");
        }
        let exempted = simulation(&lab, vec![ConfiguredZone { validate: false, ..forward(".", &[1]) }]);
        assert_eq!(told(&ask_for_ad(&exempted, "www.zone.tld.", RecordType::A).await), INSECURE);
    });
}

/// A zone that is bogus at all servers does not make forwarders count as faulty.
#[test]
fn bogus_zone_does_not_demote_forwarders() {
    paused(async {
        let lab = lab();
        let simulation = simulation(&lab, vec![forward(".", &[1, 2])]);
        // From here on, the second forwarder is slow, so resolverd prefers the first one.
        lab.server("two.tld").unwrap().set_faults(&[Fault::Slow(Duration::from_millis(80))]);
        for (owner, kind, _) in TRUTH {
            ask_for_ad(&simulation, owner, kind).await;
        }
        for number in 0..3 {
            assert_eq!(
                told(&ask_for_ad(&simulation, &format!("n{number}.broken.tld."), RecordType::A).await),
                EXPIRED
            );
        }
        lab.log().take();
        assert_eq!(told(&ask_for_ad(&simulation, "mail.zone.tld.", RecordType::A).await), SECURE);
        let sent = lab.log().take();
        assert_eq!(sent.first().map(|sent| &*sent.server), Some("one.tld"), "{sent:?}");
    });
}

/// The DS records and the keys of a zone are queried at the same time, so each zone cut takes one round trip.
#[test]
fn forwarded_cut_costs_one_round_trip() {
    paused(async {
        let lab = lab();
        let simulation = simulation(&lab, vec![forward(".", &[1])]);
        let reply = ask_for_ad(&simulation, "www.deep.zone.tld.", RecordType::A).await;
        assert_eq!(told(&reply), SECURE);
        assert!(reply.elapsed <= ROUND_TRIP * 4 + Duration::from_millis(4), "{:?}", reply.elapsed);
        let warm = ask_for_ad(&simulation, "mail.deep.zone.tld.", RecordType::A).await;
        assert!(warm.elapsed <= ROUND_TRIP + Duration::from_millis(1), "{:?}", warm.elapsed);
    });
}

#[test]
fn stub_zones_are_validated_unless_exempt() {
    let stub = |validate| zone("corp.tld.", ZoneKind::Stub(vec![address(2)]), validate);
    for (validate, wanted) in [(true, SECURE), (false, INSECURE)] {
        paused(async {
            let lab = lab();
            let simulation = simulation(&lab, vec![stub(validate)]);
            for (owner, kind) in [("corp.tld.", RecordType::MX), ("www.corp.tld.", RecordType::A)] {
                assert_eq!(told(&ask_for_ad(&simulation, owner, kind).await), wanted, "{owner} {validate}");
            }
            assert_eq!(told(&ask_for_ad(&simulation, "www.zone.tld.", RecordType::A).await), SECURE);
        });
    }
}

/// Returns a zone as its signer would write it. Records of types that only signers write have the form of RFC 3597 (unknown types).
fn file_of(zone: &SignedZone) -> String {
    let denials = zone.hashed().values().flatten().cloned();
    let records = zone.names().flat_map(|(owner, _)| [zone.all(owner), zone.all_signatures(owner)].concat());
    let hashed = zone.hashed().keys().flat_map(|owner| zone.all_signatures(owner));
    let mut text = String::new();
    for record in records.chain(hashed).chain(denials) {
        let data = match &record.data {
            RData::DNSSEC(DNSSECRData::DS(_)) => record.data.to_string(),
            RData::DNSSEC(_) => {
                let octets = record.data.to_bytes().unwrap();
                let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
                format!("\\# {} {hex}", octets.len())
            }
            data => data.to_string(),
        };
        text += &format!("{} {} IN {} {data}\n", record.name, record.ttl, record.record_type());
    }
    text
}

#[test]
fn signed_local_zones_are_validated() {
    for (apex, signing) in [("corp.tld.", ""), ("deep.zone.tld.", "nsec3"), ("broken.tld.", "expired")] {
        paused(async {
            let lab = lab();
            let authority = lab.server("two.tld").unwrap().authority();
            let signed = authority.zones().iter().find(|zone| *zone.origin() == name(apex)).unwrap();
            let file = ZoneKind::File { path: "zone".into(), text: file_of(signed) };
            let simulation = simulation(&lab, vec![zone(apex, file, true)]);
            let asks = async |owner: &str, kind| {
                told(&ask_for_ad(&simulation, &format!("{owner}{apex}"), kind).await)
            };
            if signing == "expired" {
                assert_eq!(asks("www.", RecordType::A).await, EXPIRED);
                return;
            }
            let denied = (ResponseCode::NXDomain, true, None);
            for _ in 0..2 {
                for (owner, kind, wanted) in [
                    ("", RecordType::MX, SECURE),
                    ("www.", RecordType::A, SECURE),
                    ("x.wild.", RecordType::A, SECURE),
                    ("www.", RecordType::TXT, SECURE),
                    ("none.", RecordType::A, denied),
                ] {
                    assert_eq!(asks(owner, kind).await, wanted, "{owner}{apex} {kind}");
                }
            }
            assert_eq!(told(&ask_for_ad(&simulation, "www.zone.tld.", RecordType::A).await), SECURE);
            let asked = lab.log().take();
            assert!(asked.iter().all(|one| one.kind != RecordType::MX), "nobody is asked for its data");
        });
    }
}

/// The public parent zone denies `intern.tld.` and its DS record, but the servers of the stub zone serve it.
#[test]
fn stub_zone_denied_by_parent_resolves() {
    paused(async {
        let mut tree = Tree::default();
        for (last, server) in (1..).zip(["one.tld", "ns.elsewhere"]) {
            tree.server(ServerPlan::new(server, vec![IpAddr::from([127, 0, 0, last])])).unwrap();
        }
        for zone in [".", "tld."] {
            tree.zone(zone, &["one.tld".to_owned()], "").unwrap();
            tree.sign(zone, Some("nsec3 optout".parse().unwrap())).unwrap();
        }
        let public = Arc::new(tree.clone().build().unwrap());
        tree.zone("intern.tld.", &["ns.elsewhere".to_owned()], MAIL).unwrap();
        let whole = tree.build().unwrap();
        public
            .server("ns.elsewhere")
            .unwrap()
            .set_authority(whole.server("ns.elsewhere").unwrap().authority());
        let stub = zone("intern.tld.", ZoneKind::Stub(vec![address(2)]), true);
        let simulation = simulation(&public, vec![stub]);
        for (owner, kind) in [
            ("intern.tld.", RecordType::MX),
            ("intern.tld.", RecordType::TXT),
            ("intern.tld.", RecordType::DS),
            ("intern.tld.", RecordType::NS),
            ("mail.intern.tld.", RecordType::A),
        ] {
            let reply = ask_for_ad(&simulation, owner, kind).await;
            let rcode = if kind == RecordType::DS { ResponseCode::NXDomain } else { ResponseCode::NoError };
            assert_eq!(reply.message.metadata.response_code, rcode, "{owner} {kind} {:#?}", reply.steps);
        }
    });
}

/// The parent's denial of a DS record at the name of the new zone is still in the cache.
#[test]
fn new_zone_survives_cached_parent_denial() {
    let tree = |parent: &str| {
        let mut tree = Tree::default();
        for (last, server) in (1..).zip(["one.tld", "ns.elsewhere"]) {
            tree.server(ServerPlan::new(server, vec![IpAddr::from([127, 0, 0, last])])).unwrap();
        }
        for (zone, text) in [(".", ""), ("tld.", ""), ("zone.tld.", parent)] {
            tree.zone(zone, &["one.tld".to_owned()], text).unwrap();
            tree.sign(zone, Some("".parse().unwrap())).unwrap();
        }
        tree
    };
    let sign = |mut tree: Tree, server: &str| {
        tree.zone("new.zone.tld.", &[server.to_owned()], MAIL).unwrap();
        tree.sign("new.zone.tld.", Some("".parse().unwrap())).unwrap();
        tree.build().unwrap()
    };
    let before = || Arc::new(tree("new 300 TXT soon\n").build().unwrap());
    // The zone is on the servers of its parent.
    paused(async {
        let lab = before();
        let simulation = simulation(&lab, Vec::new());
        assert_eq!(told(&ask_for_ad(&simulation, "new.zone.tld.", RecordType::DS).await), SECURE);
        lab.take_zones_of(&sign(tree(""), "one.tld"));
        lab.log().take();
        let reply = ask_for_ad(&simulation, "www.new.zone.tld.", RecordType::A).await;
        assert_eq!(told(&reply), SECURE, "{:#?}", reply.steps);
        let sent = lab.log().take();
        assert_eq!(sent.iter().filter(|sent| sent.to_string().ends_with(" DS")).count(), 1, "{sent:?}");
    });
    // Here the zone is a stub zone, so other servers answer for it. The parent zone delegates it a little later. Until the cached denial of its DS
    // records expires, the zone is not validated.
    paused(async {
        let (lab, whole) = (before(), sign(tree(""), "ns.elsewhere"));
        lab.server("ns.elsewhere").unwrap().set_authority(whole.server("ns.elsewhere").unwrap().authority());
        let stub = zone("new.zone.tld.", ZoneKind::Stub(vec![address(2)]), true);
        let simulation = simulation(&lab, vec![stub]);
        for owner in ["www.new.zone.tld.", "mail.new.zone.tld."] {
            let reply = ask_for_ad(&simulation, owner, RecordType::A).await;
            assert_eq!(told(&reply), (ResponseCode::NoError, false, None), "{:#?}", reply.steps);
        }
        lab.take_zones_of(&whole);
        tokio::time::sleep(Duration::from_secs(301)).await;
        for owner in ["www.new.zone.tld.", "mail.new.zone.tld."] {
            let reply = ask_for_ad(&simulation, owner, RecordType::A).await;
            assert_eq!(told(&reply), SECURE, "{:#?}", reply.steps);
        }
    });
}

/// Returns the log lines about zones without validation. `corp` is what the signed parent has at the name of the private zone corp.tld.
fn told_of_unvalidated(corp: &str, validate: bool) -> Vec<String> {
    let lines = lines_from(Level::WARN, || async {
        let mut tree = Tree::default();
        for (last, server) in [(1, "one.tld"), (2, "two.tld")] {
            tree.server(ServerPlan::new(server, vec![IpAddr::from([127, 0, 0, last])])).unwrap();
        }
        tree.zone(".", &["one.tld".to_owned()], "").unwrap();
        tree.zone("tld.", &["one.tld".to_owned()], corp).unwrap();
        tree.zone("corp.tld.", &["two.tld".to_owned()], "www 300 A 10.0.0.1\n").unwrap();
        tree.keep_private("corp.tld.").unwrap();
        for zone in [".", "tld."] {
            tree.sign(zone, Some("".parse().unwrap())).unwrap();
        }
        let lab = Arc::new(tree.build().unwrap());
        let stub = zone("corp.tld.", ZoneKind::Stub(vec![address(2)]), validate);
        let simulation = simulation(&lab, vec![stub]);
        for _ in 0..2 {
            for owner in ["www.corp.tld.", "none.corp.tld."] {
                let reply = ask_for_ad(&simulation, owner, RecordType::A).await;
                assert!(!reply.message.metadata.authentic_data, "{owner}");
                assert_ne!(reply.message.metadata.response_code, ResponseCode::ServFail, "{owner}");
            }
            tokio::time::sleep(Duration::from_secs(90_000)).await;
        }
    });
    lines.into_iter().map(|line| line.text).filter(|text| text.contains("is not validated")).collect()
}

// The signed parent zone has other data at the name of the [[zone]].
#[test]
fn unvalidated_local_zone_is_reported_once() {
    let told = told_of_unvalidated("corp 300 TXT here\n", true);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("[[zone]] corp.tld. is not validated: its signed parent has other data"),
        "{told:?}"
    );
    assert!(told[0].contains("set `validate = false`"), "{told:?}");
    assert!(told_of_unvalidated("corp 300 TXT here\n", false).is_empty(), "the operator knows");
    assert!(told_of_unvalidated("", true).is_empty(), "the parent proves that there is no such name");
}
