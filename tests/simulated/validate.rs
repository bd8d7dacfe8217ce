//! DNSSEC validation as clients see it: the replies for signed, unsigned and forged zones, and their cost.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::dnssec::rdata::{DNSSECRData, DS};
use hickory_proto::dnssec::{Algorithm, DigestType};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};

use config::Config;
use lab::delegations::Tree;
use lab::prelude::name;
use lab::server::Distance;
use lab::simulation::{Flags, SimulatedReply, Simulation, config_for, config_trusting, paused};
use lab::world::{Lab, ServerPlan};
use validate::anchors::Anchors;

/// The round trip to each server.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// Each zone has a name, servers, records and a signing plan (`None`: unsigned).
type Zones<'a> = [(&'a str, &'a [&'a str], &'a str, Option<&'a str>)];

const MAIL: &str = "@ 300 MX 10 mail\nmail 300 A 10.0.0.1\nalias 300 CNAME mail\n*.wild 300 A 10.0.0.2\n\
                    deep.ent 300 A 10.0.0.3\nout 300 CNAME www.plain.com.\nsick 300 CNAME www.broken.com.\n_25._tcp.mail 300 TXT tlsa\n";

const ZONES: [(&str, &[&str], &str, Option<&str>); 6] = [
    (".", &["a.root"], "", Some("")),
    ("com.", &["ns.com"], "", Some("nsec3 optout")),
    ("signed.com.", &["ns1.signed.com", "ns2.signed.com"], MAIL, Some("")),
    ("hashed.com.", &["ns.hashed.com"], MAIL, Some("nsec3")),
    ("broken.com.", &["ns.broken.com"], "www 300 A 10.0.0.9\n", Some("expired")),
    ("plain.com.", &["ns.plain.com"], "www 300 A 10.0.0.4\n", None),
];

fn lab(zones: &Zones<'_>) -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut last = 0;
    for server in zones.iter().flat_map(|(_, servers, ..)| servers.iter()) {
        last += 1;
        let mut plan = ServerPlan::new(server, vec![[127, 0, 0, last].into()]);
        plan.distance = Distance::steady(ROUND_TRIP);
        tree.server(plan).unwrap();
    }
    for (zone, servers, text, signing) in zones {
        let servers: Vec<String> = servers.iter().map(|server| (*server).to_owned()).collect();
        tree.zone(zone, &servers, text).unwrap();
        tree.sign(zone, signing.map(|signing| signing.parse().unwrap())).unwrap();
    }
    Arc::new(tree.build().unwrap())
}

struct Stage {
    simulation: Simulation,
}

impl Stage {
    fn new() -> Self {
        Self::of(lab(&ZONES), |_| {})
    }

    fn of(lab: Arc<Lab>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config_trusting(&lab);
        change(&mut config);
        Self { simulation: Simulation::new(lab, config, 1) }
    }

    async fn ask(&self, owner: &str, kind: RecordType) -> SimulatedReply {
        self.ask_with(owner, kind, Flags { authentic_data: true, ..Flags::default() }).await
    }

    async fn ask_with(&self, owner: &str, kind: RecordType, flags: Flags) -> SimulatedReply {
        self.simulation.ask_with(&name(owner), kind, flags).await.unwrap()
    }

    fn sent(&self) -> u64 {
        self.simulation.lab().log().total()
    }
}

/// Returns the response code, the AD flag, and the code of the extended error.
fn told(reply: &SimulatedReply) -> (ResponseCode, bool, Option<u16>) {
    let metadata = reply.message.metadata;
    (metadata.response_code, metadata.authentic_data, reply.extended_error.as_ref().map(|error| error.code))
}

const SECURE: (ResponseCode, bool, Option<u16>) = (ResponseCode::NoError, true, None);
const INSECURE: (ResponseCode, bool, Option<u16>) = (ResponseCode::NoError, false, None);
const EXEMPTED: (ResponseCode, bool, Option<u16>) = (ResponseCode::NoError, false, Some(33));
const NO_NAME: (ResponseCode, bool, Option<u16>) = (ResponseCode::NXDomain, true, None);
const EXPIRED: (ResponseCode, bool, Option<u16>) = (ResponseCode::ServFail, false, Some(7));

