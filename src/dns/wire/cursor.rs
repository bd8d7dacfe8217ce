//! Reads octets from the network and cannot read past their end.
//!
//! Each read returns `None` if too few octets are left.

/// A position in a message from which octets are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Creates a cursor that reads `bytes` from the offset `at`.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Returns the offset of the next octet.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Returns true if nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Reads the next octet.
    pub(super) fn octet(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// Reads the next 16 bits.
    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// Reads the next 32 bits.
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// Reads the next `count` octets.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// Skips a name, which may end with a compression pointer (RFC 1035 section 4.1.4).
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
