//! Every program from end to end, as a user runs it, on a model that says what the test wants.

mod approval;
mod chatbot;
mod llm;
mod others;
mod resume;
mod support;
