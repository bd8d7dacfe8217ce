//! `resolverctl shadow`: the answers of another resolver beside those of the daemon.

use std::path::PathBuf;

use resolverd::lab::delegations::Tree;
use resolverd::lab::fault::Fault;
use resolverd::lab::world::{Lab, ServerPlan};

use crate::forum::public_resolver;
use crate::gateway::Gateway;

/// Thirty names of a domain, with one name server.
fn names() -> String {
    (0..30).map(|number| format!("n{number} 3600 A 198.18.3.{number}\n")).collect()
}

fn lab() -> Lab {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("ns.com", 2), ("ns1.host.com", 3), ("in.place", 8)] {
        tree.server(ServerPlan::new(name, vec![[127, 94, 0, last].into()])).unwrap();
    }
    let at = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    tree.zone(".", &at(&["a.root"]), "").unwrap();
    tree.zone("com.", &at(&["ns.com"]), "").unwrap();
    tree.zone("host.com.", &at(&["ns1.host.com"]), "").unwrap();
    let text = format!("{}moved 3600 A 198.18.4.2\nblocked 3600 A 198.18.4.3\n", names());
    tree.zone("shop.com.", &at(&["ns1.host.com"]), &text).unwrap();
    tree.build().unwrap()
}

/// The lab, a daemon, and a resolver in place with these records of `shop.com.` beside its thirty names.
struct Beside {
    world: Gateway,
    against: String,
}

impl Beside {
    fn start(records: &str, rest: &str) -> Self {
        let world =
            Gateway::start(lab(), "deny_servers = []", &format!("[dnssec]\nvalidate = false\n{rest}"));
        let zone = format!("@ NS ns1.host.com.\n{}{records}", names());
        let authority = public_resolver("shop.com.", &zone).server("public.resolver").unwrap().authority();
        world.lab().server("in.place").unwrap().set_authority(authority);
        let against = format!("127.94.0.8:{}", world.port());
        Self { world, against }
    }

    fn log(&self, names: &[&str]) -> PathBuf {
        let lines =
            (0..30).map(|number| format!("n{number}.shop.com")).chain(names.iter().map(ToString::to_string));
        let line = |name: String| format!("Nov 22 10:00:00 dnsmasq[5]: query[A] {name} from 127.0.0.1\n");
        let file = self.world.path("queries.log");
        std::fs::write(&file, lines.map(line).collect::<String>()).unwrap();
        file
    }

    /// The exit code and the objects.
    fn run(&self, names: &[&str], more: &[&str]) -> (i32, Vec<serde_json::Value>) {
        let file = self.log(names);
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

/// The cause of each difference of a name.
fn causes(objects: &[serde_json::Value]) -> Vec<(String, String)> {
    let rows = objects.iter().filter(|object| object.get("cause").is_some());
    let text = |object: &serde_json::Value, key: &str| object[key].as_str().unwrap_or_default().to_owned();
    rows.map(|object| (text(object, "name"), text(object, "cause"))).collect()
}

#[test]
fn a_resolver_with_the_same_answers_is_safe_to_leave() {
    let beside = Beside::start("moved 3600 A 198.18.4.2\n", "");
    let (code, objects) = beside.run(&["moved.shop.com"], &[]);
    let summary = objects.last().unwrap();
    assert_eq!(summary["verdict"], "safe", "{objects:#?}");
    assert_eq!((code, summary["compared"].as_u64()), (0, Some(31)), "{objects:#?}");
    assert_eq!(causes(&objects), []);
}

#[test]
fn differences_have_their_causes_and_the_worst_is_first() {
    let rest = "[[host]]\nname = \"ours.shop.com\"\naddresses = [\"10.9.9.9\"]";
    let beside =
        Beside::start("moved 3600 A 198.18.4.9\nblocked 3600 A 0.0.0.0\nours 3600 A 198.18.4.7\n", rest);
    let (code, objects) = beside.run(&["moved.shop.com", "blocked.shop.com", "ours.shop.com"], &[]);
    assert_eq!((code, objects.last().unwrap()["verdict"].as_str()), (1, Some("look_first")), "{objects:#?}");
    let found = causes(&objects);
    let has = |name: &str, cause: &str| found.contains(&(format!("{name}.shop.com."), cause.to_owned()));
    // The server in place answers with authority, so each of its answers is its own.
    assert!(has("moved", "policy") && has("blocked", "policy") && has("ours", "policy"), "{objects:#?}");
    assert_eq!(found.len(), 3, "{objects:#?}");
    let ours = objects.iter().find(|object| object["name"] == "ours.shop.com.").unwrap();
    assert_eq!((ours["side"].as_str(), ours["resolverd"].as_str()), (Some("resolverd"), Some("10.9.9.9")));
}

#[test]
fn a_resolver_that_is_silent_or_not_there_gives_no_verdict() {
    let beside = Beside::start("", "");
    beside.world.lab().server("in.place").unwrap().set_faults(&[Fault::Refused]);
    let (code, objects) = beside.run(&[], &[]);
    let summary = objects.last().unwrap();
    assert_eq!((code, summary["verdict"].as_str()), (4, Some("could_not_tell")), "{objects:#?}");
    assert!(summary["sentence"].as_str().unwrap().contains("answered none of 30 questions"), "{objects:#?}");
}

#[test]
fn resolverd_itself_and_files_without_questions_are_refused() {
    let beside = Beside::start("", "");
    let file = beside.world.path("empty.log");
    std::fs::write(&file, "Nov 22 10:00:00 mx postfix/smtpd[1]: connect\n").unwrap();
    let run = |against: &str, file: &str| {
        let output = beside.world.command(&["shadow", "--against", against, "--from", file]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = run(&beside.against, file.to_str().unwrap());
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("no questions found; skipped: 1 lines without a query"), "{told}");
    let status = beside.world.command(&["--json", "status"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let own = status["listen"][0].as_str().unwrap_or_default().to_owned();
    let (code, told) = run(&own, file.to_str().unwrap());
    assert_eq!(code, Some(2), "{own}: {told}");
    assert!(told.contains("is resolverd itself"), "{own}: {told}");
    assert_eq!(run("tls://127.0.0.1", file.to_str().unwrap()).0, Some(2));
}

#[test]
fn a_list_gets_no_more_questions_than_its_budget_and_names_with_keys_none() {
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
    assert!(!sent.iter().any(|line| line.contains("onion") || line.contains("3.0.0.127.bl")), "{sent:#?}");
}
