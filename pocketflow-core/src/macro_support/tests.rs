use super::methods::*;
use super::{Append, FieldKind, FieldSlot, PlainField};

#[test]
fn one_call_reads_both_kinds_of_field() {
    let (late, plain) = (Some(String::from("late")), String::from("plain"));
    let text: &str = late.__read().unwrap();
    assert_eq!(text, "late");
    let text: &str = (&plain).__read().unwrap();
    assert_eq!(text, "plain");
    assert!(None::<u8>.__read().is_none());
}

#[test]
fn one_call_fills_both_kinds_of_field() {
    let (mut late, mut plain) = (None, String::new());
    FieldSlot(&mut late).__write(|| String::from("late"));
    FieldSlot(&mut plain).__write(|| String::from("plain"));
    assert_eq!((late.as_deref(), plain.as_str()), (Some("late"), "plain"));
}

#[test]
fn strings_and_collections_are_extended_late_or_not() {
    let (mut text, mut late_text) = (String::from("a"), None::<String>);
    FieldSlot(&mut text).__place().append("b");
    FieldSlot(&mut late_text)
        .__place()
        .append(String::from("b"));
    assert_eq!((text.as_str(), late_text.as_deref()), ("ab", Some("b")));
    let (mut list, mut late_list) = (vec![1], None::<Vec<i32>>);
    Append::append(FieldSlot(&mut list).__place(), vec![2]);
    Append::append(FieldSlot(&mut late_list).__place(), [2, 3]);
    assert_eq!((list, late_list), (vec![1, 2], Some(vec![2, 3])));
}

#[test]
fn lateness_is_a_matter_of_the_type() {
    type Maybe = Option<u8>;
    const { assert!(FieldKind::<Maybe>::__LATE) };
    const { assert!(!FieldKind::<Vec<Option<u8>>>::__LATE) };
}
