//! What every engine does, as one suite: on SQLite always, and on the PostgreSQL server of
//! `POCKETFLOW_POSTGRES` with `scripts/with-postgres cargo test -p pocketflow-checkpoint --features
//! postgres --test conformance -- --include-ignored`.
//!
//! Each test gets two connections to one new database.

mod begin;
mod crowd;
mod data;
#[path = "../flaky/mod.rs"]
mod flaky;
mod history;
mod lists;
#[cfg(feature = "postgres")]
mod lost;
mod runs;
mod steps;
mod support;
mod waiting;

macro_rules! suite {
    ($($group:ident::$test:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                let [a, b] = super::support::sqlite(&folder).await;
                super::$group::$test(a, b).await;
            })*
        }
        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
            async fn $test() {
                let [a, b] = super::support::postgres(stringify!($test)).await;
                super::$group::$test(a, b).await;
            })*
        }
    };
}

suite! {
    begin::a_new_run_is_stored_and_held
    begin::a_lease_that_holds_is_respected
    begin::a_lease_that_ran_out_is_taken_over_and_the_old_owner_is_fenced
    begin::an_expired_lease_that_nobody_took_still_counts
    begin::an_owner_begins_its_run_once_more
    begin::a_released_run_is_anybodys
    begin::renewing_makes_a_lease_longer
    begin::a_lease_without_end
    begin::a_failed_run_begins_again
    begin::a_finished_run_is_returned_and_not_taken
    begin::owners_that_die_are_counted
    begin::a_stuck_run_begins_when_it_is_retried
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
    runs::a_run_that_is_dropped_anywhere_gives_its_lease_back
    runs::an_answer_is_not_taken_for_the_next_question
    runs::of_two_that_wait_for_a_run_one_goes_on
    runs::a_storage_that_fails_for_a_moment_loses_nothing
    runs::a_call_that_fails_once_loses_nothing_whichever_it_is
    runs::a_storage_that_fails_for_long_ends_the_run
    runs::a_run_whose_processes_die_gets_stuck
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
    history::a_fork_stands_after_a_step
    history::a_fork_of_what_is_not_there
    lists::lists_by_status
    lists::a_thousand_waiting_runs
    lists::a_removed_run_is_gone
    lists::a_live_run_is_not_removed
    lists::old_finished_runs_are_pruned
    crowd::hundreds_of_items_at_once
    crowd::one_that_fails_takes_no_other_with_it
    crowd::futures_that_are_dropped
}
