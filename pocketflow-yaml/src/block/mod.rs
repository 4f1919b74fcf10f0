//! Finds the YAML in a reply.

mod fence;
mod stretch;

use crate::line::{indent, is_blank, is_key, starts_yaml};
use fence::{Fenced, Rank, Scan, scan};
pub(crate) use stretch::{longest_stretch, without_prose_after};

/// A part of a reply that may be the YAML that the model means.
#[derive(Debug, PartialEq)]
pub(crate) struct Part<'a> {
    pub(crate) text: &'a str,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Between two fences.
    Closed,
    /// From a fence to the end of the reply. Prose may follow the YAML.
    Open,
    /// Up to a fence: the prompt ended with the opening fence.
    Begun,
    /// Without fences.
    Bare,
}

/// The candidates, the best first.
pub(crate) fn parts(reply: &str) -> Vec<Part<'_>> {
    match after_thoughts(reply).map(parts_of) {
        Some(parts) if !parts.is_empty() => parts,
        _ => parts_of(reply),
    }
}

fn parts_of(reply: &str) -> Vec<Part<'_>> {
    let Scan { blocks, first } = scan(reply);
    let best = blocks
        .iter()
        .map(|(rank, _)| *rank)
        .min()
        .filter(|&best| best < Rank::Other);
    let fenced = blocks
        .into_iter()
        .rev()
        .filter_map(|(rank, block)| (Some(rank) == best).then_some(block));
    let part = |block: Fenced<'_>| {
        if block.closed {
            Kind::Closed
        } else {
            Kind::Open
        }
    };
    let mut parts: Vec<_> = fenced
        .map(|block| {
            (
                block.sure,
                Part {
                    kind: part(block),
                    text: block.text,
                },
            )
        })
        .collect();
    // If the first fence has no label, it may end the block that the prompt began.
    let labelled = best.is_some_and(|best| best < Rank::Unlabelled);
    let head = first
        .filter(|_| !labelled)
        .and_then(|first| unopened(&reply[..first]));
    if let Some(head) = head {
        let sure = parts
            .first()
            .is_some_and(|(sure, part)| *sure && looks_like_yaml(part.text));
        let at = if sure { parts.len() } else { 0 };
        parts.insert(
            at,
            (
                true,
                Part {
                    text: head,
                    kind: Kind::Begun,
                },
            ),
        );
    }
    let mut parts: Vec<_> = parts.into_iter().map(|(_, part)| part).collect();
    if !labelled {
        parts.extend(longest_stretch(reply).map(|text| Part {
            text,
            kind: Kind::Bare,
        }));
    }
    parts
}

/// The text after the thinking of a reasoning model.
fn after_thoughts(reply: &str) -> Option<&str> {
    const ENDS: [&str; 5] = [
        "</think>",
        "</thinking>",
        "</thought>",
        "</thoughts>",
        "</reasoning>",
    ];
    let mut end = None;
    let mut next = 0;
    for line in reply.split_inclusive('\n') {
        let last = ENDS
            .iter()
            .filter_map(|mark| line.rfind(mark).map(|at| (at, mark)))
            .max();
        if let Some((at, mark)) = last {
            let whole = at == 0 || line[at + mark.len()..].trim().is_empty();
            end = Some(next + at + mark.len())
                .filter(|_| whole && indent(line) == 0)
                .or(end);
        }
        next += line.len();
    }
    end.map(|end| &reply[end..])
}

/// The YAML before the first fence, if the reply begins with it.
fn unopened(head: &str) -> Option<&str> {
    let mut text = head;
    // The prompt ended with a fence without a label, so the label is the first line.
    let (label, rest) = text.trim_start().split_once('\n').unwrap_or_default();
    if matches!(
        label.trim().to_ascii_lowercase().as_str(),
        "yaml" | "yml" | "json"
    ) {
        text = rest;
    }
    let last = text.trim_end().lines().next_back()?;
    // The text between the fences begins with "Answer:".
    (looks_like_yaml(text) && !(last.ends_with(':') && indent(last) == 0)).then_some(text)
}

/// Whether the text begins like YAML.
fn looks_like_yaml(text: &str) -> bool {
    text.lines()
        .find(|line| !is_blank(line))
        .is_some_and(|line| starts_yaml(line) || starts_in_stars(line))
}

/// Whether it is `**key**: value`.
fn starts_in_stars(line: &str) -> bool {
    line.trim_start()
        .strip_prefix("**")
        .is_some_and(|text| is_key(&text.replacen("**", "", 1), 1))
}
