//! What is chosen for a message: options, sender, files, templates.

use super::*;
use crate::tui::errand::Template;

#[test]
fn a_word_is_put_in_the_place_of_a_misspelt_one() {
    let mut draft = reply();
    draft.body = "wrold ".into();
    let mut desk = Desk::new(draft);
    desk.press("end");
    assert_eq!(desk.press("alt-s"), []);
    assert!(
        desk.drawn(60, 12).contains("There is no word"),
        "{}",
        desk.drawn(60, 12)
    );
    desk.press("left");
    desk.press("alt-s");
    assert!(desk.drawn(60, 12).contains("There is no dictionary"));
    desk.composer.take_habits(&Habits {
        spelling: crate::tui::spell::tests::spelling(),
        ..Habits::default()
    });
    let out = desk.press("alt-s");
    assert_eq!(out, [Outcome::Errand(Errand::Suggest("wrold".into()))]);
    insta::assert_snapshot!("words_looking", desk.drawn(60, 12));
    assert_eq!(desk.press("enter 1"), [], "nothing is there yet");
    let found = |desk: &mut Desk, word: &str| {
        let found = vec!["world".to_owned(), "would".to_owned()];
        desk.composer
            .brought(Brought::Suggested(word.into(), found), desk.now);
    };
    found(&mut desk, "another");
    found(&mut desk, "wrold");
    insta::assert_snapshot!("words", desk.drawn(60, 12));
    insta::assert_snapshot!("words_narrow", desk.drawn(24, 8));
    desk.press("3");
    desk.press("2");
    assert_eq!(desk.composer.draft().body, "would ");
    desk.press("alt-s");
    assert_eq!(
        desk.press("a"),
        [Outcome::Errand(Errand::Learn("would".into()))]
    );
}

#[test]
fn what_is_copied_goes_to_the_clipboard() {
    let mut draft = reply();
    draft.body = "one two".into();
    let mut desk = Desk::new(draft);
    assert_eq!(desk.press("alt-c"), [], "nothing is selected");
    assert_eq!(desk.press("alt-a alt-c"), [Outcome::Copy("one two".into())]);
    assert_eq!(desk.press("ctrl-x")[0], Outcome::Copy("one two".into()));
}

#[test]
fn options_are_chosen_and_seen() {
    let mut desk = Desk::new(reply());
    desk.composer.set_clock(1_700_000_000);
    desk.press("alt-o m d");
    insta::assert_snapshot!("composer_options_70x16", desk.drawn(70, 16));
    desk.press("n");
    desk.press("3 space d a y s");
    assert!(
        desk.drawn(80, 16).contains("in 3 days,"),
        "{}",
        desk.drawn(80, 16)
    );
    desk.press("enter alt-l");
    desk.press("r u b b i s h");
    assert!(desk.drawn(80, 16).contains("not understood"));
    desk.press("enter ctrl-u i n space 2 h");
    assert!(desk.drawn(80, 16).contains("in 2 h"));
    desk.press("enter");
    let options = desk.composer.draft().options;
    assert_eq!(options.send_at, Some(1_700_000_000 + 7200));
    assert_eq!(options.remind, Some(3 * 24 * 3600));
    assert!(options.markdown && options.dsn && !options.receipt);
    let screen = desk.drawn(80, 16);
    assert!(
        screen.contains("Markdown · delivery report · reminder in 3 days"),
        "{screen}"
    );
    desk.press("alt-l enter");
    assert_eq!(desk.composer.draft().options.send_at, None);
    assert_eq!(saves(&desk.wait(1000)), 1);
    // Reply-To comes when it is asked for.
    desk.press("alt-o a b@example.net");
    assert_eq!(desk.composer.draft().reply_to, "b@example.net");
    assert!(desk.drawn(80, 16).contains("Reply-To"));
}

