//! Finds the names and addresses in an answer. They show which questions belong to the same mail, for instance those about a domain and
//! about its mail hosts, or about an SPF policy and the policies that it includes.

use std::sync::Arc;

use hickory_proto::rr::{Name, RData, Record};

use crate::entry::Link;
use crate::limits::MAX_RECORDED_LINKS;
use dns::question::WireName;

/// The terms of an SPF record that name a domain (RFC 7208 sections 5 and 6).
const SPF_TERMS: [&str; 6] = ["include:", "redirect=", "a:", "mx:", "exists:", "ptr:"];

pub(crate) fn in_answers(answers: &[Record]) -> Vec<Link> {
    let mut links = Vec::new();
    for record in answers {
        if links.len() >= MAX_RECORDED_LINKS {
            break;
        }
        match &record.data {
            RData::TXT(text) => links.extend(policies(&String::from_utf8_lossy(&text.txt_data.concat()))),
            data => links.extend(of_data(data)),
        }
    }
    links.truncate(MAX_RECORDED_LINKS);
    links
}

fn of_data(data: &RData) -> Option<Link> {
    let name = |name: &Name| Some(Link::Name(Arc::from(&*WireName::new(name))));
    match data {
        RData::A(address) => Some(Link::Address(address.0.into())),
        RData::AAAA(address) => Some(Link::Address(address.0.into())),
        RData::CNAME(target) => name(&target.0),
        RData::PTR(host) => name(&host.0),
        RData::NS(server) => name(&server.0),
        RData::MX(exchanger) => name(&exchanger.exchange),
        _ => None,
    }
}

fn policies(text: &str) -> Vec<Link> {
    if !text.starts_with("v=spf1") {
        return Vec::new();
    }
    let domain = |term: &str| {
        let term = term.trim_start_matches(['+', '-', '~', '?']);
        let domain = SPF_TERMS.iter().find_map(|prefix| term.strip_prefix(prefix))?;
        let mut name = Name::from_ascii(domain.split('/').next()?).ok()?;
        name.set_fqdn(true);
        Some(Link::Name(Arc::from(&*WireName::new(&name))))
    };
    text.split(' ').filter_map(domain).take(MAX_RECORDED_LINKS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spf_record_links_included_domains() {
        let shown = |text: &str| -> Vec<String> {
            let links = policies(text).into_iter();
            links
                .map(|link| match link {
                    Link::Name(name) => dns::question::name_of_wire(&name).to_string(),
                    Link::Address(address) => address.to_string(),
                })
                .collect()
        };
        assert_eq!(
            shown(
                "v=spf1 mx include:_spf.Example.net a:mail.example.org/24 ~include:x.example ip4:192.0.2.1 -all"
            ),
            ["_spf.example.net.", "mail.example.org.", "x.example."]
        );
        assert!(shown("google-site-verification=include:example.net").is_empty());
    }
}
