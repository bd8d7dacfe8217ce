//! Metrics for Prometheus: the counters of the record and the states of the daemon, served over HTTP.
//!
//! `table` has the names and descriptions, also for the manual. `gather` reads the values, `exposition` writes the text, and
//! `server` answers requests. Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>, text format 0.0.4.
//!
//! # Decisions
//!
//! - Client addresses, query names and servers are never labels: remote hosts choose them, and Prometheus keeps a time series
//!   for each value of a label. Configured zones and known DNS lists are labels, because the operator chooses them.
//! - Names follow <https://prometheus.io/docs/practices/naming/>: base units, `_total` for counters. The words after
//!   `resolverd_` and the values of labels are the words of JSON.
//! - The text is written here. The library `prometheus-client` writes OpenMetrics, in which counters have another name than
//!   `promtool check metrics` expects, and it wants to own the counters, which are in the record.
//! - The header of a request is read by `httparse`, the parser of hyper. hyper itself would add eight crates to answer one
//!   request of one line. A connection has one request, and no body.
//! - A scrape reads counters and changes none. It runs in the runtime of the control socket, so no query waits for it.

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
pub mod server;
pub mod table;
