//! The integration suite: one binary, one module a topic.
//!
//! `dovecot`, `cyrus`, `courier`, `postfix`, `client`, `strip`, `both`, `desk`, `smtp`, `pty`, `program`, `proxy`,
//! `script`, `story`, `dump`, `dice`, `site`, `provider`, `targets` and `whitelist` are rigs; the others are tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that can't go on is to fail, and one that can't begin says why"
)]

mod layering;
mod rust_texts;
mod known_faults;
mod language;
mod texts;
mod examples;
mod messages;
mod collections;
#[path = "../../fuzz/src/targets.rs"]
mod targets;
mod dice;
mod fuzz;
mod bombs;
mod drawn;
mod alone;
mod attacks;
mod tls;
mod smtp;
mod dovecot;
mod client;
mod cyrus;
mod courier;
mod strip;
mod both;
mod desk;
mod windows;
mod pty;
mod program;
mod proxy;
mod story;
mod dump;
mod script;
mod slow;
mod cli;
mod enrol;
mod locked;
mod unheard;
mod faults;
mod changes;
mod renamed;
mod carried;
mod carried_short;
mod managed;
mod migrate;
mod moving;
mod copied;
mod linear;
mod matrix;
mod model;
mod outbox;
mod bounced;
mod papers;
mod offered;
mod reminded;
mod putoff;
mod send;
mod settings;
mod parsed_back;
mod drafts;
mod filing;
mod tokens;
mod postfix;
mod cut_smtp;
mod kill;
mod upgrade;
mod found;
mod cut;
mod hollow;
mod hostile;
mod elsewhere;
mod doctor;
mod hostile_state;
mod hostile_changes;
mod hostile_pull;
mod astray;
mod hostile_names;
mod hostile_push;
mod pushed;
mod hostile_flood;
mod failing;
mod full;
mod power;
mod clock;
mod demo;
mod in_the_field;
mod only_itself;
mod journal;
mod rules;
mod by_subject;
mod extensions;
mod screen;
mod face;
mod reload;
mod whitelist;
mod opened;
mod bidi;
mod used;
mod site;
mod provider;
mod firm;
mod oauth;
mod signed_in;
mod supply;
mod wizard;
mod web;
mod composer;
mod contacts;
mod moved;
mod shots;
