//! Rules for names of kresd.conf: `policy.add`, and the servers that both formats name.

use super::gathered::{DecidingRule, Gathered};
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::lua::LuaValue;
use crate::import::told::{CAS_OF_HOST, OWN_CAS};
use crate::import::upstreams::ZoneSource;
use crate::import::values::{Upstream, counted, plain, upstream_text};

/// A server with the way to it.
pub(super) struct Server<'t> {
    /// `address` or `address@port`.
    pub(super) address: &'t str,
    pub(super) tls: bool,
    /// The name of its certificate.
    pub(super) name: Option<&'t str>,
}

/// The servers of some zones.
pub(super) struct Upstreams<'t> {
    pub(super) servers: Vec<Server<'t>>,
    pub(super) source: ZoneSource,
    pub(super) validate: bool,
}

/// Actions after which kresd reads further rules.
const CHAINED: [&str; 6] = [
    "policy.FLAGS",
    "policy.MIRROR",
    "policy.REROUTE",
    "policy.QTRACE",
    "policy.IPTRACE",
    "policy.DEBUG_ALWAYS",
];

/// Actions without values that deny names.
const DENIALS: [&str; 5] = ["policy.DENY", "policy.NO_ANSWER", "policy.DROP", "policy.REFUSE", "policy.TC"];

/// Like `policy.DENY`, with a text.
const DENY_WITH_TEXT: &str = "policy.DENY_MSG";

/// The rule of exact names: the names below them are not of it (policy.lua, `kr_dname_is_equal`).
const OF_NAMES_ONLY: &str = "policy.domains";

const ANSWER: &str = "policy.ANSWER";

const PASS: &str = "policy.PASS";

/// Actions with servers.
const FORWARDS: [&str; 3] = ["policy.FORWARD", "policy.STUB", "policy.TLS_FORWARD"];

/// Whether an action denies names.
fn denies(action: Option<&LuaValue>) -> bool {
    match action {
        Some(LuaValue::Call(name, _) | LuaValue::Name(name)) => {
            name == DENY_WITH_TEXT || DENIALS.contains(&name.as_str())
        }
        _ => false,
    }
}

/// Whether no later rule is read for a name after this action.
fn decides(action: Option<&LuaValue>) -> bool {
    match action {
        Some(LuaValue::Call(name, _) | LuaValue::Name(name)) => !CHAINED.contains(&name.as_str()),
        _ => false,
    }
}

