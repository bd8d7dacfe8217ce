//! `resolverctl switch` on hosts that are directory trees. A script that stores the states of units in files replaces `systemctl`. The
//! screens are golden files.

mod back;
mod host;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use host::{Host, Internet, crowded, golden, internet, plain, without_times};

#[test]
fn a_plan_changes_nothing() {
    let (internet, host) = (internet(), crowded());
    let before = host.files();
    let (code, text) = host.switch(&internet, &["--stop-shared"]);
    golden("switch_plan.txt", &text);
    assert_eq!(code, 0);
    let (_, lines) = host.switch(&internet, &["--stop-shared", "--json"]);
    golden("switch_plan.json", &lines);
    assert_eq!(host.files(), before);
    assert_eq!(host.calls(), "");
}

#[test]
fn back_restores_files_and_services() {
    let (internet, host) = (internet(), crowded());
    let before = host.files();
    let (code, text) = host.switch(&internet, &["--yes", "--stop-shared"]);
    let text = without_times(&text).replace("the address ::1", "the address 127.0.0.1");
    golden("switch_done.txt", &text);
    assert_eq!(code, 0);
    golden("switch_calls.log", &host.calls());
    for (path, expected) in [
        ("etc/resolv.conf", "search corp.example\nnameserver 127.0.0.1\noptions edns0 trust-ad rotate\n"),
        ("etc/nsswitch.conf", "passwd: files\nhosts: files dns\nnetworks: files\n"),
        ("etc/resolvconf.conf", "resolvconf=NO\n"),
        ("var/spool/postfix/etc/resolv.conf", "nameserver 127.0.0.1\noptions edns0 trust-ad rotate\n"),
    ] {
        let text = host.read(path);
        assert!(text.ends_with(expected), "{path}: {text}");
    }
    let mode = fs::metadata(host.path("etc/resolv.conf")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    assert_eq!(host.files()["units/named.service"], "loaded");
    assert_eq!(host.files()["units/resolverd.socket"], "active enabled loaded");
    let mode = fs::metadata(host.path("var/lib/resolverctl/switch.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only root may change what --back does");

    let (code, text) = host.switch(&internet, &["--back"]);
    golden("switch_back.txt", &text);
    assert_eq!(code, 0);
    let mut after = host.files();
    // The switch has created this directory for its record. It remains after `--back`.
    after.remove("var/lib");
    assert_eq!(after, before);
    let (code, _, error) = host.command(&internet, &["--back"]);
    assert_eq!(code, 1, "{error}");
}

#[test]
fn second_switch_does_nothing() {
    let (internet, host) = (internet(), plain());
    assert_eq!(host.switch(&internet, &["--yes"]).0, 0);
    let (code, text) = host.switch(&internet, &["--yes"]);
    assert_eq!((code, text.as_str()), (0, "Nothing to do: this host uses resolverd.\n"));
    // Another program has changed the file. A second switch must be refused until the first one is undone.
    host.write("etc/resolv.conf", "nameserver 198.51.100.53\n");
    let (code, _, error) = host.command(&internet, &["--yes"]);
    assert_eq!(code, 1);
    assert!(error.contains("resolverctl switch --back"), "{error}");
}

#[test]
fn changed_file_stays_at_back() {
    let (internet, host) = (internet(), plain());
    assert_eq!(host.switch(&internet, &["--yes"]).0, 0);
    let written = host.read("etc/resolv.conf");
    host.write("etc/resolv.conf", "nameserver 198.51.100.53\n");
    let (code, text) = host.switch(&internet, &["--back"]);
    assert_eq!(code, 1);
    golden("switch_changed.txt", &text);
    assert_eq!(host.read("etc/resolv.conf"), "nameserver 198.51.100.53\n");
    assert_eq!(host.files()["units/resolverd.service"], "loaded", "the other steps are undone");
    // The file again has the text that the switch wrote, so the rest of the switch can be undone.
    host.write("etc/resolv.conf", &written);
    assert_eq!(host.switch(&internet, &["--back"]).0, 0);
    assert_eq!(host.read("etc/resolv.conf"), "nameserver 192.0.2.53\n");
}

#[test]
fn failed_step_undoes_switch() {
    let (internet, host) = (internet(), crowded());
    host.write("fails/start-resolverd.socket", "");
    let before = host.files();
    let (code, text) = host.switch(&internet, &["--yes", "--stop-shared"]);
    assert_eq!(code, 1);
    golden("switch_failed.txt", &text);
    let mut after = host.files();
    after.remove("var/lib");
    assert_eq!(after, before);
}

#[test]
fn unresolvable_name_undoes_switch() {
    let (internet, host) = (internet(), plain());
    let before = host.files();
    // The C library refuses this name without asking a server.
    let (code, text) = host.switch(&internet, &["--yes", "--ask", "a..example"]);
    assert_eq!(code, 1);
    assert!(text.contains("C library") && text.contains("All is as before the switch; "), "{text}");
    let mut after = host.files();
    for made in ["var", "var/lib"] {
        after.remove(made);
    }
    assert_eq!(after, before);
}

/// `resolverctl switch` must refuse with these words, and change nothing.
fn refused(host: &Host, internet: &Internet, words: &str) {
    let before = host.files();
    let (code, text) = host.switch(internet, &["--yes"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(words), "{words}: {text}");
    assert!(text.ends_with("Nothing was changed. Correct the failures above first.\n"), "{text}");
    assert_eq!((host.files(), host.calls()), (before, String::new()));
}

#[test]
fn nothing_happens_where_a_failure_stays() {
    let mut offline = internet();
    offline.server = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    refused(&plain(), &offline, "outgoing UDP");

    let internet = internet();
    let host = plain();
    host.holds("docker-proxy", "docker.service", [0, 0, 0, 0]);
    refused(&host, &internet, "docker-proxy of docker.service listens at 0.0.0.0:53");

    // dnsmasq may also assign addresses to other hosts (DHCP).
    let host = plain();
    host.write("units/dnsmasq.service", "loaded enabled active\n");
    host.holds("dnsmasq", "dnsmasq.service", [127, 0, 0, 1]);
    refused(&host, &internet, "dnsmasq may also give addresses to other hosts");
    assert_eq!(host.switch(&internet, &["--stop-shared"]).0, 0);

    // systemd-resolved listens at 127.0.0.53:53, so resolverd cannot listen at 0.0.0.0:53.
    let host = plain();
    host.write(
        "etc/resolverd/resolverd.toml",
        "version = 1\n[listen]\naddresses = [\"0.0.0.0:53\"]\nallow = [\"127.0.0.0/8\"]\n",
    );
    host.write("etc/resolv.conf", "nameserver 127.0.0.53\n");
    host.holds("systemd-resolve", "systemd-resolved.service", [127, 0, 0, 53]);
    refused(&host, &internet, "systemd-resolve of systemd-resolved.service listens at 127.0.0.53:53");

    let host = plain();
    host.write("etc/resolverd/resolverd.toml", "[listen]\nadresses = []\n");
    refused(&host, &internet, "adresses");

    let host = plain();
    fs::remove_file(host.path("units/resolverd.socket")).unwrap();
    refused(&host, &internet, "resolverd.socket not installed");

    let host = plain();
    fs::remove_dir_all(host.path("run/systemd/system")).unwrap();
    let (code, text, error) = host.command(&internet, &[]);
    assert!(code == 1 && text.is_empty() && error.contains("does not run systemd"), "{error}");
}

#[test]
fn forwarding_host_needs_no_root_server() {
    let mut offline = internet();
    offline.server = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let with_zones = |more: &str| {
        let host = plain();
        let zones = format!("version = 1\n[[zone]]\nname = \".\"\nforward = [\"192.0.2.53\"]\n{more}");
        host.write("etc/resolverd/resolverd.toml", &zones);
        host
    };
    let host = with_zones("");
    let (code, text) = host.switch(&offline, &["--yes"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.ends_with("To undo the switch, run: resolverctl switch --back\n"), "{text}");
    assert!(host.read("etc/resolv.conf").contains("127.0.0.1"));

    for zones in ["[[zone]]\nname = \"bl.example\"\nrecurse = true\n", "forward_first = true\n"] {
        let (code, text) = with_zones(zones).switch(&offline, &["--yes"]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("outgoing UDP"), "{text}");
    }
}

// The file is not UTF-8, so it could not be restored.
#[test]
fn unreadable_resolv_conf_refuses_switch() {
    let (internet, host) = (internet(), plain());
    let latin = b"# gepr\xfcft\nnameserver 192.0.2.53\n";
    fs::write(host.path("etc/resolv.conf"), latin).unwrap();
    let (code, text) = host.switch(&internet, &[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("cannot read /etc/resolv.conf: stream did not contain valid UTF-8"), "{text}");
    assert_eq!(fs::read(host.path("etc/resolv.conf")).unwrap(), latin);
}

#[test]
fn interrupted_switch_is_reported() {
    let (internet, host) = (internet(), plain());
    assert_eq!(host.switch(&internet, &["--yes"]).0, 0);
    host.write("units/resolverd.service", "loaded\n");
    let (code, text, error) = host.command(&internet, &[]);
    assert_eq!(code, 1, "{text}");
    assert!(error.contains("an earlier switch was cut off"), "{error}");
}

// The record must belong to root alone.
#[test]
fn writable_record_is_refused() {
    let (internet, host) = (internet(), plain());
    assert_eq!(host.switch(&internet, &["--yes"]).0, 0);
    let record = host.path("var/lib/resolverctl/switch.json");
    fs::set_permissions(&record, fs::Permissions::from_mode(0o660)).unwrap();
    let (code, _, error) = host.command(&internet, &["--back"]);
    assert_eq!(code, 4);
    assert!(error.contains("does not belong to root alone"), "{error}");
    assert!(host.read("etc/resolv.conf").contains("127.0.0.1"));
}

/// Returns the steps of a switch, without their reasons.
fn steps(host: &Host, internet: &Internet) -> Vec<String> {
    let (_, lines) = host.switch(internet, &["--json"]);
    let objects = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    objects.filter_map(|object| object["change"].as_str().map(str::to_owned)).collect()
}

const START: &str = "start and enable resolverd.socket and resolverd.service";

#[test]
fn each_kind_of_host_has_steps() {
    let internet = internet();
    let well = ("etc/resolv.conf", "nameserver 127.0.0.1\noptions edns0 trust-ad\n");
    let dns = ("etc/nsswitch.conf", "hosts: files dns\n");

    // resolv.conf already has the address of Unbound.
    let host = Host::new(&[well, dns, ("units/unbound.service", "loaded enabled active\n")]);
    host.holds("unbound", "unbound.service", [127, 0, 0, 1]);
    assert_eq!(steps(&host, &internet), ["stop unbound.service", START, "disable unbound.service"]);

    // An authoritative server at another address continues to run.
    let host = Host::new(&[well, dns, ("units/named.service", "loaded enabled active\n")]);
    host.holds("named", "named.service", [192, 0, 2, 1]);
    assert_eq!(steps(&host, &internet), [START]);

    // As on Ubuntu: systemd-resolved continues to run, and queries resolverd.
    let host = Host::new(&[
        dns,
        ("run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\noptions edns0 trust-ad\n"),
    ]);
    host.link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
    host.holds("systemd-resolve", "systemd-resolved.service", [127, 0, 0, 53]);
    let resolved =
        "write /etc/systemd/resolved.conf.d/zz-resolverd.conf, then restart systemd-resolved.service";
    assert_eq!(steps(&host, &internet), [START, resolved, "write /etc/resolv.conf"]);

    // NetworkManager ends its dnsmasq when it is reloaded.
    let host = Host::new(&[well, dns, ("run/NetworkManager/resolv.conf", "")]);
    host.holds("dnsmasq", "NetworkManager.service", [127, 0, 0, 1]);
    let manager = "write /etc/NetworkManager/conf.d/zz-resolverd.conf, then reload NetworkManager.service";
    assert_eq!(steps(&host, &internet), [manager, START]);

    // Everything is set up for resolverd, which only has to be started.
    assert_eq!(steps(&Host::new(&[well, dns]), &internet), [START]);

    // dhcpcd writes resolv.conf. On Debian 13, the file dhcpcd.enter-hook makes it skip this.
    let dhcpcd = ("usr/sbin/dhcpcd", "");
    let hook = "write /etc/dhcpcd.enter-hook";
    assert_eq!(steps(&Host::new(&[well, dns, dhcpcd]), &internet), [hook, START]);
    let elsewhere = ("etc/resolv.conf", "nameserver 192.0.2.53\n");
    let host = Host::new(&[elsewhere, dns, dhcpcd, ("etc/dhcpcd.enter-hook", "exit 0\n")]);
    assert_eq!(host.switch(&internet, &["--yes"]).0, 0);
    assert!(
        host.read("etc/dhcpcd.enter-hook").ends_with("\nskip_hooks=\"$skip_hooks resolv.conf\"\nexit 0\n")
    );
    assert_eq!(host.switch(&internet, &["--back"]).0, 0);
    assert_eq!(host.read("etc/dhcpcd.enter-hook"), "exit 0\n");
}

#[test]
fn pipe_instead_of_file_is_refused() {
    let (internet, host) = (internet(), plain());
    for (path, more) in [("etc/resolv.conf", "--json"), ("var/lib/resolverctl/switch.json", "--back")] {
        let _ = fs::remove_file(host.path(path));
        fs::create_dir_all(host.path(path).parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(host.path(path)).status().unwrap().success());
        let (code, text, error) = host.command(&internet, &[more]);
        assert_ne!(code, 0, "{path}: {text}{error}");
        assert!(format!("{text}{error}").contains("not a regular file"), "{path}: {text}{error}");
    }
}

/// On Rocky Linux, Postfix does not run in a chroot. Its processes continue to use the name server that they have read at their start.
#[test]
fn postfix_without_chroot_is_reloaded() {
    let (internet, host) = (internet(), plain());
    host.write("etc/postfix/master.cf", "smtp inet n - n - - smtpd\nsmtp unix - - n - - smtp\n");
    host.write("units/postfix.service", "loaded enabled active\n");
    let (code, text) = host.switch(&internet, &["--yes"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("write /etc/resolv.conf, then reload postfix.service\n"), "{text}");
    assert_eq!(host.calls().matches("try-reload-or-restart postfix.service").count(), 1);
    let (code, text) = host.switch(&internet, &["--back"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("/etc/resolv.conf, and reloaded postfix.service\n"), "{text}");
    assert_eq!(host.calls().matches("try-reload-or-restart postfix.service").count(), 2);
}

#[test]
fn services_needing_restart_are_named() {
    let (internet, host) = (internet(), plain());
    host.write("units/rspamd.service", "loaded enabled active\n");
    host.write("units/amavis.service", "loaded active\n");
    host.write("units/opendkim.service", "loaded enabled\n");
    let (code, text) = host.switch(&internet, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("use the old nameserver until then: rspamd, amavis\n"), "{text}");
    assert!(text.contains("systemctl restart rspamd amavis\n"), "{text}");
    // If the host already uses resolverd, these services need no restart.
    host.write("etc/resolv.conf", "nameserver 127.0.0.1\noptions edns0 trust-ad\n");
    let (_, text) = host.switch(&internet, &[]);
    assert!(!text.contains("rspamd"), "{text}");
}
