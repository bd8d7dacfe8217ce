//! The formats that can be imported.

/// A format that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// unbound.conf of Unbound
    Unbound,
    /// named.conf of BIND 9
    Named,
    /// dnsmasq.conf of dnsmasq
    Dnsmasq,
    /// recursor.conf of PowerDNS Recursor, in the old style or in YAML
    Recursor,
    /// kresd.conf or the YAML of Knot Resolver
    Knot,
}

/// The formats by the name of the program, as it is typed.
pub const FORMATS: [(&str, Format); 5] = [
    ("unbound", Format::Unbound),
    ("named", Format::Named),
    ("dnsmasq", Format::Dnsmasq),
    ("recursor", Format::Recursor),
    ("kresd", Format::Knot),
];
