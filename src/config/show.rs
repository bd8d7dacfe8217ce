//! A configuration in the form of its file, for `resolverctl config show`.
//!
//! The output, read again, is equal; named files are shown by their path.

use super::Config;
use super::keys::{ConfigKey, SingleSection, TableEntry};
use super::table::{KeyPlace, Visitor, visit};

/// The file of `config`: every key, or with `changed` only those that differ from the default.
pub fn show(config: &Config, changed: bool) -> String {
    let mut shown =
        ShownConfig { config, default: Config::default(), changed, once: String::new(), many: String::new() };
    visit(&mut shown);
    format!("version = 1\n{}{}", shown.once, shown.many)
}

struct ShownConfig<'c> {
    config: &'c Config,
    default: Config,
    changed: bool,
    /// The sections that occur once; they come first.
    once: String,
    many: String,
}

impl Visitor for ShownConfig<'_> {
    fn once<Holder>(&mut self, section: &SingleSection<Holder>, place: &KeyPlace<Holder>) {
        let default = Some((place.of)(&self.default)).filter(|_| self.changed);
        let lines = keys(section.keys, (place.of)(self.config), default);
        if !lines.is_empty() {
            self.once.push_str(&format!("\n[{}]\n{lines}", section.name));
        }
    }

    fn many<Kind: TableEntry>(&mut self, place: &KeyPlace<Vec<Kind>>) {
        let blank = Some(Kind::blank()).filter(|_| self.changed);
        for entry in (place.of)(self.config) {
            self.many.push_str(&format!("\n[[{}]]\n{}", Kind::NAME, keys(Kind::KEYS, entry, blank.as_ref())));
        }
    }
}

/// A line for each key, except keys with the value of `default`.
fn keys<Holder>(keys: &[ConfigKey<Holder>], holder: &Holder, default: Option<&Holder>) -> String {
    let shown = keys.iter().filter_map(|key| {
        let value = (key.show)(holder)?;
        let is_default =
            !key.required && default.is_some_and(|default| (key.show)(default).as_ref() == Some(&value));
        (!is_default).then(|| format!("{} = {value}\n", key.name))
    });
    shown.collect()
}
