//! All commands of resolverctl with a real control socket, behind which is a daemon with only three names.

mod changes;
mod fake;
mod lists;
mod lookahead;
mod monitor;
mod pasted;
mod socket;
mod state;
mod tls_policy;
mod top;
mod watched;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use tempfile::TempDir;

use control::server::ControlServer;
use dns::cached::Flush;
use dns::clock::Clock;
use dns::question::Outcome;
use fake::Fake;
use lab::prelude::{name, skipped};
use protocol::RootKeysUnfollowed;
use record::entry::QuestionEntry;
use record::event::Ended;

struct World {
    directory: TempDir,
    socket: PathBuf,
    fake: Arc<Fake>,
    runtime: tokio::runtime::Runtime,
    ending: tokio::sync::watch::Sender<bool>,
}

impl World {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("run/control.sock");
        let fake = Fake::new();
        let server = runtime.block_on(async { ControlServer::bind(&socket) }).unwrap();
        let (ending, ended) = tokio::sync::watch::channel(false);
        let daemon = Arc::clone(&fake);
        runtime.spawn(async move { server.run(daemon, ended).await });
        Self { directory, socket, fake, runtime, ending }
    }

    /// Returns the exit code, stdout and stderr.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        told(&tool(&self.socket).args(arguments).output().unwrap())
    }
}

fn tool(socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
    command.arg("--socket").arg(socket).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

// The signatures of an answer suggest that somebody has checked them.
#[test]
fn signatures_without_validation_are_marked() {
    let world = World::new();
    let off = "DNSSEC validation is off: dnssec.validate is false\n";
    let list = world.directory.path().join("domains");
    std::fs::write(&list, "mail.example\n").unwrap();
    let commands = [&["query", "mail.example", "--dnssec"][..], &["check", "--list", list.to_str().unwrap()]];
    for words in commands {
        assert!(!world.run(words).1.contains(off), "{words:?}");
    }
    world.fake.root_keys.lock().unwrap().unfollowed = Some(RootKeysUnfollowed::ValidationOff);
    for words in commands {
        let (_, text, _) = world.run(words);
        assert!(text.ends_with(off), "{text}");
    }
}

#[test]
fn query_shows_source_and_exit_code() {
    let world = World::new();
    let expected = "mail.example.  200  MX  10 mx.example.\nNOERROR, from cache in 1.2 ms\n";
    assert_eq!(world.run(&["query", "Mail.Example", "mx"]), (0, expected.to_owned(), String::new()));
    assert_eq!(world.run(&["query", "user@mail.example"]).1, expected);
    let (code, text, _) = world.run(&["query", "user@mail.example", "TXT"]);
    assert_eq!((code, text.lines().next()), (0, Some("mail.example.  200  TXT  \"v=spf1 mx\" \" -all\"")));
    let (code, text, _) = world.run(&["query", "mail.example"]);
    assert_eq!(code, 1);
    assert_eq!(
        text,
        "mail.example.  A  the name has no records of this type\nNOERROR, from cache in 1.2 ms, negative answer cached for another 13 min (SOA of example.)\n"
    );
    let (code, text, _) = world.run(&["query", "nowhere.example"]);
    assert!(code == 1 && text.contains("NXDOMAIN"), "{text}");
    let (code, text, _) = world.run(&["query", "192.0.2.1"]);
    assert_eq!(code, 4);
    assert!(
        text.starts_with("1.2.0.192.in-addr.arpa.  PTR  no answer\nSERVFAIL, failed after 1.2 ms\n"),
        "{text}"
    );
    assert!(text.contains("extended error 22 (No Reachable Authority): No server answered."), "{text}");
}

#[test]
fn trace_shows_steps_then_answer() {
    let world = World::new();
    let (code, text, _) = world.run(&["trace", "mail.example", "MX", "--fresh"]);
    let steps = "      0.0 ms  query     mail.example. MX\n      1.5 ms  ended     NOERROR\n\nmail.example.";
    assert!(code == 0 && text.starts_with(steps), "{text}");
    let (code, text, _) = world.run(&["--json", "trace", "mail.example", "MX", "--fresh"]);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, lines.len()), (0, 3));
    assert_eq!((&lines[0]["step"], &lines[1]["at"]), (&"question".into(), &0.001_5.into()));
    assert_eq!(lines[2]["answers"][0]["data"], "10 mx.example.");
    assert_eq!((&lines[2]["outcome"], &lines[2]["elapsed"]), (&"cache".into(), &0.001_234.into()));
    // A cached answer has no steps.
    let (code, text, _) = world.run(&["trace", "nowhere.example"]);
    assert!(
        code == 1 && text.ends_with("\nno steps: no server was queried; --fresh resolves past the cache\n"),
        "{text}"
    );
    let (code, _, error) = world.run(&["trace", "list.example", "--fresh"]);
    assert!(
        code == 4 && error.contains("most of the daily quota of the DNS list list.example."),
        "{code} {error}"
    );
    assert_eq!(world.run(&["trace", "a..b"]).0, 2);
}

