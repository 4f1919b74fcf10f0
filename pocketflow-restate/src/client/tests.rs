//! Tests with a server that is not Restate. Those with Restate are in the folder `tests`.

mod wrong_address;

use std::collections::HashMap;
use std::error::Error;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{any, body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::wire::Status;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Order {
    total_cents: u64,
    receipt: Option<String>,
}

fn status(run: &str, flow: &str, status: &str, updated: u64) -> Value {
    json!({"run": run, "flow": flow, "status": status, "step": 1, "created": 1, "updated": updated})
}

fn answer(code: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(code).set_body_json(body)
}

fn shop(server: &MockServer) -> Client<Order> {
    client(&server.uri(), "Shop").unwrap()
}

/// An error with its causes.
fn text(error: &ClientError) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[tokio::test]
async fn each_method_calls_its_handler() {
    let server = MockServer::start().await;
    let order = Order {
        total_cents: 17,
        receipt: None,
    };
    let finished = json!({"exit": "default", "store": {"total_cents": 17, "receipt": "paid"}});
    let waiting = status("a/b", "Shop", "waiting", 2);
    let calls = [
        ("run", json!({"total_cents": 17, "receipt": null}), &waiting),
        ("status", Value::Null, &waiting),
        (
            "fill",
            json!({"field": "approval", "wait": "approval#2", "value": "Ada"}),
            &waiting,
        ),
        ("retry", Value::Null, &waiting),
        ("cancel", Value::Null, &waiting),
        ("result", Value::Null, &finished),
        ("wait", Value::Null, &finished),
    ];
    for (handler, body, reply) in calls {
        let mock = Mock::given(method("POST"))
            .and(path(format!("/Shop/a%2Fb/{handler}")))
            .and(header("authorization", "Bearer secret"));
        let mock = match body {
            Value::Null => mock,
            body => mock
                .and(body_json(body))
                .and(header("content-type", "application/json")),
        };
        mock.respond_with(answer(200, reply.clone()))
            .expect(1)
            .mount(&server)
            .await;
    }
    let shop = shop(&server).token("secret").unwrap();
    let statuses = [
        shop.start("a/b", &order).await.unwrap(),
        shop.status("a/b").await.unwrap(),
        shop.fill("a/b", "approval#2", "Ada").await.unwrap(),
        shop.retry("a/b").await.unwrap(),
        shop.cancel("a/b").await.unwrap(),
    ];
    assert!(
        statuses
            .iter()
            .all(|status| status.status == Status::Waiting)
    );
    for finished in [
        shop.result("a/b").await.unwrap(),
        shop.wait("a/b").await.unwrap(),
    ] {
        assert_eq!(finished.store.receipt.as_deref(), Some("paid"));
        assert_eq!(finished.exit, "default");
    }
    assert!(!format!("{shop:?}").contains("secret"));
}

#[tokio::test]
async fn a_refusal_says_what_happened() {
    let order = Order::default();
    // What the server answers, and what each of these calls makes of it.
    let calls: [(&str, u16, bool, &str, &str); 13] = [
        (
            "start",
            404,
            true,
            "service 'Shop' not found",
            "does not know the flow `Shop`: service 'Shop' not found\nhelp: start a worker",
        ),
        (
            "status",
            404,
            false,
            "no such run",
            "the flow `Shop` has no run `order-17`",
        ),
        (
            "start",
            400,
            false,
            "the field `total_cents`: expected u64",
            "run `order-17` cannot start: the field `total_cents`: expected u64",
        ),
        (
            "start",
            413,
            false,
            "the store is too large",
            "run `order-17` cannot start: the store is too large",
        ),
        (
            "start",
            409,
            false,
            "run `order-17` was started with different input",
            "run `order-17` was started with different input",
        ),
        (
            "fill",
            400,
            false,
            "the value does not fit the field `approval`",
            "run `order-17` still waits for `approval#1`: the value does not fit the field `approval`",
        ),
        (
            "fill",
            409,
            false,
            "run `order-17` does not wait for `approval`",
            "run `order-17` does not wait for `approval`",
        ),
        (
            "result",
            409,
            false,
            "run `order-17` is running",
            "run `order-17` is running",
        ),
        (
            "result",
            500,
            false,
            "run `order-17` has failed: closed",
            "run `order-17` has failed: closed",
        ),
        (
            "wait",
            500,
            false,
            "run `order-17` has failed: closed",
            "run `order-17` has failed: closed",
        ),
        (
            "status",
            401,
            true,
            "no",
            "refuses access with HTTP status 401\nhelp: set the token of the server. If it has none, is the address right? It must be",
        ),
        (
            "status",
            500,
            true,
            "oh",
            "answered `/Shop/order-17/status` with HTTP status 500: oh",
        ),
        (
            "result",
            200,
            false,
            "oh",
            "answer of the Restate server at http",
        ),
    ];
    for (call, code, from_server, message, expected) in calls {
        let server = MockServer::start().await;
        let refusal = answer(code, json!({"code": code, "message": message}));
        let source = if from_server { "ingress" } else { "invocation" };
        let refusal = match code {
            200 => refusal.insert_header("x-restate-id", "inv_17"),
            _ => refusal.insert_header("x-restate-error-source", source),
        };
        Mock::given(any())
            .respond_with(refusal)
            .mount(&server)
            .await;
        let shop = shop(&server);
        let error = match call {
            "start" => shop.start("order-17", &order).await.unwrap_err(),
            "fill" => shop.fill("order-17", "approval#1", &17).await.unwrap_err(),
            "result" => shop.result("order-17").await.unwrap_err(),
            "wait" => shop.wait("order-17").await.unwrap_err(),
            _ => shop.status("order-17").await.unwrap_err(),
        };
        assert!(
            text(&error).contains(expected),
            "{call} {code}: {}",
            text(&error)
        );
        assert!(!error.is_temporary());
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Seats {
    price: Option<f64>,
    taken: HashMap<(u8, u8), String>,
    #[serde(flatten)]
    rest: HashMap<String, u8>,
}

#[tokio::test]
async fn a_store_that_json_cannot_hold_is_read_back() {
    let server = MockServer::start().await;
    let store = json!({"price": {"$ron": "Some(NaN)"}, "taken": {"$ron": "{(1,2):\"Ada\"}"}, "..rest": {"more": 7}});
    let finished = answer(200, json!({"exit": "default", "store": store}));
    Mock::given(any())
        .respond_with(finished)
        .mount(&server)
        .await;
    let shop = client::<Seats>(&server.uri(), "Shop").unwrap();
    let seats = shop.result("order-17").await.unwrap().store;
    assert!(seats.price.is_some_and(f64::is_nan), "{seats:?}");
    assert_eq!(seats.taken[&(1, 2)], "Ada");
    assert_eq!(seats.rest["more"], 7);
    let shop = client::<Value>(&server.uri(), "Shop").unwrap();
    let value = shop.wait("order-17").await.unwrap().store;
    assert_eq!(value["taken"], store["taken"]);
}

#[tokio::test]
async fn a_run_needs_an_id() {
    let server = MockServer::start().await;
    let error = shop(&server).status("").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`` cannot be the id of a run: it is empty"
    );
}

#[tokio::test]
async fn a_server_that_does_not_run_is_unreachable() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let shop = client::<Order>(&url, "Shop").unwrap();
    let shop = shop.timeout(Duration::from_millis(700));
    for error in [
        shop.status("order-17").await.unwrap_err(),
        shop.wait("order-17").await.unwrap_err(),
    ] {
        let expected = format!(
            "cannot reach the Restate server at {url}\nhelp: is it running, and is the address right? It must be that at which a Restate server takes requests"
        );
        assert!(text(&error).starts_with(&expected), "{}", text(&error));
        assert!(
            text(&error).contains("Connection refused"),
            "{}",
            text(&error)
        );
        assert!(error.is_temporary());
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let shop = client::<Order>(&url, "Shop").unwrap();
    let shop = shop.timeout(Duration::from_millis(100));
    let error = shop.retry("order-17").await.unwrap_err();
    let expected = "has not answered `/Shop/order-17/retry` within 0.1 s";
    assert!(error.to_string().contains(expected), "{error}");
    assert!(error.is_temporary());
}

#[tokio::test]
async fn a_wait_outlives_a_lost_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut bytes = [0; 1024];
        let (mut lost, _) = listener.accept().await.unwrap();
        assert!(lost.read(&mut bytes).await.unwrap() > 0);
        drop(lost);
        let (mut kept, _) = listener.accept().await.unwrap();
        assert!(kept.read(&mut bytes).await.unwrap() > 0);
        let body = json!({"exit": "default", "store": Order::default()}).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        kept.write_all((head + &body).as_bytes()).await.unwrap();
    });
    let shop = client::<Order>(&url, "Shop").unwrap();
    let finished = shop.wait("order-17").await.unwrap();
    assert_eq!(finished.store, Order::default());
    server.await.unwrap();
}

