//! Bounds of reading messages.

/// Compression pointers that one pointer may lead over. Encoders point at labels, some at one other pointer.
pub const MAX_POINTERS: u8 = 16;

/// Extended errors that are read from one reply: resolvers send two or three, the cause and what it led to.
pub const MAX_EXTENDED_ERRORS: usize = 4;
/// Octets of the text of an extended error: a sentence, small enough to fit beside any question within 512 octets.
pub const MAX_ERROR_TEXT: usize = 180;
