//! The forms of values in the configuration file. A form says how a value is read and written. Single values are read by `value`.

use std::fmt;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use hickory_proto::rr::Name;
use toml::Value;

use super::value::{self, Read, Typed};

/// Reads and writes the values of a key of the configuration, for example a number in a range or a list of names.
pub(super) trait Form {
    /// The type in the program, such as `Duration`.
    type Meant;

    /// Reads a value. Relative paths start at `directory`.
    fn read(&self, typed: &Typed<'_>, directory: &Path) -> Read<Self::Meant>;

    /// Converts a value of the program to a value of the file. Returns `None` if the file has no key for this value.
    fn write(&self, meant: &Self::Meant) -> Option<Value>;
}

/// The form of a value that is a quoted text: a function that reads the value from the text, and one that writes it.
pub(super) struct Text<Meant>(pub(super) fn(&Typed<'_>) -> Read<Meant>, pub(super) fn(&Meant) -> String);

/// A domain name.
pub(super) const NAME: Text<Name> = Text(value::name, value::name_text);

impl<Meant> Form for Text<Meant> {
    type Meant = Meant;

    fn read(&self, typed: &Typed<'_>, _: &Path) -> Read<Meant> {
        (self.0)(typed)
    }

    fn write(&self, meant: &Meant) -> Option<Value> {
        Some(Value::String((self.1)(meant)))
    }
}

/// `true` or `false`.
pub(super) struct Flag;

impl Form for Flag {
    type Meant = bool;

    fn read(&self, typed: &Typed<'_>, _: &Path) -> Read<bool> {
        value::flag(typed)
    }

    fn write(&self, meant: &bool) -> Option<Value> {
        Some((*meant).into())
    }
}

/// The form of a key with the value `true` or `false`. The field is the default; a key with this value is not written.
pub(super) struct FlagUnless(pub(super) bool);

impl Form for FlagUnless {
    type Meant = bool;

    fn read(&self, typed: &Typed<'_>, _: &Path) -> Read<bool> {
        value::flag(typed)
    }

    fn write(&self, meant: &bool) -> Option<Value> {
        (*meant != self.0).then(|| (*meant).into())
    }
}

/// One of several words, each with its value.
pub(super) struct Word<Meant: 'static>(pub(super) &'static [(&'static str, Meant)]);

impl<Meant: Copy + PartialEq> Form for Word<Meant> {
    type Meant = Meant;

    fn read(&self, typed: &Typed<'_>, _: &Path) -> Read<Meant> {
        value::word(typed, self.0)
    }

    fn write(&self, meant: &Meant) -> Option<Value> {
        let known = self.0.iter().find(|(_, other)| other == meant);
        known.map(|(word, _)| Value::String((*word).to_owned()))
    }
}

/// A whole number in this range.
pub(super) struct Number<Meant>(pub(super) RangeInclusive<Meant>);

impl<Meant: Copy + PartialOrd + fmt::Display + TryFrom<u64> + TryInto<i64>> Form for Number<Meant> {
    type Meant = Meant;

    fn read(&self, typed: &Typed<'_>, _: &Path) -> Read<Meant> {
        value::number(typed, &self.0)
    }

    fn write(&self, meant: &Meant) -> Option<Value> {
        // Numbers in TOML are less than 2^63, so this never fails.
        Some(Value::Integer((*meant).try_into().unwrap_or(i64::MAX)))
    }
}

/// A time span in this range, such as `"5s"`.
pub(super) struct Span(pub(super) RangeInclusive<Duration>);

impl Form for Span {
    type Meant = Duration;

    fn read(&self, typed: &Typed<'_>, _: &Path) -> Read<Duration> {
        value::span(typed, &self.0)
    }

    fn write(&self, meant: &Duration) -> Option<Value> {
        Some(Value::String(value::span_text(*meant)))
    }
}

/// A list with items of the form `Each`.
pub(super) struct List<Each>(pub(super) Each);

impl<Each: Form<Meant: Eq + Hash>> Form for List<Each> {
    type Meant = Vec<Each::Meant>;

    fn read(&self, typed: &Typed<'_>, directory: &Path) -> Read<Self::Meant> {
        value::list(typed, |item| self.0.read(item, directory))
    }

    fn write(&self, meant: &Self::Meant) -> Option<Value> {
        Some(Value::Array(meant.iter().filter_map(|one| self.0.write(one)).collect()))
    }
}

/// A list of texts that one function reads as a whole.
pub(super) struct Texts<Meant>(pub(super) fn(&Typed<'_>) -> Read<Vec<Meant>>);

impl<Meant: fmt::Display> Form for Texts<Meant> {
    type Meant = Vec<Meant>;

    fn read(&self, typed: &Typed<'_>, _: &Path) -> Read<Vec<Meant>> {
        (self.0)(typed)
    }

    fn write(&self, meant: &Vec<Meant>) -> Option<Value> {
        Some(texts(meant))
    }
}

/// A value of the form `Own`, or `None` if its key is left out.
pub(super) struct Optional<Own>(pub(super) Own);

impl<Own: Form> Form for Optional<Own> {
    type Meant = Option<Own::Meant>;

    fn read(&self, typed: &Typed<'_>, directory: &Path) -> Read<Self::Meant> {
        self.0.read(typed, directory).map(Some)
    }

    fn write(&self, meant: &Self::Meant) -> Option<Value> {
        self.0.write(meant.as_ref()?)
    }
}

/// A value of the form `Own`, or `None` for an empty text.
pub(super) struct OrEmpty<Own>(pub(super) Own);

impl<Own: Form> Form for OrEmpty<Own> {
    type Meant = Option<Own::Meant>;

    fn read(&self, typed: &Typed<'_>, directory: &Path) -> Read<Self::Meant> {
        if value::text(typed)?.is_empty() { Ok(None) } else { self.0.read(typed, directory).map(Some) }
    }

    fn write(&self, meant: &Self::Meant) -> Option<Value> {
        meant.as_ref().map_or_else(|| Some(Value::String(String::new())), |meant| self.0.write(meant))
    }
}

/// The form of a key whose value is the path of a file. The first function reads the file, and the second one returns the path of a file that was
/// read.
pub(super) struct NamedFile<Meant>(
    pub(super) fn(&Path) -> Read<Meant>,
    pub(super) for<'m> fn(&'m Meant) -> &'m Path,
);

impl<Meant> Form for NamedFile<Meant> {
    type Meant = Meant;

    fn read(&self, typed: &Typed<'_>, directory: &Path) -> Read<Meant> {
        (self.0)(&directory.join(value::text(typed)?))
    }

    fn write(&self, meant: &Meant) -> Option<Value> {
        Some(path(Some((self.1)(meant))))
    }
}

pub(super) fn texts(values: impl IntoIterator<Item = impl fmt::Display>) -> Value {
    Value::Array(values.into_iter().map(|value| Value::String(value.to_string())).collect())
}

/// Returns the path of a file as a value, or an empty text if there is no file.
pub(super) fn path(path: Option<&Path>) -> Value {
    Value::String(path.map_or_else(String::new, |path| path.display().to_string()))
}
