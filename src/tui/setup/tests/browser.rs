//! The way over a provider's own page: whose client it is, where its secret comes from, and that there
//! is a way back from everywhere.

use super::*;
use crate::model::setup::{AtProvider, Brought, Check, Mend, State, Step};
use crate::model::{Auth, ClientSecret, OAuth, SecretSource, SignInBy, SignInStep};

/// One that takes nothing but a browser.
pub fn only() -> Proposal {
    let browser = SignIn::OAuth {
        provider: "example".to_owned(),
    };
    Proposal {
        sign_in: vec![browser],
        ..proposal()
    }
}

/// One that takes a password, too.
fn either() -> Proposal {
    let mut either = only();
    either.sign_in.insert(0, SignIn::Password);
    either
}

pub fn at(client: &str, secret: Option<&str>, whole: bool) -> Box<AtProvider> {
    Box::new(AtProvider {
        says: OAuth {
            provider: "Example".to_owned(),
            client_id: client.to_owned(),
            ..OAuth::default()
        },
        secret: secret.map(|s| Secret::new(s.to_owned())),
        whole,
    })
}

pub fn brought() -> Brought {
    Brought {
        access: Secret::new("access".to_owned()),
        refresh: Secret::new("refresh".to_owned()),
    }
}

/// As far as the question what is known of the provider.
pub fn asked(wizard: &mut Wizard, proposal: Proposal, name: &str) -> u64 {
    let deeds = typed(wizard, "ada@example.test");
    found(wizard, &deeds, Found::Proposal(Box::new(proposal)));
    let deeds = key(wizard, name);
    let [Deed::Provider(serial, word, _)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    assert_eq!(word, "example");
    *serial
}

/// As far as an account that works.
fn works(wizard: &mut Wizard, proposal: Proposal) -> Vec<Deed> {
    let serial = asked(wizard, proposal, "enter");
    let deeds = wizard.came(Came::Provider(serial, Ok(at("ours", None, true))));
    let [Deed::SignIn(serial, ..)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    wizard.came(Came::Signed(*serial, Ok(brought())))
}

fn attempted(deeds: &[Deed]) -> &crate::model::setup::Attempt {
    match deeds.last() {
        Some(Deed::Try(_, attempt)) => attempt,
        _ => panic!("{deeds:?}"),
    }
}

fn says(deeds: &[Deed]) -> (OAuth, Option<String>, SignInBy) {
    let [Deed::SignIn(_, account, secret, by)] = deeds else {
        panic!("{deeds:?}");
    };
    let SecretSource::OAuth(says) = &account.secret else {
        panic!("{account:?}");
    };
    let secret = secret.as_ref().map(|s| s.reveal().to_owned());
    ((**says).clone(), secret, *by)
}

#[test]
fn f54_a_browser_only_provider_is_signed_in_to_on_its_own_page() {
    let mut wizard = Wizard::new(false, false, false);
    let deeds = typed(&mut wizard, "ada@example.test");
    found(&mut wizard, &deeds, Found::Proposal(Box::new(only())));
    assert!(shown(&wizard, 80, 24).contains("on the provider's own page"));
    let deeds = key(&mut wizard, "enter");
    let [Deed::Provider(serial, _, _)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    let known = wizard.came(Came::Provider(*serial, Ok(at("", None, false))));
    assert!(known.is_empty());
    assert_eq!((wizard.phase, wizard.field), (Phase::Client, Field::Client));
    assert!(shown(&wizard, 80, 24).contains("docs/oauth.md"));
    typed(&mut wizard, "my client");
    key(&mut wizard, "enter");
    let deeds = key(&mut wizard, "enter");
    let (said, secret, by) = says(&deeds);
    assert_eq!(
        (said.client_id.as_str(), secret, by),
        ("my client", None, SignInBy::Best)
    );
    let [Deed::SignIn(serial, ..)] = deeds.as_slice() else {
        panic!();
    };
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
    assert!(wizard.came(Came::Signed(*serial, Ok(brought()))).is_empty());
    let deeds = key(&mut wizard, "enter");
    let [Deed::Provider(serial, _, _)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    wizard.came(Came::Provider(*serial, Ok(at("", None, false))));
    assert_eq!(wizard.phase, Phase::Client, "the client is shown again");
    let deeds = key(&mut wizard, "enter");
    let [Deed::SignIn(serial, ..)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    let deeds = wizard.came(Came::Signed(*serial, Ok(brought())));
    let attempt = attempted(&deeds);
    assert_eq!(attempt.secret.reveal(), "access");
    assert_eq!(attempt.account.auth, Auth::OAuth);
    wizard.came(Came::Keyring(true));
    let works = Box::new(attempt.account.clone());
    let kept = answer(&mut wizard, &deeds, Tried::Done(Some(works)));
    assert!(
        matches!(kept.as_slice(), [Deed::Keep(keeping)] if keeping.secret.reveal() == "refresh")
    );
}

#[test]
fn a_second_account_goes_by_the_client_and_the_secret_of_the_first() {
    let mut wizard = Wizard::new(true, false, false);
    let serial = asked(&mut wizard, only(), "enter");
    let known = at("theirs", Some("GOCSPX"), true);
    let deeds = wizard.came(Came::Provider(serial, Ok(known)));
    let (said, secret, _) = says(&deeds);
    assert_eq!(
        (said.client_id.as_str(), secret.as_deref()),
        ("theirs", Some("GOCSPX"))
    );
    let [Deed::SignIn(serial, ..)] = deeds.as_slice() else {
        panic!();
    };
    let deeds = wizard.came(Came::Signed(*serial, Ok(brought())));
    wizard.came(Came::Keyring(true));
    let works = Box::new(attempted(&deeds).account.clone());
    let kept = answer(&mut wizard, &deeds, Tried::Done(Some(works)));
    let [Deed::Keep(keeping)] = kept.as_slice() else {
        panic!("{kept:?}");
    };
    assert_eq!(keeping.client_secret.as_ref().unwrap().reveal(), "GOCSPX");
    assert!(matches!(&keeping.account.secret, SecretSource::OAuth(says)
        if says.client_secret == ClientSecret::Kept && says.client_id == "theirs"));
}

#[test]
fn a_client_whose_secret_can_t_be_had_is_shown_to_be_completed() {
    let mut wizard = Wizard::new(true, false, false);
    let serial = asked(&mut wizard, only(), "enter");
    wizard.came(Came::Provider(serial, Ok(at("theirs", None, false))));
    assert_eq!(
        (wizard.phase, wizard.field),
        (Phase::Client, Field::ClientSecret)
    );
    assert!(shown(&wizard, 80, 24).contains("theirs"));
    typed(&mut wizard, "GOCSPX");
    let (said, secret, _) = says(&key(&mut wizard, "enter"));
    assert_eq!(
        (said.client_id.as_str(), secret.as_deref()),
        ("theirs", Some("GOCSPX"))
    );
    assert_eq!(said.client_secret, ClientSecret::Kept);
}

#[test]
fn s45_what_one_provider_gave_is_not_shown_to_another() {
    let mut wizard = Wizard::new(true, false, false);
    let serial = asked(&mut wizard, only(), "enter");
    wizard.came(Came::Provider(serial, Ok(at("", None, false))));
    typed(&mut wizard, "one client");
    key(&mut wizard, "enter");
    typed(&mut wizard, "one secret");
    wizard.field = Field::Address;
    let deeds = typed(&mut wizard, "x");
    found(&mut wizard, &deeds, Found::Proposal(Box::new(only())));
    let deeds = key(&mut wizard, "enter");
    let [Deed::Provider(serial, _, _)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    let deeds = wizard.came(Came::Provider(*serial, Ok(at("another", None, true))));
    let (said, secret, _) = says(&deeds);
    assert_eq!((said.client_id.as_str(), secret), ("another", None));
    assert_eq!(said.client_secret, ClientSecret::None);
}

#[test]
fn there_is_a_way_back_from_the_question_for_a_client() {
    for way in ["esc", "ctrl-e"] {
        let mut wizard = Wizard::new(true, false, false);
        let serial = asked(&mut wizard, either(), "ctrl-o");
        wizard.came(Came::Provider(serial, Ok(at("", None, false))));
        assert_eq!(wizard.phase, Phase::Client);
        let deeds = key(&mut wizard, way);
        assert!(matches!(deeds.as_slice(), [Deed::Cancel]), "{deeds:?}");
        // A password is taken now.
        wizard.field = match way {
            "esc" => Field::Address,
            _ => Field::User,
        };
        key(&mut wizard, "enter");
        assert_eq!(
            (wizard.phase, wizard.field),
            (Phase::Password, Field::Password)
        );
        typed(&mut wizard, "geheim");
        let deeds = key(&mut wizard, "enter");
        assert_eq!(attempted(&deeds).account.auth, Auth::Password);
    }
}

#[test]
fn the_wish_for_the_page_outlives_the_question_about_servers() {
    let mut wizard = Wizard::new(true, false, false);
    let outside = Proposal {
        source: Source::Srv,
        outside: vec!["mail.other.test".to_owned()],
        ..either()
    };
    let deeds = typed(&mut wizard, "ada@example.test");
    found(&mut wizard, &deeds, Found::Proposal(Box::new(outside)));
    assert!(key(&mut wizard, "ctrl-o").is_empty());
    assert_eq!(wizard.phase, Phase::Agreeing);
    let deeds = typed(&mut wizard, "y");
    assert!(
        matches!(deeds.as_slice(), [Deed::Provider(..)]),
        "{deeds:?}"
    );
    // Who leaves the page chooses anew, and is told between what.
    key(&mut wizard, "esc");
    assert!(
        wizard
            .said
            .as_ref()
            .unwrap()
            .contains("enter asks for a password")
    );
    key(&mut wizard, "enter");
    assert_eq!(wizard.phase, Phase::Password);
}

#[test]
fn what_can_t_be_known_of_a_provider_is_said_and_asked_again() {
    let mut wizard = Wizard::new(true, false, false);
    let serial = asked(&mut wizard, only(), "enter");
    let why = "providers.toml: oauth.example: `client-id` must be a text".to_owned();
    wizard.came(Came::Provider(serial, Err(why)));
    assert!(shown(&wizard, 80, 24).contains("must be a text"));
    let deeds = key(&mut wizard, "d");
    let [Deed::Provider(again, _, _)] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    assert!(*again > serial);
    let deeds = wizard.came(Came::Provider(*again, Ok(at("ours", None, true))));
    assert_eq!(says(&deeds).2, SignInBy::Device);
}

#[test]
fn an_address_that_can_t_be_opened_here_is_said() {
    let mut wizard = Wizard::new(true, false, false);
    let serial = asked(&mut wizard, only(), "enter");
    let deeds = wizard.came(Came::Provider(serial, Ok(at("ours", None, true))));
    let [Deed::SignIn(serial, ..)] = deeds.as_slice() else {
        panic!();
    };
    let page = SignInStep::Page {
        url: "https://id.example.test/a".to_owned(),
        opened: false,
        port: 9,
    };
    wizard.came(Came::Step(*serial, page));
    assert!(matches!(
        key(&mut wizard, "o").as_slice(),
        [Deed::OpenUrl(_)]
    ));
    wizard.came(Came::Unopened("No browser can be started here.".to_owned()));
    assert!(shown(&wizard, 80, 24).contains("No browser can be started here."));
}

#[test]
fn servers_by_hand_are_tried_again_after_a_sign_in_at_the_page() {
    let mut wizard = Wizard::new(true, false, false);
    let deeds = works(&mut wizard, only());
    let failed = State::Failed {
        what: "no such server".to_owned(),
        why: String::new(),
        todo: String::new(),
        mend: Mend::Server,
    };
    let check = Check {
        step: Step::ImapName,
        state: failed,
    };
    answer(&mut wizard, &deeds, Tried::Check(check));
    answer(&mut wizard, &deeds, Tried::Done(None));
    assert!(
        wizard.fields().contains(&wizard.field),
        "{:?}",
        wizard.field
    );
    key(&mut wizard, "ctrl-e");
    assert_eq!(wizard.field, Field::Imap);
    wizard.phase = Phase::Broken;
    let deeds = key(&mut wizard, "enter");
    let attempt = attempted(&deeds);
    assert_eq!(
        (attempt.account.auth, attempt.secret.reveal()),
        (Auth::OAuth, "access")
    );
    // A try that is stopped leaves the cursor in a field that is there.
    key(&mut wizard, "esc");
    assert!(
        wizard.fields().contains(&wizard.field),
        "{:?}",
        wizard.field
    );
}

#[test]
fn what_a_sign_in_brings_waits_for_the_passphrase_of_a_file_that_is_there() {
    let mut wizard = Wizard::new(true, true, false);
    let deeds = works(&mut wizard, only());
    wizard.came(Came::Keyring(true));
    let account = Box::new(attempted(&deeds).account.clone());
    assert!(answer(&mut wizard, &deeds, Tried::Done(Some(account))).is_empty());
    assert_eq!(
        (wizard.phase, wizard.field),
        (Phase::Safe, Field::Passphrase)
    );
    let seen = shown(&wizard, 80, 24);
    assert!(seen.contains("What keeps you signed in"), "{seen}");
    assert!(!seen.contains("The password"), "{seen}");
    typed(&mut wizard, "phrase");
    assert!(matches!(
        key(&mut wizard, "enter").as_slice(),
        [Deed::Open(_)]
    ));
    assert!(matches!(
        wizard.came(Came::Opened(Ok(()))).as_slice(),
        [Deed::Keep(_)]
    ));
}
