//! Reads text from standard input or a file, up to a maximum size.

use std::io::{self, Read};

/// Reads at most `most` octets. Also returns true if the input is longer.
///
/// # Errors
/// Fails if the input cannot be read.
pub(super) fn read_at_most(input: impl Read, most: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut octets = Vec::new();
    input.take(most.saturating_add(1)).read_to_end(&mut octets)?;
    let is_cut = octets.len() as u64 > most;
    if is_cut {
        octets.pop();
    }
    Ok((octets, is_cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_input_is_cut() {
        let read = |most| read_at_most(&b"text"[..], most).unwrap();
        assert_eq!(read(5), (b"text".to_vec(), false));
        assert_eq!(read(4), (b"text".to_vec(), false));
        assert_eq!(read(3), (b"tex".to_vec(), true));
    }
}
