//! Reads octets of a DNS message from the network. It cannot read past the end of the message.
//!
//! Each read returns `None` if too few octets are left.

#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// Skips a domain name, which may end with a compression pointer (RFC 1035 section 4.1.4).
    pub(super) fn skip_name(&mut self) -> Option<()> {
        loop {
            match self.octet()? {
                0 => return Some(()),
                length if length < 64 => {
                    self.take(usize::from(length))?;
                }
                pointer if pointer >= 192 => {
                    self.octet()?;
                    return Some(());
                }
                _ => return None,
            }
        }
    }
}
