//! The whole command on packages laid out as pip leaves them, a file for each theme.
#![allow(clippy::unwrap_used, missing_docs, reason = "these are tests")]

mod bytecode;
mod coldstart;
mod command;
mod config;
mod corpus;
mod data;
mod duplicates;
mod evidence;
mod hostile;
mod kernels;
mod layouts;
mod links;
mod metadata;
mod owners;
mod package;
mod pages;
mod proof;
mod reach;
mod rules;
mod same_bytes;
mod spelling;
mod split;
mod support;
mod target;
mod trace;
mod whole_or_nothing;
