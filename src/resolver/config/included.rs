//! A zone file together with the files that it includes, as one text.
//!
//! RFC 1035 section 5.1: `$INCLUDE` names a file and, with a second word, its origin; the origin of the including
//! file stays unchanged. The included text is a part of the zone: it counts toward the bound of the zone, the same
//! reader reads it, and a change of it is a change of the zone.

use crate::limits;
use std::path::Path;

use hickory_proto::rr::Name;

use super::report::WrongValue;
use super::value::{self, Read};
use dns::wire::presentation;

/// The advice for a zone file that cannot be used.
const REMEDY: &str = "name a zone file (RFC 1035 section 5) that the daemon may read";

/// The text of the zone file at `path`.
pub(super) fn read(apex: &Name, path: &Path) -> Read<String> {
    let mut expansion = Expansion { text: String::new(), left: limits::MAX_ZONE_FILE };
    expansion.add(path, presentation::name_text(apex), 0)?;
    Ok(expansion.text)
}

struct Expansion {
    text: String,
    /// Octets that may still be read.
    left: u64,
}

impl Expansion {
    /// Adds a file, which begins with `origin`.
    fn add(&mut self, path: &Path, mut origin: String, depth: usize) -> Result<(), WrongValue> {
        if depth > limits::MAX_INCLUDED {
            let wrong = format!("{} is nested {depth} includes deep", path.display());
            return Err(WrongValue::new(wrong, "remove the circular $INCLUDE"));
        }
        let text = value::file(path, self.left, REMEDY)?;
        self.left = self.left.saturating_sub(u64::try_from(text.len()).unwrap_or(u64::MAX));
        for line in text.split_inclusive(['\n', '\r']) {
            let mut words = line.split(';').next().unwrap_or_default().split_whitespace();
            // A line that begins with a blank is a record of the owner before.
            let first = words.next().filter(|_| line.starts_with('$'));
            match (first, words.next()) {
                (Some("$INCLUDE"), Some(file)) => {
                    let below = words.next().map_or_else(|| origin.clone(), |own| absolute(own, &origin));
                    let file = path.parent().unwrap_or_else(|| Path::new("")).join(file.trim_matches('"'));
                    self.text.push_str(&format!("$ORIGIN {below}\n"));
                    self.add(&file, below, depth.saturating_add(1))?;
                    self.text.push_str(&format!("\n$ORIGIN {origin}\n"));
                }
                (Some("$ORIGIN"), Some(own)) => {
                    origin = absolute(own, &origin);
                    self.text.push_str(&format!("$ORIGIN {origin}\n"));
                }
                // The reader of records would accept it as a directive, and read the file without a bound.
                (Some(word), _) if word.starts_with("$INCLUDE") => {
                    let wrong = format!("{} has an $INCLUDE that names no file", path.display());
                    return Err(WrongValue::new(wrong, "write $INCLUDE, a blank, and the file"));
                }
                _ => self.text.push_str(line),
            }
        }
        Ok(())
    }
}

/// A name that is below `origin` unless it ends with a dot.
fn absolute(name: &str, origin: &str) -> String {
    match name {
        "@" => origin.to_owned(),
        name if name.ends_with('.') => name.to_owned(),
        name if origin == "." => format!("{name}."),
        name => format!("{name}.{origin}"),
    }
}
