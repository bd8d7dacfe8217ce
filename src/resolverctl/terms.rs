//! The terms that the commands explain in their long help and in the manual. Each command has its own file in the directory
//! `terms`.

macro_rules! terms {
    ($file:literal) => {
        include_str!(concat!("terms/", $file, ".txt")).trim_ascii_end()
    };
}

pub(super) const STATUS: &str = terms!("status");
pub(super) const STATS: &str = terms!("stats");
pub(super) const TOP: &str = terms!("top");
pub(super) const OWN: &str = terms!("own");
pub(super) const QUERY: &str = terms!("query");
pub(super) const TLS_POLICY: &str = terms!("tls_policy");
pub(super) const COMPARE: &str = terms!("compare");
pub(super) const SHADOW: &str = terms!("shadow");
pub(super) const TRACE: &str = terms!("trace");
pub(super) const SERVERS: &str = terms!("servers");
pub(super) const ZONES: &str = terms!("zones");
pub(super) const ZONE: &str = terms!("zone");
pub(super) const BLOCK: &str = terms!("block");
pub(super) const HOST: &str = terms!("host");
pub(super) const INFLIGHT: &str = terms!("inflight");
pub(super) const MONITOR: &str = terms!("monitor");
pub(super) const WHY: &str = terms!("why");
pub(super) const FAILED: &str = terms!("failed");
pub(super) const CHANGES: &str = terms!("changes");
pub(super) const CACHE: &str = terms!("cache");
pub(super) const FLEET: &str = terms!("fleet");
pub(super) const FLUSH: &str = terms!("flush");
pub(super) const DNSBL: &str = terms!("dnsbl");
pub(super) const LOOKAHEAD: &str = terms!("lookahead");
pub(super) const NTA: &str = terms!("nta");
pub(super) const WATCHED: &str = terms!("watched");
pub(super) const CHECK: &str = terms!("check");
