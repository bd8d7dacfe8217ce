//! What findings of several formats say.

/// The advice for a resolver that did not validate.
pub(super) const UNVALIDATED: &str = "dnssec.validate = false does the same; remove it unless a forwarder removes signatures: DANE needs validation";

/// The finding about a file without the main section of its format, which another file may include.
pub(super) const FRAGMENT: (&str, &str) = (
    "is missing, with the clients, the addresses and the forwarders that it may have",
    "if another file includes this one, import that file instead",
);

/// The effect of CAs of its own for the certificates of forwarders.
pub(super) const OWN_CAS: &str = "checked the certificates of servers with CAs of its own";

/// The way to the same effect here.
pub(super) const CAS_OF_HOST: &str =
    "resolverd checks the name, with the CAs of this host; install a CA of your own there";

/// The effect of anchors without one of the root, and what to do.
pub(super) const PARTLY_VALIDATED: (&str, &str) = (
    "validated names below its trust anchors only, as none is of the root",
    "resolverd validates all names; if a forwarder removes signatures, set validate = false in its [[zone]]",
);
