//! The configuration through its front door: files are loaded, and what is wrong with them is read as an operator would.

use std::path::{Path, PathBuf};
use std::time::Duration;

use resolverd::config::{Config, Family};
use tempfile::TempDir;

/// A file with this text in a directory of its own.
fn file(text: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resolverd.toml");
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

fn load(text: &str) -> Result<Config, String> {
    let (_directory, path) = file(text);
    Config::load(Some(&path)).map_err(|errors| {
        let here = format!("{}: ", path.display());
        errors.to_string().lines().map(|line| line.strip_prefix(&here).unwrap().to_owned() + "\n").collect()
    })
}

/// The one line that is wrong with a text; `version = 1` is line 1.
fn complaint(text: &str) -> String {
    load(&format!("version = 1\n{text}")).unwrap_err().trim_end().to_owned()
}

#[test]
fn the_shipped_file_says_the_defaults() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/resolverd.toml");
    assert_eq!(Config::load(Some(&shipped)).unwrap(), Config::default());
}

#[test]
fn a_file_that_only_says_its_version_is_the_default() {
    assert_eq!(load("version = 1\n").unwrap(), Config::default());
    assert_eq!(load("").unwrap_err(), "line 1: version: is missing; write `version = 1` at the top\n");
    assert_eq!(
        load("version = \"v1\"").unwrap_err(),
        "line 1: version: is not a version that is known here; write `version = 1`\n"
    );
}

#[test]
fn a_named_file_must_exist() {
    let errors = Config::load(Some(Path::new("/nowhere/resolverd.toml"))).unwrap_err().to_string();
    assert!(errors.starts_with("/nowhere/resolverd.toml: cannot be read: "), "{errors}");
}

#[test]
fn every_key_does_something() {
    let (directory, path) = file(
        "version = 1\nlisten.workers = 3\nlisten.allow = [\"10.1.2.3/8\", \"10.0.0.1\"]\n[resolve]\nroot_hints = \"hints\"\nipv4 = true\nipv6 = false\nrace = false\n\
         deny_servers = []\nupstream_port = 5353\ndeadline = \"2500ms\"\n[cache]\nsize = \"64MiB\"\nmax_ttl = \"2h\"\n\
         negative_max_ttl = \"5m\"\n[control]\nsocket = \"/tmp/r.sock\"\n[log]\nlevel = \"debug\"\n",
    );
    std::fs::write(directory.path().join("hints"), ". NS ns.test.\nns.test. A 127.1.0.1\n").unwrap();
    let config = Config::load(Some(&path)).unwrap().with_listen(vec!["127.0.0.1:0".parse().unwrap()]);
    assert_eq!(config.listen.workers, 3);
    assert_eq!(config.listen.allow, ["10.0.0.0/8".parse().unwrap(), "10.0.0.1/32".parse().unwrap()]);
    assert_eq!(config.listen.addresses, ["127.0.0.1:0".parse().unwrap()]);
    assert_eq!(config.cache.size, 64 << 20);
    assert_eq!(config.cache.max_ttl, Duration::from_secs(7_200));
    assert_eq!(config.cache.negative_max_ttl, Duration::from_secs(300));
    assert_eq!(config.resolve.deadline, Duration::from_millis(2_500));
    assert_eq!((config.resolve.ipv4, config.resolve.ipv6), (Family::On, Family::Off));
    assert_eq!(config.resolve.root_hints.servers.len(), 1);
    assert!(config.resolve.deny_servers.is_empty() && !config.resolve.race);
    assert_eq!(config.resolve.upstream_port, 5_353);
    assert_eq!(config.control.socket, Path::new("/tmp/r.sock"));
    assert_eq!(config.log.level, tracing::Level::DEBUG);
}

#[test]
fn an_unknown_word_is_told_with_the_nearest_known_one() {
    assert_eq!(
        complaint("[listen]\nadresses = []\n"),
        "line 3: listen.adresses: is not a known key; did you mean addresses?"
    );
    assert_eq!(
        complaint("[resolv]\nrace = true\n"),
        "line 2: resolv: is not a known section or key; did you mean [resolve]?"
    );
    assert_eq!(
        complaint("size = \"1GiB\"\n"),
        "line 2: size: is not a known section or key; put it below [cache]"
    );
    assert_eq!(
        complaint("[log]\nrace = true\n"),
        "line 3: log.race: is not a known key; put it below [resolve]"
    );
    assert_eq!(
        complaint("[cache]\nfrobnicate = 1\n"),
        "line 3: cache.frobnicate: is not a known key; the keys of [cache] are max_ttl, negative_max_ttl, size"
    );
    assert_eq!(
        complaint("listen = 5\n"),
        "line 2: listen: is not a section; write [listen] on a line of its own"
    );
}

