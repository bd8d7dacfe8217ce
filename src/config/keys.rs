//! A row of the table of keys: the name of a key, how it is read and shown, and what a reload says of it.
//!
//! Each section's rows stand beside its type; `table` lists the sections. What a key does, its default and its range are
//! told in `conf/resolverd.toml`, from which the manual is made; a test holds that file against these rows.

use std::path::Path;

use toml::Value;

use super::Config;
use super::report::Wrong;
use super::value::{Read, Typed};

/// A key of a section, which is read into a `Holder`.
pub(super) struct Key<Holder: 'static> {
    /// Its name.
    pub(super) name: &'static str,
    /// Reads it. Paths start in the directory.
    pub(super) read: ReadKey<Holder>,
    /// Its value as it is typed; none where the key is left out.
    pub(super) show: fn(&Holder) -> Option<Value>,
    /// Whether an entry means nothing without it.
    pub(super) required: bool,
    /// Whether it is read when the daemon starts, and not by a reload: its memory, threads and socket are made then.
    pub(super) at_start: bool,
    /// What holds where it is left out.
    pub(super) unset: &'static str,
    /// Who tells that it has changed.
    pub(super) told: Told,
    /// What a reload says where the file that it names has changed and its path has not.
    pub(super) content: Option<Content<Holder>>,
}

/// Reads what was typed for a key into its holder.
pub(super) type ReadKey<Holder> = fn(&mut Holder, &Typed<'_>, &Path) -> Read<()>;

/// Who tells that the value of a key has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The key: `max_ttl: 2h, was 1h`.
    Named,
    /// The key, without its name: the entry has nothing else to tell.
    Bare,
    /// The entry.
    ByEntry,
}

/// The content of a file that a key names.
pub(super) struct Content<Holder: 'static> {
    /// What is said where it has changed.
    pub(super) sentence: &'static str,
    /// Whether it has: both name the same file.
    pub(super) differs: fn(&Holder, &Holder) -> bool,
}

impl<Holder> Key<Holder> {
    /// A key that a reload reads as well.
    pub(super) const fn new(
        name: &'static str,
        read: ReadKey<Holder>,
        show: fn(&Holder) -> Option<Value>,
    ) -> Self {
        Self {
            name,
            read,
            show,
            required: false,
            at_start: false,
            unset: "",
            told: Told::Named,
            content: None,
        }
    }

    /// The same, without which an entry means nothing.
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, read when the daemon starts.
    pub(super) const fn at_start(mut self) -> Self {
        self.at_start = true;
        self
    }

    /// The same; `unset` holds where it is left out.
    pub(super) const fn unset(mut self, unset: &'static str) -> Self {
        self.unset = unset;
        self
    }

    /// The same, its change told by somebody else.
    pub(super) const fn told(mut self, told: Told) -> Self {
        self.told = told;
        self
    }

    /// The same; it names a file whose content may change.
    pub(super) const fn content(
        mut self,
        sentence: &'static str,
        differs: fn(&Holder, &Holder) -> bool,
    ) -> Self {
        self.content = Some(Content { sentence, differs });
        self
    }
}

/// A section that stands once.
pub(super) struct Once<Holder: 'static> {
    /// Its name.
    pub(super) name: &'static str,
    /// Its keys.
    pub(super) keys: &'static [Key<Holder>],
    /// What it is read to.
    pub(super) of: fn(&Config) -> &Holder,
    /// The same, to be written.
    pub(super) of_mut: fn(&mut Config) -> &mut Holder,
}

/// A section of which there may be many.
pub(super) trait TableEntry: Sized + 'static {
    /// Its name.
    const NAME: &'static str;
    /// How many there may be.
    const MOST: usize;
    /// Its keys, in the order in which they are read: what others need comes first.
    const KEYS: &'static [Key<Self>];

    /// One of which nothing was typed.
    fn blank() -> Self;
    /// All of them.
    fn all(config: &Config) -> &[Self];
    /// The same, to be added to.
    fn all_mut(config: &mut Config) -> &mut Vec<Self>;
    /// What it is, and which.
    fn title(&self) -> String;

    /// What it does, where a few words tell that.
    fn tell(&self) -> Option<String> {
        None
    }

    /// What is different from `old` of the same title, but for what the keys tell.
    fn changes(&self, _old: &Self) -> Vec<String> {
        Vec::new()
    }

    /// What is wrong with the keys that were typed, taken together; at a key, or at the entry as a whole.
    fn check(_typed: &[&'static str]) -> Option<(Option<&'static str>, Wrong)> {
        None
    }
}

/// Puts what was read where it belongs.
pub(super) fn set<Meant>(place: &mut Meant, read: Read<Meant>) -> Read<()> {
    *place = read?;
    Ok(())
}

/// The same for a key that may be left out.
pub(super) fn set_some<Meant>(place: &mut Option<Meant>, read: Read<Meant>) -> Read<()> {
    *place = Some(read?);
    Ok(())
}
