//! Compares two groups of clients: those that may query named's own zones, and those for which named resolves other names.
//!
//! The clients of a zone are those in `allow-query` of the zone, or else of the view, or else of `options`. The default is all clients (BIND's
//! Administrator Reference Manual, "allow-query"). In resolverd, `listen.allow` applies to all names.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::built_in_zones::OWN;
use super::clients;
use super::clients::Belonging;
use super::lists::{self, Lists};
use super::reader::{Statement, find, options_of};
use crate::draft::Draft;
use crate::finding::Setting;
use crate::finding::Weight::{Dangerous, Unneeded};
use crate::values::{Clients, counted};

/// The clients of a file without views, or of one view.
pub(super) struct ZoneClients<'c> {
    /// The clients that can reach named.
    pub(super) reaching: &'c Clients,
    /// The clients for which named resolves names outside its own zones.
    pub(super) resolved: &'c Clients,
}

impl ZoneClients<'_> {
    /// Reports clients that could query only names in named's own zones, and clients that could query only other names.
    pub(super) fn report(&self, file: &[Statement], lists: &Lists<'_>, draft: &mut Draft) {
        let options = options_of(file);
        let of_all = find(options, "allow-query");
        let is_restricted =
            ["allow-recursion", "allow-query-cache"].iter().any(|option| find(options, option).is_some());
        let chooses_clients =
            |statement: &&Statement| is_own(statement) || is_of_type(statement, &["static-stub"]);
        let zones: Vec<&Statement> = file.iter().filter(chooses_clients).collect();
        let own_list = |zone: &Statement| find(zone.block(), "allow-query").is_some();
        // Without `allow-recursion` and `allow-query-cache`, `allow-query` selects the clients for all names, so there is no difference to
        // report.
        if let Some(list) = of_all.filter(|_| is_restricted) {
            let queried = queried(Some(list), lists);
            if zones.iter().all(|zone| own_list(zone)) {
                let instead = "listen.allow has the clients that it resolved names for";
                let did = "chose the clients of zones without a list of their own";
                draft.report(Unneeded, list, (did, instead));
            } else if self
                .has((of_all, lists), &queried, |net| self.resolved.permits(net) && !queried.permits(net))
            {
                let did = "kept its own zones from some of the clients that it resolved names for";
                let instead = "all clients of [listen] get the zones here; for others add a [[listener]] with `zones` that do not name them";
                draft.report(Dangerous, list, (did, instead));
            }
        }
        if !listens_to_others(options) {
            return;
        }
        let is_wider = |list: Option<&Statement>| {
            let queried = queried(list, lists);
            let is_stranger = |net: &IpNet| {
                queried.permits(net) && !self.resolved.permits(net) && !net.addr().is_loopback()
            };
            self.has((list, lists), &queried, is_stranger)
        };
        // Most zones have no list of clients, or all have the same one, so the result for each list is stored.
        let mut known: HashMap<String, bool> = HashMap::from([(String::new(), is_wider(of_all))]);
        let is_zone_wider = |zone: &&&Statement| {
            let list = find(zone.block(), "allow-query");
            match list.map_or_else(|| Some(String::new()), elements_text) {
                Some(elements) => *known.entry(elements).or_insert_with(|| is_wider(list)),
                None => is_wider(list),
            }
        };
        // Only those zones are compared whose data named itself has. For names in other zones, named queried servers, and did this only for
        // clients that were allowed to use recursion.
        let own = zones.iter().filter(|zone| is_own(zone));
        let wider: Vec<&Statement> = own.filter(is_zone_wider).copied().collect();
        let Some(first) = wider.first() else { return };
        let names: Vec<&str> = wider.iter().map(|zone| zone.value()).collect();
        let shown = format!("zone {}", counted(&names));
        let did = "had an answer for more clients than those that names were resolved for";
        let instead = "resolverd refuses clients that are not in listen.allow; let an authoritative server answer strangers";
        draft.report(Dangerous, &(&first.place, &shown), (did, instead));
    }

    /// Returns true if `is_such` is true for a network of clients that can reach named. The networks are those of `reaching`, `resolved` and
    /// `queried` (the clients that `list` allows).
    fn has(
        &self,
        (list, lists): (Option<&Statement>, &Lists<'_>),
        queried: &Clients,
        is_such: impl Fn(&IpNet) -> bool,
    ) -> bool {
        let nets = self.reaching.nets().chain(self.resolved.nets()).chain(queried.nets());
        let mut nets = nets.take_while(|_| list.is_none_or(|list| lists.may_read(list)));
        nets.any(|net| self.reaching.permits(&net) && is_such(&net))
    }
}

/// Returns the clients that the list allows. The findings about its elements go into a draft that is dropped, because other functions report them.
fn queried(list: Option<&Statement>, lists: &Lists<'_>) -> Clients {
    list.map_or_else(Clients::everybody, |list| {
        clients::clients(list, lists, Belonging::Allowed, &mut Draft::default())
    })
}

/// Returns the elements of a list as text, which identifies the list. Returns `None` if the list is empty or has a nested list.
fn elements_text(list: &Statement) -> Option<String> {
    let elements = list.block().iter();
    let texts: Option<Vec<String>> =
        elements.map(|element| element.block().is_empty().then(|| element.shown())).collect();
    texts.map(|texts| texts.join("; ")).filter(|text| !text.is_empty())
}

/// Returns true for a zone whose data named has, and which resolverd does not serve by default.
fn is_own(statement: &Statement) -> bool {
    is_of_type(statement, &["master", "primary", "slave", "secondary"])
        && !OWN.contains(&statement.value().trim_end_matches('.'))
}

fn is_of_type(statement: &Statement, types: &[&str]) -> bool {
    let kind = find(statement.block(), "type").map_or("", Statement::value);
    statement.option() == "zone" && types.contains(&kind)
}

/// Returns true if other hosts can reach named. By default, named listens at all addresses.
fn listens_to_others(options: &[Statement]) -> bool {
    let is_other = |element: &Statement| {
        let is_loopback = lists::address(element).is_some_and(|address: IpAddr| address.is_loopback());
        !is_loopback && element.option() != "none" && !element.option().starts_with('!')
    };
    ["listen-on", "listen-on-v6"].iter().any(|option| {
        let mut listens = options.iter().filter(|statement| statement.option() == *option).peekable();
        listens.peek().is_none() || listens.any(|list| list.block().iter().any(is_other))
    })
}
