//! Checks with connections to a mail host, which may get only EHLO, STARTTLS and QUIT.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use dns::clock::date;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::forum::world;
use crate::gateway::Gateway;

const HOST: [u8; 4] = [127, 91, 0, 20];

/// The behaviour of a simulated mail host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    Sound,
    /// The greeting is not an SMTP reply.
    Mumbles,
    Rejects,
    WithoutTls,
    BreaksTls,
    /// The certificate expires in this number of days, or has expired if the number is negative.
    Ends(i64),
    /// The certificate has X.509 version 1.
    Version1,
}

/// Starts a mail host for one connection. The thread returns the received commands.
pub(crate) fn mail_host(address: [u8; 4], conduct: Conduct) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind((Ipv4Addr::from(address), 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || serve(&listener.accept().unwrap().0, conduct));
    (port, heard)
}

fn serve(mut stream: &TcpStream, conduct: Conduct) -> Vec<String> {
    let mut heard = Vec::new();
    let greeting = match conduct {
        Conduct::Rejects => "554 no service",
        Conduct::Mumbles => "good evening",
        _ => "220 smtp.host.com ESMTP",
    };
    stream.write_all(format!("{greeting}\r\n").as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(line)) = lines.next() {
        let reply = match line.split(' ').next().unwrap() {
            "EHLO" if conduct == Conduct::WithoutTls => "250-smtp.host.com\r\n250 SIZE 1000\r\n",
            "EHLO" => "250-smtp.host.com\r\n250-STARTTLS\r\n250 SIZE 1000\r\n",
            "STARTTLS" => "220 go ahead\r\n",
            _ => "221 bye\r\n",
        };
        let starts = line == "STARTTLS";
        heard.push(line);
        // The client may have closed the connection.
        let _ = stream.write_all(reply.as_bytes());
        if starts && conduct == Conduct::BreaksTls {
            let _ = stream.write_all(b"this is no handshake\r\n");
            return heard;
        }
        if starts {
            heard.extend(secured(stream, conduct));
            return heard;
        }
    }
    heard
}

/// Returns the certificate with a validity period that ends in `days` days. Its signature is then wrong.
fn ending(certificate: &CertificateDer<'_>, days: i64) -> CertificateDer<'static> {
    const END: &[u8] = b"21200101000000Z";
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let end = date(now.saturating_add_signed(days * 86_400)).replace('-', "") + "000000Z";
    let mut octets = certificate.as_ref().to_vec();
    let at = octets.windows(END.len()).position(|part| part == END).unwrap();
    octets[at..at + END.len()].copy_from_slice(end.as_bytes());
    octets.into()
}

pub(crate) fn server(stream: &TcpStream, conduct: Conduct) -> StreamOwned<ServerConnection, &TcpStream> {
    StreamOwned::new(ServerConnection::new(Arc::new(server_config(conduct))).unwrap(), stream)
}

pub(crate) fn server_config(conduct: Conduct) -> ServerConfig {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor/certificates");
    let certificate = CertificateDer::from_pem_file(folder.join("mail.pem")).unwrap();
    let certificate = match conduct {
        Conduct::Ends(days) => ending(&certificate, days),
        _ => certificate,
    };
    let key = PrivateKeyDer::from_pem_file(folder.join("mail.key")).unwrap();
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    if conduct == Conduct::Version1 {
        // The TLS library cannot parse a certificate of version 1. `SingleCertAndKey` sends the certificate without parsing it.
        let old = CertificateDer::from_pem_file(folder.join("version1.pem")).unwrap();
        let key = provider.key_provider.load_private_key(key).unwrap();
        return config
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(vec![old], key))));
    }
    config.with_single_cert(vec![certificate], key).unwrap()
}

fn secured(stream: &TcpStream, conduct: Conduct) -> Vec<String> {
    let mut text = String::new();
    // If the client sends no close_notify, reading ends with an error. The text before is used nevertheless.
    let _ = server(stream, conduct).read_to_string(&mut text);
    text.lines().map(str::to_owned).collect()
}

/// Returns the findings as JSON, and the commands that the mail host received.
fn check(world: &Gateway, domain: &str, conduct: Conduct) -> (Vec<serde_json::Value>, Vec<String>) {
    let (port, heard) = mail_host(HOST, conduct);
    let port = port.to_string();
    let (_, lines) = world.run(&["--json", "check", domain, "--connect", "--smtp-port", &port]);
    let findings = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    (findings, heard.join().unwrap())
}

fn evidence(findings: &[serde_json::Value], code: &str) -> Option<String> {
    let found = findings.iter().find(|finding| finding["code"] == code)?;
    found["evidence"].as_str().map(str::to_owned)
}

