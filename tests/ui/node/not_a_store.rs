use pocketflow::node;

struct Plain {
    total_cents: u64,
}

#[node(Plain)]
fn look(total_cents: &u64) {
    println!("{total_cents}");
}

fn main() {}
