//! Deadlines, sleeps, and waits between attempts, with a clock that the tests set.

mod attempts;
mod clock;
mod confidential;
mod deadlines;
mod worker;
