//! Bounds of reading messages.

/// Compression pointers that one pointer may lead over. Encoders point at labels, some at one other pointer.
pub const MAX_POINTERS: u8 = 16;
