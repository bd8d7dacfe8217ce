//! Access lists of BIND: the first element that matches a client decides.
//!
//! A client that a nested list denies is not decided by that list. So `! { ! 10.0.0.0/8; any; }` denies all clients but those of the
//! network, and leaves these to the elements after it (BIND's Administrator Reference Manual, "address_match_list").

use ipnet::IpNet;

use super::lists::Lists;
use super::reader::Statement;
use crate::import::draft::Draft;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::values::{Clients, network};
use crate::limits;

/// The clients of a list, in its order, while it is read.
struct Gathered<'d> {
    clients: Clients,
    draft: &'d mut Draft,
    /// Whether a nested list denies some clients, so that each prefix must be decided by itself.
    exempts: bool,
}

/// The clients of the block of `statement`.
pub(super) fn clients(statement: &Statement, lists: &Lists<'_>, draft: &mut Draft) -> Clients {
    let mut unread = Draft::default();
    let mut first = Gathered { clients: Clients::default(), draft: &mut unread, exempts: false };
    first.add(statement.block(), false, lists, 0);
    let exempts = first.exempts;
    let mut gathered = Gathered { clients: Clients::default(), draft, exempts };
    gathered.add(statement.block(), false, lists, 0);
    if !exempts {
        return gathered.clients;
    }
    let mut nets = Vec::new();
    named(statement.block(), lists, 0, &mut nets);
    let allows =
        |net: &IpNet| decides(statement.block(), Sample { net: *net, is_own: false }, lists, 0) == Some(true);
    Clients::deciding(nets, allows)
}

/// Addresses about which a list decides alike.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) net: IpNet,
    /// Whether they are addresses of this host.
    pub(super) is_own: bool,
}

/// Whether a list allows some addresses: the first element that names them decides. None if no element does.
pub(super) fn decides(elements: &[Statement], of: Sample, lists: &Lists<'_>, depth: usize) -> Option<bool> {
    let nested = |elements: &[Statement]| {
        depth < limits::MAX_NESTED && decides(elements, of, lists, depth.saturating_add(1)) == Some(true)
    };
    elements.iter().find_map(|element| {
        let typed = element.option();
        let (typed, denied) = typed.strip_prefix('!').map_or((typed, false), |rest| (rest, true));
        let is_named = match typed {
            "any" => true,
            "localhost" => of.is_own || lists.own().iter().any(|own| own.contains(&of.net)),
            "localnets" => of.is_own,
            "none" => return Some(denied),
            "key" => false,
            "" => nested(element.block()),
            name => match network(&filled(name)) {
                Some(net) => net.contains(&of.net),
                None => lists.get(name).is_some_and(|list| nested(list.block())),
            },
        };
        is_named.then_some(!denied)
    })
}

/// The prefixes that a list names, with those of its nested lists.
fn named(elements: &[Statement], lists: &Lists<'_>, depth: usize, found: &mut Vec<IpNet>) {
    for element in elements {
        match element.option().trim_start_matches('!') {
            "any" | "none" => found.extend(["0.0.0.0/0", "::/0"].iter().filter_map(|all| network(all))),
            "localhost" => found.extend(lists.own()),
            "" if depth < limits::MAX_NESTED => named(element.block(), lists, depth.saturating_add(1), found),
            name => match (network(&filled(name)), lists.get(name)) {
                (Some(net), _) => found.push(net),
                (None, Some(list)) if depth < limits::MAX_NESTED => {
                    named(list.block(), lists, depth.saturating_add(1), found);
                }
                _ => {}
            },
        }
    }
}

impl Gathered<'_> {
    fn add(&mut self, elements: &[Statement], denied: bool, lists: &Lists<'_>, depth: usize) {
        for element in elements {
            let typed = element.option();
            let (typed, own) = typed.strip_prefix('!').map_or((typed, false), |rest| (rest, true));
            let denied = denied != own;
            // A client that a nested list denies is left to the elements after that list.
            self.exempts |= depth > 0 && (own || typed == "none");
            let all = || ["0.0.0.0/0", "::/0"].iter().filter_map(|all| network(all));
            match typed {
                // It denies all clients that no earlier element names; `!none` allows them.
                "none" => all().for_each(|net| self.one(net, !denied, element)),
                // They are left to the elements after the denied list.
                _ if own && !denied => {}
                "any" => all().for_each(|net| self.one(net, denied, element)),
                "localhost" => lists.own().iter().for_each(|net| self.one(*net, denied, element)),
                "localnets" => self.draft.tell(
                    Dangerous,
                    &element.place,
                    typed,
                    (
                        "stood for the networks of this host's interfaces",
                        "add their prefixes to listen.allow",
                    ),
                ),
                "key" => tell_key(element, denied, self.draft),
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
        if self.exempts {
            return;
        }
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

/// Reports that the addresses of this host are not all known: its programs come from them if they query named at one of them.
pub(super) fn tell_own(list: &Statement, lists: &Lists<'_>, draft: &mut Draft) {
    let localnets = lists.built_in(list.block(), "localnets");
    let Some(element) = lists.built_in(list.block(), "localhost").filter(|_| localnets.is_none()) else {
        return;
    };
    if lists.listens_elsewhere() {
        let did = "stood for all addresses of this host; listen.allow has those that the file names";
        let instead =
            "add the other addresses of this host to listen.allow if its programs query resolverd there";
        draft.tell(Dangerous, &element.place, "localhost", (did, instead));
    }
}

/// Reports clients with a TSIG key, which no address tells.
fn tell_key(element: &Statement, denied: bool, draft: &mut Draft) {
    let (weight, did, instead) = if denied {
        (Unneeded, "left out clients with a TSIG key", "resolverd has no TSIG")
    } else {
        let instead = "resolverd has no TSIG; add their addresses to listen.allow";
        (Dangerous, "stood for clients with a TSIG key", instead)
    };
    draft.tell(weight, &element.place, &element.shown(), (did, instead));
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
