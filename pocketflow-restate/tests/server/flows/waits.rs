//! Waits for an answer, with and without a deadline, and sleeps.

use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::{work, work_until};

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Article {
    text: Option<String>,
    approval: Option<String>,
    copies: Option<u32>,
    stamp: Option<String>,
    printed: Option<String>,
    state: Option<String>,
}

#[node(Article, writes = text)]
async fn draft(#[attempt] attempt: Attempt<'_>) -> String {
    work("draft", attempt).await;
    "rain".into()
}

#[node(Article, writes = text)]
async fn revise(text: &str, approval: &str, #[attempt] attempt: Attempt<'_>) -> String {
    work("revise", attempt).await;
    format!("{text}, approved by {approval}")
}

#[node(Article, writes = printed)]
async fn print(text: &str, copies: &u32, #[attempt] attempt: Attempt<'_>) -> String {
    work("print", attempt).await;
    format!("{copies} of {text}")
}

#[node(Article, writes = state)]
async fn late(text: &str, #[attempt] attempt: Attempt<'_>) -> String {
    work("late", attempt).await;
    format!("nobody stamped {text}")
}

#[node(Article, writes = state)]
async fn stamped(stamp: &str, #[attempt] attempt: Attempt<'_>) -> String {
    work("stamped", attempt).await;
    format!("stamped with {stamp}")
}

flow! {
    /// Two answers by a person, a sleep, and a deadline that passes.
    pub(crate) Publish: Article {
        draft >> nap >> await(approval, within = "1h") >> revise >> await(copies) >> print >> await(stamp, within = "60ms") >> stamped;
        await(approval) - "expired" >> late;
        await(stamp) - "expired" >> late;

        nap: sleep("40ms");
    }
}

#[node(Article, writes = text)]
async fn hold(text: &str, #[attempt] attempt: Attempt<'_>) -> String {
    work_until("hold", "go", attempt).await;
    format!("{text}, held")
}

flow! {
    /// A step that takes as long as the test wants.
    pub(crate) Held: Article { draft >> hold >> await(approval) >> revise; }
}

flow! { pub(crate) Simple: Article { draft >> await(approval) >> revise; } }
flow! { pub(crate) Asleep: Article { draft >> rest >> late; rest: sleep("1h"); } }

flow! {
    /// Its deadline passes soon, whether it is needed or not.
    pub(crate) Hasty: Article {
        draft >> await(approval, within = "2s") >> revise >> await(copies) >> print;
        await(approval) - "expired" >> late;
    }
}