#[test]
fn a_wrong_value_is_told_with_what_to_write() {
    let cases = [
        (
            "[listen]\naddresses = [\n\"127.0.0.1\",\n]",
            "line 4: listen.addresses: \"127.0.0.1\" has no port; write \"127.0.0.1:53\"",
        ),
        (
            "[listen]\naddresses = []",
            "line 3: listen.addresses: is empty; name at least one address, like \"127.0.0.1:53\"",
        ),
        (
            "[listen]\naddresses = \"127.0.0.1:53\"",
            "line 3: listen.addresses: is a string, not a list; put the values in [ and ]",
        ),
        (
            "[listen]\nallow = [\"::1\", \"::1/128\"]",
            "line 3: listen.allow: names the same twice; remove one of them",
        ),
        (
            "[listen]\nworkers = 9",
            "line 3: listen.workers: 9 is out of range; write a whole number from 0 to 4",
        ),
        (
            "[listen]\nworkers = -1",
            "line 3: listen.workers: -1 is out of range; write a whole number from 0 to 4",
        ),
        (
            "[cache]\nsize = \"1MiB\"",
            "line 3: cache.size: \"1MiB\" is too small to be of use; write 8MiB or more, in KiB, MiB or GiB, like \"256MiB\"",
        ),
        (
            "[cache]\nsize = \"1MB\"",
            "line 3: cache.size: \"1MB\" is not a size; write 8MiB or more, in KiB, MiB or GiB, like \"256MiB\"",
        ),
        (
            "[cache]\nmax_ttl = \"8d\"",
            "line 3: cache.max_ttl: \"8d\" is out of range; write \"0s\" to \"7d\", like \"4s\", \"500ms\" or \"1h\"",
        ),
        ("[resolve]\ndeadline = 4", "line 3: resolve.deadline: is an integer, not a text; put it in quotes"),
        (
            "[resolve]\ndeadline = \"10s\"",
            "line 3: resolve.deadline: \"10s\" is out of range; write \"1s\" to \"9s\", like \"4s\", \"500ms\" or \"1h\"",
        ),
        (
            "[resolve]\nipv6 = \"no\"",
            "line 3: resolve.ipv6: is none of the known ways; write \"auto\", true or false",
        ),
        (
            "[resolve]\nrace = \"yes\"",
            "line 3: resolve.race: is a string; write true or false, without quotes",
        ),
        (
            "[resolve]\nupstream_port = 0",
            "line 3: resolve.upstream_port: 0 is out of range; write a whole number from 1 to 65535",
        ),
        (
            "[resolve]\nipv4 = false\nipv6 = false",
            "line 4: resolve.ipv6: is false, and so is resolve.ipv4: no server could be asked; allow one of them",
        ),
        (
            "[control]\nsocket = \"r.sock\"",
            "line 3: control.socket: \"r.sock\" is not an absolute path; write a path like \"/run/resolverd/control.sock\"",
        ),
        (
            "[log]\nlevel = \"loud\"",
            "line 3: log.level: \"loud\" is no level; write one of error, warn, info, debug, trace",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(complaint(text), expected);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_the_order_of_the_file() {
    let errors =
        load("version = 1\n[log]\nlevel = 5\n[cache]\nsise = 1\n[listen]\nworkers = true\n").unwrap_err();
    let lines: Vec<&str> = errors.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(lines, ["line 3", "line 5", "line 7"], "{errors}");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let errors = load("version = 1\n[listen\nworkers = 1\n").unwrap_err();
    assert!(errors.starts_with("line 2: "), "{errors}");
}

#[test]
fn unreadable_root_hints_are_told_with_their_path() {
    let told = complaint("[resolve]\nroot_hints = \"/nowhere/hints\"\n");
    assert!(told.starts_with("line 3: resolve.root_hints: /nowhere/hints cannot be read: "), "{told}");
}
