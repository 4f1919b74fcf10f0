//! The report, in Markdown.

mod batches;
mod cells;
mod compile;
mod inner;
mod missing;
mod steps;
mod summary;
mod waiting;

use crate::{Results, goals, machine};

pub fn render(results: &Results) -> String {
    let mut text = format!(
        "# Results\n\n{}\n\n{}",
        machine::describe(),
        summary::summary(results)
    );
    text += &steps::steps(results);
    text += &batches::batches(results);
    text += &waiting::waiting(results);
    text += &inner::inner(results);
    text += &compile::compile(results);
    text += &compile::incremental(results);
    text += &missing::missing(results);
    if let Some(goals) = goals::render(results) {
        text += &format!(
            "\n## Goals\n\nThe goals of this library, and whether it reaches them.\n\n{goals}"
        );
    }
    text
}