#[test]
fn ad_is_set_on_secure_only() {
    paused(async {
        let stage = Stage::new();
        for zone in ["signed.com", "hashed.com"] {
            for (owner, kind) in [
                (zone.to_owned(), RecordType::MX),
                (format!("mail.{zone}"), RecordType::A),
                (format!("alias.{zone}"), RecordType::A),
                (format!("x.wild.{zone}"), RecordType::A),
                (format!("mail.{zone}"), RecordType::AAAA),
                (format!("ent.{zone}"), RecordType::A),
                (format!("x.wild.{zone}"), RecordType::AAAA),
                (zone.to_owned(), RecordType::DNSKEY),
                (zone.to_owned(), RecordType::DS),
            ] {
                // The answer comes from servers, and then from the cache.
                for _ in 0..2 {
                    let reply = stage.ask(&owner, kind).await;
                    assert_eq!(told(&reply), SECURE, "{owner} {kind} {:#?}", reply.steps);
                }
            }
            assert_eq!(told(&stage.ask(&format!("none.{zone}"), RecordType::TLSA).await), NO_NAME, "{zone}");
            assert_eq!(told(&stage.ask(&format!("out.{zone}"), RecordType::A).await), INSECURE, "{zone}");
        }
        for _ in 0..2 {
            assert_eq!(told(&stage.ask("www.plain.com", RecordType::A).await), INSECURE);
            assert_eq!(told(&stage.ask("plain.com", RecordType::DS).await), INSECURE, "an opt-out span");
            let missing = stage.ask("no-such-zone.com", RecordType::A).await;
            assert_eq!(told(&missing), (ResponseCode::NXDomain, false, None), "an opt-out span");
        }
    });
}

// Only a query with AD or DO gets AD.
#[test]
fn ad_needs_request() {
    paused(async {
        let stage = Stage::new();
        let reply = stage.ask_with("mail.signed.com", RecordType::A, Flags::default()).await;
        assert_eq!(told(&reply), INSECURE);
        assert_eq!(reply.message.answers.len(), 1);
        let flags = Flags { dnssec_ok: true, ..Flags::default() };
        let reply = stage.ask_with("mail.signed.com", RecordType::A, flags).await;
        assert_eq!(told(&reply), SECURE);
        assert_eq!(reply.message.answers.len(), 2, "with its signature");
        let reply = stage.ask_with("none.signed.com", RecordType::A, flags).await;
        let kinds = reply.message.authorities.iter().map(|record| record.record_type());
        assert_eq!(
            kinds.filter(|kind| *kind == RecordType::NSEC).count(),
            2,
            "of the name and of the wildcard"
        );
        assert_eq!(told(&reply), NO_NAME);
    });
}

// The answer with CD is not given to other clients.
#[test]
fn bogus_answer_needs_cd() {
    paused(async {
        let stage = Stage::new();
        let unchecked = Flags { checking_disabled: true, authentic_data: true, ..Flags::default() };
        for _ in 0..2 {
            let reply = stage.ask_with("www.broken.com", RecordType::A, unchecked).await;
            assert_eq!(told(&reply), INSECURE);
            assert_eq!(reply.message.answers.len(), 1);
            let reply = stage.ask("www.broken.com", RecordType::A).await;
            assert_eq!(told(&reply), EXPIRED, "{:?}", reply.extended_error);
        }
        let sent = stage.sent();
        stage.ask("www.broken.com", RecordType::A).await;
        assert_eq!(stage.sent(), sent, "remembered for a moment");
        tokio::time::sleep(Duration::from_secs(61)).await;
        assert_eq!(told(&stage.ask("www.broken.com", RecordType::A).await), EXPIRED);
        assert!(stage.sent() > sent, "and found out anew after a minute");
    });
}

#[test]
fn bogus_server_leaves_zone_secure() {
    paused(async {
        let good = lab(&ZONES);
        let mut zones = ZONES;
        zones[2].3 = Some("wrong-key");
        let forged = lab(&zones);
        for bad in ["ns1.signed.com", "ns2.signed.com"] {
            let authority = forged.server(bad).unwrap().authority();
            let honest = good.server(bad).unwrap().authority();
            good.server(bad).unwrap().set_authority(authority);
            let stage = Stage::of(good.clone(), |_| {});
            let reply = stage.ask("mail.signed.com", RecordType::A).await;
            assert_eq!(told(&reply), SECURE, "{bad} {:#?}", reply.steps);
            good.server(bad).unwrap().set_authority(honest);
        }
        let stage = Stage::of(forged, |_| {});
        let (rcode, ad, code) = told(&stage.ask("mail.signed.com", RecordType::A).await);
        assert_eq!((rcode, ad), (ResponseCode::ServFail, false));
        assert!(code.is_some_and(|code| code == 6 || code == 9), "{code:?}");
    });
}

