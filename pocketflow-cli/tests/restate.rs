//! Runs `pocketflow runs --restate` like a user, with a server that is not Restate.

use std::process::{Command, Output};

use serde_json::{Value, json};
use wiremock::matchers::{body_json, body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const TIME: u64 = 1_772_442_845_000;

/// A run as the server stores it.
fn run(id: &str, flow: &str, status: &str, more: Value) -> Value {
    let mut report = json!({"run": id, "flow": flow, "status": status, "step": 1, "created": TIME, "updated": TIME});
    report
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    report
}

fn runs() -> Vec<Value> {
    let approval = |more: Value| {
        let mut wait = json!({"name": "approval#1", "field": "approval"});
        wait.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        wait
    };
    let message =
        "Shop > pay: exec failed: the bank is closed\nhelp: wait:\n  - an hour\n  - a day";
    let error = json!({"message": message, "path": ["Shop", "pay"],
        "stage": "exec failed", "attempts": 1, "causes": ["the bank is closed"]});
    let attempt = json!({"path": "Shop > pay", "number": 2, "of": 3, "due": TIME, "causes": ["busy", "full"]});
    vec![
        run("a", "Shop", "running", json!({"at": "Shop > pay"})),
        run(
            "b",
            "Shop",
            "waiting",
            json!({"at": "Shop > await(approval)", "waits": [approval(json!({"until": TIME}))]}),
        ),
        run(
            "c",
            "Digest",
            "waiting",
            json!({"waits": [
            approval(json!({"inner": "2/documents[0]"})), approval(json!({"inner": "2/documents[1]"})),
            approval(json!({"inner": "2/documents[2]"})), approval(json!({"inner": "2/documents[3]"}))]}),
        ),
        run("d", "Shop", "sleeping", json!({"until": TIME})),
        run(
            "e",
            "Shop",
            "sleeping",
            json!({"until": TIME, "next_attempt": attempt}),
        ),
        run(
            "f",
            "Shop",
            "failed",
            json!({"at": "Shop > pay", "error": error}),
        ),
        run("g", "Shop", "cancelled", json!({"at": "Shop > pay"})),
        run("h", "Shop", "finished", json!({"exit": "default"})),
        run("twice", "Shop", "finished", json!({"exit": "default"})),
        run("twice", "Refund", "finished", json!({"exit": "default"})),
    ]
}

fn row(report: &Value, text: String) -> Value {
    json!({"service_name": report["flow"], "service_key": report["run"], "value": text})
}

/// A server with these runs, at whose ingress the calls are answered with a status.
async fn server() -> MockServer {
    let server = MockServer::start().await;
    let answer =
        |rows: Vec<Value>| ResponseTemplate::new(200).set_body_json(json!({ "rows": rows }));
    let meta = |report: &Value| row(report, report.to_string());
    for report in runs() {
        let run = report["run"].as_str().unwrap();
        let of_run = format!("key = 'meta' and service_key = '{run}'");
        let same = runs()
            .into_iter()
            .filter(|other| other["run"] == report["run"]);
        Mock::given(path("/query"))
            .and(body_string_contains(of_run))
            .respond_with(answer(same.map(|report| meta(&report)).collect()))
            .mount(&server)
            .await;
    }
    Mock::given(path("/query"))
        .and(body_string_contains("WHERE key = 'meta'\""))
        .respond_with(answer(runs().iter().map(meta).collect()))
        .mount(&server)
        .await;
    let store = row(&runs()[0], "{\"total_cents\":1.0}".to_owned());
    Mock::given(path("/query"))
        .and(body_string_contains(
            "key = 'store' and service_name = 'Shop' and service_key = 'a'",
        ))
        .respond_with(answer(vec![store]))
        .mount(&server)
        .await;
    Mock::given(path("/query"))
        .respond_with(answer(vec![]))
        .with_priority(9)
        .mount(&server)
        .await;
    let version = json!({"version": "1.7.12", "ingress_endpoint": server.uri()});
    let version = ResponseTemplate::new(200).set_body_json(version);
    Mock::given(path("/version"))
        .respond_with(version)
        .mount(&server)
        .await;
    server
}

/// What the ingress answers.
async fn ingress(
    server: &MockServer,
    address: &str,
    body: Option<Value>,
    answer: ResponseTemplate,
) {
    let mock = Mock::given(method("POST")).and(path(address));
    let mock = match body {
        Some(body) => mock.and(body_json(body)),
        None => mock,
    };
    mock.respond_with(answer).expect(1).mount(server).await;
}

fn status(run: &Value, status: &str) -> ResponseTemplate {
    let mut run = run.clone();
    run["status"] = status.into();
    ResponseTemplate::new(200).set_body_json(run)
}

async fn command(server: &MockServer, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pocketflow"));
    command
        .args(["runs", "--restate", &server.uri()])
        .args(arguments);
    command.env("RESTATE_AUTH_TOKEN", "secret");
    // The server needs the thread of the test.
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

async fn says(server: &MockServer, arguments: &[&str]) -> String {
    let output = command(server, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn fails(server: &MockServer, arguments: &[&str]) -> String {
    let output = command(server, arguments).await;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("error: ") && !error.contains("secret"),
        "{error}"
    );
    error
}

#[tokio::test]
async fn the_runs_of_all_flows_are_listed() {
    let server = server().await;
    let list = says(&server, &["list"]).await;
    let expected = "\
RUN    STATUS     STEP  FLOW    UPDATED               DETAILS
c      waiting    1     Digest  2026-03-02 09:14:05Z  approval#1 of c/2/documents[0], approval#1 of c/2/documents[1], approval#1 of c/2/documents[2] and 1 more
twice  finished   1     Refund  2026-03-02 09:14:05Z  default
a      running    1     Shop    2026-03-02 09:14:05Z  Shop > pay
b      waiting    1     Shop    2026-03-02 09:14:05Z  approval#1 (until 2026-03-02 09:14:05Z)
d      sleeping   1     Shop    2026-03-02 09:14:05Z  sleeps until 2026-03-02 09:14:05Z
e      sleeping   1     Shop    2026-03-02 09:14:05Z  attempt 2 of 3 of Shop > pay, due at 2026-03-02 09:14:05Z
f      failed     1     Shop    2026-03-02 09:14:05Z  Shop > pay: exec failed: the bank is closed; help: wait: an hour; a day
g      cancelled  1     Shop    2026-03-02 09:14:05Z  Shop > pay
h      finished   1     Shop    2026-03-02 09:14:05Z  default
twice  finished   1     Shop    2026-03-02 09:14:05Z  default
";
    assert_eq!(list, expected);
    let sleeping = says(&server, &["list", "--status", "sleeping"]).await;
    assert_eq!(sleeping.lines().count(), 3, "{sleeping}");
    let refunds = says(&server, &["--flow", "Refund", "list"]).await;
    assert_eq!(refunds.lines().count(), 2, "{refunds}");
    let json = says(&server, &["list", "--json", "--status", "failed"]).await;
    assert_eq!(
        serde_json::from_str::<Value>(&json).unwrap(),
        json!([runs()[5]])
    );
    let error = fails(&server, &["list", "--status", "stuck"]).await;
    assert_eq!(
        error,
        "error: no run on Restate is stuck: write one of running, waiting, sleeping, failed, cancelled, finished\n"
    );
}

#[tokio::test]
async fn a_run_is_shown_with_its_state() {
    let server = server().await;
    let shown = says(&server, &["show", "e"]).await;
    let expected = "\
run          e
flow         Shop
status       sleeping
waits for    attempt 2 of 3 of Shop > pay, due at 2026-03-02 09:14:05Z
last error   busy: full
step         1
created      2026-03-02 09:14:05Z
updated      2026-03-02 09:14:05Z
";
    assert_eq!(shown, expected);
    assert!(
        says(&server, &["show", "c"])
            .await
            .contains("approval#1 of c/2/documents[3]\n")
    );
    assert_eq!(
        says(&server, &["state", "a"]).await,
        "{\"total_cents\":1.0}\n"
    );
    assert_eq!(
        fails(&server, &["show", "none"]).await,
        "error: there is no run `none`\n"
    );
    assert_eq!(
        fails(&server, &["show", "twice"]).await,
        "error: `Refund` and `Shop` both have a run `twice`: choose one with `--flow`\n"
    );
    let refund = says(&server, &["show", "twice", "--flow", "Refund"]).await;
    assert!(refund.contains("flow         Refund\n"), "{refund}");
    assert_eq!(
        fails(&server, &["show", "a", "--flow", "Refund"]).await,
        "error: the flow `Refund` has no run `a`\n"
    );
}

#[tokio::test]
async fn a_wait_is_filled_also_that_of_an_inner_run() {
    let server = server().await;
    let fill = json!({"field": "approval", "wait": "approval#1", "value": "Ada"});
    ingress(
        &server,
        "/Shop/b/fill",
        Some(fill),
        status(&runs()[1], "running"),
    )
    .await;
    assert_eq!(
        says(&server, &["fill", "b", "approval#1", "Ada"]).await,
        "filled `approval#1` of run `b` with a text\n"
    );
    let fill = json!({"field": "approval", "value": true, "inner": "2/documents[1]"});
    ingress(
        &server,
        "/Digest/c/fill",
        Some(fill),
        status(&runs()[2], "waiting"),
    )
    .await;
    assert_eq!(
        says(
            &server,
            &["--json", "fill", "c/2/documents[1]", "approval", "true"]
        )
        .await,
        "{\"run\":\"c/2/documents[1]\",\"wait\":\"approval\"}\n"
    );
    assert_eq!(
        fails(&server, &["fill", "c", "approval", "Ada"]).await,
        "error: run `c` waits for several values for `approval`: approval#1 of c/2/documents[0], approval#1 of c/2/documents[1], \
         approval#1 of c/2/documents[2] and 1 more; help: fill one of them: pocketflow runs fill 'c/2/documents[0]' 'approval#1' VALUE\n"
    );
    let refused = "the value does not fit the field `approval`: invalid type\nhelp: send a text";
    let refused = json!({"code": 400, "message": refused, "source": "invocation"});
    let refused = ResponseTemplate::new(400).set_body_json(refused);
    ingress(&server, "/Shop/d/fill", None, refused).await;
    assert_eq!(
        fails(&server, &["fill", "d", "approval", "17"]).await,
        "error: run `d` still waits for `approval`: the value does not fit the field `approval`: invalid type; help: send a text\n"
    );
}

#[tokio::test]
async fn runs_are_cancelled_retried_and_removed() {
    let server = server().await;
    ingress(
        &server,
        "/Shop/a/cancel",
        None,
        status(&runs()[0], "cancelled"),
    )
    .await;
    assert_eq!(says(&server, &["cancel", "a"]).await, "cancelled run `a`\n");
    ingress(
        &server,
        "/Shop/b/cancel",
        None,
        status(&runs()[1], "finished"),
    )
    .await;
    assert_eq!(
        says(&server, &["cancel", "b"]).await,
        "run `b` is finished already\n"
    );
    ingress(
        &server,
        "/Shop/f/retry",
        None,
        status(&runs()[5], "running"),
    )
    .await;
    assert_eq!(says(&server, &["retry", "f"]).await, "run `f` goes on\n");
    assert_eq!(
        fails(&server, &["retry", "h"]).await,
        "error: run `h` cannot be retried: it is finished\n"
    );
    assert_eq!(
        fails(&server, &["cancel", "c/2/documents[1]"]).await,
        "error: run `c/2/documents[1]` is a part of run `c`: do this with `c`\n"
    );
    let removed = json!({"object_key": "h", "new_state": {}});
    ingress(
        &server,
        "/services/Shop/state",
        Some(removed),
        ResponseTemplate::new(202),
    )
    .await;
    assert_eq!(says(&server, &["remove", "h"]).await, "removed run `h`\n");
    let removed = json!({"object_key": "g", "new_state": {}});
    ingress(
        &server,
        "/services/Shop/state",
        Some(removed),
        ResponseTemplate::new(202),
    )
    .await;
    let prune = ["prune", "--older-than", "1d", "--status", "cancelled"];
    assert_eq!(says(&server, &prune).await, "removed 1 run\n");
    let prune = ["prune", "--older-than", "1d", "--status", "running"];
    assert_eq!(
        fails(&server, &prune).await,
        "error: runs that are running cannot be pruned: write finished, failed or cancelled\n"
    );
}

#[tokio::test]
async fn the_token_is_sent_and_the_ingress_can_be_named() {
    let server = server().await;
    let elsewhere = MockServer::start().await;
    Mock::given(path("/Shop/f/retry"))
        .and(header("authorization", "Bearer secret"))
        .respond_with(status(&runs()[5], "running"))
        .expect(1)
        .mount(&elsewhere)
        .await;
    says(&server, &["--ingress", &elsewhere.uri(), "retry", "f"]).await;
    let requests = server.received_requests().await.unwrap();
    assert!(
        requests
            .iter()
            .all(|request| request.headers["authorization"] == "Bearer secret")
    );
}

#[tokio::test]
async fn a_wrong_port_is_named() {
    // What the ingress of a server answers.
    let ingress = MockServer::start().await;
    let refused = json!({"code": 400, "message": "bad path: /query", "source": "ingress"});
    Mock::given(path("/query"))
        .respond_with(ResponseTemplate::new(400).set_body_json(refused))
        .mount(&ingress)
        .await;
    let expected = format!(
        "error: the answer at {} to `/query` is not that of the administration of a Restate server: HTTP status 400: bad path: /query; \
         help: is the address right? It must be that of the administration of a Restate server (port 9070 by default), and not that at which it takes requests (8080)\n",
        ingress.uri()
    );
    assert_eq!(fails(&ingress, &["list"]).await, expected);
    assert_eq!(fails(&ingress, &["cancel", "a"]).await, expected);

    // The administration also as the ingress: it answers 404, without a text.
    let server = server().await;
    let wrong = format!(
        "error: the answer at {} to `/Shop/a/cancel` is not that of the ingress of a Restate server: HTTP status 404 without a text; \
         help: is the address right? It must be that at which a Restate server takes requests (its ingress, port 8080 by default), and not that of its administration (9070)",
        server.uri()
    );
    assert_eq!(
        fails(&server, &["--ingress", &server.uri(), "cancel", "a"]).await,
        format!("{wrong}\n")
    );
    let named = "; help: the server names this address itself: if it takes requests at another one, add `--ingress URL`\n";
    assert_eq!(fails(&server, &["cancel", "a"]).await, wrong + named);
}

#[tokio::test]
async fn a_missing_token_is_named() {
    let server = MockServer::start().await;
    Mock::given(path("/query"))
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    let error = fails(&server, &["list"]).await;
    assert!(
        error.ends_with("; help: the environment variable RESTATE_AUTH_TOKEN holds the token\n"),
        "{error}"
    );
}

#[tokio::test]
async fn what_restate_does_not_have_is_refused() {
    let server = server().await;
    for command in [
        &["history", "a"][..],
        &["state", "a", "1"],
        &["release", "a"],
        &["rewind", "a", "1"],
        &["fork", "a", "1", "z"],
        &["edit", "a", "total_cents", "1"],
        &["drop-items", "a"],
        &["backup", "copy.db"],
        &["vacuum"],
    ] {
        let error = fails(&server, command).await;
        assert!(error.starts_with("error: there is no "), "{error}");
        assert!(error.contains("for runs on Restate: "), "{error}");
    }
}

#[test]
fn options_of_restate_alone_and_a_server_that_is_not_there() {
    let fails = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pocketflow"));
        let output = command.arg("runs").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(
        fails(&["list", "--flow", "Shop"]),
        "error: `--flow` is for runs on Restate: it needs `--restate URL`\n"
    );
    let error = fails(&["list", "--restate", "postgres://me:secret@host"]);
    assert!(
        error.contains("is not the address of a Restate server"),
        "{error}"
    );
    assert!(!error.contains("secret"), "{error}");
    // No server listens at this port, which only the system uses.
    let error = fails(&["list", "--restate", "http://127.0.0.1:1"]);
    let unreachable = "error: cannot reach the Restate server at http://127.0.0.1:1: ";
    let help = "; help: is it running, and is the address right? It must be that of the administration of a Restate server (port 9070 by default), and not that at which it takes requests (8080)\n";
    assert!(
        error.starts_with(unreachable) && error.ends_with(help),
        "{error}"
    );
}
