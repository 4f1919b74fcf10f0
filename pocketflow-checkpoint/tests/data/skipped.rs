//! Fields that serde skips.

use super::*;

#[derive(Debug, Default, Clone, PartialEq)]
struct Client(u32);

#[derive(Shared, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    #[serde(skip)]
    client: Client,
    #[serde(skip)]
    cache: Option<u32>,
    #[serde(rename = "verdict")]
    is_approved: Option<bool>,
    used_client: Option<u32>,
}

#[node(Call, writes = used_client)]
fn call(client: &Client, is_approved: &bool) -> u32 {
    client.0 * u32::from(*is_approved)
}

flow! { Ask { await(is_approved) >> call; } }

fn given() -> Call {
    Call {
        client: Client(7),
        cache: Some(1),
        ..Call::default()
    }
}

#[tokio::test]
async fn what_serde_skips_outlives_an_await() {
    let (_folder, runs) = runs().await;
    let run = runs.run("a");
    let waits = tokio::spawn(async move {
        let mut shared = given();
        Ask.with(run).run(&mut shared).await.map(|_| shared)
    });
    while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    runs.fill_value("a", "is_approved", &true).await.unwrap();
    let shared = waits.await.unwrap().unwrap();
    assert_eq!(
        (shared.client, shared.cache, shared.used_client),
        (Client(7), Some(1), Some(7))
    );
}

#[tokio::test]
async fn what_serde_skips_is_the_callers_on_a_resume() {
    let (_folder, runs) = runs().await;
    Ask.with(runs.run("a").park())
        .run(&mut given())
        .await
        .unwrap_err();
    runs.fill("a", "is_approved", "true").await.unwrap();
    let mut shared = Call {
        client: Client(9),
        ..Call::default()
    };
    Ask.with(runs.run("a")).run(&mut shared).await.unwrap();
    assert_eq!(
        (shared.client, shared.cache, shared.used_client),
        (Client(9), None, Some(9))
    );
    assert_eq!(
        runs.state_at::<Call>("a", 2)
            .await
            .unwrap()
            .unwrap()
            .used_client,
        Some(9)
    );
}

#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Lost {
    #[serde(skip)]
    answer: Option<bool>,
    #[serde(skip)]
    token: Option<String>,
    go_on: Option<bool>,
    sent: Option<String>,
}

#[node(Lost, writes = sent)]
fn send(answer: &bool) -> String {
    answer.to_string()
}

flow! { WaitsForSkipped { await(answer) >> send; } }

#[tokio::test]
async fn a_wait_for_a_field_that_serde_skips_is_refused_when_the_run_begins() {
    let (_folder, runs) = runs().await;
    let error = WaitsForSkipped
        .with(runs.run("a").park())
        .run(&mut Lost::default())
        .await
        .unwrap_err();
    let BadState { what, .. } = cause(&error);
    assert_eq!(what, "the field `answer`, for which the flow waits,");
    assert!(runs.list(None).await.unwrap().is_empty());
}

#[node(Lost, writes = token)]
fn log_in() -> String {
    "secret".into()
}

#[node(Lost, writes = sent)]
fn use_token(token: &str, go_on: &bool) -> String {
    format!("{token} {go_on}")
}

flow! { Login { log_in >> await(go_on) >> use_token; } }

#[tokio::test]
async fn a_late_field_that_serde_skips_must_be_given_again() {
    let (_folder, runs) = runs().await;
    Login
        .with(runs.run("a").park())
        .run(&mut Lost::default())
        .await
        .unwrap_err();
    runs.fill("a", "go_on", "true").await.unwrap();
    let error = Login
        .with(runs.run("a"))
        .run(&mut Lost::default())
        .await
        .unwrap_err();
    let skipped: &SkippedField = cause(&error);
    assert_eq!(
        (skipped.node.as_str(), skipped.field.as_str()),
        ("Login > use_token", "token")
    );
    assert_eq!(
        runs.list(Some(Status::Waiting)).await.unwrap().len(),
        1,
        "the run is as it was"
    );
    let mut shared = Lost {
        token: Some("other".into()),
        ..Lost::default()
    };
    Login.with(runs.run("a")).run(&mut shared).await.unwrap();
    assert_eq!(shared.sent.as_deref(), Some("other true"));
}