#[test]
fn rrsig_and_any_queries_succeed() {
    paused(async {
        let stage = Stage::new();
        for kind in [RecordType::RRSIG, RecordType::ANY, RecordType::NSEC] {
            let reply = stage.ask("mail.signed.com", kind).await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError, "{kind}");
            assert!(!reply.message.answers.is_empty(), "{kind}");
        }
    });
}

// A warm zone costs none.
#[test]
fn validation_costs_round_trip_per_cut() {
    paused(async {
        let plain = {
            let lab = lab(&ZONES);
            let config = config_for(&lab);
            Simulation::new(lab, config, 1).ask(&name("mail.signed.com"), RecordType::A).await.unwrap()
        };
        let stage = Stage::new();
        let cold = stage.ask("mail.signed.com", RecordType::A).await;
        assert_eq!(told(&cold), SECURE);
        let cuts = 3;
        assert!(cold.elapsed <= plain.elapsed + ROUND_TRIP * cuts, "{:?} {:?}", cold.elapsed, plain.elapsed);
        let sent = stage.sent();
        let warm = stage.ask("signed.com", RecordType::MX).await;
        assert_eq!((told(&warm), stage.sent() - sent, warm.elapsed), (SECURE, 1, ROUND_TRIP));
        let sent = stage.sent();
        let denied = stage.ask("none.signed.com", RecordType::TLSA).await;
        assert_eq!((told(&denied), stage.sent() - sent, denied.elapsed), (NO_NAME, 1, ROUND_TRIP));
    });
}

#[test]
fn proven_denial_covers_names_below() {
    paused(async {
        let stage = Stage::new();
        assert_eq!(told(&stage.ask("none.signed.com", RecordType::A).await), NO_NAME);
        let sent = stage.sent();
        let below = stage.ask("_25._tcp.none.signed.com", RecordType::TLSA).await;
        assert_eq!((told(&below), stage.sent()), (NO_NAME, sent));
        // With opt-out, an unsigned zone may exist although its name is denied, so a server must be queried for names below it.
        stage.ask("no-such-zone.com", RecordType::A).await;
        let sent = stage.sent();
        stage.ask("www.no-such-zone.com", RecordType::A).await;
        assert!(stage.sent() > sent);
    });
}

// Names below a negative trust anchor are insecure too.
#[test]
fn names_without_anchor_are_insecure() {
    paused(async {
        let stage = Stage::of(lab(&ZONES), |config| config.dnssec.trust_anchor.anchors = Default::default());
        assert_eq!(told(&stage.ask("mail.signed.com", RecordType::A).await), INSECURE);
        let stage = Stage::of(lab(&ZONES), |config| {
            config.dnssec.negative_trust_anchors = vec![name("broken.com.")];
        });
        assert_eq!(told(&stage.ask("www.broken.com", RecordType::A).await), EXEMPTED);
        assert_eq!(told(&stage.ask("mail.signed.com", RecordType::A).await), SECURE);
    });
}

/// A signed zone below an unsigned zone is validated with its own trust anchor.
#[test]
fn closest_trust_anchor_decides() {
    let isle = ("isle.plain.com.", &["ns.isle.plain.com"][..], MAIL, Some(""));
    let world = || {
        let mut zones = ZONES.to_vec();
        zones.push(isle);
        lab(&zones)
    };
    let wrong = || DS::new(1, Algorithm::ED25519, DigestType::SHA256, vec![0; 32]);
    paused(async {
        let stage = Stage::of(world(), |_| {});
        assert_eq!(
            told(&stage.ask("mail.isle.plain.com", RecordType::A).await),
            INSECURE,
            "no DS leads there"
        );
        let islands = world();
        let stage = Stage::of(islands.clone(), |config| {
            for record in islands.trust_anchor(&name("isle.plain.com.")) {
                if let RData::DNSSEC(DNSSECRData::DS(ds)) = &record.data {
                    config.dnssec.trust_anchor.anchors.add(&record.name, ds.clone());
                }
            }
            config.dnssec.trust_anchor.anchors.add(&name("hashed.com."), wrong());
        });
        assert_eq!(told(&stage.ask("mail.isle.plain.com", RecordType::A).await), SECURE);
        assert_eq!(told(&stage.ask("none.isle.plain.com", RecordType::TLSA).await), NO_NAME);
        assert_eq!(told(&stage.ask("www.plain.com", RecordType::A).await), INSECURE);
        assert_eq!(told(&stage.ask("mail.signed.com", RecordType::A).await), SECURE);
        let (rcode, ad, code) = told(&stage.ask("mail.hashed.com", RecordType::A).await);
        assert_eq!((rcode, ad, code), (ResponseCode::ServFail, false, Some(9)), "its own anchor is wrong");
    });
}

