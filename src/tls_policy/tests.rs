//! Tests at the front door of the crate: a mail server asks, and the resolver and the policy host are replaced.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use proptest::prelude::*;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::limits::MAX_POLICY;
use super::*;
use dns::clock::Mono;
use dns::question::marks::{AheadMark, RenewalMark};
use dns::question::{Answer, ExtendedError, Question, Security, name_text};
use dns::zone_file;

/// The resolver: a line for each answer. `NAME TYPE secure|insecure|bogus|dead|gone [DATA]...`, with data between bars.
#[derive(Clone, Default)]
struct Zones {
    lines: Arc<Mutex<Vec<String>>>,
    asked: Arc<AtomicUsize>,
    /// The time that each answer takes.
    takes: Duration,
}

impl Zones {
    fn of(text: &str) -> Self {
        let zones = Self::default();
        zones.set(text);
        zones
    }

    fn set(&self, text: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        *lines = text.lines().map(|line| line.trim().to_owned()).collect();
    }

    fn answer(&self, question: &Question) -> Answer {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let begin = format!("{} {} ", name_text(&question.name), question.kind);
        let lines = self.lines.lock().unwrap();
        let rest = lines.iter().find_map(|line| line.strip_prefix(&begin)).unwrap_or("insecure");
        let (state, data) = rest.split_once(" | ").unwrap_or((rest, ""));
        let mut message = Message::new(0, MessageType::Response, OpCode::Query);
        for data in data.split(" | ").filter(|data| !data.is_empty()) {
            // An alias: `CNAME name`, then the records of this name.
            let (owner, data) = match data.split_once(" <- ") {
                None => (name_text(&question.name), data),
                Some((end, data)) => {
                    let alias = format!("{} 60 CNAME {end}", name_text(&question.name));
                    message.add_answer(zone_file::record(&alias).unwrap());
                    (end.to_owned(), data)
                }
            };
            message.add_answer(zone_file::record(&format!("{owner} 60 {} {data}", question.kind)).unwrap());
        }
        let (rcode, code) = match state {
            "bogus" => (ResponseCode::ServFail, Some(6)),
            "dead" => (ResponseCode::ServFail, Some(ExtendedError::NO_REACHABLE_AUTHORITY)),
            "gone" => (ResponseCode::NXDomain, None),
            _ => (ResponseCode::NoError, None),
        };
        Answer {
            wire: message.to_vec().unwrap().into(),
            ttl_offsets: Box::default(),
            rcode,
            stored: Mono::default(),
            expires: Mono::default(),
            extended_error: code.map(|code| ExtendedError::new(code, format!("{state} says the test"))),
            security: if state == "secure" { Security::Secure } else { Security::Insecure },
            list: None,
            renewal: RenewalMark::default(),
            ahead: AheadMark::default(),
        }
    }
}

impl Asker for Zones {
    fn ask(&self, question: Question) -> BoxFuture<'_, Arc<Answer>> {
        assert!(question.dnssec_ok, "Postfix asks with DO");
        let answer = Arc::new(self.answer(&question));
        Box::pin(async move {
            if !self.takes.is_zero() {
                sleep(self.takes).await;
            }
            answer
        })
    }

    fn is_denied(&self, address: IpAddr) -> bool {
        address == IpAddr::from([127, 0, 0, 9])
    }
}

/// Asks as Postfix does, and returns the reply without its frame.
async fn ask(policies: &Arc<TlsPolicies<Zones>>, map: &str, key: &str) -> String {
    let (mut client, server) = tokio::io::duplex(1 << 17);
    let request = format!("{map} {key}");
    client.write_all(format!("{}:{request},", request.len()).as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    policies.serve(server).await.unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).await.unwrap();
    let (length, reply) = reply.split_once(':').unwrap();
    let reply = reply.strip_suffix(',').unwrap();
    assert_eq!(length, reply.len().to_string());
    reply.to_owned()
}

const TLSA: &str = "3 1 1 abababababababababababababababababababababababababababababababab";

/// A mail host in a signed zone. `tlsa` is the answer for its TLSA records.
fn host(name: &str, tlsa: &str) -> String {
    format!("{name} A secure | 192.0.2.1\n_25._tcp.{name} TLSA {tlsa}\n")
}

