//! The names of `[[host]]` and `[[record]]` entries, and the names above them, which therefore exist too.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};

use super::{Route, RouteTarget, Wrong, ZonePolicy, local};
use config::Config;
use config::defaults::RECORD_TTL;
use config::seen::{SeenNames, SeenZones};
use dns::question::wire_name;

/// The record types that a `[[host]]` answers. If it has addresses of only one family (IPv4 or IPv6), the other family is denied, because
/// the operator has given all addresses of the name.
const HOST_KINDS: [RecordType; 3] = [RecordType::A, RecordType::AAAA, RecordType::PTR];

/// If there is a `[[record]]` of only one address type, the other type is denied, because the operator has given all addresses of the name.
const ADDRESS_KINDS: [RecordType; 2] = [RecordType::A, RecordType::AAAA];

/// The types that are always resolved in the zone that contains the name, even if a `[[record]]` makes the name an alias.
const OF_THE_ZONE: [RecordType; 3] = [RecordType::SOA, RecordType::NS, RecordType::DS];

#[derive(Debug, Default)]
pub(super) struct ConfiguredNames {
    routes: BTreeMap<Vec<u8>, NameRoute>,
    /// The names above the configured names. They exist too (RFC 8020 section 2).
    above: BTreeSet<Vec<u8>>,
}

#[derive(Debug)]
struct NameRoute {
    route: Arc<Route>,
    /// The types that are answered from the configuration. An alias answers all types except those in `OF_THE_ZONE`.
    kinds: Vec<RecordType>,
}

struct Gathered {
    name: Name,
    records: Vec<Record>,
    kinds: Vec<RecordType>,
}

impl ConfiguredNames {
    /// Collects the configured names for clients that see `zones`. Also adds the reverse names of the addresses in each `[[host]]`, unless a
    /// `[[record]]` has a PTR for the reverse name.
    pub(super) fn new(config: &Config, zones: &SeenZones, policy: &ZonePolicy) -> Result<Self, Wrong> {
        let SeenNames { hosts, records } = zones.names(config);
        let reversed = records.iter().filter(|record| record.kind == RecordType::PTR);
        let reversed: HashSet<&Name> = reversed.map(|record| &record.name).collect();
        let mut gathered: BTreeMap<Vec<u8>, Gathered> = BTreeMap::new();
        let mut add = |name: &Name, records: Vec<Record>, kinds: &[RecordType]| {
            let blank = || Gathered { name: name.clone(), records: Vec::new(), kinds: Vec::new() };
            let of_name = gathered.entry(wire_name(name)).or_insert_with(blank);
            of_name.records.extend(records);
            of_name.kinds.extend(kinds);
        };
        for host in hosts {
            for address in &host.addresses {
                let data = match address {
                    IpAddr::V4(address) => RData::A(rdata::A(*address)),
                    IpAddr::V6(address) => RData::AAAA(rdata::AAAA(*address)),
                };
                let record = |name: &Name, data| vec![Record::from_rdata(name.clone(), RECORD_TTL, data)];
                add(&host.name, record(&host.name, data), &HOST_KINDS);
                let mut reverse = Name::from(*address);
                reverse.set_fqdn(true);
                if !reversed.contains(&reverse) {
                    add(&reverse, record(&reverse, RData::PTR(rdata::PTR(host.name.clone()))), &HOST_KINDS);
                }
            }
        }
        for record in records {
            let kinds: &[RecordType] =
                if ADDRESS_KINDS.contains(&record.kind) { &ADDRESS_KINDS } else { &[record.kind] };
            add(&record.name, record.records(), kinds);
        }
        // The names above a `[[zone]]` are not added. Questions for them are resolved in the zone that contains them, as in Unbound and
        // BIND.
        let above = above(gathered.values().map(|of_name| &of_name.name));
        let routes = gathered.into_iter().map(|(key, of_name)| Ok((key, of_name.route(policy)?)));
        Ok(Self { routes: routes.collect::<Result<_, _>>()?, above })
    }

    /// Returns the local data for a name in wire form, if a `[[host]]` or `[[record]]` answers questions of type `kind`.
    pub(super) fn route(&self, wire: &[u8], kind: RecordType) -> Option<&Arc<Route>> {
        let found = self.routes.get(wire)?;
        let is_alias = found.kinds.contains(&RecordType::CNAME);
        let is_here = if is_alias { !OF_THE_ZONE.contains(&kind) } else { found.kinds.contains(&kind) };
        is_here.then_some(&found.route)
    }

    /// Returns true if the name belongs to a `[[host]]` or `[[record]]`, or is above such a name.
    pub(super) fn exists(&self, name: &Name) -> bool {
        let wire = wire_name(name);
        self.routes.contains_key(&wire) || self.above.contains(&wire)
    }
}

fn above<'n>(names: impl Iterator<Item = &'n Name>) -> BTreeSet<Vec<u8>> {
    let mut above = BTreeSet::new();
    for name in names {
        let mut parent = name.clone();
        while !parent.is_root() {
            parent = parent.base_name();
            if !above.insert(wire_name(&parent)) {
                break;
            }
        }
    }
    above
}

impl Gathered {
    fn route(self, policy: &ZonePolicy) -> Result<NameRoute, Wrong> {
        let Self { name, records, kinds } = self;
        let authority = local::from_records(&name, records, RECORD_TTL)
            .map_err(|reason| Wrong { zone: name.to_string(), reason })?;
        let route = Route {
            zone: name,
            target: RouteTarget::Local(authority),
            policy: policy.clone(),
            mirrored: None,
        };
        Ok(NameRoute { route: Arc::new(route), kinds })
    }
}
