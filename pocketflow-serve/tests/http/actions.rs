//! What a person does to a run.

use pocketflow_checkpoint::Status;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::Site;

#[tokio::test]
async fn an_answer_is_for_one_wait_and_must_fit() {
    let site = Site::new().await;
    site.order("a", 4_200).await;
    let fill = |wait: &str, value: &str| {
        site.act(json!({ "action": "fill", "run": "a", "wait": wait, "value": value }))
    };
    for (wait, value, why) in [
        (
            "approval#1",
            "true",
            "it is true or false, and must be a text",
        ),
        ("approval#1", "\"x\"", "at least 2"),
        ("approval#1", "Ada", "not JSON"),
        ("total_cents#1", "1", "no `await(total_cents)`"),
    ] {
        let (status, text) = fill(wait, value).await;
        assert!(status.is_client_error(), "{status}");
        assert!(text.contains(why), "{text}");
    }
    assert_eq!(
        fill("approval#1", "\"Ada\"").await,
        (StatusCode::OK, "`approval#1` is filled".into())
    );
    let (status, text) = fill("approval#1", "\"Bob\"").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(text.contains("filled already"), "{text}");
    let order = site.go_on("a").await.unwrap();
    assert_eq!(
        order.receipt.as_deref(),
        Some("4200 cents, approved by Ada")
    );
    let (status, text) = fill("approval#1", "\"Bob\"").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(!text.is_empty());
}

#[tokio::test]
async fn a_failed_run_is_mended_and_retried() {
    let site = Site::new().await;
    site.order("a", 0).await;
    site.runs.fill("a", "approval#1", "\"Ada\"").await.unwrap();
    site.go_on("a").await.unwrap_err();
    let state = site.json("/api/state?run=a").await;
    assert_eq!(
        state["fields"][0],
        json!({ "name": "total_cents", "value": "0" })
    );
    // The page does not have what is confidential.
    assert_eq!(state["fields"][1], json!({ "name": "card", "value": null }));
    let edit = |field: &str, value: &str| {
        site.act(json!({ "action": "edit", "run": "a", "field": field, "value": value }))
    };
    assert_eq!(edit("total", "1").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        edit("total_cents", "a").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(edit("total_cents", "2100").await.0, StatusCode::OK);
    assert_eq!(
        site.act(json!({ "action": "retry", "run": "a" })).await.0,
        StatusCode::OK
    );
    let (status, why) = site.act(json!({ "action": "retry", "run": "a" })).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(why.contains("running"), "{why}");
    let order = site.go_on("a").await.unwrap();
    assert_eq!(
        order.receipt.as_deref(),
        Some("2100 cents, approved by Ada")
    );
}

#[tokio::test]
async fn a_run_is_cancelled_forked_and_rewound() {
    let site = Site::new().await;
    site.order("a", 4_200).await;
    let act = |action: Value| site.act(action);
    assert_eq!(
        act(json!({ "action": "fork", "run": "a", "step": 1, "new": "b" }))
            .await
            .0,
        StatusCode::OK
    );
    let (status, why) = act(json!({ "action": "fork", "run": "a", "step": 1, "new": "b" })).await;
    assert_eq!(
        (status, why.contains("exists")),
        (StatusCode::CONFLICT, true)
    );
    assert_eq!(
        act(json!({ "action": "fork", "run": "a", "step": 7, "new": "c" }))
            .await
            .0,
        StatusCode::CONFLICT
    );
    assert_eq!(
        act(json!({ "action": "rewind", "run": "a", "step": 1 }))
            .await
            .0,
        StatusCode::OK
    );
    assert_eq!(
        act(json!({ "action": "cancel", "run": "a" })).await.0,
        StatusCode::OK
    );
    let cancelled = site.runs.list(Some(Status::Cancelled)).await.unwrap();
    assert_eq!(cancelled[0].run, "a");
    let (status, why) = act(json!({ "action": "release", "run": "a" })).await;
    assert_eq!(
        (status, why.contains("no process holds")),
        (StatusCode::CONFLICT, true)
    );
    assert_eq!(
        act(json!({ "action": "cancel", "run": "zzz" })).await.0,
        StatusCode::NOT_FOUND
    );
    let (status, _) = act(json!({ "action": "retry", "run": "a" })).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_server_without_a_database_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let token = crate::support::TOKEN;
    let server = pocketflow_serve::Server::new()
        .records(folder.path())
        .token(token);
    let server = server.bind(0).await.unwrap();
    let url = format!("http://{}/api/actions", server.local_addr());
    tokio::spawn(server.run_until(std::future::pending()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(url)
        .bearer_auth(token)
        .json(&json!({ "action": "retry", "run": "a" }));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert!(response.text().await.unwrap().contains("--db"));
}
