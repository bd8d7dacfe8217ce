//! DNS lists that need a customer's key in each name. Clients ask for names in `zen.spamhaus.org`, resolverd asks the servers for names in
//! `KEY.zen.dq.spamhaus.net`, and the answer for the client has the name that the client asked for.
//!
//! This module adds a placeholder label to the name, and `exchange` replaces the placeholder with the key just before a query is sent. Until then,
//! the name is an ordinary name, so iteration, cache and traces need no special case. `iterate` ensures that no server of a zone above the
//! zone of the provider receives the key.

use std::sync::{Arc, Mutex, PoisonError};

use hickory_proto::rr::{Name, Record};

use dns::secret::{Key, STANDS_FOR, Secret};

/// A zone with at least this many labels, such as dq.spamhaus.net, contains only names of a provider of DNS lists.
const PROVIDER_LABELS: u8 = 3;

/// Returns the zone directly above `list`, if it belongs to the provider of this DNS list. All lists in this zone use the same key.
pub fn provider_of(list: &Name) -> Option<Name> {
    Some(list.base_name()).filter(|zone| zone.num_labels() >= PROVIDER_LABELS)
}

/// Translates names in a DNS list into names with a customer's key, and back.
#[derive(Debug)]
pub struct Rewrite {
    apex: Name,
    secret: Arc<Secret>,
    /// The zone of the provider whose servers may receive the key. `None` before resolution has found this zone.
    home: Mutex<Option<Name>>,
}

impl PartialEq for Rewrite {
    fn eq(&self, other: &Self) -> bool {
        self.apex == other.apex && self.secret == other.secret
    }
}

impl Eq for Rewrite {}

impl Rewrite {
    /// Creates the translation. In translated names, the key is the label directly before `base`.
    pub fn new(apex: Name, base: Name, key: Key) -> Self {
        Self { apex, secret: Arc::new(Secret::new(base, key)), home: Mutex::default() }
    }

    /// Returns the customer's key, which `exchange` inserts into queries.
    pub fn secret(&self) -> &Arc<Secret> {
        &self.secret
    }

    /// Returns the placeholder label followed by the domain below which the servers expect the key (`base`). All translated names are below
    /// this name.
    pub fn stand_in(&self) -> Option<Name> {
        self.secret.base().prepend_label(STANDS_FOR).ok()
    }

    /// Translates a name that a client asks for. Returns `None` if the result would be too long, or if the name is not below the apex of the DNS
    /// list.
    pub fn inward(&self, name: &Name) -> Option<Name> {
        let own = name.iter().len().checked_sub(self.apex.iter().len()).filter(|own| *own > 0)?;
        if !self.apex.zone_of(name) {
            return None;
        }
        let labels = name.iter().take(own).chain([STANDS_FOR]).chain(self.secret.base().iter());
        let mut asked = Name::from_labels(labels).ok()?;
        asked.set_fqdn(true);
        Some(asked)
    }

    /// Translates a name back into the name that the client asked for. Names outside `base` stay unchanged.
    pub fn outward(&self, name: &Name) -> Name {
        let base = self.secret.base();
        let own = name.iter().len().checked_sub(base.iter().len());
        let Some(own) = own.filter(|_| base.zone_of(name)) else { return name.clone() };
        let kept = own.saturating_sub(1);
        let labels = name.iter().take(kept).chain(self.apex.iter());
        let mut rewritten = Name::from_labels(labels).unwrap_or_else(|_| self.apex.clone());
        rewritten.set_fqdn(true);
        rewritten
    }

    /// Translates the owner name of a record, as `outward` does. A negative answer may have the SOA record of a zone above the part of the name
    /// after the key (`base`). Its owner becomes the apex of the DNS list.
    pub fn outward_record(&self, mut record: Record) -> Record {
        let covers = record.name.zone_of(self.secret.base());
        record.name = if covers { self.apex.clone() } else { self.outward(&record.name) };
        record
    }

    /// Returns true if the servers of `zone` may receive the customer's key: `zone` is at or below `home`, the zone that contains the names
    /// with this key. Returns false while `home` is not known.
    pub fn is_home(&self, zone: &Name) -> bool {
        self.home
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_some_and(|home| home.zone_of(zone))
    }

    /// Called when resolverd has found the zone that contains the names with the customer key. After this call, its servers may receive the key.
    pub fn set_home(&self, zone: &Name) {
        *self.home.lock().unwrap_or_else(PoisonError::into_inner) = Some(zone.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::stage::name;

    #[test]
    fn rewrite_adds_and_removes_key_label() {
        let key = Key::read("somekey123").unwrap();
        let rewrite = Rewrite::new(name("zen.example."), name("zen.dq.example."), key.clone());
        let asked = rewrite.inward(&name("4.3.2.1.zen.example.")).unwrap();
        assert_eq!(asked, name("4.3.2.1._key.zen.dq.example."));
        assert_eq!(rewrite.outward(&asked), name("4.3.2.1.zen.example."));
        for (inside, outside) in [
            ("_key.zen.dq.example.", "zen.example."),
            ("zen.dq.example.", "zen.example."),
            ("elsewhere.", "elsewhere."),
        ] {
            assert_eq!(rewrite.outward(&name(inside)), name(outside));
        }
        assert_eq!(rewrite.inward(&name("zen.example.")), None);
        assert_eq!(rewrite.inward(&name("4.3.2.1.other.")), None);
        let same = Rewrite::new(name("l.example."), name("l.example."), key);
        let asked = same.inward(&name("4.3.2.1.l.example.")).unwrap();
        assert_eq!(
            (asked.to_string().as_str(), same.outward(&asked)),
            ("4.3.2.1._key.l.example.", name("4.3.2.1.l.example."))
        );
    }

    #[test]
    fn rewritten_zone_is_home() {
        let rewrite = Rewrite::new(name("a."), name("zen.dq.example."), Key::read("somekey123").unwrap());
        assert!(!rewrite.is_home(&name("dq.example.")));
        rewrite.set_home(&name("dq.example."));
        assert!(rewrite.is_home(&name("dq.example.")) && rewrite.is_home(&name("zen.dq.example.")));
        assert!(!rewrite.is_home(&name("example.")));
    }
}
