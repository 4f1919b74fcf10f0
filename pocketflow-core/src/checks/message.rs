//! The message of a check, which is built while the user's crate is compiled.

use crate::analysis::Path;
use crate::const_eval::spelling::equal;
use crate::graph::{Edge, ErrorEdge, Graph};

/// A message under construction. Text that does not fit is cut off with an ellipsis.
#[derive(Clone, Copy)]
pub(crate) struct Message {
    bytes: [u8; Message::CAPACITY],
    len: usize,
    code: &'static str,
}

impl Message {
    const CAPACITY: usize = 4096;
    const ELLIPSIS: &'static str = " …";

    /// The message of a check with a code, which comes first in the text.
    pub(super) const fn of(code: &'static str) -> Self {
        Self {
            code,
            ..Self::new().add("{}: ", &[code])
        }
    }

    /// The message of a check without a code.
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            len: 0,
            code: "",
        }
    }

    /// Adds a text in which each `{}` stands for the next of `arguments`.
    pub(super) const fn add(mut self, template: &str, arguments: &[&str]) -> Self {
        let mut rest = template.as_bytes();
        let (mut index, mut argument) = (0, 0);
        while index + 1 < rest.len() {
            if rest[index] == b'{' && rest[index + 1] == b'}' {
                let (text, placeholder) = rest.split_at(index);
                self = self.push(text).push(arguments[argument].as_bytes());
                rest = placeholder.split_at(2).1;
                argument += 1;
                index = 0;
            } else {
                index += 1;
            }
        }
        self.push(rest)
    }

    /// Adds `text` if all of it fits, and otherwise marks the message as cut.
    const fn push(mut self, text: &[u8]) -> Self {
        let full = self.len + text.len() + Self::ELLIPSIS.len() > Self::CAPACITY;
        let text = if full {
            Self::ELLIPSIS.as_bytes()
        } else {
            text
        };
        if self.len + text.len() > Self::CAPACITY {
            return self;
        }
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.len] = text[index];
            self.len += 1;
            index += 1;
        }
        if full {
            // Nothing may follow the ellipsis.
            while self.len < Self::CAPACITY {
                self.bytes[self.len] = b' ';
                self.len += 1;
            }
        }
        self
    }

    /// Adds a list of actions, with a conjunction before the last: `"a", "b" or "c"`.
    pub(super) const fn actions(mut self, actions: &[&str], conjunction: &str) -> Self {
        let mut index = 0;
        while index < actions.len() {
            if index > 0 && index + 1 == actions.len() {
                self = self.add(" {} ", &[conjunction]);
            } else if index > 0 {
                self = self.add(", ", &[]);
            }
            self = self.add("\"{}\"", &[actions[index]]);
            index += 1;
        }
        self
    }

    /// Adds the path to a place, with its edges as they are written in the flow. The middle of a
    /// long path is omitted.
    pub(super) const fn path<const P: usize>(
        mut self,
        graph: &Graph,
        path: &Path<P>,
        target: usize,
    ) -> Self {
        const ENDS: usize = 4;
        // The path can only be followed back from its end.
        let (mut edges, mut length) = ([0; P], 0);
        let mut place = target;
        let mut begins = false;
        while let (false, Some(edge)) = (begins, path.edge_to(place)) {
            edges[length] = edge;
            length += 1;
            begins = path.begins_before(place);
            place = graph.edges[edge].from;
        }
        self = self.add("{}", &[graph.places[place].name]);
        let mut step = 0;
        while step < length {
            let edge = &graph.edges[edges[length - 1 - step]];
            let to = if step + 1 == length {
                target
            } else {
                graph.edges[edges[length - 2 - step]].from
            };
            if step < ENDS || step >= length - ENDS {
                self = self.edge(edge, graph.places[to].name);
            } else if step == ENDS {
                self = self.add(" >> …", &[]);
            }
            step += 1;
        }
        self
    }

    /// Adds an edge to a path: ` - "action" >> place`.
    pub(super) const fn edge(self, edge: &Edge, to: &str) -> Self {
        match edge.error {
            Some(ErrorEdge { field: Some(field) }) => self.add(" - error({}) >> {}", &[field, to]),
            Some(ErrorEdge { field: None }) => self.add(" - error >> {}", &[to]),
            None if equal(edge.action, "default") => self.add(" >> {}", &[to]),
            None => self.add(" - \"{}\" >> {}", &[edge.action, to]),
        }
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "the message is not text",
        }
    }

    /// Ends the evaluation with the message, which ends with the path of the code's page.
    #[track_caller]
    pub(super) const fn report(self) -> ! {
        if self.code.is_empty() {
            panic!("{}", self.as_str())
        }
        let message = self.add("\nnote: see `pocketflow::errors::{}`", &[self.code]);
        panic!("{}", message.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_stand_where_the_braces_are() {
        let text = |template, arguments: &[&str]| {
            let message = Message::new().add(template, arguments);
            message.as_str().to_owned()
        };
        assert_eq!(text("", &[]), "");
        assert_eq!(text("{}", &["a"]), "a");
        assert_eq!(text("`{}{}`, {", &["{}", ""]), "`{}`, {");
        assert_eq!(text("{ {} }", &["a"]), "{ a }");
    }

    #[test]
    fn a_message_that_does_not_fit_is_cut_at_a_whole_word() {
        let mut message = Message::new().add("start", &[]);
        for _ in 0..Message::CAPACITY {
            message = message.add("{}", &[" word"]);
        }
        assert!(message.as_str().trim_end().ends_with(" word …"));
        assert!(message.as_str().len() <= Message::CAPACITY);
    }

    #[test]
    fn a_message_is_whole_as_long_as_there_is_room_for_an_ellipsis() {
        let room = Message::CAPACITY - Message::ELLIPSIS.len();
        let text = "x".repeat(room - 1);
        let message = Message::new().add(&text, &[]).add("y", &[]);
        assert_eq!(message.as_str(), format!("{text}y"));
        let cut = message.add("z", &[]);
        assert_eq!(cut.as_str(), format!("{text}y …"));
        assert_eq!(cut.add("z", &[]).as_str(), cut.as_str());
        // Nothing follows the ellipsis, even if there is room.
        let long = "x".repeat(Message::CAPACITY);
        let cut = Message::new().add("x", &[]).add(&long, &[]).add("y", &[]);
        assert_eq!(cut.as_str().trim_end(), "x …");
    }

    #[test]
    fn a_list_has_commas_and_a_conjunction() {
        let list = |actions| Message::new().actions(actions, "or").as_str().to_owned();
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), r#""a""#);
        assert_eq!(list(&["a", "b"]), r#""a" or "b""#);
        assert_eq!(list(&["a", "b", "c"]), r#""a", "b" or "c""#);
    }
}
