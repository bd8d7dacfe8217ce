//! Converts access lists of BIND (address match lists). The first element that matches a client decides.
//!
//! A nested list that denies a client does not decide about this client. So `! { ! 10.0.0.0/8; any; }` denies all clients outside this network, and
//! the elements after it decide about the clients in the network (BIND's Administrator Reference Manual, "address_match_list").

use ipnet::IpNet;

use super::lists::Lists;
use super::reader::Statement;
use crate::draft::Draft;
use crate::finding::Setting;
use crate::finding::Weight::{Dangerous, Different, Unneeded};
use crate::limits;
use crate::values::{Clients, MAPPED, network};
use config::mapped;

/// The clients that an access list allows and denies, while its elements are read in order.
struct Gathered<'d> {
    clients: Clients,
    belonging: Belonging,
    draft: &'d mut Draft,
    /// True if a nested list denies some clients. Then the elements are not read in order; the function `decides` evaluates the whole list for
    /// each prefix.
    exempts: bool,
}

pub(super) fn clients(
    statement: &Statement,
    lists: &Lists<'_>,
    belonging: Belonging,
    draft: &mut Draft,
) -> Clients {
    let mut unread = Draft::default();
    let mut first = Gathered { clients: Clients::default(), belonging, draft: &mut unread, exempts: false };
    first.add(statement.block(), false, lists, 0);
    let exempts = first.exempts;
    let mut gathered = Gathered { clients: Clients::default(), belonging, draft, exempts };
    gathered.add(statement.block(), false, lists, 0);
    if !exempts {
        return gathered.clients;
    }
    Clients::deciding(networks(statement, lists), |net| {
        let sample = Sample { net: *net, is_own: false, is_unknown: false };
        decides(statement.block(), sample, lists, 0) == Some(true)
    })
}

/// Nested lists are included.
pub(super) fn networks(statement: &Statement, lists: &Lists<'_>) -> Vec<IpNet> {
    let mut nets = Vec::new();
    named(statement.block(), lists, 0, &mut nets);
    nets
}

/// A group of client addresses that all match the same elements of an access list, so that one look at the list decides about all of them.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) net: IpNet,
    /// True for addresses of this host.
    pub(super) is_own: bool,
    /// True if elements count as matching whose networks are not in the file, such as `localnets`.
    pub(super) is_unknown: bool,
}

/// Returns true if the list allows the addresses in `of`, false if it denies them, and `None` if no element matches.
pub(super) fn decides(elements: &[Statement], of: Sample, lists: &Lists<'_>, depth: usize) -> Option<bool> {
    let nested = |elements: &[Statement]| {
        depth < limits::MAX_NESTED && decides(elements, of, lists, depth.saturating_add(1)) == Some(true)
    };
    lists.read(elements).find_map(|element| {
        let typed = element.option();
        let (typed, denied) = typed.strip_prefix('!').map_or((typed, false), |rest| (rest, true));
        let names = match typed {
            "any" | "none" => true,
            "localhost" => of.is_own || lists.own().longest_around(&of.net).is_some(),
            "localnets" => of.is_own || of.is_unknown,
            "geoip" => of.is_unknown,
            "key" => false,
            "" => nested(element.block()),
            name => match (network(&filled(name)), lists.get(name)) {
                (Some(net), _) => net.contains(&of.net),
                (None, Some(list)) => nested(list.block()),
                (None, None) => of.is_unknown,
            },
        };
        names.then_some(denied == (typed == "none"))
    })
}

