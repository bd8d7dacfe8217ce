//! Configurations of other resolvers, imported by `resolverctl import`: each result is compared with a golden file, and
//! passes the check of the daemon.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SAMPLES: [(&str, &[&str]); 2] =
    [("unbound", &["debian", "containers", "gateway"]), ("named", &["debian", "gateway"])];

/// The samples; findings name them as they are given here.
fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import")
}

fn resolverctl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_resolverctl")).args(arguments).current_dir(samples()).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn each_sample_becomes_a_file_that_the_daemon_accepts() {
    for (format, names) in SAMPLES {
        for name in names {
            let sample = format!("{format}/{name}.conf");
            let found = text(&resolverctl(&["import", "--from", format, &sample]));
            let directory = tempfile::tempdir().unwrap();
            let written = directory.path().join("resolverd.toml");
            fs::write(&written, &found).unwrap();
            let checked = resolverctl(&["config", "check", written.to_str().unwrap()]);
            assert!(checked.status.success(), "{sample}: {}", text(&checked));
            // The golden file does not tell where the sources are.
            let found = found.replace(samples().to_str().unwrap(), "/samples");
            let golden = samples().join(format!("{format}/{name}.toml"));
            if std::env::var_os("RESOLVERD_WRITE_GOLDEN").is_some() {
                fs::write(&golden, &found).unwrap();
            }
            assert_eq!(found, fs::read_to_string(&golden).unwrap_or_default(), "{sample}");
        }
    }
}

#[test]
fn the_exit_code_tells_whether_a_setting_needs_a_decision() {
    let code = |sample: &str| resolverctl(&["import", "--from", "unbound", sample]).status.code();
    assert_eq!(code("unbound/debian.conf"), Some(0));
    assert_eq!(code("unbound/gateway.conf"), Some(1));
    assert_eq!(code("unbound/nowhere.conf"), Some(6));
}

#[test]
fn a_file_is_written_once_and_never_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resolverd.toml");
    let arguments = ["import", "--from", "unbound", "unbound/debian.conf", "-o", path.to_str().unwrap()];
    let screen = text(&resolverctl(&arguments));
    assert!(screen.contains("unbound/debian.d/remote-control.conf:1: remote-control: "), "{screen}");
    assert!(screen.ends_with(&format!("resolverctl config check {}\n", path.display())), "{screen}");
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.ends_with("version = 1\n"), "{written}");
    assert_eq!(resolverctl(&arguments).status.code(), Some(4));
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
}

#[test]
fn what_is_no_configuration_is_told_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let told = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        let output = resolverctl(&["import", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(6));
        String::from_utf8(output.stderr).unwrap().replace(&format!("{}/", directory.path().display()), "")
    };
    assert_eq!(
        told("unbound.conf", "server:\n\ninclude: unbound.conf\n"),
        "resolverctl: unbound.conf includes itself, or is included too deep\n"
    );
    assert_eq!(told("unbound.conf", "port: 53\n"), "resolverctl: unbound.conf:1: port: is in no section\n");
    assert_eq!(
        told("unbound.conf", "server:\ninclude: missing.conf\n"),
        "resolverctl: missing.conf cannot be read: No such file or directory (os error 2)\n"
    );
    assert_eq!(
        told("x.conf", ""),
        "resolverctl: x.conf has a name that tells no format; give it with --from\n"
    );
}
