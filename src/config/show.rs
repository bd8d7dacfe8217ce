//! Writes a configuration in the form of its file, for `resolverctl config show`.
//!
//! The output is a valid configuration file with the same meaning. For a value that was read from a file, the output has the path of this file.

use super::Config;
use super::keys::{ConfigKey, SingleSection, TableEntry};
use super::table::{KeyPlace, Visitor, visit};

/// Returns the text of a configuration file for `config`. It contains every key, or if `changed` is true, only the keys that differ from their
/// defaults.
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

/// Returns one line for each key. If `default` is given, keys that have the same value in `default` are left out.
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

        fn many<Kind: TableEntry>(&mut self, _: &KeyPlace<Vec<Kind>>) {
            self.add(Kind::NAME, Kind::KEYS);
        }
    }

    #[test]
    fn commented_values_are_shown_values() {
        let mut commented = CommentedValues::default();
        visit(&mut commented);
        assert!(commented.0.len() > 20, "{}", commented.0.len());
        for [section, key, value, comment] in commented.0 {
            // An empty text is the default of each of these keys, so the test leaves the key out.
            let written = if value == "\"\"" { String::new() } else { format!("{key} = {value}\n") };
            let (head, needed) = match section {
                "zone" if matches!(key, "recurse" | "block") => ("[[zone]]", "name = \"a.example\"\n"),
                "zone" => ("[[zone]]", "name = \"a.example\"\nforward = [\"192.0.2.1\"]\n"),
                "view" => ("[[view]]", "name = \"office\"\nclients = [\"10.0.0.0/8\"]\n"),
                "listener" => ("[[listener]]", "addresses = [\"127.0.0.2:53\"]\n"),
                section => (&*format!("[{section}]"), ""),
            };
            let text = format!("version = 1\n{head}\n{needed}{written}");
            let config = Config::read_over(Config::default(), &text, Path::new("/"))
                .unwrap_or_else(|errors| panic!("{errors}\n{text}"));
            let shown = show(&config, false);
            let section = shown.split(&format!("\n{head}\n")).nth(1).unwrap().split("\n[").next().unwrap();
            let line = format!("{key} = {value}  # {comment}");
            assert!(section.lines().any(|shown| shown == line), "{line} is not in:\n{section}");
        }
    }

    #[test]
    fn a_zone_is_shown_with_comments() {
        let zone = |source: &str| {
            let text = format!(
                "version = 1\n[[zone]]\nname = \"a.example\"\nforward = [\"192.0.2.1\"]\nforward_first = true\nsource = {source}\n"
            );
            let config = Config::read_over(Config::default(), &text, Path::new("/")).unwrap();
            show(&config, false).split("\n[[zone]]\n").nth(1).unwrap().to_owned()
        };
        let expected = "name = \"a.example\"\nforward = [\"192.0.2.1\"]\nforward_first = true  # asks the root servers if no forwarder answers\n";
        let with_source = "source = [\"192.0.2.9\"]  # source address of queries to servers\n";
        assert_eq!(zone("[\"192.0.2.9\"]"), format!("{expected}{with_source}"));
        assert_eq!(zone("[]"), format!("{expected}source = []  # uses `source` of [resolve]\n"));
    }
}
