//! Measures how much work a reply causes. Tests use this instead of time.

#[cfg(test)]
thread_local! {
    static DONE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Adds the bytes that the parser reads, or the values that a type sees.
pub(crate) fn add(units: usize) {
    #[cfg(test)]
    DONE.set(DONE.get() + units);
    let _ = units;
}

/// The work that `f` causes.
#[cfg(test)]
pub(crate) fn of(f: impl FnOnce()) -> usize {
    DONE.set(0);
    f();
    DONE.get()
}
