//! The flow: a model drafts a text, and a person approves it before it is published.

use std::sync::Arc;

use anyhow::Result;
use pocketflow::{Action, Shared, flow, node};
use serde::{Deserialize, Serialize};

use crate::llm::{Llm, Message};

/// What a run works with. It is not stored: the process that resumes a run gives it anew.
pub struct Services {
    /// The model.
    pub llm: Arc<dyn Llm>,
    /// Publishes a text.
    pub post: Box<dyn Fn(&str) + Send + Sync>,
}

/// The store, which is saved after each step. The web page fills `decision` when a person has
/// decided.
#[derive(Shared, Default, Serialize, Deserialize)]
#[shared(context = Services)]
pub struct Draft {
    /// The request for the text.
    pub brief: String,
    /// The latest text.
    pub text: Option<Text>,
    /// What the person has decided about it.
    pub decision: Option<Decision>,
    /// What should change.
    pub remark: Option<String>,
}

/// A text from the model. The versions of a draft count from 1.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Text {
    /// The number of the version.
    pub version: usize,
    /// The text itself.
    pub text: String,
}

/// What a person decides. The page sends it, and it is the action that the flow takes.
#[derive(Action, Serialize, Deserialize, Clone)]
#[action(Draft)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// The text is published.
    Approved,
    /// The text is written again.
    Rejected {
        /// What should change.
        remark: String,
    },
}

/// Writes the text. After a rejection, the model sees what it wrote and what was wrong with it.
#[node(Draft, writes = text, attempts = 3, wait = "500ms", backoff = 2.0)]
async fn write(
    brief: &str,
    text: Option<&Text>,
    remark: Option<&str>,
    #[context] llm: &dyn Llm,
) -> Result<Text> {
    let mut messages = vec![
        Message::system("You write short texts, ready to be published. Reply with only the text."),
        Message::user(brief),
    ];
    if let (Some(Text { text, .. }), Some(remark)) = (text, remark) {
        let again = format!("An editor has rejected this: {remark}\nWrite the text again.");
        messages.extend([Message::assistant(text), Message::user(again)]);
    }
    let version = text.map_or(1, |text| text.version + 1);
    Ok(Text {
        version,
        text: llm.call(&messages).await?,
    })
}

/// Takes the way that the person has decided on.
#[node(Draft)]
fn decide(decision: &Decision) -> Decision {
    decision.clone()
}

/// Publishes the text.
#[node(Draft)]
fn publish(text: &Text, #[context] post: &(dyn Fn(&str) + Sync)) {
    post(&text.text);
}

flow! {
    /// Writes a text until a person approves it, at most four times.
    pub Approval: Draft {
        write >> await(decision) >> decide;
        decide - "approved" >> publish;
        decide - "rejected" >> write max 3 else end "given_up";
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::fake::Fake;
    use crate::llm::Role;
    use pocketflow::Stub;

    /// Runs the flow with a model that numbers its texts, and with a person who rejects the first
    /// ones. Returns the exit, the texts that are published, and the model.
    async fn run(rejected: usize) -> (ApprovalExit, Vec<String>, Fake) {
        let llm = Fake::new(|_, before| Ok(format!("Text {}.", before + 1)));
        let published = Arc::new(Mutex::new(Vec::new()));
        let page = published.clone();
        let services = Services {
            llm: Arc::new(llm.clone()),
            post: Box::new(move |text| page.lock().unwrap().push(text.to_owned())),
        };
        let person = Stub::new().fill("decision", move |draft: &mut Draft| {
            let version = draft.text.as_ref().map_or(0, |text| text.version);
            draft.decision = Some(if version <= rejected {
                let remark = format!("remark {version}");
                Decision::Rejected { remark }
            } else {
                Decision::Approved
            });
        });
        let mut draft = Draft {
            brief: "Rain".into(),
            ..Default::default()
        };
        let approval = Approval.context(&services).with(&person);
        let exit = approval.run(&mut draft).await.unwrap();
        let published = published.lock().unwrap().clone();
        (exit, published, llm)
    }

    #[tokio::test]
    async fn what_is_approved_is_published() {
        let (exit, published, _) = run(0).await;
        assert_eq!(exit, ApprovalExit::Default);
        assert_eq!(published, ["Text 1."]);
    }

    #[tokio::test]
    async fn what_is_rejected_is_written_again_with_the_remark() {
        let (exit, published, llm) = run(1).await;
        assert_eq!(exit, ApprovalExit::Default);
        assert_eq!(published, ["Text 2."]);
        let calls = llm.calls();
        let [first, second] = &calls[..] else {
            panic!("{calls:?}")
        };
        assert_eq!(first.messages[1..], [Message::user("Rain")]);
        assert_eq!(second.messages[0].role, Role::System);
        assert_eq!(
            second.messages[1..],
            [
                Message::user("Rain"),
                Message::assistant("Text 1."),
                Message::user("An editor has rejected this: remark 1\nWrite the text again."),
            ]
        );
    }

    #[tokio::test]
    async fn after_four_rejections_it_is_given_up() {
        let (exit, published, llm) = run(4).await;
        assert_eq!(exit, ApprovalExit::GivenUp);
        assert!(published.is_empty());
        assert_eq!(llm.calls().len(), 4);
    }
}
