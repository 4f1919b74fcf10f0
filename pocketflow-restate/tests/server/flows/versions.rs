//! Versions of one flow. `WORKER_VERSION` chooses the one that a worker has.

use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::{work, work_until};

/// The store, with the fields that a version has in addition, and its nodes.
macro_rules! version {
    ($(#[serde($option:ident)] $name:ident: $type:ty,)*) => {
        #[derive(Shared, Default, Debug, Serialize, Deserialize)]
        pub(crate) struct Tale {
            lines: Vec<String>,
            approval: Option<String>,
            $(#[serde($option)] $name: $type,)*
        }

        #[node(Tale, appends = lines)]
        async fn one(#[attempt] attempt: Attempt<'_>) -> [String; 1] {
            work("one", attempt).await;
            ["one".into()]
        }

        #[node(Tale, appends = lines)]
        async fn two(#[attempt] attempt: Attempt<'_>) -> [String; 1] {
            work_until("two", "go", attempt).await;
            ["two".into()]
        }

        #[node(Tale, appends = lines)]
        async fn three(approval: &str, #[attempt] attempt: Attempt<'_>) -> [String; 1] {
            work("three", attempt).await;
            [format!("three, {approval}")]
        }
    };
}

pub(crate) mod first {
    use super::*;
    version! {}
    flow! { pub(crate) Story: Tale { one >> two >> await(approval) >> three; } }
}

/// A field and two nodes more, behind what a run has reached.
pub(crate) mod second {
    use super::*;
    version! {
        #[serde(default)]
        epilogue: String,
    }

    #[node(Tale, appends = lines)]
    async fn between(#[attempt] attempt: Attempt<'_>) -> [String; 1] {
        work("between", attempt).await;
        ["between".into()]
    }

    #[node(Tale, writes = epilogue)]
    async fn end_well(#[attempt] attempt: Attempt<'_>) -> String {
        work("end_well", attempt).await;
        "all is well".into()
    }

    flow! { pub(crate) Story: Tale { one >> two >> between >> await(approval) >> three >> end_well; } }
}

/// Without the node `two`.
pub(crate) mod third {
    use super::*;

    #[derive(Shared, Default, Debug, Serialize, Deserialize)]
    pub(crate) struct Tale {
        lines: Vec<String>,
        approval: Option<u32>,
    }

    #[node(Tale, appends = lines)]
    async fn one(#[attempt] attempt: Attempt<'_>) -> [String; 1] {
        work("one", attempt).await;
        ["one".into()]
    }

    #[node(Tale, appends = lines)]
    async fn four(approval: &u32, #[attempt] attempt: Attempt<'_>) -> [String; 1] {
        work("four", attempt).await;
        [format!("four, {approval}")]
    }

    flow! { pub(crate) Story: Tale { one >> await(approval) >> four; } }
}

/// The lines are one text, and the node `two` comes after the wait.
pub(crate) mod fourth {
    use std::error::Error;

    use serde_json::{Value, json};

    use super::*;

    #[derive(Shared, Default, Debug, Serialize, Deserialize)]
    pub(crate) struct Tale {
        text: String,
        approval: Option<String>,
    }

    #[node(Tale, writes = text)]
    async fn one(text: &str, #[attempt] attempt: Attempt<'_>) -> String {
        work("one", attempt).await;
        format!("{text}one. ")
    }

    #[node(Tale, writes = text)]
    async fn two(text: &str, #[attempt] attempt: Attempt<'_>) -> String {
        work("two", attempt).await;
        format!("{text}two. ")
    }

    #[node(Tale, writes = text)]
    async fn three(text: &str, approval: &str, #[attempt] attempt: Attempt<'_>) -> String {
        work("three", attempt).await;
        format!("{text}three, {approval}.")
    }

    flow! { pub(crate) Story: Tale { one >> await(approval) >> two >> three; } }

    /// Makes a tale of the first version into one of this.
    pub(crate) fn migrate(state: Value) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let lines = state["lines"].as_array().ok_or("`lines` is not a list")?;
        let lines = lines.iter().filter_map(Value::as_str);
        let text: String = lines.map(|line| format!("{line}. ")).collect();
        Ok(json!({ "text": text, "approval": state["approval"] }))
    }
}
