//! Resolution and validation with authoritative servers that are not part of this project: hickory-server 0.26 serves the root, a TLD and
//! zones below it, and signs them.
//!
//! Its referrals have no glue and no DS records, and have AA. So the names of all servers are in the root zone, and resolverd must query
//! the DS records. `RFC_4592` lists its wrong answers about wildcards.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::dnssec::crypto::Ed25519SigningKey;
use hickory_proto::dnssec::rdata::{DNSKEY, DS};
use hickory_proto::dnssec::{DigestType, DnssecSigner, SigningKey};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use hickory_server::dnssec::NxProofKind;
use hickory_server::server::Server;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneHandler, ZoneType};
use tokio::net::{TcpListener, UdpSocket};

use crate::daemon::client::extended_error;
use config::{RootHints, TrustAnchor};
use dns::zone_file::records;
use lab::client::LabClient;
use stage::{PATIENCE, Stage, name};
use validate::anchors::Anchors;

/// The code of the extended error for a zone without a trusted key (RFC 8914 section 4.10).
const DNSKEY_MISSING: u16 = 9;

const VALID: Duration = Duration::from_secs(86_400);

const ZONE: &str = "\
www 300 A 192.0.2.1
alias 300 CNAME www.plain.tld.
*.wild 300 A 192.0.2.2
";

/// Questions about the zone of RFC 4592 section 2.2.1: first those of that section, then others. Each has the correct reply, and the reply
/// of hickory-server 0.26.3 (https://github.com/hickory-dns/hickory-dns/issues/3893).
const RFC_4592: [(&str, RecordType, Reply, Reply); 11] = [
    ("host3", RecordType::MX, Reply::Answer, Reply::Answer),
    ("host3", RecordType::A, Reply::NoData, Reply::NxDomain),
    ("foo.bar", RecordType::TXT, Reply::Answer, Reply::Answer),
    ("host1", RecordType::MX, Reply::NoData, Reply::Answer),
    ("sub.*", RecordType::MX, Reply::NoData, Reply::Answer),
    ("_telnet._tcp.host1", RecordType::SRV, Reply::NxDomain, Reply::NxDomain),
    ("host.subdel", RecordType::A, Reply::Referral, Reply::Referral),
    ("ghost.*", RecordType::MX, Reply::NxDomain, Reply::Answer),
    ("host2", RecordType::MX, Reply::NoData, Reply::Answer),
    ("_tcp.host1", RecordType::TXT, Reply::NoData, Reply::Answer),
    ("_telnet._tcp.host1", RecordType::TXT, Reply::NxDomain, Reply::Answer),
];
const WILDCARDS: &str = "\
* 300 TXT \"this is a wildcard\"
* 300 MX 10 host1
sub.* 300 TXT \"this is not a wildcard\"
host1 300 A 192.0.2.1
_ssh._tcp.host1 300 SRV 0 0 22 host1
_ssh._tcp.host2 300 SRV 0 0 22 host1
subdel 300 NS ns-tld.
";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Reply {
    Answer,
    NoData,
    NxDomain,
    Referral,
    Failure,
}

/// hickory-server at three addresses, and a daemon that uses it as the root.
struct Foreign {
    stage: Stage,
    port: u16,
    _servers: Vec<Server<Catalog>>,
}

