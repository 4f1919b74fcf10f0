//! The client with a Restate server and a worker, which is in the process of the test:
//! `scripts/with-restate cargo test -p pocketflow-restate --test client -- --include-ignored`.

use std::future::Future;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pocketflow::{Shared, flow, node};
use pocketflow_restate::client::{Admin, Client, ClientError};
use pocketflow_restate::restate_sdk::prelude::{Endpoint, HttpServer};
use pocketflow_restate::wire::{Fill, Status};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Page {
    title: String,
    approval: Option<String>,
    text: Option<String>,
}

#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Order {
    total_cents: u64,
    pages: Vec<Page>,
    approval: Option<String>,
    receipt: Option<String>,
}

#[node(Order, writes = receipt)]
async fn pay(total_cents: &u64, approval: &str) -> String {
    format!("{total_cents} cents, approved by {approval}")
}

static BANK_IS_OPEN: AtomicBool = AtomicBool::new(false);

#[node(Order, writes = receipt)]
async fn charge(approval: &str) -> Result<String, &'static str> {
    match BANK_IS_OPEN.load(Ordering::SeqCst) {
        true => Ok(approval.to_owned()),
        false => Err("the bank is closed"),
    }
}

#[node(Page, writes = text)]
async fn print(title: &str, approval: &str) -> String {
    format!("{title}, approved by {approval}")
}

flow! { Print: Page { await(approval) >> print; } }
flow! { Shop: Order { Print.each(pages) >> await(approval) >> pay; } }
flow! { Till: Order { await(approval) >> charge; } }

/// A server, which ends with the test.
struct Server {
    child: Child,
    ingress: String,
    admin: String,
    _data: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Calls something until it returns a value.
async fn until<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Registers a worker. `None` while the server is not ready.
fn register(admin: u16, worker: &str) -> Option<()> {
    let mut server = TcpStream::connect(("127.0.0.1", admin)).ok()?;
    let body = format!("{{\"uri\": \"{worker}\"}}");
    let head = "POST /deployments HTTP/1.1\r\nhost: server\r\nconnection: close\r\ncontent-type: application/json";
    write!(
        server,
        "{head}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    server.read_to_string(&mut answer).ok()?;
    answer.starts_with("HTTP/1.1 20").then_some(())
}

impl Server {
    /// A server with a worker that serves the flows.
    async fn start() -> Self {
        let program =
            std::env::var("POCKETFLOW_RESTATE_SERVER").expect("run it with scripts/with-restate");
        let data = tempfile::tempdir().unwrap();
        let (ingress, admin) = (free(), free());
        let child = Command::new(program)
            .args(["--no-logo", "--node-name", "n1", "--base-dir"])
            .arg(data.path())
            .envs([
                ("DO_NOT_TRACK", "1"),
                ("RESTATE_DISABLE_TELEMETRY", "true"),
                ("RESTATE_LISTEN_MODE", "tcp"),
                ("RESTATE_BIND_IP", "127.0.0.1"),
                ("RESTATE_ADVERTISED_HOST", "127.0.0.1"),
            ])
            .env("RESTATE_BIND_PORT", free().to_string())
            .env("RESTATE_INGRESS__BIND_PORT", ingress.to_string())
            .env("RESTATE_ADMIN__BIND_PORT", admin.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            ingress: format!("http://127.0.0.1:{ingress}"),
            admin: format!("http://127.0.0.1:{admin}"),
            _data: data,
        };
        let listener = pocketflow_restate::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let worker = format!("http://{}", listener.local_addr().unwrap());
        let endpoint = Endpoint::builder()
            .bind(pocketflow_restate::flow(Shop).object())
            .bind(pocketflow_restate::flow(Till).object())
            .build();
        tokio::spawn(HttpServer::new(endpoint).serve(listener));
        until("the server registers the worker", || async {
            let worker = worker.clone();
            tokio::task::spawn_blocking(move || register(admin, &worker))
                .await
                .unwrap()
        })
        .await;
        server
    }

    fn client(&self, flow: &str) -> Client<Order> {
        pocketflow_restate::client(&self.ingress, flow).unwrap()
    }
}

async fn is(client: &Client<Order>, run: &str, status: Status) {
    until(&format!("`{run}` is {status}"), || async {
        let found = client.status(run).await.ok()?;
        (found.status == status).then_some(())
    })
    .await;
}

#[tokio::test]
#[ignore = "it needs a Restate server"]
async fn a_run_is_started_answered_and_removed() {
    let server = Server::start().await;
    let (shop, admin) = (server.client("Shop"), Admin::new(&server.admin).unwrap());
    let run = "order 17/ä";
    let page = |title: &str| Page {
        title: title.into(),
        ..Page::default()
    };
    let order = || Order {
        total_cents: 4_200,
        pages: vec![page("one"), page("two")],
        ..Order::default()
    };
    let unknown = shop.status(run).await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "the flow `Shop` has no run `order 17/ä`"
    );
    // The administration in place of the ingress, and the other way round.
    let wrong: Client<Order> = pocketflow_restate::client(&server.admin, "Shop").unwrap();
    for wrong in [
        wrong.start(run, &order()).await.unwrap_err(),
        wrong.status(run).await.unwrap_err(),
        Admin::new(&server.ingress)
            .unwrap()
            .runs()
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(wrong, ClientError::WrongAddress { .. }), "{wrong}");
    }
    let unknown = server
        .client("Refund")
        .start(run, &order())
        .await
        .unwrap_err();
    assert!(
        matches!(unknown, ClientError::UnknownFlow { .. }),
        "{unknown}"
    );

