//! The types of the table of configuration keys. A row has the name of a key, how its value is read and shown, and what a reload reports about a
//! changed value.
//!
//! The rows of a section are in the module of the section, and `table` lists all sections. `conf/resolverd.toml` describes each key with its default
//! and range. The manual is made from this file; a test checks that the file and the rows have the same keys.

use std::path::Path;

use toml::Value;

use super::report::WrongValue;
use super::value::{Read, Typed};

/// A key of the configuration file. The table of a section or entry has one row for each of its keys. The value of the key is a field of
/// `Holder`, the type of the section or entry.
pub(super) struct ConfigKey<Holder: 'static> {
    pub(super) name: &'static str,
    /// Reads and stores the value. Relative paths start at the given directory.
    pub(super) read: ReadKey<Holder>,
    /// Returns the value as in the file; `None` if the key is left out.
    pub(super) show: fn(&Holder) -> Option<Value>,
    /// True if every entry must have the key.
    pub(super) required: bool,
    /// True if only a start of resolverd reads the key, and no reload, because the start creates memory, threads or a socket.
    pub(super) at_start: bool,
    /// What applies without the key, as text for the operator.
    pub(super) unset: &'static str,
    /// Sentences with which `resolverctl config show` explains values of the key. A sentence with `None` is for all other values.
    pub(super) comments: Comments,
    /// For a key that names a file: how a reload finds and reports changed content.
    pub(super) content: Option<Content<Holder>>,
}

/// Former names of keys, which are still accepted: the section, the former name and the current name.
const FORMER_NAMES: [(&str, &str, &str); 1] = [("list", "when_dead", "when_silent")];

pub(super) fn renamed(section: &str, former: &str) -> Option<&'static str> {
    let key = FORMER_NAMES.iter().find(|(of, old, _)| *of == section && *old == former);
    key.map(|(_, _, name)| *name)
}

/// Reads a value and stores it. Relative paths start at the directory in the last argument.
pub(super) type ReadKey<Holder> = fn(&mut Holder, &Typed<'_>, &Path) -> Read<()>;

/// Values of a key as they are written in the configuration file, each with a sentence that explains the value. The sentence with `None` is
/// for all values that are not listed.
pub(super) type Comments = &'static [(Option<&'static str>, &'static str)];

/// How a reload finds and reports that the content of a file has changed.
pub(super) struct Content<Holder: 'static> {
    /// The sentence that a reload shows if the content has changed.
    pub(super) sentence: &'static str,
    /// Returns true if the content differs. Called only if the path of the file has not changed.
    pub(super) differs: fn(&Holder, &Holder) -> bool,
}

/// Creates the row of a key from the type of the section, the name of the key (if it differs from the field), the field, and the form of its values.
macro_rules! key {
    ($holder:ty, $field:ident, $form:expr) => {
        key!($holder, stringify!($field), $field, $form)
    };
    ($holder:ty, $name:expr, $field:ident, $form:expr) => {
        crate::keys::ConfigKey::<$holder>::new(
            $name,
            |holder, typed, directory| {
                holder.$field = crate::forms::Form::read(&$form, typed, directory)?;
                Ok(())
            },
            |holder| crate::forms::Form::write(&$form, &holder.$field),
        )
    };
}
pub(super) use key;

impl<Holder> ConfigKey<Holder> {
    pub(super) fn comment_on(&self, value: &str) -> Option<&'static str> {
        let found = self.comments.iter().find(|(of, _)| of.is_none_or(|of| of == value));
        found.map(|(_, comment)| *comment)
    }

    /// Creates a key that may be missing and that a reload reads again. Methods such as `required` change this.
    pub(super) const fn new(
        name: &'static str,
        read: ReadKey<Holder>,
        show: fn(&Holder) -> Option<Value>,
    ) -> Self {
        Self { name, read, show, required: false, at_start: false, unset: "", comments: &[], content: None }
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn at_start(mut self) -> Self {
        self.at_start = true;
        self
    }

    /// Sets the text that reports show if the key is left out.
    pub(super) const fn unset(mut self, unset: &'static str) -> Self {
        self.unset = unset;
        self
    }

    /// Sets the sentences with which `resolverctl config show` explains values.
    pub(super) const fn comment(mut self, comments: Comments) -> Self {
        self.comments = comments;
        self
    }

    /// Marks a key that names a file. A reload shows `sentence` if `differs` finds that the old and the new content of the file differ.
    pub(super) const fn content(
        mut self,
        sentence: &'static str,
        differs: fn(&Holder, &Holder) -> bool,
    ) -> Self {
        self.content = Some(Content { sentence, differs });
        self
    }
}

/// A section that occurs only once, such as `[cache]`.
pub(super) struct SingleSection<Holder: 'static> {
    pub(super) name: &'static str,
    pub(super) keys: &'static [ConfigKey<Holder>],
}

/// The entries of a section that may occur several times, such as `[[zone]]`.
pub(super) trait TableEntry: Sized + 'static {
    /// The name of the section.
    const NAME: &'static str;
    /// The greatest number of entries.
    const MOST: usize;
    /// The keys in the order in which they are read: a key is first if others need its value.
    const KEYS: &'static [ConfigKey<Self>];

    /// Returns an entry without any key.
    fn blank() -> Self;
    /// Returns the kind and the name of the entry, for error texts.
    fn title(&self) -> String;

    /// Returns an error if the keys that an entry has must not be combined. The error is about the returned key, or about the whole entry if that is
    /// `None`.
    fn check(_typed: &[&'static str]) -> Option<(Option<&'static str>, WrongValue)> {
        None
    }
}
