//! Whether two words are the same, and which word the user may have meant.

/// `==` for strings, in a constant.
pub(crate) const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Returns which of `candidates` the user may have meant by `word`: the nearest one, if at most a
/// third of it and one letter differ.
pub(crate) const fn nearest(word: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let mut best = None;
    let mut least = word.len() / 3 + 1;
    let mut index = 0;
    while index < candidates.len() {
        let distance = distance(word.as_bytes(), candidates[index].as_bytes());
        if distance <= least {
            if distance < least || best.is_none() {
                best = Some(candidates[index]);
            }
            least = distance;
        }
        index += 1;
    }
    best
}

/// The Levenshtein distance, computed with two rows (Wagner and Fischer, 1974), or `usize::MAX` for
/// words too long to be a typing error.
const fn distance(a: &[u8], b: &[u8]) -> usize {
    const LONGEST: usize = 64;
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    let mut row = [0; LONGEST + 1];
    let mut column = 0;
    while column <= b.len() {
        row[column] = column;
        column += 1;
    }
    let mut line = 1;
    while line <= a.len() {
        let mut diagonal = row[0];
        row[0] = line;
        let mut column = 1;
        while column <= b.len() {
            let changed = diagonal + (a[line - 1] != b[column - 1]) as usize;
            diagonal = row[column];
            let shorter = if row[column - 1] < diagonal {
                row[column - 1]
            } else {
                diagonal
            };
            row[column] = if shorter + 1 < changed {
                shorter + 1
            } else {
                changed
            };
            column += 1;
        }
        line += 1;
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The distance as it is defined.
    fn defined(a: &[u8], b: &[u8]) -> usize {
        match (a, b) {
            ([], rest) | (rest, []) => rest.len(),
            ([x, a @ ..], [y, b @ ..]) if x == y => defined(a, b),
            ([_, shorter_a @ ..], [_, shorter_b @ ..]) => {
                let replaced = defined(shorter_a, shorter_b);
                1 + replaced
                    .min(defined(shorter_a, b))
                    .min(defined(a, shorter_b))
            }
        }
    }

    proptest! {
        #[test]
        fn words_are_compared_as_they_are_defined_to_be(
            word in "[ab]{0,6}",
            others in prop::collection::vec("[ab]{0,6}", 0..4),
        ) {
            for other in &others {
                prop_assert_eq!(equal(&word, other), word == *other);
                let defined = defined(word.as_bytes(), other.as_bytes());
                prop_assert_eq!(distance(word.as_bytes(), other.as_bytes()), defined);
            }
            // The first of the nearest.
            let away = |other: &&String| defined(word.as_bytes(), other.as_bytes());
            let expected = others.iter().min_by_key(away);
            let expected = expected.filter(|other| away(other) <= word.len() / 3 + 1);
            let candidates: Vec<&'static str> = others.iter().map(|other| &*other.clone().leak()).collect();
            prop_assert_eq!(nearest(&word, &candidates), expected.map(String::as_str));
        }
    }

    #[test]
    fn words_of_up_to_64_letters_are_compared() {
        let (long, longer) = ([b'a'; 64], [b'a'; 65]);
        assert_eq!(distance(&long, &long), 0);
        assert_eq!(distance(&longer, b"a"), usize::MAX);
        assert_eq!(distance(b"a", &longer), usize::MAX);
    }

    #[test]
    fn the_nearest_word_is_offered_and_a_far_one_is_not() {
        assert_eq!(
            nearest("aproved", &["rejected", "approved"]),
            Some("approved")
        );
        assert_eq!(nearest("anser", &["answer", "search"]), Some("answer"));
        assert_eq!(nearest("publish", &["answer", "search"]), None);
        assert_eq!(distance(b"kitten", b"sitting"), 3);
    }
}
