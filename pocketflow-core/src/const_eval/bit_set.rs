//! Sets of small numbers, stored as words of 64 bits each.
//!
//! A node has one set of fields for each of its actions. `sets` holds several such sets of `W`
//! words one after the other, and `index` selects one of them.

/// Whether a set contains a number.
pub(crate) const fn contains(set: &[u64], number: usize) -> bool {
    set[number / 64] & (1 << (number % 64)) != 0
}

/// Adds a number.
pub(crate) const fn insert(set: &mut [u64], number: usize) {
    set[number / 64] |= 1 << (number % 64);
}

/// Removes a number.
pub(crate) const fn remove(set: &mut [u64], number: usize) {
    set[number / 64] &= !(1 << (number % 64));
}

/// The smallest number in a set.
pub(crate) const fn first<const W: usize>(set: &[u64; W]) -> Option<usize> {
    let mut word = 0;
    while word < W {
        if set[word] != 0 {
            return Some(word * 64 + set[word].trailing_zeros() as usize);
        }
        word += 1;
    }
    None
}

/// Adds the numbers of another set, and returns whether that changed `set`.
pub(crate) const fn union<const W: usize>(set: &mut [u64; W], sets: &[u64], index: usize) -> bool {
    let mut changed = false;
    let mut word = 0;
    while word < W {
        let joined = set[word] | sets[index * W + word];
        changed = changed || joined != set[word];
        set[word] = joined;
        word += 1;
    }
    changed
}

/// Keeps only the numbers that are also in another set, and returns whether that changed `set`.
pub(crate) const fn intersect<const W: usize>(
    set: &mut [u64; W],
    sets: &[u64],
    index: usize,
) -> bool {
    let mut changed = false;
    let mut word = 0;
    while word < W {
        let kept = set[word] & sets[index * W + word];
        changed = changed || kept != set[word];
        set[word] = kept;
        word += 1;
    }
    changed
}

/// Replaces one of several sets.
pub(crate) const fn replace<const W: usize>(sets: &mut [u64], index: usize, set: &[u64; W]) {
    let mut word = 0;
    while word < W {
        sets[index * W + word] = set[word];
        word += 1;
    }
}

/// Removes the numbers that are in another set.
pub(crate) const fn subtract<const W: usize>(set: &mut [u64; W], sets: &[u64], index: usize) {
    let mut word = 0;
    while word < W {
        set[word] &= !sets[index * W + word];
        word += 1;
    }
}

/// Whether two sets have a number in common.
pub(crate) const fn intersects(a: &[u64], b: &[u64]) -> bool {
    let mut word = 0;
    while word < a.len() && word < b.len() {
        if a[word] & b[word] != 0 {
            return true;
        }
        word += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_intersect_where_they_have_a_member_in_common() {
        assert!(!intersects(&[], &[]));
        assert!(!intersects(&[0b01, 0b11], &[0b10, 0]));
        assert!(intersects(&[0b01, 0b11], &[0b10, 0b10]));
        assert!(intersects(&[0b11, 0], &[0b10, 0b10]));
        // A set without words is that of an unknown node.
        assert!(!intersects(&[0b1], &[]));
    }
}
