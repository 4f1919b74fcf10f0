//! Fences as models write and forget them.

use serde_json::{Value as Json, json};

use super::*;

#[test]
fn the_reply_begins_inside_the_block() {
    let yaml = "action: search\nsearch_query: x";
    let cases = [
        format!("{yaml}\n```\nThis looks up what is new: nothing else helps."),
        format!("{yaml}\n```\n\nNote: it may take a while."),
        format!("{yaml}\n```\n\n- It is new.\n- It is short."),
        format!("{yaml}\n```\nDone.\n```"),
        format!("{yaml}\n~~~\nThat is all."),
        format!("\n{yaml}\n```\nExplanation:\n```python\nprint(1)\n```\n"),
        format!("{yaml}\n```\n\nTo run it:\n\n```\ncargo run\n```\n"),
        format!("yaml\n{yaml}\n```\nBye."),
        format!("{yaml}\n````\nBye."),
        "{\"action\": \"search\", \"search_query\": \"x\"}\n```\nThat is JSON.".into(),
        "json\n{\"action\": \"search\", \"search_query\": \"x\"}\n```".into(),
        "action: search\nsearch_query: x\nreason: |\n  Like\n  ```\n  this\n  ```\n```\nBye: now."
            .into(),
        format!("I think:\n\n{yaml}\n\n```\nls -la\n```\n"),
        format!("{yaml}\n```\nIt searches.\n```text\nfor x\n```"),
    ];
    for reply in cases {
        assert_eq!(extract::<Decision>(&reply), Ok(search("x")), "{reply}");
    }
    // A type that accepts anything.
    for reply in [
        "a: 1\n```\nNote: this is prose.",
        "a: 1\n```\nThis is prose.",
        "a: 1\n```\nExample:\n```sh\nls\n```",
    ] {
        assert_eq!(extract::<Json>(reply), Ok(json!({"a": 1})), "{reply}");
    }
    for reply in [
        "Answer:\n```\na: 1",
        "Answer:\n\n```\na: 1\n```",
        "Decision: below\n\n```\na: 1\n```\n",
    ] {
        assert_eq!(extract::<Json>(reply), Ok(json!({"a": 1})), "{reply}");
    }
}

#[test]
fn variants_of_fences() {
    let yaml = "action: search\nsearch_query: x";
    let cases = [
        format!("~~~yaml\n{yaml}\n~~~"),
        format!("~~~~ YAML\n{yaml}\n~~~~"),
        format!("`````yml\n{yaml}\n`````\nBye"),
        format!("```Yaml\n{yaml}\n```"),
        format!("```yaml\n{yaml}```"),
        format!("```yaml\n{yaml}```\nHope this helps: bye"),
        format!("```yaml {yaml}\n```"),
        "```json {\"action\": \"search\", \"search_query\": \"x\"}```".into(),
        "So: ```json\n{\"action\": \"search\", \"search_query\": \"x\"}\n```".into(),
        "```{\"action\": \"search\", \"search_query\": \"x\"}```".into(),
        format!("```yaml\n{yaml}\n~~~\n"),
        format!(
            "* so\n  * this:\n    ~~~yaml\n    {}\n    ~~~\n",
            yaml.replace('\n', "\n    ")
        ),
        format!("> ok\n```yaml\n\n\n{yaml}\n\n```"),
        format!("```yaml\n{yaml}\n```\n```"),
        format!("```\n```yaml\n{yaml}\n```\n```"),
        "```jsonc\n// so\n{\"action\": \"search\", // new\n \"search_query\": \"x\"}\n```".into(),
        format!("<answer>\n{yaml}\n</answer>"),
        format!("<yaml>\n{yaml}\n</yaml>\nBye."),
        format!("<think>\naction: answer\nno: it is\nmuch: too\nnew: for that\n</think>\n{yaml}"),
        format!("<think>```yaml\naction: answer\n```</think>\n```\n{yaml}\n```"),
        format!("<think>```yaml\naction: answer\n</think>\n\n```yaml\n{yaml}\n```"),
        format!("```yaml\nreason: |-\n  use `</think>`\n{yaml}\n```"),
        format!(
            "```yaml\nsteps:\n- do: |\n    ```sh\n    ls\n    ```\n- do: !x >- # text\n    ```sh\n    ls\n    ```\n{yaml}\n```"
        ),
    ];
    for reply in cases {
        assert_eq!(extract::<Decision>(&reply), Ok(search("x")), "{reply}");
    }
}

#[test]
fn of_several_blocks_the_error_is_about_what_looks_like_yaml() {
    let error = extract::<Decision>("action: serach\n```\nI would search.").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("line 1 of the YAML block, \"action: serach\": unknown variant"),
        "{error}"
    );
    let error = extract::<Decision>("```\nI would search.").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("invalid type: string \"I would search.\", expected"),
        "{error}"
    );
}
