//! Checks the DNS records that authenticate mail: DKIM and DMARC.
//!
//! The organizational domain is one label below a public suffix (RFC 7489 section 3.2).

pub(crate) mod dkim;
pub(crate) mod dmarc;
pub(crate) mod dmarc_record;
pub(crate) mod tags;

/// The list of public suffixes in this program. A version of the crate `psl` is published on the day after a change of the list.
pub const PUBLIC_SUFFIX_LIST: &str = "public suffix list of psl 2.1.247, published 2026-11-05";

/// Returns the organizational domain without a final dot, or the name itself if it is a public suffix.
pub(crate) fn organizational(domain: &str) -> &str {
    psl::domain_str(domain).unwrap_or(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organizational_domain_follows_public_suffix() {
        for (domain, organization) in [
            ("a.b.example.com.", "example.com"),
            ("example.co.uk.", "example.co.uk"),
            ("a.example.firm.in.", "example.firm.in"),
            ("a.example.info.pl.", "example.info.pl"),
            ("a.example.asso.fr.", "example.asso.fr"),
            ("mail.city.kawasaki.jp.", "city.kawasaki.jp"),
            ("a.b.unknown.", "b.unknown"),
            ("firm.in.", "firm.in."),
        ] {
            assert_eq!(organizational(domain), organization);
        }
    }

    #[test]
    fn public_suffix_list_matches_lock_file() {
        let (_, rest) =
            include_str!("../../../Cargo.lock").split_once("name = \"psl\"\nversion = \"").unwrap();
        let (version, _) = rest.split_once('"').unwrap();
        assert!(PUBLIC_SUFFIX_LIST.contains(&format!("psl {version},")), "{version}");
    }
}
