//! Every state of the setting up, drawn at three sizes, in two themes and without colours.

use super::browser::{asked, at, brought, only};
use super::*;
use crate::model::SignInStep;
use crate::model::setup::{Check, Glimpse, Kept, Mend, State, Step};
use crate::tui::golden;

fn glimpse(from: &str, subject: &str) -> Glimpse {
    Glimpse {
        from: from.to_owned(),
        subject: subject.to_owned(),
        when: 0,
        seen: false,
    }
}

fn is_drawn(name: &str, wizard: &Wizard) {
    let golden = golden::golden(|(cols, rows), around| {
        let mut buf = Buffer::empty(Rect::new(0, 0, cols, rows));
        let theme = Theme::load(None, around).0;
        let cursor = view::draw(wizard, &mut buf, &theme);
        (buf, cursor)
    });
    insta::assert_snapshot!(name, golden);
}

fn newest() -> Tried {
    Tried::Newest(vec![
        glimpse("Bo", "First letter"),
        glimpse("Cy", "Second letter"),
    ])
}

#[test]
fn every_state_on_the_way_to_a_password_is_drawn() {
    let mut wizard = Wizard::new(false, false, false);
    is_drawn("welcome", &wizard);
    let deeds = typed(&mut wizard, "ada@exmaple.org");
    let looking = Found::Looking("the name system".to_owned());
    found(&mut wizard, &deeds, looking);
    is_drawn("looking", &wizard);
    let doubtful = Proposal {
        source: Source::Srv,
        meant: Some("example.org".to_owned()),
        outside: vec!["mail.other.test".to_owned()],
        ..proposal()
    };
    found(&mut wizard, &deeds, Found::Proposal(Box::new(doubtful)));
    key(&mut wizard, "enter");
    is_drawn("agreeing", &wizard);
    typed(&mut wizard, "y");
    typed(&mut wizard, "geheim");
    is_drawn("password", &wizard);
    let deeds = key(&mut wizard, "enter");
    let check = |step, state| Tried::Check(Check { step, state });
    for step in [Step::ImapName, Step::ImapTls] {
        let worked = State::Worked("as it should be".to_owned());
        answer(&mut wizard, &deeds, check(step, worked));
    }
    let refused = State::Failed {
        what: "the password was refused".to_owned(),
        why: "It is mistyped, or another one is wanted.".to_owned(),
        todo: "Type it again.".to_owned(),
        mend: Mend::SignIn,
    };
    answer(&mut wizard, &deeds, check(Step::ImapSignIn, refused));
    is_drawn("trying", &wizard);
    answer(&mut wizard, &deeds, Tried::Done(None));
    is_drawn("broken", &wizard);
    key(&mut wizard, "ctrl-e");
    is_drawn("by-hand", &wizard);
    for _ in 0..5 {
        key(&mut wizard, "tab");
    }
    let deeds = key(&mut wizard, "enter");
    answer(&mut wizard, &deeds, newest());
    answer(&mut wizard, &deeds, Tried::Done(Some(account())));
    is_drawn("store-waited-for", &wizard);
    wizard.came(Came::Keyring(false));
    is_drawn("safe", &wizard);
    key(&mut wizard, "enter");
    is_drawn("keeping", &wizard);
    wizard.name.set("Ada Example");
    let kept = Kept {
        account: *account(),
        notes: vec!["The password will be asked for at each start.".to_owned()],
    };
    wizard.came(Came::Kept(Ok(Box::new(kept))));
    is_drawn("done", &wizard);
    is_drawn("unlocking", &Wizard::unlocking());
}

#[test]
fn every_state_on_the_way_over_the_provider_s_page_is_drawn() {
    let mut wizard = Wizard::new(true, true, false);
    let serial = asked(&mut wizard, only(), "enter");
    is_drawn("browser-asked", &wizard);
    wizard.came(Came::Provider(serial, Ok(at("", None, false))));
    typed(&mut wizard, "a client");
    is_drawn("client", &wizard);
    key(&mut wizard, "esc");
    let deeds = key(&mut wizard, "enter");
    let [Deed::Provider(serial, _, _)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    wizard.came(Came::Provider(*serial, Ok(at("a client", None, false))));
    is_drawn("client-known", &wizard);
    let deeds = key(&mut wizard, "enter");
    let [Deed::SignIn(serial, ..)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    let page = SignInStep::Page {
        url: "https://id.example.test/authorize?client_id=a".to_owned(),
        opened: false,
        port: 9,
    };
    wizard.came(Came::Step(*serial, page));
    is_drawn("browser", &wizard);
    let deeds = wizard.came(Came::Signed(*serial, Ok(brought())));
    answer(&mut wizard, &deeds, newest());
    let Some(Deed::Try(_, attempt)) = deeds.last() else {
        panic!("{deeds:?}");
    };
    let works = Box::new(attempt.account.clone());
    answer(&mut wizard, &deeds, Tried::Done(Some(works)));
    is_drawn("safe-signed-in", &wizard);
    wizard.file_is_there = false;
    is_drawn("safe-signed-in-new", &wizard);
}
