use pocketflow::{Driver, ExecDriver, Node, Shared};

struct Mine;

impl<S: Shared> Driver<S> for Mine {}

impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Mine {}

fn main() {}