    assert_eq!(
        shop.start(run, &order()).await.unwrap().status,
        Status::Running
    );
    // The pages, one after the other.
    for index in ["[0]", "[1]"] {
        let inner = until("a page waits", || async {
            let waits = shop.status(run).await.unwrap().waits;
            let inner = waits.first()?.inner.clone()?;
            inner.ends_with(index).then_some(inner)
        })
        .await;
        let fill = Fill::new("approval#1", "Eve").inner(inner);
        shop.fill_with(run, &fill).await.unwrap();
    }
    until("the order waits", || async {
        let waits = shop.status(run).await.unwrap().waits;
        waits.first()?.inner.is_none().then_some(())
    })
    .await;
    let wrong = shop.fill(run, "approval", &17).await.unwrap_err();
    assert!(matches!(wrong, ClientError::WrongValue { .. }), "{wrong}");
    assert!(
        wrong
            .to_string()
            .contains("`approval`: invalid type: integer"),
        "{wrong}"
    );
    let wrong = shop.fill(run, "approval#2", "Ada").await.unwrap_err();
    assert!(matches!(wrong, ClientError::NotPossible { .. }), "{wrong}");
    let early = shop.result(run).await.unwrap_err();
    assert!(matches!(early, ClientError::NotPossible { .. }), "{early}");

    let store = admin.store("Shop", run).await.unwrap().unwrap();
    let stored: Order = serde_json::from_str(&store).unwrap();
    assert_eq!(
        stored.pages[1].text.as_deref(),
        Some("two, approved by Eve")
    );
    let early = admin.remove("Shop", run).await.unwrap_err();
    assert!(matches!(early, ClientError::NotPossible { .. }), "{early}");

    let (waited, filled) = tokio::join!(shop.wait(run), shop.fill(run, "approval#1", "Ada"));
    filled.unwrap();
    assert_eq!(
        waited.unwrap().store.receipt.as_deref(),
        Some("4200 cents, approved by Ada")
    );
    assert_eq!(shop.result(run).await.unwrap().exit, "default");
    assert_eq!(
        shop.start(run, &order()).await.unwrap().status,
        Status::Finished
    );
    let other = Order {
        total_cents: 1,
        ..order()
    };
    let other = shop.start(run, &other).await.unwrap_err();
    assert!(matches!(other, ClientError::OtherInput { .. }), "{other}");
    assert!(other.to_string().contains("`total_cents`"), "{other}");

    let till: Client<Order> = admin.client("Till").await.unwrap();
    till.start(run, &Order::default()).await.unwrap();
    is(&till, run, Status::Waiting).await;
    let listed = admin.runs().await.unwrap();
    let listed: Vec<_> = listed.iter().map(|run| (&*run.flow, run.status)).collect();
    assert_eq!(
        listed,
        [("Shop", Status::Finished), ("Till", Status::Waiting)]
    );
    assert_eq!(admin.find(run).await.unwrap().len(), 2);

    admin.remove("Shop", run).await.unwrap();
    until("the run is removed", || async {
        let gone = shop.status(run).await;
        matches!(gone, Err(ClientError::UnknownRun { .. })).then_some(())
    })
    .await;
}

#[tokio::test]
#[ignore = "it needs a Restate server"]
async fn a_run_that_fails_is_retried_and_one_that_is_cancelled_too() {
    let server = Server::start().await;
    let till = server.client("Till");
    till.start("a", &Order::default()).await.unwrap();
    is(&till, "a", Status::Waiting).await;
    till.fill("a", "approval", "Ada").await.unwrap();
    let failed = till.wait("a").await.unwrap_err();
    assert!(matches!(failed, ClientError::RunFailed { .. }), "{failed}");
    assert!(
        failed
            .to_string()
            .contains("Till > charge: exec failed: the bank is closed"),
        "{failed}"
    );
    let status = till.status("a").await.unwrap();
    assert_eq!(status.error.unwrap().causes, ["the bank is closed"]);
    BANK_IS_OPEN.store(true, Ordering::SeqCst);
    till.retry("a").await.unwrap();
    till.wait("a").await.unwrap();

    till.start("b", &Order::default()).await.unwrap();
    is(&till, "b", Status::Waiting).await;
    assert_eq!(till.cancel("b").await.unwrap().status, Status::Cancelled);
    let over = till.fill("b", "approval", "Ada").await.unwrap_err();
    assert!(matches!(over, ClientError::NotPossible { .. }), "{over}");
    let over = till.wait("b").await.unwrap_err();
    assert!(matches!(over, ClientError::NotPossible { .. }), "{over}");
    till.retry("b").await.unwrap();
    is(&till, "b", Status::Waiting).await;
    till.fill("b", "approval", "Ada").await.unwrap();
    till.wait("b").await.unwrap();
}
