/// Charges the card.
#[node(Order, writes = receipt, attempts = 3, wait = "1s", backoff = 2.0, timeout = "5s", retry_if = is_busy, fallback = cash)]
pub async fn pay(total: &u64, hint: Option<&str>, #[attempt] attempt: Attempt<'_>) -> Result<String> {
    charge(*total, hint, attempt.number()).await
}
