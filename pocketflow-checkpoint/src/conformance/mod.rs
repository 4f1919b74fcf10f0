//! The requirements on every storage, as tests that you can run on your engine. Feature
//! `conformance`.
//!
//! [`conformance_tests!`](crate::conformance_tests) generates the tests. It takes an async function
//! that opens a new, empty database twice and returns the two storages, together with anything that
//! must live as long as they do, such as a temporary folder. The storages must be `Clone`. The tests
//! need tokio with its features `macros` and `rt-multi-thread`.
//!
//! ```no_run
//! # use pocketflow_checkpoint::Sqlite;
//! async fn open(_test: &str) -> (tempfile::TempDir, [Sqlite; 2]) {
//!     let folder = tempfile::tempdir().unwrap();
//!     let file = folder.path().join("runs.db");
//!     let storages = [Sqlite::open(&file).await.unwrap(), Sqlite::open(&file).await.unwrap()];
//!     (folder, storages)
//! }
//!
//! pocketflow_checkpoint::conformance_tests!(open);
//! ```

// The names of the tests say what they test.
#![allow(missing_docs)]

#[doc(hidden)]
pub mod attempts;
#[doc(hidden)]
pub mod begin;
#[doc(hidden)]
pub mod claims;
#[doc(hidden)]
pub mod crowd;
#[doc(hidden)]
pub mod data;
#[doc(hidden)]
pub mod failures;
#[doc(hidden)]
pub mod flaky;
#[doc(hidden)]
pub mod history;
#[doc(hidden)]
pub mod inner;
mod letter;
#[doc(hidden)]
pub mod lists;
#[doc(hidden)]
pub mod manage;
#[doc(hidden)]
pub mod managed;
#[doc(hidden)]
pub mod runs;
#[doc(hidden)]
pub mod steps;
#[doc(hidden)]
pub mod support;
#[doc(hidden)]
pub mod time;
#[doc(hidden)]
pub mod waiting;
#[doc(hidden)]
pub mod workers;

