//! Screens about the configuration and about errors in a command line.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::render::{both, golden, lines};
use config::{Config, Errors, LookaheadMode, Rule, RuleState, notes};
use dns::conduct::Health;
use protocol::Reply;
use protocol::rows::{LookaheadRule, LookaheadState};
use protocol::zones::{Temporary, ZoneServer, ZoneSource, ZoneState};
use resolverctl::render::{Style, json, lookahead, text, zones};

/// A configuration file with an entry of every kind.
const FILE: &str = r#"
version = 1
[cache]
size = "1GiB"
[resolve]
ipv6 = false
source = ["192.0.2.25"]
[[listener]]
addresses = ["172.17.0.1:53"]
allow = ["172.17.0.0/16"]
zones = ["corp.example"]
[[zone]]
name = "corp.example"
stub = ["10.1.1.1", "127.0.0.1:5300"]
source = ["10.1.1.25"]
[[zone]]
name = "partner.example"
forward = ["10.2.0.53", "tls://192.0.2.1#dns.example"]
max_ttl = "90m"
[[host]]
name = "printer.lan"
addresses = ["10.0.0.9", "fd00::9"]
"#;

#[test]
fn the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resolverd.toml");
    std::fs::write(&path, FILE).unwrap();
    let config = Config::load(Some(&path)).unwrap();
    for (name, config, changed) in [
        ("config_show_default", &Config::default(), false),
        ("config_show", &config, false),
        ("config_show_changed", &config, true),
    ] {
        let shown = config::show(config, changed);
        both(name, &shown, &json::config(&shown).unwrap());
    }
}

fn server(address: &str, tls: Option<&str>, round_trip: Option<f64>, health: Option<Health>) -> ZoneServer {
    ZoneServer {
        address: address.parse().unwrap(),
        tls: tls.map(str::to_owned),
        https: None,
        round_trip,
        health,
        lame: false,
    }
}

fn zone(zone: &str, kind: ZoneSource, servers: Vec<ZoneServer>) -> ZoneState {
    ZoneState {
        temporary: None,
        zone: zone.to_owned(),
        view: None,
        kind,
        forward_first: false,
        servers,
        file: None,
        addresses: Vec::new(),
        source: Vec::new(),
        max_ttl: None,
        negative_max_ttl: None,
        hidden_at: Vec::new(),
    }
}

/// Returns the state of a zone with one server. The name of the server comes from another host and may be hostile.
pub(crate) fn hostile_zone(name: &str) -> Reply {
    Reply::ZoneState(zone(
        "a.example.",
        ZoneSource::Forward,
        vec![server("192.0.2.1:853", Some(name), None, None)],
    ))
}

#[test]
fn the_configured_zones() {
    let answering = server("10.1.1.1:53", None, Some(0.0008), Some(Health::Answering));
    let mut refusing = server("10.1.1.2:53", None, Some(0.0009), Some(Health::Answering));
    refusing.lame = true;
    let dead = server("10.1.1.3:53", None, None, Some(Health::Dead));
    let mut corp = zone("corp.example.", ZoneSource::Stub, vec![answering, refusing, dead]);
    corp.source = vec!["10.1.1.25".parse().unwrap()];
    let due = server("10.2.0.53:5353", None, Some(0.03), Some(Health::Due));
    let secure = server("[2001:db8::1]:853", Some("dns.example"), Some(0.0123), Some(Health::Doubtful));
    let mut unasked = server("192.0.2.1:443", Some("dns2.example"), None, None);
    unasked.https = Some("/dns-query".to_owned());
    let mut partner = zone("partner.example.", ZoneSource::Forward, vec![due, secure, unasked]);
    partner.forward_first = true;
    partner.max_ttl = Some(5_400.0);
    partner.negative_max_ttl = Some(60.0);
    partner.hidden_at = vec!["172.17.0.1:53".parse().unwrap()];
    let mut office = zone("office.lan.", ZoneSource::File, Vec::new());
    office.file = Some("/etc/resolverd/office.zone".to_owned());
    let mut printer = zone("printer.lan.", ZoneSource::Host, Vec::new());
    printer.addresses = vec!["10.0.0.9".parse().unwrap(), "fd00::9".parse().unwrap()];
    let records = zone("records.example.", ZoneSource::Records, Vec::new());
    let mut blocked = zone("blocked.example.", ZoneSource::Blocked, Vec::new());
    blocked.temporary = Some(Temporary { left: Some(172_000.0) });
    let list = zone("zen.spamhaus.org.", ZoneSource::Recurse, Vec::new());
    let rows = [corp, partner, office, printer, records, blocked, list].map(Reply::ZoneState);
    both("zones", &zones::table(&rows, Style::Plain), &lines(&rows));
    golden("zones_colored.ansi", &zones::table(&rows, Style::Colored));
    assert_eq!(zones::table(&[], Style::Plain), "no configured zones\n");
}

