//! The whole command on packages laid out as pip leaves them, a file for each theme.
#![allow(clippy::unwrap_used, missing_docs, reason = "these are tests")]

#[cfg(feature = "s3")]
mod bucket;
mod bytecode;
mod cache;
mod change;
mod changed;
mod coldstart;
mod command;
mod config;
mod corpus;
mod data;
mod docs;
mod duplicates;
mod evidence;
mod folders;
mod github;
mod hostile;
mod init;
mod installing;
mod kernels;
mod layouts;
mod links;
mod markdown;
mod metadata;
mod owners;
mod package;
mod page;
mod pages;
mod prefix;
mod proof;
mod provided;
mod reach;
mod rules;
mod same_bytes;
mod sbom;
mod schema;
mod spelling;
mod split;
mod support;
mod target;
mod together;
mod trace;
mod whole_or_nothing;
mod workspace;