/// A server whose answer to a query is these rows.
async fn rows(rows: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/query"))
        .and(header("accept", "application/json"))
        .respond_with(answer(200, json!({ "rows": rows })))
        .mount(&server)
        .await;
    server
}

fn meta(run: &str, flow: &str, word: &str, updated: u64) -> Value {
    let status = status(run, flow, word, updated).to_string();
    json!({"service_name": flow, "service_key": run, "value": status})
}

/// The text of the last query.
async fn asked(server: &MockServer) -> String {
    let requests = server.received_requests().await.unwrap();
    let last = requests
        .iter()
        .rfind(|request| request.url.path() == "/query")
        .unwrap();
    last.body_json::<Value>().unwrap()["query"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn runs_are_listed_and_other_objects_are_not() {
    let server = rows(json!([
        meta("b", "Shop", "running", 9),
        meta("a", "Shop", "failed", 5),
        {"service_name": "Counter", "service_key": "a", "value": "17"},
        {"service_name": "Counter", "service_key": "a"},
        {"service_name": "Counter", "service_key": "a", "value": meta("a", "Shop", "failed", 5)["value"]},
    ]))
    .await;
    let admin = Admin::new(&server.uri()).unwrap();
    let runs = admin.runs().await.unwrap();
    let runs: Vec<_> = runs.iter().map(|run| (&*run.run, run.status)).collect();
    assert_eq!(runs, [("a", Status::Failed), ("b", Status::Running)]);
    admin.find("it's").await.unwrap();
    let query = asked(&server).await;
    assert!(
        query.ends_with("WHERE key = 'meta' and service_key = 'it''s'"),
        "{query}"
    );
}

#[tokio::test]
async fn a_store_is_returned_as_it_is_stored() {
    let row = json!({"service_name": "Shop", "service_key": "a", "value": "{\"total_cents\":1.0}"});
    let server = rows(json!([row])).await;
    let admin = Admin::new(&server.uri()).unwrap();
    let store = admin.store("Shop", "a").await.unwrap();
    assert_eq!(store.as_deref(), Some("{\"total_cents\":1.0}"));
    let expected = "WHERE key = 'store' and service_name = 'Shop' and service_key = 'a'";
    assert!(asked(&server).await.ends_with(expected));
}

#[tokio::test]
async fn a_run_that_is_over_can_be_removed() {
    let server = rows(json!([meta("a", "Shop", "finished", 5)])).await;
    Mock::given(method("POST"))
        .and(path("/services/Shop/state"))
        .and(body_json(json!({"object_key": "a", "new_state": {}})))
        .respond_with(ResponseTemplate::new(202))
        .expect(1)
        .mount(&server)
        .await;
    let admin = Admin::new(&server.uri()).unwrap();
    admin.remove("Shop", "a").await.unwrap();
    let error = admin.remove("Refund", "a").await.unwrap_err();
    assert_eq!(error.to_string(), "the flow `Refund` has no run `a`");

    let server = rows(json!([meta("a", "Shop", "waiting", 5)])).await;
    let admin = Admin::new(&server.uri()).unwrap();
    let error = admin.remove("Shop", "a").await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is waiting, and only a run that is over"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_is_made_for_the_address_that_the_server_names() {
    let server = MockServer::start().await;
    let version = json!({"version": "1.7.12", "ingress_endpoint": server.uri() + "/"});
    Mock::given(path("/version"))
        .respond_with(answer(200, version))
        .mount(&server)
        .await;
    let waiting = answer(200, status("a", "Shop", "waiting", 2));
    Mock::given(path("/Shop/a/status"))
        .respond_with(waiting)
        .mount(&server)
        .await;
    let admin = Admin::new(&server.uri()).unwrap();
    let shop: Client<Order> = admin.client("Shop").await.unwrap();
    assert_eq!(shop.status("a").await.unwrap().status, Status::Waiting);
}

#[tokio::test]
async fn a_query_that_a_server_cannot_answer_yet_is_temporary() {
    let server = MockServer::start().await;
    let refusal = answer(500, json!({"message": "the tables are not there yet"}));
    Mock::given(path("/query"))
        .respond_with(refusal.clone())
        .mount(&server)
        .await;
    Mock::given(path("/version"))
        .respond_with(refusal)
        .mount(&server)
        .await;
    let admin = Admin::new(&server.uri()).unwrap();
    let error = admin.runs().await.unwrap_err();
    assert!(error.is_temporary(), "{error}");
    assert!(
        error.to_string().ends_with("the tables are not there yet"),
        "{error}"
    );
    let error = admin.client::<Order>("Shop").await.unwrap_err();
    assert!(!error.is_temporary(), "{error}");
}
