#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::flow;

flow! {
    pub Alone {
        outline >> (draft) >> combine;
    }
}

flow! {
    pub Twice {
        outline >> (draft, draft) >> combine;
    }
}

flow! {
    pub Nobody {
        outline >> () >> combine;
    }
}

flow! {
    pub Separated {
        outline >> (draft; combine);
    }
}

flow! {
    pub Ends {
        outline >> (draft, end);
    }
}

flow! {
    pub InAnother {
        outline >> (draft, (combine, draft));
    }
}

fn main() {}
