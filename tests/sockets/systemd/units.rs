//! The systemd units that the packages install, checked by systemd's own programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use config::Config;
use daemon::allowance;
use lab::prelude::skipped;

/// The maximum exposure of `systemd-analyze security`, multiplied by ten.
const EXPOSURE: &str = "--threshold=15";

/// Returns true if the program is installed. If not, reports that the test is skipped.
pub(crate) fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        skipped(&format!("{program} is not installed"));
    }
    found
}

fn unit(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name)
}

fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn the_service_is_exposed_little() {
    if !is_installed("systemd-analyze") {
        return;
    }
    let mut command = Command::new("systemd-analyze");
    let (fine, said) =
        run(command.args(["security", "--offline=yes", EXPOSURE]).arg(unit("resolverd.service")));
    assert!(fine, "{said}");
}

#[test]
fn memory_max_follows_cache_size() {
    let config = Config::default();
    let needed = allowance::needed(config.cache.size, config.history_size()) >> 20;
    let service = std::fs::read_to_string(unit("resolverd.service")).unwrap();
    assert!(service.lines().any(|line| line == format!("MemoryMax={needed}M")), "{needed}");
}

/// Lines with the name of the instance and about the socket unit may differ.
#[test]
fn template_unit_matches_service_unit() {
    let read = |name| std::fs::read_to_string(unit(name)).unwrap();
    let (service, template) = (read("resolverd.service"), read("resolverd@.service"));
    let settings = |text: &str| -> Vec<String> {
        let of_instance =
            [" --config /etc/resolverd/%i.toml", " --socket /run/resolverd-%i/control.sock", "-%i", " (%i)"];
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("Also="));
        lines
            .map(|line| of_instance.iter().fold(line.to_owned(), |line, word| line.replace(word, "")))
            .collect()
    };
    assert_eq!(settings(&template), settings(&service));
}

#[test]
fn systemd_understands_every_line() {
    if !is_installed("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let service = std::fs::read_to_string(unit("resolverd.service")).unwrap();
    // The unit with the programs of this build.
    let service = service
        .replace("ExecStart=resolverd\n", &format!("ExecStart={}\n", env!("CARGO_BIN_EXE_resolverd")))
        .replace("ExecReload=resolverctl ", &format!("ExecReload={} ", env!("CARGO_BIN_EXE_resolverctl")));
    assert!(service.matches(env!("CARGO_BIN_EXE_resolverd")).count() == 1, "{service}");
    assert!(service.matches(env!("CARGO_BIN_EXE_resolverctl")).count() == 1, "{service}");
    let installed = folder.path().join("resolverd.service");
    std::fs::write(&installed, service).unwrap();
    let socket = folder.path().join("resolverd.socket");
    std::fs::copy(unit("resolverd.socket"), &socket).unwrap();
    let (fine, said) =
        run(Command::new("systemd-analyze").args(["verify", "--man=no"]).args([&installed, &socket]));
    assert!(fine && !said.contains("resolverd"), "{said}");
}

#[test]
fn system_user_has_no_shell() {
    if !is_installed("systemd-sysusers") {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    let mut command = Command::new("systemd-sysusers");
    let (fine, said) = run(command.arg("--root").arg(root.path()).arg(unit("sysusers.d/resolverd.conf")));
    assert!(fine, "{said}");
    let users = std::fs::read_to_string(root.path().join("etc/passwd")).unwrap();
    let user = users.lines().find(|line| line.starts_with("resolverd:")).unwrap();
    assert!(user.ends_with("/nologin"), "{user}");
}

#[test]
fn socket_unit_has_default_addresses() {
    let socket = std::fs::read_to_string(unit("resolverd.socket")).unwrap();
    for address in config::Config::default().listen.addresses {
        for kind in ["ListenDatagram", "ListenStream"] {
            assert!(socket.lines().any(|line| line == format!("{kind}={address}")), "{kind}={address}");
        }
    }
}