#[test]
fn stats_show_screen_and_tables() {
    let world = World::new();
    let (code, screen, _) = world.run(&["stats"]);
    assert_eq!(code, 0);
    for part in ["3 total", "from cache 66.7 %   failed 33.3 %", "slow.example.", "1 timeout"] {
        assert!(screen.contains(part), "{part} is not in\n{screen}");
    }
    let rows = [("zone", "slow.example."), ("server", "192.0.2.53"), ("client", "127.0.0.1"), ("type", "MX")];
    for (table, key) in rows {
        let (code, text, _) = world.run(&["stats", "--by", table, "--since", "1h"]);
        let found = text.lines().filter(|line| line.starts_with(key)).count();
        assert!(code == 0 && found == 1, "{text}");
        let (_, json, _) = world.run(&["stats", "--by", table, "--json"]);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value[table], key);
    }
    let (code, text, _) = world.run(&["stats", "--by", "stage"]);
    assert!(
        code == 0 && text.starts_with("stage ") && text.contains("answered from the cache are left out"),
        "{text}"
    );
    assert_eq!(world.run(&["stats", "--json"]).1.lines().count(), 1);
    for (arguments, lines) in [
        (&["stats", "--since", "24h"][..], 1),
        (&["stats", "--since", "1h", "--against", "7d"], 2),
        (&["stats", "--at", "2026-01-01 02:00"], 20),
    ] {
        let (code, text, _) = world.run(arguments);
        assert!(code == 0 && text.contains(" minutes recorded\n"), "{text}");
        let json = world.run(&[arguments, &["--json"]].concat()).1;
        assert!(json.lines().count() == lines && json.contains("\"minutes\":0"), "{json}");
    }
    let (code, text, error) = world.run(&["stats", "--since", "400d"]);
    assert!(code == 0 && text.contains(" of 43 200 minutes recorded\n"), "{text}");
    assert!(error.starts_with("resolverctl: only 30 days are kept"), "{error}");
    assert_eq!(world.fake.recorder.report(record::Window::Start).questions, 3);
}

#[test]
fn flush_reports_removed_entries() {
    let world = World::new();
    assert_eq!(
        world.run(&["flush", "Mail.Example"]).1,
        "removed 3 cache entries: 2 answers, 1 negative answer\ncurrent answers:\nmail.example.  200  MX  10 mx.example.\nNOERROR, from cache in 1.2 ms\n"
    );
    for arguments in [
        &["flush", "mail.example", "--tree", "--type", "mx"][..],
        &["flush", "--negative"][..],
        &["flush", "--all", "--json"][..],
    ] {
        assert_eq!(world.run(arguments).0, 0);
    }
    let asked = world.fake.flushed.lock().unwrap().clone();
    let expected = [
        Flush::Name { name: name("mail.example."), kind: None },
        Flush::Tree { name: name("mail.example."), kind: Some(RecordType::MX) },
        Flush::Negative,
        Flush::All,
    ];
    assert_eq!(asked, expected.map(|flush| format!("{flush:?}")));
}

// A mistyped option is refused.
#[test]
fn hyphenated_name_is_no_option() {
    let world = World::new();
    assert_eq!(world.run(&["flush", "--all.mail.example."]).0, 0);
    assert_eq!(world.run(&["flush", "--tree", "-x.mail.example."]).0, 0);
    let below = |label: &str| Name::from_labels([label, "mail", "example"].map(str::as_bytes)).unwrap();
    let expected =
        [Flush::Name { name: below("--all"), kind: None }, Flush::Tree { name: below("-x"), kind: None }];
    assert_eq!(*world.fake.flushed.lock().unwrap(), expected.map(|flush| format!("{flush:?}")));
    for arguments in [
        &["cache", "-x.mail.example."][..],
        &["query", "-x.mail.example.", "MX"][..],
        &["trace", "-x.mail.example."][..],
        &["why", "-x.mail.example."][..],
        &["nta", "add", "-x.mail.example."][..],
        &["nta", "mail.example."][..],
        &["check", "-x.mail.example"][..],
        &["check", "--as-sender", "-x.mail.example"][..],
    ] {
        assert_ne!(world.run(arguments).0, 2, "{arguments:?}");
    }
    for mistyped in [
        &["flush", "--al"][..],
        &["query", "--tre", "mail.example"][..],
        &["query", "mail.example", "--frsh"][..],
        &["trace", "mail.example", "--frsh"][..],
        &["trace", "-f"][..],
        &["check", "--al"][..],
    ] {
        let (code, _, error) = world.run(mistyped);
        assert!(code == 2 && error.contains("no such option"), "{code} {error}");
        assert!(!error.contains("-- -"), "{error}");
    }
}

