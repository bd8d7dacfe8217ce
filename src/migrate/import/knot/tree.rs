//! YAML of Knot Resolver 6.

use std::path::Path;
use std::sync::Arc;

use super::gathered::{Gathered, WITH_NODATA};
use super::policy::{Server, Upstreams};
use super::told;
use crate::import::ImportError;
use crate::import::draft;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::names::{OTHER_FAMILY, ShortNames};
use crate::import::secret::keyword;
use crate::import::told::{CAS_OF_HOST, find};
use crate::import::upstreams::ZoneSource;
use crate::import::values::{names_in_data, plain, private, size, size_text};
use crate::import::without_data::{EmptyZone, tell_nodata};
use crate::import::yaml;
use crate::import::yaml::{Node, YAML_1_1};
use dns::wire::presentation::{kind_text, name_text};
use dns::zone_file;
use dns::zone_file::{ZoneFileEntry, ZoneFileReader};
use hickory_proto::rr::Name;

/// Adds the settings of a text.
pub(super) fn add(path: &Arc<Path>, text: &str, gathered: &mut Gathered<'_>) -> Result<(), ImportError> {
    let tree = yaml::read(path, text)?;
    for (section, node) in tree.entries() {
        match section.as_str() {
            "forward" => node.items().iter().for_each(|item| gathered.forward(item)),
            "views" => node.items().iter().for_each(|item| gathered.view_of(item)),
            "dnssec" if is_off(node) => {
                gathered.draft.set(&node.place, &shown(section, node), ("[dnssec]", "validate"), false);
            }
            "lua" if node.get("script-only").is_some_and(is_on) => {
                let did = "ran a program in the place of all other settings of this file (script-only)";
                let instead = "carry over what it did: resolverd runs no programs; remove what these settings have become here";
                gathered.draft.tell(Dangerous, &node.place, section, (did, instead));
            }
            "local-data" if !node.entries().is_empty() => {
                for (key, value) in node.entries() {
                    gathered.setting(section, key, value);
                }
                gathered.nodata_of(node);
            }
            "network" | "cache" | "dnssec" | "options" if !node.entries().is_empty() => {
                for (key, value) in node.entries() {
                    gathered.setting(section, key, value);
                }
            }
            _ => gathered.tell_node(section, node),
        }
    }
    gathered.keep_local();
    Ok(())
}

fn is_on(node: &Node) -> bool {
    node.truth(&YAML_1_1) == Some(true)
}

fn is_off(node: &Node) -> bool {
    node.truth(&YAML_1_1) == Some(false)
}

/// The keys that turn a part on or off, in versions 6.5 and 6.0.
const SWITCHES: [&str; 2] = ["enable", "enabled"];

/// A setting in one line.
fn shown(path: &str, node: &Node) -> String {
    match node.texts().as_slice() {
        [] => path.to_owned(),
        texts => format!("{path}: {}", texts.join(", ")),
    }
}

/// The effect of a `kind` of `network.listen` other than plain DNS, and what to do.
fn of_kind(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "dot" => (
            "served DNS over TLS",
            "for clients of other hosts set tls, certificate and key of [listen]; clients of this host use plain DNS",
        ),
        "doh2" => (
            "served DNS over HTTPS",
            "for clients of other hosts set https, certificate and key of [listen], and let them use the path /dns-query; clients of this host use plain DNS",
        ),
        "doq" => (
            "served DNS over QUIC",
            "for clients of other hosts set quic, certificate and key of [listen]; clients of this host use plain DNS",
        ),
        "xdp" => (
            "answered UDP past the kernel (XDP)",
            "resolverd has no XDP; write the addresses of this interface into listen.addresses",
        ),
        _ => (
            "served DNS in a way that resolverd does not have",
            "for clients of other hosts set tls, https or quic, certificate and key of [listen]; clients of this host use plain DNS",
        ),
    }
}

/// A line of `records`.
enum RecordLine {
    /// `$ORIGIN` or `$TTL`.
    Directive,
    Record {
        name: String,
        kind: String,
        data: String,
        ttl: Option<String>,
    },
}

