//! `switch --back`, and interrupted switches. The host must have a working resolver at every moment, and its original state at the end.

use std::fs;
use std::path::Path;

use super::host::{Host, Internet, crowded, golden, internet, plain};

const OURS: &str = "nameserver 127.0.0.1\n";

fn answers(host: &Host) -> bool {
    host.read("units/resolverd.service").contains("active")
}

fn switched(internet: &Internet, host: &Host) {
    let (code, text) = host.switch(internet, &["--yes", "--stop-shared"]);
    assert_eq!(code, 0, "{text}");
}

fn unbound() -> Host {
    let host = Host::new(&[
        ("etc/resolv.conf", "nameserver 127.0.0.1\n"),
        ("etc/nsswitch.conf", "hosts: files dns\n"),
        ("units/unbound.service", "loaded enabled active\n"),
    ]);
    host.holds("unbound", "unbound.service", [127, 0, 0, 1]);
    host
}

/// Undoes the rest of the switch. The host must have the same state as before.
fn restored(internet: &Internet, host: &Host, before: &std::collections::BTreeMap<String, String>) {
    let (code, text) = host.switch(internet, &["--back"]);
    assert_eq!(code, 0, "{text}");
    let mut after = host.files();
    for made in ["var", "var/lib"] {
        if !before.contains_key(made) {
            after.remove(made);
        }
    }
    assert_eq!(&after, before);
}

#[test]
fn resolverd_named_in_resolv_conf_stays() {
    let (internet, host) = (internet(), plain());
    let before = host.files();
    switched(&internet, &host);
    let written = host.read("etc/resolv.conf");
    host.write("etc/resolv.conf", &format!("{OURS}search corp.example\n"));
    let (code, _, error) = host.command(&internet, &["--back"]);
    assert_eq!(code, 4, "{error}");
    assert!(
        error.contains("/etc/resolv.conf has changed since the switch and still names resolverd"),
        "{error}"
    );
    assert!(answers(&host));
    host.write("etc/resolv.conf", &written);
    restored(&internet, &host, &before);
}

#[test]
fn resolverd_stays_while_resolv_conf_unwritable() {
    let (internet, host) = (internet(), plain());
    fs::remove_file(host.path("etc/resolv.conf")).unwrap();
    host.write("run/dhcp/resolv.conf", "nameserver 192.0.2.53\n");
    host.link("etc/resolv.conf", "../run/dhcp/resolv.conf");
    let before = host.files();
    switched(&internet, &host);
    // `resolv.conf` cannot be replaced, as if the file system were full.
    let obstacle = "etc/resolv.conf.resolverctl/obstacle";
    host.write(obstacle, "");
    let (code, text) = host.switch(&internet, &["--back"]);
    golden("switch_needed.txt", &text);
    assert_eq!(code, 4);
    assert!(answers(&host) && host.read("etc/resolv.conf").contains(OURS));
    assert_eq!(host.files()["units/resolverd.socket"], "active enabled loaded");
    fs::remove_dir_all(host.path(obstacle).parent().unwrap()).unwrap();
    restored(&internet, &host, &before);
}

#[test]
fn missing_old_resolver_keeps_resolverd() {
    let (internet, host) = (internet(), unbound());
    let before = host.files();
    switched(&internet, &host);
    let unit = host.read("units/unbound.service");
    fs::remove_file(host.path("units/unbound.service")).unwrap();
    let (code, _, error) = host.command(&internet, &["--back"]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("no resolver would answer at 127.0.0.1"), "{error}");
    assert!(error.contains("unbound.service"), "{error}");
    assert!(answers(&host));
    // The operator has installed the old resolver again.
    host.write("units/unbound.service", &unit);
    restored(&internet, &host, &before);
}

