//! The prompts for the model.
//!
//! The length of a prompt in characters is limited, because a small model has a small context and a
//! repository may be large.

use anyhow::Result;
use pocketflow::Attempt;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::markdown::Arrow;
use super::replies::Naming;
use super::topics::{Topic, Topics, Use};
use pocketflow_examples::llm::{Message, call_llm_for};

/// Asks the model for a value, and on a retry includes why the last one was rejected.
///
/// # Errors
///
/// Fails like [`call_llm_for`].
pub async fn ask<T: JsonSchema + DeserializeOwned>(
    prompt: String,
    attempt: Attempt<'_>,
) -> Result<T> {
    call_llm_for(&[Message::user(again(prompt, attempt))]).await
}

/// A prompt, with the reason why the last answer was rejected, if there was one.
pub fn again(prompt: String, attempt: Attempt<'_>) -> String {
    match attempt.last_error() {
        Some(error) => format!(
            "{prompt}\n\nYour last answer was rejected: {}",
            cut(&error.to_string(), 600)
        ),
        None => prompt,
    }
}

/// At most the first `most` characters of a text, and a note of how many are cut.
pub fn cut(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let start = text.chars().take(most).collect::<String>();
    format!("{start}\n[cut here: {} more characters]", length - most)
}

/// Asks which topics to choose. The better half of the wanted number is always chosen, because a
/// tutorial needs the modules that everything builds on. For the rest, the prompt offers three
/// times as many.
pub fn choose(topics: &Topics, wanted: usize) -> String {
    let line = |topic: &Topic| format!("- {}: {}\n", topic.name, cut(&topic.summary(), 100));
    let (sure, offered) = offered(topics, wanted);
    let prompt = format!(
        "A tutorial for newcomers has a chapter on each of these modules:\n{}\nWhich {} of the following should have one, too?\n{}",
        sure.iter().map(line).collect::<String>(),
        wanted - sure.len(),
        offered.iter().map(line).collect::<String>()
    );
    cut(&prompt, 4_000)
}

/// The topics that are always chosen, and those that the model may choose from.
pub(super) fn offered(topics: &Topics, wanted: usize) -> (&[Topic], &[Topic]) {
    let (sure, others) = topics
        .list
        .split_at(topics.list.len().min(wanted.div_ceil(2)));
    (sure, &others[..others.len().min(3 * (wanted - sure.len()))])
}

/// Asks for the title and the description of a chapter.
pub fn name(topic: &Topic) -> String {
    let items = topic
        .items
        .iter()
        .take(8)
        .map(|item| item.path.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    format!(
        "Give the chapter about this module a title of one to four words, and say in one sentence what the module is for.\n\n\
         Module: {}\nDocumentation: {}\nIt has: {}",
        topic.name,
        cut(&topic.summary(), 400),
        cut(&items, 400)
    )
}

/// Asks how one topic uses another.
pub fn label(user: &Topic, used: &Topic, how: &Use) -> String {
    let part = |topic: &Topic| format!("{}: {}", topic.name, cut(&topic.summary(), 200));
    format!(
        "{}\n{}\nThe code of {} names {} of {}.\n\nIn one to three words, beginning with a verb such as \
         `reads` or `checks`: what does {} do with {}?",
        part(user),
        part(used),
        user.name,
        cut(&how.top(6).join(", "), 200),
        used.name,
        user.short(),
        used.short()
    )
}

/// Asks for the text of a chapter.
pub fn chapter(topic: &Topic, naming: &Naming, neighbours: &str) -> String {
    let items = topic
        .items
        .iter()
        .map(|item| format!("{}  // {}", item.signature, item.doc))
        .collect::<Vec<_>>();
    format!(
        "The module {} of a Rust project ({}).\n\nIts documentation:\n{}\n\nIts items:\n{}\n\n{}\n\n\
         Explain {} to a newcomer, in two short paragraphs of plain sentences: what it is for, and what {} do. \
         No code blocks, headings or lists. Name only items that are listed above.",
        topic.name,
        naming.title,
        cut(&topic.doc, 1_200),
        cut(&items.join("\n"), 2_000),
        cut(neighbours, 600),
        topic.name,
        if topic.items.is_empty() {
            "its parts".into()
        } else {
            main_items(topic, 4).join(", ")
        }
    )
}

/// The names of the items that are used most.
pub(super) fn main_items(topic: &Topic, most: usize) -> Vec<&str> {
    topic
        .items
        .iter()
        .take(most)
        .filter_map(|item| item.path.rsplit("::").next())
        .collect()
}

/// The chapters that one uses, and those that use it.
pub fn neighbours(number: usize, contents: &[Topic], arrows: &[Arrow]) -> String {
    let line = |arrow: &Arrow| {
        let [user, used] = [arrow.user, arrow.used].map(|topic| contents[topic].name.as_str());
        format!("{user} uses {} of {used}\n", arrow.how.top(4).join(", "))
    };
    arrows
        .iter()
        .filter(|arrow| arrow.user == number || arrow.used == number)
        .map(line)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::topics::Listed;
    use super::*;

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("größer", 6), "größer");
        assert_eq!(cut("größer", 3), "grö\n[cut here: 3 more characters]");
        let item = Listed {
            path: "a::B".into(),
            signature: "pub struct B".into(),
            doc: "Is b.".into(),
        };
        let topic = Topic {
            name: "a".into(),
            ..Topic::default()
        };
        let long = Topic {
            doc: "x".repeat(99_999),
            items: vec![item; 999],
            ..topic.clone()
        };
        assert!(
            chapter(&long, &Naming::from_code(&topic), &"y".repeat(9_999))
                .chars()
                .count()
                < 5_000
        );
    }
}
