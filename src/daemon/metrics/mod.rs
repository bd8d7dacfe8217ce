//! Metrics for Prometheus: the counters of the query history and the states of the daemon, served over HTTP.
//!
//! The module `table` has the names and descriptions of the metrics, also for the manual. `gather` reads the values, `exposition` writes the text,
//! `page` is the page at `/`, `readers` decides who may read it, and `server` answers requests. Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>, text format
//! 0.0.4.
//!
//! # Decisions
//!
//! - Client addresses, query names and servers are never labels, because strangers choose them and Prometheus stores a time series for each value of
//!   a label. Configured zones and known DNS lists are labels, because the operator chooses them.
//! - Names follow <https://prometheus.io/docs/practices/naming/>: base units, `_total` for counters. The words after `resolverd_` and the values of
//!   labels are those of the JSON output.
//! - resolverd writes the text itself. The library `prometheus-client` writes OpenMetrics, whose counter names `promtool check metrics` does not
//!   expect.
//! - The header of a request is parsed by `httparse`, the parser of hyper. hyper itself would add eight crates to answer a request of one line.
//! - A scrape (a request of Prometheus) changes no counter. It runs in the runtime of the control socket, so no query waits for it.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod exposition;
mod gather;
pub(super) mod listener;
mod page;
pub(crate) mod readers;
pub mod server;
pub mod table;
