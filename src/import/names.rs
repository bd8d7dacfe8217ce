//! Collects DNS names with their addresses and records from files of several formats. Each name becomes one entry of resolverd's configuration.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use toml::Value;

use super::draft::Draft;
use super::finding::{Setting, SourcePlace, TypedSetting, Weight};
use super::source::{Source, Sources};
use super::values::{plain, texts, unique};

const SYSTEM_HOSTS: &str = "/etc/hosts";

/// Names that are not imported: resolverd answers them itself, or only /etc/hosts needs them.
const OWN: [&str; 8] = [
    "localhost",
    "localhost.localdomain",
    "localhost6",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-allnodes",
    "ip6-allrouters",
    "broadcasthost",
];

/// The finding about a name with only IPv4 or only IPv6 addresses.
pub(super) const OTHER_FAMILY: (&str, &str) = (
    "resolved the addresses of the other family of a name with addresses",
    "resolverd answers that the name has none: add them to its [[host]] or [[record]]",
);

/// The finding about a name with an asterisk in a format that has no wildcards.
pub(super) const ASTERISK: (&str, &str) = (
    "gave a record of the name with the asterisk itself, and of no other name",
    "is left out, as no program asks for this name; for all names below, write a record of `*` into records of a [[zone]]",
);

struct Host {
    setting: TypedSetting,
    name: String,
    addresses: Vec<IpAddr>,
    /// True if the PTR record of an address has this name.
    is_first: bool,
}

/// The records of one type and one name.
struct RecordSet {
    setting: TypedSetting,
    name: String,
    kind: String,
    data: Vec<String>,
    ttl: Option<String>,
}

#[derive(Default)]
pub(super) struct Names {
    hosts: Vec<Host>,
    host_at: HashMap<String, usize>,
    records: Vec<RecordSet>,
    record_at: HashMap<(String, String), usize>,
    /// The TTL of records without a TTL in the file.
    pub(super) ttl: Option<String>,
}

impl Names {
    /// Adds an address to the host `name`. `is_first` is true if the PTR record of the address has this name.
    pub(super) fn host(&mut self, setting: &impl Setting, name: &str, address: IpAddr, is_first: bool) {
        let name = plain(name);
        if OWN.contains(&name.as_str()) {
            return;
        }
        let at = *self.host_at.entry(name.clone()).or_insert(self.hosts.len());
        match self.hosts.get_mut(at) {
            Some(host) => {
                host.is_first |= is_first;
                host.addresses.push(address);
            }
            None => {
                self.hosts.push(Host { setting: setting.typed(), name, addresses: vec![address], is_first })
            }
        }
    }

    /// `data` has the form of a zone file, with absolute names.
    pub(super) fn record(
        &mut self,
        setting: &impl Setting,
        (name, kind): (&str, &str),
        data: String,
        ttl: Option<String>,
    ) {
        let name = plain(name);
        let key = (name.clone(), kind.to_owned());
        let at = *self.record_at.entry(key).or_insert(self.records.len());
        match self.records.get_mut(at) {
            Some(set) => set.data.push(data),
            None => self.records.push(RecordSet {
                setting: setting.typed(),
                name,
                kind: kind.to_owned(),
                data: vec![data],
                ttl,
            }),
        }
    }

    /// Adds the names in a file in the form of /etc/hosts. A name without a dot is also added with `domain` at its end, and the PTR record has this
    /// longer name. /etc/hosts itself is only reported, because programs of this host read it themselves.
    pub(super) fn file(
        &mut self,
        setting: &impl Setting,
        path: &Path,
        (domain, sources): (Option<&str>, &mut Sources),
        draft: &mut Draft,
    ) {
        if path == Path::new(SYSTEM_HOSTS) {
            let did = "answered with the names in /etc/hosts";
            let instead = "programs of this host read that file themselves; add a [[host]] for each name that others need";
            return draft.report(Weight::Different, setting, (did, instead));
        }
        let Source { path, text } = match sources.begin(path) {
            Ok(source) => source,
            Err(error) => {
                let did = format!("named a file of hosts: {error}");
                let instead = "import again where the file is, or add a [[host]] for each name";
                return draft.report(Weight::Dangerous, setting, (&did, instead));
            }
        };
        for (line, text) in (1..).zip(text.lines()) {
            let place = SourcePlace { file: path.clone(), line };
            let text = text.split('#').next().unwrap_or_default().trim();
            let mut words = text.split_whitespace();
            let Some(typed) = words.next() else { continue };
            let Ok(address) = typed.parse::<IpAddr>() else {
                // The file may contain secrets if it was named by mistake, so the text of the line is not shown.
                let did = "has an address in this line that cannot be read";
                draft.report(Weight::Different, &(&place, setting.shown()), (did, "add a [[host]] for it"));
                continue;
            };
            for (at, name) in words.enumerate() {
                let domain = domain.filter(|_| !name.contains('.') && !OWN.contains(&name));
                self.host(&(&place, text), name, address, at == 0 && domain.is_none());
                if let Some(domain) = domain {
                    self.host(&(&place, text), &format!("{name}.{domain}"), address, at == 0);
                }
            }
        }
        sources.end();
    }

    /// Adds the names to the imported configuration. A name to which a PTR record points becomes a `[[host]]`. All other names become address
    /// records.
    pub(super) fn finish(mut self, draft: &mut Draft) {
        for mut host in std::mem::take(&mut self.hosts) {
            host.addresses = unique(host.addresses);
            if host.is_first {
                let addresses = texts(host.addresses.iter().map(ToString::to_string));
                let keys = vec![("name", Value::from(host.name)), ("addresses", addresses)];
                draft.add(&host.setting, "[[host]]", keys);
                continue;
            }
            for address in &host.addresses {
                let kind = kind_of(address);
                self.record(&host.setting, (&host.name, kind), address.to_string(), None);
            }
        }
        for set in self.records {
            if set.name.starts_with("*.") {
                draft.report(Weight::Different, &set.setting, ASTERISK);
                continue;
            }
            let mut keys = vec![
                ("name", Value::from(set.name)),
                ("type", Value::from(set.kind)),
                ("data", texts(unique(set.data))),
            ];
            if let Some(ttl) = set.ttl.or_else(|| self.ttl.clone()) {
                keys.push(("ttl", Value::from(ttl)));
            }
            draft.add(&set.setting, "[[record]]", keys);
        }
    }
}

fn kind_of(address: &IpAddr) -> &'static str {
    if address.is_ipv4() { "A" } else { "AAAA" }
}

pub(super) fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|letter| matches!(letter, '"' | '\\').then_some('\\').into_iter().chain([letter]))
        .collect();
    format!("\"{escaped}\"")
}
