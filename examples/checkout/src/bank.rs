//! A bank without a network. It always gives the same answers, and like a real bank it is sometimes
//! busy.

use std::fmt;

use super::report::money;

/// For this amount and more, the bank is busy at the first attempt.
pub const BUSY_FROM_CENTS: u64 = 50_000;

/// Why the bank did not charge the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The bank is busy. The next attempt may succeed.
    Busy {
        /// The amount in cents.
        cents: u64,
    },
    /// The amount is 0, so further attempts cannot help.
    NothingToCharge,
}

impl Error {
    /// Whether another attempt can help.
    pub fn is_busy(&self) -> bool {
        matches!(self, Error::Busy { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Busy { cents } => {
                write!(f, "the bank is busy and did not charge {}", money(*cents))
            }
            Error::NothingToCharge => write!(f, "there is nothing to charge"),
        }
    }
}

impl std::error::Error for Error {}

/// Charges a customer and returns the bank's reference. `attempt` counts from 1.
///
/// # Errors
///
/// Returns [`Error::Busy`] for a large amount at the first attempt, and [`Error::NothingToCharge`]
/// for an amount of 0.
pub async fn charge(customer: &str, cents: u64, attempt: u32) -> Result<String, Error> {
    if cents == 0 {
        return Err(Error::NothingToCharge);
    }
    if cents >= BUSY_FROM_CENTS && attempt == 1 {
        return Err(Error::Busy { cents });
    }
    // Any number works that looks like a reference and is the same in every run.
    let sum = customer.bytes().fold(cents, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    Ok(format!("B-{:06}", sum % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_small_amount_is_charged_at_once() {
        let reference = charge("Ada Lovelace", BUSY_FROM_CENTS - 1, 1)
            .await
            .unwrap();
        assert!(
            reference.starts_with("B-") && reference.len() == 8,
            "{reference}"
        );
        assert_ne!(
            reference,
            charge("Alan Turing", BUSY_FROM_CENTS - 1, 1).await.unwrap()
        );
    }

    #[tokio::test]
    async fn a_large_amount_is_charged_at_the_second_attempt() {
        let error = charge("Ada Lovelace", BUSY_FROM_CENTS, 1)
            .await
            .unwrap_err();
        assert!(error.is_busy());
        assert_eq!(
            error.to_string(),
            "the bank is busy and did not charge 500.00"
        );
        charge("Ada Lovelace", BUSY_FROM_CENTS, 2).await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_never_charged() {
        let error = charge("Ada Lovelace", 0, 2).await.unwrap_err();
        assert!(!error.is_busy());
        assert_eq!(error.to_string(), "there is nothing to charge");
    }
}
