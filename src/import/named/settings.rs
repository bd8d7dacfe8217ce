//! Settings of a named.conf to which its zones refer. They are stored by name, because a file may have 100 000 zones.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::built_in_zones;
use super::configuration::is_bogus;
use super::lists::Lists;
use super::reader::{Statement, find, options_of};
use crate::values::{Networks, enclosing, network, plain};

pub(super) struct Settings<'s> {
    /// The options of named.conf, or of the imported view.
    pub(super) options: &'s [Statement],
    /// Relative paths in named.conf start at this directory.
    pub(super) base: &'s Path,
    pub(super) lists: &'s Lists<'s>,
    forward: HashMap<String, &'s Statement>,
    /// The names of all zones that are not of type forward.
    others: HashSet<String>,
    /// Lists of servers (`primaries`, `masters`) by name.
    servers: HashMap<&'s str, &'s Statement>,
    tls: HashMap<&'s str, &'s Statement>,
    /// named sends no queries to these addresses.
    pub(super) never_asked: Networks,
    /// The empty zones (RFC 6303) that the options turn off.
    disabled: HashSet<String>,
}

impl<'s> Settings<'s> {
    pub(super) fn new(statements: &'s [Statement], base: &'s Path, lists: &'s Lists<'s>) -> Self {
        let options = options_of(statements);
        let disabled = built_in_zones::disabled(options);
        let mut settings = Self {
            options,
            base,
            lists,
            forward: HashMap::new(),
            others: HashSet::new(),
            servers: HashMap::new(),
            tls: HashMap::new(),
            never_asked: Networks::default(),
            disabled: disabled.map(|zone| plain(zone.value())).collect(),
        };
        for statement in statements {
            settings.add(statement);
        }
        settings
    }

    fn add(&mut self, statement: &'s Statement) {
        match statement.option() {
            "zone" if find(statement.block(), "type").is_some_and(|kind| kind.value() == "forward") => {
                self.forward.insert(plain(statement.value()), statement);
            }
            "zone" => {
                self.others.insert(plain(statement.value()));
            }
            "primaries" | "masters" | "remote-servers" => {
                self.servers.entry(statement.value()).or_insert(statement);
            }
            "tls" => {
                self.tls.entry(statement.value()).or_insert(statement);
            }
            "server" if is_bogus(statement) => {
                network(statement.value()).into_iter().for_each(|net| self.never_asked.push(net));
            }
            _ => {}
        }
    }

    /// Returns the zones of type forward that contain `name`, the longest zone name first.
    pub(super) fn forward_around(&self, name: &str) -> Vec<&'s Statement> {
        enclosing(&plain(name)).filter_map(|around| self.forward.get(around).copied()).collect()
    }

    /// Returns the zones of type forward above the zone `name`, the longest zone name first.
    pub(super) fn forward_above(&self, name: &str) -> Vec<&'s Statement> {
        enclosing(&plain(name)).skip(1).filter_map(|above| self.forward.get(above).copied()).collect()
    }

    /// Returns true if a zone with exactly this name has another type than forward.
    pub(super) fn has_other(&self, name: &str) -> bool {
        self.others.contains(&plain(name))
    }

    /// Returns true if a zone has exactly this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.has_other(name) || self.forward.contains_key(&plain(name))
    }

    /// Returns true if the options turn off this empty zone.
    pub(super) fn is_disabled(&self, name: &str) -> bool {
        self.disabled.contains(&plain(name))
    }

    pub(super) fn servers(&self, name: &str) -> Option<&'s Statement> {
        self.servers.get(name).copied()
    }

    pub(super) fn tls(&self, name: &str) -> Option<&'s Statement> {
        self.tls.get(name).copied()
    }
}