/// Collects all prefixes in an access list, including those in nested lists and those with `!`.
fn named(elements: &[Statement], lists: &Lists<'_>, depth: usize, found: &mut Vec<IpNet>) {
    for element in lists.read(elements) {
        match element.option().trim_start_matches('!') {
            "any" | "none" => found.extend(["0.0.0.0/0", "::/0"].iter().filter_map(|all| network(all))),
            "localhost" => found.extend(lists.own().iter()),
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
        for element in lists.read(elements) {
            let typed = element.option();
            let (typed, own) = typed.strip_prefix('!').map_or((typed, false), |rest| (rest, true));
            let denied = denied != own;
            // A nested list that denies a client leaves the decision to the elements after the nested list.
            self.exempts |= depth > 0 && (own || typed == "none");
            let all = || ["0.0.0.0/0", "::/0"].iter().filter_map(|all| network(all));
            match typed {
                // `none` denies all clients that no earlier element matches; `!none` allows them.
                "none" => all().for_each(|net| self.one(net, !denied, element)),
                _ if own && !denied => {}
                "any" => all().for_each(|net| self.one(net, denied, element)),
                "localhost" => lists.own().iter().for_each(|net| self.one(*net, denied, element)),
                "localnets" | "geoip" => self.belonging.report_unknown(element, denied, self.draft),
                "key" => self.belonging.report_key(element, denied, self.draft),
                "" if depth < limits::MAX_NESTED => {
                    self.add(element.block(), denied, lists, depth.saturating_add(1))
                }
                name => match (network(&filled(name)), lists.get(name)) {
                    (Some(net), _) => self.one(net, denied, element),
                    (None, Some(list)) if depth < limits::MAX_NESTED => {
                        self.add(list.block(), denied, lists, depth.saturating_add(1));
                    }
                    _ => self.belonging.report_unknown(element, denied, self.draft),
                },
            }
        }
    }

    /// Adds a prefix to the allowed or denied clients, unless an earlier element covers it: in BIND the first matching element decides, in resolverd
    /// the longest prefix.
    fn one(&mut self, net: IpNet, denied: bool, element: &Statement) {
        if self.exempts {
            return;
        }
        if mapped(net).is_some() && !matches!(self.belonging, Belonging::Private) {
            return self.draft.report(Different, element, MAPPED);
        }
        let Clients { allow, refuse, .. } = &mut self.clients;
        let (same, other) = if denied { (refuse, allow) } else { (allow, refuse) };
        if other.longest_around(&net).is_some() {
            let did = "had no effect after an earlier element of the list";
            return self.draft.report(Different, element, (did, "is left out"));
        }
        same.push(net);
    }
}

/// Reports that the import does not know all addresses of this host. If a program of this host sends a query to one of the unknown addresses, the
/// query also comes from this address, so resolverd may refuse the query.
pub(super) fn report_own(list: &Statement, lists: &Lists<'_>, draft: &mut Draft) {
    let localnets = lists.built_in(list.block(), "localnets");
    let Some(element) = lists.built_in(list.block(), "localhost").filter(|_| localnets.is_none()) else {
        return;
    };
    if lists.listens_elsewhere() {
        let did = "stood for all addresses of this host; listen.allow has those that the file names";
        let instead =
            "add the other addresses of this host to listen.allow if its programs query resolverd there";
        draft.report(Dangerous, &(&element.place, "localhost"), (did, instead));
    }
}

/// Adds missing octets: `10/8` becomes `10.0.0.0/8`.
fn filled(typed: &str) -> String {
    match typed.split_once('/') {
        Some((address, length)) if !address.contains(':') => {
            let missing = 3_usize.saturating_sub(address.matches('.').count());
            format!("{}{}/{length}", address.trim_end_matches('.'), ".0".repeat(missing))
        }
        _ => typed.to_owned(),
    }
}

/// The use of an access list.
#[derive(Clone, Copy)]
pub(super) enum Belonging {
    /// Clients for which named resolves names.
    Allowed,
    /// Clients that get no reply.
    Dropped,
    /// Addresses of this host at which named listens.
    Listening,
    /// Addresses that named removes from answers.
    Private,
}

impl Belonging {
    /// Returns the advice about clients with unknown addresses.
    fn advice(self, whose: &str, denied: bool) -> String {
        match (self, denied) {
            (Self::Allowed, false) => format!("add {whose} to listen.allow"),
            (Self::Allowed, true) => format!("add {whose} to listen.refuse"),
            (Self::Dropped, false) => format!("add {whose} to listen.drop"),
            (Self::Dropped, true) => format!("add {whose} to listen.allow if they may query"),
            (Self::Listening, false) => "add the addresses to listen.addresses".to_owned(),
            (Self::Listening, true) => "remove the addresses from listen.addresses".to_owned(),
            (Self::Private, false) => format!("add {whose} to resolve.private_addresses"),
            (Self::Private, true) => format!("remove {whose} from resolve.private_addresses"),
        }
    }

    /// Reports an element of a list of clients that stands for networks which are not in the configuration file, such as `localnets`.
    pub(super) fn report_unknown(self, element: &Statement, denied: bool, draft: &mut Draft) {
        let (option, did) = match element.option().trim_start_matches('!') {
            "localnets" => ("localnets".to_owned(), "stood for the networks of this host's interfaces"),
            "geoip" => (element.shown(), "chose clients by the place of their addresses"),
            name => (name.to_owned(), "is not the name of an access list"),
        };
        let instead = self.advice("their prefixes", denied);
        draft.report(Dangerous, &(&element.place, &option), (did, &instead));
    }

    /// Reports that the addresses of clients with a TSIG key are unknown.
    pub(super) fn report_key(self, element: &Statement, denied: bool, draft: &mut Draft) {
        if denied {
            let (did, instead) = ("left out clients with a TSIG key", "resolverd has no TSIG");
            return draft.report(Unneeded, element, (did, instead));
        }
        let instead = format!("resolverd has no TSIG; {}", self.advice("their addresses", false));
        draft.report(Dangerous, element, ("stood for clients with a TSIG key", &instead));
    }
}
