//! Runs every program from start to end, like a user, with a model that replies as the test wants.

mod approval;
mod chatbot;
mod llm;
mod others;
mod reports;
mod resume;
mod support;
