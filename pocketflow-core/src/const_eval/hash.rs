//! The 64-bit FNV-1a hash (Fowler, Noll and Vo).

/// The initial value of a [`hash`].
pub(crate) const START: u64 = 0xcbf2_9ce4_8422_2325;

const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Adds a text to a hash, followed by a mark for its end.
pub(crate) const fn hash(mut sum: u64, text: &str) -> u64 {
    let text = text.as_bytes();
    let mut at = 0;
    while at < text.len() {
        sum = (sum ^ text[at] as u64).wrapping_mul(PRIME);
        at += 1;
    }
    (sum ^ 0xff).wrapping_mul(PRIME)
}

/// Adds a number to a [`hash`].
pub(crate) const fn hash_number(sum: u64, number: u64) -> u64 {
    let mut sum = sum;
    let mut byte = 0;
    while byte < 8 {
        sum = (sum ^ (number >> (8 * byte) & 0xff)).wrapping_mul(PRIME);
        byte += 1;
    }
    sum
}
