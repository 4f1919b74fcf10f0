//! Sets of fields, in constants: `W` words of 64 fields. Functions that end in `_at` take a set of
//! several, that of an action.

pub(crate) const fn contains(set: &[u64], field: usize) -> bool {
    set[field / 64] & (1 << (field % 64)) != 0
}

/// The first field of a set.
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

pub(crate) const fn join<const W: usize>(set: &mut [u64; W], other: &[u64]) {
    let mut word = 0;
    while word < W {
        set[word] |= other[word];
        word += 1;
    }
}

/// Joins the set of an action.
pub(crate) const fn join_at<const W: usize>(set: &mut [u64; W], sets: &[u64], action: usize) {
    let mut word = 0;
    while word < W {
        set[word] |= sets[action * W + word];
        word += 1;
    }
}

pub(crate) const fn remove_at<const W: usize>(set: &mut [u64; W], sets: &[u64], action: usize) {
    let mut word = 0;
    while word < W {
        set[word] &= !sets[action * W + word];
        word += 1;
    }
}

pub(crate) const fn keep_at<const W: usize>(set: &mut [u64; W], sets: &[u64], action: usize) {
    let mut word = 0;
    while word < W {
        set[word] &= sets[action * W + word];
        word += 1;
    }
}

/// Keeps what both have; says whether that is less than `set` had.
pub(crate) const fn meet<const W: usize>(set: &mut [u64; W], other: &[u64; W]) -> bool {
    let before = *set;
    keep_at(set, other, 0);
    !same(set, &before)
}

pub(crate) const fn same<const W: usize>(a: &[u64; W], b: &[u64; W]) -> bool {
    let mut word = 0;
    while word < W {
        if a[word] != b[word] {
            return false;
        }
        word += 1;
    }
    true
}
