//! Metrics over HTTP, as Prometheus reads them, and the files that use their names: the dashboard and the alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use config::{
    CertificateFile, Config, ConfiguredWatch, ConfiguredZone, PageReaders, TlsPolicyListen, ZoneKind,
};
use control::Controlled;
use control::health::status;
use daemon::limits::{MAX_METRICS_CONNECTIONS, METRICS_HEADER_TIME, METRICS_TIME};
use daemon::metrics::table;
use daemon::metrics::table::{Metric, MetricKind};
use lab::fault::Fault;
use stage::{PATIENCE, Stage, name};

/// The end of the test certificate, in seconds since 1970.
const CERTIFICATE_END: f64 = 4_948_980_355.0;

/// A certificate as in the section `[listen]`.
fn certificate() -> Option<CertificateFile> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resolverd.toml");
    let tls = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls");
    let key = directory.path().join("key");
    // Git does not keep these permissions.
    std::fs::copy(format!("{tls}/first.key"), &key).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let files = format!("certificate = \"{tls}/first.pem\"\nkey = \"{}\"\n", key.display());
    std::fs::write(&path, format!("version = 1\n[listen]\ntls = [\"127.0.0.1:0\"]\n{files}")).unwrap();
    Config::load(Some(&path)).unwrap().listen.certificate
}

