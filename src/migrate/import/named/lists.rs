//! The access lists of BIND by name, including the built-in ones: `localhost` stands for all addresses of this host, and `localnets` for all
//! networks of its interfaces (BIND's Administrator Reference Manual, "acl").
//! The import may run on another host than named. So the only addresses of named's host that the import knows are the listening addresses in the
//! file.

use crate::limits;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::reader::{Statement, find};
use crate::import::ImportError;
use crate::import::finding::SourcePlace;
use crate::import::values::{Networks, loopback, network};

/// The options of named with the addresses at which it listens.
const LISTENS: [&str; 2] = ["listen-on", "listen-on-v6"];

/// The access lists in a named.conf, and what is known about the addresses of its host.
pub(super) struct Lists<'s> {
    named: BTreeMap<&'s str, &'s Statement>,
    /// The addresses of named's host that are written in the file. There may be other addresses.
    own: Networks,
    /// True if named also listens at addresses that are not written in the file.
    listens_elsewhere: bool,
    /// How many elements of access lists were read so far.
    reads: Cell<usize>,
    /// The position of the first element that was too many (see `limits::MAX_LIST_READS`); empty if there was none.
    excess: OnceCell<SourcePlace>,
}

impl<'s> Lists<'s> {
    /// Collects the access lists of a file. `options` are the options of the file or of a view.
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

    /// Returns the elements of a list. They end early if `limits::MAX_LIST_READS` elements of lists were read.
    pub(super) fn read<'e>(&self, elements: &'e [Statement]) -> impl Iterator<Item = &'e Statement> {
        elements.iter().take_while(|element| self.may_read(element))
    }

    /// Counts one more read for the list `list`, or for an element of it. Returns false if there were too many.
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
    /// Fails if the lists were not read to their ends.
    pub(super) fn check(&self) -> Result<(), ImportError> {
        let Some(place) = self.excess.get().cloned() else { return Ok(()) };
        let reason = format!(
            "lists with all lists that they name have more than {} elements; write them without repetitions",
            limits::MAX_LIST_READS
        );
        Err(ImportError::Text { place, reason })
    }

    /// Returns the addresses that are written in a list, or in other lists of the file to which it refers.
    pub(super) fn addresses(&self, list: &Statement) -> Vec<IpAddr> {
        let mut known = KnownAddresses::default();
        known.add(list.block(), self, 0);
        known.addresses
    }

    /// Returns the access list (`acl`) with this name.
    pub(super) fn get(&self, name: &str) -> Option<&'s Statement> {
        self.named.get(name).copied()
    }

    /// Returns the known addresses of the host, for which the built-in list `localhost` stands.
    pub(super) const fn own(&self) -> &Networks {
        &self.own
    }

    /// Returns true if named also listens at addresses that are not written in the file.
    pub(super) const fn listens_elsewhere(&self) -> bool {
        self.listens_elsewhere
    }

    /// Returns the first element that refers to the built-in list `wanted`, either directly or through a list of the file.
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

/// The addresses that are written in an access list, or in lists to which it refers.
#[derive(Default)]
struct KnownAddresses {
    addresses: Vec<IpAddr>,
    /// True if the list also has other elements than single addresses: networks, built-in lists, or lists that are not in the file.
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

/// Returns the address of an element that is a single address. Returns `None` for other elements.
pub(super) fn address(element: &Statement) -> Option<IpAddr> {
    let net = network(element.option())?;
    (net.prefix_len() == net.max_prefix_len()).then_some(net.addr())
}
