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

/// Which of `candidates` the user may have meant by `word`: the nearest, if no more than a third of
/// it differs.
pub(crate) const fn nearest(word: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let mut best = None;
    let mut least = word.len() / 3 + 1;
    let mut index = 0;
    while index < candidates.len() {
        let distance = distance(word.as_bytes(), candidates[index].as_bytes());
        if distance <= least && distance < usize::MAX {
            if distance < least || best.is_none() {
                best = Some(candidates[index]);
            }
            least = distance;
        }
        index += 1;
    }
    best
}

/// The Levenshtein distance, in two rows (Wagner and Fischer, 1974), or `usize::MAX` for words too
/// long to be a slip.
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
    use super::*;

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
