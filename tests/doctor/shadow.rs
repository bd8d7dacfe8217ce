//! `resolverctl shadow`: compares the answers of another resolver with those of the daemon.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};

use ::stage::sockets::query;
use hickory_proto::rr::RecordType;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::world::{Lab, ServerPlan};
use shadow::limits::MAX_SHADOW_SILENT;

use crate::forum::public_resolver;
use crate::gateway::Gateway;

fn names() -> String {
    (0..30).map(|number| format!("n{number} 3600 A 198.18.3.{number}\n")).collect()
}

fn lab() -> Lab {
    internet("198.18.4.5")
}

/// Returns a lab in which `viewed.shop.com` has the address `viewed`, with a short TTL.
fn internet(viewed: &str) -> Lab {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("ns.com", 2), ("ns1.host.com", 3), ("in.place", 8)] {
        tree.server(ServerPlan::new(name, vec![[127, 94, 0, last].into()])).unwrap();
    }
    let at = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    tree.zone(".", &at(&["a.root"]), "").unwrap();
    tree.zone("com.", &at(&["ns.com"]), "").unwrap();
    tree.zone("host.com.", &at(&["ns1.host.com"]), "").unwrap();
    let text =
        format!("{}moved 3600 A 198.18.4.2\nblocked 3600 A 198.18.4.3\nviewed 5 A {viewed}\n", names());
    tree.zone("shop.com.", &at(&["ns1.host.com"]), &text).unwrap();
    tree.build().unwrap()
}

/// A daemon (`world`), and the address of the current resolver (`against`), which answers from its own copy of `shop.com.`.
struct Beside {
    world: Gateway,
    against: String,
}

impl Beside {
    fn start(records: &str, rest: &str) -> Self {
        let world = resolver(lab(), rest);
        let zone = format!("@ NS ns1.host.com.\n{}{records}", names());
        let authority = public_resolver("shop.com.", &zone).server("public.resolver").unwrap().authority();
        world.lab().server("in.place").unwrap().set_authority(authority);
        let against = format!("127.94.0.8:{}", world.port());
        Self { world, against }
    }

    fn log(&self, names: &[&str]) -> PathBuf {
        let usual: Vec<String> = (0..30).map(|number| format!("n{number}.shop.com")).collect();
        self.log_of(usual.into_iter().chain(names.iter().map(ToString::to_string)))
    }

    fn log_of(&self, lines: impl Iterator<Item = String>) -> PathBuf {
        let line = |name: String| format!("Nov 22 10:00:00 dnsmasq[5]: query[A] {name} from 127.0.0.1\n");
        let file = self.world.path("queries.log");
        std::fs::write(&file, lines.map(line).collect::<String>()).unwrap();
        file
    }

    /// Returns the exit code and the JSON objects of `resolverctl shadow`.
    fn run(&self, names: &[&str], more: &[&str]) -> (i32, Vec<serde_json::Value>) {
        self.run_file(&self.log(names), more)
    }

    fn run_file(&self, file: &Path, more: &[&str]) -> (i32, Vec<serde_json::Value>) {
        let words = [
            "--json",
            "shadow",
            "--against",
            &self.against,
            "--rate",
            "1000",
            "--from",
            file.to_str().unwrap(),
        ];
        let output = self.world.command(&[&words[..], more].concat());
        let (text, errors) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(errors.is_empty(), "{errors}");
        let objects = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code().unwrap(), objects)
    }
}

fn resolver(lab: Lab, rest: &str) -> Gateway {
    Gateway::start(lab, "deny_servers = []", &format!("[dnssec]\nvalidate = false\n{rest}"))
}

fn listens(world: &Gateway) -> String {
    let status: serde_json::Value =
        serde_json::from_slice(&world.command(&["--json", "status"]).stdout).unwrap();
    status["listen"][0].as_str().unwrap().to_owned()
}

/// Returns each name with a difference, and its cause.
fn causes(objects: &[serde_json::Value]) -> Vec<(String, String)> {
    let rows = objects.iter().filter(|object| object.get("cause").is_some());
    let text = |object: &serde_json::Value, key: &str| object[key].as_str().unwrap_or_default().to_owned();
    rows.map(|object| (text(object, "name"), text(object, "cause"))).collect()
}

