//! kresd.conf: the calls and variables of Knot Resolver 5.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use super::gathered::{Gathered, WITH_NODATA};
use super::told;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::lua::{LuaKind, LuaValue, statements};
use crate::import::names::{OTHER_FAMILY, ShortNames};
use crate::import::root;
use crate::import::told::find;
use crate::import::values::{private, size, size_text, texts};

/// Adds the statements of a text.
pub(super) fn add(path: &Arc<Path>, text: &str, gathered: &mut Gathered<'_>) {
    let mut variables: BTreeMap<String, LuaValue> = BTreeMap::new();
    for statement in statements(path, text) {
        let keyword = statement.keyword();
        let said = (&statement.place, statement.typed.as_str());
        match statement.kind {
            LuaKind::Call(name, arguments) => {
                let arguments: Vec<LuaValue> = arguments.iter().map(|one| filled(one, &variables)).collect();
                gathered.call(said, (&name, &keyword), &arguments);
            }
            LuaKind::Assign(name, value) => {
                let value = filled(&value, &variables);
                if !gathered.assign(said, (&name, &keyword), &value) {
                    variables.insert(name, value);
                }
            }
            LuaKind::Program => {
                let did = "is a program, or a value that a program uses";
                gathered.draft.tell(
                    Dangerous,
                    said.0,
                    &keyword,
                    (did, "carry over what it did: resolverd runs no programs"),
                );
            }
        }
    }
    if let Some((place, typed)) = gathered.names.first_host().filter(|_| gathered.has_nodata) {
        gathered.draft.tell(Different, place, typed, WITH_NODATA);
    }
}

/// A value with the variables in it replaced.
fn filled(value: &LuaValue, variables: &BTreeMap<String, LuaValue>) -> LuaValue {
    match value {
        LuaValue::Name(name) => variables.get(name).unwrap_or(value).clone(),
        LuaValue::Table(entries) => LuaValue::Table(
            entries.iter().map(|(key, value)| (key.clone(), filled(value, variables))).collect(),
        ),
        LuaValue::Call(name, arguments) => {
            LuaValue::Call(name.clone(), arguments.iter().map(|one| filled(one, variables)).collect())
        }
        LuaValue::Text(_) | LuaValue::Number(_) => value.clone(),
    }
}

/// The only text of a value.
fn only(value: Option<&LuaValue>) -> Option<String> {
    match value? {
        LuaValue::Number(number) => Some(number.to_string()),
        value => value.texts().first().map(|text| (*text).to_owned()),
    }
}

