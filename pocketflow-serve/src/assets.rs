//! The files of the pages. They have no data.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use pocketflow_record::live;

const LIST: &str = include_str!("page/list.html");
const RUN: &str = include_str!("page/run.html");
const STYLE: &str = include_str!("page/serve.css");

/// The scripts of both pages, those of the list, and those of a run.
const COMMON: [&str; 1] = [include_str!("page/connection.js")];
const OF_LIST: [&str; 1] = [include_str!("page/list.js")];
const OF_RUN: [&str; 4] = [
    include_str!("page/form.js"),
    include_str!("page/dialogs.js"),
    include_str!("page/bar.js"),
    include_str!("page/live.js"),
];

static RUN_PAGE: LazyLock<String> = LazyLock::new(|| RUN.replace("{{body}}", &live::body()));
static RUN_SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let scripts: Vec<&str> = COMMON.iter().chain(&OF_RUN).copied().collect();
    live::script(&scripts)
});
static LIST_SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let scripts = live::basics().into_iter().chain(COMMON).chain(OF_LIST);
    let scripts: Vec<&str> = scripts.collect();
    format!("\"use strict\";\n(() => {{\n{}}})();\n", scripts.concat())
});
static ALL_STYLE: LazyLock<String> = LazyLock::new(|| format!("{}\n{STYLE}", live::style()));

fn script(text: &'static str) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
        text,
    )
}

/// The pages and their files.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let style = || async {
        let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
        (kind, ALL_STYLE.as_str())
    };
    Router::new()
        .route("/", get(|| async { Html(LIST) }))
        .route("/run", get(|| async { Html(RUN_PAGE.as_str()) }))
        .route("/style.css", get(style))
        .route("/list.js", get(|| async { script(LIST_SCRIPT.as_str()) }))
        .route("/run.js", get(|| async { script(RUN_SCRIPT.as_str()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_have_no_scripts_and_styles_inside() {
        for page in [LIST, RUN_PAGE.as_str()] {
            assert!(!page.contains("{{") && !page.contains("<style") && !page.contains(" style="));
            assert_eq!(page.matches("<script").count(), 1);
            assert!(page.contains("<script defer src="));
        }
    }

    #[test]
    fn no_script_parses_data_as_html() {
        for script in COMMON.iter().chain(&OF_LIST).chain(&OF_RUN) {
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "srcdoc",
            ] {
                assert!(!script.contains(word), "{word}");
            }
            assert!(script.lines().count() <= 400);
        }
    }
}
