//! The rows of the table of keys. A row contains the name of a key, how it is read and shown, and what a reload reports about it.
//!
//! The rows of each section are next to its type, and `table` lists the sections. `conf/resolverd.toml` describes each key with its default and its
//! range. The manual is made from that file, and a test compares the file with these rows.

use std::path::Path;

use toml::Value;

use super::report::WrongValue;
use super::value::{Read, Typed};

/// A key of a section. Its value is stored in a `Holder`.
pub(super) struct ConfigKey<Holder: 'static> {
    /// The name of the key.
    pub(super) name: &'static str,
    /// Reads the value of the key. Relative paths begin in the given directory.
    pub(super) read: ReadKey<Holder>,
    /// Returns the value in the form of the configuration file, or `None` if the key is to be left out.
    pub(super) show: fn(&Holder) -> Option<Value>,
    /// True if each entry must contain the key.
    pub(super) required: bool,
    /// True if the key is only read at the start, and not at a reload, because its memory, threads or socket are created at the start.
    pub(super) at_start: bool,
    /// What applies if the key is left out.
    pub(super) unset: &'static str,
    /// Sentences with which `resolverctl config show` explains certain values. Each has the value in the form of the configuration file, or `None`
    /// for every other value.
    pub(super) comments: Comments,
    /// How a reload detects and reports that the content of the named file has changed although its path has not.
    pub(super) content: Option<Content<Holder>>,
}

/// Former names of keys. They are still read. Each row has the section, the former name and the current name.
const FORMER_NAMES: [(&str, &str, &str); 1] = [("list", "when_dead", "when_silent")];

/// Returns the current name of the key that had the name `former` in `section`, or `None` if no key had it.
pub(super) fn renamed(section: &str, former: &str) -> Option<&'static str> {
    let key = FORMER_NAMES.iter().find(|(of, old, _)| *of == section && *old == former);
    key.map(|(_, _, name)| *name)
}

/// Reads the value of a key, and stores it in the holder.
pub(super) type ReadKey<Holder> = fn(&mut Holder, &Typed<'_>, &Path) -> Read<()>;

/// Values in the form of the configuration file, each with a sentence. `None` represents every other value.
pub(super) type Comments = &'static [(Option<&'static str>, &'static str)];

/// How a change in the content of a file is detected and reported.
pub(super) struct Content<Holder: 'static> {
    /// The sentence that reports a change.
    pub(super) sentence: &'static str,
    /// Returns true if the content has changed. Both holders have the same path.
    pub(super) differs: fn(&Holder, &Holder) -> bool,
}

/// Creates the row of a key from its section, its name if the field has another one, the field, and the form of its values.
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
    /// Returns the comment on a value in the form of the configuration file, or `None` if the value needs none.
    pub(super) fn comment_on(&self, value: &str) -> Option<&'static str> {
        let found = self.comments.iter().find(|(of, _)| of.is_none_or(|of| of == value));
        found.map(|(_, comment)| *comment)
    }

    /// Creates the row of a key that is also read by a reload.
    pub(super) const fn new(
        name: &'static str,
        read: ReadKey<Holder>,
        show: fn(&Holder) -> Option<Value>,
    ) -> Self {
        Self { name, read, show, required: false, at_start: false, unset: "", comments: &[], content: None }
    }

    /// Marks the key as required: each entry must contain it.
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Marks the key as one that is read only at the start. A reload does not change it.
    pub(super) const fn at_start(mut self) -> Self {
        self.at_start = true;
        self
    }

    /// Marks the key as one that may be left out. `unset` says in words what applies then.
    pub(super) const fn unset(mut self, unset: &'static str) -> Self {
        self.unset = unset;
        self
    }

    /// Sets the comments with which `config show` explains values.
    pub(super) const fn comment(mut self, comments: Comments) -> Self {
        self.comments = comments;
        self
    }

    /// Marks the key as one that names a file. If `differs` shows that the content has changed, a reload reports it with `sentence`.
    pub(super) const fn content(
        mut self,
        sentence: &'static str,
        differs: fn(&Holder, &Holder) -> bool,
    ) -> Self {
        self.content = Some(Content { sentence, differs });
        self
    }
}

/// A section that occurs once.
pub(super) struct SingleSection<Holder: 'static> {
    /// The name of the section.
    pub(super) name: &'static str,
    /// The keys of the section.
    pub(super) keys: &'static [ConfigKey<Holder>],
}

/// A section that may occur several times.
pub(super) trait TableEntry: Sized + 'static {
    /// The name of the section.
    const NAME: &'static str;
    /// The greatest number of entries.
    const MOST: usize;
    /// The keys of the section, in the order in which they are read: keys that others need come first.
    const KEYS: &'static [ConfigKey<Self>];

    /// Returns an entry in which no key is set.
    fn blank() -> Self;
    /// Returns the kind and the name of the entry.
    fn title(&self) -> String;

    /// Returns the error if the keys of an entry must not be combined. The error is about one key or about the entry as a whole.
    fn check(_typed: &[&'static str]) -> Option<(Option<&'static str>, WrongValue)> {
        None
    }
}
