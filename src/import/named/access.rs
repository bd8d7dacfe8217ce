//! Converts the lists of the clients for which BIND (named) resolved names.
//!
//! A client must be in both `allow-recursion` and `allow-query-cache`. If only one of these options is set, it is used for both. If neither is set,
//! `allow-query` is used. If this is not set either, the clients are this host and its networks. If `allow-recursion` or `allow-query-cache` is set,
//! `allow-query` applies only to named's own zones. Clients in `blackhole` get no reply, whatever these lists say (BIND's Administrator Reference
//! Manual, at these options).

use ipnet::IpNet;

use super::clients::{self, Belonging};
use super::lists::Lists;
use super::reader::{Statement, find};
use crate::draft::Draft;
use crate::finding::Weight::{Dangerous, Different};
use crate::finding::{Setting, TypedSetting};
use crate::values::Clients;

/// The clients for which named resolved names, with the setting that names them.
pub(super) struct AccessList {
    pub(super) setting: TypedSetting,
    pub(super) clients: Clients,
}

/// The options that select the clients. The first one that is set applies. If `allow-recursion` and `allow-query-cache` are set, a client must be in
/// both lists.
const CHOOSING: [&str; 3] = ["allow-recursion", "allow-query-cache", "allow-query"];

/// Returns `None` if no option selects clients.
pub(super) fn from_options(
    options: &[Statement],
    lists: &Lists<'_>,
    draft: &mut Draft,
) -> Option<AccessList> {
    if let Some(never) = find(options, "recursion").filter(|recursion| recursion.value() == "no") {
        // With `recursion no`, named answered clients only for names in its own zones. resolverd would resolve all names for these clients, so only
        // this host is allowed.
        return Some(AccessList { setting: never.typed(), clients: Clients::of_this_host() });
    }
    let [recursion, cache, queries] = CHOOSING.map(|option| find(options, option));
    let chosen = recursion.or(cache).or(queries)?;
    let mut clients = clients::clients(chosen, lists, Belonging::Allowed, draft);
    if let Some(cache) = cache.filter(|_| recursion.is_some()) {
        clients = restricted(&clients, cache, lists, draft);
    }
    if clients.has_others() {
        clients::report_own(chosen, lists, draft);
    }
    Some(AccessList { setting: chosen.typed(), clients })
}

/// Returns the clients if the file names none: this host and the networks of its interfaces. Returns `None` if other hosts cannot reach named. Also
/// returns `None` if named listens at all addresses, because the module `listen` reports this.
pub(super) fn by_default(options: &[Statement], lists: &Lists<'_>, draft: &mut Draft) -> Option<AccessList> {
    let others: Vec<IpNet> = lists.own().iter().filter(|own| !own.addr().is_loopback()).copied().collect();
    let listens = ["listen-on", "listen-on-v6"].iter().filter_map(|option| find(options, option));
    let is_reached = |list: &&Statement| lists.addresses(list).iter().any(|own| !own.is_loopback());
    let list = listens.into_iter().find(is_reached).filter(|_| !others.is_empty())?;
    let did = "answered clients in the networks of this host's interfaces at these addresses, as no allow-recursion names others";
    let instead = "listen.allow has this host; add the prefixes of these networks to listen.allow";
    draft.report(Dangerous, list, (did, instead));
    let clients = Clients { allow: lists.own().clone(), ..Clients::default() };
    Some(AccessList { setting: list.typed(), clients })
}

/// Returns the clients in `found`, or this host if `found` is `None`, without the clients in `blackhole`. Exceptions inside `blackhole` become
/// separate entries, because in resolverd the longest prefix decides.
pub(super) fn without_blackhole(
    found: Option<AccessList>,
    options: &[Statement],
    lists: &Lists<'_>,
    draft: &mut Draft,
) -> Option<AccessList> {
    let Some(list) = find(options, "blackhole") else { return found };
    let blackhole = clients::clients(list, lists, Belonging::Dropped, draft);
    if blackhole.allow.is_empty() {
        return found;
    }
    let of_this_host = || AccessList { setting: list.typed(), clients: Clients::of_this_host() };
    let mut found = found.unwrap_or_else(of_this_host);
    let left = found.clients.allow.iter().copied().filter(|net| !blackhole.permits(net));
    found.clients.allow = left.collect();
    let Clients { allow: dropped, refuse: exempt, .. } = blackhole;
    for net in exempt.iter().copied().filter(|net| dropped.longest_around(net).is_some()) {
        if found.clients.permits(&net) {
            found.clients.allow.push(net);
        } else if !found.clients.refuse.contains(&net) {
            found.clients.refuse.push(net);
            let did = format!("exempted {net} from blackhole");
            let instead = "resolverd refuses it; if it may query, move it from listen.refuse to listen.allow";
            draft.report(Dangerous, list, (&did, instead));
        }
    }
    found.clients.drop = dropped;
    Some(found)
}

/// Returns those of `clients` that `allow-query-cache` permits too.
fn restricted(clients: &Clients, cache: &Statement, lists: &Lists<'_>, draft: &mut Draft) -> Clients {
    let cached = clients::clients(cache, lists, Belonging::Allowed, draft);
    if cached.allow.iter().any(|net| !clients.permits(net) && !net.addr().is_loopback()) {
        let did = "answered more clients from its cache than it resolved names for";
        let instead = "resolverd refuses clients that are not in listen.allow";
        draft.report(Different, cache, (did, instead));
    }
    let nets = clients.nets().chain(cached.nets());
    Clients::deciding(nets, |net| clients.permits(net) && cached.permits(net))
}

/// Sets the clients of `[listen]`. Returns true if some of them are on other hosts.
pub(super) fn add(found: Option<AccessList>, draft: &mut Draft) -> bool {
    let Some(AccessList { setting, clients }) = found else { return false };
    if clients.allow.iter().any(|net| net.prefix_len() == 0) {
        let did = "answered every client";
        let instead = "remove it from listen.allow, and listen.open_resolver, unless a firewall keeps strangers out: attackers abuse open resolvers";
        draft.report(Dangerous, &setting, (did, instead));
    }
    let has_others = clients.has_others();
    draft.set_clients(&setting, clients);
    has_others
}
