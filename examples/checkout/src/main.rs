//! The first program: it reviews every order in a folder, and then charges it or refuses it with a
//! reason.
//!
//! ```text
//! cargo run --bin checkout
//! ```

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use pocketflow::{Action, Attempt, Shared, flow, node};
use pocketflow_checkout::receipts::{self, Receipts};
use pocketflow_checkout::report::{self, Tally, money};
use pocketflow_checkout::{bank, cli, orders};

const LIMIT_CENTS: u64 = 100_000;

/// The shared store. A field that is an `Option` is empty until a node fills it.
#[derive(Shared, Default, Debug)]
struct Order {
    customer: String,
    total_cents: u64,
    receipt: Option<String>,
    reason: Option<String>,
    refusal: Option<String>,
}

/// What a review decides: the actions `approved` and `rejected`. The action `rejected` fills the
/// field `reason`.
#[derive(Action)]
#[action(Order)]
enum Verdict {
    Approved,
    Rejected { reason: String },
}

// A node is a function. Its parameters are the store fields that it reads. It returns the action to
// take or, with `writes`, the value of a field.

#[node(Order)]
fn review(total_cents: &u64) -> Verdict {
    if *total_cents <= LIMIT_CENTS {
        Verdict::Approved
    } else {
        Verdict::Rejected {
            reason: format!("over the limit of {}", money(LIMIT_CENTS)),
        }
    }
}

/// Charges the customer, with up to three attempts while the bank is busy.
#[node(Order, writes = receipt, attempts = 3, wait = "200ms", retry_if = bank::Error::is_busy)]
async fn pay(
    customer: &str,
    total_cents: &u64,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, bank::Error> {
    let reference = bank::charge(customer, *total_cents, attempt.number()).await?;
    Ok(format!(
        "paid at attempt {}, reference {reference}",
        attempt.number()
    ))
}

/// Reads `reason` as a plain value: the compiler has checked that every path to this node fills it.
#[node(Order, writes = refusal)]
fn refuse(reason: &str) -> String {
    format!("rejected, {reason}")
}

flow! {
    /// Reviews an order, and then charges it or says why not.
    pub Checkout: Order {
        review - "approved" >> pay;
        review - "rejected" >> refuse;
    }
}

/// Reviews every order in a folder, charges it or says why not, and writes the receipts.
///
/// The exit status is 1 if an order fails because its file is wrong or the bank does not charge it.
/// A rejected order is not a failure.
#[derive(Parser)]
struct Args {
    /// The folder with the orders, *.yaml [default: the samples in examples/orders]
    #[arg(value_name = "FOLDER")]
    orders: Option<PathBuf>,
    /// The folder for the receipts, created if needed [default: target/receipts in the repository]
    #[arg(long, value_name = "FOLDER")]
    receipts: Option<PathBuf>,
}

/// Runs the flow on the order in a file, and returns the report's line about it.
async fn check_out(file: &Path, receipts: &Receipts, tally: &mut Tally) -> Result<String> {
    let input = orders::read(file)?;
    let (customer, total_cents) = (input.customer.clone(), input.items.total_cents());
    let mut order = Order {
        customer,
        total_cents,
        ..Default::default()
    };
    Checkout
        .run(&mut order)
        .await
        .with_context(|| file.display().to_string())?;

    let outcome = if let Some(receipt) = order.receipt {
        let written = receipts.write(file, &receipts::text(&input, &receipt));
        written.with_context(|| format!("{}: {receipt}", file.display()))?;
        tally.paid += 1;
        receipt
    } else {
        tally.rejected += 1;
        order.refusal.unwrap_or_default()
    };
    Ok(report::line(file, &input.customer, total_cents, &outcome))
}

/// Runs the flow on each order in turn. An order that fails does not stop the others.
async fn check_out_all(args: Args) -> Result<Tally> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("");
    let samples = args.orders.is_none();
    let orders = report::from_here(&args.orders.unwrap_or_else(|| examples.join("orders")));
    let receipts = args
        .receipts
        .unwrap_or_else(|| examples.with_file_name("target").join("receipts"));
    let receipts = report::from_here(&receipts);

    let files = orders::list(&orders)?;
    let receipts_folder = Receipts::open(&receipts)?;
    let mut tally = Tally::default();
    // `println!` would panic if the reader stops early, as in `checkout | head -1`.
    let (mut out, mut err) = (io::stdout(), io::stderr());
    for file in &files {
        match check_out(file, &receipts_folder, &mut tally).await {
            Ok(line) => writeln!(out, "{line}")?,
            Err(error) => {
                tally.failed += 1;
                writeln!(err, "error: {error:#}")?;
            }
        }
    }
    writeln!(out, "\n{}\n", Checkout::GRAPH)?; // a diagram, in Mermaid
    writeln!(out, "{tally}; receipts in {}", receipts.display())?;
    if samples && tally.failed > 0 {
        writeln!(
            err,
            "note: the samples named wrong-*.yaml are wrong on purpose; they make the exit status 1"
        )?;
    }
    Ok(tally)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match check_out_all(cli::arguments(Checkout::GRAPH)).await {
        Ok(Tally { failed: 0, .. }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let kind = error.downcast_ref().map(io::Error::kind);
            if kind != Some(io::ErrorKind::BrokenPipe) {
                let _ = writeln!(io::stderr(), "error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