/// Reads a line, with whole names in its data.
fn record(reader: &mut ZoneFileReader, entry: &ZoneFileEntry) -> Option<RecordLine> {
    if entry.is_directive() {
        return reader.entry(entry).ok().map(|_| RecordLine::Directive);
    }
    let head = reader.begin(entry).ok()?;
    let kind = kind_text(zone_file::kind(head.kind)?);
    let names = names_in_data(&kind);
    let mut data = Vec::new();
    for (at, word) in head.data.iter().enumerate() {
        data.push(match word.quoted {
            true => format!("\"{}\"", word.text),
            false if names.contains(&at) => name_text(&reader.name(&word.text).ok()?),
            false => word.text.clone(),
        });
    }
    let ttl = head.has_ttl.then(|| format!("{}s", head.ttl));
    Some(RecordLine::Record { name: name_text(&head.owner), kind, data: data.join(" "), ttl })
}

impl Gathered<'_> {
    fn setting(&mut self, section: &str, key: &str, node: &Node) {
        let path = format!("{section}.{key}");
        let typed = shown(&path, node);
        let said = (&node.place, typed.as_str());
        match path.as_str() {
            "network.listen" => node.items().iter().for_each(|item| self.listen_of(item)),
            "network.do-ipv4" | "network.do-ipv6" => {
                let key = if key == "do-ipv4" { "ipv4" } else { "ipv6" };
                if is_off(node) {
                    self.draft.set(said.0, said.1, ("[resolve]", key), false);
                }
            }
            "network.out-interface-v4" | "network.out-interface-v6" => self.ask_from(said, node.text()),
            "cache.size-max" => match size(node.text()) {
                Some(octets) => self.draft.set(said.0, said.1, ("[cache]", "size"), size_text(octets)),
                None => self.tell_node(&path, node),
            },
            "cache.ttl-max" => self.draft.set(said.0, said.1, ("[cache]", "max_ttl"), node.text()),
            "options.serve-stale" if is_on(node) => {
                self.draft.set(said.0, said.1, ("[cache]", "serve_stale"), "1d");
            }
            "options.rebinding-protection" if is_on(node) => {
                self.draft.set(said.0, said.1, ("[resolve]", "private_addresses"), private());
            }
            "options.minimize" => {
                self.draft.set(said.0, said.1, ("[resolve]", "qname_minimisation"), !is_off(node));
            }
            "dnssec.enable" | "dnssec.enabled" if is_off(node) => {
                self.draft.set(said.0, said.1, ("[dnssec]", "validate"), false);
            }
            "dnssec.negative-trust-anchors" => self.untrust(said.0, said.1, &node.texts()),
            "dnssec.trust-anchors" => {
                node.texts().iter().for_each(|record| self.anchor(said.0, said.1, record));
            }
            "dnssec.trust-anchors-files" => {
                let files = node.items().iter().filter_map(|item| item.get("file"));
                files.for_each(|file| self.anchors(said.0, &shown(&path, file), file.text()));
            }
            "local-data.nodata" => {}
            _ if section == "local-data" => self.local_data(key, node),
            _ => self.tell_node(&path, node),
        }
    }

    /// A setting of `local-data`.
    fn local_data(&mut self, key: &str, node: &Node) {
        let path = format!("local-data.{key}");
        match path.as_str() {
            "local-data.addresses" => {
                for (name, addresses) in node.entries() {
                    let typed = shown(&format!("{path} {name}"), addresses);
                    self.hint((&addresses.place, &typed), name, &addresses.texts());
                }
            }
            "local-data.addresses-files" => {
                for file in node.items() {
                    let named = file.place.beside(file.text());
                    let typed = shown(&path, file);
                    let said = (&file.place, typed.as_str());
                    self.names.file(said, &named, (ShortNames::Alone, &mut self.sources), self.draft);
                }
            }
            "local-data.records" => self.records(node, &path),
            "local-data.rules" => node.items().iter().for_each(|item| self.local_rule(item)),
            "local-data.ttl" => match draft::check_ttl(node.text()) {
                Ok(()) => self.names.ttl = Some(node.text().to_owned()),
                Err(wrong) => {
                    let did = format!("was the TTL of all these records: {wrong}");
                    let instead = "the records have the default TTL here; set ttl of each [[record]]";
                    self.draft.tell(Different, &node.place, &shown(&path, node), (&did, instead));
                }
            },
            _ => self.tell_node(&path, node),
        }
    }

    /// Reports whether names of `local-data` have records of other types. By default they have none.
    fn nodata_of(&mut self, section: &Node) {
        let (nodata, typed) = (section.get("nodata"), "local-data.nodata");
        // A subtree becomes a zone, in which the names have no records of other types either.
        let has_names = |rule: &Node| {
            let has = |key: &&str| rule.get(key).is_some();
            ["address", "records", "file"].iter().any(has) && !has(&"subtree")
        };
        let mut data = section.entries().iter().filter(|(key, node)| match key.as_str() {
            "addresses" | "addresses-files" | "records" => true,
            "rules" => node.items().iter().any(has_names),
            _ => false,
        });
        let first = data.next().map(|(_, node)| &node.place);
        match (nodata, first) {
            (Some(off), _) if is_off(off) => {
                self.draft.tell(Different, &off.place, &shown(typed, off), OTHER_FAMILY);
            }
            (Some(on), _) => self.draft.tell(Different, &on.place, &shown(typed, on), WITH_NODATA),
            (None, Some(first)) => self.draft.tell(Different, first, "local-data", WITH_NODATA),
            (None, None) => {}
        }
        for rule in section.get("rules").map(Node::items).unwrap_or_default() {
            let Some(own) = rule.get("nodata").filter(|_| has_names(rule)) else { continue };
            let names = rule.get("name").map(Node::texts).unwrap_or_default();
            let told = if is_off(own) { OTHER_FAMILY } else { WITH_NODATA };
            let typed = format!("local-data.rules: {}: nodata: {}", names.join(", "), own.text());
            self.draft.tell(Different, &own.place, &typed, told);
        }
    }

    fn listen_of(&mut self, item: &Node) {
        let port = item.get("port").and_then(|port| port.text().parse().ok());
        let kind = item.get("kind").map_or("dns", Node::text);
        let interfaces = item.get("interface").map(Node::texts).unwrap_or_default();
        let typed = format!("network.listen: {} {kind}", interfaces.join(", "));
        if kind != "dns" {
            let (did, instead) = of_kind(kind);
            return self.draft.tell(Different, &item.place, &typed, (did, instead));
        }
        for socket in item.get("unix-socket").map(Node::texts).unwrap_or_default() {
            let typed = format!("network.listen: unix-socket: {socket}");
            let did = "listened at a socket of this host, which has no port";
            let instead =
                "resolverd listens at addresses only: let these clients ask one of listen.addresses";
            self.draft.tell(Dangerous, &item.place, &typed, (did, instead));
        }
        for interface in interfaces {
            self.listen(&item.place, &typed, interface, port.unwrap_or(53));
        }
    }

    /// `forward`: the servers of some names.
    fn forward(&mut self, item: &Node) {
        let names = item.get("subtree").map(Node::texts).unwrap_or_default();
        let typed = format!("forward: {}", names.join(", "));
        let option = |key: &str| item.get("options").and_then(|options| options.get(key));
        let mut servers = Vec::new();
        for server in item.get("servers").map(Node::items).unwrap_or_default() {
            let addresses = server.get("address").map_or_else(|| server.texts(), Node::texts);
            let tls = server.get("transport").is_some_and(|transport| transport.text() == "tls");
            let name = server.get("hostname").map(Node::text);
            for key in ["pin-sha256", "ca-file"] {
                let Some(pin) = server.get(key).filter(|_| tls && name.is_some()) else { continue };
                let did = format!(
                    "checked the certificate of {} by its key or a CA of its own ({key})",
                    addresses.join(", ")
                );
                self.draft.tell(Dangerous, &pin.place, &typed, (&did, CAS_OF_HOST));
            }
            servers.extend(addresses.into_iter().map(|address| Server { address, tls, name }));
        }
        let is_own = option("authoritative").is_some_and(is_on);
        let source = if is_own { ZoneSource::Stub } else { ZoneSource::Forward };
        let validate = !option("dnssec").is_some_and(is_off);
        let upstreams = Upstreams { servers, source, validate };
        self.upstreams((&item.place, &typed), &names, &upstreams);
    }

    /// `views`: rules of some clients.
    fn view_of(&mut self, item: &Node) {
        let nets = item.get("subnets").map(Node::texts).unwrap_or_default();
        let answer = item.get("answer").map(Node::text);
        let typed = format!("views: {}", nets.join(", "));
        let others = item.entries().iter().filter(|(key, _)| !matches!(key.as_str(), "subnets" | "answer"));
        for (key, node) in others {
            let did = format!("gave some clients {key} of their own");
            let instead = "add a [[listener]] with an address of its own and `zones` for these clients";
            self.draft.tell(Dangerous, &node.place, &typed, (&did, instead));
        }
        let action = match answer {
            Some("refused") => "refuse",
            Some("noanswer") => "drop",
            _ => "allow",
        };
        for net in nets {
            self.client(&item.place, &typed, net, action);
        }
    }

    /// `records`: lines of a zone file, in which a line without a name has that of the line before.
    fn records(&mut self, node: &Node, path: &str) {
        let mut reader = ZoneFileReader::new(Name::root());
        for entry in zone_file::entries(node.text()) {
            match entry.ok().and_then(|entry| self::record(&mut reader, &entry)) {
                Some(RecordLine::Directive) => {}
                Some(RecordLine::Record { name, kind, data, ttl }) => {
                    self.names.record((&node.place, path), (&name, &kind), data, ttl);
                }
                None => {
                    let did = "gave a record that cannot be read";
                    self.draft.tell(Dangerous, &node.place, path, (did, "add it as a [[record]]"));
                }
            }
        }
    }

    /// A rule of `local-data`: an address of names, or a subtree, without data or with that of its own name.
    fn local_rule(&mut self, item: &Node) {
        let names = item.get("name").map(Node::texts).unwrap_or_default();
        let typed = format!("local-data.rules: {}", names.join(", "));
        let said = (&item.place, typed.as_str());
        let addresses = item.get("address").map(Node::texts).unwrap_or_default();
        let subtree = item.get("subtree").map(Node::text);
        for tags in item.entries().iter().filter(|(key, _)| key == "tags") {
            let did = "was a rule for clients with a tag only";
            let instead = "it is one for all clients here; give these clients a [[listener]] with `zones`";
            self.draft.tell(Dangerous, &tags.1.place, said.1, (did, instead));
        }
        if let Some(ttl) = item.get("ttl") {
            let did = format!("gave a TTL of its own to these records: {}", ttl.text());
            let instead = "resolverd gives them its default; write them as [[record]] with ttl";
            self.draft.tell(Different, &ttl.place, said.1, (&did, instead));
        }
        match (subtree, item.get("records"), item.get("file")) {
            (Some("nxdomain"), _, _) => self.deny(said, &names),
            (Some(subtree @ ("empty" | "nodata")), _, _) => {
                for name in &names {
                    let source = (ZoneSource::Records, Vec::new());
                    self.zones.add(said, (name, true), source, self.draft);
                    if subtree == "nodata" {
                        let (place, option, name) = (said.0.clone(), said.1.to_owned(), plain(name));
                        tell_nodata(&[EmptyZone { place, option, name }], self.draft);
                    }
                    // The name itself has them; the names below it have no records.
                    self.hint(said, name, &addresses);
                }
            }
            (Some("redirect"), _, _) => {
                for name in &names {
                    self.hint(said, name, &addresses);
                    let (place, option, name) = (said.0.clone(), said.1.to_owned(), plain(name));
                    self.redirected.push(EmptyZone { place, option, name });
                }
            }
            (Some(_), _, _) => {
                let did = "is a rule for a subtree that is not known to this import";
                self.draft.tell(Dangerous, said.0, said.1, (did, "add a [[zone]] with records for it"));
            }
            (None, Some(records), _) => self.records(records, said.1),
            (None, None, Some(file)) => {
                for named in file.texts().into_iter().map(|named| file.place.beside(named)) {
                    self.names.file(said, &named, (ShortNames::Alone, &mut self.sources), self.draft);
                }
            }
            (None, None, None) if !addresses.is_empty() => {
                names.iter().for_each(|name| self.hint(said, name, &addresses));
            }
            (None, None, None) => {
                let did = "is a rule that is not known to this import";
                self.draft.tell(Dangerous, said.0, said.1, (did, "add a [[zone]] or [[record]] for it"));
            }
        }
    }

    /// Reports a setting that is not carried over.
    fn tell_node(&mut self, path: &str, node: &Node) {
        let typed = shown(path, node);
        let is_off = is_off(node)
            || node.text() == "0"
            || SWITCHES.iter().any(|key| node.get(key).is_some_and(is_off));
        let (weight, did, instead) = match find(&told::TREE, path) {
            Some((_, Unneeded, did, instead)) => (Unneeded, *did, *instead),
            Some(_) if is_off => (Unneeded, "turned it off", "resolverd has no such part"),
            Some((_, weight, did, instead)) => (*weight, *did, *instead),
            None => {
                let did = "is not known to this import";
                let instead = "see the manual of Knot Resolver for its effect and resolverd.toml(5)";
                return self.draft.tell(Different, &node.place, keyword(path), (did, instead));
            }
        };
        self.draft.tell(weight, &node.place, &typed, (did, instead));
    }
}
