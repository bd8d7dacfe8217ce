//! Tests the manual page resolverd-migration(7). Each row of its tables is imported: the result must have the keys of the row, or a finding
//! about the option. After a change, write the page with `RESOLVERD_WRITE_GOLDEN=1 cargo test --test screens migration`.

mod rows;
mod texts;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rows::{CONVERTED, NOT_CONVERTED, OF_KNOT, OF_RECURSOR, Row};
use toml::Table;

fn imported(format: &str, typed: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lan.zone"), "@ 300 SOA a. b. 1 2 3 4 5\n@ NS a.\n").unwrap();
    fs::write(folder.path().join("private.key"), "corp.example. DS 4711 13 2 00FF\n").unwrap();
    let hints = ". 3600000 NS a.root.example.\na.root.example. 3600000 A 198.41.0.4\n";
    fs::write(folder.path().join("own.hints"), hints).unwrap();
    for name in ["first.pem", "first.key"] {
        let copy = folder.path().join(name);
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name), &copy).unwrap();
        // Git does not keep these permissions.
        fs::set_permissions(copy, fs::Permissions::from_mode(0o640)).unwrap();
    }
    let typed = typed.replace("FOLDER", folder.path().to_str().unwrap());
    let path = folder.path().join(format!("{format}.conf"));
    fs::write(&path, typed).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_resolverctl"))
        .args(["import", "--from", format, path.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns true if the configuration has the key `wanted`, which is written as in the manual: `[listen] allow`, `[[zone]] stub`.
fn has(config: &Table, wanted: &str) -> bool {
    let (head, key) = wanted.split_once(' ').unwrap();
    let section = config.get(head.trim_matches(['[', ']']));
    match section {
        Some(toml::Value::Array(entries)) => entries.iter().any(|entry| entry.get(key).is_some()),
        Some(section) => section.get(key).is_some(),
        None => false,
    }
}

#[test]
fn converted_options_give_documented_keys() {
    for Row { format, option, typed, keys } in CONVERTED {
        let text = imported(format, typed);
        let config: Table = text.parse().unwrap();
        for key in *keys {
            assert!(has(&config, key), "{format} {option} is not {key}:\n{text}");
        }
        assert!(!text.contains("is not known to this import"), "{format} {option}:\n{text}");
    }
}

#[test]
fn unconverted_options_are_reported() {
    for (format, option, typed) in NOT_CONVERTED {
        let text = imported(format, typed);
        let finding = text.lines().find(|line| line.starts_with("#   ") && line.contains(option));
        assert!(finding.is_some(), "{format} {option}:\n{text}");
        assert!(!text.contains("is not known to this import"), "{format} {option}:\n{text}");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

fn table(title: &str, rows: impl Iterator<Item = (String, String)>) -> String {
    let rows: String = rows
        .map(|(option, text)| format!(".IP \"\\fB{}\\fR\"\n{}\n", escaped(&option), escaped(&text)))
        .collect();
    format!(".SS \"{title}\"\n{rows}")
}

fn tables(format: &str, name: &str) -> String {
    let of = |wanted: &&str| *wanted == format;
    let converted = CONVERTED.iter().filter(|row| of(&row.format));
    let converted = converted.map(|row| (row.option.to_owned(), row.keys.join(", ")));
    table(&format!("Options of {name} that are converted"), converted)
}

/// Returns the table for another resolver whose files cannot be imported.
fn equivalents(name: &str, rows: &[(&str, &str)]) -> String {
    let rows = rows.iter().map(|(option, here)| ((*option).to_owned(), (*here).to_owned()));
    table(&format!("Options of {name} and their equivalents"), rows)
}

#[test]
fn the_page_has_these_tables() {
    let version = env!("CARGO_PKG_VERSION");
    let text = format!(".TH resolverd\\-migration 7 \"\" \"resolverd {version}\"\n")
        + texts::BEFORE
        + ".SH TABLES\nThe left side is the option, the right side the section and key of resolverd.toml(5).\n"
        + &tables("unbound", "Unbound")
        + &tables("named", "BIND")
        + &equivalents("PowerDNS Recursor", OF_RECURSOR)
        + &equivalents("Knot Resolver", OF_KNOT)
        + texts::BEHIND;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/man/resolverd-migration.7");
    if std::env::var_os("RESOLVERD_WRITE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap_or_default(), "{} is not current", path.display());
}

#[test]
fn documented_equivalents_are_existing_keys() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/man/resolverd.toml.5");
    let page = fs::read_to_string(page).unwrap().replace('\\', "");
    for (option, here) in OF_RECURSOR.iter().chain(OF_KNOT) {
        for after in here.split("] ").skip(1) {
            let key =
                after.split(|letter: char| !letter.is_ascii_lowercase() && !"_46".contains(letter)).next();
            assert!(page.contains(key.unwrap()), "{option}: {here}");
        }
    }
}

#[test]
fn configurations_of_page_are_valid() {
    let blocks: Vec<&str> =
        texts::BEHIND.split(".EX\nversion").skip(1).map(|block| block.split(".EE").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resolverd.toml");
    for block in blocks {
        fs::write(&path, format!("version{block}").replace("\\-", "-")).unwrap();
        let checked = Command::new(env!("CARGO_BIN_EXE_resolverctl"))
            .args(["config", "check", path.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(checked.status.success(), "{block}: {}", String::from_utf8_lossy(&checked.stdout));
    }
}