// The old resolver is gone, but resolv.conf names another one.
#[test]
fn back_succeeds_with_remote_nameserver() {
    let internet = internet();
    let host = unbound();
    host.write("etc/resolv.conf", "nameserver 192.0.2.53\n");
    switched(&internet, &host);
    fs::remove_file(host.path("units/unbound.service")).unwrap();
    let (code, text) = host.switch(&internet, &["--back"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("unbound.service is no longer installed"), "{text}");
    assert_eq!(host.read("etc/resolv.conf"), "nameserver 192.0.2.53\n");
    assert!(!answers(&host));
}

#[test]
fn missing_link_target_keeps_resolverd() {
    let (internet, host) = (internet(), crowded());
    let before = host.files();
    switched(&internet, &host);
    fs::remove_file(host.path("run/NetworkManager/resolv.conf")).unwrap();
    let (code, _, error) = host.command(&internet, &["--back"]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("run/NetworkManager/resolv.conf"), "{error}");
    assert!(answers(&host) && host.read("etc/resolv.conf").contains(OURS));
    host.write("run/NetworkManager/resolv.conf", &before["run/NetworkManager/resolv.conf"]);
    restored(&internet, &host, &before);
}

#[test]
fn failing_old_resolver_restarts_resolverd() {
    let (internet, host) = (internet(), unbound());
    let before = host.files();
    switched(&internet, &host);
    host.write("fails/start-unbound.service", "");
    let (code, text) = host.switch(&internet, &["--back"]);
    golden("switch_again.txt", &text);
    assert_eq!(code, 4);
    assert!(answers(&host));
    fs::remove_dir_all(host.path("fails")).unwrap();
    restored(&internet, &host, &before);
}

/// Returns what a file may contain after a power failure: only a part of the text `whole`.
fn cut(whole: &str) -> [&str; 3] {
    ["", whole.get(..1).unwrap(), whole.get(..whole.len() / 2).unwrap()]
}

// A half-written file does not count as a change of the operator.
#[test]
fn partial_resolv_conf_is_restored() {
    let (internet, host) = (internet(), plain());
    let before = host.files();
    switched(&internet, &host);
    let written = host.read("etc/resolv.conf");
    for half in cut(&written).into_iter().chain(cut("nameserver 192.0.2.53\n")) {
        host.write("etc/resolv.conf", half);
        restored(&internet, &host, &before);
        switched(&internet, &host);
    }
    fs::remove_file(host.path("etc/resolv.conf")).unwrap();
    restored(&internet, &host, &before);
}

#[test]
fn partial_file_is_replaced_by_link() {
    let (internet, host) = (internet(), crowded());
    let before = host.files();
    switched(&internet, &host);
    fs::remove_file(host.path("etc/resolv.conf")).unwrap();
    // The new file was written in part, and not yet renamed.
    host.write("etc/resolv.conf.resolverctl", "# Wri");
    restored(&internet, &host, &before);
}

#[test]
fn killed_switch_is_undone() {
    let internet = internet();
    for call in [
        "try-reload-or-restart-NetworkManager.service",
        "stop-named.service",
        "enable-resolverd.socket",
        "start-resolverd.socket",
        "disable-named.service",
        "try-restart-systemd-resolved.service",
    ] {
        let host = crowded();
        host.write(&format!("signals/{call}"), "KILL");
        let before = host.files();
        let mut command = host.prepared(&internet, &["--yes", "--stop-shared"]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), None, "{call}: {}", String::from_utf8_lossy(&output.stdout));
        let enabled = |unit: &str| host.read(&format!("units/{unit}.service")).contains("enabled");
        assert!(enabled("named") || enabled("resolverd"), "{call}: no resolver starts at the next boot");
        fs::remove_file(host.path(&format!("signals/{call}"))).unwrap();
        restored(&internet, &host, &before);
    }
}

#[test]
fn killed_back_continues() {
    let internet = internet();
    for call in [
        "try-restart-systemd-resolved.service",
        "enable-named.service",
        "stop-resolverd.socket",
        "start-named.service",
    ] {
        let host = crowded();
        let before = host.files();
        switched(&internet, &host);
        host.write(&format!("signals/{call}"), "KILL");
        assert_eq!(host.prepared(&internet, &["--back"]).output().unwrap().status.code(), None, "{call}");
        let enabled = |unit: &str| host.read(&format!("units/{unit}.service")).contains("enabled");
        assert!(enabled("named") || enabled("resolverd"), "{call}: no resolver starts at the next boot");
        fs::remove_file(host.path(&format!("signals/{call}"))).unwrap();
        restored(&internet, &host, &before);
    }
}

#[test]
fn a_signal_undoes_the_switch() {
    let internet = internet();
    for signal in ["INT", "TERM", "HUP"] {
        let host = crowded();
        host.write("signals/stop-named.service", signal);
        let before = host.files();
        let (code, text) = host.switch(&internet, &["--yes", "--stop-shared"]);
        assert_eq!(code, 1, "{signal}: {text}");
        assert!(text.contains("a signal interrupted the switch before this step"), "{text}");
        assert!(
            text.contains("If this command is interrupted before its end, run: resolverctl switch --back\n"),
            "{text}"
        );
        assert!(text.contains("All is as before the switch; "), "{text}");
        let mut after = host.files();
        after.remove("var/lib");
        assert_eq!(after, before, "{signal}");
        assert!(!host.calls().contains("start resolverd"), "{}", host.calls());
    }
}

