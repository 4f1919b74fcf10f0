//! The name of a generated test.

/// The longest part of a name.
const LONGEST: usize = 60;

/// The name of the function for a run with an id: `checkout_order_17`.
pub(super) fn of_id(flow: &str, id: &str) -> String {
    format!("{}_{}", snake_case(flow), slug(id))
}

/// The name of the function for a run that only has a number in its record: `checkout_run_0`.
pub(super) fn of_number(flow: &str, number: u64) -> String {
    format!("{}_run_{number}", snake_case(flow))
}

/// The name of the function for a run without an id, in a file with this name. The number is that of one
/// of several runs in the file.
pub(super) fn of_file(flow: &str, stem: &str, number: Option<u64>) -> String {
    // A folder of records names the files of such runs after the flow.
    let stem = stem
        .strip_prefix(flow)
        .and_then(|rest| rest.strip_prefix('-'))
        .unwrap_or(stem);
    let name = of_id(flow, stem);
    match number {
        Some(number) => format!("{name}_{number}"),
        None => name,
    }
}

/// The name of a flow as that of a function.
fn snake_case(flow: &str) -> String {
    let mut name = String::new();
    let mut was_small = false;
    for letter in flow.chars() {
        if letter.is_uppercase() && was_small {
            name.push('_');
        }
        was_small = letter.is_lowercase() || letter.is_numeric();
        name.extend(letter.to_lowercase());
    }
    name
}

/// Any text as a part of a name. Different texts have different names: if letters were lost, a hash of
/// the text follows.
fn slug(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            name.push(letter.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    name.truncate(LONGEST);
    let name = name.trim_end_matches('_');
    if !name.is_empty() && name.replace('_', "-") == text {
        return name.to_owned();
    }
    // FNV-1a
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    match name {
        "" => format!("{hash:08x}"),
        name => format!("{name}_{hash:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_after_the_flow_and_the_run() {
        assert_eq!(of_id("Checkout", "order-17"), "checkout_order_17");
        assert_eq!(of_number("WriteAll2", 3), "write_all2_run_3");
        assert_eq!(of_file("Plan", "monday", None), "plan_monday");
        assert_eq!(of_file("Plan", "monday", Some(3)), "plan_monday_3");
        assert_eq!(of_file("Plan", "Plan-17-4-0", None), "plan_17_4_0");
    }

    #[test]
    fn different_ids_have_different_names() {
        let long = "a".repeat(500);
        let ids = [
            "a-b",
            "a_b",
            "A-b",
            "a--b",
            "-a-b",
            "a-b-",
            "a b",
            "日本",
            "日",
            "*",
            "",
            "-",
            "é",
            &long,
            &long[1..],
            "../É \"x\"//",
        ];
        let names: std::collections::BTreeSet<String> =
            ids.iter().map(|id| of_id("Plan", id)).collect();
        assert_eq!(names.len(), ids.len(), "{names:?}");
        for name in names {
            let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(part) && !name.contains("__"), "{name}");
            assert!(name.len() < 80 && !name.ends_with('_'), "{name}");
        }
    }
}