/// Starts the daemon. The kernel chooses its port for metrics.
async fn stage() -> (Stage, SocketAddr) {
    let stage = Stage::set("* 300 A 10.0.0.1\n", |config| {
        config.metrics.listen = Some("127.0.0.1:0".parse().unwrap());
        config.tls_policy.listen = Some(TlsPolicyListen::Address("127.0.0.1:0".parse().unwrap()));
        config
            .watches
            .push(ConfiguredWatch { domain: name("watched.example."), ..ConfiguredWatch::default() });
        config.listen.certificate = certificate();
        config.zones.push(ConfiguredZone {
            name: name("corp.example."),
            kind: ZoneKind::Stub(vec!["127.77.0.99:53".parse().unwrap()]),
            ..ConfiguredZone::default()
        });
    })
    .await;
    let address = stage.daemon.metrics_address().unwrap();
    (stage, address)
}

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/plain\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut reply)).await.unwrap().unwrap();
    let (header, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(header.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{header}");
    (header.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Returns the values of all metrics, by name with labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// Reads the metrics until `series` has this value: a query is counted only after its reply was sent.
async fn scrape_until(address: SocketAddr, series: &str, value: f64) -> String {
    let scraped = timeout(PATIENCE, async {
        loop {
            let (status, text) = get(address, "/metrics").await;
            assert_eq!(status, 200);
            if samples(&text).get(series) == Some(&value) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    scraped.await.unwrap_or_else(|_| panic!("{series} does not become {value}"))
}

/// Returns the name of the metric of a sample, and its labels without `le`.
fn split(series: &str) -> (String, Vec<String>) {
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let labels = labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty());
    let keys = labels.map(|label| label.split('=').next().unwrap().to_owned());
    (name.to_owned(), keys.filter(|key| key != "le").collect())
}

fn metric_of<'t>(table: &'t [Metric], name: &str) -> Option<&'t Metric> {
    table.iter().find(|metric| match metric.kind {
        MetricKind::Histogram => {
            ["_bucket", "_sum", "_count"].iter().any(|end| name.strip_suffix(end) == Some(&metric.name))
        }
        MetricKind::Counter | MetricKind::Gauge => metric.name == name,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn scrape_has_exactly_table_metrics() {
    let (stage, address) = stage().await;
    let client = stage.client();
    for _ in 0..2 {
        client.ask_datagram(&name("www.tld."), RecordType::A).await.unwrap();
    }
    let list = name("2.0.0.127.bl.spamcop.net.");
    client.ask_datagram(&list, RecordType::A).await.unwrap();
    let text = scrape_until(address, r#"resolverd_list_queries_total{list="bl.spamcop.net"}"#, 1.0).await;
    let (table, scraped) = (table::all(), samples(&text));
    let mut seen = BTreeSet::new();
    for series in scraped.keys() {
        let (name, labels) = split(series);
        let metric = metric_of(&table, &name).unwrap_or_else(|| panic!("{series} is not in the table"));
        assert_eq!(labels, metric.labels, "{series}");
        seen.insert(metric.name.clone());
    }
    for metric in &table {
        let head = format!(
            "# HELP {} {}\n# TYPE {} {}\n",
            metric.name,
            metric.about,
            metric.name,
            metric.kind.word()
        );
        assert!(text.contains(&head), "{head}");
        // These metrics are missing: no list has a quota, there is no fleet, TLS policies are off, and users are counted some seconds later.
        let without = [
            "resolverd_list_quota",
            "resolverd_fleet_store_works",
            "resolverd_fleet_gateways",
            "resolverd_tls_policies_total",
        ];
        let later = without.contains(&&*metric.name) || metric.name.starts_with("resolverd_user_");
        assert!(seen.contains(&metric.name) || later, "{}", metric.name);
    }
    assert_eq!(scraped[r#"resolverd_queries_total{outcome="cache"}"#], 1.0);
    assert_eq!(scraped[r#"resolverd_query_duration_seconds_count{outcome="cache"}"#], 1.0);
    assert_eq!(scraped[r#"resolverd_query_duration_seconds_bucket{outcome="cache",le="+Inf"}"#], 1.0);
    assert!(scraped[r#"resolverd_resolution_duration_seconds_count{zone_kind="recursion"}"#] >= 1.0);
    assert_eq!(scraped[r#"resolverd_zone_failing{zone="corp.example"}"#], 0.0);
    assert_eq!(scraped[r#"resolverd_list_queries_total{list="bl.spamcop.net"}"#], 1.0);
    let ends = |series: &&String| series.starts_with("resolverd_certificate_end_time_seconds{file=");
    let ends: Vec<f64> = scraped.keys().filter(ends).map(|series| scraped[series]).collect();
    assert_eq!(ends, [CERTIFICATE_END]);
    let states: f64 =
        scraped.iter().filter(|(key, _)| key.starts_with("resolverd_list_state{")).map(|(_, on)| on).sum();
    assert_eq!(states, 1.0, "one list has one state");
    // The metrics must not have names or addresses that clients or servers have chosen.
    assert!(!text.contains("www.tld") && !text.contains("127.0.0.1") && !text.contains("127.77."), "{text}");
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metric_outcomes_sum_to_queries() {
    let (stage, address) = stage().await;
    let client = stage.client();
    for number in 0..20 {
        client.ask_datagram(&name(&format!("n{}.tld.", number % 7)), RecordType::A).await.unwrap();
    }
    let text = scrape_until(address, r#"resolverd_query_types_total{type="A"}"#, 20.0).await;
    let scraped = samples(&text);
    let sum = |begin: &str| -> f64 {
        scraped.iter().filter(|(series, _)| series.starts_with(begin)).map(|(_, value)| value).sum()
    };
    assert_eq!(sum("resolverd_queries_total{"), 20.0);
    assert_eq!(sum("resolverd_query_types_total{"), 20.0);
    assert_eq!(sum("resolverd_query_duration_seconds_count{"), 20.0);
    let again = samples(&get(address, "/metrics").await.1);
    for (series, value) in &again {
        let (name, _) = split(series);
        if name.ends_with("_total") || name.ends_with("_count") {
            assert!(*value >= scraped[series], "{series} has shrunk");
        }
    }
    assert_eq!(stage.daemon.subject().recorder().report(record::Window::Start).questions, 20);
    stage.daemon.stop().await;
}

/// Returns true if the daemon has closed the connection. No reply is expected on it.
fn is_closed(stream: &TcpStream) -> bool {
    match stream.try_read(&mut [0]) {
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        Ok(_) => true,
    }
}

/// Sends an HTTP request. Returns the reply with its header.
async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut reply)).await.unwrap().unwrap();
    reply
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_metrics_connections_are_closed() {
    let (stage, address) = stage().await;
    let mut silent = Vec::new();
    for _ in 0..MAX_METRICS_CONNECTIONS {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    assert_eq!(get(address, "/metrics").await.0, 200);
    // The daemon closes the connection of an HTTP client that sends nothing.
    for one in &silent {
        timeout(PATIENCE, one.readable()).await.unwrap().unwrap();
        assert!(is_closed(one));
    }
    let client = stage.client();
    assert_eq!(client.ask_datagram(&name("www.tld."), RecordType::A).await.unwrap().answers.len(), 1);
    assert_eq!(get(address, "/other").await.0, 404);
    // The daemon refuses a request with a too long header and does not read the rest.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(8_192)).as_bytes()).await.unwrap();
    let mut reply = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut reply)).await.unwrap().unwrap();
    assert_eq!(&reply, b"HTTP/1.1 431");
    stage.daemon.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn scrape_beside_silent_connections_succeeds() {
    let (stage, address) = stage().await;
    let mut silent = Vec::new();
    let begun = Instant::now();
    for _ in 0..400 {
        silent.push(TcpStream::connect(address).await.unwrap());
        if silent.len() % 100 == 0 {
            assert_eq!(get(address, "/metrics").await.0, 200);
        }
    }
    let waited = begun.elapsed();
    assert!(waited < METRICS_HEADER_TIME, "{waited:?}");
    // So does one among clients that ask, but do not read the reply.
    let begun = Instant::now();
    let mut unread = Vec::new();
    for _ in 0..2 * MAX_METRICS_CONNECTIONS {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(1).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        unread.push(stream);
    }
    assert_eq!(get(address, "/metrics").await.0, 200);
    let waited = begun.elapsed();
    assert!(waited < METRICS_TIME, "{waited:?}");
    stage.daemon.stop().await;
}

/// Sends a request as another user of this host. Returns the reply.
fn exchange_as(user: u32, address: SocketAddr, target: &str) -> String {
    let (host, port) = (address.ip(), address.port());
    let script = format!(
        r#"exec 3<>/dev/tcp/{host}/{port} && printf 'GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n' >&3 && cat <&3"#
    );
    let output =
        Command::new("bash").args(["-c", &script]).uid(user).gid(user).current_dir("/").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

// By default, only users of the control socket may read the page.
#[tokio::test(flavor = "multi_thread")]
async fn page_follows_its_access_setting() {
    const NOBODY: u32 = 65_534;
    let (stage, address) = stage().await;
    let config = stage.daemon.subject().config();
    let change = async |page: PageReaders| {
        let mut config = (*config).clone();
        config.listen.addresses = vec![stage.address];
        config.metrics.page = page;
        stage.daemon.apply(config).await.unwrap();
    };
    let own = async |target: &str| {
        exchange(address, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await
    };
    for target in ["/", "/data/lists", "/data/status"] {
        assert!(own(target).await.starts_with("HTTP/1.1 200 "), "{target}");
    }
    change(PageReaders::Nobody).await;
    let off = own("/").await;
    assert!(off.starts_with("HTTP/1.1 403 ") && off.contains("set `page` of [metrics]"), "{off}");
    assert!(own("/metrics").await.starts_with("HTTP/1.1 200 "));
    change(PageReaders::ControlUsers).await;
    if rustix::process::geteuid().is_root() {
        for target in ["/", "/data/lists", "/data/status", "/data/why?from=0&to=1&least=0&most=1&offset=0"] {
            let reply = exchange_as(NOBODY, address, target);
            assert!(
                reply.starts_with("HTTP/1.1 403 ") && reply.contains("set `page` of [metrics]"),
                "{reply}"
            );
        }
        assert!(exchange_as(NOBODY, address, "/metrics").starts_with("HTTP/1.1 200 "));
        change(PageReaders::Everyone).await;
        assert!(exchange_as(NOBODY, address, "/").starts_with("HTTP/1.1 200 "));
    } else {
        lab::prelude::skipped("only root can send a request as another user");
    }
    stage.daemon.stop().await;
}

// A Host header with another name may be a DNS rebinding attack.
#[tokio::test(flavor = "multi_thread")]
async fn page_refuses_foreign_host_names() {
    let (stage, address) = stage().await;
    stage.client().ask_datagram(&name("www.tld."), RecordType::A).await.unwrap();
    let ask = async |target: &str, host: &str| {
        exchange(address, &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await
    };
    let page = ask("/", &address.to_string()).await;
    assert!(page.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"), "{page}");
    assert!(
        page.contains("\r\nContent-Security-Policy: default-src 'none'; ") && page.ends_with("</html>\n")
    );
    assert!(!page.contains("innerHTML") && !page.contains("src=\"") && !page.contains("://"), "{page}");
    let why = "/data/why?from=0&to=1&least=0&most=1&offset=0";
    // This daemon has no state directory and thus no statistics of minutes, so the last request gets an error.
    for (target, part) in [
        (why, "the query history has no query for this name and time"),
        ("/data/lists", "[{\"reply\":"),
        ("/data/costs?from=0&to=300", "\"reply\":\"cost_span\""),
        ("/data/status", "\"works\":true"),
        ("/data/minutes?from=0&to=300&step=300", "\"reply\":\"problem\""),
    ] {
        let reply = ask(target, "localhost").await;
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains(part), "{target}: {reply}");
        assert!(ask(target, "rebound.example").await.starts_with("HTTP/1.1 403 "), "{target}");
        let post = exchange(address, &format!("POST {target} HTTP/1.1\r\n\r\n")).await;
        assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
    }
    for target in ["/data/flush", "/data/why", "/data/minutes?from=0&to=300&step=1", "/data/lists?x", "//"] {
        assert!(ask(target, "localhost").await.starts_with("HTTP/1.1 404 "), "{target}");
    }
    assert!(ask("/", "rebound.example").await.contains("\r\n\r\nThe page is served only under an address"));
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repaired_zone_leaves_metrics_and_page() {
    let stage = Stage::set("* 300 A 10.0.0.1\n", |config| {
        config.metrics.listen = Some("127.0.0.1:0".parse().unwrap());
        config.zones.push(ConfiguredZone {
            name: name("slow.tld."),
            kind: ZoneKind::Stub(vec![SocketAddr::new([127, 77, 0, 3].into(), config.resolve.upstream_port)]),
            ..ConfiguredZone::default()
        });
    })
    .await;
    let address = stage.daemon.metrics_address().unwrap();
    let failing = r#"resolverd_zone_failing{zone="slow.tld"}"#;
    let page = async || exchange(address, "GET /data/status HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let server = stage.sockets.lab().server("ns1.slow.tld").unwrap();
    server.set_faults(&[Fault::Refused]);
    for number in 0..10 {
        let name = name(&format!("w{number}.slow.tld."));
        stage.client().ask_datagram(&name, RecordType::A).await.unwrap();
    }
    scrape_until(address, failing, 1.0).await;
    let shown = page().await;
    assert!(shown.contains("zone slow.tld. (in your configuration)"), "{shown}");
    server.set_faults(&[]);
    stage.client().ask_datagram(&name("www.slow.tld."), RecordType::A).await.unwrap();
    let text = scrape_until(address, failing, 0.0).await;
    assert_eq!(samples(&text)["resolverd_failing_zones"], 0.0);
    let shown = page().await;
    assert!(!shown.contains("slow.tld."), "{shown}");
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_accept_bare_newlines_and_head() {
    let (stage, address) = stage().await;
    let reply = exchange(address, "GET /metrics HTTP/1.0\n\n").await;
    assert!(
        reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("\nresolverd_queries_total{"),
        "{reply}"
    );
    let reply = exchange(address, "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.ends_with("\r\n\r\n"), "{reply}");
    assert!(!reply.contains("resolverd_"), "{reply}");
    stage.daemon.stop().await;
}

// The metrics are served as soon as the other program ends.
#[tokio::test(flavor = "multi_thread")]
async fn used_metrics_port_costs_no_answer() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let stage = Stage::set("* 300 A 10.0.0.1\n", |config| config.metrics.listen = Some(address)).await;
    let answer = stage.client().ask_datagram(&name("www.tld."), RecordType::A).await.unwrap();
    assert_eq!(answer.answers.len(), 1);
    assert_eq!(stage.daemon.metrics_address(), None);
    let told = status(stage.daemon.subject().as_ref());
    let problem = format!("Not serving metrics at {address}: Address already in use (os error 98).");
    assert_eq!(told.warnings.iter().map(|warning| &warning.problem).collect::<Vec<_>>(), [&problem]);
    drop(other);
    // The other program has released the port, and the daemon tries again.
    let served = timeout(PATIENCE, async {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        get(address, "/metrics").await
    });
    assert_eq!(served.await.unwrap().0, 200);
    assert_eq!(stage.daemon.metrics_address(), Some(address));
    assert!(status(stage.daemon.subject().as_ref()).warnings.is_empty());
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_changes_metrics_address() {
    let (stage, before) = stage().await;
    let config = stage.daemon.subject().config();
    let change = async |listen: Option<&str>| {
        let mut config = (*config).clone();
        config.listen.addresses = vec![stage.address];
        config.metrics.listen = listen.map(|address| address.parse().unwrap());
        stage.daemon.apply(config).await.unwrap();
    };
    change(Some("127.0.0.2:0")).await;
    let after = stage.daemon.metrics_address().unwrap();
    assert_eq!(after.ip().to_string(), "127.0.0.2");
    assert_eq!(get(after, "/metrics").await.0, 200);
    // The old listener is closed a little later, when its task notices the change.
    let closed = timeout(PATIENCE, async {
        while TcpStream::connect(before).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    closed.await.unwrap();
    change(None).await;
    assert_eq!(stage.daemon.metrics_address(), None);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_off_by_default() {
    let stage = Stage::set("* 300 A 10.0.0.1\n", |_| {}).await;
    assert_eq!(stage.daemon.metrics_address(), None);
    stage.daemon.stop().await;
}

/// Returns the names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("resolverd_")).map(str::to_owned).collect()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

#[test]
fn dashboard_and_alerts_name_existing_metrics() {
    let table = table::all();
    for file in ["conf/grafana.json", "conf/alerts.yml"] {
        let names = named(&read(file));
        assert!(names.len() > 10, "{file}: {names:?}");
        for name in names {
            assert!(metric_of(&table, &name).is_some(), "{file} names {name}, which is no metric");
        }
    }
    let dashboard: serde_json::Value = serde_json::from_str(&read("conf/grafana.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 10);
}

/// The dashboard and the alerts select only values of labels that resolverd writes.
#[tokio::test(flavor = "multi_thread")]
async fn dashboard_and_alerts_use_existing_values() {
    let (stage, address) = stage().await;
    let (client, list) = (stage.client(), name("2.0.0.127.bl.spamcop.net."));
    client.ask_datagram(&list, RecordType::A).await.unwrap();
    let text = scrape_until(address, r#"resolverd_list_queries_total{list="bl.spamcop.net"}"#, 1.0).await;
    for file in ["conf/grafana.json", "conf/alerts.yml"] {
        let text_of_file = read(file).replace("\\\"", "\"");
        for label in ["outcome", "state", "status", "severity", "conduct"] {
            for selector in text_of_file.split(&format!("{label}=")).skip(1) {
                let words =
                    selector.trim_start_matches('~').trim_start_matches('"').split('"').next().unwrap();
                for word in words.split('|') {
                    assert!(text.contains(&format!("{label}=\"{word}\"")), "{file}: {label} {word}");
                }
            }
        }
    }
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_updates_watched_domains() {
    let (stage, address) = stage().await;
    let lines = async || {
        let (_, text) = get(address, "/metrics").await;
        let lines = text.lines().filter(|line| line.contains("domain=\"example.com\""));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(lines().await.is_empty());
    let mut config = (*stage.daemon.subject().config()).clone();
    config.watches = vec![ConfiguredWatch { domain: name("example.com."), ..ConfiguredWatch::default() }];
    stage.daemon.apply(config.clone()).await.unwrap();
    assert_eq!(
        lines().await,
        [
            r#"resolverd_watched_findings{domain="example.com",level="failure"} 0"#,
            r#"resolverd_watched_findings{domain="example.com",level="warning"} 0"#,
            r#"resolverd_watched_findings{domain="example.com",level="could_not_tell"} 0"#,
            r#"resolverd_watched_findings{domain="example.com",level="note"} 0"#,
            r#"resolverd_watched_checked_time_seconds{domain="example.com"} 0"#,
            r#"resolverd_watched_could_not_tell_since_time_seconds{domain="example.com"} 0"#,
        ]
    );
    config.watches.clear();
    stage.daemon.apply(config).await.unwrap();
    assert!(lines().await.is_empty());
    stage.daemon.stop().await;
}