#[test]
fn consequences_are_shown_before_the_steps() {
    let (internet, host) = (internet(), crowded());
    let before = host.files();
    let (code, text) = host.switch(&internet, &["--yes"]);
    assert_eq!(code, 1);
    assert!(text.contains("other hosts may use the current resolver at 0.0.0.0:53"), "{text}");
    assert!(text.contains("--stop-shared"), "{text}");
    assert_eq!(host.files(), before);
    let (code, text) = host.switch(&internet, &["--yes", "--stop-shared"]);
    assert_eq!(code, 0);
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    assert!(place("settings of named.service to resolverd") < place("stop named.service"));
    assert!(place("other hosts may use") < place("stop named.service"));
}

#[test]
fn failed_undo_keeps_step_report() {
    let (internet, host) = (internet(), plain());
    host.write("signals/start-resolverd.socket", "TERM");
    host.write("spoils/start-resolverd.socket", "");
    let (code, text, error) = host.command(&internet, &["--yes"]);
    assert_eq!(code, 4, "{text}{error}");
    assert!(text.contains("start and enable resolverd.socket"), "{text}");
    assert!(error.contains("is no record of this version"), "{error}");
    assert!(Path::new(&host.path("var/lib/resolverctl/switch.json")).exists());
}

#[test]
fn two_at_once_are_refused() {
    let (internet, host) = (internet(), plain());
    let held = fs::File::open(host.path("etc")).unwrap();
    held.lock().unwrap();
    let (code, _, error) = host.command(&internet, &["--yes"]);
    assert_eq!(code, 4);
    assert!(error.contains("another `resolverctl switch` is running"), "{error}");
    drop(held);
    switched(&internet, &host);
}

// The old resolver is gone, and only NetworkManager is left.
#[test]
fn idle_network_manager_keeps_resolverd() {
    let (internet, host) = (internet(), unbound());
    host.write("etc/NetworkManager/NetworkManager.conf", "[main]\nplugins=keyfile\n");
    host.write("run/NetworkManager/resolv.conf", "");
    host.write("units/NetworkManager.service", "loaded enabled active\n");
    switched(&internet, &host);
    fs::remove_file(host.path("units/unbound.service")).unwrap();
    let (code, text, error) = host.command(&internet, &["--back"]);
    assert_eq!(code, 4, "{text}{error}");
    assert!(error.contains("no resolver would answer at 127.0.0.1"), "{error}");
    assert!(answers(&host));
}

