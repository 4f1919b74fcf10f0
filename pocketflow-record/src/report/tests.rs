//! Tests that the page contains the record, and nothing that a browser would obey.

use crate::{ReadErrorKind, Report, report};

const HEADER: &str = "{\"pocketflow_record\":1,\"library\":\"0.1.0\"}\n";
const GRAPH: &str = r#"{"event":"graph","at":1,"graph":0,"name":"Checkout","fingerprint":"07","store":"Order","exits":["default"],"places":[{"name":"pay","kind":"node"}],"edges":[]}"#;

/// A record of a run whose store has this text.
fn record(text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    let run = format!(r#"{{"event":"run","at":2,"run":0,"graph":0,"shared":{{"note":{text}}}}}"#);
    format!("{HEADER}{GRAPH}\n{run}\n")
}

/// The lines of the record in a page, as a browser reads them.
fn embedded(page: &str) -> Vec<serde_json::Value> {
    let (_, rest) = page
        .split_once("<script type=\"application/jsonl\" id=\"record\">")
        .unwrap();
    let (record, _) = rest.split_once("</script>").unwrap();
    record
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_page_contains_the_record() {
    let page = report(record("rain & \"snow\" \\ é \u{1f327}")).unwrap();
    let lines = embedded(&page);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[2]["shared"]["note"], "rain & \"snow\" \\ é \u{1f327}");
}

#[test]
fn no_text_of_a_record_is_read_as_html() {
    let plain = report(record("")).unwrap();
    for hostile in [
        "</script><script>alert(1)</script>",
        "</SCRIPT >",
        "<!--<script>",
        "-->",
        "<img src=x onerror=alert(1)>",
        "{{script}}{{about}}",
        "]]>",
        "\u{0}\u{1b}[2J\u{202e}\u{2028}\u{feff}",
    ] {
        let page = report(record(hostile)).unwrap();
        assert_eq!(embedded(&page)[2]["shared"]["note"], hostile);
        // The page has the same elements as one without the text.
        for sign in ["<", "</", "<!", "{{"] {
            assert_eq!(
                page.matches(sign).count(),
                plain.matches(sign).count()
                    + usize::from(sign == "{{") * hostile.matches("{{").count(),
                "{hostile:?}"
            );
        }
    }
}

#[test]
fn a_hostile_file_name_is_harmless() {
    let page = Report::new()
        .file("</script><script>alert(1)</script>")
        .page(HEADER)
        .unwrap();
    assert_eq!(page.matches("<script").count(), 3);
    assert!(page.contains("alert(1)\\u003c/script"));
}

#[test]
fn what_is_not_a_record_is_refused() {
    let kind = |text: &str| report(text).unwrap_err();
    assert!(matches!(kind("").kind(), ReadErrorKind::NotARecord { .. }));
    assert!(matches!(
        kind("<!doctype html>\n").kind(),
        ReadErrorKind::NotARecord { .. }
    ));
    assert!(matches!(
        kind("{\"pocketflow_record\":2,\"library\":\"9.0.0\"}\n").kind(),
        ReadErrorKind::Newer { version: 2, .. }
    ));
    let error = kind(&format!("{HEADER}{GRAPH}\nnonsense\n"));
    assert_eq!(error.line(), Some(3));
    assert!(report(b"\xff\xfe").is_err());
}

#[test]
fn a_record_that_is_cut_off_is_shown_as_far_as_it_goes() {
    let whole = record("rain");
    let page = report(&whole).unwrap();
    assert!(page.contains("{\"cut_off\":false}"));
    let page = report(format!("{whole}{{\"event\":\"st")).unwrap();
    assert!(page.contains("{\"cut_off\":true}"));
    assert_eq!(embedded(&page).len(), 3);
}

#[test]
fn a_byte_order_mark_is_not_a_part_of_the_first_line() {
    let page = report(format!("\u{feff}{}", record("rain"))).unwrap();
    assert_eq!(embedded(&page)[0]["pocketflow_record"], 1);
}
