//! The message of a check, put together while the user's crate is compiled.

use crate::analysis::Path;
use crate::const_eval::spelling::equal;
use crate::graph::Graph;

/// A message in the making. What does not fit is cut off, with an ellipsis.
#[derive(Clone, Copy)]
pub(crate) struct Message {
    bytes: [u8; Message::CAPACITY],
    len: usize,
    code: &'static str,
}

impl Message {
    const CAPACITY: usize = 4096;
    const ELLIPSIS: &'static str = " …";

    /// The message of a check that has a code, which comes first.
    pub(super) const fn of(code: &'static str) -> Self {
        Self {
            code,
            ..Self::new(code).push(": ")
        }
    }

    /// The message of a check without a code.
    pub(super) const fn new(start: &str) -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            len: 0,
            code: "",
        }
        .push(start)
    }

    /// Adds `text` whole, or marks the message as cut.
    pub(super) const fn push(mut self, text: &str) -> Self {
        let full = self.len + text.len() + Self::ELLIPSIS.len() > Self::CAPACITY;
        let text = if full { Self::ELLIPSIS } else { text }.as_bytes();
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

    /// Adds a name as code: `` `name` ``.
    pub(super) const fn code(self, name: &str) -> Self {
        self.push("`").push(name).push("`")
    }

    /// Adds an action: `"name"`.
    pub(super) const fn action(self, name: &str) -> Self {
        self.push("\"").push(name).push("\"")
    }

    /// Adds a list of actions, with a conjunction before the last: `"a", "b" or "c"`.
    pub(super) const fn actions(mut self, actions: &[&str], conjunction: &str) -> Self {
        let mut index = 0;
        while index < actions.len() {
            if index > 0 && index + 1 == actions.len() {
                self = self.push(" ").push(conjunction).push(" ");
            } else if index > 0 {
                self = self.push(", ");
            }
            self = self.action(actions[index]);
            index += 1;
        }
        self
    }

    /// Adds the path to a place, as its edges are written in the flow. The middle of a long path is
    /// left out.
    pub(super) const fn path<const P: usize>(
        mut self,
        graph: &Graph,
        path: &Path<P>,
        target: usize,
    ) -> Self {
        const ENDS: usize = 4;
        // The path is known from its end. A loop may lead back to the start, so the number of its
        // edges is limited as well.
        let (mut edges, mut length) = ([0; P], 0);
        let mut place = target;
        while let (true, Some(edge)) = (length < P, path.edge_to(place)) {
            edges[length] = edge;
            length += 1;
            place = graph.edges[edge].from;
        }
        self = self.push(graph.places[place].name);
        let mut step = 0;
        while step < length {
            let edge = &graph.edges[edges[length - 1 - step]];
            let to = if step + 1 == length {
                target
            } else {
                graph.edges[edges[length - 2 - step]].from
            };
            if step < ENDS || step >= length - ENDS {
                if !equal(edge.action, "default") {
                    self = self.push(" - ").action(edge.action);
                }
                self = self.push(" >> ").push(graph.places[to].name);
            } else if step == ENDS {
                self = self.push(" >> …");
            }
            step += 1;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "the message is not text",
        }
    }

    /// Ends the evaluation with the message, which says at its end where the code's page is.
    #[track_caller]
    pub(super) const fn report(self) -> ! {
        if self.code.is_empty() {
            panic!("{}", self.as_str())
        }
        let message = self
            .push("\nnote: see `pocketflow::errors::")
            .push(self.code)
            .push("`");
        panic!("{}", message.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_does_not_fit_is_cut_at_a_whole_word() {
        let mut message = Message::new("start");
        for _ in 0..Message::CAPACITY {
            message = message.push(" word");
        }
        assert!(message.as_str().trim_end().ends_with(" word …"));
        assert!(message.as_str().len() <= Message::CAPACITY);
    }
}
