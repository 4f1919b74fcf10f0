//! `Limit`, which nodes and runs share.

mod a_limit;
mod attempts;
mod beside_a_context;
mod beside_other_drivers;
mod chosen_nodes;
mod nested;
mod without_a_runtime;

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pocketflow::{
    Attempt, Error, Failed, Limit, NestedLimit, NoRuntime, Shared, Stage, StepLimit, TimedOut,
    Trace, flow, node,
};
use tokio::time::{Instant, sleep};

/// The requests that a service has received.
#[derive(Default)]
struct Service {
    in_flight: AtomicUsize,
    most: AtomicUsize,
    began: Mutex<Vec<(String, Instant)>>,
}

/// A request in flight, until it is dropped.
struct Request<'a>(&'a Service);

impl Service {
    fn receives(&self, name: impl ToString) -> Request<'_> {
        let in_flight = self.in_flight.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(in_flight, SeqCst);
        let mut began = self.began.lock().unwrap();
        began.push((name.to_string(), Instant::now()));
        Request(self)
    }

    async fn answer(&self, name: impl ToString, time: Duration) -> String {
        let name = name.to_string();
        let _request = self.receives(&name);
        sleep(time).await;
        name
    }

    fn most(&self) -> usize {
        self.most.load(SeqCst)
    }

    fn names(&self) -> Vec<String> {
        let began = self.began.lock().unwrap();
        began.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The most requests that began in a period.
    fn most_in(&self, period: Duration) -> usize {
        let began = self.began.lock().unwrap();
        let in_period = |(_, from): &(String, Instant)| {
            let period = *from..*from + period;
            began.iter().filter(|(_, at)| period.contains(at)).count()
        };
        began.iter().map(in_period).max().unwrap_or(0)
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, SeqCst);
    }
}

#[derive(Shared, Default)]
struct Article {
    service: Arc<Service>,
    limit: Limit,
    titles: Vec<String>,
    drafts: Option<Vec<String>>,
    found: String,
    failures: Vec<Failed>,
    facts: Option<String>,
    figures: Option<String>,
    text: Option<String>,
}

fn article(service: &Arc<Service>, titles: impl IntoIterator<Item = impl ToString>) -> Article {
    Article {
        service: service.clone(),
        titles: titles.into_iter().map(|title| title.to_string()).collect(),
        ..Article::default()
    }
}

const SECOND: Duration = Duration::from_secs(1);
const TENTH: Duration = Duration::from_millis(100);

#[node(Article, writes = drafts, parallel = 20)]
async fn draft(#[each(titles)] title: &str, service: &Service) -> String {
    service.answer(title, TENTH).await
}

#[node(Article, writes = text)]
async fn combine(drafts: &[String], service: &Service) -> String {
    service.answer(drafts.len(), TENTH).await
}

#[node(Article, writes = facts)]
async fn find(service: &Service) -> String {
    service.answer("facts", TENTH).await
}

#[node(Article, writes = figures)]
async fn count(service: &Service) -> String {
    service.answer("figures", TENTH).await
}

flow! { Draft { draft; } }
flow! { Write { Draft >> (find, count) >> combine; } }