#[test]
fn the_script_for_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let mut tool = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
        let output = tool.args(["completion", shell]).output().unwrap();
        assert!(output.status.success(), "{shell}");
        golden(&format!("completion.{shell}"), &String::from_utf8(output.stdout).unwrap());
    }
}

#[test]
fn the_rules_of_look_ahead() {
    let row = |rule, state, asked: [u64; 3], observed: [u64; 2], share| {
        let [asked, used, unused] = asked;
        let [observed, sent_later] = observed;
        let saved = Duration::from_millis(31 * used).as_secs_f64();
        Reply::LookaheadRule(LookaheadRule {
            rule,
            state,
            asked,
            used,
            unused,
            saved,
            observed,
            sent_later,
            share,
        })
    };
    let rows = [
        row(Rule::Ptr, RuleState::Active, [18_204, 17_961, 201], [24, 24], Some(98)),
        row(Rule::MxA, RuleState::Inactive, [212, 24, 188], [9_120, 1_003], Some(11)),
        row(Rule::Tlsa, RuleState::Learning, [0, 0, 0], [7, 7], None),
        Reply::Lookahead(LookaheadState { mode: LookaheadMode::Learned, own_modes: 0, refused: 0, lost: 0 }),
    ];
    both("lookahead", &lookahead::table(&rows, Style::Plain), &lines(&rows));
    golden("lookahead_colored.ansi", &lookahead::table(&rows, Style::Colored));
    let counted = [
        row(Rule::Ptr, RuleState::Active, [0, 0, 0], [18_204, 17_961], Some(98)),
        row(Rule::MxA, RuleState::Inactive, [0, 0, 0], [9_120, 1_003], Some(11)),
    ];
    for (mode, rules, refused, name) in [
        (LookaheadMode::Rules, &rows[..3], 1_204, "lookahead_rules.txt"),
        (LookaheadMode::Observe, &counted[..], 0, "lookahead_observe.txt"),
        (LookaheadMode::Off, &[][..], 0, "lookahead_off.txt"),
    ] {
        let lost = if mode == LookaheadMode::Off { 0 } else { 17 };
        let state = LookaheadState { mode, own_modes: 2, refused, lost };
        let replies: Vec<Reply> = rules.iter().cloned().chain([Reply::Lookahead(state)]).collect();
        golden(name, &lookahead::table(&replies, Style::Plain));
    }
}

#[test]
fn a_reload() {
    let change = |sentence: &str| Reply::Change { sentence: sentence.to_owned() };
    let changes = [change("cache.max_ttl: 2d, was 1d"), change("zone corp.example: removed")];
    both("reload", &text::reloaded(&changes, Style::Plain), &lines(&changes));
    let wrong = [Reply::Wrong {
        sentence: "/etc/resolverd/resolverd.toml: line 3: cache.sise is not a known key; did you mean size?"
            .to_owned(),
    }];
    both("reload_wrong", &text::reloaded(&wrong, Style::Plain), &lines(&wrong));
    assert_eq!(text::reloaded(&[], Style::Plain), "no changes\n");
}

#[test]
fn a_file_that_was_checked() {
    let path = Path::new("/etc/resolverd/resolverd.toml");
    let mut lan = Config::default();
    lan.listen.addresses.push("192.0.2.10:53".parse().unwrap());
    let valid = Ok(notes(&lan));
    both("config_check", &text::checked(Some(path), &valid), &json::checked(Some(path), &valid));
    let missing = Config::load(Some(Path::new("/nowhere"))).unwrap_err().problems;
    let mut problem = missing[0].clone();
    (problem.line, problem.key) = (Some(3), Some("cache.sise".to_owned()));
    (problem.wrong, problem.remedy) = ("is not a known key".to_owned(), "did you mean size?".to_owned());
    let errors = Errors { file: path.display().to_string(), problems: vec![problem] };
    let wrong = Err(errors);
    let text = text::checked(Some(path), &wrong);
    both("config_check_wrong", &text, &json::checked(Some(path), &wrong));
    assert_eq!(text::checked(None, &Ok(Vec::new())), "no configuration file; the defaults apply\n");
}
