//! An error that was stored as texts.

use std::error::Error as StdError;
use std::fmt;

/// A chain that refers to itself has no end.
const LONGEST: usize = 64;

/// An error of which only the texts are known, because another process had it. Drivers that store errors
/// give it back.
///
/// ```
/// use pocketflow::StoredError;
///
/// let texts = ["the bank does not answer".to_owned(), "timed out".to_owned()];
/// let error = StoredError::of(&texts).unwrap();
/// assert_eq!(error.to_string(), "the bank does not answer");
/// assert_eq!(StoredError::texts(&error), texts);
/// ```
#[derive(Debug, Clone)]
pub struct StoredError {
    text: String,
    source: Option<Box<StoredError>>,
}

impl StoredError {
    /// The error with these texts: its own, then that of its source, and so on. `None` if there is none.
    pub fn of<T: AsRef<str>>(texts: &[T]) -> Option<Self> {
        texts.iter().rev().fold(None, |source, text| {
            Some(Self {
                text: text.as_ref().to_owned(),
                source: source.map(Box::new),
            })
        })
    }

    /// The texts of an error: its own, then that of its source, and so on, 64 at most.
    pub fn texts(error: &(dyn StdError + 'static)) -> Vec<String> {
        let (mut texts, mut next) = (Vec::new(), Some(error));
        while let Some(error) = next.filter(|_| texts.len() < LONGEST) {
            texts.push(error.to_string());
            next = error.source();
        }
        texts
    }
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for StoredError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_keeps_its_texts() {
        for count in [1, 2, 5, LONGEST] {
            let texts: Vec<_> = (0..count).map(|text| text.to_string()).collect();
            let error = StoredError::of(&texts).unwrap();
            assert_eq!(StoredError::texts(&error), texts);
        }
        assert!(StoredError::of::<String>(&[]).is_none());
    }

    #[derive(Debug)]
    struct Endless;

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("again")
        }
    }

    impl StdError for Endless {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(self)
        }
    }

    #[test]
    fn a_chain_without_an_end_is_cut() {
        assert_eq!(StoredError::texts(&Endless).len(), LONGEST);
    }
}
