//! Access lists of BIND: the first element that matches a client decides.
//!
//! A client that a nested list denies is not decided by that list. So `! { ! 10.0.0.0/8; any; }` denies all clients but those of the
//! network, and leaves these to the elements after it (BIND's Administrator Reference Manual, "address_match_list").

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::reader::Statement;
use crate::import::draft::Draft;
use crate::import::finding::Weight::{Dangerous, Different};
use crate::import::values::{Clients, loopback, network};
use crate::limits;

/// The lists by name.
pub(super) type Lists<'s> = BTreeMap<&'s str, &'s Statement>;

/// The clients of a list, in its order, while it is read.
struct Gathered<'d> {
    clients: Clients,
    draft: &'d mut Draft,
}

/// The clients of the block of `statement`.
pub(super) fn clients(statement: &Statement, lists: &Lists<'_>, draft: &mut Draft) -> Clients {
    let mut gathered = Gathered { clients: Clients::default(), draft };
    gathered.add(statement.block(), false, lists, 0);
    gathered.clients
}

impl Gathered<'_> {
    fn add(&mut self, elements: &[Statement], denied: bool, lists: &Lists<'_>, depth: usize) {
        for element in elements {
            let typed = element.option();
            let (typed, own) = typed.strip_prefix('!').map_or((typed, false), |rest| (rest, true));
            let denied = denied != own;
            match typed {
                // The clients of this element are exempt from a list that is denied as a whole. That they stay denied is safe.
                _ if own && !denied => self.draft.tell(
                    Dangerous,
                    &element.place,
                    &element.shown(),
                    (
                        "left these clients to the elements after a list that is denied",
                        "add those of them that may ask to listen.allow",
                    ),
                ),
                "any" => ["0.0.0.0/0", "::/0"]
                    .iter()
                    .filter_map(|all| network(all))
                    .for_each(|net| self.one(net, denied, element)),
                "none" => {}
                "localhost" => loopback().into_iter().for_each(|net| self.one(net, denied, element)),
                "localnets" => self.draft.tell(
                    Dangerous,
                    &element.place,
                    typed,
                    (
                        "stood for the networks of this host's interfaces",
                        "add their prefixes to listen.allow",
                    ),
                ),
                "key" => self.draft.tell(
                    Dangerous,
                    &element.place,
                    &element.shown(),
                    (
                        "stood for clients with a TSIG key",
                        "resolverd has no TSIG; add their addresses to listen.allow",
                    ),
                ),
                "" if depth < limits::MAX_NESTED => {
                    self.add(element.block(), denied, lists, depth.saturating_add(1))
                }
                name => match (network(&filled(name)), lists.get(name)) {
                    (Some(net), _) => self.one(net, denied, element),
                    (None, Some(list)) if depth < limits::MAX_NESTED => {
                        self.add(list.block(), denied, lists, depth.saturating_add(1));
                    }
                    _ => self.draft.tell(
                        Dangerous,
                        &element.place,
                        name,
                        ("is not the name of an access list", "add the clients to listen.allow"),
                    ),
                },
            }
        }
    }

    /// Adds a prefix. Here the longest prefix decides: an element that an earlier one within BIND makes void is left out.
    fn one(&mut self, net: IpNet, denied: bool, element: &Statement) {
        let Clients { allow, refuse, .. } = &mut self.clients;
        let (same, other) = if denied { (refuse, allow) } else { (allow, refuse) };
        if other.iter().any(|earlier| earlier.contains(&net)) {
            let did = "had no effect after an earlier element of the list";
            return self.draft.tell(Different, &element.place, &element.shown(), (did, "is left out"));
        }
        if !same.contains(&net) {
            same.push(net);
        }
    }
}

/// A prefix without its last octets: `10/8`.
fn filled(typed: &str) -> String {
    match typed.split_once('/') {
        Some((address, length)) if !address.contains(':') => {
            let missing = 3_usize.saturating_sub(address.matches('.').count());
            format!("{}{}/{length}", address.trim_end_matches('.'), ".0".repeat(missing))
        }
        _ => typed.to_owned(),
    }
}
