//! The texts of errors, and the limits on what a reply may cost.

use super::*;

#[test]
fn errors_say_what_is_wrong_and_where() {
    let decision = |yaml: &str| text(extract::<Decision>(&format!("```yaml\n{yaml}\n```")));
    let steps = |yaml: &str| {
        text(extract::<Value<Vec<Step>>>(&format!(
            "```yaml\nv:\n{yaml}\n```"
        )))
    };
    let review = |yaml: &str| text(extract::<Review>(&format!("```yaml\n{yaml}\n```")));
    let cases = [
        (
            decision("# so\naction: serach"),
            r#"line 2 of the YAML block, "action: serach": unknown variant `serach`, expected `search` or `answer`"#,
        ),
        (
            decision("search_query: x"),
            "the YAML block: missing field `action`",
        ),
        (
            decision("action: search"),
            "the YAML block: missing field `search_query`",
        ),
        (
            decision("action: search\nsearch_query:\n  - a"),
            r#"line 3 of the YAML block, "- a": invalid type: sequence, expected a string"#,
        ),
        (
            decision("action: search\naction: answer"),
            r#"line 2 of the YAML block, "action: answer": duplicate field `action`"#,
        ),
        (
            steps(
                "  - {kind: wait, hours: 1, until: x}\n  - kind: ship\n    zip: 1\n    count: \"many\"",
            ),
            r#"line 5 of the YAML block, "count: "many"": invalid type: string "many", expected u32"#,
        ),
        (
            steps("  - {kind: wait, hours: 1, until: x}\n  - kind: ship\n    count: 1"),
            r#"line 3 of the YAML block, "- kind: ship": missing field `zip`"#,
        ),
        (
            steps("  - kind: ship\n    zip: 1\n    count: 4294967296"),
            r#"line 4 of the YAML block, "count: 4294967296": invalid value: integer `4294967296`, expected u32"#,
        ),
        (
            review("verdict: a\nscore: |\n  many\n  of them"),
            "line 2 of the YAML block, \"score: |\": invalid type: string \"many\\nof them\\n\", expected u32",
        ),
        (
            review("verdict: a\nnotes: a, b"),
            r#"line 2 of the YAML block, "notes: a, b": invalid type: string "a, b", expected a sequence"#,
        ),
        (
            review("verdict: a\nok: true\n  score: 1"),
            "line 3 of the YAML block, \"score: 1\": mapping values are not allowed in this context; \
             check the indentation, and that a blank follows each `:`",
        ),
        (
            review("verdict: a\njust so\nscore: 1"),
            "line 2 of the YAML block, \"just so\": could not find expected ':', \
             while scanning a simple key at line 2 column 1; indent a line that belongs to the text above",
        ),
        (
            review("verdict: a\nnotes: [a, b"),
            "line 2 of the YAML block, \"notes: [a, b\": did not find expected ',' or ']', \
             while parsing a flow sequence at line 2 column 8; \
             separate the items by commas, and close the list with `]`",
        ),
        (
            review("verdict: a\nscore:"),
            r#"line 2 of the YAML block, "score:": invalid type: null, expected u32"#,
        ),
        (
            review("{\"verdict\": \"a\",\n \"score\": 1"),
            "line 2 of the YAML block, \"\"score\": 1\": did not find expected ',' or '}', \
             while parsing a flow mapping; separate the entries by commas, and close the map with `}`",
        ),
        (
            decision("search: x"),
            "the YAML block: missing field `action`",
        ),
        (
            decision("I would search"),
            "line 1 of the YAML block, \"I would search\": invalid type: string \"I would search\", expected a map",
        ),
        (
            review("verdict: a\nscore: [x: y] z"),
            "line 2 of the YAML block, \"score: [x: y] z\": invalid type: string \"[x: y] z\", expected u32",
        ),
        (review(""), "the YAML block is empty"),
        (review("# nothing\n---"), "the YAML block is empty"),
        (text(extract::<Review>(" \n\t")), "the reply is empty"),
        (
            text(extract::<Review>("I can't say.")),
            "the reply has no YAML block: reply with a block fenced by ```yaml and ```",
        ),
        (
            text(extract::<Review>("Well.\n\nscore: five\nverdict: good")),
            "line 1 of the YAML block, \"score: five\": invalid type: string \"five\", expected u32; \
             reply with a block fenced by ```yaml and ```",
        ),
    ];
    for (error, expected) in cases {
        assert_eq!(error, expected);
    }
}

#[test]
fn an_error_has_the_line_and_the_block() {
    let error = extract::<Review>("So:\n```yaml\nverdict: good\nscore: five\n```\n").unwrap_err();
    assert_eq!(
        (error.line(), error.block()),
        (Some(2), Some("verdict: good\nscore: five\n"))
    );
    let error = extract::<Review>("I can't say.").unwrap_err();
    assert_eq!((error.line(), error.block()), (None, None));
    let error = extract::<Review>("").unwrap_err();
    assert_eq!((error.line(), error.block()), (None, None));
}

#[test]
fn a_type_with_its_own_checks_is_heard() {
    #[derive(Deserialize, Debug)]
    #[serde(try_from = "String")]
    struct Even(#[expect(dead_code)] u32);
    impl TryFrom<String> for Even {
        type Error = String;
        fn try_from(text: String) -> Result<Self, String> {
            match text.parse() {
                Ok(number) if number % 2 == 0 => Ok(Self(number)),
                _ => Err(format!("`{text}` is not even")),
            }
        }
    }
    #[derive(Deserialize, Debug)]
    #[serde(tag = "kind")]
    enum Set {
        To {
            #[expect(dead_code)]
            v: Even,
        },
    }
    assert!(extract::<Set>("```yaml\nkind: To\nv: 4\n```").is_ok());
    assert_eq!(
        text(extract::<Set>("```yaml\nkind: To\nv: 5\n```")),
        r#"line 2 of the YAML block, "v: 5": `5` is not even"#
    );
    assert_eq!(
        text(extract::<Value<Even>>("```yaml\nx: 1\nv: 5\n```")),
        r#"line 2 of the YAML block, "v: 5": `5` is not even"#
    );
}

#[test]
fn a_reply_cannot_cost_much() {
    let start = std::time::Instant::now();
    let items = "- {kind: ship, zip: 1, count: 'x'}\n".repeat(2000);
    assert!(extract::<Vec<Step>>(&format!("```yaml\n{items}```")).is_err());
    let items = "- {kind: ship, zip: 1, count: '1'}\n".repeat(200);
    assert_eq!(
        extract::<Vec<Step>>(&format!("```yaml\n{items}```"))
            .unwrap()
            .len(),
        200
    );
    assert!(extract::<Review>(&"[".repeat(5_000)).is_err());
    assert!(extract::<Review>(&"{a: ".repeat(2_000)).is_err());
    assert!(extract::<Review>(&"- ".repeat(20_000)).is_err());
    assert!(extract::<Review>(&"```yaml\n".repeat(5_000)).is_err());
    assert!(extract::<Review>(&"a: b: c\n".repeat(5_000)).is_err());
    assert!(extract::<Review>(&"a: \"b\n".repeat(5_000)).is_err());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
