//! Comparisons with resolvers of third parties over TLS (RFC 7858) and HTTPS (RFC 8484).

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_proto::op::Message;
use hickory_proto::serialize::binary::{BinDecodable, BinEncodable};
use tokio_rustls::TlsAcceptor;

use crate::connect::{Conduct, server, server_config};
use crate::forum::world;
use crate::gateway::Gateway;
use lab::prelude::skipped;
use zones::authority::Authority;

/// Returns the reply of a third party's resolver from its cache.
fn answer(authority: &Authority, query: &[u8]) -> Vec<u8> {
    let mut response = authority.respond(&Message::from_bytes(query).unwrap());
    response.metadata.authoritative = false;
    response.metadata.recursion_available = true;
    response.to_bytes().unwrap()
}

/// Starts a resolver over TLS. Returns its port, and the number of connections to it.
fn over_tls(authority: Arc<Authority>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.91.0.21:0").unwrap();
    let (port, opened) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&opened);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
            let authority = Arc::clone(&authority);
            std::thread::spawn(move || frames(&stream.unwrap(), &authority));
        }
    });
    (port, opened)
}

fn frames(stream: &TcpStream, authority: &Authority) {
    let mut stream = server(stream, Conduct::Sound);
    let mut length = [0; 2];
    while stream.read_exact(&mut length).is_ok() {
        let mut query = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut query).unwrap();
        let reply = answer(authority, &query);
        let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
        stream.write_all(&[length.as_slice(), &reply].concat()).unwrap();
        stream.flush().unwrap();
    }
}

/// Starts a resolver over HTTPS. Returns its port.
fn over_https(authority: Arc<Authority>, address: &str) -> u16 {
    let listener = TcpListener::bind((address, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let mut config = server_config(Conduct::Sound);
            config.alpn_protocols = vec![b"h2".to_vec()];
            let acceptor = TlsAcceptor::from(Arc::new(config));
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(acceptor.accept(stream).await.unwrap()).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let authority = Arc::clone(&authority);
                drop(tokio::spawn(async move {
                    assert_eq!(request.uri().path(), "/dns-query");
                    assert!(["smtp.host.com", "[::1]"].contains(&request.uri().host().unwrap()));
                    let (mut body, mut query) = (request.into_body(), Vec::new());
                    while let Some(Ok(octets)) = body.data().await {
                        query.extend_from_slice(&octets);
                    }
                    let head = http::Response::builder().header("content-type", "application/dns-message");
                    let mut stream = respond.send_response(head.body(()).unwrap(), false).unwrap();
                    stream.send_data(answer(&authority, &query).into(), true).unwrap();
                }));
            }
        });
    });
    port
}

/// Returns the evidence of the finding with this code about `moved.com`.
fn evidence(world: &Gateway, resolver: &str, code: &str) -> String {
    let nobody = world.path("resolv.conf");
    std::fs::write(&nobody, "nameserver 127.91.0.99\n").unwrap();
    let file = nobody.to_str().unwrap();
    let (_, lines) =
        world.run(&["--json", "check", "moved.com", "--resolver", resolver, "--resolv-conf", file]);
    let mut found = lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let finding = found.find(|finding| finding["code"] == code);
    finding.unwrap_or_else(|| panic!("{resolver}: {lines:#?}"))["evidence"].as_str().unwrap().to_owned()
}

#[test]
fn tls_and_https_resolvers_are_compared() {
    let world = world();
    let authority = Arc::new(world.lab().server("public.resolver").unwrap().authority());
    let (port, opened) = over_tls(Arc::clone(&authority));
    let tls = format!("tls://127.91.0.21:{port}#smtp.host.com");
    let old = evidence(&world, &tls, "others_old");
    assert!(old.starts_with(&format!("{tls} moved.com. MX: 10 older.host.com. until ")), "{old}");
    assert_eq!(opened.load(Ordering::Relaxed), 1, "one connection for all questions");
    // The daemon resolves the host name in the URL.
    let https = format!("https://smtp.host.com:{}", over_https(Arc::clone(&authority), "127.91.0.20"));
    let old = evidence(&world, &https, "others_old");
    assert!(old.starts_with(&format!("{https} moved.com. MX: 10 older.host.com. until ")), "{old}");
    // The resolver is given as an IPv6 address and the name in its certificate.
    if TcpListener::bind("[::1]:0").is_ok() {
        let https = format!("https://[::1]:{}/dns-query#smtp.host.com", over_https(authority, "::1"));
        let old = evidence(&world, &https, "others_old");
        assert!(old.starts_with(&format!("{https} moved.com. MX: 10 older.host.com. until ")), "{old}");
    } else {
        skipped("a resolver over HTTPS at an IPv6 address: this host has no ::1");
    }
    // Without a name, the certificate must be for the IP address, but it is for other names.
    let unknown = evidence(&world, &format!("tls://127.91.0.21:{port}"), "others_unknown");
    let rejected = "TLS certificate rejected: it is for smtp.host.com, mta-sts.connected.com, mta-sts.excluded.com, and not for 127.91.0.21";
    assert!(unknown.contains(rejected), "{unknown}");
    let file = world.path("resolv.conf");
    let with = format!("tls://127.91.0.21:{port}");
    let words = ["compare", "website.com", "--with", &with, "--resolv-conf", file.to_str().unwrap()];
    let output = world.command(&words);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains(&format!("; without an answer: {with} ({rejected})")), "{text}");
    let unknown = evidence(&world, "https://nothing.host.com/", "others_unknown");
    assert!(unknown.contains("no address of nothing.host.com was found"), "{unknown}");
}