#[test]
fn equal_answers_are_safe() {
    let beside = Beside::start("moved 3600 A 198.18.4.2\n", "");
    let (code, objects) = beside.run(&["moved.shop.com"], &[]);
    let summary = objects.last().unwrap();
    assert_eq!(summary["verdict"], "safe", "{objects:#?}");
    assert_eq!((code, summary["compared"].as_u64()), (0, Some(31)), "{objects:#?}");
    assert_eq!(causes(&objects), []);
}

#[test]
fn differences_have_causes_worst_first() {
    let rest = "[[host]]\nname = \"ours.shop.com\"\naddresses = [\"10.9.9.9\"]";
    let beside =
        Beside::start("moved 3600 A 198.18.4.9\nblocked 3600 A 0.0.0.0\nours 3600 A 198.18.4.7\n", rest);
    let (code, objects) = beside.run(&["moved.shop.com", "blocked.shop.com", "ours.shop.com"], &[]);
    assert_eq!((code, objects.last().unwrap()["verdict"].as_str()), (1, Some("look_first")), "{objects:#?}");
    let found = causes(&objects);
    let has = |name: &str, cause: &str| found.contains(&(format!("{name}.shop.com."), cause.to_owned()));
    // All answers of the current resolver have the AA flag, so the cause is "policy".
    assert!(has("moved", "policy") && has("blocked", "policy") && has("ours", "policy"), "{objects:#?}");
    assert_eq!(found.len(), 3, "{objects:#?}");
    let ours = objects.iter().find(|object| object["name"] == "ours.shop.com.").unwrap();
    assert_eq!((ours["side"].as_str(), ours["resolverd"].as_str()), (Some("resolverd"), Some("10.9.9.9")));
}

#[test]
fn answer_of_other_view_is_unsafe() {
    let mut beside = Beside::start("", "");
    // The resolver of an inside network sees another version of the zone, with the same NS records.
    let inside = resolver(internet("203.0.113.99"), "");
    beside.against = listens(&inside);
    let (code, objects) = beside.run(&["viewed.shop.com"], &[]);
    assert_eq!(causes(&objects), [("viewed.shop.com.".to_owned(), "unknown".to_owned())], "{objects:#?}");
    let verdict = objects.last().unwrap()["verdict"].as_str();
    assert_eq!((code, verdict), (4, Some("could_not_tell")), "{objects:#?}");
    assert!(objects[0]["why"].as_str().unwrap().contains("a forwarder, a view or a zone"), "{objects:#?}");
}

#[test]
fn silent_resolver_gives_no_verdict() {
    let beside = Beside::start("", "");
    beside.world.lab().server("in.place").unwrap().set_faults(&[Fault::Refused]);
    let (code, objects) = beside.run(&[], &[]);
    let summary = objects.last().unwrap();
    assert_eq!((code, summary["verdict"].as_str()), (4, Some("could_not_tell")), "{objects:#?}");
    assert!(summary["sentence"].as_str().unwrap().contains("answered none of 30 questions"), "{objects:#?}");
    let refused = |one: &serde_json::Value| {
        one["cause"] == "unknown" && one["why"].as_str().unwrap().contains("refuses this host")
    };
    assert!(objects[..30].iter().all(refused), "{objects:#?}");
}

#[test]
fn refusal_cause_ignores_file_position() {
    let beside = Beside::start("", "");
    // The current resolver refuses queries for names outside of shop.com.
    let refused = "ns1.host.com";
    let others = || (0..30).map(|number| format!("n{number}.shop.com"));
    let first = beside.log_of(std::iter::once(refused.to_owned()).chain(others()));
    let (_, at_begin) = beside.run_file(&first, &[]);
    let (_, at_end) = beside.run(&[refused], &[]);
    let policy = vec![(format!("{refused}."), "policy".to_owned())];
    assert_eq!(causes(&at_begin), policy, "{at_begin:#?}");
    assert_eq!(causes(&at_end), policy, "{at_end:#?}");
}

