//! Names in messages.

/// The name of a type without the paths of its parts: `Vec<String>`.
pub(crate) fn short(name: &str) -> String {
    let mut text = String::new();
    let mut word = String::new();
    for letter in name.chars() {
        match letter {
            letter if letter.is_alphanumeric() || letter == '_' => word.push(letter),
            ':' => word.clear(),
            letter => {
                text.push_str(&std::mem::take(&mut word));
                text.push(letter);
            }
        }
    }
    text + &word
}

/// An exit, as a flow writes it.
pub(crate) fn end(exit: &str) -> String {
    match exit {
        "default" => "end".to_owned(),
        exit => format!("end \"{exit}\""),
    }
}

/// An edge, as a flow writes it.
pub(crate) fn edge(from: &str, action: &str, is_error: bool, to: &str) -> String {
    match action {
        _ if is_error => format!("{from} - error >> {to}"),
        "default" => format!("{from} >> {to}"),
        action => format!("{from} - \"{action}\" >> {to}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_named_without_paths() {
        let name = std::any::type_name::<Option<Vec<(String, [u8; 2], &'static str)>>>();
        assert_eq!(short(name), "Option<Vec<(String, [u8; 2], &str)>>");
    }

    #[test]
    fn an_edge_is_written_as_in_a_flow() {
        assert_eq!(edge("a", "default", false, &end("default")), "a >> end");
        assert_eq!(
            edge("a", "no", false, &end("late")),
            "a - \"no\" >> end \"late\""
        );
        assert_eq!(edge("a", "error", true, "b"), "a - error >> b");
    }
}
