//! The settings of DNS over QUIC. No limit of the QUIC library (`quinn`) is left at its default.

use std::sync::Arc;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{EndpointConfig, IdleTimeout, ServerConfig, TransportConfig, VarInt};
use tokio_rustls::rustls::version::TLS13;

use crate::limits::{
    HANDSHAKE_TIME, MAX_NEW_QUIC, MAX_QUERY, NEW_QUIC_OCTETS, QUIC_HANDSHAKE_OCTETS, QUIC_RECEIVE_WINDOW,
    QUIC_RESET_INTERVAL, QUIC_SEND_WINDOW, TCP_IDLE_TIME,
};
use config::Listener;

/// The ALPN name of DNS over QUIC (RFC 9250 section 4.1).
pub(in super::super) const DOQ: &[u8] = b"doq";

/// The version of RFC 9000. The drafts that the QUIC library supports are not accepted.
const VERSION: u32 = 1;

/// Returns the QUIC settings of a listener, without the limits that `transport` returns. Returns `None` if the listener has no certificate,
/// or if its key does not match the certificate.
pub(in super::super) fn settings(listener: &Listener) -> Option<Arc<ServerConfig>> {
    // Early data (0-RTT) stays off: the TLS settings do not enable it.
    let tls = super::settings_with(listener, DOQ, &[&TLS13])?;
    let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).ok()?));
    config
        .migration(false)
        .retry_token_lifetime(HANDSHAKE_TIME)
        .max_incoming(MAX_NEW_QUIC)
        .incoming_buffer_size(NEW_QUIC_OCTETS)
        .incoming_buffer_size_total(NEW_QUIC_OCTETS * MAX_NEW_QUIC as u64);
    config.validation_token.sent(0);
    Some(Arc::new(config))
}

pub(in super::super) fn endpoint() -> EndpointConfig {
    let mut config = EndpointConfig::default();
    config.supported_versions(vec![VERSION]).min_reset_interval(QUIC_RESET_INTERVAL);
    config
}

pub(in super::super) fn transport(streams: usize) -> TransportConfig {
    let number = |number: usize| VarInt::from_u32(u32::try_from(number).unwrap_or(u32::MAX));
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(number(streams))
        .max_concurrent_uni_streams(number(0))
        .max_idle_timeout(IdleTimeout::try_from(TCP_IDLE_TIME).ok())
        .keep_alive_interval(None)
        .stream_receive_window(number(MAX_QUERY + 2))
        .receive_window(number(QUIC_RECEIVE_WINDOW))
        .send_window(QUIC_SEND_WINDOW)
        .crypto_buffer_size(QUIC_HANDSHAKE_OCTETS)
        .datagram_receive_buffer_size(None)
        .datagram_send_buffer_size(0)
        .mtu_discovery_config(None)
        // RFC 9250 section 5.4: the length of a packet must not show the length of a reply, also if the client does not pad its query.
        .pad_to_mtu(true)
        .allow_spin(false);
    transport
}
