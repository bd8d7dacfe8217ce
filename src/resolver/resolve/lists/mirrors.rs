//! Tests local mirrors of DNS lists in the background. The log reports a mirror that has old data or does not answer. If `when_stale` is
//! `public`, the public servers of the list are then asked until the mirror has current data again.

use std::sync::Arc;

use hickory_proto::rr::{RData, Record, RecordType};

use super::ListResolver;
use crate::iterate::Lookup;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::iterate::flight_progress::FlightProgress;
use zones::mirror::{MirrorAnswer, MirrorChange};
use zones::{Mirrored, Route, View, same_mirror};

impl ListResolver {
    /// Asks each mirror once for its SOA serial number.
    pub async fn look_at_mirrors(&self) {
        let views = self.views.load_full();
        let mut looked_at: Vec<&Arc<Route>> = Vec::new();
        for view in views.all() {
            for route in view.mirrored() {
                let Some(mirrored) = &route.mirrored else { continue };
                let same = looked_at.iter().find(|other| same_mirror(route, other));
                if let Some(known) = same.and_then(|other| other.mirrored.as_ref()) {
                    mirrored.mirror.go_on_from(&known.mirror);
                } else {
                    self.look_at_mirror(view, route, mirrored).await;
                    looked_at.push(route);
                }
            }
        }
        let unix = self.clock.now().unix;
        for entry in self.table.all() {
            let is_it = |route: &&&Arc<Route>| route.zone == entry.apex && route.way() == entry.way;
            let mirrored = looked_at.iter().find(is_it).and_then(|route| route.mirrored.as_ref());
            entry.has_data(mirrored.and_then(|mirrored| mirrored.mirror.data()), unix);
        }
    }

    async fn look_at_mirror(&self, view: &Arc<View>, route: &Arc<Route>, mirrored: &Mirrored) {
        let context = Context::new(Arc::new(FlightProgress::new(&self.clock)), Arc::clone(view));
        let lookup = Lookup {
            name: &route.zone,
            kind: RecordType::SOA,
            route,
            context: &context,
            rewrite: None,
            sub_questions: &*self.chaser,
            avoid: &[],
            cut: None,
        };
        let answer = match self.iterate.find(lookup).await {
            Ok(found) => mirror_answer(&found.found.answers),
            Err(Failure::Servers { .. } | Failure::Silent { .. } | Failure::Time { .. }) => {
                MirrorAnswer::Silence
            }
            Err(_) => MirrorAnswer::Nothing,
        };
        // The mirror has a state on screens, also before the first question to it.
        self.table.entry(&route.zone, &route.way());
        let Some(turn) = mirrored.mirror.heard(answer, self.clock.now().unix) else { return };
        let apex = route.zone.to_ascii();
        let list = apex.trim_end_matches('.');
        let instead = if mirrored.public.is_some() {
            "; resolverd queries the public servers of the list meanwhile"
        } else {
            ""
        };
        match turn {
            MirrorChange::Stale { age } => {
                let minutes = age.as_secs() / 60;
                tracing::warn!(
                    "the data of the local mirror of {list} are {minutes} min old, more than its max_age{instead}; check whether this host still downloads the data"
                );
            }
            MirrorChange::Silent => {
                tracing::warn!(
                    "the local mirror of {list} does not answer{instead}; check whether the program that serves it (for example rbldnsd) is running"
                );
            }
            MirrorChange::Fresh => {
                tracing::info!("the local mirror of {list} answers with current data again")
            }
        }
        if mirrored.public.is_some() {
            self.memory.flush_tree(&route.zone).await;
        }
    }
}

/// Returns the SOA serial number in the records, or `Nothing` if they contain no SOA.
fn mirror_answer(answers: &[Record]) -> MirrorAnswer {
    let serial = answers.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(soa.serial),
        _ => None,
    });
    serial.map_or(MirrorAnswer::Nothing, MirrorAnswer::Serial)
}
