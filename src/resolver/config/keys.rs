//! The types of the table of configuration keys. A row of this table belongs to one key: its name, how its value is read and shown, and what a
//! reload reports if the value has changed.
//!
//! The rows of a section are in the same module as the type of the section, and the module `table` lists all sections. `conf/resolverd.toml`
//! describes each key with its default and its range. The manual is made from that file, and a test checks that the file and the rows have the same
//! keys.

use std::path::Path;

use toml::Value;

use super::report::WrongValue;
use super::value::{Read, Typed};

/// A row of the table of keys: a key of a section. Its value is stored in a field of `Holder`.
pub(super) struct ConfigKey<Holder: 'static> {
    /// The name of the key in the configuration file.
    pub(super) name: &'static str,
    /// Reads the value of the key from the configuration file, and stores it. Relative paths refer to the given directory.
    pub(super) read: ReadKey<Holder>,
    /// Returns the value as in the configuration file, or `None` if the key must be left out.
    pub(super) show: fn(&Holder) -> Option<Value>,
    /// True if every entry of the section must contain the key.
    pub(super) required: bool,
    /// True if the key is read only at the start of resolverd, and not at a reload, because memory, threads or a socket are created at the start.
    pub(super) at_start: bool,
    /// What applies if the key is left out of the configuration, as text for the operator.
    pub(super) unset: &'static str,
    /// Sentences with which `resolverctl config show` explains values of the key. Each sentence belongs to one value, written as in the
    /// configuration file. A sentence with `None` explains all other values.
    pub(super) comments: Comments,
    /// For a key that names a file: how a reload finds out that the content of the file has changed, and the sentence that the reload then shows.
    /// `None` for all other keys.
    pub(super) content: Option<Content<Holder>>,
}

/// Former names of keys, which are still accepted. Each row has the section, the former name and the current name.
const FORMER_NAMES: [(&str, &str, &str); 1] = [("list", "when_dead", "when_silent")];

/// Returns the current name of the key that formerly had the name `former` in `section`, or `None` if there is no such key.
pub(super) fn renamed(section: &str, former: &str) -> Option<&'static str> {
    let key = FORMER_NAMES.iter().find(|(of, old, _)| *of == section && *old == former);
    key.map(|(_, _, name)| *name)
}

/// A function that reads the value of a key and stores it in the section or entry (`Holder`). Relative paths refer to the directory in the last
/// argument.
pub(super) type ReadKey<Holder> = fn(&mut Holder, &Typed<'_>, &Path) -> Read<()>;

/// Values as in the configuration file, each with a sentence that explains it. `None` stands for every value without its own sentence.
pub(super) type Comments = &'static [(Option<&'static str>, &'static str)];

/// How a reload notices and reports that the content of a file, which a key names, has changed.
pub(super) struct Content<Holder: 'static> {
    /// The sentence that a reload shows if the content of the file has changed.
    pub(super) sentence: &'static str,
    /// Returns true if the content differs between the old and the new configuration. It is called only if the path of the file is the same in
    /// both.
    pub(super) differs: fn(&Holder, &Holder) -> bool,
}

/// Creates the row of a key. The arguments are the type of the section, the name of the key (only if it differs from the name of the field), the
/// field, and the form of the values.
macro_rules! key {
    ($holder:ty, $field:ident, $form:expr) => {
        key!($holder, stringify!($field), $field, $form)
    };
    ($holder:ty, $name:expr, $field:ident, $form:expr) => {
        crate::config::keys::ConfigKey::<$holder>::new(
            $name,
            |holder, typed, directory| {
                holder.$field = crate::config::forms::Form::read(&$form, typed, directory)?;
                Ok(())
            },
            |holder| crate::config::forms::Form::write(&$form, &holder.$field),
        )
    };
}
pub(super) use key;

impl<Holder> ConfigKey<Holder> {
    /// Returns the sentence that explains this value of the key, or `None` if the value needs no explanation.
    pub(super) fn comment_on(&self, value: &str) -> Option<&'static str> {
        let found = self.comments.iter().find(|(of, _)| of.is_none_or(|of| of == value));
        found.map(|(_, comment)| *comment)
    }

    /// Creates the row of a key that may be missing in the file. A reload reads its value again.
    pub(super) const fn new(
        name: &'static str,
        read: ReadKey<Holder>,
        show: fn(&Holder) -> Option<Value>,
    ) -> Self {
        Self { name, read, show, required: false, at_start: false, unset: "", comments: &[], content: None }
    }

    /// Marks the key as required: every entry of the section must contain it.
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Marks the key as one that is read only at the start of resolverd. A reload does not change its value.
    pub(super) const fn at_start(mut self) -> Self {
        self.at_start = true;
        self
    }

    /// Sets the words with which reports say what applies if the key is left out of the file.
    pub(super) const fn unset(mut self, unset: &'static str) -> Self {
        self.unset = unset;
        self
    }

    /// Sets the sentences with which `resolverctl config show` explains values of the key.
    pub(super) const fn comment(mut self, comments: Comments) -> Self {
        self.comments = comments;
        self
    }

    /// Marks the key as one that names a file. If `differs` returns true, a reload reports the changed content with `sentence`.
    pub(super) const fn content(
        mut self,
        sentence: &'static str,
        differs: fn(&Holder, &Holder) -> bool,
    ) -> Self {
        self.content = Some(Content { sentence, differs });
        self
    }
}

/// A section of the configuration that can occur only once, such as `[cache]`.
pub(super) struct SingleSection<Holder: 'static> {
    /// The name of the section in the configuration file.
    pub(super) name: &'static str,
    /// The keys that the section can have.
    pub(super) keys: &'static [ConfigKey<Holder>],
}

/// The type of the entries of a section that can occur several times, such as `[[zone]]`.
pub(super) trait TableEntry: Sized + 'static {
    /// The name of the section in the configuration file.
    const NAME: &'static str;
    /// The greatest permitted number of entries of this section.
    const MOST: usize;
    /// The keys of an entry, in the order in which they are read: a key comes first if other keys need its value.
    const KEYS: &'static [ConfigKey<Self>];

    /// Returns an entry of this section in which no key is set yet.
    fn blank() -> Self;
    /// Returns words that identify the entry in error texts: its kind and its name.
    fn title(&self) -> String;

    /// Returns an error if an entry contains keys that must not be combined. The error has the name of a key, or `None` if the error is about the
    /// entry as a whole.
    fn check(_typed: &[&'static str]) -> Option<(Option<&'static str>, WrongValue)> {
        None
    }
}