#[tokio::test]
async fn verdict_follows_from_each_host() {
    let good = format!("secure | {TLSA}");
    let [usable, second] = ["mx1.a.test.", "mx2.a.test."].map(|name| host(name, &good));
    let one = |tlsa: &str| host("mx1.a.test.", tlsa);
    let two = |tlsa: &str| host("mx2.a.test.", tlsa);
    let insecure = "mx2.a.test. A insecure | 192.0.2.1\n_25._tcp.mx2.a.test. TLSA dead\n";
    let alias = format!("mx1.a.test. A secure | end.test. <- 192.0.2.1\n_25._tcp.end.test. TLSA {good}\n");
    let half = "mx1.a.test. A insecure | end.test. <- 192.0.2.1\nmx1.a.test. CNAME secure | end.test.\n";
    let half = format!("{half}_25._tcp.mx1.a.test. TLSA {good}\n_25._tcp.end.test. TLSA bogus\n");
    let unusable = "secure | 1 1 1 abab";
    let mx = "a.test. MX secure | 10 mx1.a.test. | 20 mx2.a.test.\n";
    let alone = "a.test. MX secure | 10 mx1.a.test.\n";
    let dead = "mx2.a.test. A dead\nmx2.a.test. AAAA dead\n";
    for (zones, expected) in [
        (format!("{mx}{usable}{second}"), "OK dane-only"),
        (format!("{mx}{usable}{}", two("secure")), "OK dane"),
        (format!("{mx}{usable}{insecure}"), "OK dane"),
        (format!("{mx}{usable}{}", two("bogus")), "OK dane"),
        (format!("{mx}{usable}{dead}"), "OK dane-only"),
        (format!("{mx}{usable}"), "OK dane-only"),
        (format!("{alone}{alias}"), "OK dane-only"),
        (format!("{alone}{half}"), "OK dane-only"),
        (format!("{alone}{}", half.replace("CNAME secure", "CNAME insecure")), "NOTFOUND "),
        (format!("{mx}{}{dead}", one("secure")), "OK dane"),
        (format!("{mx}{}{dead}", one(unusable)), "OK dane"),
        (format!("{alone}{}", one(unusable)), "OK encrypt"),
        (format!("{mx}{}{}", one(unusable), two("secure")), "OK dane"),
        (format!("{mx}{}{}", one("bogus"), two("secure")), "OK dane"),
        (format!("{alone}{}", one("secure")), "NOTFOUND "),
        (format!("{alone}{}", one("gone")), "NOTFOUND "),
        (format!("{alone}{}", one("bogus")), "TEMP TLSA or address of mx1.a.test: bogus says the test"),
        (format!("{alone}{}", one("dead")), "TEMP TLSA or address of mx1.a.test: dead says the test"),
        (
            format!("{}{dead}", alone.replace("mx1", "mx2")),
            "TEMP TLSA or address of mx2.a.test: dead says the test",
        ),
        (format!("{}{usable}", alone.replace("secure", "insecure")), "NOTFOUND "),
        ("a.test. MX bogus".to_owned(), "TEMP MX: bogus says the test"),
        ("a.test. MX dead".to_owned(), "TEMP MX: dead says the test"),
        ("a.test. MX gone".to_owned(), "NOTFOUND "),
        ("a.test. MX secure | 0 .".to_owned(), "NOTFOUND "),
        (format!("a.test. MX secure\n{}", host("a.test.", &good)), "OK dane-only"),
        (format!("{alone}{}", one(&format!("insecure | {TLSA}"))), "NOTFOUND "),
    ] {
        let policies = Arc::new(TlsPolicies::new(Zones::of(&zones), &Clock::machine()));
        assert_eq!(ask(&policies, "QUERY", "a.test").await, expected, "{zones}");
    }
}

#[tokio::test]
async fn next_hop_in_brackets_has_port() {
    let zones = format!(
        "mx.a.test. A secure | 192.0.2.1\n_587._tcp.mx.a.test. TLSA secure | {TLSA}\n_mta-sts.a.test. TXT bogus"
    );
    let policies = Arc::new(TlsPolicies::new(Zones::of(&zones), &Clock::machine()));
    for (key, expected) in [
        ("[mx.a.test]:587", "OK dane-only"),
        ("[MX.a.test]:submission", "OK dane-only"),
        ("[mx.a.test]", "NOTFOUND "),
        ("a.test", "NOTFOUND "),
        (".a.test", "NOTFOUND "),
        ("[192.0.2.1]", "NOTFOUND "),
        ("", "NOTFOUND "),
    ] {
        assert_eq!(ask(&policies, "QUERY", key).await, expected, "{key}");
    }
    assert_eq!(ask(&policies, "get", "a.test").await, "PERM the map is QUERY or QUERYwithTLSRPT");
}

