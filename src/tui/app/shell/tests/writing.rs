//! Several messages open at once, beside the panes or over them, and what a crash left open; whom a
//! message is sent on to.

use super::*;
use crate::tui::effect::Outward;
use crate::tui::offer::{Offered, Source};
use crate::tui::parting::{By, Parting};

impl Bench {
    fn chord(&mut self, name: &str) {
        let key = crate::tui::key::Key::parse(name).unwrap();
        self.event(Event::Key(key.event()));
    }

    /// Two messages, the second in front.
    fn two(size: (u16, u16)) -> Bench {
        let mut bench = Bench::new(three(), size);
        bench.keys("cada@example.org\n\n\nHello\n");
        bench.now.mono += Duration::from_secs(1);
        bench.event(Event::Tick);
        bench.chord("ctrl-t");
        bench.keys("cbob@example.org\n\n\nLunch\nsoup?");
        bench
    }
}

#[test]
fn one_reads_on_and_comes_back_to_what_was_typed() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("cada@example.org\n\n\nHello\nsome words");
    bench.chord("ctrl-t");
    let screen = bench.screen();
    assert!(
        screen.contains("Subject 2") && screen.contains("✎ Hello"),
        "{screen}"
    );
    // What is only in memory is saved while one reads.
    bench.now.mono += Duration::from_secs(1);
    bench.event(Event::Tick);
    assert!(matches!(&bench.asked[..], [Intent::SaveDraft(d)] if d.body.contains("some words")));
    bench.keys("j");
    bench.keys("w");
    bench.sees("some words");
    bench.keys(" more");
    bench.sees("some words more");
}

#[test]
fn two_are_open_and_keys_go_to_the_one_in_front() {
    let mut bench = Bench::two((80, 24));
    insta::assert_snapshot!("two_messages_80x24", bench.screen());
    bench.chord("alt-n");
    bench.keys(" world");
    let screen = bench.screen();
    assert!(
        screen.contains("Hello") && screen.contains(" world"),
        "{screen}"
    );
    assert!(!screen.contains("soup?"));
    bench.chord("alt-w");
    bench.keys("lun\n");
    bench.sees("soup?");
    // A draft that is open already is not opened twice.
    bench.chord("ctrl-t");
    bench.event(Event::Reply {
        about: About::Outbox(crate::model::OutboxId(1)),
        result: Ok(Answered {
            draft: Some(DraftId(5)),
            ..Answered::default()
        }),
    });
    assert_eq!(bench.app.desk.items().len(), 2);
    // What is closed leaves the other.
    bench.chord("ctrl-d");
    assert_eq!(bench.app.desk.items().len(), 1);
    bench.keys("w");
    bench.sees("soup?");
}

#[test]
fn a_message_stands_beside_the_mailbox_where_there_is_room() {
    let mut bench = Bench::two((160, 24));
    bench.chord("alt-z");
    let screen = bench.screen();
    assert!(
        screen.contains("Subject 2") && screen.contains("soup?"),
        "{screen}"
    );
    bench.keys(" yes");
    bench.chord("ctrl-t");
    bench.keys("j\n");
    let screen = bench.screen();
    assert!(
        screen.contains("soup? yes"),
        "it stays while one reads: {screen}"
    );
    insta::assert_snapshot!("beside_160x24", screen);
    bench.keys("w!");
    bench.sees("soup? yes!");
    // With no room for both, the one that has the keys is seen.
    bench.event(Event::Resize(80, 24));
    assert!(bench.screen().contains("soup? yes!") && !bench.screen().contains("Mailboxes"));
    bench.event(Event::Resize(160, 24));
    bench.chord("ctrl-t");
    bench.event(Event::Resize(80, 24));
    assert!(!bench.screen().contains("soup?") && bench.screen().contains("✎ Lunch +1"));
}

#[test]
fn what_a_crash_left_open_is_there_with_a_word() {
    let mut bench = Bench::new(three(), (100, 24));
    let setup = Setup {
        left_open: vec![DraftId(7)],
        ..setup()
    };
    let (app, fx) = App::new(setup, (100, 24), bench.now);
    bench.app = app;
    bench.perform(fx);
    let screen = bench.screen();
    assert!(
        screen.contains("Recovered: kept draft") && screen.contains("Subject 2"),
        "{screen}"
    );
    bench.keys("w");
    bench.sees("ada@example.org");
}

#[test]
fn what_became_a_draft_of_its_own_is_said_and_not_sent_unasked() {
    let mut bench = Bench::new(three(), (100, 24));
    bench.keys("cada@example.org\n\n\nHello\nas elsewhere");
    let submitted = |bench: &Bench| {
        let mut all = bench.asked.iter();
        all.find_map(|i| match i {
            Intent::Submit(draft) => Some((draft.id, draft.rev)),
            _ => None,
        })
    };
    bench.chord("ctrl-s");
    bench.sees("Changed in another window, too");
    assert_eq!(submitted(&bench), None);
    bench.chord("ctrl-s");
    assert_eq!(submitted(&bench), Some((Some(DraftId(99)), 1)));
}

