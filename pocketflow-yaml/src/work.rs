//! How much work a reply was: what tests count in the place of time.

#[cfg(test)]
thread_local! {
    static DONE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Adds the bytes that the parser reads, or the values that a type is shown.
pub(crate) fn add(units: usize) {
    #[cfg(test)]
    DONE.set(DONE.get() + units);
    let _ = units;
}

/// What `f` costs.
#[cfg(test)]
pub(crate) fn of(f: impl FnOnce()) -> usize {
    DONE.set(0);
    f();
    DONE.get()
}
