//! Replies in the style of current models, with their meaning.

use serde_json::{Value as Json, json};

use super::*;

/// What a prompt asks for: a decision with its reason, and a few more fields that models often get
/// slightly wrong.
#[derive(Deserialize, Debug, PartialEq, Default)]
#[serde(default)]
struct Answer {
    action: String,
    reason: String,
    query: Option<String>,
    confidence: f64,
    done: bool,
    tags: Vec<String>,
    text: String,
}

fn answer(action: &str) -> Answer {
    Answer {
        action: action.into(),
        ..Answer::default()
    }
}

fn check(cases: &[(&str, &str, Answer)]) {
    for (name, reply, expected) in cases {
        assert_eq!(
            extract::<Answer>(reply).as_ref(),
            Ok(expected),
            "{name}:\n{reply}"
        );
    }
}

#[test]
fn what_surrounds_the_block() {
    let search = || Answer {
        query: Some("rust 2024".into()),
        ..answer("search")
    };
    check(&[
        (
            "a greeting",
            "Here is the YAML:\n\n```yaml\naction: search\nquery: rust 2024\n```\n\nLet me know if you need anything else! 😊",
            search(),
        ),
        (
            "bold heading",
            "**Decision:**\n\n```yaml\naction: search\nquery: rust 2024\n```",
            search(),
        ),
        (
            "a reasoning model",
            "<think>\nOkay, the user wants YAML. Fields: action, query.\n\naction: answer? No.\n</think>\n\n```yaml\naction: search\nquery: rust 2024\n```",
            search(),
        ),
        (
            "reasoning, then no fence",
            "<think>\nLet me see:\n- option: answer\n- option: search\n</think>\n\naction: search\nquery: rust 2024",
            search(),
        ),
        (
            "reasoning without its begin",
            "I should search.\naction: answer\n</think>\naction: search\nquery: rust 2024",
            search(),
        ),
        (
            "reasoning with a draft",
            "<thinking>\n```yaml\naction: answer\n```\nToo old.\n</thinking>\n```\naction: search\nquery: rust 2024\n```",
            search(),
        ),
        (
            "XML around",
            "<response>\naction: search\nquery: rust 2024\n</response>",
            search(),
        ),
        (
            "XML around a fence",
            "<output>\n```yaml\naction: search\nquery: rust 2024\n```\n</output>",
            search(),
        ),
        (
            "a correction",
            "```yaml\naction: answer\n```\n\nWait, that is outdated. Corrected:\n\n```yaml\naction: search\nquery: rust 2024\n```",
            search(),
        ),
        (
            "an explanation after",
            "```yaml\naction: search\nquery: rust 2024\n```\n\n**Explanation:**\n- `action`: chosen because the data is new\n- `query`: short",
            search(),
        ),
        (
            "prefilled",
            "action: search\nquery: rust 2024\n```\n\n**Explanation:** the data is new.",
            search(),
        ),
        (
            "prefilled, cut by the stop word",
            "action: search\nquery: rust 2024\n",
            search(),
        ),
        (
            "nested in markdown",
            "````markdown\n# Answer\n```yaml\naction: search\nquery: rust 2024\n```\n````",
            search(),
        ),
        (
            "numbered steps",
            "1. First I think.\n2. Then I answer:\n   ```yaml\n   action: search\n   query: rust 2024\n   ```\n3. Done.",
            search(),
        ),
        (
            "JSON after all",
            "```json\n{\n  \"action\": \"search\",\n  \"query\": \"rust 2024\"\n}\n```",
            search(),
        ),
        (
            "JSON, no fence",
            "Sure! {\"nothing\": 1}?\n\n{\"action\": \"search\", \"query\": \"rust 2024\"}",
            search(),
        ),
        (
            "document marks",
            "```yaml\n---\naction: search\nquery: rust 2024\n...\n```",
            search(),
        ),
        (
            "Windows",
            "Sure:\r\n```yaml\r\naction: search\r\nquery: rust 2024\r\n```\r\n",
            search(),
        ),
    ]);
}