#[test]
fn leaving_the_program_keeps_them_all_for_the_next_start() {
    let mut bench = Bench::two((80, 24));
    bench.chord("alt-n");
    bench.keys("x");
    bench.chord("ctrl-t");
    bench.asked.clear();
    bench.keys("q");
    assert!(bench.quit);
    let saved = bench
        .asked
        .iter()
        .filter(|i| matches!(i, Intent::PutAside(_) | Intent::LeaveOpen(_)))
        .count();
    assert_eq!(saved, 2);
}

#[test]
fn a_message_is_written_saved_and_sent() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("c");
    bench.keys("ada@example.org\n\n\nHello\n");
    bench.sees("ada@example.org");
    // Nothing is sent up for every letter; a second later all of it is written down.
    assert!(bench.asked.is_empty());
    let due = bench.app.deadline().unwrap();
    assert!(due <= bench.now.mono + Duration::from_secs(1));
    bench.now.mono = due;
    bench.event(Event::Tick);
    assert!(matches!(&bench.asked[..], [Intent::SaveDraft(d)] if d.subject == "Hello"));
    bench.keys("eeq text");
    let send = KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL);
    bench.event(Event::Key(send));
    let sent = bench.asked.iter().find_map(|i| match i {
        Intent::Submit(draft) => Some(draft.clone()),
        _ => None,
    });
    let sent = sent.expect("not submitted");
    assert_eq!(
        (sent.id, sent.to.as_str()),
        (Some(DraftId(5)), "ada@example.org")
    );
    assert!(bench.app.desk.is_empty());
    assert!(bench.screen().contains("Sending in 10 s") && bench.screen().contains("z undo"));
    // The whole time in which it can be taken back is counted down, and no longer.
    for left in (1..10).rev() {
        bench.now.mono = bench.app.deadline().unwrap();
        bench.event(Event::Tick);
        bench.sees(&format!("Sending in {left} s"));
    }
    bench.now.mono = bench.app.deadline().unwrap();
    bench.event(Event::Tick);
    let screen = bench.screen();
    assert!(
        screen.contains("Sending…") && !screen.contains("z undo"),
        "{screen}"
    );
}

#[test]
fn an_answer_opens_in_the_composer_and_a_signal_saves_what_is_typed() {
    let mut bench = Bench::new(three(), (80, 24));
    let mut draft = Draft::new(AccountName("home".into()));
    (draft.to, draft.subject) = ("ada@example.org".into(), "Re: Lunch".into());
    bench.event(Event::Drafted {
        late: false,
        draft: Ok(Box::new(draft)),
    });
    bench.sees("Re: Lunch");
    bench.keys("yes");
    let fx = bench.app.update(Event::Quit, bench.now);
    // Whose it is stands beside it: what an external editor left of it goes.
    let [Effect::Ask(Intent::PutAside(draft), about), Effect::End(_)] = &fx[..] else {
        panic!("{fx:?}");
    };
    assert!(draft.body.contains("yes"));
    assert!(about.settles().is_some());
}

#[test]
fn drafts_here_and_on_the_server_are_one_list() {
    let mut bench = Bench::new(three(), (100, 24));
    bench.keys("gd");
    let screen = bench.screen();
    for line in [
        "kept draft",
        "removed elsewhere",
        "draft of the phone",
        "on the server",
    ] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
    bench.keys("j\n");
    assert!(
        matches!(&bench.asked[..], [Intent::FetchBody(MsgId(5))]),
        "its text may have to be fetched: {:?}",
        bench.asked
    );
    bench.keys("d");
    let trash = bench.asked.last();
    assert!(
        matches!(trash, Some(Intent::Act { verb: Verb::Trash, targets }) if *targets == [Target::Location(LocationId(6))]),
        "{trash:?}"
    );
    bench.keys("kd");
    assert!(matches!(
        bench.asked.last(),
        Some(Intent::DiscardDraft(DraftId(9)))
    ));
}

#[test]
fn what_was_being_written_at_the_end_is_there_at_the_start() {
    let mut bench = Bench::new(three(), (100, 24));
    let setup = Setup {
        put_aside: vec![DraftId(7), DraftId(8)],
        ..setup()
    };
    let (app, fx) = App::new(setup, (100, 24), bench.now);
    bench.app = app;
    bench.perform(fx);
    let screen = bench.screen();
    assert!(
        screen.contains("2 messages were being written; w goes on"),
        "{screen}"
    );
    assert!(!screen.contains("Recovered"), "{screen}");
}

