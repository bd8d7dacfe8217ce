//! A tree of zones with their delegations. SOA and NS records, the addresses of servers, delegations and glue are generated, so that the
//! text of a zone contains only its special records.
//!
//! Zones with a signing plan are signed, and their parents get DS records. A parent has glue only for server names below its own apex,
//! because it has authority only there (RFC 9471).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::rr::Name;

use super::signer;
use super::signing::Signing;
use super::world::{Lab, LabError, ServerPlan, UNIX_AT_START, absolute};
use super::zone_file::read_zone;
use dns::question::name_text;
use zones::zone::Zone;

/// The TTL of NS records and server addresses in seconds: two days, as in top-level domains.
const DELEGATION_TTL: u32 = 172_800;

/// The TTL of the SOA record and of negative answers, in seconds, unless the zone sets another.
const NEGATIVE_TTL: u32 = 300;

/// A zone before its delegations are generated.
#[derive(Clone, Debug, Default)]
struct Branch {
    servers: Vec<Name>,
    /// The records in the format of a zone file, without NS records.
    text: String,
    /// `None` if the zone is unsigned.
    signing: Option<Signing>,
    /// True if the parent zone does not delegate this zone.
    is_private: bool,
}

/// The planned zones and servers of a lab.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    zones: BTreeMap<Name, Branch>,
    servers: BTreeMap<Name, ServerPlan>,
}

impl Tree {
    /// Adds a server, whose name must be in a zone of the tree. The server serves the zones that list it.
    ///
    /// # Errors
    /// The name of the server is invalid.
    pub fn server(&mut self, plan: ServerPlan) -> Result<(), LabError> {
        self.servers.insert(absolute(&plan.name)?, plan);
        Ok(())
    }

    /// Adds a zone. `servers`: its name servers. `text`: its records; a missing SOA, missing NS records at `@`, and the addresses of the
    /// servers are generated.
    ///
    /// # Errors
    /// A name is invalid.
    pub fn zone(&mut self, origin: &str, servers: &[String], text: &str) -> Result<(), LabError> {
        let servers = servers.iter().map(|name| absolute(name)).collect::<Result<_, _>>()?;
        self.zones.insert(absolute(origin)?, Branch { servers, text: text.to_owned(), ..Branch::default() });
        Ok(())
    }

    /// Sets the plan by which a zone is signed, or removes it.
    ///
    /// # Errors
    /// The tree has no zone with this name.
    pub fn sign(&mut self, origin: &str, signing: Option<Signing>) -> Result<(), LabError> {
        let zone = self.zones.get_mut(&absolute(origin)?);
        zone.ok_or_else(|| LabError::Name(origin.to_owned()))?.signing = signing;
        Ok(())
    }

    /// Removes the delegation of a zone, so that only resolvers that are configured for the zone find it.
    ///
    /// # Errors
    /// The tree has no zone with this name.
    pub fn keep_private(&mut self, origin: &str) -> Result<(), LabError> {
        let zone = self.zones.get_mut(&absolute(origin)?);
        zone.ok_or_else(|| LabError::Name(origin.to_owned()))?.is_private = true;
        Ok(())
    }

    /// Adds lines to the text of the deepest zone that contains `name`.
    ///
    /// # Errors
    /// `name` is invalid, or is in no zone of the tree.
    pub fn add(&mut self, name: &str, lines: &str) -> Result<(), LabError> {
        let outside = || LabError::Name(name.to_owned());
        let zone = self.zone_of(&absolute(name)?).cloned().ok_or_else(outside)?;
        let branch = self.zones.get_mut(&zone).ok_or_else(outside)?;
        branch.text.push_str(lines);
        branch.text.push('\n');
        Ok(())
    }

    /// Builds the lab: generates the delegations, and signs the zones with signatures that are valid at the start of a simulation.
    ///
    /// # Errors
    /// A zone cannot be read or signed, a server is unknown, or an address is used twice.
    pub fn build(self) -> Result<Lab, LabError> {
        self.build_at(UNIX_AT_START)
    }

    /// Like `build`, with signatures made at the time `unix`, in seconds since 1970.
    ///
    /// # Errors
    /// The errors of `build`.
    pub fn build_at(self, unix: u64) -> Result<Lab, LabError> {
        let mut trust_anchors = BTreeMap::new();
        let mut plans: BTreeMap<Name, (ServerPlan, Vec<Arc<Zone>>)> =
            self.servers.iter().map(|(name, plan)| (name.clone(), (plan.clone(), Vec::new()))).collect();
        for (origin, branch) in &self.zones {
            let zone = Arc::new(self.signed_zone(origin, branch, unix)?);
            for server in &branch.servers {
                let missing = || LabError::Name(server.to_string());
                plans.get_mut(server).ok_or_else(missing)?.1.push(Arc::clone(&zone));
            }
            if let Some(signing) = &branch.signing {
                trust_anchors.insert(origin.clone(), signer::trust_anchor(origin, signing)?);
            }
        }
        Lab::new(plans.into_values().collect(), trust_anchors)
    }