#[test]
fn every_address_goes_round_with_what_belongs_to_it() {
    let mut own = accounts();
    own[0].identities = vec![crate::model::Identity {
        email: "desk@example.org".into(),
        full_name: "The Desk".into(),
        signature: Some("The Desk".into()),
        reply_to: Some("all@example.org".into()),
    }];
    let mut composer = Composer::open(blank(&own[0]), &own);
    let now = Instant::now();
    composer.turn_sender(1, now);
    let draft = composer.draft();
    assert_eq!(draft.from, "The Desk <desk@example.org>");
    assert_eq!(
        (draft.account.as_str(), draft.reply_to.as_str()),
        ("work", "all@example.org")
    );
    assert_eq!(draft.body, "\n\n-- \nThe Desk\n");
    composer.turn_sender(1, now);
    let draft = composer.draft();
    assert_eq!(
        (draft.account.as_str(), draft.reply_to.as_str()),
        ("home", "")
    );
    composer.turn_sender(1, now);
    assert_eq!(composer.draft().from, "Ada Example <work@example.org>");
}

#[test]
fn a_dropped_file_is_asked_about() {
    let mut desk = Desk::new(reply());
    let paste = "'/tmp/a b.pdf'";
    let out = desk.composer.paste(paste, desk.now);
    assert_eq!(out, [Outcome::Errand(Errand::Dropped(paste.into()))]);
    let found = || {
        vec![Found {
            path: "/tmp/a b.pdf".into(),
            size: 2048,
        }]
    };
    desk.composer
        .brought(Brought::Dropped(paste.into(), found()), desk.now);
    assert!(
        desk.drawn(70, 14).contains("Attach a b.pdf (2.0 kB)?")
            || desk.drawn(70, 14).contains("Attach a b.pdf (2")
    );
    desk.now += confirm::MOMENT;
    desk.press("a");
    assert_eq!(desk.composer.draft().attachments.len(), 1);
    desk.press("shift-tab r ctrl-u x.pdf enter");
    let file = DraftAttachment::File {
        inline: false,
        path: "/tmp/a b.pdf".into(),
        name: Some("x.pdf".into()),
    };
    assert_eq!(desk.composer.draft().attachments, [file]);
    // As text, if that was meant; and at once where there is no such file.
    desk.press("tab");
    desk.composer
        .brought(Brought::Dropped(paste.into(), found()), desk.now);
    desk.now += confirm::MOMENT;
    desk.press("t");
    desk.composer
        .brought(Brought::Dropped("/no/such ".into(), vec![]), desk.now);
    assert!(
        desk.composer
            .draft()
            .body
            .starts_with("'/tmp/a b.pdf'/no/such ")
    );
    assert_eq!(desk.composer.draft().attachments.len(), 1);
}

#[test]
fn a_template_is_filled_in_and_leaves_the_cursor_at_its_mark() {
    let mut desk = Desk::new(reply());
    desk.composer.set_clock(1_700_000_000);
    assert_eq!(desk.press("alt-i"), [Outcome::Errand(Errand::Templates)]);
    let all = vec![Template {
        name: "thanks".into(),
        text: "Cc: team@example.org\n\nDear {name},\n\n{cursor}\n\n{me} {unknown}\n".into(),
    }];
    desk.composer.brought(Brought::Templates(Ok(all)), desk.now);
    assert!(desk.drawn(60, 14).contains("thanks"));
    desk.press("enter");
    desk.press("Thanks!");
    let draft = desk.composer.draft();
    assert!(
        draft
            .body
            .starts_with("Dear Grace,\n\nThanks!\n\nAda Example {unknown}\n\nOn Monday"),
        "{}",
        draft.body
    );
    assert_eq!(draft.cc, "team@example.org");
}

#[test]
fn a_template_is_filled_in_for_whoever_reads_it() {
    use crate::lang::{Lang, during};
    let filled = |lang| {
        let mut desk = Desk::blank();
        desk.composer.set_clock(1_700_000_000);
        let mut out = Vec::new();
        during(lang, || {
            desk.composer
                .put_template("Today is {date}.", desk.now, &mut out);
        });
        desk.composer.draft().body
    };
    assert!(filled(Lang::English).contains(" Nov 2023."));
    assert_eq!(filled(Lang::German), filled(Lang::English));
}