fn object(text: &str) -> serde_json::Value {
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap()
}

#[test]
fn shells_can_complete_it() {
    let directory = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let output = tool(&directory.path().join("none.sock")).args(["completion", shell]).output().unwrap();
        let (code, script, _) = told(&output);
        assert!(code == 0 && script.contains("resolverctl") && script.contains("inflight"), "{shell}");
    }
}

/// Needs root rights, because it runs a command as another user.
#[test]
fn others_may_look_and_change_nothing() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    if !rustix::process::geteuid().is_root() {
        skipped("only root may become another user");
        return;
    }
    let world = World::new();
    let program = world.directory.path().join("resolverctl");
    // If this process wrote the copy, a child process of a parallel test could inherit the open file, and the kernel would refuse to
    // execute it.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_resolverctl")).arg(&program).status().unwrap();
    assert!(copied.success());
    for path in [world.directory.path(), world.socket.parent().unwrap(), &world.socket, &program] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.uid(NOBODY).gid(NOBODY).arg("--socket").arg(&world.socket).args(arguments);
        told(&command.stdin(Stdio::null()).output().unwrap())
    };
    assert_eq!(run(&["inflight"]).0, 0);
    for change in [&["flush", "--all"][..], &["reload"]] {
        let (code, text, error) = run(change);
        assert_eq!((code, text.as_str()), (5, ""));
        assert!(
            error.starts_with("resolverctl: Permission denied: only root and the user of resolverd may"),
            "{error}"
        );
    }
    assert!(world.fake.flushed.lock().unwrap().is_empty());
}

#[test]
fn default_command_is_status() {
    let world = World::new();
    let (code, text, _) = world.run(&[]);
    assert!(code == 0 && text.starts_with("resolverd 0.2.0 is healthy; up "), "{text}");
    assert!(text.contains("127.0.0.1:5300") && text.contains("defaults (no file)"), "{text}");
    for _ in 0..100 {
        world.fake.recorder.question(
            0,
            &Ended {
                client: [127, 0, 0, 1].into(),
                kind: RecordType::A,
                outcome: Outcome::Failed,
                elapsed: Duration::ZERO,
            },
        );
    }
    let (code, text, _) = world.run(&["status"]);
    assert!(code == 1 && text.contains("101 of 103 queries failed with SERVFAIL."), "{text}");
}

#[test]
fn status_plugin_prints_one_line() {
    let world = World::new();
    let (code, text, error) = world.run(&["status", "--plugin"]);
    assert!(
        code == 0 && text.starts_with("RESOLVERD OK - resolverd 0.2.0, up ") && error.is_empty(),
        "{text}"
    );
    assert!(
        text.lines().count() == 1 && text.contains("|uptime=0s;;;0 queries=3;;;0 from_cache=2;;;0"),
        "{text}"
    );
    let failed = Ended {
        client: [127, 0, 0, 1].into(),
        kind: RecordType::A,
        outcome: Outcome::Failed,
        elapsed: Duration::ZERO,
    };
    world.fake.recorder.questions(0, &failed, 100);
    let (code, text, _) = world.run(&["status", "--plugin"]);
    // The resolutions of these queries have not ended, so the daemon does not know which zones are at fault.
    assert!(code == 1 && text.starts_with("RESOLVERD WARNING - 101 of 103 queries failed"), "{text}");
    let nowhere = world.directory.path().join("none.sock");
    let (code, text, error) = told(&tool(&nowhere).args(["status", "--plugin"]).output().unwrap());
    assert!(code == 2 && text.starts_with("RESOLVERD CRITICAL - cannot connect to resolverd at"), "{text}");
    assert!(text.lines().count() == 1 && error.is_empty(), "{error}");
}