    /// Returns a zone with the DS records of the zones below it, signed if it has a signing plan.
    fn signed_zone(&self, origin: &Name, branch: &Branch, unix: u64) -> Result<Zone, LabError> {
        let mut signers = Vec::new();
        for (zone, child) in self.delegated(origin) {
            if let Some(signing) = &child.signing {
                signers.extend(signer::delegation_signers(zone, signing)?);
            }
        }
        let zone = read_zone(origin, &self.text(origin, branch)).and_then(|zone| zone.with(signers));
        let zone = zone.map_err(|error| LabError::Zone { zone: origin.to_string(), error })?;
        match &branch.signing {
            Some(signing) => signer::sign(zone, signing, unix),
            None => Ok(zone),
        }
    }

    /// Returns the deepest zone that contains `name`.
    fn zone_of(&self, name: &Name) -> Option<&Name> {
        let up = |name: &Name| (!name.is_root()).then(|| name.base_name());
        let mut names = std::iter::successors(Some(name.clone()), up);
        names.find_map(|name| self.zones.get_key_value(&name)).map(|(zone, _)| zone)
    }

    fn text(&self, origin: &Name, branch: &Branch) -> String {
        let mut text = String::new();
        if !branch.text.split_whitespace().any(|word| word == "SOA") {
            let _ = writeln!(text, "@ {NEGATIVE_TTL} SOA ns hostmaster 1 7200 900 1209600 {NEGATIVE_TTL}");
        }
        let mut hosts = Vec::new();
        let own = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.first() == Some(&"@") && words.contains(&"NS")
        };
        if !branch.text.lines().any(own) {
            self.write_servers(&mut text, origin, branch, &mut hosts);
        }
        for (zone, child) in self.delegated(origin) {
            self.write_servers(&mut text, zone, child, &mut hosts);
        }
        // A server's address is in the zone that contains the server's name, even if the server serves only other zones.
        hosts.extend(self.servers.keys().filter(|host| self.zone_of(host) == Some(origin)).cloned());
        hosts.retain(|host| origin.zone_of(host));
        hosts.sort();
        hosts.dedup();
        for host in hosts {
            for address in self.servers.get(&host).map(|plan| plan.addresses.as_slice()).unwrap_or_default() {
                let kind = if matches!(address, IpAddr::V4(_)) { "A" } else { "AAAA" };
                let _ = writeln!(text, "{host} {DELEGATION_TTL} {kind} {address}");
            }
        }
        text.push_str(&branch.text);
        text
    }

    /// Adds the NS records to `text`, and the names of the servers to `hosts`.
    fn write_servers(&self, text: &mut String, zone: &Name, branch: &Branch, hosts: &mut Vec<Name>) {
        let zone = name_text(zone);
        for server in &branch.servers {
            let _ = writeln!(text, "{zone} {DELEGATION_TTL} NS {server}");
            hosts.push(server.clone());
        }
    }

    fn delegated<'a>(&'a self, origin: &'a Name) -> impl Iterator<Item = (&'a Name, &'a Branch)> {
        self.zones.iter().filter(move |(zone, child)| !child.is_private && self.parent(zone) == Some(origin))
    }

    fn parent(&self, zone: &Name) -> Option<&Name> {
        if zone.is_root() { None } else { self.zone_of(&zone.base_name()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{Message, Query};
    use hickory_proto::rr::RecordType;

    fn plan(name: &str, last: u8) -> ServerPlan {
        ServerPlan::new(name, vec![IpAddr::from([127, 0, 0, last])])
    }

    #[test]
    fn delegation_has_in_bailiwick_glue() {
        let mut tree = Tree::default();
        for (name, last) in [("a.root", 1), ("ns.com", 2), ("ns1.one.com", 3), ("ns2.two.com", 4)] {
            tree.server(plan(name, last)).unwrap();
        }
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        tree.zone(".", &names(&["a.root"]), "").unwrap();
        tree.zone("com.", &names(&["ns.com"]), "").unwrap();
        tree.zone("one.com.", &names(&["ns1.one.com", "ns2.two.com", "a.root"]), "www A 10.0.0.1\n").unwrap();
        tree.zone("two.com.", &names(&["ns2.two.com"]), "").unwrap();
        let lab = tree.build().unwrap();
        let ask = |server: &str, name: &str| {
            let mut query = Message::query();
            query.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
            lab.server(server).unwrap().authority().respond(&query)
        };
        let referral = ask("ns.com", "www.one.com.");
        assert_eq!((referral.authorities.len(), referral.additionals.len()), (3, 2));
        assert_eq!(ask("ns1.one.com", "www.one.com.").answers.len(), 1);
        assert_eq!(ask("ns2.two.com", "ns2.two.com.").answers.len(), 1);
        assert_eq!(lab.root_hints().servers.len(), 1);
        assert_eq!(lab.zones().count(), 4);
    }
}