// The mail host gets EHLO, STARTTLS and QUIT only.
#[test]
fn connect_check_judges_certificate() {
    let world = world();
    let (findings, heard) = check(&world, "connected.com", Conduct::Sound);
    assert_eq!(heard, ["EHLO [127.0.0.1]", "STARTTLS", "QUIT"]);
    assert_eq!(
        evidence(&findings, "smtp_ok").as_deref(),
        Some("127.91.0.20 (smtp.host.com.) says 220 smtp.host.com ESMTP; EHLO: 250 smtp.host.com"),
        "{findings:#?}"
    );
    assert_eq!(evidence(&findings, "certificate_invalid"), None);
    let (findings, heard) = check(&world, "misnamed.com", Conduct::Sound);
    assert_eq!(heard, ["EHLO [127.0.0.1]", "STARTTLS", "QUIT"]);
    let fault = evidence(&findings, "certificate_invalid").unwrap();
    assert!(fault.starts_with("127.91.0.20 (other.host.com.): "), "{fault}");
    assert!(evidence(&findings, "smtp_ok").is_some(), "mail is sent there all the same");
}

#[test]
fn version_1_certificate_completes_handshake() {
    let world = world();
    let (findings, heard) = check(&world, "connected.com", Conduct::Version1);
    assert_eq!(heard, ["EHLO [127.0.0.1]", "STARTTLS", "QUIT"], "{findings:#?}");
    assert_eq!(evidence(&findings, "starttls_fails"), None);
    let fault = evidence(&findings, "certificate_invalid").unwrap();
    assert!(fault.contains("the certificate has X.509 version 1"), "{fault}");
    assert!(evidence(&findings, "smtp_ok").is_some(), "{findings:#?}");
}

#[test]
fn each_mail_host_fault_is_named() {
    let world = world();
    let cases = [
        (Conduct::Rejects, "smtp_rejects", &["QUIT"][..]),
        (Conduct::WithoutTls, "starttls_missing", &["EHLO [127.0.0.1]", "QUIT"]),
        (Conduct::BreaksTls, "starttls_fails", &["EHLO [127.0.0.1]", "STARTTLS"]),
    ];
    for (conduct, code, commands) in cases {
        let (findings, heard) = check(&world, "connected.com", conduct);
        assert!(evidence(&findings, code).is_some(), "{conduct:?}: {findings:#?}");
        assert_eq!(heard, commands, "{conduct:?}");
    }
    // This mail host accepts one connection and then closes the port, so further connections are refused.
    let (port, heard) = mail_host(HOST, Conduct::Rejects);
    drop(TcpStream::connect(("127.91.0.20", port)).unwrap());
    heard.join().unwrap();
    let port = port.to_string();
    let (code, lines) = world.run(&["--json", "check", "connected.com", "--connect", "--smtp-port", &port]);
    assert!(lines.iter().any(|line| line.contains("\"smtp_refused\"")), "{lines:#?}");
    assert_eq!(code, 1);
}

/// Starts a web server with an MTA-STS policy for one request. The thread returns the request.
pub(crate) fn policy_host(address: [u8; 4], policy: impl Into<String>) -> (u16, JoinHandle<String>) {
    let policy = policy.into();
    let listener = TcpListener::bind((Ipv4Addr::from(address), 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = BufReader::new(server(&stream, Conduct::Sound));
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") && stream.read_line(&mut request).is_ok_and(|read| read > 0) {}
        // An error is ignored, because a client that does not trust the certificate has closed the connection.
        let _ = stream.get_mut().write_all(policy.as_bytes()).and_then(|()| stream.get_mut().flush());
        request
    });
    (port, heard)
}

#[test]
fn mta_sts_policy_must_match_hosts() {
    let world = world();
    let sound = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n\
        version: STSv1\r\nmode: enforce\r\nmx: smtp.host.com\r\nmax_age: 86400\r\n";
    let check = |domain: &str, policy: &'static str| {
        let ((smtp, mail), (https, heard)) = (mail_host(HOST, Conduct::Sound), policy_host(HOST, policy));
        let (smtp, https) = (smtp.to_string(), https.to_string());
        let ports = ["--smtp-port", &smtp, "--https-port", &https];
        let (_, lines) = world.run(&[&["--json", "check", domain, "--connect"], ports.as_slice()].concat());
        mail.join().unwrap();
        let findings: Vec<serde_json::Value> =
            lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        (findings, heard.join().unwrap())
    };
    // The certificate is valid for the policy host of excluded.com, but not for that of untrusted.com.
    let (findings, request) = check("excluded.com", sound);
    assert!(
        request.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1\r\nhost: mta-sts.excluded.com\r\n"),
        "{request}"
    );
    assert_eq!(
        evidence(&findings, "mta_sts_mx").as_deref(),
        Some("other.host.com. not in the policy (mode enforce; mx smtp.host.com.)"),
        "{findings:#?}"
    );
    let (findings, _) = check("excluded.com", "HTTP/1.0 301 Moved\r\nLocation: https://x/\r\n\r\n");
    assert!(evidence(&findings, "mta_sts_unreachable").unwrap().contains("301 Moved"), "{findings:#?}");
    let (findings, request) = check("untrusted.com", sound);
    assert!(evidence(&findings, "mta_sts_unreachable").is_some(), "{findings:#?}");
    assert_eq!(request, "", "nothing is asked of a host without a valid certificate");
}
