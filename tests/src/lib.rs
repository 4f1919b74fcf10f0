//! The compile errors in `ui/`, the pages of the error index, the benchmarks, and the programs in
//! the README files. The behaviour tests are in a separate package, `behaviour/`.

/// Tests the programs in the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Tests the program on the page for users of Python.
#[cfg(doctest)]
#[doc = include_str!("../../docs/from-python.md")]
struct FromPython;
