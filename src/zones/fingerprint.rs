//! Digests of all configuration values that influence answers: one for each configured name, and one for all other values. If a digest has
//! changed, data that were cached before must not be used. DNS lists are not included, because their answers are not kept when the daemon
//! restarts.

use std::collections::HashMap;
use std::fmt::{self, Write};

use ring::digest::{Context, Digest, SHA256, SHA256_OUTPUT_LEN};

use super::Views;
use dns::question::wire_name;

struct Taking(Context);

impl fmt::Write for Taking {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl Views {
    /// Returns the digests of the zones, hosts and records in the configuration, by their names in wire form. If one has changed, cached
    /// data at and below its name must not be used, but other cached data may be used.
    pub fn fingerprints(&self) -> HashMap<Vec<u8>, [u8; SHA256_OUTPUT_LEN]> {
        let config = self.config();
        let zones = config.zones.iter().map(|zone| (&zone.name, format!("{zone:?}")));
        let hosts = config.hosts.iter().map(|host| (&host.name, format!("{host:?}")));
        let records = config.records.iter().map(|record| (&record.name, format!("{record:?}")));
        let mut taking: HashMap<Vec<u8>, Context> = HashMap::new();
        for (name, text) in zones.chain(hosts).chain(records) {
            let taking = taking.entry(wire_name(name)).or_insert_with(|| Context::new(&SHA256));
            taking.update(text.as_bytes());
        }
        taking.into_iter().map(|(name, taking)| (name, octets(&taking.finish()))).collect()
    }

    /// Returns one digest of the views, root hints, trust anchors, limits of TTLs and private addresses.
    pub fn fingerprint(&self) -> [u8; SHA256_OUTPUT_LEN] {
        let config = self.config();
        let seen: Vec<_> = self.distinct().map(|view| (&view.zones, view.guarding)).collect();
        let (dnssec, resolve, cache) = (&config.dnssec, &config.resolve, &config.cache);
        let trust = (dnssec.validate, dnssec.sha1, self.anchors().used(), &dnssec.negative_trust_anchors);
        let root = (&resolve.root_hints.servers, resolve.upstream_port);
        let caps = (cache.max_ttl, cache.negative_max_ttl);
        let private = (&resolve.private_addresses, &resolve.private_domains);
        let mut taking = Taking(Context::new(&SHA256));
        // Writing to a digest cannot fail.
        let _ = write!(taking, "{:?}", (seen, trust, root, caps, private));
        octets(&taking.0.finish())
    }
}

fn octets(digest: &Digest) -> [u8; SHA256_OUTPUT_LEN] {
    digest.as_ref().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use config::{Config, ConfiguredHost, ConfiguredZone, ZoneKind};
    use dns::stage::name;

    fn fingerprint(change: impl Fn(&mut Config)) -> ([u8; 32], Vec<[u8; 32]>) {
        let mut config = Config::default();
        change(&mut config);
        let views = Views::new(&Arc::new(config)).unwrap();
        (views.fingerprint(), views.fingerprints().into_values().collect())
    }

    #[test]
    fn only_answering_settings_change_fingerprint() {
        let plain = fingerprint(|_| ());
        let zone = |address: &str| {
            let kind = ZoneKind::Stub(vec![address.parse().unwrap()]);
            ConfiguredZone { name: name("corp.example."), kind, ..ConfiguredZone::default() }
        };
        let mut seen = vec![
            plain.clone(),
            fingerprint(|config| config.zones.push(zone("192.0.2.1:53"))),
            fingerprint(|config| config.zones.push(zone("192.0.2.2:53"))),
            fingerprint(|config| config.dnssec.validate = false),
            fingerprint(|config| config.dnssec.trust_anchor.anchors = Default::default()),
            fingerprint(|config| config.dnssec.negative_trust_anchors.push(name("broken.example."))),
            fingerprint(|config| config.resolve.private_addresses.push("10.0.0.0/8".parse().unwrap())),
            fingerprint(|config| config.resolve.private_domains.push(name("partner.example."))),
            fingerprint(|config| config.cache.max_ttl = Duration::from_secs(60)),
            fingerprint(|config| config.resolve.root_hints.servers.truncate(3)),
            fingerprint(|config| {
                config.hosts.push(ConfiguredHost {
                    name: name("printer.lan."),
                    addresses: vec!["10.0.0.9".parse().unwrap()],
                    view: None,
                })
            }),
            fingerprint(|config| {
                let mut more = config.listen.clone();
                more.zones = Some(Vec::new());
                config.listeners.push(more);
            }),
        ];
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all);
        let same = fingerprint(|config| {
            config.cache.size *= 2;
            config.listen.addresses.clear();
            config.log.level = tracing::Level::DEBUG;
        });
        assert_eq!(same, plain);
    }
}
