//! Parses the text of dnsmasq.conf: one setting per line, `name` or `name=value`.
//!
//! A comment begins with `#` at the beginning of a line or after white space. In double quotes, commas and `#` are part of the
//! value, and a backslash begins an escape.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::ImportError;
use crate::finding::{Setting, SourcePlace, TypedSetting};
use crate::limits;
use crate::source::{Source, Sources, entries_of};

/// Debian's service for dnsmasq does not read files with these endings in /etc/dnsmasq.d.
const DEBIAN_ENDINGS: [&str; 3] = [".dpkg-dist", ".dpkg-old", ".dpkg-new"];

#[derive(Clone, Debug)]
pub(super) struct DnsmasqSetting {
    pub(super) place: SourcePlace,
    pub(super) option: String,
    /// The value of the setting, split at its commas.
    pub(super) fields: Vec<String>,
    /// The line in dnsmasq.conf, without its comment.
    pub(super) typed: Arc<str>,
}

impl DnsmasqSetting {
    pub(super) fn value(&self) -> String {
        self.fields.join(",")
    }

    /// Returns an empty text if `fields` has no element with this index.
    pub(super) fn field(&self, at: usize) -> &str {
        self.fields.get(at).map_or("", String::as_str)
    }

    /// Splits a value such as `/a.example/b.example/192.0.2.1` into the domains and the rest. Returns `None` if the value does not begin with a
    /// slash.
    pub(super) fn domains(&self) -> Option<(Vec<String>, String)> {
        let value = self.value();
        let (domains, rest) = value.strip_prefix('/')?.rsplit_once('/')?;
        Some((domains.split('/').map(str::to_owned).collect(), rest.to_owned()))
    }
}

impl Setting for DnsmasqSetting {
    fn place(&self) -> &SourcePlace {
        &self.place
    }

    fn shown(&self) -> String {
        self.typed.to_string()
    }

    fn typed(&self) -> TypedSetting {
        TypedSetting { place: self.place.clone(), shown: Arc::clone(&self.typed) }
    }
}

/// Reads dnsmasq.conf, and the files in the directory `dnsmasq.d` next to it, as Debian's service for dnsmasq does.
pub(super) fn read(path: &Path, sources: &mut Sources) -> Result<Vec<DnsmasqSetting>, ImportError> {
    let mut settings = Vec::new();
    read_into(path, sources, &mut settings)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("")).join("dnsmasq.d");
    let is_read = |setting: &DnsmasqSetting| {
        setting.option == "conf-dir"
            && Path::new(setting.field(0).trim_end_matches('/')).ends_with("dnsmasq.d")
    };
    if path.ends_with("dnsmasq.conf") && !settings.iter().any(is_read) {
        let place = SourcePlace { file: path.into(), line: 1 };
        let setting = &(&place, "conf-dir=/etc/dnsmasq.d");
        let found = files(&folder, &DEBIAN_ENDINGS.map(str::to_owned));
        for file in sources.readable_of(setting, found) {
            read_into(&file, sources, &mut settings)?;
        }
    }
    Ok(settings)
}

fn read_into(
    path: &Path,
    sources: &mut Sources,
    settings: &mut Vec<DnsmasqSetting>,
) -> Result<(), ImportError> {
    let Source { path, text } = sources.begin(path)?;
    let directory = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
    for (line, text) in (1..).zip(text.lines()) {
        let place = SourcePlace { file: Arc::clone(&path), line };
        if text.len() > limits::MAX_DNSMASQ_LINE {
            let begin: String = text.chars().take(limits::MAX_SHOWN_LINE).collect();
            let did = "is a line of more than 1024 octets, which dnsmasq cannot read".to_owned();
            sources.doubt_unread(&(&place, format!("{begin}...")), did);
            continue;
        }
        let Some(setting) = setting(place, text) else { continue };
        let named = directory.join(setting.field(0));
        let included = match setting.option.as_str() {
            "conf-file" | "servers-file" => Ok(vec![named]),
            "conf-dir" => files(&named, setting.fields.get(1..).unwrap_or_default()),
            _ => Ok(Vec::new()),
        };
        if setting.option == "conf-dir" && included.as_ref().is_ok_and(Vec::is_empty) {
            sources.doubt_empty(&setting);
        }
        let included = sources.readable_of(&setting, included);
        settings.push(setting);
        // dnsmasq reads each file only once, so a file does not include itself.
        for file in included {
            if !sources.is_open(&file) {
                read_into(&file, sources, settings)?;
            }
        }
    }
    sources.end();
    Ok(())
}

