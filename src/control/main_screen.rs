//! The main screen of the statistics.

use dns::cached::StoreFill;
use protocol::Stats;
use record::{Recorder, Window};

pub(super) const WORST: usize = 3;

/// Returns the content of the main screen of the statistics, for the control socket and for the demo.
pub fn stats(recorder: &Recorder, stores: Vec<StoreFill>, window: Window) -> Stats {
    let mut zones = recorder.slow(window);
    zones.truncate(WORST);
    let mut failed = recorder.failing(window);
    failed.truncate(WORST);
    let mut servers = recorder.by_server(window);
    servers.truncate(WORST);
    let (mut shed_zones, mut shed_clients) = recorder.shed_by(window);
    shed_zones.truncate(WORST);
    shed_clients.truncate(WORST);
    Stats {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        report: recorder.report(window),
        slow_zones: zones,
        failed_zones: failed,
        slow_servers: servers,
        shed_zones,
        shed_clients,
        stores,
    }
}
