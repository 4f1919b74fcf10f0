//! What is shown of a run has no values of confidential fields.

use std::fmt;
use std::sync::Arc;

use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::server::Server;
use crate::job::{FlowJob, Job};
use crate::wire::Status;

#[derive(Shared, Default, Serialize, Deserialize)]
struct Purse {
    #[shared(redact)]
    card: String,
    /// A node fills it in the burst that fails.
    #[shared(redact)]
    pin: Option<String>,
    receipt: Option<String>,
}

#[derive(Shared, Default, Serialize, Deserialize)]
struct Till {
    #[shared(redact)]
    token: String,
    purses: Vec<Purse>,
    total: Option<u64>,
}

/// An error with a source. Both quote what they are about.
#[derive(Debug)]
struct Declined {
    card: String,
    source: Option<Box<Declined>>,
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is declined", self.card)
    }
}

impl std::error::Error for Declined {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

#[node(Purse, writes = pin)]
fn ask(card: &str) -> String {
    format!("\"{}\"", card.to_uppercase())
}

#[node(Purse, writes = receipt, attempts = 2, wait = "1h")]
fn spend(card: &str, pin: &str, #[attempt] attempt: Attempt<'_>) -> Result<String, Declined> {
    let last = attempt.last_error().map(|last| last.to_string());
    let source = Declined {
        card: pin.to_owned(),
        source: None,
    };
    Err(Declined {
        card: format!("{card}, after {last:?}"),
        source: Some(Box::new(source)),
    })
}

flow! { Spend: Purse { ask >> spend; } }

#[node(Till, writes = total)]
fn count(token: &str, purses: &[Purse]) -> u64 {
    assert!(!purses.is_empty(), "nobody has bought with {token:?}");
    purses.len() as u64
}

flow! { Sell: Till { Spend.each(purses) >> count; } }

const SECRETS: [&str; 3] = ["card 4111", "CARD 4111", "quoted"];

fn sell(run: &str, cards: &[&str]) -> Server {
    let job: Arc<dyn Job> = Arc::new(FlowJob::new(Sell, |_: &str| Ok(Till::default())));
    let purses: Vec<_> = cards
        .iter()
        .map(|card| serde_json::json!({ "card": card }))
        .collect();
    let store = serde_json::json!({ "token": "a \"quoted\" token", "purses": purses });
    Server::start(job, run, &store.to_string(), 1)
}

/// All that is stored of a run, except for the stores.
fn shown(server: &Server) -> String {
    let run = server.run();
    let meta = serde_json::to_string(&run.meta).unwrap();
    format!("{meta} {:?}", run.log.parts)
}

fn check(server: &Server) {
    let shown = shown(server);
    assert!(shown.contains("[redacted]"), "{shown}");
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}

#[test]
fn the_errors_of_a_run_have_no_values_of_confidential_fields() {
    let mut server = sell("declined", &["card 4111"]);
    server.attempt(None, None, 1000).unwrap();
    let attempt = server.status().next_attempt.expect("it waits for one");
    assert_eq!(
        attempt.causes,
        [
            r#""[redacted], after None" is declined"#,
            r#""[redacted]" is declined"#
        ]
    );
    check(&server);

    assert_eq!(server.go_on(1000), Status::Failed);
    let error = server.status().error.unwrap();
    assert_eq!(error.path, ["Sell", "purses[0]", "spend"]);
    assert_eq!(error.causes[1], r#""[redacted]" is declined"#);
    assert!(error.to_string().contains("[redacted], after Some"));
    check(&server);
    // The store is as the nodes have left it.
    let store = server.store();
    assert_eq!(store["token"], "a \"quoted\" token");
    assert_eq!(store["purses"][0]["card"], "card 4111");
}

#[test]
fn neither_has_a_panic() {
    let mut server = sell("nobody", &[]);
    assert_eq!(server.go_on(1000), Status::Failed);
    let error = server.status().error.unwrap();
    assert_eq!(
        error.to_string(),
        r#"Sell > count: stopped: it panicked: nobody has bought with "[redacted]""#
    );
    check(&server);
}
