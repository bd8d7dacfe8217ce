//! Query name minimisation: chooses the shorter names for which root and TLD servers are asked instead of the whole name.
//!
//! See RFC 9156. If a server denies a shorter name without a proof, it is asked for the whole name, so a wrong denial does no harm. For example,
//! rbldnsd denies names that have no data, even if they have names below them. The query for a shorter name is for type A and not for NS (section 2.1
//! allows both), because more servers refuse NS.

use hickory_proto::rr::{Name, RecordType};

use crate::limits::{MAX_PROBES, PRIVATE_LABELS};
use config::Resolve;
use zones::{Route, RouteTarget};

/// The record type in a query for a shorter name. Such a query is called a probe here.
pub(super) const PROBED: RecordType = RecordType::A;

/// The maximum number of labels in probes for names in a reverse tree: up to `ip6.arpa` itself, and up to the /16 of an IPv4 network. Below these,
/// names have many more labels within one zone, and each probe would cost time.
const REVERSE_TREES: [(&[&[u8]], usize); 2] = [(&[b"ip6", b"arpa"], 2), (&[b"in-addr", b"arpa"], 4)];

/// Chooses the probes for one question, which follows referrals from the root downwards.
#[derive(Clone, Debug)]
pub(super) struct Minimise {
    /// The number of probes that may still be sent.
    left: u8,
    /// The number of labels of the longest permitted probe.
    deepest: usize,
    /// The number of labels of the last probe; 0 before the first one.
    probed: usize,
}

impl Minimise {
    /// Begins the minimisation for one question. Servers that the operator has configured for the zone of `route` are asked only for the whole name.
    pub(super) fn new(config: &Resolve, route: &Route, name: &Name) -> Self {
        let labels = name.iter().len();
        let tree = REVERSE_TREES.iter().find(|(tree, _)| is_below(name, tree));
        let mut deepest = labels.saturating_sub(1).min(tree.map_or(labels, |(_, deepest)| *deepest));
        if !route.policy.minimise {
            deepest = deepest.min(route.zone.iter().len());
        }
        let public = matches!(route.target, RouteTarget::Iterate);
        let left = if public && config.qname_minimisation { MAX_PROBES } else { 0 };
        Self { left, deepest, probed: 0 }
    }

    /// Returns the shorter name for which the servers of `zone` are asked, or `None` for the whole name.
    pub(super) fn probe(&mut self, zone: &Name, name: &Name) -> Option<Name> {
        let cut = zone.iter().len();
        if self.left == 0 || cut >= PRIVATE_LABELS {
            return None;
        }
        let total = name.iter().len();
        let mut labels = cut.max(self.probed).saturating_add(1);
        // No zone begins at a name whose first label starts with an underscore (RFC 8552), so there is no probe for such a name.
        while name.iter().nth(total.checked_sub(labels)?).is_some_and(|label| label.starts_with(b"_")) {
            labels = labels.saturating_add(1);
        }
        if labels > self.deepest {
            return None;
        }
        self.left = self.left.saturating_sub(1);
        self.probed = labels;
        Some(name.trim_to(labels))
    }

    /// Ends the minimisation: after this, servers are asked for the whole name.
    pub(super) fn end(&mut self) {
        self.left = 0;
    }
}

fn is_below(name: &Name, tree: &[&[u8]]) -> bool {
    let Some(above) = name.iter().len().checked_sub(tree.len()) else { return false };
    name.iter().skip(above).zip(tree).all(|(label, other)| label.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Config;
    use dns::stage::name;
    use std::sync::Arc;
    use zones::Views;

    /// Returns the names that are probed if no zone begins at any of them.
    fn probes(from: &str, text: &str, list: Option<&str>) -> Vec<String> {
        let config = Arc::new(Config::default());
        let views = Views::new(&config).unwrap();
        let mut policy = views.of_listener(0).unwrap().recursion().policy.clone();
        policy.minimise = list.is_none();
        let route =
            Route { zone: name(list.unwrap_or(".")), target: RouteTarget::Iterate, policy, mirrored: None };
        let mut minimise = Minimise::new(&config.resolve, &route, &name(text));
        std::iter::from_fn(|| minimise.probe(&name(from), &name(text))).map(|name| name.to_string()).collect()
    }

    // The number of probes is bounded (RFC 9156).
    #[test]
    fn minimised_names_grow_by_one_label() {
        assert_eq!(probes(".", "www.one.example.", None), ["example.", "one.example."]);
        assert_eq!(probes("uk.", "www.one.co.uk.", None), ["co.uk.", "one.co.uk."]);
        assert_eq!(probes(".", "g.f.e.d.c.b.a.", None).len(), usize::from(MAX_PROBES));
        assert!(probes("one.example.", "a.b.one.example.", None).is_empty(), "the cut has two labels");
        assert!(probes("example.", "one.example.", None).is_empty(), "the whole name is one label more");
        assert!(probes(".", ".", None).is_empty());
    }

    #[test]
    fn ended_minimisation_sends_full_name() {
        let (zone, asked) = (name("."), name("www.one.example."));
        let mut minimise = Minimise { left: MAX_PROBES, deepest: 2, probed: 0 };
        assert_eq!(minimise.probe(&zone, &asked), Some(name("example.")));
        minimise.end();
        assert_eq!(minimise.probe(&zone, &asked), None);
    }

    #[test]
    fn underscore_labels_are_skipped_in_minimisation() {
        assert_eq!(probes("uk.", "a._b.c.uk.", None), ["c.uk."]);
        assert_eq!(probes("uk.", "x.a._b.c.uk.", None), ["c.uk.", "a._b.c.uk."]);
        assert!(probes("example.", "_dmarc._x.example.", None).is_empty());
    }

    // Minimisation stops at the zone of a DNS list and soon within a reverse tree.
    #[test]
    fn list_and_reverse_names_stay_whole() {
        let address = "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";
        assert_eq!(probes(".", address, None), ["arpa.", "ip6.arpa."]);
        let address = "4.3.2.1.in-addr.arpa.";
        assert_eq!(
            probes(".", address, None),
            ["arpa.", "in-addr.arpa.", "1.in-addr.arpa.", "2.1.in-addr.arpa."]
        );
        assert_eq!(probes("arpa.", "5.4.3.2.1.IN-ADDR.ARPA.", None).len(), 3);
        assert_eq!(probes(".", "4.3.2.1.zen.tld.", Some("zen.tld.")), ["tld.", "zen.tld."]);
        assert_eq!(probes("tld.", "4.3.2.1.zen.tld.", Some("zen.tld.")), ["zen.tld."]);
    }
}
