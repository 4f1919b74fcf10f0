//! The program `approval`, with its runs on Restate: the same flow and the same page, but any number
//! of workers, on any machines. A run goes on even if a machine is lost.
//!
//! Start a [Restate server](https://docs.restate.dev/), a worker, and the page, each in a terminal:
//!
//! ```text
//! restate-server
//! cargo run --bin approval-restate -- worker
//! cargo run --bin approval-restate -- page
//! ```
//!
//! and tell the server once where the worker is:
//!
//! ```text
//! curl 127.0.0.1:9070/deployments --json '{"uri": "http://127.0.0.1:9080"}'
//! ```
//!
//! Then open the page that it prints. You can kill everything at any time, and start it again.

mod runs;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, Subcommand};
use pocketflow_examples::approval::flow::{Approval, Services};
use pocketflow_examples::llm::Model;
use pocketflow_examples::{approval, cli};
use pocketflow_restate::restate_sdk::prelude::{Endpoint, HttpServer};
use tokio::net::TcpListener;

use crate::runs::OnRestate;

/// Writes texts, which people approve or reject on a page, with its runs on a Restate server.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Runs the flow for the Restate server
    Worker {
        /// The address at which the Restate server calls it; port 0 is a free one
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9080")]
        listen: SocketAddr,
    },
    /// Serves the page on which people ask for texts, read them, and approve or reject them; there must be only one
    Page {
        /// The port of the page; 0 uses a free one
        #[arg(long, default_value_t = 3000)]
        port: u16,
        /// The address at which the Restate server takes requests
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
        restate: String,
        /// The address of the administration of the Restate server
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9070")]
        admin: String,
    },
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    match cli::arguments::<Args>(Approval::GRAPH).part {
        Part::Worker { listen } => worker(listen).await,
        Part::Page {
            port,
            restate,
            admin,
        } => page(port, OnRestate::new(&restate, &admin)?).await,
    }
}

/// Serves the flow. `approval` runs it with a driver instead, in the process of its page.
async fn worker(address: SocketAddr) -> cli::Result<()> {
    let services = Services {
        llm: Arc::new(Model::from_environment()?),
        post: Box::new(|text| println!("published: {text}")),
    };
    // The status of a run is stored after each burst, so the page shows each step.
    let approval = pocketflow_restate::flow(Approval.context(Arc::new(services))).burst(1);
    let endpoint = Endpoint::builder().bind(approval.object()).build();
    let listener = pocketflow_restate::listen(address).with_context(|| address.to_string())?;
    println!("http://{}", listener.local_addr()?);
    HttpServer::new(endpoint).serve(listener).await;
    println!("stopped");
    Ok(())
}

async fn page(port: u16, runs: OnRestate) -> cli::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("port {port}"))?;
    println!("http://{}", listener.local_addr()?);
    approval::serve(listener, runs).await?;
    println!("stopped");
    Ok(())
}
