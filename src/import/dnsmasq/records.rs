//! Converts single names and records: `host-record`, `cname`, `mx-host`, `srv-host`, `txt-record`, `ptr-record`, `naptr-record`, `caa-record`,
//! `dns-rr`, and files like /etc/hosts.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::reader::DnsmasqSetting;
use crate::draft::Draft;
use crate::finding::SourcePlace;
use crate::finding::Weight::{Dangerous, Different};
use crate::names::{Names, OTHER_FAMILY, quoted};
use crate::source::Sources;
use crate::values::seconds;

/// In seconds.
const MAX_TTL: u64 = 604_800;

/// `path` is the file that is imported.
pub(super) fn add(settings: &[DnsmasqSetting], (path, sources): (&Path, &mut Sources), draft: &mut Draft) {
    let last = |option: &str| settings.iter().rfind(|setting| setting.option == option);
    let domain = last("domain").filter(|one| one.fields.len() == 1).map(|one| one.field(0).to_owned());
    let target = last("mx-target").map(|one| one.field(0).to_owned());
    let mut names = Names::default();
    names.ttl = last("local-ttl").and_then(|one| seconds(one.field(0), MAX_TTL)).map(|(text, _)| text);
    for setting in settings {
        let read = match setting.option.as_str() {
            "host-record" => host(setting, &mut names, draft),
            "cname" => alias(setting, &mut names),
            "mx-host" => exchange(setting, target.as_deref(), &mut names),
            "srv-host" => service(setting, domain.as_deref(), &mut names),
            "txt-record" => {
                let texts = setting.fields.get(1..).unwrap_or_default();
                let data: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
                let data = if data.is_empty() { "\"\"".to_owned() } else { data.join(" ") };
                names.record(setting, (setting.field(0), "TXT"), data, None);
                Some(())
            }
            "ptr-record" => match setting.fields.as_slice() {
                [name, target] => {
                    names.record(setting, (name, "PTR"), whole(target), None);
                    Some(())
                }
                _ => None,
            },
            "naptr-record" => naptr(setting, &mut names),
            "caa-record" => match setting.fields.as_slice() {
                [name, flags, tag, value] => {
                    let data = format!("{flags} {tag} {}", quoted(value));
                    names.record(setting, (name, "CAA"), data, None);
                    Some(())
                }
                _ => None,
            },
            "dns-rr" => unknown(setting, &mut names),
            _ => Some(()),
        };
        if read.is_none() {
            let did = "gave a record that cannot be read, or that names this host";
            draft.report(Dangerous, setting, (did, "add it as a [[record]]"));
        }
    }
    files(settings, domain.as_deref(), (&mut names, &mut *sources), draft);
    if !settings.iter().any(|setting| setting.option == "no-hosts") {
        // dnsmasq reads /etc/hosts by default, without a line in its configuration. So the finding refers to line 1.
        let place = SourcePlace { file: path.into(), line: 1 };
        names.file(&(&place, "no-hosts"), Path::new("/etc/hosts"), (None, sources), draft);
    }
    let gives_addresses = |setting: &&DnsmasqSetting| HOSTS.contains(&setting.option.as_str());
    if let Some(first) = settings.iter().find(gives_addresses) {
        draft.report(Different, first, OTHER_FAMILY);
    }
    names.finish(draft);
}

const HOSTS: [&str; 3] = ["host-record", "addn-hosts", "hostsdir"];

/// Converts `host-record=name[,name...],[IPv4],[IPv6][,TTL]`. The PTR record of each address has the first name.
fn host(setting: &DnsmasqSetting, names: &mut Names, draft: &mut Draft) -> Option<()> {
    let is_name = |field: &&String| field.parse::<IpAddr>().is_err() && field.parse::<u64>().is_err();
    let addresses: Vec<IpAddr> = setting.fields.iter().filter_map(|field| field.parse().ok()).collect();
    let named: Vec<&String> =
        setting.fields.iter().take_while(is_name).filter(|name| !name.is_empty()).collect();
    if named.is_empty() || addresses.is_empty() {
        return None;
    }
    if let Some(ttl) = setting.fields.last().filter(|last| last.parse::<u64>().is_ok()) {
        let did = format!("gave a TTL of its own to these addresses: {ttl}");
        let instead = "a [[host]] has the default; write the name as [[record]] with ttl";
        draft.report(Different, setting, (&did, instead));
    }
    for (at, name) in named.iter().enumerate() {
        for address in &addresses {
            names.host(setting, name, *address, at == 0);
        }
    }
    Some(())
}

