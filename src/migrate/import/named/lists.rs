//! The access lists of BIND by name, with the built-in ones: `localhost` is every address of this host, and `localnets` every
//! network of its interfaces (BIND's Administrator Reference Manual, "acl").
//!
//! The import may run on another host. Of these addresses it knows those at which the file says that named listens.

use crate::limits;
use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::reader::{Statement, find};
use crate::import::values::{loopback, network};

/// The options with addresses to listen at.
const LISTENS: [&str; 2] = ["listen-on", "listen-on-v6"];

/// The lists of a file.
pub(super) struct Lists<'s> {
    named: BTreeMap<&'s str, &'s Statement>,
    /// The addresses of this host, as far as they are known.
    own: Vec<IpNet>,
    /// Whether named listens at addresses that the file does not name.
    listens_elsewhere: bool,
}

impl<'s> Lists<'s> {
    /// The lists of a file with these options.
    pub(super) fn new(statements: &'s [Statement], options: &[Statement]) -> Self {
        let named = statements.iter().filter(|statement| statement.option() == "acl");
        let mut found = Self {
            named: named.map(|list| (list.value(), list)).collect(),
            own: loopback(),
            listens_elsewhere: LISTENS.iter().any(|option| find(options, option).is_none()),
        };
        let listens = options.iter().filter(|statement| LISTENS.contains(&statement.option()));
        let mut known = KnownAddresses::default();
        for list in listens {
            known.add(list.block(), &found, 0);
        }
        found.listens_elsewhere |= known.has_others;
        for address in known.addresses {
            if !found.own.iter().any(|own| own.contains(&address)) {
                found.own.push(address.into());
            }
        }
        found
    }

    /// The addresses that a list names, itself or by lists of the file.
    pub(super) fn addresses(&self, list: &Statement) -> Vec<IpAddr> {
        let mut known = KnownAddresses::default();
        known.add(list.block(), self, 0);
        known.addresses
    }

    /// A list by its name.
    pub(super) fn get(&self, name: &str) -> Option<&'s Statement> {
        self.named.get(name).copied()
    }

    /// The known addresses of this host: those of `localhost`.
    pub(super) fn own(&self) -> &[IpNet] {
        &self.own
    }

    /// Returns true if named listens at addresses that the file does not name.
    pub(super) const fn listens_elsewhere(&self) -> bool {
        self.listens_elsewhere
    }

    /// The first element that names a built-in list, directly or by a list of the file.
    pub(super) fn built_in<'e>(&self, elements: &'e [Statement], wanted: &str) -> Option<&'e Statement>
    where
        's: 'e,
    {
        self.built_in_at(elements, wanted, 0)
    }

    fn built_in_at<'e>(&self, elements: &'e [Statement], wanted: &str, depth: usize) -> Option<&'e Statement>
    where
        's: 'e,
    {
        elements.iter().find_map(|element| match element.option() {
            name if name == wanted => Some(element),
            "" if depth < limits::MAX_NESTED => {
                self.built_in_at(element.block(), wanted, depth.saturating_add(1))
            }
            name if depth < limits::MAX_NESTED => {
                self.built_in_at(self.get(name)?.block(), wanted, depth.saturating_add(1))
            }
            _ => None,
        })
    }
}

/// The addresses of a list that the file has.
#[derive(Default)]
struct KnownAddresses {
    addresses: Vec<IpAddr>,
    /// Whether the list has more: networks, built-in lists, and lists that the file does not have.
    has_others: bool,
}

impl KnownAddresses {
    fn add(&mut self, elements: &[Statement], lists: &Lists<'_>, depth: usize) {
        let taken = elements.iter().filter(|element| !element.option().starts_with('!'));
        for element in taken.filter(|element| element.option() != "none") {
            if let Some(address) = address(element) {
                self.addresses.push(address);
                continue;
            }
            let nested = match element.option() {
                "" => Some(element.block()),
                name => lists.get(name).map(Statement::block),
            };
            match nested.filter(|_| depth < limits::MAX_NESTED) {
                Some(elements) => self.add(elements, lists, depth.saturating_add(1)),
                None => self.has_others = true,
            }
        }
    }
}

/// An element that is a single address.
pub(super) fn address(element: &Statement) -> Option<IpAddr> {
    let net = network(element.option())?;
    (net.prefix_len() == net.max_prefix_len()).then_some(net.addr())
}
