//! The page about tracing shows what its program prints.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use pocketflow::{Attempt, Shared, Trace, flow, node};

#[derive(Shared, Default)]
struct Order {
    total_cents: u64,
    receipt: Option<String>,
}

#[node(Order, writes = receipt, attempts = 3)]
async fn pay(total_cents: &u64, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    match attempt.number() {
        1 => Err("the bank is busy".into()),
        _ => Ok(format!("{total_cents} cents")),
    }
}

flow! { Checkout: Order { pay; } }

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_page_about_tracing_shows_what_is_printed() {
    let lines = Lines::default();
    let to = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_writer(move || to.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    Checkout
        .with(Trace)
        .run(&mut Order::default())
        .await
        .unwrap();
    drop(guard);
    let printed = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/how-to/trace-a-run.md");
    let page = fs::read_to_string(page).unwrap();
    let shown = page.split("```text\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap();
    // The page breaks the line between two spans, and before the event.
    let shown = shown
        .replace("}:\n      pocketflow:", "}: pocketflow:")
        .replace("}:\n      ", "}:");
    assert_eq!(shown, printed);
}
