//! Writes and reads the data about a server.
//!
//! After a restart, a dead server is probed immediately. Until it answers, other servers are queried first.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::blocks::{Octets, put_string};
use super::times::{Moments, put_span, span};
use crate::cache::lameness::Lameness;
use crate::cache::losses::Losses;
use crate::cache::round_trips::RoundTrips;
use crate::cache::servers::{Server, ServerHistory};
use crate::cache::silence::Silence;
use crate::limits::{MAX_LAME_OCTETS, MAX_LAME_ZONES, RESTORED_SERVER_TIME};
use dns::clock::Mono;
use dns::question::is_name;

pub(super) fn is_kept(server: &Server) -> bool {
    let history = server.history();
    history.round_trips.is_some() || history.silence.is_dead()
}

/// Returns true if the server is dead, or lame for a zone.
pub(super) fn is_faulty(server: &Server, now: Mono) -> bool {
    let history = server.history();
    history.silence.is_dead() || history.lame.0.iter().any(|(_, until)| now < *until)
}

pub(super) fn put_server(out: &mut Vec<u8>, address: SocketAddr, server: &Server, now: Mono) {
    let history = server.history();
    match address.ip() {
        IpAddr::V4(address) => put_string(out, &address.octets()),
        IpAddr::V6(address) => put_string(out, &address.octets()),
    }
    out.extend_from_slice(&address.port().to_be_bytes());
    match &history.round_trips {
        Some(trips) => {
            out.push(1);
            let micros = |span: Duration| u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
            out.extend_from_slice(&micros(trips.smoothed).to_be_bytes());
            out.extend_from_slice(&micros(trips.variation).to_be_bytes());
            put_string(out, &trips.counts);
        }
        None => out.push(0),
    }
    out.push(history.silence.is_dead().into());
    let ServerHistory { plain_until, flips_case_until, no_tcp_until, finds_case_until, short_until, .. } =
        *history;
    for until in [plain_until, flips_case_until, no_tcp_until, finds_case_until, short_until] {
        put_span(out, until.map_or(Duration::ZERO, |until| until.since(now)));
    }
    let lame: Vec<_> = history.lame.0.iter().filter(|(_, until)| now < *until).collect();
    out.push(u8::try_from(lame.len()).unwrap_or(0));
    for (zone, until) in lame {
        put_string(out, zone);
        put_span(out, until.since(now));
    }
    out.extend_from_slice(&history.losses.counts());
}

/// Reads the data of a server: its address and its history. Returns `None` if they are too old or cannot be read.
pub(super) fn server(octets: &[u8], moments: Moments) -> Option<(SocketAddr, ServerHistory)> {
    if moments.gone > RESTORED_SERVER_TIME {
        return None;
    }
    let left = &mut Octets::new(octets);
    let octets = left.string()?;
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let address = four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()?;
    let address = SocketAddr::new(address, left.short()?);
    let round_trips = match left.octet()? {
        0 => None,
        _ => {
            let (smoothed, variation) = (left.word()?, left.word()?);
            let [smoothed, variation] =
                [smoothed, variation].map(|micros| Duration::from_micros(micros.into()));
            Some(RoundTrips::restored(smoothed, variation, left.string()?.try_into().ok()?)?)
        }
    };
    let silence = if left.octet()? == 0 { Silence::default() } else { Silence::dead_before(moments.now) };
    let mut until = || Some(moments.left(span(left)?).map(|span| moments.now.after(span)));
    let (plain_until, flips_case_until, no_tcp_until) = (until()?, until()?, until()?);
    let (finds_case_until, short_until) = (until()?, until()?);
    let (mut lame, mut octets) = (Vec::new(), 0_usize);
    for _ in 0..usize::from(left.octet()?).min(MAX_LAME_ZONES) {
        let zone = left.string().filter(|zone| is_name(zone))?;
        let lasts = moments.left(span(left)?);
        octets = octets.saturating_add(zone.len());
        if octets <= MAX_LAME_OCTETS {
            lame.extend(lasts.map(|lasts| (zone.into(), moments.now.after(lasts))));
        }
    }
    let lame = Lameness(lame);
    // Older files end here.
    let losses = Losses::restored([left.octet().unwrap_or(0), left.octet().unwrap_or(0)]);
    let history = ServerHistory {
        round_trips,
        asked: true,
        silence,
        plain_until,
        flips_case_until,
        no_tcp_until,
        finds_case_until,
        short_until,
        lame,
        losses,
        ..ServerHistory::default()
    };
    Some((address, history))
}
