//! The setting up as keys and answers go: nothing secret goes anywhere before the user agreed.

mod browser;
mod drawn;

use super::deeds::{Came, Deed, Phase};
use super::form::{ByHand, Field};
use super::view;
use super::wizard::Wizard;
use crate::model::setup::{Found, Proposal, SignIn, Source, Tried};
use crate::model::{Endpoint, Secret, Security};
use crate::tui::key::Key;
use crate::tui::theme::{Surroundings, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn end(host: &str, port: u16) -> Endpoint {
    Endpoint {
        host: host.to_owned(),
        port,
        security: Security::Tls,
        pin_sha256: None,
    }
}

fn proposal() -> Proposal {
    Proposal {
        provider: Some("Example Mail".to_owned()),
        source: Source::Provider,
        imap: vec![end("imap.example.test", 993)],
        smtp: vec![end("smtp.example.test", 465)],
        user: "ada@example.test".to_owned(),
        meant: None,
        sign_in: vec![SignIn::Password],
        outside: Vec::new(),
        notes: Vec::new(),
    }
}

fn typed(wizard: &mut Wizard, text: &str) -> Vec<Deed> {
    let deeds = text.chars().map(|c| Key::parse(&c.to_string()).unwrap());
    deeds.flat_map(|key| wizard.key(&key.event())).collect()
}

fn key(wizard: &mut Wizard, name: &str) -> Vec<Deed> {
    wizard.key(&Key::parse(name).unwrap().event())
}

fn found(wizard: &mut Wizard, deeds: &[Deed], found: Found) -> Vec<Deed> {
    let asked = deeds.iter().rev().find_map(|deed| match deed {
        Deed::Find(serial, ..) | Deed::Try(serial, ..) => Some(*serial),
        _ => None,
    });
    wizard.came(Came::Found(asked.unwrap(), found))
}

/// As far as a password that is tried; the deeds of that.
fn tried(wizard: &mut Wizard, proposal: Proposal) -> Vec<Deed> {
    let deeds = typed(wizard, "ada@example.test");
    found(wizard, &deeds, Found::Proposal(Box::new(proposal)));
    key(wizard, "enter");
    typed(wizard, "geheim");
    key(wizard, "enter")
}

fn answer(wizard: &mut Wizard, deeds: &[Deed], tried: Tried) -> Vec<Deed> {
    let Some(Deed::Try(serial, ..)) = deeds.last() else {
        panic!("nothing is tried: {deeds:?}");
    };
    wizard.came(Came::Tried(*serial, tried))
}

fn account() -> Box<crate::model::Account> {
    let attempt = proposal().attempt("ada@example.test", "", Secret::new(String::new()));
    Box::new(attempt.account)
}

#[test]
fn two_typed_items_are_enough() {
    let mut wizard = Wizard::new(false, false, false);
    let deeds = tried(&mut wizard, proposal());
    assert_eq!(wizard.phase, Phase::Trying);
    assert!(matches!(deeds.as_slice(), [Deed::Try(_, attempt)]
        if attempt.account.email == "ada@example.test" && attempt.secret.reveal() == "geheim"));
    wizard.came(Came::Keyring(true));
    let kept = answer(&mut wizard, &deeds, Tried::Done(Some(account())));
    assert!(matches!(kept.as_slice(), [Deed::Keep(..)]));
}

#[test]
fn keys_of_old_terminals_do_the_same_where_they_are_told_apart() {
    let mut wizard = Wizard::new(false, false, false);
    let deeds = typed(&mut wizard, "ada@example.test");
    found(&mut wizard, &deeds, Found::Proposal(Box::new(proposal())));
    key(&mut wizard, "ctrl-m");
    assert_eq!(wizard.phase, Phase::Password);
    typed(&mut wizard, "gehei");
    key(&mut wizard, "ctrl-h");
    let deeds = key(&mut wizard, "ctrl-m");
    assert!(matches!(deeds.as_slice(), [Deed::Try(_, attempt)]
        if attempt.secret.reveal() == "gehe"));
    assert!(!key(&mut wizard, "ctrl-[").is_empty(), "it is left");
}

#[test]
fn s10_servers_nobody_vouches_for_are_asked_about_before_a_password() {
    let mut wizard = Wizard::new(false, false, false);
    let outside = Proposal {
        source: Source::Srv,
        outside: vec!["mail.evil.test".to_owned()],
        ..proposal()
    };
    let deeds = typed(&mut wizard, "ada@example.test");
    found(&mut wizard, &deeds, Found::Proposal(Box::new(outside)));
    assert!(key(&mut wizard, "enter").is_empty());
    assert_eq!(wizard.phase, Phase::Agreeing);
    assert!(typed(&mut wizard, "xx").is_empty());
    typed(&mut wizard, "y");
    assert_eq!(wizard.phase, Phase::Password);
    typed(&mut wizard, "p");
    assert!(matches!(
        key(&mut wizard, "enter").as_slice(),
        [Deed::Try(..)]
    ));
}

#[test]
fn f21_an_address_that_no_configuration_takes_is_told_at_once() {
    for wrong in ["<ada@example.test>", "a,b@example.test", "a@b@example.test"] {
        let mut wizard = Wizard::new(false, false, false);
        let deeds = typed(&mut wizard, wrong);
        assert!(
            !deeds.iter().any(|d| matches!(d, Deed::Find(..))),
            "{deeds:?}"
        );
        assert!(key(&mut wizard, "enter").is_empty(), "{wrong}");
        assert!(wizard.said.is_some_and(|said| said.contains("looks like")));
        assert_eq!(wizard.phase, Phase::Asking);
    }
}

#[test]
fn nothing_is_found_nothing_is_lost() {
    let mut wizard = Wizard::new(false, false, false);
    let deeds = typed(&mut wizard, "ada@example.test");
    key(&mut wizard, "enter");
    found(
        &mut wizard,
        &deeds,
        Found::Done(Some("No network.".to_owned())),
    );
    assert!(wizard.said.is_none(), "an answer to an older question");
    key(&mut wizard, "ctrl-e");
    assert_eq!(wizard.field, Field::Imap);
    for _ in 0..5 {
        key(&mut wizard, "tab");
    }
    assert_eq!(wizard.field, Field::Password);
    typed(&mut wizard, "p");
    let deeds = key(&mut wizard, "enter");
    assert!(
        matches!(deeds.as_slice(), [Deed::Try(_, p)] if p.imap == [end("imap.example.test", 993)])
    );
}

#[test]
fn without_a_secret_store_a_place_is_offered_and_esc_leaves() {
    let mut wizard = Wizard::new(false, false, false);
    let deeds = tried(&mut wizard, proposal());
    assert!(answer(&mut wizard, &deeds, Tried::Done(Some(account()))).is_empty());
    assert_eq!(wizard.phase, Phase::Keeping);
    wizard.came(Came::Keyring(false));
    assert_eq!(wizard.phase, Phase::Safe);
    typed(&mut wizard, "phrase");
    key(&mut wizard, "enter");
    typed(&mut wizard, "phrasf");
    assert!(key(&mut wizard, "enter").is_empty() && wizard.said.is_some());
    key(&mut wizard, "backspace");
    typed(&mut wizard, "e");
    assert!(matches!(
        key(&mut wizard, "enter").as_slice(),
        [Deed::Open(_)]
    ));
    assert!(matches!(
        wizard.came(Came::Opened(Ok(()))).as_slice(),
        [Deed::Keep(..)]
    ));
    let mut early = Wizard::new(false, false, false);
    assert!(matches!(
        key(&mut early, "esc").as_slice(),
        [Deed::Cancel, Deed::Leave]
    ));
    let mut empty = Wizard::new(false, false, false);
    assert!(matches!(key(&mut empty, "enter").as_slice(), [Deed::Demo]));
}

#[test]
fn a_domain_that_was_meant_is_taken_with_a_key() {
    let mut wizard = Wizard::new(false, false, false);
    let slip = Proposal {
        meant: Some("example.org".to_owned()),
        ..proposal()
    };
    let deeds = typed(&mut wizard, "ada@exmaple.org");
    found(&mut wizard, &deeds, Found::Proposal(Box::new(slip)));
    key(&mut wizard, "enter");
    assert_eq!(wizard.phase, Phase::Agreeing);
    assert!(shown(&wizard, 80, 24).contains("t take example.org"));
    let deeds = typed(&mut wizard, "t");
    assert!(matches!(deeds.as_slice(), [Deed::Find(_, email, _)] if email == "ada@example.org"));
    assert_eq!(wizard.email(), "ada@example.org");
    // Where there is no such domain at all, it is said and taken, too.
    let mut wizard = Wizard::new(false, false, false);
    let deeds = typed(&mut wizard, "ada@exmaple.org");
    found(&mut wizard, &deeds, Found::Meant("example.org".to_owned()));
    found(&mut wizard, &deeds, Found::Done(Some("No.".to_owned())));
    assert!(
        wizard
            .said
            .as_ref()
            .unwrap()
            .contains("ctrl-t takes example.org")
    );
    key(&mut wizard, "ctrl-t");
    assert_eq!(wizard.email(), "ada@example.org");
}

#[test]
fn a_name_may_be_given_and_need_not() {
    let mut wizard = Wizard::new(false, false, false);
    wizard.name.set("Ada Example");
    let deeds = typed(&mut wizard, "ada@example.test");
    found(&mut wizard, &deeds, Found::Proposal(Box::new(proposal())));
    key(&mut wizard, "enter");
    typed(&mut wizard, "geheim");
    key(&mut wizard, "tab");
    assert_eq!(wizard.field, Field::Name);
    typed(&mut wizard, "!");
    let deeds = key(&mut wizard, "enter");
    assert!(matches!(deeds.as_slice(), [Deed::Try(_, attempt)]
        if attempt.account.full_name == "Ada Example!"));
}

fn shown(wizard: &Wizard, cols: u16, rows: u16) -> String {
    screen(wizard, cols, rows, Surroundings::read(|_| None))
}

fn screen(wizard: &Wizard, cols: u16, rows: u16, around: Surroundings) -> String {
    let mut buf = Buffer::empty(Rect::new(0, 0, cols, rows));
    let theme = Theme::load(Some("mono"), around).0;
    let cursor = view::draw(wizard, &mut buf, &theme);
    let mut out = String::new();
    for y in 0..rows {
        let row: String = (0..cols).map(|x| buf[(x, y)].symbol()).collect();
        out.push_str(row.trim_end());
        out.push('\n');
    }
    let at = cursor.map(|c| format!("{},{}", c.x, c.y));
    format!("{out}cursor {}\n", at.unwrap_or_else(|| "none".to_owned()))
}

#[test]
fn an_attempt_that_broke_off_can_be_begun_anew() {
    let mut wizard = Wizard::new(false, false, false);
    let deeds = tried(&mut wizard, proposal());
    answer(&mut wizard, &deeds, Tried::Done(None));
    assert_eq!(wizard.phase, Phase::Broken);
    assert!(wizard.said.as_ref().unwrap().contains("broke off"));
    assert!(matches!(
        key(&mut wizard, "enter").as_slice(),
        [Deed::Try(..)]
    ));
}

#[test]
fn enter_does_what_its_hint_says_among_servers_named_by_hand() {
    let mut wizard = Wizard::new(false, false, false);
    typed(&mut wizard, "ada@example.test");
    key(&mut wizard, "ctrl-e");
    assert!(shown(&wizard, 80, 24).contains("enter next · "));
    assert!(key(&mut wizard, "enter").is_empty());
    assert_eq!(wizard.field, Field::ImapSecurity);
    wizard.stand(Field::Password);
    typed(&mut wizard, "geheim");
    assert!(shown(&wizard, 80, 24).contains("enter try it · "));
    let deeds = key(&mut wizard, "enter");
    answer(&mut wizard, &deeds, Tried::Done(None));
    // What is put right is tried at once, wherever the cursor stands.
    wizard.stand(Field::Imap);
    assert!(shown(&wizard, 80, 24).contains("enter again · "));
    typed(&mut wizard, "1");
    let deeds = key(&mut wizard, "enter");
    assert!(matches!(deeds.as_slice(), [Deed::Try(..)]), "{deeds:?}");
}

#[test]
fn a_port_that_is_typed_anew_brings_its_own_protection() {
    let mut found = proposal();
    found.smtp = vec![end("smtp.example.test", 587)];
    let mut by_hand = ByHand::of(Some(&found), "ada@example.test");
    // What was found and is unusual stays as it was found.
    assert_eq!(by_hand.security(Field::SmtpSecurity), Security::Tls);
    assert_eq!(by_hand.security(Field::ImapSecurity), Security::Tls);
    by_hand.imap.set("imap.example.test:143");
    assert_eq!(by_hand.security(Field::ImapSecurity), Security::StartTls);
    by_hand.turn(Field::ImapSecurity);
    assert_eq!(by_hand.security(Field::ImapSecurity), Security::Tls);
}

#[test]
fn a_domain_that_was_meant_is_taken_only_while_it_is_asked_about() {
    let mut wizard = Wizard::new(false, false, false);
    let slip = Proposal {
        meant: Some("example.org".to_owned()),
        ..proposal()
    };
    let deeds = typed(&mut wizard, "ada@exmaple.org");
    found(&mut wizard, &deeds, Found::Proposal(Box::new(slip)));
    key(&mut wizard, "enter");
    typed(&mut wizard, "y");
    assert_eq!(wizard.phase, Phase::Password);
    typed(&mut wizard, "p");
    for phase in [Phase::Password, Phase::Trying, Phase::Keeping, Phase::Done] {
        wizard.phase = phase;
        assert!(key(&mut wizard, "ctrl-t").is_empty());
        assert_eq!(wizard.email(), "ada@exmaple.org");
    }
}

#[test]
fn an_account_is_written_down_once_and_not_left_meanwhile() {
    let mut wizard = Wizard::new(false, true, false);
    let deeds = tried(&mut wizard, proposal());
    assert!(answer(&mut wizard, &deeds, Tried::Done(Some(account()))).is_empty());
    assert!(wizard.waits_for_store());
    assert!(shown(&wizard, 80, 24).contains("Waiting for the desktop"));
    let kept = wizard.came(Came::Keyring(true));
    assert!(matches!(kept.as_slice(), [Deed::Keep(..)]));
    assert!(!wizard.waits_for_store());
    assert!(wizard.came(Came::Keyring(true)).is_empty());
    assert!(key(&mut wizard, "esc").is_empty());
    assert!(shown(&wizard, 80, 24).contains("Writing it down"));
}

#[test]
fn every_key_is_told_in_forty_columns() {
    let mut wizard = Wizard::new(false, false, false);
    tried(&mut wizard, proposal());
    wizard.phase = Phase::Password;
    let seen = shown(&wizard, 40, 12);
    for key in [
        "enter try it",
        "ctrl-r show",
        "ctrl-e servers",
        "tab next",
        "esc leave",
    ] {
        assert!(seen.contains(key), "{key}:\n{seen}");
    }
}

#[test]
fn a_screen_reader_hears_how_a_step_went() {
    use crate::model::setup::{Check, Mend, State, Step};
    let mut wizard = Wizard::new(false, false, false);
    let deeds = tried(&mut wizard, proposal());
    let failed = State::Failed {
        what: "refused".to_owned(),
        why: String::new(),
        todo: String::new(),
        mend: Mend::SignIn,
    };
    for (step, state) in [
        (Step::ImapName, State::Worked("found".to_owned())),
        (Step::ImapTls, State::Running("a server".to_owned())),
        (Step::ImapSignIn, failed),
        (Step::Mailboxes, State::Skipped),
    ] {
        answer(&mut wizard, &deeds, Tried::Check(Check { step, state }));
    }
    let around = Surroundings {
        linear: true,
        ..Surroundings::read(|_| None)
    };
    let seen = screen(&wizard, 80, 24, around);
    for words in [
        "Works: find the mail server: found",
        "Under way: secure connection",
        "Failed: sign in: refused",
        "Left out: mailboxes",
    ] {
        assert!(seen.contains(words), "{words}:\n{seen}");
    }
}
