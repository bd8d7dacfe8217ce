//! Checks the DNS records that authenticate mail: DKIM and DMARC.
//!
//! In this module, the organizational domain is defined as in RFC 7489 section 3.2.

pub(crate) mod dkim;
pub(crate) mod dmarc;
pub(crate) mod dmarc_record;
pub(crate) mod tags;

/// Labels directly below a country's domain under which domains are registered, as in `co.uk`.
const REGISTRY_LABELS: [&str; 14] =
    ["ac", "co", "com", "edu", "gob", "gouv", "gov", "go", "gv", "ne", "net", "or", "org", "mil"];

/// Returns the organizational domain (RFC 7489 section 3.2), without a list of public suffixes: the last two labels, or the last three if the domain
/// is below a label of `REGISTRY_LABELS`. Returns `None` for a domain above it, or if a short label may be one under which domains are registered.
pub(crate) fn organizational_7489(domain: &str) -> Option<&str> {
    let labels: Vec<&str> = domain.trim_end_matches('.').split('.').collect();
    let [.., second, last] = labels.as_slice() else { return None };
    let of_country = last.len() == 2;
    let wanted = match REGISTRY_LABELS.contains(second) {
        true if of_country => 3,
        false if of_country && second.len() <= 3 && labels.len() > 2 => return None,
        _ => 2,
    };
    let above = labels.len().checked_sub(wanted)?;
    std::iter::successors(Some(domain), |name| Some(crate::facts::above(name))).nth(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organizational_domain_of_rfc_7489_is_named_where_it_is_sure() {
        assert_eq!(organizational_7489("a.b.example.com."), Some("example.com."));
        assert_eq!(organizational_7489("example.com."), Some("example.com."));
        assert_eq!(organizational_7489("a.b.example.co.uk."), Some("example.co.uk."));
        assert_eq!(organizational_7489("a.university.de."), Some("university.de."));
        assert_eq!(organizational_7489("a.b.tm.fr."), None, "tm may be a label of a registry");
        assert_eq!((organizational_7489("co.uk."), organizational_7489("com.")), (None, None));
    }
}
