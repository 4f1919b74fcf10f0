//! A queue of places.

/// A queue of places. A place is in it at most once, so `P` of them fit.
pub(super) struct Queue<const P: usize> {
    places: [usize; P],
    first: usize,
    count: usize,
    queued: [bool; P],
}

impl<const P: usize> Queue<P> {
    pub(super) const fn new() -> Self {
        Self {
            places: [0; P],
            first: 0,
            count: 0,
            queued: [false; P],
        }
    }

    /// A queue with one place in it.
    pub(super) const fn with(place: usize) -> Self {
        let mut queue = Self::new();
        queue.push(place);
        queue
    }

    pub(super) const fn push(&mut self, place: usize) {
        if !self.queued[place] {
            self.queued[place] = true;
            self.places[(self.first + self.count) % P] = place;
            self.count += 1;
        }
    }

    pub(super) const fn pop(&mut self) -> Option<usize> {
        if self.count == 0 {
            return None;
        }
        let place = self.places[self.first];
        self.first = (self.first + 1) % P;
        self.count -= 1;
        self.queued[place] = false;
        Some(place)
    }
}
