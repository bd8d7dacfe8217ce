//! A client that is not part of this project, hickory-resolver 0.26, which Stalwart Mail Server uses, queries the daemon over each
//! protocol.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::dnssec::{Proof, TrustAnchors};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, RecordType};
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::{Resolver, TokioResolver};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::daemon::client::extended_error;
use config::{Config, Listener};
use dns::clock::Clock;
use dns::random::Random;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::signing::Signing;
use lab::simulation::root_anchor;
use lab::sockets::LabSockets;
use lab::world::{Lab, ServerPlan};
use stage::{Stage, name};

/// A signed root and `tld.`, an unsigned zone whose negative TTL is one minute, and a zone whose server refuses queries.
fn signed_lab() -> Lab {
    let mut tree = Tree::default();
    let many: String = (0..100).map(|last| format!("many 300 A 10.0.1.{last}\n")).collect();
    for (zone, server, last, text) in [
        (".", "a.root", 1, String::new()),
        ("tld.", "ns.tld", 2, many),
        ("plain.tld.", "ns.plain.tld", 3, "@ 3600 SOA ns hostmaster 1 7200 900 1209600 60\n".to_owned()),
        ("refusing.tld.", "ns.refusing.tld", 4, String::new()),
    ] {
        tree.server(ServerPlan::new(server, vec![[127, 80, 0, last].into()])).unwrap();
        tree.zone(zone, &[server.to_owned()], &text).unwrap();
        // `plain.tld.` is unsigned, so that only its SOA record limits the TTL of a denial.
        tree.sign(zone, (zone != "plain.tld.").then(Signing::default)).unwrap();
    }
    let lab = tree.build_at(Clock::machine().now().unix).unwrap();
    lab.server("ns.refusing.tld").unwrap().set_faults(&[Fault::Refused]);
    lab
}

/// Returns a listener with a certificate for dns.example from the certificate authority of the tests.
fn listener() -> Listener {
    let folder = tempfile::tempdir().unwrap();
    for file in ["first.pem", "first.key"] {
        std::fs::copy(certificates().join(file), folder.path().join(file)).unwrap();
    }
    let key = folder.path().join("first.key");
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let any = "[\"127.0.0.1:0\"]";
    let text = format!(
        "version = 1\n[listen]\naddresses = {any}\ntls = {any}\nhttps = {any}\nquic = {any}\n\
         certificate = \"first.pem\"\nkey = \"first.key\"\n"
    );
    let file = folder.path().join("resolverd.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(Some(&file)).unwrap().listen
}

fn certificates() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls"))
}

/// Creates a client. With trust anchors, it sends the DO flag and validates the answers.
fn client(protocols: &[ProtocolConfig], server: SocketAddr, anchors: Option<TrustAnchors>) -> TokioResolver {
    let at_port = |protocol| {
        let mut connection = ConnectionConfig::new(protocol);
        connection.port = server.port();
        connection
    };
    let connections = protocols.iter().cloned().map(at_port).collect();
    let config =
        ResolverConfig::from_name_servers(vec![NameServerConfig::new(server.ip(), true, connections)]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificates().join("ca.pem")).unwrap()).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let tls = tls.with_safe_default_protocol_versions().unwrap();
    let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_tls_config(tls.with_root_certificates(roots).with_no_client_auth());
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    if let Some(anchors) = anchors {
        builder = builder.with_trust_anchor(Arc::new(anchors));
    }
    builder.build().unwrap()
}

/// Returns the daemon's DNSKEY records of the root zone as trust anchors.
async fn root_keys(stage: &Stage) -> TrustAnchors {
    let mut anchors = TrustAnchors::empty();
    for record in stage.client().ask(&Name::root(), RecordType::DNSKEY).await.unwrap().answers {
        if let RData::DNSSEC(DNSSECRData::DNSKEY(key)) = record.data {
            anchors.insert(key.public_key());
        }
    }
    anchors
}

// Stalwart Mail Server uses this client.
#[tokio::test(flavor = "multi_thread")]
async fn hickory_client_gets_answers_per_protocol() {
    let sockets = LabSockets::start(Arc::new(signed_lab()), Random::system().unwrap()).await.unwrap();
    let stage = Stage::set("", |config| {
        config.listen = listener();
        config.dnssec.validate = true;
        config.dnssec.trust_anchor = root_anchor(sockets.lab());
        config.resolve.root_hints = sockets.lab().root_hints();
        config.resolve.upstream_port = sockets.port();
    })
    .await;
    let server_name: Arc<str> = "dns.example".into();
    let https = ProtocolConfig::Https { server_name: server_name.clone(), path: "/dns-query".into() };
    for (protocols, server) in [
        (vec![ProtocolConfig::Udp, ProtocolConfig::Tcp], stage.address),
        (vec![ProtocolConfig::Tcp], stage.address),
        (vec![ProtocolConfig::Tls { server_name: server_name.clone() }], stage.daemon.tls_addresses()[0]),
        (vec![https], stage.daemon.https_addresses()[0]),
        (vec![ProtocolConfig::Quic { server_name }], stage.daemon.quic_addresses()[0]),
    ] {
        let plain = client(&protocols, server, None);
        let validating = client(&protocols, server, Some(root_keys(&stage).await));
        let answer = plain.lookup(name("many.tld."), RecordType::A).await.unwrap();
        assert_eq!(answer.answers().len(), 100, "{protocols:?}");
        let answer = validating.lookup(name("many.tld."), RecordType::A).await.unwrap();
        let is_secure = answer.answers().iter().all(|record| record.proof == Proof::Secure);
        assert!(is_secure && answer.message().metadata.authentic_data, "{protocols:?}: {answer:?}");
        for (owner, code) in
            [("none.plain.tld.", ResponseCode::NXDomain), ("plain.tld.", ResponseCode::NoError)]
        {
            let denied = plain.lookup(name(owner), RecordType::MX).await.unwrap_err();
            let NetError::Dns(DnsError::NoRecordsFound(denied)) = denied else {
                panic!("{protocols:?}: {denied:?}")
            };
            let ttl = denied.soa.as_ref().unwrap().ttl;
            assert!((1..=60).contains(&ttl) && denied.negative_ttl == Some(ttl), "{protocols:?}: {denied:?}");
            assert_eq!(denied.response_code, code, "{protocols:?}");
        }
        // Hickory's client does not give its caller the AD bit of a denial or the extended error of a failure.
        let denied = validating.lookup(name("none.tld."), RecordType::A).await.unwrap_err();
        assert!(denied.is_nx_domain() && !format!("{denied:?}").contains("authentic_data"), "{denied:?}");
        for client in [plain, validating] {
            let failed = client.lookup(name("www.refusing.tld."), RecordType::A).await.unwrap_err();
            assert_eq!(format!("{failed:?}"), "Dns(ResponseCode(ServFail))", "{protocols:?}");
        }
    }
    let client = stage.client().asking_for_ad();
    assert!(client.ask(&name("none.tld."), RecordType::A).await.unwrap().metadata.authentic_data);
    let failed = client.ask(&name("www.refusing.tld."), RecordType::A).await.unwrap();
    assert!(extended_error(&failed).is_some());
    stage.daemon.stop().await;
}
