//! A configuration in the form of its file, for `resolverctl config show`.
//!
//! The output, read again, is equal; named files are shown by their path. A value that does not explain itself has a
//! comment.

use super::Config;
use super::keys::{ConfigKey, SingleSection, TableEntry};
use super::table::{KeyPlace, Visitor, visit};

/// The file of `config`: every key, or with `changed` only the keys that differ from the default.
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
            let lines = keys(Kind::KEYS, entry, blank.as_ref());
            self.many.push_str(&format!("\n[[{}]]\n{lines}", Kind::NAME));
        }
    }
}

/// A line for each key, except keys with the value of `default`.
fn keys<Holder>(keys: &[ConfigKey<Holder>], holder: &Holder, default: Option<&Holder>) -> String {
    let shown = keys.iter().filter_map(|key| {
        let value = (key.show)(holder)?;
        let is_default =
            !key.required && default.is_some_and(|default| (key.show)(default).as_ref() == Some(&value));
        let shown = value.to_string();
        let comment = key.comment_on(&shown).map(|comment| format!("  # {comment}")).unwrap_or_default();
        (!is_default).then(|| format!("{} = {shown}{comment}\n", key.name))
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Each comment on a value, with its section and key.
    #[derive(Default)]
    struct CommentedValues(Vec<[&'static str; 4]>);

    impl CommentedValues {
        fn add<Holder>(&mut self, section: &'static str, keys: &[ConfigKey<Holder>]) {
            let of = |key: &ConfigKey<Holder>| (key.name, key.comments);
            for (name, comments) in keys.iter().map(of) {
                let of_value = comments.iter().filter_map(|(value, comment)| Some(((*value)?, *comment)));
                self.0.extend(of_value.map(|(value, comment)| [section, name, value, comment]));
            }
        }
    }

    impl Visitor for CommentedValues {
        fn once<Holder>(&mut self, section: &SingleSection<Holder>, _: &KeyPlace<Holder>) {
            self.add(section.name, section.keys);
        }

        // The keys of `[[listener]]` are those of `[listen]`; an entry of another kind needs more keys.
        fn many<Kind: TableEntry>(&mut self, _: &KeyPlace<Vec<Kind>>) {}
    }

    #[test]
    fn each_value_with_a_comment_is_a_value_that_is_shown() {
        let mut commented = CommentedValues::default();
        visit(&mut commented);
        assert!(commented.0.len() > 20, "{}", commented.0.len());
        for [section, key, value, comment] in commented.0 {
            // An empty path cannot be written: it is the default.
            let text =
                if value == "\"\"" { String::new() } else { format!("[{section}]\n{key} = {value}\n") };
            let text = format!("version = 1\n{text}");
            let config = Config::read_over(Config::default(), &text, Path::new("/"))
                .unwrap_or_else(|errors| panic!("{errors}\n{text}"));
            let shown = show(&config, false);
            let section =
                shown.split(&format!("\n[{section}]\n")).nth(1).unwrap().split("\n[").next().unwrap();
            let line = format!("{key} = {value}  # {comment}");
            assert!(section.lines().any(|shown| shown == line), "{line} is not in:\n{section}");
        }
    }
}