#[tokio::test]
async fn unsigned_domain_costs_two_questions() {
    let zones = Zones::of("a.test. MX insecure | 10 mx.a.test.");
    let policies = Arc::new(TlsPolicies::new(zones.clone(), &Clock::machine()));
    assert_eq!(ask(&policies, "QUERY", "a.test").await, "NOTFOUND ");
    assert_eq!(zones.asked.load(Ordering::Relaxed), 2);
}

// Postfix needs the MX, and then the addresses and TLSA records: as many waits as a fresh verdict has.
#[test]
fn fresh_verdict_waits_like_postfix() {
    let good = format!("secure | {TLSA}");
    let secure = ["mx1.a.test.", "mx2.a.test."].map(|name| host(name, &good)).concat();
    for (mx, waits) in [("insecure | 10 mx1.a.test.", 1), ("secure | 10 mx1.a.test. | 20 mx2.a.test.", 2)] {
        let takes = Duration::from_millis(100);
        let zones = Zones { takes, ..Zones::of(&format!("a.test. MX {mx}\n{secure}")) };
        let policies = Arc::new(TlsPolicies::new(zones, &Clock::machine()));
        let took = dns::stage::paused(async {
            let began = tokio::time::Instant::now();
            ask(&policies, "QUERY", "a.test").await;
            began.elapsed()
        });
        assert_eq!(took.as_millis(), 100 * waits, "{mx}");
    }
}

/// A policy host: sends `reply` to each request, and counts them.
struct PolicyHost {
    port: u16,
    reply: Arc<Mutex<String>>,
    served: Arc<AtomicUsize>,
}

impl PolicyHost {
    async fn begin() -> Self {
        let (certificate, key) =
            (include_bytes!("../../tests/tls/policy.pem"), include_bytes!("../../tests/tls/policy.key"));
        let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::from_pem_slice(key).unwrap())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (acceptor, reply, served) = (
            TlsAcceptor::from(Arc::new(config)),
            Arc::<Mutex<String>>::default(),
            Arc::<AtomicUsize>::default(),
        );
        let host = Self { port, reply: Arc::clone(&reply), served: Arc::clone(&served) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(octet) => request.push(octet),
                        Err(_) => break,
                    }
                }
                served.fetch_add(1, Ordering::Relaxed);
                let reply = reply.lock().unwrap().clone();
                // An error is that of a client which has read enough.
                let _ = stream.write_all(reply.as_bytes()).await;
                let _ = stream.flush().await;
            }
        });
        host
    }

    fn says(&self, head: &str, policy: &str) {
        *self.reply.lock().unwrap() = format!("HTTP/1.1 {head}\r\n\r\n{}", policy.replace("; ", "\r\n"));
    }

    fn policies(&self, zones: &Zones, clock: &Clock) -> Arc<TlsPolicies<Zones>> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(include_bytes!("../../tests/tls/policy.pem")).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(TlsPolicies::with(zones.clone(), clock, (Trust::Settings(Arc::new(config)), self.port)))
    }

    fn served(&self) -> usize {
        self.served.load(Ordering::Relaxed)
    }
}

const STS: &str = "sts.test. MX insecure | 10 mx.sts.test.
    _mta-sts.sts.test. TXT insecure | \"v=STSv1; id=1\"
    mta-sts.sts.test. A insecure | 127.0.0.1";

const ENFORCE: &str = "version: STSv1; mode: enforce; mx: MX.sts.test; mx: *.b.test; max_age: 86400";

const SECURE: &str = "OK secure match=mx.sts.test:.b.test servername=hostname";

#[tokio::test]
async fn policy_is_fetched_once_and_kept() {
    let (host, zones, clock) = (PolicyHost::begin().await, Zones::of(STS), Clock::simulated(1_800_000_000));
    host.says("200 OK", ENFORCE);
    let policies = host.policies(&zones, &clock);
    let replies = join_all((0..20).map(|_| ask(&policies, "QUERY", "sts.test"))).await;
    assert!(replies.iter().all(|reply| reply == SECURE), "{replies:?}");
    assert_eq!(host.served(), 1);
    let reports = format!(
        "{SECURE} policy_type=sts policy_domain=sts.test mx_host_pattern=mx.sts.test mx_host_pattern=*.b.test \
         {{ policy_string = version: STSv1 }} {{ policy_string = mode: enforce }} {{ policy_string = mx: mx.sts.test }} \
         {{ policy_string = mx: *.b.test }} {{ policy_string = max_age: 86400 }}"
    );
    assert_eq!(ask(&policies, "QUERYwithTLSRPT", "sts.test").await, reports);
    // The record is gone, or cannot be looked up: the policy stays in force, also after a restart.
    for record in ["insecure", "bogus", "gone"] {
        zones.set(&STS.replace("insecure | \"v=STSv1; id=1\"", record));
        assert_eq!(ask(&policies, "QUERY", "sts.test").await, SECURE, "{record}");
    }
    let file = policies.to_octets().unwrap().unwrap();
    assert!(policies.to_octets().unwrap().is_none(), "written once");
    let next = host.policies(&zones, &clock);
    next.restore(file.as_slice()).unwrap();
    assert_eq!(ask(&next, "QUERY", "sts.test").await, SECURE);
    assert_eq!(host.served(), 1);
    // The time of the policy is over.
    clock.set_wrong_by(86_401);
    assert_eq!(ask(&next, "QUERY", "sts.test").await, "NOTFOUND ");
    next.restore(file.as_slice()).unwrap();
    assert_eq!(ask(&next, "QUERY", "sts.test").await, "NOTFOUND ");
    assert!(next.restore(&b"{\"version\":2,\"policies\":[]}"[..]).is_err());
}

