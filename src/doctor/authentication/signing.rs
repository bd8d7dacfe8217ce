//! The weight that the DKIM signatures of a domain have in a message for DMARC.

/// The weight of the signatures of a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signing {
    /// No message is known that the domain has signed.
    #[default]
    None,
    /// The author is of another organization, or a signature or SPF of another domain of the organization may pass.
    Beside,
    /// Only these and SPF of the domain itself can pass for the author.
    WithSpf,
    /// Only these can pass for the author.
    Alone,
}