#[test]
fn people_and_groups_are_offered_where_a_message_is_sent_on() {
    let mut bench = Bench::new(three(), (80, 24));
    let addresses = ["bo@x.example", "cy@x.example"].map(|a| Address::new("", a));
    let offered = Offered {
        addresses: addresses.to_vec(),
        group: Some("team".into()),
        source: Source::Group,
        bounced: false,
    };
    bench.app.panes.groups = vec![Group {
        name: "team".into(),
        members: addresses.to_vec(),
    }];
    let press = |bench: &mut Bench, code| {
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        bench.app.update(Event::Key(key), bench.now)
    };
    let asked = |fx: &[Effect]| match fx {
        [Effect::Complete { serial, prefix }] => (*serial, prefix.clone()),
        other => panic!("{other:?}"),
    };
    bench.keys("B");
    let (first, prefix) = asked(&press(&mut bench, KeyCode::Char('t')));
    assert_eq!(prefix, "t");
    let (serial, prefix) = asked(&press(&mut bench, KeyCode::Char('e')));
    assert_eq!(prefix, "te");
    let answer = |serial| Event::Offered {
        serial,
        people: vec![offered.clone()],
    };
    bench.event(answer(first));
    assert!(!bench.screen().contains("team (2)"), "it came too late");
    bench.event(answer(serial));
    let screen = bench.screen();
    assert!(
        screen.contains("team (2)") && screen.contains("group"),
        "{screen}"
    );
    press(&mut bench, KeyCode::Tab);
    let sent = |fx: Vec<Effect>| match fx.as_slice() {
        [Effect::Build(Outward::Redirect(to), _)] => to.clone(),
        other => panic!("{other:?}"),
    };
    let to = sent(press(&mut bench, KeyCode::Enter));
    assert_eq!(
        to.trim_end_matches([',', ' ']),
        "bo@x.example, cy@x.example"
    );
    // A group's name by itself, and what is no address, which can be mended.
    bench.keys("BTeam");
    let to = sent(press(&mut bench, KeyCode::Enter));
    assert_eq!(to, "bo@x.example, cy@x.example");
    bench.keys("Bnobody\n");
    let screen = bench.screen();
    assert!(screen.contains("Send on to: nobody"), "{screen}");
}

#[test]
fn what_is_taken_back_from_the_outbox_is_gone_on_with() {
    let mut bench = Bench::new(three(), (80, 24));
    let taken = Answered {
        draft: Some(DraftId(9)),
        ..Answered::default()
    };
    bench.event(Event::Reply {
        about: About::Outbox(crate::model::OutboxId(1)),
        result: Ok(taken),
    });
    bench.sees("kept draft");
}

#[test]
fn a_mailto_link_is_for_the_composer_and_hides_no_copy() {
    let mut bench = Bench::new(three(), (80, 24));
    let mut fx = vec![
        Effect::OpenUrl("mailto:grace@example.com?subject=Hi&bcc=eve@example.net&from=x".into()),
        Effect::OpenUrl("https://example.org".into()),
    ];
    let now = bench.now;
    bench.app.linked(now, &mut fx);
    let urls: Vec<_> = fx
        .iter()
        .filter_map(|e| match e {
            Effect::OpenUrl(url) => Some(url.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(urls, ["https://example.org"]);
    let screen = bench.screen();
    assert!(screen.contains("grace@example.com") && screen.contains("New message"));
    assert!(
        screen.contains("Bcc      eve@example.net") && screen.contains("may not set from"),
        "{screen}"
    );
}

#[test]
fn a_long_farewell_to_a_list_is_written_from_the_address_that_it_knows() {
    let mut bench = Bench::new(three(), (80, 24));
    let draft = Draft {
        from: "lists@example.org".into(),
        to: "leave@example.net".into(),
        body: "I quit. ".repeat(40),
        ..Draft::new(account("home").name)
    };
    let way = By::Drafting {
        draft: Box::new(draft),
        to: Clean::lit("leave@example.net"),
    };
    let parting = Parting {
        list: Clean::lit("a list"),
        ways: vec![way],
    };
    bench.event(Event::Parting(Ok(Box::new(parting))));
    bench.sees("Leave a list?");
    // What was typed ahead answers no question.
    bench.now.mono += Duration::from_secs(1);
    bench.keys("m");
    let screen = bench.screen();
    assert!(
        screen.contains("lists@example.org") && screen.contains("leave@example.net"),
        "{screen}"
    );
}

#[test]
fn pasted_text_over_the_panes_is_not_taken_for_keys() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.event(Event::Paste("eeee#q".into()));
    assert!(bench.asked.is_empty() && !bench.quit);
}

#[test]
fn a_message_is_begun_with_whom_it_goes_to() {
    for (typed, to) in [
        (":compose bo@x.example\n", "To       bo@x.example"),
        (
            ":mail Bo <bo@x.example>, c@x.example\n",
            "To       Bo <bo@x.example>, c@x.example",
        ),
        (":compose mailto:bo@x.example?subject=Hi\n", "Subject  Hi"),
    ] {
        let mut bench = Bench::new(three(), (80, 24));
        bench.keys(typed);
        bench.sees(to);
    }
}

#[test]
fn what_is_kept_as_a_draft_says_where_it_is() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("cada@example.org\n\n\nHello\nsome words\x1b");
    bench.sees("Close this message?");
    bench.now.mono += Duration::from_secs(2);
    bench.keys("k");
    bench.sees("Kept as a draft; g d lists the drafts.");
    // Nothing was written: nothing is said.
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("c\x1b");
    assert!(!bench.screen().contains("Kept"), "{}", bench.screen());
}
