//! The setting up as keys and answers go: nothing secret goes anywhere before the user agreed, and
//! every state is drawn at three sizes.

use super::deeds::{BrowserOf, Came, Deed, Phase};
use super::form::Field;
use super::view;
use super::wizard::Wizard;
use crate::model::setup::{
    Brought, Check, Found, Glimpse, Mend, Proposal, SignIn, Source, State, Step, Tried,
};
use crate::model::{Auth, Endpoint, OAuth, Secret, SecretSource, Security, SignInBy, SignInStep};
use crate::tui::key::Key;
use crate::tui::theme::{Surroundings, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

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
fn f54_a_browser_only_provider_is_signed_in_to_on_its_own_page() {
    let mut wizard = Wizard::new(false, false, false);
    let says = OAuth {
        provider: "Example".to_owned(),
        ..OAuth::default()
    };
    wizard.browser = BrowserOf(Arc::new(move |_| Ok(says.clone())));
    let browser = SignIn::OAuth {
        provider: "example".to_owned(),
    };
    let deeds = typed(&mut wizard, "ada@example.test");
    let only = Proposal {
        sign_in: vec![browser],
        ..proposal()
    };
    found(&mut wizard, &deeds, Found::Proposal(Box::new(only)));
    assert!(shown(&wizard, 80, 24).contains("on the provider's own page"));
    assert!(key(&mut wizard, "enter").is_empty());
    assert_eq!((wizard.phase, wizard.field), (Phase::Client, Field::Client));
    assert!(shown(&wizard, 80, 24).contains("docs/oauth.md"));
    typed(&mut wizard, "my client");
    key(&mut wizard, "enter");
    let deeds = key(&mut wizard, "enter");
    let [Deed::SignIn(serial, account, None, SignInBy::Best)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    let SecretSource::OAuth(says) = &account.secret else {
        panic!("{account:?}");
    };
    assert_eq!(says.client_id, "my client");
    // A code for another device: to type, to copy, and for a camera.
    let url = "https://id.example.test/device";
    let code = SignInStep::Code {
        url: url.to_owned(),
        code: "WDJB-MJHT".to_owned(),
        whole: url.to_owned(),
        lasts: 900,
    };
    wizard.came(Came::Step(*serial, code));
    let seen = shown(&wizard, 80, 30);
    assert!(seen.contains("WDJB-MJHT") && seen.contains(url), "{seen}");
    assert!(seen.contains('█') || seen.contains('▀'), "{seen}");
    assert!(matches!(key(&mut wizard, "c").as_slice(), [Deed::Copy(text)] if text == url));
    // Left, and begun anew; what the first one brings is not listened to.
    assert!(matches!(key(&mut wizard, "esc").as_slice(), [Deed::Cancel]));
    let brought = Brought {
        access: Secret::new("access".to_owned()),
        refresh: Secret::new("refresh".to_owned()),
    };
    assert!(
        wizard
            .came(Came::Signed(*serial, Ok(brought.clone())))
            .is_empty()
    );
    let deeds = key(&mut wizard, "enter");
    assert!(
        matches!(deeds.as_slice(), []),
        "the client is shown again: {deeds:?}"
    );
    wizard.field = Field::ClientSecret;
    let deeds = key(&mut wizard, "enter");
    let [Deed::SignIn(serial, ..)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    let deeds = wizard.came(Came::Signed(*serial, Ok(brought)));
    assert!(matches!(deeds.as_slice(), [Deed::Try(_, attempt)]
        if attempt.secret.reveal() == "access" && attempt.account.auth == Auth::OAuth));
    wizard.came(Came::Keyring(true));
    let Some(Deed::Try(_, attempt)) = deeds.last() else {
        panic!();
    };
    let works = Box::new(attempt.account.clone());
    let kept = answer(&mut wizard, &deeds, Tried::Done(Some(works)));
    assert!(
        matches!(kept.as_slice(), [Deed::Keep(keeping)] if keeping.secret.reveal() == "refresh")
    );
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
    let mut buf = Buffer::empty(Rect::new(0, 0, cols, rows));
    let theme = Theme::load(Some("mono"), Surroundings::read(|_| None)).0;
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
fn every_state_is_drawn() {
    let glimpse = |from: &str, subject: &str| Glimpse {
        from: from.to_owned(),
        subject: subject.to_owned(),
        when: 0,
        seen: false,
    };
    let check = |step, state| Tried::Check(Check { step, state });
    for (cols, rows) in [(40, 12), (80, 24), (200, 50)] {
        let mut all = Vec::new();
        let mut wizard = Wizard::new(false, false, false);
        all.push(("welcome", shown(&wizard, cols, rows)));
        let deeds = typed(&mut wizard, "ada@example.test");
        let looking = Found::Looking("the name system".to_owned());
        found(&mut wizard, &deeds, looking);
        all.push(("looking", shown(&wizard, cols, rows)));
        found(&mut wizard, &deeds, Found::Proposal(Box::new(proposal())));
        key(&mut wizard, "enter");
        typed(&mut wizard, "geheim");
        all.push(("password", shown(&wizard, cols, rows)));
        let deeds = key(&mut wizard, "enter");
        let worked = |text: &str| State::Worked(text.to_owned());
        for step in [Step::ImapName, Step::ImapTls] {
            answer(&mut wizard, &deeds, check(step, worked("as it should be")));
        }
        let refused = State::Failed {
            what: "the password was refused".to_owned(),
            why: "It is mistyped, or another one is wanted.".to_owned(),
            todo: "Type it again.".to_owned(),
            mend: Mend::SignIn,
        };
        answer(&mut wizard, &deeds, check(Step::ImapSignIn, refused));
        all.push(("trying", shown(&wizard, cols, rows)));
        answer(&mut wizard, &deeds, Tried::Done(None));
        all.push(("broken", shown(&wizard, cols, rows)));
        key(&mut wizard, "ctrl-e");
        all.push(("by-hand", shown(&wizard, cols, rows)));
        for _ in 0..5 {
            key(&mut wizard, "tab");
        }
        let deeds = key(&mut wizard, "enter");
        let newest = vec![
            glimpse("Bo", "First letter"),
            glimpse("Cy", "Second letter"),
        ];
        answer(&mut wizard, &deeds, Tried::Newest(newest));
        wizard.came(Came::Keyring(false));
        answer(&mut wizard, &deeds, Tried::Done(Some(account())));
        all.push(("safe", shown(&wizard, cols, rows)));
        let text: Vec<String> = all.iter().map(|(n, s)| format!("== {n}\n{s}")).collect();
        insta::assert_snapshot!(format!("wizard_{cols}x{rows}"), text.join("\n"));
    }
}
