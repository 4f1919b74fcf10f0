use pocketflow::Shared;

#[derive(Shared)]
struct Tuple(u64);

#[derive(Shared)]
struct Generic<T> {
    value: T,
}

#[derive(Shared)]
enum Choice {
    One,
}


fn main() {}
