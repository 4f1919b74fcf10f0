//! The page and its server: JSON requests for what people do, and server-sent events for what
//! happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Html;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tokio::time::sleep;

use super::desk::{Desk, Refusal};
use super::flow::Decision;
use super::log::Case;
use super::runs::Runs;

/// How long open connections may delay the shutdown. Browsers keep some open without a request.
const GRACE: Duration = Duration::from_secs(1);

/// The page may only run its own script and may not be put into a frame.
const POLICY: &str = "default-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

/// Serves the page until Ctrl-C, and lets the unfinished runs go on.
///
/// # Errors
///
/// Fails if the listener fails or the runs cannot be read.
pub async fn serve<R: Runs>(listener: TcpListener, runs: R) -> Result<()> {
    let (desk, under_way) = Desk::open(runs).await?;
    let log = desk.log.clone();
    let drive = {
        let desk = desk.clone();
        move |case: Case| {
            let desk = desk.clone();
            tokio::spawn(async move { desk.drive(case).await })
        }
    };
    for case in under_way {
        drive(case);
    }
    let answer = {
        let drive = drive.clone();
        async move |State(desk): State<Arc<Desk<R>>>,
                    Path(id),
                    Json(Reply { wait, answer }): Json<Reply>| {
            let drive = drive.clone();
            // A task drives the run even if the browser disconnects in the meantime.
            let answered = {
                let wait = wait.clone();
                tokio::spawn(async move { desk.answer(id, &wait, json!(answer)).await.map(drive) })
            };
            let answered = answered.await.unwrap_or_else(|error| Err(error.into()));
            answered.map_err(|refusal| refused(id, &wait, refusal))?;
            Ok::<_, (StatusCode, String)>(StatusCode::NO_CONTENT)
        }
    };
    let submit = async move |State(desk): State<Arc<Desk<R>>>,
                             Json(Submission { brief }): Json<Submission>| {
        if brief.trim().is_empty() {
            return Err((
                StatusCode::UNPROCESSABLE_ENTITY,
                "the brief is empty".into(),
            ));
        }
        let case = desk.submit(brief);
        let driven = drive(case.clone());
        let error = tokio::select! {
            biased;
            () = case.until_stored() => {
                return Ok((StatusCode::CREATED, Json(json!({ "id": case.id }))));
            }
            driven = driven => driven.map_err(anyhow::Error::from).flatten().err(),
        };
        let why = error
            .map(|error| format!(": {error:#}"))
            .unwrap_or_default();
        let said = format!("the draft cannot be stored{why}");
        Err((StatusCode::INTERNAL_SERVER_ERROR, said))
    };
    let router = Router::new()
        .route(
            "/",
            get((
                [(header::CONTENT_SECURITY_POLICY, POLICY)],
                Html(include_str!("page.html")),
            )),
        )
        .route(
            "/page.css",
            get((
                [(header::CONTENT_TYPE, "text/css")],
                include_str!("page.css"),
            )),
        )
        .route(
            "/page.js",
            get((
                [(header::CONTENT_TYPE, "text/javascript")],
                include_str!("page.js"),
            )),
        )
        .route("/events", get(events::<R>))
        .route("/drafts", post(submit))
        .route("/drafts/{id}/answer", post(answer))
        .with_state(desk);

    let stopped = {
        let log = log.clone();
        async move {
            if let Err(error) = ctrl_c().await {
                eprintln!("cannot wait for Ctrl-C: {error}");
                return std::future::pending().await;
            }
            // Event streams never end by themselves, and each open stream keeps its connection
            // busy.
            log.close();
        }
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(stopped);
    tokio::select! {
        result = server => result?,
        () = async { log.closed().await; sleep(GRACE).await } => {}
    }
    Ok(())
}

#[derive(Deserialize)]
struct Submission {
    brief: String,
}

#[derive(Deserialize)]
struct Reply {
    /// The wait that is answered, as the page received it with the question: `decision#2`.
    wait: String,
    #[serde(flatten)]
    answer: Decision,
}

fn refused(id: usize, wait: &str, refusal: Refusal) -> (StatusCode, String) {
    match refusal {
        Refusal::Unknown => (StatusCode::NOT_FOUND, format!("there is no draft {id}")),
        Refusal::NotWaiting => (
            StatusCode::CONFLICT,
            format!("draft {id} does not wait for `{wait}`"),
        ),
        Refusal::Broken(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
    }
}

/// A browser that lost the connection names the last event that it saw, and gets the events after
/// it.
async fn events<R: Runs>(
    State(desk): State<Arc<Desk<R>>>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.split_once('-'));
    // Numbers from the log of an earlier server process mean nothing here.
    let last = last.filter(|(began, _)| *began == desk.log.began.to_string());
    let from = last
        .and_then(|(_, number)| number.parse::<usize>().ok())
        .map_or(0, |number| number + 1);

    let began = desk.log.began;
    let events = desk.log.events(from).map(move |(number, entry)| {
        let event = sse::Event::default().id(format!("{began}-{number}"));
        Ok(event.json_data(entry).expect("an event is JSON"))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