#[test]
fn what_the_block_contains() {
    let why = |reason: &str| Answer {
        reason: reason.into(),
        ..answer("search")
    };
    let tags = |tags: &[&str]| Answer {
        tags: tags.iter().map(|tag| tag.to_string()).collect(),
        ..answer("search")
    };
    let text = |text: &str| Answer {
        text: text.into(),
        done: true,
        ..answer("search")
    };
    check(&[
        (
            "colon",
            "```yaml\naction: search\nreason: Two options: search or answer\n```",
            why("Two options: search or answer"),
        ),
        (
            "quoted words",
            "```yaml\naction: search\nreason: \"Rust 2024\" is not in my data\n```",
            why("\"Rust 2024\" is not in my data"),
        ),
        (
            "half quoted",
            "```yaml\naction: search\nreason: \"Rust 2024 is new\n```",
            why("Rust 2024 is new"),
        ),
        (
            "inner quotes",
            "```yaml\naction: \"search\"\nreason: \"The user said \"now\", so I search\"\n```",
            why("The user said \"now\", so I search"),
        ),
        (
            "apostrophes",
            "```yaml\naction: 'search'\nreason: 'It's what the user's asked'\n```",
            why("It's what the user's asked"),
        ),
        (
            "emoji",
            "```yaml\naction: search\nreason: 🔍 New: look it up\n```",
            why("🔍 New: look it up"),
        ),
        (
            "escaped emoji",
            "```json\n{\"action\": \"search\", \"reason\": \"\\ud83d\\udd0d new\"}\n```",
            why("🔍 new"),
        ),
        (
            "starts bold",
            "```yaml\naction: search\nreason: **Important**: it is new\n```",
            why("**Important**: it is new"),
        ),
        (
            "starts with code",
            "```yaml\naction: search\nreason: `edition = \"2024\"` is new\n```",
            why("`edition = \"2024\"` is new"),
        ),
        (
            "goes on below",
            "```yaml\naction: search\nreason: The data is new\n  and I was trained: before it\n```",
            why("The data is new and I was trained: before it"),
        ),
        (
            "a link",
            "```yaml\naction: search\nreason: [docs](https://doc.rust-lang.org) are newer\n```",
            why("[docs](https://doc.rust-lang.org) are newer"),
        ),
        (
            "a path",
            "```yaml\naction: search\nreason: \"see C:\\Users\\ann\"\n```",
            why("see C:\\Users\\ann"),
        ),
        (
            "bold keys",
            "```yaml\n**action**: search\n**reason:** it is new\n```",
            why("it is new"),
        ),
        (
            "indented by one",
            "```yaml\n action: search\nreason: new\n```",
            why("new"),
        ),
        (
            "trimmed",
            "```yaml\naction: search\n    reason: new\n    done: no\n```",
            why("new"),
        ),
        (
            "comments",
            "```yaml\n# my choice\naction: search  # or answer\nreason: new # really\n```",
            why("new"),
        ),
        (
            "bullets",
            "```yaml\naction: search\ntags:\n  - *new*\n  - Rust: 2024\n  - \"fast\" one\n  - @rustlang\n```",
            tags(&["*new*", "Rust: 2024", "\"fast\" one", "@rustlang"]),
        ),
        (
            "bullets of numbers",
            "```yaml\naction: search\ntags: [2024, 1.10, yes, null]\n```",
            tags(&["2024", "1.10", "yes", "null"]),
        ),
        (
            "a trailing comma",
            "```json\n{\"action\": \"search\", \"tags\": [\"a\", \"b\",],}\n```",
            tags(&["a", "b"]),
        ),
        (
            "JSON comments",
            "```json\n{\n  \"action\": \"search\", // chosen\n  \"tags\": [\"http://a.b\"] // one\n}\n```",
            tags(&["http://a.b"]),
        ),
        (
            "no commas",
            "```json\n{\n  \"action\": \"search\"\n  \"tags\": [\"a\"]\n}\n```",
            tags(&["a"]),
        ),
        (
            "Python quotes",
            "```\n{'action': 'search', 'tags': ['it's', 'b']}\n```",
            tags(&["it's", "b"]),
        ),
        (
            "code in a string",
            "```yaml\naction: search\ntext: |\n  Run:\n  ```sh\n  cargo run: x\n  ```\ndone: true\n```",
            text("Run:\n```sh\ncargo run: x\n```\n"),
        ),
        (
            "a string not indented",
            "```yaml\naction: search\ntext: |\nDear Ann,\n\nthank you.\ndone: yes\n```",
            text("Dear Ann,\n\nthank you.\n"),
        ),
        (
            "Python's long string",
            "```yaml\naction: search\ntext: \"\"\"\n  def f():\n    return 1\n  \"\"\"\ndone: True\n```",
            text("def f():\n  return 1\n"),
        ),
        (
            "a string indented less below",
            "```yaml\naction: search\ntext: |\n    fn f()\n  {}\ndone: on\n```",
            text("  fn f()\n{}\n"),
        ),
        (
            "quoted scalars",
            "```yaml\naction: search\nconfidence: \"0.9\"\ndone: 'yes'\n```",
            Answer {
                confidence: 0.9,
                done: true,
                ..answer("search")
            },
        ),
        (
            "tabs",
            "```yaml\naction:\tsearch\ntags:\n\t- a\n\t- b\n```",
            tags(&["a", "b"]),
        ),
    ]);
}

#[test]
fn a_list_of_steps() {
    let reply = "\
Here's the plan — let me know! 🚀

```yaml
steps:
  - title: Read: the docs
    done: false
    notes:
      - see [here](https://a.b)
      - 50% is done
  - title: \"Write\" it
    done: no
    notes: []
  - title: 'Don't panic'
    done: true
    notes: |
      none
```

Each step is explained above.";
    let expected = json!({"steps": [
        {"title": "Read: the docs", "done": false, "notes": ["see [here](https://a.b)", "50% is done"]},
        {"title": "\"Write\" it", "done": "no", "notes": []},
        {"title": "Don't panic", "done": true, "notes": "none\n"},
    ]});
    assert_eq!(extract::<Json>(reply), Ok(expected));
}
