//! Reads the text of unbound.conf as words, settings and sections, each with its position.
//!
//! A word that ends with a colon begins a setting. The words up to the next such word are its values. A setting with the
//! name of a section begins this section. Comments begin with `#`. Values may be in single or double quotes.

use std::path::Path;
use std::sync::Arc;

use crate::error::ImportError;
use crate::finding::{Setting, SourcePlace};
use crate::source::{Source, Sources};

const SECTIONS: [&str; 13] = [
    "server",
    "stub-zone",
    "forward-zone",
    "auth-zone",
    "view",
    "remote-control",
    "python",
    "dynlib",
    "dnscrypt",
    "cachedb",
    "ipset",
    "rpz",
    "dnstap",
];

/// Settings whose names begin with these texts may have values on several lines.
const WITH_VALUES: [&str; 7] = [
    "access-control",
    "local-zone",
    "interface-",
    "response-ip",
    "ratelimit-",
    "edns-client-string",
    "define-tag",
];

#[derive(Clone, Debug)]
pub(super) struct UnboundSetting {
    pub(super) place: SourcePlace,
    pub(super) option: String,
    pub(super) values: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) place: SourcePlace,
    pub(super) kind: String,
    pub(super) settings: Vec<UnboundSetting>,
}

impl UnboundSetting {
    /// Returns the first value, or an empty text.
    pub(super) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    pub(super) fn is_yes(&self) -> bool {
        self.value() == "yes"
    }
}

impl Setting for UnboundSetting {
    fn place(&self) -> &SourcePlace {
        &self.place
    }

    fn shown(&self) -> String {
        format!("{}: {}", self.option, self.values.join(" "))
    }
}

impl Setting for Section {
    fn place(&self) -> &SourcePlace {
        &self.place
    }

    fn shown(&self) -> String {
        format!("{} {}", self.kind, self.last("name").map_or(".", UnboundSetting::value))
    }
}

impl Section {
    pub(super) fn all<'s>(&'s self, option: &'s str) -> impl Iterator<Item = &'s UnboundSetting> {
        self.settings.iter().filter(move |setting| setting.option == option)
    }

    /// Unbound uses the last setting for an option.
    pub(super) fn last(&self, option: &str) -> Option<&UnboundSetting> {
        self.settings.iter().rfind(|setting| setting.option == option)
    }
}

pub(super) fn read(path: &Path, sources: &mut Sources) -> Result<Vec<Section>, ImportError> {
    let mut sections = Vec::new();
    read_into(path, sources, &mut sections)?;
    Ok(sections)
}

fn read_into(path: &Path, sources: &mut Sources, sections: &mut Vec<Section>) -> Result<(), ImportError> {
    let Source { path, text } = sources.begin(path)?;
    let mut is_open = false;
    for UnboundSetting { place, option, values } in settings(&path, &text)? {
        match option.as_str() {
            "include" | "include-toplevel" => {
                let pattern = values.first().map_or("", String::as_str);
                for included in sources.included(&(&place, format!("{option}: {pattern}")), pattern) {
                    read_into(&included, sources, sections)?;
                }
                continue;
            }
            "directory" => {
                let named = values.first().map_or("", String::as_str);
                sources.change_directory(&(&place, format!("{option}: {named}")), named);
            }
            kind if SECTIONS.contains(&kind) => {
                sections.push(Section { place, kind: option, settings: Vec::new() });
                is_open = true;
                continue;
            }
            _ => {}
        }
        // Settings at the start of an included file belong to the section of the including file.
        if sections.is_empty() && !is_open {
            return Err(ImportError::Text { place, reason: format!("{option}: is in no section") });
        }
        if let Some(section) = sections.last_mut() {
            section.settings.push(UnboundSetting { place, option, values });
        }
    }
    sources.end();
    Ok(())
}

/// Parses the settings, without dividing them into sections.
fn settings(path: &Arc<Path>, text: &str) -> Result<Vec<UnboundSetting>, ImportError> {
    let mut settings: Vec<UnboundSetting> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let place = SourcePlace { file: Arc::clone(path), line };
        for (at, (word, quoted)) in words(text).into_iter().enumerate() {
            let option = word.strip_suffix(':').filter(|option| !quoted && is_option(option));
            match (option, settings.last_mut()) {
                (Some(option), _) => settings.push(UnboundSetting {
                    place: place.clone(),
                    option: option.to_owned(),
                    values: Vec::new(),
                }),
                (None, Some(setting))
                    if !SECTIONS.contains(&setting.option.as_str()) && (at > 0 || takes_more(setting)) =>
                {
                    setting.values.push(word);
                }
                (None, _) => {
                    // The file may contain secrets if it was named by mistake, so the text of the line is not shown.
                    let reason = "the line is no setting: the name of a setting ends with a colon".to_owned();
                    return Err(ImportError::Text { place, reason });
                }
            }
        }
    }
    Ok(settings)
}

/// Returns true if the setting may have further values on the next line.
fn takes_more(setting: &UnboundSetting) -> bool {
    setting.values.is_empty() || WITH_VALUES.iter().any(|begin| setting.option.starts_with(begin))
}

fn is_option(text: &str) -> bool {
    let letters = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    letters && text.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// Splits a line into words, without a comment. The flag is true if the word was in quotes.
fn words(line: &str) -> Vec<(String, bool)> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        match first {
            '#' => break,
            '"' | '\'' => {
                let inside = rest.get(1..).unwrap_or_default();
                let (word, after) = inside.split_once(first).unwrap_or((inside, ""));
                words.push((word.to_owned(), true));
                rest = after;
            }
            _ => {
                let end = rest.find(|letter: char| letter.is_whitespace()).unwrap_or(rest.len());
                let (mut word, mut after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                // A setting without a space after its colon: `name:value` or `name:"value"`.
                if let Some((option, value)) = word.split_once(':')
                    && is_option(option)
                    && !value.is_empty()
                    && (words.is_empty() || value.starts_with(['"', '\'']))
                {
                    let at = option.len().saturating_add(1);
                    (word, after) = rest.split_at_checked(at).unwrap_or((word, after));
                }
                words.push((word.to_owned(), false));
                rest = after;
            }
        }
        rest = rest.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_their_values_and_lines() {
        let text = "server: verbosity: 1 # x\n local-data: 'a. TXT \"b: # c\"'\naccess-control: fd00::/8 allow\nport:53\n";
        let read = |text: &str| settings(&Arc::from(Path::new("f")), text);
        let found = read(text).unwrap();
        let texts: Vec<String> = found
            .iter()
            .map(|one| format!("{} {} {}", one.place.line, one.option, one.values.join("|")))
            .collect();
        let expected = [
            "1 server ",
            "1 verbosity 1",
            "2 local-data a. TXT \"b: # c\"",
            "3 access-control fd00::/8|allow",
            "4 port 53",
        ];
        assert_eq!(texts, expected);
        assert!(read("access-control:\n10.0.0.0/8\nallow\n").is_ok());
        assert!(read("port: 53\naccess-control 10.0.0.0/8 allow\n").is_err() && read("word\n").is_err());
        // Both texts are errors: a setting without a colon, and a section with a value.
        assert!(
            read("server:\n access-control 10.0.0.0/8 allow\n").is_err() && read("server: word\n").is_err()
        );
    }
}