/// Converts `cname=name[,name...],target[,TTL]`.
fn alias(setting: &DnsmasqSetting, names: &mut Names) -> Option<()> {
    let ttl = setting.fields.last().and_then(|last| seconds(last, MAX_TTL)).map(|(text, _)| text);
    let named = setting.fields.len().checked_sub(usize::from(ttl.is_some()))?;
    let (target, aliases) = setting.fields.get(..named)?.split_last()?;
    for name in aliases {
        names.record(setting, (name, "CNAME"), whole(target), ttl.clone());
    }
    (!aliases.is_empty()).then_some(())
}

/// Converts `mx-host=name[[,target],preference]`.
fn exchange(setting: &DnsmasqSetting, usual: Option<&str>, names: &mut Names) -> Option<()> {
    let (target, preference) = match setting.fields.as_slice() {
        [_] => (usual?, "1"),
        [_, second] if second.parse::<u16>().is_ok() => (usual?, second.as_str()),
        [_, second] => (second.as_str(), "1"),
        [_, second, third] => (second.as_str(), third.as_str()),
        _ => return None,
    };
    let data = format!("{preference} {}", whole(target));
    names.record(setting, (setting.field(0), "MX"), data, None);
    Some(())
}

/// Converts `srv-host=_service._protocol[.domain][,target[,port[,priority[,weight]]]]`.
fn service(setting: &DnsmasqSetting, domain: Option<&str>, names: &mut Names) -> Option<()> {
    let typed = setting.field(0);
    let name = match typed.split('.').count() {
        2 => format!("{typed}.{}", domain?),
        _ => typed.to_owned(),
    };
    let number = |at: usize, usual: &str| match setting.field(at) {
        "" => usual.to_owned(),
        number => number.to_owned(),
    };
    let data = match setting.field(1) {
        "" => "0 0 0 .".to_owned(),
        target => format!("{} {} {} {}", number(3, "0"), number(4, "0"), number(2, "1"), whole(target)),
    };
    names.record(setting, (&name, "SRV"), data, None);
    Some(())
}

/// Converts `naptr-record=name,order,preference,flags,service,regexp[,replacement]`.
fn naptr(setting: &DnsmasqSetting, names: &mut Names) -> Option<()> {
    let [name, order, preference, flags, service, pattern, rest @ ..] = setting.fields.as_slice() else {
        return None;
    };
    let replacement = rest.first().map_or_else(|| ".".to_owned(), |name| whole(name));
    let words = [quoted(flags), quoted(service), quoted(pattern)].join(" ");
    let data = format!("{order} {preference} {words} {replacement}");
    names.record(setting, (name, "NAPTR"), data, None);
    Some(())
}

/// Converts `dns-rr=name,number,[hexadecimal octets]`, a record of any type.
fn unknown(setting: &DnsmasqSetting, names: &mut Names) -> Option<()> {
    let number: u16 = setting.field(1).parse().ok()?;
    let data: String = setting.field(2).chars().filter(char::is_ascii_hexdigit).collect();
    let octets = data.len() / 2;
    let text = format!("\\# {octets} {data}").trim_end().to_owned();
    names.record(setting, (setting.field(0), &format!("TYPE{number}")), text, None);
    Some(())
}

/// Adds the names in the files to which the settings refer. These files have the form of /etc/hosts.
fn files(
    settings: &[DnsmasqSetting],
    domain: Option<&str>,
    (names, sources): (&mut Names, &mut Sources),
    draft: &mut Draft,
) {
    let is_set = |option: &str| settings.iter().any(|setting| setting.option == option);
    let expanded = domain.filter(|_| is_set("expand-hosts"));
    for setting in settings {
        let path = setting.place.sibling(setting.field(0));
        let paths: Vec<PathBuf> = match setting.option.as_str() {
            "addn-hosts" if path.is_dir() => sources.matching(setting, &path.join("*")),
            "addn-hosts" => vec![path],
            "hostsdir" => sources.matching(setting, &path.join("*")),
            _ => continue,
        };
        for path in paths {
            names.file(setting, &path, (expanded, &mut *sources), draft);
        }
    }
    if let Some(suffix) =
        settings.iter().find(|one| one.option == "expand-hosts").filter(|_| domain.is_none())
    {
        let did = "added a domain to names without a dot";
        draft.report(Different, suffix, (did, "write whole names into [[host]]"));
    }
}

/// dnsmasq reads names in the data of a record as absolute, even without the final dot.
fn whole(name: &str) -> String {
    let escaped = name.trim_end_matches('.').replace(' ', "\\032");
    format!("{escaped}.")
}
