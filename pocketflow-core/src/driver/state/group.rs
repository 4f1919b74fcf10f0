//! The inner runs of one step, and which of them wait.
//!
//! A run at an `await(field)` holds no seat of `parallel = n`, so that others can go on. It takes one
//! again before it leaves the step: first come, first served, and before an item that has not begun.
//! A run whose inner runs all wait waits as well, so a seat is taken from the outermost run down.
//!
//! All of them are polled by one task. The locks are there because the task may change threads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use super::RunState;

/// The inner runs of a step, or of a branch that runs a flow on each item.
#[doc(hidden)]
#[derive(Debug)]
pub struct Group {
    above: Above,
    members: Mutex<Members>,
}

/// What the inner runs of a place are in.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Above(Around);

#[derive(Debug, Clone)]
enum Around {
    /// A step of this run.
    Run(Arc<RunState>),
    /// A fork.
    Fork(Arc<Group>),
}

#[derive(Debug)]
struct Members {
    /// How many have not ended.
    running: usize,
    /// How many of them hold a seat, and how many may.
    seated: usize,
    seats: usize,
    /// Whether others will begin.
    open: bool,
    /// Whether all of them wait.
    waits: bool,
    /// Those that want to go on, in the order in which they came.
    queue: VecDeque<Queued>,
}

#[derive(Debug)]
struct Queued {
    /// The address of the member.
    id: usize,
    wakers: Vec<Waker>,
}

impl Members {
    /// The wakers of those that may go on, after a seat has become free.
    fn called(&self) -> Vec<Waker> {
        let free = self.seats.saturating_sub(self.seated);
        let first = self.queue.iter().take(free);
        first.flat_map(|queued| queued.wakers.clone()).collect()
    }

    /// Whether the group begins to wait now.
    fn begins_to_wait(&mut self) -> bool {
        let idle = self.seated == 0 && self.queue.is_empty() && !self.open;
        let begins = idle && self.running > 0 && !self.waits;
        self.waits |= begins;
        begins
    }
}

impl Above {
    /// A step of a run.
    pub(crate) fn step_of(run: &Arc<RunState>) -> Self {
        Self(Around::Run(Arc::clone(run)))
    }

    /// A fork whose branches are these members.
    pub(crate) fn fork(group: &Arc<Group>) -> Self {
        Self(Around::Fork(Arc::clone(group)))
    }

    /// The group of one inner run.
    pub(crate) fn group_of_one(&self) -> Arc<Group> {
        match &self.0 {
            // The branch has been counted.
            Around::Fork(fork) => Arc::clone(fork),
            Around::Run(_) => self.group(1, usize::MAX, false),
        }
    }

    /// A group with so many members that have begun, so many seats and, if it is open, other members
    /// that will begin.
    pub(crate) fn group(&self, begun: usize, seats: usize, open: bool) -> Arc<Group> {
        Arc::new(Group {
            above: self.clone(),
            members: Mutex::new(Members {
                running: begun,
                seated: begun,
                seats,
                open,
                waits: false,
                queue: VecDeque::new(),
            }),
        })
    }

    fn wait(&self) {
        match &self.0 {
            Around::Run(run) => run.wait(),
            Around::Fork(fork) => fork.leave(),
        }
    }

    /// `id` is that of the group.
    fn poll_go_on(&self, id: usize, context: &mut Context<'_>) -> Poll<()> {
        match &self.0 {
            Around::Run(run) => run.poll_go_on(context),
            Around::Fork(fork) => fork.poll_enter(id, context),
        }
    }
}

impl Group {
    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address, as the id of a member of another group.
    fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Changes the members. If all of them wait then, what they are in waits as well.
    fn change(&self, change: impl FnOnce(&mut Members)) {
        let (called, begins_to_wait) = {
            let mut members = self.lock();
            change(&mut members);
            (members.called(), members.begins_to_wait())
        };
        called.into_iter().for_each(Waker::wake);
        if begins_to_wait {
            self.above.wait();
        }
    }

    /// Whether a seat is free for an item that has not begun.
    pub(crate) fn may_begin(&self) -> bool {
        let members = self.lock();
        members.seated < members.seats && members.queue.is_empty()
    }

    /// Seats a member that begins.
    pub(crate) fn begin(&self) {
        let mut members = self.lock();
        members.running += 1;
        members.seated += 1;
    }

    /// Says that no other member will begin.
    pub(crate) fn close(&self) {
        self.change(|members| members.open = false);
    }

    /// Gives up the seat of a member that waits.
    pub(super) fn leave(&self) {
        self.change(|members| members.seated -= 1);
    }

    /// Forgets a member that has ended.
    pub(super) fn end(&self, id: usize, seated: bool) {
        self.change(|members| {
            members.running -= 1;
            members.seated -= usize::from(seated);
            members.queue.retain(|queued| queued.id != id);
        });
    }

    /// Takes a seat for a member that has waited.
    pub(super) fn poll_enter(&self, id: usize, context: &mut Context<'_>) -> Poll<()> {
        if self.lock().waits {
            ready!(self.above.poll_go_on(self.id(), context));
        }
        let mut members = self.lock();
        members.waits = false;
        let place = members.queue.iter().position(|queued| queued.id == id);
        let free = members.seats.saturating_sub(members.seated);
        if place.unwrap_or(members.queue.len()) < free {
            let queued = place.and_then(|place| members.queue.remove(place));
            members.seated += 1;
            drop(members);
            // The member may have several inner runs that go on.
            let wakers = queued.into_iter().flat_map(|queued| queued.wakers);
            wakers.for_each(Waker::wake);
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        match place {
            Some(place) => {
                let wakers = &mut members.queue[place].wakers;
                if !wakers.iter().any(|known| known.will_wake(&waker)) {
                    wakers.push(waker);
                }
            }
            None => members.queue.push_back(Queued {
                id,
                wakers: vec![waker],
            }),
        }
        Poll::Pending
    }
}

/// A group is a member of the fork that it is a branch of.
impl Drop for Group {
    fn drop(&mut self) {
        let seated = !self.lock().waits;
        if let Around::Fork(fork) = &self.above.0 {
            fork.end(self.id(), seated);
        }
    }
}
