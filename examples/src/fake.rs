//! A model for the tests of the programs, which needs neither a server nor a network.

use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use async_openai::types::chat::ResponseFormatJsonSchema;

use crate::llm::{Llm, Message};

/// A call of a [`Fake`].
#[derive(Debug, Clone)]
pub struct Call {
    /// The conversation.
    pub messages: Vec<Message>,
    /// The name of the type that the reply should have.
    pub wants: Option<String>,
}

impl Call {
    /// Whether the last message contains these words.
    pub fn asks(&self, words: &str) -> bool {
        self.messages
            .last()
            .is_some_and(|message| message.content.contains(words))
    }
}

type Answer = dyn Fn(&Call, usize) -> Result<String> + Send + Sync;

/// A model that replies as a test wants, and records what it is asked. Its clones share the record.
#[derive(Clone)]
pub struct Fake {
    answer: Arc<Answer>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Fake {
    /// A model that replies with the result of a function, which gets each call and the number of
    /// calls before it.
    pub fn new<T: Into<String>>(
        answer: impl Fn(&Call, usize) -> Result<T> + Send + Sync + 'static,
    ) -> Self {
        Self {
            answer: Arc::new(move |call, before| answer(call, before).map(Into::into)),
            calls: Arc::default(),
        }
    }

    /// A model that gives these replies, one after the other. It fails when it is asked once more.
    pub fn replies(replies: &'static [&'static str]) -> Self {
        Self::new(move |_, before| {
            let reply = replies.get(before).copied();
            reply.ok_or_else(|| anyhow::anyhow!("there are only {before} replies"))
        })
    }

    /// The calls so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        let calls = self.calls.lock();
        calls.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Llm for Fake {
    fn reply<'a>(
        &'a self,
        messages: &'a [Message],
        schema: Option<ResponseFormatJsonSchema>,
    ) -> Pin<Box<dyn Future<Output = Result<String>> + Send + 'a>> {
        let call = Call {
            messages: messages.to_vec(),
            wants: schema.map(|schema| schema.name),
        };
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let before = calls.len();
        calls.push(call.clone());
        drop(calls);
        Box::pin(ready((self.answer)(&call, before)))
    }
}
