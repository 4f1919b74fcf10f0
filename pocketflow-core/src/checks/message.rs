//! Text in constants: the messages of the checks are put together while the user's crate is
//! compiled.

/// A message in the making. What does not fit is cut off, with an ellipsis.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    bytes: [u8; Text::ROOM],
    len: usize,
}

impl Text {
    const ROOM: usize = 4096;
    const CUT: &'static str = " …";

    pub(crate) const fn new(start: &str) -> Self {
        Self {
            bytes: [0; Self::ROOM],
            len: 0,
        }
        .push(start)
    }

    /// Adds `text` whole, or marks the message as cut.
    pub(crate) const fn push(mut self, text: &str) -> Self {
        let full = self.len + text.len() + Self::CUT.len() > Self::ROOM;
        let text = if full { Self::CUT } else { text }.as_bytes();
        if self.len + text.len() > Self::ROOM {
            return self;
        }
        let mut at = 0;
        while at < text.len() {
            self.bytes[self.len] = text[at];
            self.len += 1;
            at += 1;
        }
        if full {
            // Nothing may follow the mark.
            while self.len < Self::ROOM {
                self.bytes[self.len] = b' ';
                self.len += 1;
            }
        }
        self
    }

    /// Adds a name as code: `` `name` ``.
    pub(crate) const fn code(self, name: &str) -> Self {
        self.push("`").push(name).push("`")
    }

    /// Adds an action: `"name"`.
    pub(crate) const fn action(self, name: &str) -> Self {
        self.push("\"").push(name).push("\"")
    }

    /// Adds what stands between two items of a list of `count`, before the item at `index`.
    pub(crate) const fn separator(self, index: usize, count: usize, last: &str) -> Self {
        if index == 0 {
            self
        } else if index + 1 == count {
            self.push(" ").push(last).push(" ")
        } else {
            self.push(", ")
        }
    }

    pub(crate) const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "the message is not text",
        }
    }
}

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

/// Where a [`hash`] begins.
pub(crate) const START: u64 = 0xcbf2_9ce4_8422_2325;

const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Adds a text to a 64-bit FNV-1a hash (Fowler, Noll and Vo), and a mark for where it ends.
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

    #[test]
    fn a_message_that_does_not_fit_is_cut_at_a_whole_word() {
        let mut text = Text::new("start");
        for _ in 0..Text::ROOM {
            text = text.push(" word");
        }
        assert!(text.as_str().trim_end().ends_with(" word …"));
        assert!(text.as_str().len() <= Text::ROOM);
    }
}
