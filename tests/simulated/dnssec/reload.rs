//! Changes of the trust anchors. Cached verdicts must not be used afterwards: secure answers may become bogus, and bogus ones secure.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_proto::dnssec::rdata::DS;
use hickory_proto::dnssec::{Algorithm, DigestType};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use config::{Config, ConfiguredZone, ZoneKind};
use lab::delegations::Tree;
use lab::prelude::name;
use lab::simulation::{Flags, Simulation, config_trusting, paused};
use lab::world::{Lab, ServerPlan};
use validate::anchors::Anchors;

/// The response code, the AD flag, and the code of the extended error.
type Told = (ResponseCode, bool, Option<u16>);

const SECURE: Told = (ResponseCode::NoError, true, None);
const INSECURE: Told = (ResponseCode::NoError, false, None);
const EXEMPTED: Told = (ResponseCode::NoError, false, Some(33));
const NO_KEYS: Told = (ResponseCode::ServFail, false, Some(9));
const EXPIRED: Told = (ResponseCode::ServFail, false, Some(7));

fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    tree.server(ServerPlan::new("one.tld", vec![IpAddr::from([127, 0, 0, 1])])).unwrap();
    for (zone, text, words) in [
        (".", "", ""),
        ("tld.", "", "nsec3"),
        ("zone.tld.", "www 300 A 10.0.0.1\nsick 300 CNAME www.broken.tld.\n", ""),
        ("broken.tld.", "www 300 A 10.0.0.2\n", "expired"),
    ] {
        tree.zone(zone, &["one.tld".to_owned()], text).unwrap();
        tree.sign(zone, Some(words.parse().unwrap())).unwrap();
    }
    Arc::new(tree.build().unwrap())
}

struct Reloaded(Simulation);

impl Reloaded {
    fn new(config: Config, lab: &Arc<Lab>) -> Self {
        Self(Simulation::new(Arc::clone(lab), config, 1))
    }

    async fn to(&self, config: Config) {
        self.0.reload(config).await;
    }

    /// Asks twice, so that the second answer comes from the cache. Both answers must be as `wanted`.
    async fn is(&self, owner: &str, wanted: Told) {
        for turn in ["servers", "memory"] {
            let flags = Flags { authentic_data: true, ..Flags::default() };
            let reply = self.0.ask_with(&name(owner), RecordType::A, flags).await.unwrap();
            let metadata = reply.message.metadata;
            let code = reply.extended_error.as_ref().map(|error| error.code);
            let told = (metadata.response_code, metadata.authentic_data, code);
            assert_eq!(told, wanted, "{owner} from {turn} {:#?}", reply.steps);
        }
    }
}

#[test]
fn new_anchors_hold_at_once() {
    paused(async {
        let lab = lab();
        let good = config_trusting(&lab);
        let mut wrong = good.clone();
        wrong.dnssec.trust_anchor.anchors = Anchors::default();
        let ds = DS::new(1, Algorithm::ED25519, DigestType::SHA256, vec![0; 32]);
        wrong.dnssec.trust_anchor.anchors.add(&Name::root(), ds);
        let mut without = good.clone();
        without.dnssec.trust_anchor.anchors = Anchors::default();
        let mut off = good.clone();
        off.dnssec.validate = false;

        let resolver = Reloaded::new(good.clone(), &lab);
        resolver.is("www.zone.tld.", SECURE).await;
        resolver.is("www.broken.tld.", EXPIRED).await;
        for (config, zone, broken) in [
            (wrong, NO_KEYS, NO_KEYS),
            (good.clone(), SECURE, EXPIRED),
            (without, INSECURE, INSECURE),
            (good.clone(), SECURE, EXPIRED),
            (off, INSECURE, INSECURE),
            (good, SECURE, EXPIRED),
        ] {
            resolver.to(config).await;
            resolver.is("www.zone.tld.", zone).await;
            resolver.is("www.broken.tld.", broken).await;
        }
    });
}

type Exempt = fn(&mut Config, ConfiguredZone);

/// When a negative trust anchor is removed, no answer that it permitted may remain in the cache: neither at names below it, nor at aliases
/// to such names.
#[test]
fn removed_exemption_discards_its_answers() {
    let stub = |validate| ConfiguredZone {
        name: name("broken.tld."),
        kind: ZoneKind::Stub(vec![SocketAddr::from(([127, 0, 0, 1], 53))]),
        validate,
        ..ConfiguredZone::default()
    };
    let exempted: [(Exempt, Told); 2] = [
        (|config, zone| config.zones = vec![zone], INSECURE),
        (|config, zone| config.dnssec.negative_trust_anchors = vec![zone.name], EXEMPTED),
    ];
    for (exempt, told) in exempted {
        paused(async {
            let lab = lab();
            let mut strict = config_trusting(&lab);
            strict.zones = vec![stub(true)];
            let mut lenient = strict.clone();
            exempt(&mut lenient, stub(false));
            let resolver = Reloaded::new(strict.clone(), &lab);
            resolver.is("www.broken.tld.", EXPIRED).await;
            for _ in 0..2 {
                resolver.to(lenient.clone()).await;
                resolver.is("www.broken.tld.", told).await;
                resolver.is("sick.zone.tld.", told).await;
                resolver.is("www.zone.tld.", SECURE).await;
                resolver.to(strict.clone()).await;
                resolver.is("www.broken.tld.", EXPIRED).await;
                resolver.is("sick.zone.tld.", EXPIRED).await;
                resolver.is("www.zone.tld.", SECURE).await;
                tokio::time::sleep(std::time::Duration::from_secs(61)).await;
            }
        });
    }
}