impl Foreign {
    async fn start() -> Self {
        let nsec3 = || NxProofKind::Nsec3 {
            algorithm: Default::default(),
            salt: Arc::new([]),
            iterations: 0,
            opt_out: false,
        };
        let mut tld = String::new();
        let mut zones = Catalog::new();
        for (label, text, proof) in [
            ("signed", ZONE, Some(NxProofKind::Nsec)),
            ("hashed", ZONE, Some(nsec3())),
            ("broken", ZONE, Some(NxProofKind::Nsec)),
            ("plain", ZONE, None),
            ("wildcards", WILDCARDS, Some(NxProofKind::Nsec)),
        ] {
            let text = format!("{text}long 300 TXT {}\n", format!("\"{}\" ", "x".repeat(250)).repeat(6));
            let (origin, is_signed) = (format!("{label}.tld."), proof.is_some());
            let ds = serve(&mut zones, &origin, "ns-zones.", &text, proof);
            // The DS record of `broken` is that of another key.
            let other = serve(&mut Catalog::new(), &origin, "ns-zones.", "", None);
            tld += &format!("{label} 300 NS ns-zones.\n");
            if is_signed {
                tld += &format!("{label} 300 DS {}\n", if label == "broken" { other } else { ds });
            }
        }
        let (mut root_catalog, mut tld_catalog) = (Catalog::new(), Catalog::new());
        serve(&mut tld_catalog, "subdel.wildcards.tld.", "ns-tld.", "host 300 A 192.0.2.3\n", None);
        let tld = serve(&mut tld_catalog, "tld.", "ns-tld.", &tld, Some(nsec3()));
        let mut root = format!("tld 300 NS ns-tld.\ntld 300 DS {tld}\n");
        for (server, last) in [("ns-root", 1), ("ns-tld", 2), ("ns-zones", 3)] {
            root += &format!("{server} 300 A {}\n", address(last));
        }
        let root = serve(&mut root_catalog, ".", "ns-root.", &root, Some(NxProofKind::Nsec));
        let (port, sockets) = bind().await;
        let servers = sockets.into_iter().zip([root_catalog, tld_catalog, zones]).map(
            |((datagrams, streams), catalog)| {
                let mut server = Server::new(catalog);
                server.register_socket(datagrams);
                server.register_listener(streams, PATIENCE, 4);
                server
            },
        );
        let servers = servers.collect();
        let stage = Stage::set("", |config| {
            let mut anchors = Anchors::default();
            anchors.add(&Name::root(), root);
            config.dnssec.validate = true;
            config.dnssec.trust_anchor = TrustAnchor { path: None, anchors };
            config.resolve.root_hints =
                RootHints { path: None, servers: vec![(name("ns-root."), vec![address(1).into()])] };
            config.resolve.upstream_port = port;
        })
        .await;
        Self { stage, port, _servers: servers }
    }

    /// Returns a client of the server whose address has `last` as its last octet.
    fn client(&self, last: u8) -> LabClient {
        LabClient::new((address(last), self.port).into(), PATIENCE)
    }

    async fn ask(&self, owner: &str, kind: RecordType) -> Message {
        self.stage.client().asking_for_ad().ask(&name(owner), kind).await.unwrap()
    }
}

/// Adds a zone with its SOA and NS records. If `proof` is not `None`, the zone is signed with NSEC or NSEC3. Returns the DS record of its
/// key.
fn serve(catalog: &mut Catalog, origin: &str, server: &str, text: &str, proof: Option<NxProofKind>) -> DS {
    let is_signed = proof.is_some();
    let origin = name(origin);
    let mut zone: InMemoryZoneHandler =
        InMemoryZoneHandler::empty(origin.clone(), ZoneType::Primary, AxfrPolicy::Deny, proof);
    let text = format!("@ 300 SOA {server} hostmaster 1 7200 900 1209600 60\n@ 300 NS {server}\n{text}");
    for record in records(&origin, &text).unwrap() {
        assert!(zone.upsert_mut(record, 1));
    }
    let key = Ed25519SigningKey::from_pkcs8(&Ed25519SigningKey::generate_pkcs8().unwrap()).unwrap();
    let public = key.to_public_key().unwrap();
    if is_signed {
        let key = DnssecSigner::new(DNSKEY::from_key(&public), Box::new(key), origin.clone(), VALID);
        zone.add_zone_signing_key_mut(key).unwrap();
        zone.secure_zone_mut().unwrap();
    }
    let zones: Vec<Arc<dyn ZoneHandler>> = vec![Arc::new(zone)];
    catalog.upsert(origin.clone().into(), zones);
    DS::from_key(&public, &origin, DigestType::SHA256).unwrap()
}

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 79, 0, last)
}