#[test]
fn what_a_template_leaves_open_is_said_and_asked_about() {
    let mut desk = Desk::new(reply());
    desk.press("alt-i");
    let all = vec![Template {
        name: "offer".into(),
        text: "Dear {name} of {firm},\n\n{cursor}fn x() {}\n".into(),
    }];
    desk.composer.brought(Brought::Templates(Ok(all)), desk.now);
    desk.press("enter");
    let screen = desk.drawn(40, 16);
    assert!(
        screen.contains("put in for {firm}.") && screen.contains("{cursor}."),
        "{screen}"
    );
    desk.press("ctrl-s");
    let screen = desk.drawn(70, 16);
    assert!(screen.contains("Not filled in yet: firm."), "{screen}");
}

#[test]
fn the_colon_of_vi_saves_closes_and_does_both() {
    let vi = |typed: &str| {
        let mut desk = Desk::new(reply());
        desk.composer.take_habits(&Habits {
            vi: true,
            ..Habits::default()
        });
        desk.press("x esc :");
        let mut out = Vec::new();
        for c in typed.chars() {
            out.extend(desk.press(&c.to_string()));
        }
        out.extend(desk.press("enter"));
        (desk, out)
    };
    let (desk, out) = vi("w");
    assert!(matches!(&out[..], [Outcome::Save(_)]), "{out:?}");
    assert!(desk.drawn(70, 16).contains("NORMAL (i types, :q closes)"));
    let (desk, out) = vi("q");
    assert_eq!(out, []);
    assert!(desk.drawn(70, 16).contains("Close this message?"));
    let (mut desk, out) = vi("wq");
    assert!(matches!(&out[..], [Outcome::Save(_)]), "{out:?}");
    let out = desk.composer.saved(Some(crate::model::DraftId(3)), 0);
    assert_eq!(out, [Outcome::Close]);
    let (mut desk, out) = vi("frob");
    assert_eq!(out, []);
    assert!(desk.drawn(90, 16).contains("`frob` is not a command"));
    desk.press("esc");
    assert!(matches!(desk.composer.over, Over::Nothing));
}

#[test]
fn a_path_begins_anew_at_the_root_and_stays_to_be_mended() {
    let mut desk = Desk::new(reply());
    desk.press("ctrl-o");
    assert_eq!(desk.press("/"), [Outcome::PathComplete("/".into())]);
    assert_eq!(desk.press("w"), [Outcome::PathComplete("/w".into())]);
    desk.press("/");
    assert_eq!(desk.press("~"), [Outcome::PathComplete("~".into())]);
    desk.press("/");
    let out = desk.composer.paste("/work/x", desk.now);
    assert_eq!(out, [Outcome::PathComplete("/work/x".into())]);
    desk.composer.paths("/work/x", Vec::new());
    assert!(desk.drawn(60, 14).contains("No file or folder begins"));
    desk.composer.paths("/work/x", vec!["/work/xy".into(); 20]);
    assert!(desk.drawn(60, 14).contains("first of 20 names: tab"));
    let out = desk.press("enter");
    assert_eq!(out, [Outcome::Errand(Errand::Attach("/work/x".into()))]);
    let refused = Brought::Attached(Err("/work/x is a folder".into()));
    desk.composer.brought(refused, desk.now);
    let screen = desk.drawn(60, 14);
    assert!(
        screen.contains("Attach: /work/x") && screen.contains("is a folder"),
        "{screen}"
    );
    let found = Found {
        path: "/work/xy".into(),
        size: 3,
    };
    desk.press("y enter");
    desk.composer
        .brought(Brought::Attached(Ok(found)), desk.now);
    assert_eq!(desk.composer.draft().attachments.len(), 1);
    assert!(!desk.drawn(60, 14).contains("Attach: "));
}

#[test]
fn what_keys_do_on_an_attachment_is_seen_on_a_narrow_screen() {
    let mut desk = Desk::new(reply());
    let path = "/home/ada/a/rather/long/path/of/folders/report-of-the-year.pdf";
    let found = Found {
        path: path.into(),
        size: 12_345,
    };
    desk.composer
        .brought(Brought::Attached(Ok(found)), desk.now);
    desk.press("shift-tab");
    let screen = desk.drawn(40, 12);
    assert!(
        screen.contains("d removes · r renames · i in the text"),
        "{screen}"
    );
    desk.press("tab");
    assert!(!desk.drawn(40, 12).contains("d removes"));
}