#[tokio::test]
async fn failed_fetch_keeps_old_policy() {
    let (host, zones, clock) = (PolicyHost::begin().await, Zones::of(STS), Clock::simulated(1_800_000_000));
    host.says("200 OK", ENFORCE);
    let policies = host.policies(&zones, &clock);
    assert_eq!(ask(&policies, "QUERY", "sts.test").await, SECURE);
    zones.set(&STS.replace("id=1", "id=2"));
    host.says("404 Not Found", ENFORCE);
    for _ in 0..3 {
        assert_eq!(ask(&policies, "QUERY", "sts.test").await, SECURE);
    }
    assert_eq!(host.served(), 2, "the failed fetch is repeated only after a pause");
    clock.set_wrong_by(301);
    host.says("200 OK", &ENFORCE.replace("enforce", "none"));
    assert_eq!(ask(&policies, "QUERY", "sts.test").await, "NOTFOUND ");
    assert_eq!(host.served(), 3);
}

#[tokio::test]
async fn only_valid_policy_counts() {
    let long = "x".repeat(MAX_POLICY);
    let chunked = "200 OK\r\nTransfer-Encoding: chunked";
    for (head, policy, expected) in [
        ("200 OK", ENFORCE, SECURE),
        ("200 OK\r\nContent-Type: text/plain", ENFORCE, SECURE),
        (
            chunked,
            "29\r\nversion: STSv1\nmode: enforce\nmx: *.b.test\r\n1\r\n\n\r\nE\r\nmax_age: 86400\r\n0\r\n\r\n",
            "OK secure match=.b.test servername=hostname",
        ),
        (
            chunked,
            "29\r\nversion: STSv1\nmode: enforce\nmx: *.b.test\r\n1\r\n\n\r\nE\r\nmax_age: 86400\r\n",
            "NOTFOUND ",
        ),
        ("200 OK\r\nContent-Length: 900", ENFORCE, "NOTFOUND "),
        ("200 OK", "version: STSv1; mode: testing; mx: a.test; max_age: 9", "NOTFOUND "),
        ("200 OK", "version: STSv1; mode: none; max_age: 9", "NOTFOUND "),
        ("200 OK", "version: STSv1; mode: enforce; mx: a:b servername=x; max_age: 9", "NOTFOUND "),
        ("200 OK", "version: STSv2; mode: enforce; mx: a.test; max_age: 9", "NOTFOUND "),
        ("200 OK", &long, "NOTFOUND "),
        ("301 Moved\r\nLocation: https://mta-sts.sts.test/x", ENFORCE, "NOTFOUND "),
        ("500 Sorry", ENFORCE, "NOTFOUND "),
    ] {
        let (host, zones) = (PolicyHost::begin().await, Zones::of(STS));
        host.says(head, policy);
        let policies = host.policies(&zones, &Clock::machine());
        assert_eq!(ask(&policies, "QUERY", "sts.test").await, expected, "{head}: {policy:.80}");
        assert_eq!(host.served(), 1);
    }
}

#[tokio::test]
async fn wrong_host_is_asked_nothing() {
    // A certificate for another name, and an address that the configuration denies.
    for zones in [STS.replace("sts.test", "other.test"), STS.replace("127.0.0.1", "127.0.0.9")] {
        let host = PolicyHost::begin().await;
        host.says("200 OK", ENFORCE);
        let domain = if zones.contains("other.test") { "other.test" } else { "sts.test" };
        let policies = host.policies(&Zones::of(&zones), &Clock::machine());
        assert_eq!(ask(&policies, "QUERY", domain).await, "NOTFOUND ");
        assert_eq!(host.served(), 0, "{zones}");
    }
}

