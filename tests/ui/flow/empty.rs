use pocketflow::flow;

flow! { pub Empty {} }

fn main() {
    let _nothing = flow! {};
}
