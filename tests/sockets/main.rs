//! The daemon and both programs over real sockets.

mod daemon;
mod demo;
mod dnstap;
mod fleet;
mod flooded;
mod hickory_client;
mod hickory_server;
mod listener;
mod metrics;
mod query_log;
mod resolverctl;
mod supervised;
mod switch;
mod systemd;
mod tls_policy;
mod trace;
mod zones;
