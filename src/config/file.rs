//! Reads the configuration file: its text is parsed to a tree with line numbers, and the tree is converted.
//!
//! The derived code of serde stops at the first error, but an operator should see all errors at the same time.

use std::path::Path;

use toml::de::DeTable;

use super::check::check;
use super::files::Opened;
use super::reader::ConfigReader;
use super::report::{ConfigProblem, Errors, LineStarts, Problems, WrongValue};
use super::table::visit;
use super::{Config, defaults, trust_anchor};
use crate::limits;

/// The version of the file format, not of the program.
const VERSION: &str = "1";

/// The error text of the crate `toml` for a key or a section that appears twice. The usual advice about the syntax of TOML would be wrong here.
const DUPLICATE: &str = "duplicate key";

impl Config {
    /// Reads the configuration file at `path`. If `path` is `None`, reads `defaults::FILE`; if that does not exist, all defaults apply.
    ///
    /// # Errors
    /// The file cannot be read, or contains errors. All errors are reported together.
    pub fn load(path: Option<&Path>) -> Result<Self, Errors> {
        let usual = Path::new(defaults::FILE);
        let mut config = match path {
            Some(path) => read(path),
            None if matches!(usual.try_exists(), Ok(false)) => Ok(Self::default()),
            None => read(usual),
        }?;
        if config.dnssec.trust_anchor.path.is_none() {
            config.dnssec.trust_anchor = trust_anchor::newest();
        }
        Ok(config)
    }

    /// Reads `text` as a configuration file in `directory`. Keys that are not in `text` have their values in `base`. Entries in `text`, such as a
    /// `[[zone]]`, are added to those of `base`. No trust anchors are read from this host.
    ///
    /// # Errors
    /// All errors in the text, together.
    pub fn read_over(base: Self, text: &str, directory: &Path) -> Result<Self, Errors> {
        read_over(base, text, directory)
    }
}

/// Reads the configuration file at `path`, which must exist.
fn read(path: &Path) -> Result<Config, Errors> {
    let file = path.display().to_string();
    let text = Opened::regular_or_pipe(path).and_then(|opened| opened.text(limits::MAX_CONFIG_FILE));
    let text = text.map_err(|error| Errors {
        file: file.clone(),
        problems: vec![ConfigProblem {
            line: None,
            key: None,
            wrong: error.to_string(),
            remedy: "name a file that the daemon may read".to_owned(),
        }],
    })?;
    let directory = path.parent().unwrap_or_else(|| Path::new(""));
    // With an absolute directory, error texts with paths do not depend on the current directory.
    let directory = std::path::absolute(directory.join(".")).unwrap_or_else(|_| directory.to_owned());
    meant(&text, &directory, Config::default())
        .map_err(|problems| Errors { file, problems: problems.into_sorted() })
}

fn read_over(base: Config, text: &str, directory: &Path) -> Result<Config, Errors> {
    let file = directory.display().to_string();
    meant(text, directory, base).map_err(|problems| Errors { file, problems: problems.into_sorted() })
}

/// Converts the text of a configuration file. Keys that are not in `text` have their values in `base`.
fn meant(text: &str, directory: &Path, base: Config) -> Result<Config, Problems> {
    let places = LineStarts::new(text);
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut problems = Problems::default();
    for error in errors {
        let line = error.span().map(|span| places.line_of(span.start));
        let wrong = error.message().trim().replace('\n', ", ");
        let remedy = match wrong.as_str() {
            DUPLICATE => "write each key and each section with all its keys only once",
            _ => "see https://toml.io for how values are written",
        };
        problems.add(line, None, WrongValue::new(wrong, remedy));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut reader = ConfigReader::new(tree.get_ref(), &places, directory, base);
    visit(&mut reader);
    reader.check_sections();
    check_version(tree.get_ref(), &places, &mut reader.problems);
    check(&reader.config, &reader.lines, &mut reader.problems);
    if reader.problems.is_empty() { Ok(reader.config) } else { Err(reader.problems) }
}

fn check_version(tree: &DeTable<'_>, places: &LineStarts, problems: &mut Problems) {
    let Some((key, found)) = tree.get_key_value("version") else {
        let wrong = WrongValue::new("is missing", "write `version = 1` at the top");
        return problems.add(Some(1), Some("version"), wrong);
    };
    if found.get_ref().as_integer().is_none_or(|version| version.as_str() != VERSION) {
        let wrong = WrongValue::new("is not a supported version", "write `version = 1`");
        problems.add(Some(places.line_of(key.span().start)), Some("version"), wrong);
    }
}