// The only trust anchor is below the signed zone and matches no key.
#[test]
fn anchor_below_signed_zone_stays_bogus() {
    paused(async {
        let stage = Stage::of(lab(&ZONES), |config| {
            let ds = DS::new(1, Algorithm::ED25519, DigestType::SHA256, vec![0; 32]);
            config.dnssec.trust_anchor.anchors = Anchors::default();
            config.dnssec.trust_anchor.anchors.add(&name("mail.signed.com."), ds);
        });
        let reply = stage.ask("mail.signed.com", RecordType::A).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
        assert_eq!(told(&stage.ask("signed.com", RecordType::MX).await), INSECURE);
    });
}

#[test]
fn temporary_nta_applies_until_removed() {
    paused(async {
        let stage = Stage::new();
        assert_eq!(told(&stage.ask("www.broken.com", RecordType::A).await), EXPIRED);
        let (resolver, now) = (stage.simulation.resolver(), stage.simulation.clock().mono());
        assert!(resolver.add_nta(&name("broken.com."), Duration::from_secs(3_600)).await);
        assert_eq!(told(&stage.ask("www.broken.com", RecordType::A).await), EXEMPTED);
        assert_eq!(resolver.ntas().list(now), [(name("broken.com."), Duration::from_secs(3_600))]);
        assert_eq!(told(&stage.ask("sick.signed.com", RecordType::A).await), EXEMPTED);
        assert!(resolver.remove_nta(&name("broken.com.")).await);
        assert_eq!(told(&stage.ask("www.broken.com", RecordType::A).await), EXPIRED);
        assert_eq!(told(&stage.ask("sick.signed.com", RecordType::A).await), EXPIRED);
    });
}

#[test]
fn nta_ends_when_zone_validates() {
    paused(async {
        let stage = Stage::new();
        let (resolver, hour) = (stage.simulation.resolver(), Duration::from_secs(3_600));
        for zone in ["broken.com.", "plain.com.", "signed.com."] {
            assert!(resolver.add_nta(&name(zone), hour).await);
        }
        let tested = || stage.simulation.test_negative_trust_anchors();
        assert_eq!(tested().await, [name("signed.com.")]);
        assert_eq!(told(&stage.ask("www.broken.com", RecordType::A).await), EXEMPTED);
        let repaired = ZONES.map(|(zone, servers, text, signing)| {
            (zone, servers, text, signing.map(|signing| if signing == "expired" { "" } else { signing }))
        });
        stage.simulation.lab().take_zones_of(&lab(&repaired));
        assert_eq!(tested().await, [name("broken.com.")]);
        assert_eq!(told(&stage.ask("www.broken.com", RecordType::A).await), SECURE);
        assert_eq!(resolver.ntas().list(stage.simulation.clock().mono()).len(), 1, "plain.com is not signed");
    });
}

#[test]
fn answers_end_with_their_nta() {
    paused(async {
        let stage = Stage::new();
        let minute = Duration::from_secs(60);
        assert!(stage.simulation.resolver().add_nta(&name("broken.com."), minute).await);
        for owner in ["www.broken.com", "sick.signed.com"] {
            let reply = stage.ask(owner, RecordType::A).await;
            assert_eq!(told(&reply), EXEMPTED);
            assert!(
                reply
                    .message
                    .answers
                    .iter()
                    .all(|record| record.data.ip_addr().is_none() || record.ttl <= 60)
            );
        }
        tokio::time::sleep(minute).await;
        for owner in ["www.broken.com", "sick.signed.com"] {
            assert_eq!(told(&stage.ask(owner, RecordType::A).await), EXPIRED, "{owner}");
        }
    });
}

#[test]
fn states_are_counted_by_flight() {
    paused(async {
        let stage = Stage::new();
        for owner in ["mail.signed.com", "www.plain.com", "www.broken.com", "mail.signed.com"] {
            stage.ask(owner, RecordType::A).await;
        }
        let report = stage.simulation.recorder().report(record::Window::Start);
        let counts: Vec<u64> = report.upstream.validated.values().copied().collect();
        assert_eq!(counts, [1, 1, 1, 0], "secure, insecure, bogus, indeterminate");
    });
}
