//! Why mail was slow: the record, with the lists and zones that the resolver knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Resolver;
use crate::question::{label_places, wire_name};
use crate::record::Window;
use crate::record::message::ListName;
use crate::record::redact::Secrets;
use crate::record::why::{Facts, MessageReport, Wanted, why};

impl Resolver {
    /// The messages of the record that are wanted, worst first. It takes up to a second and a multiple of the record's memory,
    /// so it is done as a walk: one at a time, on a thread of its own.
    pub async fn why(self: &Arc<Self>, wanted: Wanted) -> Vec<MessageReport> {
        let resolver = Arc::clone(self);
        self.memory.walk(move |_| resolver.read_why(&wanted)).await
    }

    fn read_why(&self, wanted: &Wanted) -> Vec<MessageReport> {
        let views = self.views.load();
        let config = views.config();
        let with_key = config.lists.iter().filter_map(|list| list.with_key.as_ref());
        let bases: Vec<Vec<u8>> =
            config.dnsbl.registry.keyed.values().chain(with_key).map(wire_name).collect();
        let lists = config.lists();
        let lists: BTreeMap<Vec<u8>, bool> =
            lists.into_iter().map(|(apex, list)| (wire_name(&apex), list.keyed)).collect();
        let secrets =
            Secrets::before(lists.iter().filter(|(_, keyed)| **keyed).map(|(apex, _)| apex.clone()))
                .and_keys_before(bases);
        let list = |name: &[u8]| {
            let mut zones = label_places(name).filter_map(|place| name.get(place..));
            let of = |apex: &[u8]| Some(ListName { apex: apex.len(), keyed: *lists.get(apex)? });
            zones.find_map(of)
        };
        let zones = self.recorder.by_zone(Window::Start);
        let usual = |zone: &str| {
            let row = zones.iter().find(|row| row.zone == zone)?;
            Some(format!(
                "{} resolutions since start, {} failed; messages to its servers: {}",
                row.flights, row.failed, row.verdict
            ))
        };
        let recorded = self.recorder.recorded(&wanted.span(), &secrets);
        why(&recorded, wanted, &Facts { list: &list, usual: &usual })
    }
}
