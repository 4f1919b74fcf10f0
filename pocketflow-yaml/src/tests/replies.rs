//! Finding the YAML in a reply.

use super::*;

#[test]
fn replies_of_a_chatty_model() {
    let yaml = "action: search\nsearch_query: rust 2024";
    let cases = [
        ("a fence", format!("```yaml\n{yaml}\n```")),
        (
            "prose around",
            format!("Sure: here it is!\n\n```yaml\n{yaml}\n```\n\nNote: ask me for more."),
        ),
        (
            "after thinking",
            format!("<think>\naction: answer?\nHm: no.\n</think>\n\n```yaml\n{yaml}\n```"),
        ),
        (
            "a fence that is not closed",
            format!("OK.\n```yaml\n{yaml}"),
        ),
        (
            "one with prose after it",
            format!("```yaml\n{yaml}\n\nI hope this is what you meant!"),
        ),
        (
            "one of a long key",
            format!("```yaml\nthe reason for it: is: new\n{yaml}"),
        ),
        ("closed late", format!("```yaml\n{yaml}\n  ```\n")),
        ("no label", format!("Here:\n```\n{yaml}\n```")),
        ("bare", yaml.to_owned()),
        (
            "bare with prose",
            format!("I'd search.\n\n{yaml}\n\nThat should do."),
        ),
        ("bare after a heading", format!("Decision:\n\n{yaml}")),
        ("bare with an end", format!("{yaml}\n```")),
        ("a document", format!("---\n{yaml}\n")),
        (
            "front matter",
            format!("---\n{yaml}\n---\n\nAs I said: search."),
        ),
        (
            "a document in a fence",
            format!("```yaml\n---\n{yaml}\n---\n```"),
        ),
        (
            "JSON",
            "```json\n{\"action\": \"search\", \"search_query\": \"rust 2024\"}\n```".into(),
        ),
        (
            "bare JSON",
            "Answer:\n{\n  \"action\": \"search\",\n  \"search_query\": \"rust 2024\",\n}\nOK?"
                .into(),
        ),
        (
            "CRLF",
            format!("OK.\n```yaml\n{yaml}\n```\nBye.").replace('\n', "\r\n"),
        ),
        ("a byte order mark", format!("\u{feff}```yaml\n{yaml}\n```")),
        (
            "a bare one with a byte order mark",
            format!("\u{feff}{yaml}"),
        ),
        (
            "in a list",
            format!(
                "1. So:\n\n   ```yaml\n   {}\n   ```",
                yaml.replace('\n', "\n   ")
            ),
        ),
        (
            "a comment",
            format!("```yaml\n# what to do\n{yaml} # look it up\n```"),
        ),
        (
            "more than asked for",
            format!("```yaml\nthinking: |\n  Is it: new?\n\n  Yes.\n{yaml}\n```"),
        ),
        (
            "a reason with a colon",
            format!("```yaml\nreason: not known: too new\n{yaml}\n```"),
        ),
    ];
    for (name, reply) in cases {
        assert_eq!(
            extract::<Decision>(&reply),
            Ok(search("rust 2024")),
            "{name}"
        );
    }
}

#[test]
fn of_two_blocks_the_last_that_reads_is_meant() {
    let cases = [
        (
            "a draft",
            "```yaml\naction: answer\n```\nNo, wait.\n```yaml\naction: search\nsearch_query: x\n```",
        ),
        (
            "the format",
            "As you say:\n```yaml\naction: <one of>\n```\nSo:\n```yml\naction: search\nsearch_query: x\n```",
        ),
        (
            "an example",
            "```yaml\naction: search\nsearch_query: x\n```\nIt finds, say,\n```yaml\nresult: 1\n```",
        ),
        (
            "other code",
            "```yaml\naction: search\nsearch_query: x\n```\n```python\naction: answer\n```",
        ),
        (
            "a string with a block",
            "action: search\nsearch_query: x\ntext: |\n  ```yaml\n  action: answer\n  ```\n",
        ),
    ];
    for (name, reply) in cases {
        assert_eq!(extract::<Decision>(reply), Ok(search("x")), "{name}");
    }
    let error = extract::<Decision>("```yaml\naction: find\n```\n```yaml\naction: serach\n```")
        .unwrap_err();
    assert!(error.to_string().contains("serach"), "{error}");
}

#[test]
fn a_block_string_may_hold_fences() {
    let reply = "```yaml\nverdict: |\n  Write this:\n\n  ```python\n  print(\"a: b\")\n  ```\n\n  Done: yes.\nscore: 3\n```\nBye";
    let expected = "Write this:\n\n```python\nprint(\"a: b\")\n```\n\nDone: yes.\n";
    assert_eq!(
        extract::<Review>(reply),
        Ok(Review {
            score: 3,
            ..review(expected)
        })
    );
}
