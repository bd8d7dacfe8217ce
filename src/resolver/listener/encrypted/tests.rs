//! Tests DNS over TLS from the point of view of clients.

use std::net::SocketAddr;
use std::sync::Arc;

use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::super::Listeners;
use super::super::reload_tests::{config, query, serve};
use super::DOT;
use crate::limits::{HANDSHAKE_TIME, TCP_IDLE_TIME};
use crate::resolve::Resolver;
use config::Config;
use dns::clock::Clock;
use exchange::limits::MAX_PIPELINED;
use record::{Counter, Window};
use zones::Views;

pub(in super::super) fn file(name: &str) -> String {
    format!("{}/../../tests/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn with_tls(certificate: &str) -> Arc<Config> {
    with_certificate(certificate, "tls = [\"127.0.0.1:0\"]")
}

/// Returns the configuration of `reload_tests` with this certificate. `more` follows the keys of `[listen]`, and may contain sections.
pub(in super::super) fn with_certificate(certificate: &str, more: &str) -> Arc<Config> {
    let [pem, key] = ["pem", "key"].map(|end| file(&format!("{certificate}.{end}")));
    // The key is copied, because a checkout of the repository does not keep the modes of files.
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("key");
    std::fs::copy(key, &copy).unwrap();
    std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let text = format!(
        "version = 1\n[listen]\naddresses = [\"127.0.0.1:0\"]\ncertificate = \"{pem}\"\nkey = \"{}\"\n{more}\n",
        copy.display()
    );
    let read = directory.path().join("resolverd.toml");
    std::fs::write(&read, text).unwrap();
    let mut read = Config::load(Some(&read)).unwrap();
    read.hosts = config(1, &[]).hosts;
    read.listen.workers = 1;
    Arc::new(read)
}

pub(in super::super) fn listen(config: &Arc<Config>) -> (Listeners, Arc<Resolver>, Views) {
    let views = Views::new(config).unwrap();
    let (listeners, resolver) = serve(config, &views, Clock::simulated(1_800_000_000));
    (listeners, resolver, views)
}

fn client(versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
    client_of(versions, DOT)
}

pub(in super::super) fn client_of(
    versions: &[&'static SupportedProtocolVersion],
    protocol: &[u8],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn connect(address: SocketAddr) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    client(&[&TLS13, &TLS12]).connect(ServerName::try_from("dns.example").unwrap(), stream).await.unwrap()
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

async fn reply(stream: &mut TlsStream<TcpStream>) -> Message {
    let mut octets = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut octets).await.unwrap();
    Message::from_vec(&octets).unwrap()
}

fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

pub(in super::super) fn counted(listeners: &Listeners, counter: Counter) -> u64 {
    listeners.parts.recorder.report(Window::Start).upstream.counts[counter]
}

#[tokio::test]
async fn dot_pipelines_queries_over_tls12_tls13() {
    let (listeners, ..) = listen(&with_tls("first"));
    let address = listeners.tls_addresses()[0];
    assert_eq!(listeners.addresses().len(), 1, "TLS is apart");
    for version in [&TLS12, &TLS13] {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("dns.example").unwrap();
        let mut stream = client(&[version]).connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"dot".as_slice()));
        // These octets exceed one TLS record, and their parts do not end where DNS messages end.
        let many = framed(&query()).repeat(4 * MAX_PIPELINED);
        for part in many.chunks(1_000) {
            stream.write_all(part).await.unwrap();
        }
        stream.flush().await.unwrap();
        for _ in 0..4 * MAX_PIPELINED {
            let reply = reply(&mut stream).await;
            assert_eq!(reply.metadata.response_code, ResponseCode::NoError);
            assert_eq!(reply.answers.len(), 1);
        }
    }
    assert_eq!(counted(&listeners, Counter::TlsHandshakes), 2);
    assert_eq!(counted(&listeners, Counter::QueriesTls), 8 * MAX_PIPELINED as u64);
    listeners.stop();
}

