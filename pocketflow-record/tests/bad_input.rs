//! What is not a record, or not a whole one: one clear error each, with the number of the line.

use pocketflow_record::{ReadErrorKind, Recording};

const HEADER: &str = r#"{"pocketflow_record":1,"library":"0.1.0"}"#;
const GRAPH: &str = r#"{"event":"graph","at":1,"graph":0,"name":"F","fingerprint":"0","store":"S","exits":["default"],"places":[{"name":"a","kind":"node"}],"edges":[]}"#;
const RUN: &str = r#"{"event":"run","at":2,"run":0,"graph":0,"shared":{"a":1}}"#;
const STEP: &str = r#"{"event":"step","at":3,"run":0,"step":1,"graph":0,"place":0,"path":["a"]}"#;

fn record(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The message of the only error.
fn error(text: impl AsRef<[u8]>) -> String {
    Recording::read(text).unwrap_err().to_string()
}

#[test]
fn a_text_that_is_not_a_record() {
    assert_eq!(error(""), "line 1: this is not a record: it has no line");
    assert_eq!(
        error("hello\nworld\n"),
        "line 1: this is not a record: its first line is `hello`, and the first line of a record begins with `{\"pocketflow_record\":1`"
    );
    // A record without its first line.
    assert!(error(record(&[GRAPH, RUN])).starts_with("line 1: this is not a record"));
    // A record whose first line is cut off has no event.
    for length in 3..HEADER.len() {
        let recording = Recording::read(&HEADER[..length]).unwrap();
        assert!(recording.is_cut_off() && recording.runs().is_empty());
    }
    for binary in [&b"\x89PNG\r\n\x1a\n"[..], b"\n\n", b"\xff\xfe{\0"] {
        let error = error(binary);
        assert!(error.starts_with("line 1: this is not a record"), "{error}");
        assert!(!error.contains(char::is_control), "{error:?}");
    }
}

#[test]
fn a_record_of_a_newer_version() {
    let newer = r#"{"pocketflow_record":2,"library":"0.9.0","more":[]}"#;
    let expected = |line| {
        format!(
            "line {line}: the record has version 2 of the format, which pocketflow-record 0.9.0 writes, and this is \
             pocketflow-record {}, which reads version 1: install a newer one",
            env!("CARGO_PKG_VERSION")
        )
    };
    assert_eq!(error(record(&[newer])), expected(1));
    // A process with a newer version has gone on with it.
    assert_eq!(error(record(&[HEADER, GRAPH, newer])), expected(3));
    let far = r#"{"pocketflow_record":99999999999}"#;
    assert!(error(record(&[far])).contains("version 99999999999 of the format, and this"));
}

#[test]
fn a_record_that_is_cut_off_ends_with_its_last_whole_line() {
    let whole = record(&[HEADER, GRAPH, RUN, STEP]);
    for length in HEADER.len() + 1..whole.len() {
        let recording = Recording::read(&whole[..length]).unwrap();
        let lines = whole[..length].matches('\n').count();
        assert_eq!(recording.graphs().len(), usize::from(lines > 1));
        assert_eq!(recording.runs().len(), usize::from(lines > 2));
        assert_eq!(recording.is_cut_off(), !whole[..length].ends_with('\n'));
    }
    // Within a letter.
    let mut text = record(&[HEADER]).into_bytes();
    text.extend_from_slice(&"{\"ä".as_bytes()[..3]);
    assert!(Recording::read(&text).unwrap().is_cut_off());
}

#[test]
fn garbage_in_the_middle() {
    let with = |line: &str| error(record(&[HEADER, GRAPH, RUN, line, STEP]));
    assert_eq!(
        with("garbage"),
        "line 4: this is not an event of a record: expected value, at column 1"
    );
    assert_eq!(
        with(r#"{"event":"step","at":3}"#),
        "line 4: this is not an event of a record: missing field `run`, at column 23"
    );
    assert_eq!(
        with(r#"{"event":"enter","at":-1,"run":0,"path":[],"graph":0}"#),
        "line 4: this is not an event of a record: invalid value: integer `-1`, expected u64, at column 24"
    );
    assert_eq!(
        with(r#"{"at":3}"#),
        "line 4: this is not an event of a record: missing field `event`, at column 8"
    );
    assert_eq!(
        with("[1,2]"),
        "line 4: this is not an event of a record: invalid type: integer `1`, expected a borrowed string, at column 2"
            .replace("a borrowed string", "a string")
    );
    // The line that was cut off, and then a process that did not remove it.
    assert!(with(&format!("{}{HEADER}", &STEP[..30])).starts_with("line 4: this is not an event"));
    // Empty lines and another end of lines do no harm.
    let text = record(&[HEADER, GRAPH, "", RUN, "  ", STEP]).replace('\n', "\r\n");
    assert_eq!(Recording::read(text).unwrap().runs()[0].steps.len(), 1);
    let marked = format!("\u{feff}{}", record(&[HEADER, GRAPH]));
    assert_eq!(Recording::read(marked).unwrap().graphs().len(), 1);
}

#[test]
fn events_about_what_is_not_there() {
    let with = |line: &str| error(record(&[HEADER, GRAPH, RUN, line]));
    let missing = |what: &str| {
        format!(
            "line 4: the event is about {what}, which is not in the record: a line before it is missing"
        )
    };
    let step = |run: u32, graph: u32, place: u32| {
        with(&format!(
            r#"{{"event":"step","at":3,"run":{run},"step":1,"graph":{graph},"place":{place},"path":["a"]}}"#
        ))
    };
    assert_eq!(step(7, 0, 0), missing("the run 7"));
    assert_eq!(step(0, 7, 0), missing("the graph 7"));
    assert_eq!(step(0, 0, 7), missing("the place 7"));
    let taken = r#"{"event":"taken","at":3,"run":0,"step":9,"path":["a"],"action":"default"}"#;
    assert_eq!(with(taken), missing("the step 9"));
    let run = r#"{"event":"run","at":3,"run":1,"graph":5,"shared":{}}"#;
    assert_eq!(with(run), missing("the graph 5"));
    let inner = r#"{"event":"run","at":3,"run":1,"graph":0,"parent":{"run":0,"step":4,"field":"f"},"shared":{}}"#;
    assert_eq!(with(inner), missing("the step 4"));
    let leave =
        r#"{"event":"leave","at":3,"run":0,"path":["x","y\u001b"],"graph":0,"action":"default"}"#;
    assert_eq!(
        with(leave),
        missing(r"the beginning of the nested flow `x > y\u{1b}`")
    );
    let edge = GRAPH.replace("\"graph\":0", "\"graph\":1").replace(
        "\"edges\":[]",
        r#""edges":[{"from":0,"action":"default","to":{"exit":3}}]"#,
    );
    assert_eq!(with(&edge), missing("the exit 3"));
    let empty = GRAPH
        .replace("\"graph\":0", "\"graph\":1")
        .replace(r#"[{"name":"a","kind":"node"}]"#, "[]");
    assert_eq!(with(&empty), missing("the place 0"));
}

#[test]
fn two_records_in_one() {
    let both = record(&[HEADER, GRAPH, RUN, HEADER, GRAPH]);
    assert_eq!(
        error(both),
        "line 5: the graph 0 is in the record twice: two processes have written to it at the same time, or two records were joined"
    );
    let runs = record(&[HEADER, GRAPH, RUN, RUN]);
    assert!(error(runs).starts_with("line 4: the run 0 is in the record twice"));
}

#[test]
fn control_characters_and_megabytes_do_no_harm() {
    let hostile = "</script>\u{1b}[2J\u{0}\u{202e}\u{7f}";
    let exec = |value: &str| {
        let value = serde_json::to_string(value).unwrap();
        format!(
            r#"{{"event":"exec","at":4,"run":0,"step":1,"began":3,"node":"a","value":{value}}}"#
        )
    };
    let long = hostile.repeat(200_000);
    for text in [hostile, &long] {
        let recording = Recording::read(record(&[HEADER, GRAPH, RUN, STEP, &exec(text)])).unwrap();
        let value = recording.runs()[0].steps[0].execs[0].value.clone().unwrap();
        assert_eq!(value.read::<String>().unwrap(), text);
    }
    // A control character that is not escaped, and names that are not what they should be.
    let raw = exec("x").replace("\"x\"", "\"\u{1b}\"");
    let bad = record(&[HEADER, GRAPH, RUN, STEP, &raw]);
    assert_eq!(
        error(bad),
        "line 5: this is not an event of a record: control character (\\u0000-\\u001F) found while parsing a string, at column 70"
    );
    let kind = serde_json::to_string(&long).unwrap();
    let bad = error(record(&[HEADER, &GRAPH.replace("\"node\"", &kind)]));
    assert!(
        bad.starts_with("line 2: this is not an event of a record: unknown variant"),
        "{bad}"
    );
    assert!(
        bad.len() < 1_000
            && !bad.contains(|letter: char| letter.is_control() || letter == '\u{202e}'),
        "{bad:?}"
    );
    // Deep nesting is text like any other, until somebody makes a tree of it.
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let exec = exec("x").replace("\"x\"", &deep);
    let recording = Recording::read(record(&[HEADER, GRAPH, RUN, STEP, &exec])).unwrap();
    let value = recording.runs()[0].steps[0].execs[0].value.clone().unwrap();
    assert!(value.value().is_err());
}

#[test]
fn a_line_that_is_not_utf_8() {
    let mut text = record(&[HEADER, GRAPH]).into_bytes();
    text.extend_from_slice(b"{\"event\":\"\xff\"}\n");
    assert_eq!(
        error(text),
        "line 3: this is not an event of a record: it is not UTF-8, at column 11"
    );
}

#[test]
fn a_file_that_cannot_be_read() {
    let error = Recording::open("no/such/run.jsonl").unwrap_err();
    assert_eq!(error.line(), None);
    assert!(matches!(error.kind(), ReadErrorKind::File { .. }));
    assert!(
        error
            .to_string()
            .starts_with("cannot read no/such/run.jsonl: "),
        "{error}"
    );
}