#[tokio::test]
async fn sts_never_replaces_dane() {
    let sts = STS.replace("sts.test. MX insecure | 10 mx.sts.test.", "").replace("sts.test", "both.test");
    let mx = "both.test. MX secure | 10 mx1.a.test. | 20 mx2.a.test.\n";
    let good = format!("secure | {TLSA}");
    let of = |first: &str, second: &str| {
        format!("{mx}{}{}{sts}", host("mx1.a.test.", first), host("mx2.a.test.", second))
    };
    let secure = "OK secure match=mx.sts.test:.b.test servername=hostname";
    for (zones, expected) in [
        (of(&good, &good), "OK dane-only"),
        // The host without TLSA records gets no mail: its MTA-STS policy cannot be enforced beside DANE.
        (of(&good, "secure"), "OK dane-only"),
        (of("secure", "secure"), secure),
        (of("secure | 1 1 1 abab", "secure"), secure),
        (of("bogus", "secure"), "TEMP TLSA or address of mx1.a.test: bogus says the test"),
        // Anybody can forge this MX, and name a host with TLSA records of their own.
        (of(&good, &good).replace("MX secure", "MX insecure"), secure),
    ] {
        let host = PolicyHost::begin().await;
        host.says("200 OK", ENFORCE);
        let policies = host.policies(&Zones::of(&zones), &Clock::machine());
        assert_eq!(ask(&policies, "QUERY", "both.test").await, expected, "{zones}");
    }
}

#[tokio::test]
async fn used_policy_is_renewed_daily() {
    let (host, zones, clock) = (PolicyHost::begin().await, Zones::of(STS), Clock::simulated(1_800_000_000));
    host.says("200 OK", &ENFORCE.replace("86400", "2592000"));
    let policies = host.policies(&zones, &clock);
    assert_eq!(ask(&policies, "QUERY", "sts.test").await, SECURE);
    let due = |seconds| {
        clock.set_wrong_by(seconds);
        policies.kept().take_due(clock.now().unix).len()
    };
    let day = 24 * 60 * 60;
    assert_eq!((due(day - 10), due(day + 10), due(day + 20)), (0, 1, 0), "once, until the pause is over");
    assert_eq!((due(day + 400), due(31 * day)), (1, 0), "no longer when its time is over");
}

#[tokio::test]
async fn reasons_say_what_was_found() {
    let zones = format!(
        "a.test. MX secure | 10 mx1.a.test. | 20 mx2.a.test.\n{}{}",
        host("mx1.a.test.", "bogus"),
        host("mx2.a.test.", "secure | 1 1 1 abab")
    );
    let policies = Arc::new(TlsPolicies::new(Zones::of(&zones), &Clock::machine()));
    let verdict = policies.verdict("a.test").await;
    assert_eq!(verdict.level, TlsLevel::Dane);
    assert_eq!(
        verdict.reasons(),
        [
            "MX: secure (DNSSEC)",
            "mx1.a.test: TLSA: bogus: bogus says the test",
            "mx2.a.test: no usable TLSA record: usage 0 and 1 (PKIX) do not count for mail",
            "MTA-STS: the domain has no policy",
        ]
    );
}

/// Returns what the server sends to a client that sends these octets, and whether it ended without an error.
fn served(octets: &[u8]) -> (String, bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let policies = Arc::new(TlsPolicies::new(Zones::default(), &Clock::machine()));
        let (mut client, server) = tokio::io::duplex(1 << 16);
        client.write_all(octets).await.unwrap();
        client.shutdown().await.unwrap();
        let ended = policies.serve(server).await.is_ok();
        let mut reply = String::new();
        client.read_to_string(&mut reply).await.unwrap();
        (reply, ended)
    })
}

#[test]
fn several_requests_are_answered_in_turn() {
    let reply = "9:NOTFOUND ,";
    assert_eq!(served(b"12:QUERY a.test,16:QUERY other.test,"), (reply.repeat(2), true));
    for wrong in
        ["x", ":QUERY a,", "07:QUERY x", "12:QUERY a.testx", "99999999999:", "401:", "-1:x,", "7:QUERY"]
    {
        assert_eq!(served(wrong.as_bytes()), (String::new(), false), "{wrong}");
    }
}

proptest! {
    #[test]
    fn any_octets_end_the_connection(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        served(&octets);
    }

    #[test]
    fn any_key_gets_one_reply(key in "[ -~]{0,200}") {
        let request = format!("QUERY {key}");
        let (reply, ended) = served(format!("{}:{request},", request.len()).as_bytes());
        prop_assert!(ended && reply == "9:NOTFOUND ,", "{}", reply);
    }
}