#[tokio::test]
async fn only_padded_query_gets_padded_reply() {
    let (listeners, ..) = listen(&with_tls("first"));
    let mut stream = connect(listeners.tls_addresses()[0]).await;
    for pads in [true, false] {
        let mut message = Message::from_vec(&query()).unwrap();
        let mut edns = Edns::new();
        if pads {
            edns.options_mut().insert(EdnsOption::Unknown(12, vec![0; 60]));
        }
        message.set_edns(edns);
        stream.write_all(&framed(&message.to_vec().unwrap())).await.unwrap();
        let length = stream.read_u16().await.unwrap();
        stream.read_exact(&mut vec![0; length.into()]).await.unwrap();
        assert_eq!(length == 468, pads, "{length}");
    }
    listeners.stop();
}

// A handshake has a time limit, and octets without TLS get an alert.
#[tokio::test(start_paused = true)]
async fn slow_or_plain_client_is_closed() {
    let (listeners, ..) = listen(&with_tls("first"));
    let address = listeners.tls_addresses()[0];
    let mut connected = connect(address).await;
    let began = Instant::now();
    let mut slow = TcpStream::connect(address).await.unwrap();
    // The client sends only the beginning of a TLS ClientHello.
    slow.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    assert_eq!(slow.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert_eq!(began.elapsed().as_secs(), HANDSHAKE_TIME.as_secs());
    assert_eq!(counted(&listeners, Counter::TlsFailed), 1);
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(&framed(&query())).await.unwrap();
    let mut alert = Vec::new();
    let _ = plain.read_to_end(&mut alert).await;
    assert_eq!(alert.first(), Some(&21), "an alert, and no answer");
    // This is a TLS record with the first octet of a DNS message, so the time limit of a DNS message applies.
    connected.write_all(&[0]).await.unwrap();
    let mut nothing = Vec::new();
    let _ = connected.read_to_end(&mut nothing).await;
    assert!(nothing.is_empty() && began.elapsed() < 3 * TCP_IDLE_TIME, "{:?}", began.elapsed());
    listeners.stop();
}

// The neighbour at another address is still served.
#[tokio::test]
async fn excess_tls_handshakes_close_own_client() {
    let (listeners, ..) = listen(&with_tls("first"));
    let address = listeners.tls_addresses()[0];
    let ahead = listeners.parts.clock.mono().after(TCP_IDLE_TIME);
    while listeners.bounds.handshakes.may([127, 0, 0, 1].into(), ahead) {}
    let from = |last: u8| async move {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
        let stream = socket.connect(address).await.unwrap();
        client(&[&TLS13]).connect(ServerName::try_from("dns.example").unwrap(), stream).await
    };
    assert!(from(1).await.is_err());
    assert_eq!(counted(&listeners, Counter::TlsRefused), 1);
    assert!(from(2).await.is_ok());
    listeners.stop();
}

#[tokio::test]
async fn new_certificate_serves_new_connections() {
    let old = with_tls("first");
    let (listeners, _, views) = listen(&old);
    let address = listeners.tls_addresses()[0];
    let mut before = connect(address).await;
    listeners.set_policies(&with_tls("second"), &views);
    let mut after = connect(address).await;
    assert_ne!(shown(&before), shown(&after));
    for stream in [&mut before, &mut after] {
        stream.write_all(&framed(&query())).await.unwrap();
        assert_eq!(reply(stream).await.metadata.response_code, ResponseCode::NoError);
    }
    let mut strict = (*with_tls("second")).clone();
    strict.listen.allow = Vec::new();
    listeners.set_policies(&strict, &views);
    let mut closed = TcpStream::connect(address).await.unwrap();
    assert_eq!(closed.read(&mut [0; 16]).await.unwrap_or(0), 0, "not in `allow`");
    listeners.stop();
}