/// Generates the tests of a storage, which open their databases with an async function: see
/// [`conformance`](crate::conformance). Attributes before the function, such as `#[ignore]`, apply
/// to each test.
#[macro_export]
macro_rules! conformance_tests {
    ($(#[$attribute:meta])* $open:path) => {
        $crate::conformance_tests! {
            @each ($open) [$(#[$attribute])*]
            begin::a_new_run_is_stored_and_held
            begin::a_lease_that_holds_is_respected
            begin::a_lease_that_ran_out_is_taken_over_and_the_old_owner_is_fenced
            begin::an_expired_lease_that_nobody_took_still_counts
            begin::an_owner_can_start_its_run_again
            begin::a_released_run_is_anybodys
            begin::renewing_makes_a_lease_longer
            begin::a_lease_without_end
            begin::a_failed_run_starts_again
            begin::a_finished_run_is_returned_and_not_taken
            begin::owners_that_die_are_counted
            begin::a_stuck_run_starts_after_a_retry
            begin::a_lease_is_given_back_later
            begin::ids_are_any_text
            begin::ids_that_cannot_be
            begin::of_two_that_race_one_wins
            begin::of_two_that_race_for_a_dead_run_one_wins
            steps::a_step_is_stored
            steps::a_step_is_stored_once_more
            steps::steps_do_not_go_back
            steps::items_are_kept_until_their_step_is_stored
            steps::items_are_fenced
            steps::a_large_state
            steps::texts_with_anything_in_them
            steps::an_unknown_run
            waiting::a_run_waits_and_is_filled
            waiting::only_what_waits_is_filled
            waiting::only_json_is_filled
            waiting::waiting_is_fenced
            waiting::a_run_that_still_waits_can_be_filled_while_it_is_held
            waiting::what_was_filled_outlasts_a_crash_and_a_failure
            waiting::a_refused_value_goes
            waiting::a_value_that_came_meanwhile_stays
            waiting::an_answer_is_taken_by_the_wait_that_it_names
            waiting::an_early_answer_is_kept_for_its_wait
            waiting::a_fork_counts_its_waits_on
            waiting::of_two_that_fill_one_wins
            waiting::runs_that_moved_are_found_in_one_query
            waiting::a_change_changes_the_version
            time::a_wait_expires_once
            time::the_deadline_that_is_stored_counts
            time::a_value_that_came_in_time_is_not_lost
            time::a_refused_value_does_not_make_the_wait_longer
            time::a_run_sleeps
            time::of_a_value_and_the_end_of_the_time_one_wins
            time::a_rewound_run_waits_anew
            attempts::an_attempt_is_kept_until_its_step_is_stored
            attempts::items_and_branches_have_attempts_of_their_own
            attempts::attempts_are_fenced
            attempts::a_run_waits_for_an_attempt
            attempts::attempts_start_over_when_a_run_does
            attempts::attempts_are_progress
            attempts::an_inner_run_waits_for_an_attempt
            runs::a_run_that_is_dropped_anywhere_gives_its_lease_back
            runs::an_answer_is_not_taken_for_the_next_question
            runs::of_two_that_wait_for_a_run_one_resumes_it
            failures::a_storage_that_fails_for_a_moment_loses_nothing
            failures::a_call_that_fails_once_loses_nothing_whichever_it_is
            failures::a_storage_that_fails_for_long_ends_the_run
            failures::a_run_whose_processes_die_gets_stuck
            data::a_state_comes_back_as_it_was
            data::a_value_that_cannot_come_back_is_refused_at_its_step
            data::a_value_that_does_not_fit_is_refused_with_a_reason
            data::items_in_another_order_are_done_once
            data::kept_results_of_another_type_are_listed_and_dropped
            data::items_of_a_live_run_are_not_dropped
            history::all_is_kept
            history::the_last_are_kept
            history::none_is_kept
            history::a_state_after_each_step
            history::long_fields_have_the_value_of_their_step
            history::only_an_object_is_a_state
            history::a_forked_run_starts_after_a_step
            history::a_fork_of_what_is_not_there
            inner::an_inner_run_is_a_run_within_a_step
            inner::an_inner_run_is_fenced_by_the_outermost_run
            inner::an_inner_run_begins_again_where_it_was
            inner::what_only_an_outermost_run_can_do
            inner::a_run_waits_for_its_inner_runs
            inner::an_inner_run_that_is_filled_in_time_is_not_missed
            inner::inner_runs_are_progress
            inner::inner_runs_are_dropped_with_the_items
            inner::inner_runs_are_cancelled_with_the_outermost_run
            inner::an_inner_run_is_edited_while_nothing_drives_it
            inner::inner_runs_go_with_the_outermost_run
            inner::a_hundred_inner_runs_at_once
            lists::lists_by_status
            lists::a_thousand_waiting_runs
            lists::a_removed_run_is_gone
            lists::a_live_run_is_not_removed
            lists::old_finished_runs_are_pruned
            manage::an_orphaned_run_is_told_from_a_running_one
            manage::a_run_is_cancelled
            manage::a_cancelled_run_is_not_revived_by_a_fill
            manage::a_run_that_ended_badly_is_retried
            manage::a_lease_is_released_by_anybody
            manage::a_run_is_rewound
            manage::a_rewound_run_asks_again
            manage::the_state_of_a_run_is_edited
            manage::runs_are_pruned_by_their_status
            manage::a_vacuum_changes_no_run
            managed::a_cancelled_run_stops_at_its_next_step
            managed::a_cancelled_run_does_not_wait_any_longer
            managed::a_run_that_waits_in_memory_is_edited_and_rewound
            managed::old_runs_are_removed_by_themselves
            claims::a_new_run_is_stored_for_a_worker
            claims::the_oldest_runs_of_a_flow_are_claimed_first
            claims::only_what_can_continue_is_claimed
            claims::a_forked_run_is_claimed
            claims::a_run_whose_owner_has_died_is_claimed
            claims::a_lease_that_is_renewed_is_not_released
            claims::owners_that_die_are_counted_by_workers
            claims::a_deferred_run_waits_for_a_while
            claims::of_two_workers_each_gets_its_own_runs
            workers::what_is_enqueued_is_run
            workers::a_run_is_enqueued_once
            workers::a_run_that_waits_holds_no_place
            workers::two_workers_share_the_runs
            workers::a_run_that_fails_stays_failed
            workers::a_run_that_does_not_fit_is_left_with_a_message
            workers::a_worker_that_ends_finishes_its_steps
            workers::a_worker_does_not_wait_for_a_step_for_ever
            workers::a_worker_takes_over_from_one_that_died
            workers::a_worker_survives_a_storage_that_fails
            crowd::hundreds_of_items_at_once
            crowd::one_that_fails_takes_no_other_with_it
            crowd::futures_that_are_dropped
        }
    };
    (@each $open:tt $attributes:tt $($group:ident::$test:ident)*) => {
        $($crate::conformance_tests!(@one $open $attributes $group::$test);)*
    };
    (@one ($open:path) [$(#[$attribute:meta])*] $group:ident::$test:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $(#[$attribute])*
        async fn $test() {
            let (_guard, [a, b]) = $open(stringify!($test)).await;
            $crate::conformance::$group::$test(a, b).await;
        }
    };
}