#[test]
fn why_reports_omitted_pasted_lines() {
    let world = World::new();
    let pasted = |count: usize, format: &[&str]| {
        let file = world.directory.path().join("pasted");
        std::fs::write(&file, "connect from mail.never.example[192.0.2.77]\n".repeat(count)).unwrap();
        let mut command = tool(&world.socket);
        command.args(["why", "-"]).args(format).stdin(std::fs::File::open(file).unwrap());
        told(&command.output().unwrap()).2
    };
    assert_eq!(pasted(30, &[]), "");
    for format in [&[][..], &["--json"]] {
        let said = pasted(32, format);
        assert!(
            said.starts_with("resolverctl: only the first 30 lines") && said.contains("and 2 more were left"),
            "{said}"
        );
    }
}

#[test]
fn why_names_culprit_or_empty_history() {
    let world = World::new();
    let (code, text, _) = world.run(&["why", "never.example"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.starts_with("The query history is empty"), "{text}");
    world.fake.recorder.asked(
        &QuestionEntry {
            outcome: Outcome::Shed,
            elapsed: 0,
            error: "too many queries for this zone".into(),
            code: Some(14),
            ..QuestionEntry::failed(b"\x04mail\x07example\x00", 0)
        },
        None,
    );
    let (code, text, _) = world.run(&["why", "Example"]);
    assert!(code == 0 && text.contains("mail.example. MX"), "{text}");
    assert!(text.contains("Cause: overload; too many queries for this zone"), "{text}");
    for address in ["user@mail.example", "<user@Mail.Example.>", "-\"a@b\"@example"] {
        let (code, text, _) = world.run(&["why", address]);
        assert!(code == 0 && text.contains("mail.example. MX"), "{address}: {text}");
    }
    let (code, text, _) = world.run(&["why", "--slowest", "3", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &value["culprit"]["kind"]), (0, &"overload".into()));
    assert_eq!(value["questions"][0]["type"], "MX");
    for arguments in [
        &["why", "mail.example", "--since", "1m"][..],
        &["why", "mail.example", "--client", "192.0.2.0/24"],
        &["why", "192.0.2.1"],
    ] {
        let (code, text, _) = world.run(arguments);
        assert!(
            code == 4 && text.starts_with("The query history has no query for this name and time"),
            "{arguments:?} {text}"
        );
    }
    for arguments in [
        &["why", "a..b"][..],
        &["why", "--at", "noon"],
        &["why", "--client", "localhost"],
        &["why", "mail.example", "--at", "noon"],
        &["why", "mail.example", "--client", "localhost"],
    ] {
        assert_eq!(world.run(arguments).0, 2, "{arguments:?}");
    }
    let (code, _, error) = world.run(&["why", "4cK9xY2Zz3z9"]);
    assert!(
        code == 2 && error.contains("`grep 4cK9xY2Zz3z9 /var/log/mail.log | resolverctl why -`"),
        "{error}"
    );
    for number in ["0", "101", "99999999999999999999", "-1"] {
        let (code, text, error) = world.run(&["why", &format!("--slowest={number}")]);
        assert!(code == 2 && text.is_empty(), "{code} {text}");
        assert!(error.contains(&format!("\"{number}\" is not a number from 1 to 100")), "{error}");
    }
    assert_eq!(world.run(&["why", "--slowest", "100"]).0, 0);
}

#[test]
fn why_writes_slowest_message_as_html() {
    let world = World::new();
    let file = world.directory.path().join("slow.html");
    let arguments = ["why", "--html", file.to_str().unwrap()];
    let (code, _, error) = world.run(&arguments);
    assert!(code == 2 && error.contains("the query history has no message"), "{code} {error}");
    assert!(!file.exists());
    let at = Clock::machine().mono().as_micros();
    world.fake.recorder.asked(&QuestionEntry::failed(b"\x04mail\x07example\x00", at), None);
    let (code, text, error) = world.run(&arguments);
    assert!(code == 0 && text.contains("1 of 1 messages"), "{code} {text} {error}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("mail.example."));
}

#[test]
fn failed_lists_failing_zones() {
    let world = World::new();
    let (code, text, _) = world.run(&["failed"]);
    assert!(code == 4 && text.starts_with("The query history is empty"), "{text}");
    let at = Clock::machine().mono().as_micros();
    for (name, error) in [
        (&b"\x04mail\x07example\x00"[..], "no server of example. answered"),
        (b"\x03www\x07example\x00", "no server of example. answered"),
        (b"\x03www\x05other\x00", "the answer is bogus"),
    ] {
        world.fake.recorder.asked(
            &QuestionEntry { error: error.into(), code: Some(22), ..QuestionEntry::failed(name, at) },
            None,
        );
    }
    let (code, text, _) = world.run(&["failed"]);
    let zones: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    assert!(code == 0 && zones.len() == 4, "{text}");
    let (code, text, _) = world.run(&["failed", "--zone", "Example", "--since", "2h", "--json"]);
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(code == 0 && rows.len() == 3 && rows[2]["begin"].is_f64(), "{text}");
    assert_eq!((&rows[0]["questions"], &rows[0]["extended_error"]), (&1.into(), &22.into()));
    assert_eq!(rows[0]["still_fails"], "yes");
    let (code, text, _) = world.run(&["failed", "--zone", "www.example"]);
    assert!(code == 0 && text.starts_with("www.example."), "{text}");
    assert_eq!(world.run(&["failed", "www.example"]), (code, text, String::new()), "without the option");
    let (code, text, _) = world.run(&["failed", "--zone", "<user@www.example>"]);
    assert!(code == 0 && text.starts_with("www.example."), "{text}");
    let (code, text, _) = world.run(&["failed", "--client", "::ffff:127.0.0.1", "--zone", "other"]);
    assert!(code == 0 && text.starts_with("www.other.  1 failed query"), "{text}");
    let (code, text, _) = world.run(&["failed", "--client", "192.0.2.0/24", "--zone", "example"]);
    assert!(code == 0 && text.starts_with("No query of 192.0.2.0/24 for example failed since 20"), "{text}");
    for arguments in [
        &["failed", "--since", "noon"][..],
        &["failed", "--since", "2999-01-01T00:00:00Z"],
        &["failed", "--zone", "a..b"],
        &["failed", "--client", "localhost"],
        &["failed", "example", "--zone", "example"],
    ] {
        assert_eq!(world.run(arguments).0, 2, "{arguments:?}");
    }
}

#[test]
fn colour_follows_option_and_terminal() {
    let world = World::new();
    let escape = "\u{1b}[";
    assert!(!world.run(&["stats"]).1.contains(escape));
    assert!(world.run(&["stats", "--color", "always"]).1.contains(escape));
    assert!(!world.run(&["stats", "--color", "never"]).1.contains(escape));
    let output =
        tool(&world.socket).args(["stats", "--color", "auto"]).env("NO_COLOR", "1").output().unwrap();
    assert!(!told(&output).1.contains(escape));
}

// The operator types a command of another resolver.
#[test]
fn foreign_command_suggests_own_command() {
    let world = World::new();
    for (typed, right) in [
        (&["flush_zone", "mail.example"][..], "`resolverctl flush mail.example --tree`"),
        (&["quota"], "`resolverctl dnsbl`"),
        (&["dig", "mail.example", "MX"], "`resolverctl query mail.example MX`"),
        (&["flush", "all"], "`resolverctl flush --all`"),
        (&["why", "02:00"], "`resolverctl why --at \"02:00\"`"),
        (&["why", "yesterday"], "`resolverctl why --since yesterday`"),
        (&["compare"], "`resolverctl stats --since 24h --against 7d`"),
    ] {
        let (code, text, error) = world.run(typed);
        assert!(code == 2 && text.is_empty() && error.contains(right), "{code} {text} {error}");
    }
    let (code, _, error) = world.run(&["compare", "--xyzzy"]);
    assert!(code == 2 && !error.contains("use instead"), "{error}");
    assert_eq!(world.run(&["stats", "--by", "users", "--since", "yesterday"]).0, 0);
    let (code, _, error) = world.run(&["check", "--from", "192.0.2.1"]);
    assert!(code == 2 && error.contains("<DOMAIN|ADDRESS|--list"), "{error}");
}

#[test]
fn invalid_arguments_are_usage_errors() {
    let world = World::new();
    for arguments in [
        &["query", "mail.example", "NONSENSE"][..],
        &["query", "a..b"][..],
        &["query"][..],
        &["flush"][..],
        &["flush", "--all", "mail.example"][..],
        &["flush", "--all", "--tree"][..],
        &["stats", "--by", "minute"][..],
        &["top"][..],
        &["stats", "--since", "2x"][..],
    ] {
        let (code, out, error) = world.run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {error}");
        assert!(!error.is_empty());
    }
}

#[test]
fn missing_daemon_error_says_start() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("none.sock");
    let (code, out, error) = told(&tool(&socket).output().unwrap());
    assert_eq!((code, out.as_str()), (3, ""));
    let expected = format!("resolverctl: cannot connect to resolverd at {}: ", socket.display());
    assert!(error.starts_with(&expected) && error.contains("systemctl start resolverd"), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn closed_output_is_no_error() {
    let world = World::new();
    let mut child = tool(&world.socket).arg("stats").stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
