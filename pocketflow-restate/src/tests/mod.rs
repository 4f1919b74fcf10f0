//! Runs against a server in memory, whose workers die at random moments.

mod confidential;
mod crash;
mod elsewhere;
mod flows;
mod input;
mod migration;
mod server;
mod versions;
mod ways;
