//! Parses the requests `Request::Why`, `Request::Costs` and `Request::Failed`.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use dns::clock;
use dns::question::wire_name;
use explain::costs::CostsWanted;
use explain::failed::FailedWanted;
use explain::limits::MAX_WHY_MESSAGES;
use explain::why::{Wanted, WantedSubject};
use protocol::lookup::read_name;
use protocol::{Blame, CostsRequest, FailedRequest, Problem, WhyRequest};

/// Reads the request of `resolverctl why`. Fails if the subject is neither an address nor a name.
pub(super) fn wanted(request: &WhyRequest) -> Result<Wanted, Problem> {
    let subject = request.subject.as_deref().map(subject).transpose()?;
    let subject = subject.map(|subject| match subject {
        WantedSubject::Name(name) if request.itself => WantedSubject::Itself(name),
        other => other,
    });
    Ok(Wanted {
        subject,
        from: request.from.map_or(0, micros),
        to: request.to.map_or(u64::MAX, micros),
        client: request.client.as_deref().map(network).transpose()?,
        most: request.most.clamp(1, MAX_WHY_MESSAGES),
        decisive: request.decisive.map(|time| time.map(micros)),
    })
}

/// Fails if the client is not a network, or the list is not a name.
pub(super) fn costs(request: &CostsRequest) -> Result<CostsWanted, Problem> {
    let client = request.client.as_deref().map(network).transpose()?;
    let list = request.list.as_deref().map(read_name).transpose()?;
    let list = list.map(|list| wire_name(&list.to_lowercase()).into());
    Ok(CostsWanted { from: micros(request.from), to: micros(request.to), client, list })
}

/// Converts a request for failed questions. Fails if the zone is not a name, or if the client is not a network.
pub(super) fn failed(request: &FailedRequest) -> Result<FailedWanted, Problem> {
    let zone = request.zone.as_deref().map(read_name).transpose()?;
    Ok(FailedWanted {
        from: micros(request.from),
        zone: zone.map(|zone| wire_name(&zone).into()),
        client: request.client.as_deref().map(network).transpose()?,
    })
}

/// Converts seconds to microseconds. Negative numbers become 0; numbers that are too large become the maximum.
fn micros(seconds: f64) -> u64 {
    let span = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    clock::micros(span)
}

/// Parses a network. A single address is a network of one address. If a client uses IPv4 on an IPv6 socket, the query history has
/// its IPv4 address. So IPv4-mapped addresses (RFC 4291 section 2.5.5.2) become IPv4.
pub(super) fn network(typed: &str) -> Result<IpNet, Problem> {
    let one = typed.parse::<IpAddr>().map(|one| IpNet::from(one.to_canonical()));
    one.or_else(|_| typed.parse().map(canonical)).map_err(|_| Problem {
        fault: Blame::Request,
        sentence: format!(
            "\"{typed}\" is not an address or a network: write it like 192.0.2.1 or 192.0.2.0/24"
        ),
    })
}

fn canonical(network: IpNet) -> IpNet {
    const MAPPED: u8 = 96;
    let of_ipv4 = network.prefix_len().checked_sub(MAPPED).filter(|_| network.addr().is_ipv6());
    let address = network.addr().to_canonical();
    let mapped = of_ipv4.filter(|_| address.is_ipv4());
    mapped.and_then(|length| IpNet::new(address, length).ok()).unwrap_or(network)
}

fn subject(typed: &str) -> Result<WantedSubject, Problem> {
    // Mail logs show IPv6 addresses in brackets, and show IPv4 clients of an IPv6 socket in IPv4-mapped form.
    let bare = typed.strip_prefix('[').and_then(|behind| behind.strip_suffix(']')).unwrap_or(typed);
    Ok(match bare.parse::<IpAddr>() {
        Ok(address) => WantedSubject::Address(address.to_canonical()),
        Err(_) => WantedSubject::Name(wire_name(&read_name(typed)?).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_client_counts_as_ipv4() {
        for (typed, meant) in [
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(network(typed).unwrap().to_string(), meant, "{typed}");
        }
    }

    #[test]
    fn addresses_in_log_form_are_read() {
        for (typed, meant) in [
            ("192.0.2.25", "192.0.2.25"),
            ("[192.0.2.25]", "192.0.2.25"),
            ("::ffff:192.0.2.25", "192.0.2.25"),
            ("[::ffff:192.0.2.25]", "192.0.2.25"),
            ("[2001:db8::25]", "2001:db8::25"),
            ("2001:db8::25", "2001:db8::25"),
        ] {
            let address = meant.parse().unwrap();
            assert_eq!(subject(typed).ok(), Some(WantedSubject::Address(address)), "{typed}");
        }
        assert!(matches!(subject("mail.example"), Ok(WantedSubject::Name(_))));
    }

    #[test]
    fn a_number_of_seconds_saturates() {
        assert_eq!([micros(-1.0), micros(0.5), micros(1e300)], [0, 500_000, u64::MAX]);
    }
}
