//! Runs on real servers, with two workers, which are killed.
//!
//! `scripts/with-restate cargo test -p pocketflow-restate --test server -- --include-ignored` runs all tests; those
//! whose names contain `times` take minutes. A worker is this test binary, which runs the test `program` in a process of
//! its own.

mod cancelled;
mod distributed;
mod flows;
mod journal;
mod kills;
mod kinds;
mod large;
mod mended;
mod place;
mod poll;
mod process;
mod replaced;
mod requests;
mod servers;
mod sqlite;
mod started;
mod trace;
mod worker;

/// A worker, which the tests run as a separate process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other tests run it as a separate process"]
async fn program() {
    if let Some(file) = std::env::var_os("WORKER_DB") {
        return sqlite::program(file.as_ref()).await;
    }
    if let Ok(port) = std::env::var("WORKER_PORT") {
        worker::serve(port.parse().unwrap()).await;
    }
}
