use pocketflow::{Driver, ExecDriver, Node, Shared};

struct Mine;

impl<S: Shared> Driver<S> for Mine {}

impl<S: Shared, Here, N: Node<S, Here>> ExecDriver<S, Here, N> for Mine {}

fn main() {}