#[test]
fn undo_survives_unwritable_record() {
    let (internet, host) = (internet(), crowded());
    host.write("obstructs/try-restart-systemd-resolved.service", "");
    let before = host.files();
    let (code, text) = host.switch(&internet, &["--yes", "--stop-shared"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("All is as before the switch; "), "{text}");
    assert_eq!(host.files()["units/named.service"], before["units/named.service"]);
    assert!(!answers(&host));
}

/// Returns a host whose resolver listens at an address in the network, which `resolv.conf` names.
fn at_own_address() -> Host {
    let host = plain();
    host.write("etc/resolv.conf", "nameserver 10.0.0.5\n");
    host.write("units/unbound.service", "loaded enabled active\n");
    host.holds_all("unbound", "unbound.service", &[[127, 0, 0, 1], [10, 0, 0, 5]]);
    host
}

// The old resolver had an address of the network.
#[test]
fn missing_network_resolver_keeps_resolverd() {
    let (internet, host) = (internet(), at_own_address());
    let before = host.files();
    switched(&internet, &host);
    let unit = host.read("units/unbound.service");
    fs::remove_file(host.path("units/unbound.service")).unwrap();
    let (code, text, error) = host.command(&internet, &["--back"]);
    assert_eq!(code, 4, "{text}{error}");
    assert!(error.contains("no resolver would answer at 10.0.0.5"), "{error}");
    assert!(answers(&host) && host.read("etc/resolv.conf").contains(OURS));
    host.write("units/unbound.service", &unit);
    restored(&internet, &host, &before);
}

// The old resolver does not start, so resolv.conf names resolverd again.
#[test]
fn failed_back_restores_resolv_conf() {
    let (internet, host) = (internet(), at_own_address());
    let before = host.files();
    switched(&internet, &host);
    host.write("fails/start-unbound.service", "");
    let (code, text) = host.switch(&internet, &["--back"]);
    assert_eq!(code, 4, "{text}");
    assert!(answers(&host) && host.read("etc/resolv.conf").contains(OURS), "{text}");
    fs::remove_dir_all(host.path("fails")).unwrap();
    restored(&internet, &host, &before);
}

#[test]
fn changed_resolv_conf_stays_at_back() {
    let (internet, host) = (internet(), unbound());
    switched(&internet, &host);
    let changed = format!("{OURS}options edns0 trust-ad timeout:2\n");
    host.write("etc/resolv.conf", &changed);
    let (code, text) = host.switch(&internet, &["--back"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(" has the old text of /etc/resolv.conf. Copy what you still need"), "{text}");
    assert_eq!(host.read("etc/resolv.conf"), changed);
    assert!(!answers(&host));
    assert_eq!(host.files()["units/unbound.service"], "active enabled loaded");
}

#[test]
fn disabled_old_resolver_keeps_resolverd() {
    let (internet, host) = (internet(), unbound());
    let before = host.files();
    switched(&internet, &host);
    host.write("fails/enable-unbound.service", "");
    let (code, text) = host.switch(&internet, &["--back"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("unbound.service was not enabled again"), "{text}");
    assert!(text.contains("resolverd must keep running until the failures above are repaired"), "{text}");
    assert_eq!(host.files()["units/unbound.service"], "loaded");
    assert_eq!(host.files()["units/resolverd.socket"], "active enabled loaded");
    fs::remove_dir_all(host.path("fails")).unwrap();
    restored(&internet, &host, &before);
}

#[test]
fn deaf_old_resolver_restarts_resolverd() {
    let (internet, host) = (internet(), unbound());
    let before = host.files();
    switched(&internet, &host);
    host.write("deaf/unbound.service", "");
    let (code, text) = host.switch(&internet, &["--back"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("unbound.service runs, but no process listens at 127.0.0.1"), "{text}");
    assert!(answers(&host));
    fs::remove_dir_all(host.path("deaf")).unwrap();
    host.write("units/unbound.service", "loaded enabled\n");
    restored(&internet, &host, &before);
}

#[test]
fn deaf_resolverd_fails_switch() {
    let (internet, host) = (internet(), unbound());
    host.write("deaf/resolverd.socket", "");
    let (code, text) = host.switch(&internet, &["--yes"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("no process listens at 127.0.0.1:53"), "{text}");
    assert!(text.contains("All is as before the switch; "), "{text}");
}

#[test]
fn dangling_link_is_restored() {
    let internet = internet();
    let dangling = || {
        let host = unbound();
        fs::remove_file(host.path("etc/resolv.conf")).unwrap();
        host.link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
        host
    };
    let host = dangling();
    let before = host.files();
    let (code, text) = host.switch(&internet, &["--yes"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("stub-resolv.conf, which does not exist"), "{text}");
    restored(&internet, &host, &before);

    let host = dangling();
    let before = host.files();
    let (code, text) = host.switch(&internet, &["--yes", "--ask", "a..example"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("All is as before the switch; "), "{text}");
    assert_eq!(host.files()["etc/resolv.conf"], before["etc/resolv.conf"]);
}

#[test]
fn switch_without_resolver_is_undone() {
    let internet = internet();
    for link in [Some("../run/nowhere/resolv.conf"), None] {
        let host = plain();
        fs::remove_file(host.path("etc/resolv.conf")).unwrap();
        if let Some(target) = link {
            host.link("etc/resolv.conf", target);
        }
        let before = host.files();
        switched(&internet, &host);
        restored(&internet, &host, &before);
    }
}

// Postfix has another queue directory.
#[test]
fn postfix_chroot_copy_is_switched() {
    let (internet, host) = (internet(), crowded());
    host.write("etc/postfix/main.cf", "queue_directory = /data/spool\n");
    host.write("data/spool/etc/resolv.conf", "nameserver 192.0.2.53\n");
    let before = host.files();
    let (code, text) = host.switch(&internet, &["--yes", "--stop-shared"]);
    assert_eq!(code, 0, "{text}");
    assert!(host.read("data/spool/etc/resolv.conf").contains("nameserver 127.0.0.1"), "{text}");
    assert_eq!(host.read("var/spool/postfix/etc/resolv.conf"), "nameserver 192.0.2.53\n");
    restored(&internet, &host, &before);
}

#[test]
fn failed_service_reload_continues_back() {
    let (internet, host) = (internet(), crowded());
    host.write("units/postfix.service", "loaded enabled active\n");
    let before = host.files();
    switched(&internet, &host);
    host.write("fails/try-reload-or-restart-postfix.service", "");
    let (code, text) = host.switch(&internet, &["--back"]);
    assert_eq!(code, 4, "{text}");
    assert!(
        text.contains("the file is restored, but systemctl try-reload-or-restart postfix.service"),
        "{text}"
    );
    assert!(!answers(&host), "{text}");
    assert_eq!(host.files()["etc/resolv.conf"], before["etc/resolv.conf"]);
    fs::remove_dir_all(host.path("fails")).unwrap();
    restored(&internet, &host, &before);
}
