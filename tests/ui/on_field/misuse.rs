#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::flow;

flow! {
    pub A: Library {
        list >> Investigate.on();
    }
}

flow! {
    pub B: Library {
        list >> Read.each();
    }
}

flow! {
    pub C: Library {
        list >> Investigate.on("facts");
    }
}

flow! {
    pub D: Library {
        list >> Investigate.on(&mut shared.facts);
    }
}

flow! {
    pub E: Library {
        list >> Investigate.on(facts, figures);
    }
}

flow! {
    pub G: Library {
        list >> Investigate.on(facts, parallel = 2);
    }
}

flow! {
    pub H: Library {
        list >> Read.each(documents, paralel = 2);
    }
}

flow! {
    pub I: Library {
        list >> Read.each(documents, attempts = 3);
    }
}

flow! {
    pub J: Library {
        list >> Read.each(documents, parallel = 2, parallel = 3);
    }
}

flow! {
    pub K: Library {
        list >> Read.each(documents, parallel = "8");
    }
}

flow! {
    pub L: Library {
        list >> Read.each(documents, parallel = 0);
    }
}

flow! {
    pub M: Library {
        list >> Read.each(parallel = 8, documents);
    }
}

flow! {
    pub N: Library {
        list >> Read.for_each(documents);
    }
}

flow! {
    pub O: Library {
        list >> Investigate.run(facts);
    }
}

flow! {
    pub P: Library {
        list >> Read.each(documents).on(text);
    }
}

flow! {
    pub Q: Library {
        list >> Investigate.on(facts).await;
    }
}

flow! {
    pub R: Library {
        list >> Investigate. >> combine;
    }
}

flow! {
    pub S: Library {
        again: Investigate.on(facts);
        list >> again.on(figures);
    }
}

flow! {
    pub T: Library {
        list >> documents.each(Read);
    }
}

flow! {
    pub U: Library {
        list >> Investigate(facts) >> combine;
    }
}

flow! {
    pub V: Library {
        list >> Investigate::on(facts);
    }
}

fn main() {}
