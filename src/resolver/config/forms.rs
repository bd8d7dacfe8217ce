//! The forms that values in the configuration file can have. A form determines how a value is read from the file and how it is written. It uses the
//! functions in `value`, which read single values.

use std::fmt;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use hickory_proto::rr::Name;
use toml::Value;

use super::value::{self, Read, Typed};

/// A form of values in the configuration file, such as "a number in a range" or "a list of names".
pub(super) trait Form {
    /// The type of the value in the program, such as `Duration`.
    type Meant;

    /// Reads a value from the configuration file. A relative path in it refers to `directory`.
    fn read(&self, typed: &Typed<'_>, directory: &Path) -> Read<Self::Meant>;

    /// Writes a value as in the configuration file. Returns `None` if the key with this value must be left out.
    fn write(&self, meant: &Self::Meant) -> Option<Value>;
}

/// The form of a value that is written as a quoted text. It consists of two functions: one reads the value, and the other writes it.
pub(super) struct Text<Meant>(pub(super) fn(&Typed<'_>) -> Read<Meant>, pub(super) fn(&Meant) -> String);

/// The form of a value of the configuration that is a domain name.
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

/// The form of a value of the configuration that is `true` or `false`.
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

/// The form of a value that is `true` or `false`. A value that equals the default (the content of this type) is not written.
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

/// The form of a value that is one of several words. Each word has its value in the program.
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

/// The form of a value of the configuration that is a whole number within this range.
pub(super) struct Number<Meant>(pub(super) RangeInclusive<Meant>);

impl<Meant: Copy + PartialOrd + fmt::Display + TryFrom<u64> + TryInto<i64>> Form for Number<Meant> {
    type Meant = Meant;

    fn read(&self, typed: &Typed<'_>, _: &Path) -> Read<Meant> {
        value::number(typed, &self.0)
    }

    fn write(&self, meant: &Meant) -> Option<Value> {
        // The conversion never fails, because all numbers in TOML are less than 2^63.
        Some(Value::Integer((*meant).try_into().unwrap_or(i64::MAX)))
    }
}

/// The form of a value of the configuration that is a time span within this range, such as `"5s"`.
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

/// The form of a value of the configuration that is a list, whose items have the form `Each`.
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

/// The form of a value that is a list of texts. The function in this type reads the whole list, not item by item.
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

/// The form of a value whose key may be left out. If it is left out, the value is `None`. Otherwise it has the form `Own`.
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

/// The form of a value that is an empty text, which is read as `None`, or has the form `Own`.
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

/// The form of a value that is the path of a file. It consists of two functions: one reads the file, and the other returns its path.
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

/// Returns values as a TOML list of quoted texts.
pub(super) fn texts(values: impl IntoIterator<Item = impl fmt::Display>) -> Value {
    Value::Array(values.into_iter().map(|value| Value::String(value.to_string())).collect())
}

/// Returns the path of a file as a TOML text; an empty text if there is no file.
pub(super) fn path(path: Option<&Path>) -> Value {
    Value::String(path.map_or_else(String::new, |path| path.display().to_string()))
}