impl Gathered<'_> {
    /// Adds servers of zones.
    pub(super) fn upstreams(
        &mut self,
        (place, typed): (&SourcePlace, &str),
        names: &[&str],
        upstreams: &Upstreams<'_>,
    ) {
        let mut found = Vec::new();
        for server in &upstreams.servers {
            let Some(read) = Upstream::of_unbound(server.address, server.tls) else {
                let did =
                    format!("named a server by something else than an address and port: {}", server.address);
                self.draft.tell(Dangerous, place, typed, (&did, "add its address to the [[zone]]"));
                continue;
            };
            let name = server.name.map(|name| name.trim_end_matches('.').to_owned());
            match upstream_text(&Upstream { name, ..read }) {
                Some(text) => found.push(text),
                None => {
                    let did = format!(
                        "asked {} over TLS and checked the certificate by its key, or not",
                        server.address
                    );
                    let instead = "add the server with the name of its certificate, like \"tls://192.0.2.1#dns.example\"";
                    self.draft.tell(Dangerous, place, typed, (&did, instead));
                }
            }
        }
        if found.is_empty() {
            let did = "sent queries to servers that cannot be named here";
            let instead =
                "add a [[zone]] with their addresses; until then the names are resolved from the root";
            return self.draft.tell(Dangerous, place, typed, (did, instead));
        }
        for name in names {
            let source = (upstreams.source, found.clone());
            self.zones.add((place, typed), (name, upstreams.validate), source, self.draft);
        }
    }

    /// Adds `policy.add(rule)`.
    pub(super) fn rule(&mut self, said: (&SourcePlace, &str), rule: &LuaValue) {
        let (place, typed) = said;
        let LuaValue::Call(kind, arguments) = rule else {
            return self.unknown_rule(place, typed);
        };
        let names: Vec<&str> = match kind.as_str() {
            "policy.all" => vec!["."],
            "policy.suffix" | "policy.suffix_common" | OF_NAMES_ONLY => {
                arguments.get(1).map(LuaValue::texts).unwrap_or_default()
            }
            "policy.rpz" => {
                let did = "applied a response policy zone";
                let instead = "resolverd has none; put names to block into a [[zone]] with records";
                return self.draft.tell(Dangerous, place, typed, (did, instead));
            }
            "policy.slice" => {
                let did = "divided names among servers by chance";
                let instead = "add a [[zone]] \".\" with forward and all these servers";
                return self.draft.tell(Dangerous, place, typed, (did, instead));
            }
            _ => return self.unknown_rule(place, typed),
        };
        if names.is_empty() || names.iter().any(|name| name.starts_with('\\')) {
            return self.unknown_rule(place, typed);
        }
        let names = self.undecided(said, names);
        if names.is_empty() {
            return;
        }
        if kind == OF_NAMES_ONLY {
            return self.rule_of_names(said, arguments.first(), &names);
        }
        if decides(arguments.first()) {
            let rule = DecidingRule { place: place.clone(), denies: denies(arguments.first()) };
            for name in &names {
                let name = plain(name);
                self.decided.entry(name).or_insert_with(|| rule.clone());
            }
        }
        match arguments.first() {
            Some(LuaValue::Call(action, values)) if action == ANSWER => {
                if !self.answer(said, values, (&names, true)) {
                    self.unknown_rule(place, typed);
                }
            }
            Some(action) => self.any_action(said, action, &names),
            None => self.unknown_rule(place, typed),
        }
    }

    /// A rule of `policy.domains`. Only records are carried over: a `[[zone]]` has all names below, too.
    fn rule_of_names(&mut self, said: (&SourcePlace, &str), action: Option<&LuaValue>, names: &[&str]) {
        let (place, typed) = said;
        let (did, instead) = match action {
            Some(LuaValue::Call(name, values)) if name == ANSWER => {
                if !self.answer(said, values, (names, false)) {
                    self.unknown_rule(place, typed);
                }
                return;
            }
            Some(LuaValue::Call(name, _)) if FORWARDS.contains(&name.as_str()) => (
                "sent queries to servers",
                "a [[zone]] with these servers has all names below, too: add one if they know these names",
            ),
            Some(LuaValue::Name(name)) if name == PASS => (
                "exempted names from later rules",
                "a [[zone]] with recurse = true has all names below, too: add one if later rules are not needed for these names",
            ),
            action if denies(action) => (
                "denied, refused, dropped or truncated queries",
                "a [[zone]] with records = [] has all names below, too: add one if no mail needs these names",
            ),
            Some(action) if !decides(Some(action)) => return self.any_action(said, action, names),
            _ => return self.unknown_rule(place, typed),
        };
        let did = format!("{did} for {} only, and not for the names below", counted(names));
        self.draft.tell(Dangerous, place, typed, (&did, instead));
    }

    /// An action other than `policy.ANSWER`.
    fn any_action(&mut self, said: (&SourcePlace, &str), action: &LuaValue, names: &[&str]) {
        match action {
            LuaValue::Call(action, values) => self.action_with(said, action, values, names),
            LuaValue::Name(action) => self.action(said, action, names),
            _ => self.unknown_rule(said.0, said.1),
        }
    }

    /// The names about which no earlier rule has decided; the others are reported.
    fn undecided<'n>(
        &mut self,
        (place, typed): (&SourcePlace, &str),
        mut names: Vec<&'n str>,
    ) -> Vec<&'n str> {
        let mut void = Vec::new();
        names.retain(|name| {
            let decided = self.decided_at(name);
            void.extend(decided.map(|(around, rule)| match around {
                "" => format!("had no effect after the rule for all names at {}", rule.place),
                around => format!("had no effect for {name} after the rule for {around} at {}", rule.place),
            }));
            decided.is_none()
        });
        for did in void {
            self.draft.tell(Different, place, typed, (&did, "is left out"));
        }
        names
    }

    /// An action with servers.
    fn action_with(
        &mut self,
        (place, typed): (&SourcePlace, &str),
        action: &str,
        values: &[LuaValue],
        names: &[&str],
    ) {
        let validate = action != "policy.STUB";
        match action {
            "policy.FORWARD" | "policy.STUB" => {
                let servers = values.iter().flat_map(LuaValue::texts);
                let servers = servers.map(|address| Server { address, tls: false, name: None }).collect();
                let upstreams = Upstreams { servers, source: ZoneSource::Forward, validate };
                self.upstreams((place, typed), names, &upstreams);
            }
            "policy.TLS_FORWARD" => {
                let entries = match values.first() {
                    Some(LuaValue::Table(entries)) => entries.as_slice(),
                    _ => &[],
                };
                for key in ["pin_sha256", "ca_file"] {
                    let is_named =
                        |entry: &LuaValue| entry.key("hostname").is_some() && entry.key(key).is_some();
                    if entries.iter().any(|(_, entry)| is_named(entry)) {
                        let did = format!("{OWN_CAS}, or by their keys ({key})");
                        self.draft.tell(Dangerous, place, typed, (&did, CAS_OF_HOST));
                    }
                }
                let servers = entries.iter().filter_map(|(_, entry)| {
                    let address = match entry {
                        LuaValue::Table(fields) => {
                            fields.iter().find(|(key, _)| key.is_none())?.1.texts().first().copied()?
                        }
                        other => other.texts().first().copied()?,
                    };
                    let name = entry.key("hostname").and_then(|name| name.texts().first().copied());
                    Some(Server { address, tls: true, name })
                });
                let upstreams =
                    Upstreams { servers: servers.collect(), source: ZoneSource::Forward, validate };
                self.upstreams((place, typed), names, &upstreams);
            }
            DENY_WITH_TEXT => self.action((place, typed), "policy.DENY", names),
            "policy.FLAGS" => {
                let did = "changed the way in which names are resolved";
                let instead = "resolverd learns what servers support; for names that are not validated see dnssec.negative_trust_anchors";
                self.draft.tell(Different, place, typed, (did, instead));
            }
            _ => self.unknown_rule(place, typed),
        }
    }

    /// An action without servers.
    fn action(&mut self, (place, typed): (&SourcePlace, &str), action: &str, names: &[&str]) {
        let (did, instead) = match action {
            "policy.DENY" if !names.contains(&".") => return self.deny((place, typed), names),
            denial if DENIALS.contains(&denial) && !names.contains(&".") => {
                for name in names {
                    let source = (ZoneSource::Records, Vec::new());
                    self.zones.add((place, typed), (name, true), source, self.draft);
                }
                let instead =
                    "resolverd answers that the name has no records, and NXDOMAIN for the names below it";
                ("refused, dropped or truncated the queries", instead)
            }
            PASS if !names.contains(&".") => {
                for name in names {
                    let source = (ZoneSource::Recurse, Vec::new());
                    self.zones.add((place, typed), (name, true), source, self.draft);
                }
                return;
            }
            PASS => ("exempted names from later rules", "resolverd takes the [[zone]] with the longest name"),
            "policy.QTRACE" | "policy.REROUTE" | "policy.DEBUG_ALWAYS" => {
                return self.draft.tell(Unneeded, place, typed, ("logged queries", "use resolverctl trace"));
            }
            _ => return self.unknown_rule(place, typed),
        };
        self.draft.tell(Different, place, typed, (did, instead));
    }

    fn unknown_rule(&mut self, place: &SourcePlace, typed: &str) {
        let did = "is a rule that is not known to this import";
        let instead = "carry over what it did: with [[zone]], [[host]], [[record]] or listen.allow";
        self.draft.tell(Dangerous, place, typed, (did, instead));
    }
}
