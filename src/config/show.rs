//! A configuration in the form of its file, for `resolverctl config show`.
//!
//! The output, read again, is equal; named files are shown by their path. A value that does not explain itself has a
//! comment.

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
        let lines = keys(section.name, section.keys, (place.of)(self.config), default);
        if !lines.is_empty() {
            self.once.push_str(&format!("\n[{}]\n{lines}", section.name));
        }
    }

    fn many<Kind: TableEntry>(&mut self, place: &KeyPlace<Vec<Kind>>) {
        let blank = Some(Kind::blank()).filter(|_| self.changed);
        for entry in (place.of)(self.config) {
            let lines = keys(Kind::NAME, Kind::KEYS, entry, blank.as_ref());
            self.many.push_str(&format!("\n[[{}]]\n{lines}", Kind::NAME));
        }
    }
}

/// A line for each key, except keys with the value of `default`.
fn keys<Holder>(
    section: &str,
    keys: &[ConfigKey<Holder>],
    holder: &Holder,
    default: Option<&Holder>,
) -> String {
    let shown = keys.iter().filter_map(|key| {
        let value = (key.show)(holder)?;
        let is_default =
            !key.required && default.is_some_and(|default| (key.show)(default).as_ref() == Some(&value));
        let shown = value.to_string();
        let comment = comment(section, key.name, &shown);
        let comment = comment.map(|comment| format!("  # {comment}")).unwrap_or_default();
        (!is_default).then(|| format!("{} = {shown}{comment}\n", key.name))
    });
    shown.collect()
}

/// The comment on a value that does not explain itself.
fn comment(section: &str, key: &str, value: &str) -> Option<&'static str> {
    Some(match (section, key, value) {
        (_, "refuse" | "drop", "[]") => "no exceptions from `allow`",
        (_, "workers", "0") => "automatic: one thread for every two CPU cores",
        (_, "dnsbl", "\"guard\"") => "clients get no false listings of DNS lists",
        ("listen" | "listener", "on_refusal", "\"list\"") => "depends on the list: its `on_refusal`",
        (_, "lookahead", "\"general\"") => "uses `mode` of [lookahead]",
        ("zone", "forward_first", "true") => "asks the root servers if no forwarder answers",
        ("listener", "zones", _) => {
            "[[zone]] and [[host]] entries that its clients can use; the others are hidden from them"
        }
        ("cache", "max_ttl", _) => "longest time that an answer is cached",
        ("cache", "negative_max_ttl", _) => "the same for NXDOMAIN and NODATA",
        (_, "serve_stale", "0s") => "no stale answers",
        (_, "serve_stale", _) => "if no server answers, for this time after an answer expired",
        (_, "prefetch", "true") => "queries popular names again before their answers expire",
        (_, "snapshot", "true") => "saves the cache to disk, and loads it at start",
        (_, "deadline", _) => "a client then gets SERVFAIL",
        (_, "ipv4" | "ipv6", "\"auto\"") => "used while servers reply over it",
        (_, "deny_servers", _) => "resolverd sends no queries to servers with these addresses",
        (_, "private_addresses" | "private_domains", "[]") => "none",
        (_, "private_addresses", _) => "removed from answers of the internet",
        (_, "private_domains", _) => "their names may have these addresses",
        (_, "root_hints" | "trust_anchor" | "registry", "\"\"") => "built-in",
        (_, "qname_minimisation", "true") => "root and top-level servers get only a part of the name",
        (_, "race", "true") => "the first query to a zone goes to two servers",
        (_, "upstream_port", _) => "destination port of queries to servers",
        ("resolve", "source", "[]") => "the operating system chooses the source address",
        ("zone", "source", "[]") => "uses `source` of [resolve]",
        ("resolve" | "zone", "source", _) => "source address of queries to servers",
        (_, "source_ports", _) => "of UDP queries to servers",
        (_, "negative_trust_anchors", "[]") => "none",
        (_, "sha1", "false") => "zones with only SHA-1 signatures count as not signed",
        (_, "batch", "\"learned\"") => "sends queries ahead to the lists that clients usually query",
        (_, "batch_groups", "[]") => "none",
        (_, "batch_waste", _) => "maximum percent of list queries that no client then uses",
        ("lookahead", "mode", "\"learned\"") => "sends queries that clients usually send next",
        ("metrics", "listen", "\"\"") => "no metrics for Prometheus",
        ("dnstap", "socket" | "file", "\"\"") => "off",
        ("dnstap", "identity", "\"\"") => "the name of this host",
        ("log", "queries", "false") => "no log line for each query",
        ("history", "size", "\"auto\"") => "one sixteenth of the cache size, at most 64 MiB",
        (_, "slow", _) => "queries that take this time or longer are logged as slow",
        (_, "redact", "\"none\"") => "nothing is left out of the files of failed and slow queries",
        _ => return None,
    })
}
