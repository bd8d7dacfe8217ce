//! The access lists of BIND by name, including the built-in ones: `localhost` stands for all addresses of this host, and `localnets` for all
//! networks of its interfaces (BIND's Administrator Reference Manual, "acl").
//! The import may run on another host than named. So the only addresses of named's host that the import knows are the listening addresses in the
//! file.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::reader::{Statement, find};
use crate::error::ImportError;
use crate::finding::SourcePlace;
use crate::limits;
use crate::values::{Networks, loopback, network};

const LISTENS: [&str; 2] = ["listen-on", "listen-on-v6"];

pub(super) struct Lists<'s> {
    named: BTreeMap<&'s str, &'s Statement>,
    /// The addresses of named's host in the file. The host may have others.
    own: Networks,
    /// True if named also listens at addresses that are not in the file.
    listens_elsewhere: bool,
    /// The number of list elements that were read.
    reads: Cell<usize>,
    /// The position of the first element above `limits::MAX_LIST_READS`.
    excess: OnceCell<SourcePlace>,
}

impl<'s> Lists<'s> {
    /// Collects the access lists (`acl`) of the file, and the addresses at which named listens. `options` are the options of the file or of a view.
    pub(super) fn new(statements: &'s [Statement], options: &[Statement]) -> Self {
        let named = statements.iter().filter(|statement| statement.option() == "acl");
        let mut found = Self {
            named: named.map(|list| (list.value(), list)).collect(),
            own: loopback().into_iter().collect(),
            listens_elsewhere: LISTENS.iter().any(|option| find(options, option).is_none()),
            reads: Cell::default(),
            excess: OnceCell::new(),
        };
        let listens = options.iter().filter(|statement| LISTENS.contains(&statement.option()));
        let mut known = KnownAddresses::default();
        for list in listens {
            known.add(list.block(), &found, 0);
        }
        found.listens_elsewhere |= known.has_others;
        for address in known.addresses {
            if found.own.longest_around(&address.into()).is_none() {
                found.own.push(address.into());
            }
        }
        found
    }

    /// Returns the elements of a list. Ends early after `limits::MAX_LIST_READS` elements of all lists together.
    pub(super) fn read<'e>(&self, elements: &'e [Statement]) -> impl Iterator<Item = &'e Statement> {
        elements.iter().take_while(|element| self.may_read(element))
    }

    /// Counts a list element. Returns false if too many elements were read.
    pub(super) fn may_read(&self, list: &Statement) -> bool {
        let reads = self.reads.get().saturating_add(1);
        self.reads.set(reads);
        let may_read = reads <= limits::MAX_LIST_READS;
        if !may_read {
            self.excess.get_or_init(|| list.place.clone());
        }
        may_read
    }

    /// # Errors
    /// Fails if `limits::MAX_LIST_READS` was reached.
    pub(super) fn check(&self) -> Result<(), ImportError> {
        let Some(place) = self.excess.get().cloned() else { return Ok(()) };
        let reason = format!(
            "lists with all lists that they name have more than {} elements; write them without repetitions",
            limits::MAX_LIST_READS
        );
        Err(ImportError::Text { place, reason })
    }

    /// Returns the addresses in an address list, in the lists inside it, and in the lists that it names.
    pub(super) fn addresses(&self, list: &Statement) -> Vec<IpAddr> {
        let mut known = KnownAddresses::default();
        known.add(list.block(), self, 0);
        known.addresses
    }

    pub(super) fn get(&self, name: &str) -> Option<&'s Statement> {
        self.named.get(name).copied()
    }

    /// Returns the loopback addresses and the other addresses of this host that the configuration file contains. The built-in list `localhost`
    /// stands for these.
    pub(super) const fn own(&self) -> &Networks {
        &self.own
    }

    pub(super) const fn listens_elsewhere(&self) -> bool {
        self.listens_elsewhere
    }

    /// Returns the first element that refers to the built-in list `wanted`, directly or through other lists.
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
        self.read(elements).find_map(|element| match element.option() {
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

#[derive(Default)]
struct KnownAddresses {
    addresses: Vec<IpAddr>,
    /// True if the list also has networks, built-in lists, or lists that are not in the file.
    has_others: bool,
}

impl KnownAddresses {
    fn add(&mut self, elements: &[Statement], lists: &Lists<'_>, depth: usize) {
        let taken = lists.read(elements).filter(|element| !element.option().starts_with('!'));
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

/// Returns `None` if the element is not a single address.
pub(super) fn address(element: &Statement) -> Option<IpAddr> {
    let net = network(element.option())?;
    (net.prefix_len() == net.max_prefix_len()).then_some(net.addr())
}