/// Returns the files of a directory, sorted, without hidden files and backup files (`a~`, `#a#`). If `endings` has elements such as `*.conf`, only
/// files with one of these endings are returned. Files with an ending in `endings` that has no `*` are left out.
///
/// # Errors
/// Fails if the directory cannot be read.
fn files(directory: &Path, endings: &[String]) -> Result<Vec<PathBuf>, String> {
    let entries = entries_of(directory)?;
    let is_read = |path: &PathBuf| {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
        let (read, left): (Vec<&String>, Vec<&String>) =
            endings.iter().partition(|ending| ending.starts_with('*'));
        let own =
            name.ends_with('~') || name.starts_with('.') || (name.starts_with('#') && name.ends_with('#'));
        let wanted =
            read.is_empty() || read.iter().any(|ending| name.ends_with(ending.trim_start_matches('*')));
        !own && wanted && !left.iter().any(|ending| name.ends_with(ending.as_str()))
            // If the type of a file cannot be read, reading the file later reports the error.
            && path.metadata().map_or(true, |about| about.is_file())
    };
    let mut files: Vec<PathBuf> =
        entries.map(|name| directory.join(name)).filter(is_read).take(limits::MAX_FILES).collect();
    files.sort();
    Ok(files)
}

/// Returns `None` if the line is empty or a comment.
fn setting(place: SourcePlace, line: &str) -> Option<DnsmasqSetting> {
    let mut fields = vec![String::new()];
    let mut typed = String::new();
    let mut option: Option<String> = None;
    let mut in_quotes = false;
    let mut before = ' ';
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '#' && !in_quotes && before.is_whitespace() {
            break;
        }
        typed.push(letter);
        before = letter;
        let last = fields.last_mut()?;
        match letter {
            '"' => in_quotes = !in_quotes,
            '\\' if in_quotes => {
                let next = letters.next()?;
                typed.push(next);
                last.push(next);
            }
            '=' if option.is_none() && !in_quotes => option = Some(std::mem::take(last)),
            ',' if option.is_some() && !in_quotes => fields.push(String::new()),
            _ => last.push(letter),
        }
    }
    let fields: Vec<String> = fields.iter().map(|field| field.trim().to_owned()).collect();
    let (option, fields) = match option {
        Some(option) => (option, fields),
        None => (fields.concat(), Vec::new()),
    };
    let option = option.trim().to_owned();
    (!option.is_empty()).then(|| DnsmasqSetting { place, option, fields, typed: typed.trim().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_fields_without_comments() {
        let place = SourcePlace { file: Arc::from(Path::new("f")), line: 1 };
        let read = |line| setting(place.clone(), line).map(|one| (one.option.clone(), one.fields.clone()));
        let fields = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
        assert_eq!(read("  # x"), None);
        assert_eq!(read("no-resolv # why"), Some(("no-resolv".to_owned(), Vec::new())));
        assert_eq!(read("server=10.0.0.1#5353"), Some(("server".to_owned(), fields(&["10.0.0.1#5353"]))));
        assert_eq!(
            read("txt-record = a.b, \"x=\\\"1\\\", # y\",z # c"),
            Some(("txt-record".to_owned(), fields(&["a.b", "x=\"1\", # y", "z"])))
        );
    }
}