/// Opens sockets for three servers at the same port, because resolverd queries all servers at the same port.
async fn bind() -> (u16, Vec<(UdpSocket, TcpListener)>) {
    let bound = async |last, port| -> io::Result<_> {
        let datagrams = UdpSocket::bind((address(last), port)).await?;
        let streams = TcpListener::bind(datagrams.local_addr()?).await?;
        Ok((datagrams, streams))
    };
    for _ in 0..50 {
        let Ok(first) = bound(1, 0).await else { continue };
        let port = first.0.local_addr().unwrap().port();
        // If another test uses the port at one of these addresses, another port is tried.
        if let (Ok(second), Ok(third)) = (bound(2, port).await, bound(3, port).await) {
            return (port, vec![first, second, third]);
        }
    }
    panic!("no port is free at the three addresses");
}

fn classify(reply: &Message) -> Reply {
    let has = |kind| reply.authorities.iter().any(|record| record.record_type() == kind);
    match reply.metadata.response_code {
        ResponseCode::NXDomain => Reply::NxDomain,
        ResponseCode::NoError if !reply.answers.is_empty() => Reply::Answer,
        ResponseCode::NoError if has(RecordType::NS) && !has(RecordType::SOA) => Reply::Referral,
        ResponseCode::NoError => Reply::NoData,
        _ => Reply::Failure,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hickory_server_zones_resolve_and_validate() {
    let foreign = Foreign::start().await;
    let referral =
        foreign.client(1).asking_with_do().ask(&name("www.signed.tld."), RecordType::A).await.unwrap();
    let has_signer = referral.authorities.iter().any(|record| record.record_type() == RecordType::DS);
    assert_eq!((classify(&referral), has_signer), (Reply::Referral, false), "{referral:?}");
    assert!(referral.metadata.authoritative && referral.additionals.is_empty(), "{referral:?}");
    for zone in ["signed", "hashed", "plain", "broken"] {
        for (label, kind, replied, data) in [
            ("www", RecordType::A, Reply::Answer, "192.0.2.1"),
            ("long", RecordType::TXT, Reply::Answer, "xxxxxxxxxx"),
            ("alias", RecordType::A, Reply::Answer, "192.0.2.1"),
            ("any.wild", RecordType::A, Reply::Answer, "192.0.2.2"),
            ("www", RecordType::MX, Reply::NoData, ""),
            ("none", RecordType::A, Reply::NxDomain, ""),
        ] {
            let reply = foreign.ask(&format!("{label}.{zone}.tld."), kind).await;
            let (replied, is_secure) = match zone {
                "broken" => (Reply::Failure, false),
                // The target of the alias is in the unsigned zone.
                _ => (replied, zone != "plain" && label != "alias"),
            };
            let got = (classify(&reply), reply.metadata.authentic_data);
            assert_eq!(got, (replied, is_secure), "{label}.{zone} {kind}: {reply:?}");
            match replied {
                Reply::Answer => {
                    let answered = reply.answers.last().unwrap().data.to_string();
                    assert!(answered.contains(data), "{label}.{zone} {kind}: {answered}");
                }
                Reply::Failure => assert_eq!(extended_error(&reply), Some(DNSKEY_MISSING)),
                _ => {
                    assert!((1..=60).contains(&reply.authorities[0].ttl), "{label}.{zone} {kind}: {reply:?}")
                }
            }
        }
    }
    foreign.stage.daemon.stop().await;
}

// hickory-server replies wrongly to some of the queries of RFC 4592.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_wildcard_replies_are_refused() {
    let foreign = Foreign::start().await;
    for (label, kind, right, theirs) in RFC_4592 {
        let owner = format!("{label}.wildcards.tld.");
        let replied = foreign.client(3).ask(&name(&owner), kind).await.unwrap();
        assert_eq!(classify(&replied), theirs, "{owner} {kind}: if it is repaired, change this and README");
        let ours = classify(&foreign.ask(&owner, kind).await);
        let expected = if right == Reply::Referral { Reply::Answer } else { right };
        // Signatures and NSEC records do not prove a wrong reply, so resolverd may answer SERVFAIL, or the correct answer from earlier NSEC
        // records.
        let is_refused = ours == Reply::Failure && theirs != right;
        assert!(ours == expected || is_refused, "{owner} {kind}: {ours:?}");
    }
    foreign.stage.daemon.stop().await;
}
