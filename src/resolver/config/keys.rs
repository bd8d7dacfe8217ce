//! A row of the table of keys: the name of a key, how it is read and shown, and what a reload says about it.
//!
//! Each section's rows are next to its type; `table` lists the sections. `conf/resolverd.toml` describes a key with
//! its default and range, and the manual is made from it; a test compares that file with these rows.

use std::path::Path;

use toml::Value;

use super::report::WrongValue;
use super::value::{Read, Typed};

/// A key of a section, which is read into a `Holder`.
pub(super) struct ConfigKey<Holder: 'static> {
    /// Its name.
    pub(super) name: &'static str,
    /// Reads it. Paths start in the directory.
    pub(super) read: ReadKey<Holder>,
    /// Its value in the form of the file; none if the key is left out.
    pub(super) show: fn(&Holder) -> Option<Value>,
    /// Whether an entry needs it.
    pub(super) required: bool,
    /// True if the key is only read at the start, and not at a reload, because its memory, threads or socket are created at the start.
    pub(super) at_start: bool,
    /// The meaning of leaving it out.
    pub(super) unset: &'static str,
    /// Sentences for `resolverctl config show` about values that do not explain themselves: the value in the form of the
    /// file, or none for every other value, and the sentence.
    pub(super) comments: Comments,
    /// What a reload reports if the content of the named file has changed, but its path has not.
    pub(super) content: Option<Content<Holder>>,
}

/// Former names of keys, which are still read: section, former name, name.
const FORMER_NAMES: [(&str, &str, &str); 1] = [("list", "when_dead", "when_silent")];

/// The name of the key that had this name in `section`; none if no key had it.
pub(super) fn renamed(section: &str, former: &str) -> Option<&'static str> {
    let key = FORMER_NAMES.iter().find(|(of, old, _)| *of == section && *old == former);
    key.map(|(_, _, name)| *name)
}

/// Reads a key's value into its holder.
pub(super) type ReadKey<Holder> = fn(&mut Holder, &Typed<'_>, &Path) -> Read<()>;

/// Values in the form of the file, each with a sentence; none stands for every other value.
pub(super) type Comments = &'static [(Option<&'static str>, &'static str)];

/// The content of a file that a key names.
pub(super) struct Content<Holder: 'static> {
    /// The sentence for a change.
    pub(super) sentence: &'static str,
    /// Whether it has changed; both have the same path.
    pub(super) differs: fn(&Holder, &Holder) -> bool,
}

/// The row of a key: its section, its name if the field has another one, the field, and the form of its values.
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
    /// The comment on a value in the form of the file; none if the value explains itself.
    pub(super) fn comment_on(&self, value: &str) -> Option<&'static str> {
        let found = self.comments.iter().find(|(of, _)| of.is_none_or(|of| of == value));
        found.map(|(_, comment)| *comment)
    }

    /// A key that a reload reads too.
    pub(super) const fn new(
        name: &'static str,
        read: ReadKey<Holder>,
        show: fn(&Holder) -> Option<Value>,
    ) -> Self {
        Self { name, read, show, required: false, at_start: false, unset: "", comments: &[], content: None }
    }

    /// A key that each entry needs.
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A key that is read only at the start: a reload does not change it.
    pub(super) const fn at_start(mut self) -> Self {
        self.at_start = true;
        self
    }

    /// A key that may be left out; `unset` describes in words what applies then.
    pub(super) const fn unset(mut self, unset: &'static str) -> Self {
        self.unset = unset;
        self
    }

    /// Sets the comments on values in `config show`.
    pub(super) const fn comment(mut self, comments: Comments) -> Self {
        self.comments = comments;
        self
    }

    /// A key that names a file. A reload reports with `sentence` that its content `differs`.
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
    /// Its name.
    pub(super) name: &'static str,
    /// Its keys.
    pub(super) keys: &'static [ConfigKey<Holder>],
}

/// A section that may occur several times.
pub(super) trait TableEntry: Sized + 'static {
    /// Its name.
    const NAME: &'static str;
    /// The greatest number of entries.
    const MOST: usize;
    /// Its keys, in the order of reading: keys that others need come first.
    const KEYS: &'static [ConfigKey<Self>];

    /// An entry without any keys.
    fn blank() -> Self;
    /// Its kind and name.
    fn title(&self) -> String;

    /// The errors in the combination of keys that were typed; at a key, or at the entry as a whole.
    fn check(_typed: &[&'static str]) -> Option<(Option<&'static str>, WrongValue)> {
        None
    }
}
