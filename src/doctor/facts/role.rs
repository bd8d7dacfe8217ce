//! The side of a mail that a domain is checked for.

/// The side of a mail that the domain is checked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It sends and receives.
    #[default]
    Both,
    /// It sends.
    Sender,
    /// It receives.
    Recipient,
    /// It signs mail of another domain, as providers do: only the keys of its signatures count (RFC 6376 section 3.6).
    Signer,
}

impl Role {
    /// Whether mail has addresses of the domain as its sender.
    pub const fn sends(self) -> bool {
        matches!(self, Self::Both | Self::Sender)
    }

    /// Whether mail is delivered to the domain.
    pub const fn receives(self) -> bool {
        matches!(self, Self::Both | Self::Recipient)
    }
}