#[test]
fn absent_resolver_ends_run_early() {
    let mut beside = Beside::start("", "");
    let unread = UdpSocket::bind("127.0.0.1:0").unwrap();
    beside.against = unread.local_addr().unwrap().to_string();
    // From here on, the port of the current resolver is closed.
    drop(unread);
    let names: Vec<String> = (0..300).map(|number| format!("m{number}.shop.com")).collect();
    let (code, objects) = beside.run(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let summary = objects.last().unwrap();
    let silent = summary["in_place"]["silent"].as_u64().unwrap();
    assert!((MAX_SHADOW_SILENT..2 * MAX_SHADOW_SILENT).contains(&silent), "{summary:#?}");
    assert!(summary["not_compared"]["ended"].as_u64().unwrap() > 0, "{summary:#?}");
    assert_eq!((code, summary["verdict"].as_str()), (4, Some("could_not_tell")), "{summary:#?}");
}

/// A block of a pcapng file.
fn block(kind: u32, fields: &[u32], data: &[u8]) -> Vec<u8> {
    let fields = fields.iter().flat_map(|field| field.to_le_bytes());
    let mut body: Vec<u8> = fields.chain(data.iter().copied()).collect();
    body.resize(body.len().next_multiple_of(4), 0);
    let length = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &length, &body, &length].concat()
}

#[test]
fn pcapng_queries_are_sent() {
    let beside = Beside::start("", "");
    // A section header of pcapng, and an interface on which packets begin with the IP header.
    let mut octets =
        [block(0x0a0d_0d0a, &[0x1a2b_3c4d, 1, u32::MAX, u32::MAX], &[]), block(1, &[101, 0], &[])].concat();
    for number in 0..30 {
        let message = query(number, &format!("n{number}.shop.com."), RecordType::A);
        let lengths = [28, 8].map(|head| u16::try_from(message.len() + head).unwrap().to_be_bytes());
        let [ip, udp] = lengths.map(|length| length.to_vec());
        let head = [&[0x45, 0][..], &ip, &[0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 53]].concat();
        let packet = [&head[..], &[0x12, 0x67, 0, 53], &udp, &[0, 0], &message].concat();
        let length = u32::try_from(packet.len()).unwrap();
        octets.extend(block(6, &[0, 0, 0, length, length], &packet));
    }
    let file = beside.world.path("wireshark.pcapng");
    std::fs::write(&file, octets).unwrap();
    let (code, objects) = beside.run_file(&file, &[]);
    let summary = objects.last().unwrap();
    assert_eq!((code, summary["compared"].as_u64()), (0, Some(30)), "{objects:#?}");
    assert_eq!(summary["skipped"], serde_json::json!({}), "{summary:#?}");
}

#[test]
fn own_address_and_empty_file_refused() {
    let beside = Beside::start("", "");
    let file = beside.world.path("empty.log");
    std::fs::write(&file, "Nov 22 10:00:00 mx postfix/smtpd[1]: connect\n").unwrap();
    let run = |against: &str, file: &str| {
        let output = beside.world.command(&["shadow", "--against", against, "--from", file]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = run(&beside.against, file.to_str().unwrap());
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("no questions found; skipped: 1 not a query of a client"), "{told}");
    let own = listens(&beside.world);
    let (code, told) = run(&own, file.to_str().unwrap());
    assert_eq!(code, Some(2), "{own}: {told}");
    assert!(told.contains("is resolverd itself"), "{own}: {told}");
    assert_eq!(run("tls://127.0.0.1", file.to_str().unwrap()).0, Some(2));
}

// Names that stay on this host are not sent.
#[test]
fn list_budget_limits_queries() {
    let rest = "[[list]]\nname = \"bl.shop.com\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\n";
    let beside = Beside::start("", rest);
    let names = ["2.0.0.127.bl.shop.com", "3.0.0.127.bl.shop.com", "4.0.0.127.bl.shop.com", "x.onion"];
    beside.world.lab().log().take();
    let (_, objects) = beside.run(&names, &["--list-questions", "1"]);
    let left = &objects.last().unwrap()["not_compared"];
    assert_eq!(
        (left["list_budget"].as_u64(), left["kept_here"].as_u64()),
        (Some(2), Some(1)),
        "{objects:#?}"
    );
    let sent: Vec<String> =
        beside.world.lab().log().take().iter().map(|one| format!("{one}").to_lowercase()).collect();
    // Three questions are for names of the DNS list, and the budget permits one query to the list.
    let to_list = |line: &&String| line.starts_with("in.place") && line.contains(".127.bl.");
    assert_eq!(sent.iter().filter(to_list).count(), 1, "{sent:#?}");
    assert!(!sent.iter().any(|line| line.contains("onion")), "{sent:#?}");
}
