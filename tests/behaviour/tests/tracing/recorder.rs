//! A subscriber that remembers spans and events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;

/// The fields of a span or an event, as texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let before = self.0.insert(field.name(), value.to_owned());
        assert_eq!(before, None, "{field} is recorded twice");
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) fields: Fields,
    /// The index of the span around it.
    pub(crate) parent: Option<usize>,
}

impl Seen {
    pub(crate) fn is_event(&self) -> bool {
        self.metadata.is_event()
    }

    /// A field as text; empty if it has no value.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.0.get(name).map_or("", String::as_str)
    }

    /// The name of an event is its message.
    pub(crate) fn name(&self) -> &str {
        if self.is_event() {
            self.field("message")
        } else {
            self.metadata.name()
        }
    }

    /// The names of all fields that it can have.
    pub(crate) fn declared(&self) -> BTreeSet<String> {
        let names = self.metadata.fields().iter().map(|field| field.name());
        let names = names.filter(|name| *name != "message");
        names.map(str::to_owned).collect()
    }
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    /// The current spans, the innermost last.
    entered: Vec<usize>,
}

/// Remembers what is emitted with the target `pocketflow`.
#[derive(Clone)]
pub(crate) struct Recorder {
    level: Level,
    state: Arc<Mutex<State>>,
}

impl Recorder {
    /// Remembers what has this level or a more important one, in this thread, while the guard lives.
    pub(crate) fn start(level: Level) -> (Self, DefaultGuard) {
        let recorder = Self {
            level,
            state: Arc::default(),
        };
        let guard = tracing::subscriber::set_default(recorder.clone());
        (recorder, guard)
    }

    /// Calls a function with all that has been seen, in order.
    pub(crate) fn seen<T>(&self, look: impl FnOnce(&[Seen]) -> T) -> T {
        look(&self.state.lock().unwrap().seen)
    }

    /// The spans and events as a tree: the name that OpenTelemetry shows, and the other fields. It
    /// leaves out the fields that every span of a kind has.
    pub(crate) fn tree(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let mut lines = Vec::new();
        below(None, 0, &state.seen, &mut lines);
        lines
    }

    /// A log shows an event with the fields of the spans around it, so these do not have its error.
    fn said_once(&self, mut around: Option<usize>, fields: &Fields) {
        let state = self.state.lock().unwrap();
        while let Some(span) = around {
            let span = &state.seen[span];
            let description = span.field("otel.status_description");
            assert_eq!(description, "", "{:?} comes after it", fields.0);
            around = span.parent;
        }
    }

    fn add(
        &self,
        metadata: &'static Metadata<'static>,
        fields: Fields,
        parent: Option<usize>,
    ) -> Id {
        let seen = &mut self.state.lock().unwrap().seen;
        seen.push(Seen {
            metadata,
            fields,
            parent,
        });
        Id::from_u64(seen.len() as u64)
    }

    /// The span around something new.
    fn around(&self, explicit: Option<&Id>, is_contextual: bool) -> Option<usize> {
        let entered = &self.state.lock().unwrap().entered;
        let current = entered.last().copied().filter(|_| is_contextual);
        explicit.map(index).or(current)
    }
}

fn below(parent: Option<usize>, depth: usize, seen: &[Seen], lines: &mut Vec<String>) {
    const HIDDEN: [&str; 6] = [
        "message",
        "otel.name",
        "otel.status_code",
        "gen_ai.operation.name",
        "gen_ai.agent.name",
        "pocketflow.path",
    ];
    for (index, one) in seen.iter().enumerate() {
        if one.parent != parent {
            continue;
        }
        let mut line = "  ".repeat(depth);
        if one.is_event() {
            line += &format!("{} {}", one.metadata.level(), one.field("message"));
        } else {
            line += one.field("otel.name");
        }
        for (name, value) in &one.fields.0 {
            if !HIDDEN.contains(name) {
                line += &format!(", {}={value}", name.trim_start_matches("pocketflow."));
            }
        }
        lines.push(line);
        below(Some(index), depth + 1, seen, lines);
    }
}

fn index(id: &Id) -> usize {
    usize::try_from(id.into_u64()).unwrap() - 1
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "pocketflow" && *metadata.level() <= self.level
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let parent = self.around(span.parent(), span.is_contextual());
        self.add(span.metadata(), fields, parent)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut state = self.state.lock().unwrap();
        values.record(&mut state.seen[index(span)].fields);
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let parent = self.around(event.parent(), event.is_contextual());
        self.said_once(parent, &fields);
        self.add(event.metadata(), fields, parent);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, span: &Id) {
        self.state.lock().unwrap().entered.push(index(span));
    }

    fn exit(&self, span: &Id) {
        let left = self.state.lock().unwrap().entered.pop();
        assert_eq!(left, Some(index(span)));
    }

    fn current_span(&self) -> Current {
        let state = self.state.lock().unwrap();
        match state.entered.last() {
            Some(span) => Current::new(Id::from_u64(*span as u64 + 1), state.seen[*span].metadata),
            None => Current::none(),
        }
    }
}