impl Gathered<'_> {
    /// Takes a call; `keyword` is its text without its values.
    fn call(
        &mut self,
        (place, typed): (&SourcePlace, &str),
        (name, keyword): (&str, &str),
        arguments: &[LuaValue],
    ) {
        let first = only(arguments.first());
        let all: Vec<&str> = arguments.first().map(LuaValue::texts).unwrap_or_default();
        match (name, first.as_deref()) {
            ("net.listen", _) => self.net_listen((place, typed), arguments),
            ("net.outgoing_v4" | "net.outgoing_v6", Some(address)) => self.ask_from((place, typed), address),
            ("cache.open", Some(octets)) => self.cache_size((place, typed), octets),
            ("cache.max_ttl", Some(seconds)) => {
                self.draft.set(place, typed, ("[cache]", "max_ttl"), format!("{seconds}s"));
            }
            ("modules.load", Some(_)) => all.iter().for_each(|module| self.module((place, typed), module)),
            ("policy.add", _) if arguments.len() == 1 => {
                if let Some(rule) = arguments.first() {
                    self.rule((place, typed), rule);
                }
            }
            ("view.addr", Some(net)) => self.view((place, typed), net, arguments.get(1)),
            ("trust_anchors.set_insecure", _) => self.untrust(place, typed, &all),
            ("trust_anchors.add", Some(record)) => self.anchor(place, typed, record),
            ("trust_anchors.add_file" | "trust_anchors.config", Some(file)) => {
                self.anchors(place, typed, file)
            }
            ("trust_anchors.remove", Some(".")) => {
                self.unanchored = Some((place.clone(), typed.to_owned()));
            }
            ("hints.root_file", Some(file)) => {
                root::hints_file((place, typed), &place.beside(file), self.draft);
            }
            ("hints.add_hosts" | "hints.config", file) => {
                let path = place.beside(file.unwrap_or("/etc/hosts"));
                self.names.file((place, typed), &path, (ShortNames::Alone, &mut self.sources), self.draft);
            }
            ("hints.use_nodata", _) if arguments.first() == Some(&LuaValue::Name("false".to_owned())) => {
                self.has_nodata = false;
                self.draft.tell(Different, place, typed, OTHER_FAMILY);
            }
            ("hints.set", Some(pair)) => match pair.split_once(' ') {
                Some((name, address)) => self.hint((place, typed), name, &[address.trim()]),
                None => self.unknown(place, keyword),
            },
            (name, _) => match find(&told::CALLS, name) {
                Some((_, weight, did, instead)) => self.draft.tell(*weight, place, keyword, (did, instead)),
                None => self.unknown(place, keyword),
            },
        }
    }

    /// Takes a setting; whether it is one, and no variable of the program.
    fn assign(
        &mut self,
        (place, typed): (&SourcePlace, &str),
        (name, keyword): (&str, &str),
        value: &LuaValue,
    ) -> bool {
        let text = only(Some(value)).unwrap_or_default();
        let is_off = *value == LuaValue::Name("false".to_owned());
        match name {
            "cache.size" => self.cache_size((place, typed), &text),
            "net.ipv4" | "net.ipv6" => {
                let key = if name == "net.ipv4" { "ipv4" } else { "ipv6" };
                if is_off {
                    self.draft.set(place, typed, ("[resolve]", key), false);
                }
            }
            "net" => value.texts().iter().for_each(|address| self.listen(place, typed, address, 53)),
            "modules" => {
                let LuaValue::Table(entries) = value else { return true };
                for (key, value) in entries {
                    let named = key.clone().or_else(|| only(Some(value)));
                    if let Some(module) = named {
                        self.module((place, typed), &module);
                    }
                }
            }
            "trust_anchors.negative" => self.untrust(place, typed, &value.texts()),
            "trust_anchors.file" => self.anchors(place, typed, &text),
            _ => match (name.strip_prefix("hints."), find(&told::CALLS, name)) {
                (Some(hint), _) => self.hint((place, typed), hint, &value.texts()),
                (None, Some((_, weight, did, instead))) => {
                    self.draft.tell(*weight, place, keyword, (did, instead));
                }
                (None, None) if name.contains('.') => self.unknown(place, keyword),
                (None, None) => return false,
            },
        }
        true
    }

    /// `net.listen(addresses, port, {kind = 'dns'})`.
    fn net_listen(&mut self, (place, typed): (&SourcePlace, &str), arguments: &[LuaValue]) {
        let port: Option<u16> = only(arguments.get(1)).and_then(|port| port.parse().ok());
        let kind =
            arguments.iter().rev().find_map(|value| value.key("kind")).and_then(|kind| only(Some(kind)));
        let kind = kind.unwrap_or_else(|| match port {
            Some(853) => "tls".to_owned(),
            Some(443) => "doh2".to_owned(),
            _ => "dns".to_owned(),
        });
        match kind.as_str() {
            "dns" => {
                let addresses = match arguments.first() {
                    Some(LuaValue::Name(name)) => vec![name.trim_start_matches("net.")],
                    Some(value) => value.texts(),
                    None => Vec::new(),
                };
                for address in addresses {
                    self.listen(place, typed, address, port.unwrap_or(53));
                }
            }
            "webmgmt" => {
                let did = "served a page of its state over HTTP";
                self.draft.tell(Unneeded, place, typed, (did, "use resolverctl stats and resolverctl top"));
            }
            _ => {
                let did = "served DNS over TLS or HTTPS";
                let instead = "for clients of other hosts set tls or https, certificate and key of [listen]; the path of HTTPS is /dns-query; clients of this host use plain DNS";
                self.draft.tell(Different, place, typed, (did, instead));
            }
        }
    }

    fn cache_size(&mut self, (place, typed): (&SourcePlace, &str), octets: &str) {
        match size(octets) {
            Some(octets) => self.draft.set(place, typed, ("[cache]", "size"), size_text(octets)),
            None => {
                let did = "computed the size of the cache";
                self.draft.tell(Different, place, typed, (did, "set cache.size"));
            }
        }
    }

    /// An address to ask from, at most one of each family.
    pub(super) fn ask_from(&mut self, (place, typed): (&SourcePlace, &str), address: &str) {
        match address.parse::<IpAddr>() {
            Ok(address) if !self.from.iter().any(|known| known.is_ipv4() == address.is_ipv4()) => {
                self.from.push(address);
                let value = texts(self.from.iter().map(ToString::to_string));
                self.draft.set(place, typed, ("[resolve]", "source"), value);
            }
            _ => {
                let did = "was one more address to send queries from";
                self.draft.tell(
                    Different,
                    place,
                    typed,
                    (did, "resolverd takes one of each family (resolve.source)"),
                );
            }
        }
    }

    /// A module by its name, without its order: `serve_stale < cache`.
    fn module(&mut self, (place, typed): (&SourcePlace, &str), module: &str) {
        let name = module.split(['<', '>', ' ']).next().unwrap_or_default();
        let typed = if typed.contains("load") { typed.to_owned() } else { format!("modules: {module}") };
        if name == "serve_stale" {
            return self.draft.set(place, &typed, ("[cache]", "serve_stale"), "1d");
        }
        if name == "rebinding" {
            return self.draft.set(place, &typed, ("[resolve]", "private_addresses"), private());
        }
        match find(&told::MODULES, name) {
            Some((_, weight, did, instead)) => self.draft.tell(*weight, place, &typed, (did, instead)),
            None => self.unknown(place, &typed),
        }
    }

    /// `view:addr(network, policy.all(action))`.
    fn view(&mut self, (place, typed): (&SourcePlace, &str), net: &str, rule: Option<&LuaValue>) {
        let action = match rule {
            Some(LuaValue::Call(all, actions)) if all == "policy.all" => match actions.first() {
                Some(LuaValue::Name(action)) => action.as_str(),
                _ => "",
            },
            _ => "",
        };
        match action {
            // The first rule that fits a client decided.
            _ if self.has_client(net) => {
                let did = "had no effect after an earlier rule for the same clients";
                self.draft.tell(Different, place, typed, (did, "is left out"));
            }
            "policy.PASS" => self.client(place, typed, net, "allow"),
            "policy.DROP" => {
                let instead = "resolverd gives these clients no reply; for an error, move them from listen.drop to listen.refuse";
                self.draft.tell(Different, place, typed, ("answered SERVFAIL", instead));
                self.client(place, typed, net, "drop");
            }
            "policy.REFUSE" | "policy.DENY" => self.client(place, typed, net, "refuse"),
            _ => {
                let did = "gave some clients rules of their own";
                let instead = "add a [[listener]] with an address of its own and `zones` for these clients";
                self.draft.tell(Dangerous, place, typed, (did, instead));
            }
        }
    }

    /// The addresses of a name.
    pub(super) fn hint(&mut self, said: (&SourcePlace, &str), name: &str, addresses: &[&str]) {
        for address in addresses {
            match address.parse() {
                Ok(address) => self.names.host(said, name, address, true),
                Err(_) => {
                    let did = "gave an address that cannot be read";
                    self.draft.tell(Dangerous, said.0, said.1, (did, "add a [[host]] for the name"));
                }
            }
        }
    }

    fn unknown(&mut self, place: &SourcePlace, typed: &str) {
        let did = "is not known to this import";
        self.draft.tell(Dangerous, place, typed, (did, "see the manual of Knot Resolver for its effect"));
    }
}
