//! Attachments on the whole screen: the list, what is typed over it, what comes back.

use super::*;
use crate::mime::render::Run;
use crate::model::view::AttachmentRow;
use crate::signal::{Posted, Topic};
use crate::tui::files::Fresh;
use crate::tui::part::{PartCame, PartOf};
use crate::tui::picture::{Form, Shown};
use crate::tui::whole::{DraftFrom, Lacking, Outward};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

fn opened(names: &[&str]) -> Bench {
    let mut bench = Bench::new(three(), (80, 24));
    let row = |(n, name): (usize, &&str)| AttachmentRow {
        part: 2 + u32::try_from(n).unwrap(),
        name: (*name).to_owned(),
        media_type: crate::mime::media::type_of(name).to_owned(),
        size: 1_234,
    };
    bench.body = Arc::new(Rendered {
        attachments: names.iter().enumerate().map(row).collect(),
        ..(*body()).clone()
    });
    bench.keys("\n");
    bench
}

fn part(n: u32, name: &str) -> PartOf {
    PartOf {
        message: MsgId(1),
        path: vec![n],
        name: name.to_owned(),
        url: None,
    }
}

#[test]
fn attachments_are_listed_saved_and_piped() {
    let mut bench = opened(&["../../plan.pdf", "list.csv"]);
    bench.keys("V");
    let screen = bench.screen();
    assert!(
        screen.contains("plan.pdf") && screen.contains("application/pdf, 1.2 KB"),
        "{screen}"
    );
    bench.keys("s");
    bench.sees("Save as: /downloads/plan.pdf");
    bench.keys("\n");
    assert_eq!(
        bench.jobs,
        [PartJob::Save {
            parts: vec![part(2, "plan.pdf")],
            to: Some("/downloads/plan.pdf".into())
        }]
    );
    bench.keys("j|wc -l\n");
    let command = "wc -l".to_owned();
    let pipe = PartJob::Pipe {
        part: part(3, "list.csv"),
        command,
    };
    assert_eq!(bench.jobs.last(), Some(&pipe));
    bench.keys("S\n");
    let all = vec![part(2, "plan.pdf"), part(3, "list.csv")];
    let to = Some("/downloads/".into());
    assert_eq!(bench.jobs.last(), Some(&PartJob::Save { parts: all, to }));
    bench.keys("\n");
    let open = PartJob::Open {
        part: part(3, "list.csv"),
        sure: false,
    };
    assert_eq!(bench.jobs.last(), Some(&open));
    assert!(!bench.screen().contains("Attachments:"));
}

#[test]
fn what_could_run_is_opened_only_after_a_yes() {
    let mut bench = opened(&["invoice.pdf.exe"]);
    bench.keys("V\n");
    let doubted = part(2, "invoice.pdf.exe");
    let ask = |bench: &mut Bench| {
        let why = Clean::lit("It is a program.");
        let part = doubted.clone();
        bench.event(Event::Part(PartCame::Doubt { part, why }));
    };
    let later = |bench: &mut Bench| bench.now.mono += Duration::from_secs(1);
    ask(&mut bench);
    bench.sees("It is a program.");
    let before = bench.jobs.len();
    bench.keys("y");
    assert_eq!(
        bench.jobs.len(),
        before,
        "a letter typed ahead is no answer"
    );
    later(&mut bench);
    bench.keys("\n");
    assert_eq!(bench.jobs.len(), before, "nor is Enter");
    bench.keys("n");
    assert_eq!(bench.jobs.len(), before);
    ask(&mut bench);
    later(&mut bench);
    bench.keys("y");
    let open = PartJob::Open {
        part: doubted.clone(),
        sure: true,
    };
    assert_eq!(bench.jobs.last(), Some(&open));
    ask(&mut bench);
    later(&mut bench);
    bench.keys("s");
    assert!(matches!(
        bench.jobs.last(),
        Some(PartJob::Save { to: None, .. })
    ));
}

#[test]
fn what_is_in_one_is_read_over_the_list() {
    let mut bench = opened(&["notes.txt"]);
    bench.keys("Vp");
    assert!(matches!(
        bench.jobs.last(),
        Some(PartJob::Peek { width: 76, .. })
    ));
    let line = Line::from_runs(vec![Run::new("Bring the samples.", Mark::Plain)], 0);
    let inside = vec![(Clean::lit("deep.png"), part(9, "deep.png"))];
    bench.event(Event::Part(PartCame::Paper {
        title: Clean::lit("notes.txt"),
        lines: vec![line].into(),
        inside,
        links: vec![crate::mime::render::Link {
            deceives: false,
            text: Clean::lit("here"),
            target: Clean::lit("https://x.example/"),
            url: "https://x.example/".to_owned(),
        }],
    }));
    bench.sees("Bring the samples.");
    bench.keys("o");
    bench.sees("https://x.example/");
    bench.keys("\x1b");
    bench.keys("v");
    bench.sees("deep.png");
    bench.keys("\x1bq");
    assert!(
        bench.screen().contains("notes.txt  text/plain"),
        "the list is there still"
    );
    bench.keys("\x1b");
    bench.sees("Shall we?");
}

#[test]
fn pictures_are_asked_for_again_at_another_size_and_gone_when_closed() {
    let mut bench = opened(&["a.txt", "one.png", "two.jpg", "drawn.svg"]);
    bench.keys("I");
    let asked = |bench: &Bench| match bench.jobs.last() {
        Some(PartJob::Picture { part, room, serial }) => (part.name.clone(), *room, *serial),
        other => panic!("{other:?}"),
    };
    let (name, room, first) = asked(&bench);
    assert_eq!((name.as_str(), room), ("one.png", (76, 22)));
    let picture = Arc::new(Shown {
        moves: false,
        columns: 10,
        rows: 4,
        form: Form::Octets(b"\x1b_G\x1b\\".to_vec()),
    });
    let came = |serial| {
        let result = Ok(Arc::clone(&picture));
        Event::Part(PartCame::Picture { serial, result })
    };
    assert!(bench.app.placed().is_none());
    bench.event(came(first));
    assert_eq!(bench.app.placed().unwrap().area, Rect::new(35, 10, 10, 4));
    bench.event(Event::Resize(60, 20));
    assert!(
        bench.app.placed().is_none(),
        "what has the old size is gone at once"
    );
    let (_, room, second) = asked(&bench);
    assert_eq!(room, (56, 18));
    bench.event(came(first));
    assert!(bench.app.placed().is_none(), "too late");
    bench.event(came(second));
    assert!(bench.app.placed().is_some());
    bench.keys("n");
    assert_eq!(asked(&bench).0, "two.jpg");
    bench.keys("n");
    assert_eq!(
        asked(&bench).0,
        "two.jpg",
        "the drawing that can't be shown is not among them"
    );
    bench.keys("q");
    assert!(bench.app.placed().is_none() && bench.screen().contains("Shall we?"));
    let mut none = opened(&["a.txt"]);
    none.keys("I");
    none.sees("There are no pictures in this message.");
}

#[test]
fn what_needs_an_attachment_that_is_not_here_is_done_once_it_came() {
    let mut bench = opened(&["a.pdf"]);
    let job = PartJob::Save {
        parts: vec![part(2, "a.pdf")],
        to: None,
    };
    let message = part(2, "a.pdf").message;
    let lacks = |bench: &mut Bench| {
        let then = Then::Part(job.clone());
        bench.event(Event::Lacking(Lacking { message, then }, None));
    };
    let post = |bench: &mut Bench, topic: Topic| {
        bench.event(Event::Board(Posted {
            topics: [topic].into(),
            ..Posted::default()
        }));
    };
    lacks(&mut bench);
    bench.sees("it is being fetched");
    let asked = bench.asked.last();
    assert!(matches!(asked, Some(Intent::FetchPart(m, path)) if *m == message && !path.is_empty()));
    let before = bench.jobs.len();
    post(&mut bench, Topic::Body(MsgId(999)));
    assert_eq!(bench.jobs.len(), before, "another message came");
    post(&mut bench, Topic::Body(message));
    assert_eq!(bench.jobs.last(), Some(&job));
    post(&mut bench, Topic::Body(message));
    assert_eq!(bench.jobs.len(), before + 1, "it is done once");
    lacks(&mut bench);
    post(&mut bench, Topic::NoBody(message, "no network".into()));
    bench.sees("What is attached is not here: no network");
    post(&mut bench, Topic::Body(message));
    assert_eq!(bench.jobs.len(), before + 1, "it was given up");
    // What is used stays.
    bench.event(Event::Used(message));
    assert!(matches!(bench.asked.last(), Some(Intent::FetchBody(m)) if *m == message));
}

fn body_of(message: MsgId) -> Event {
    Event::Board(Posted {
        topics: [Topic::Body(message)].into(),
        ..Posted::default()
    })
}

#[test]
fn what_is_not_here_is_not_attached_and_does_not_wait() {
    let mut bench = opened(&["a.pdf"]);
    let message = part(2, "a.pdf").message;
    bench.event(Event::NotHere(1, message, vec![2]));
    bench.sees("Nothing was attached");
    // That one alone, and not the sixty megabytes beside it.
    let asked = bench.asked.last();
    assert!(matches!(asked, Some(Intent::FetchPart(m, path)) if *m == message && *path == [2]));
    bench.keys("qq");
    assert!(bench.quit, "nothing waits for it");
}

fn waits(bench: &mut Bench, message: i64, then: Then) {
    let message = MsgId(message);
    bench.event(Event::Lacking(Lacking { message, then }, None));
}

#[test]
fn a_draft_that_comes_late_takes_nobody_the_keys() {
    let drafted = |late| {
        let mut draft = Writing::blank(&[account("home")], None).expect("an account");
        draft.subject = "Fwd: Lunch".to_owned();
        let draft = Ok(Box::new(draft));
        Event::Drafted { late, draft }
    };
    for (keys, front) in [("", true), ("j", false)] {
        let mut bench = Bench::new(three(), (80, 24));
        waits(&mut bench, 1, Then::Draft(DraftFrom::Forward));
        bench.keys(keys);
        bench.event(body_of(MsgId(1)));
        let late = bench.late.take().expect("a draft is wanted");
        bench.event(drafted(late));
        assert_eq!(bench.app.desk.has_keys(), front);
        if !front {
            bench.sees("Fwd: Lunch: it is here now; w opens it");
            bench.keys("w");
            assert!(bench.app.desk.has_keys());
        }
    }
    // Who writes goes on with what he writes.
    let mut bench = Bench::new(three(), (80, 24));
    waits(&mut bench, 1, Then::Draft(DraftFrom::Forward));
    bench.keys("cada");
    bench.event(body_of(MsgId(1)));
    let late = bench.late.take().expect("a draft is wanted");
    bench.event(drafted(late));
    bench.sees("alt-w opens it");
    bench.sees("To       ada");
    // Late is that one draft: what is asked for afterwards is opened where one is.
    let mut bench = Bench::new(three(), (80, 24));
    waits(&mut bench, 1, Then::Draft(DraftFrom::Forward));
    bench.keys("j");
    bench.event(body_of(MsgId(1)));
    assert_eq!(bench.late.take(), Some(true));
    waits(&mut bench, 1, Then::Draft(DraftFrom::Forward));
    bench.event(Event::Board(Posted {
        topics: [Topic::NoBody(MsgId(1), "no network".into())].into(),
        ..Posted::default()
    }));
    bench.keys("kr");
    assert_eq!(bench.late, Some(false));
    bench.event(drafted(false));
    assert!(bench.app.desk.has_keys());
}

#[test]
fn nothing_that_waits_for_attachments_is_dropped_without_a_word() {
    let redirect = || Then::Build(Outward::Redirect("eve@example.org".to_owned()));
    let mut bench = Bench::new(three(), (100, 24));
    waits(&mut bench, 1, redirect());
    for message in 2..=9 {
        waits(&mut bench, message, Then::Draft(DraftFrom::Forward));
    }
    bench.sees("a message to be redirected is not done");
    let mut bench = Bench::new(three(), (100, 24));
    waits(&mut bench, 1, redirect());
    bench.keys(":account-add\n");
    assert!(!bench.quit);
    bench.sees("a message to be redirected. Once more drops it.");
    // Whoever went on with something else is warned again.
    bench.keys("j:account-add\n");
    assert!(!bench.quit);
    bench.keys(":account-add\n");
    assert!(bench.quit);
    // A key drops it, which is said when it begins to wait; what was done since goes first.
    let mut bench = Bench::new(three(), (100, 24));
    waits(&mut bench, 1, redirect());
    bench.sees("it is being fetched; z drops that");
    bench.keys("ez");
    assert!(matches!(bench.asked.last(), Some(Intent::Undo)));
    let before = bench.asked.len();
    bench.keys("z");
    bench.sees("Dropped: a message to be redirected");
    assert_eq!(bench.asked.len(), before, "nothing else was taken back");
    bench.event(body_of(MsgId(1)));
    assert_eq!(bench.built, 0, "it goes to nobody");
    bench.keys("z");
    assert!(matches!(bench.asked.last(), Some(Intent::Undo)));
    // To begin anew waits until it is done.
    let mut bench = Bench::new(three(), (100, 24));
    waits(&mut bench, 1, redirect());
    let mut fresh = Fresh::default();
    let mut config = crate::config::Config::default();
    config.look.undo_send = 77;
    fresh.config = Some(Box::new(config));
    bench.event(Event::Fresh {
        fresh: Box::new(fresh),
        number: 1,
        open: false,
    });
    assert!(!bench.quit);
    bench.event(body_of(MsgId(1)));
    assert!(bench.quit);
}

#[test]
fn what_goes_on_waiting_waits_where_it_stood() {
    let forward = || Then::Draft(DraftFrom::Forward);
    let mut bench = Bench::new(three(), (100, 24));
    waits(&mut bench, 1, forward());
    bench.keys("je");
    bench.event(body_of(MsgId(1)));
    // Another part of it came.
    let (late, since) = (bench.late.take(), bench.since.take());
    assert_eq!(late, Some(true));
    let lacking = Lacking {
        message: MsgId(1),
        then: forward(),
    };
    let before = bench.asked.len();
    bench.event(Event::Lacking(lacking, since));
    // What was asked for may have been given up while nobody waited.
    assert_eq!(bench.asked.len(), before + 1);
    assert!(matches!(
        bench.asked.last(),
        Some(Intent::FetchBody(MsgId(1)))
    ));
    bench.event(body_of(MsgId(1)));
    assert_eq!((bench.late, bench.since), (Some(true), since));
    let lacking = Lacking {
        message: MsgId(1),
        then: forward(),
    };
    bench.event(Event::Lacking(lacking, since));
    // What was done since goes first.
    bench.keys("z");
    assert!(matches!(bench.asked.last(), Some(Intent::Undo)));
    bench.keys("z");
    bench.sees("Dropped: a message to be forwarded");
}

#[test]
fn what_was_asked_for_is_taken_back_before_what_waits_though_nobody_answered() {
    let redirect = || Then::Build(Outward::Redirect("eve@example.org".to_owned()));
    let waiting = || {
        let mut bench = Bench::new(three(), (100, 24));
        bench.ledger = false;
        waits(&mut bench, 1, redirect());
        bench
    };
    let dropped = |bench: &Bench| bench.screen().contains("Dropped");
    let mut bench = waiting();
    bench.keys("ez");
    assert!(matches!(bench.asked.last(), Some(Intent::Undo)));
    assert!(!dropped(&bench));
    bench.keys("z");
    assert!(dropped(&bench));
    // What failed is not there to be taken back.
    let mut bench = waiting();
    bench.keys("e");
    bench.event(Event::Reply {
        about: About::Action(1),
        result: Err("no".to_owned()),
    });
    bench.keys("z");
    assert!(dropped(&bench));
    // What was done before that is answered later comes after it.
    let mut bench = Bench::new(three(), (100, 24));
    bench.ledger = false;
    bench.keys("e");
    waits(&mut bench, 1, redirect());
    bench.event(Event::Reply {
        about: About::Action(1),
        result: Ok(Answered {
            undoable: true,
            ..Answered::default()
        }),
    });
    bench.keys("z");
    assert!(dropped(&bench));
    // What the journal takes back is taken back.
    let mut bench = waiting();
    bench.keys("e");
    let undo = Intent::UndoOne(crate::model::ActionId(1));
    bench.app.lacking.asked(&undo, About::Revised);
    bench.keys("z");
    assert!(dropped(&bench));
}

#[test]
fn who_clicks_or_pastes_goes_on_and_is_warned_again() {
    let redirect = || Then::Build(Outward::Redirect("eve@example.org".to_owned()));
    let mut bench = Bench::new(three(), (100, 24));
    waits(&mut bench, 1, redirect());
    let on = |bench: &mut Bench| {
        bench.keys("q");
        bench.sees("Once more drops it.");
        assert!(!bench.quit);
    };
    on(&mut bench);
    bench.event(Event::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: 40,
        row: 5,
        modifiers: KeyModifiers::NONE,
    }));
    on(&mut bench);
    bench.event(Event::Paste("text".to_owned()));
    on(&mut bench);
    bench.keys("q");
    assert!(bench.quit);
}

#[test]
fn what_is_attached_from_another_message_is_told_once_it_is() {
    use crate::tui::errand::Brought;
    let mut bench = opened(&["a.pdf"]);
    bench.keys("c");
    let serial = bench.app.desk.front().unwrap().serial();
    bench.app.desk.command(Command::PutAside, 80);
    bench.keys("Va");
    let told = |bench: &Bench| {
        bench
            .screen()
            .contains("Attached to the message being written")
    };
    assert!(!told(&bench), "it may not be had");
    let none = Brought::Taken(Err("there is no such attachment".to_owned()));
    bench.event(Event::Brought {
        serial,
        brought: none,
    });
    assert!(!told(&bench));
    let file = crate::model::DraftAttachment::file("/tmp/a.pdf".into());
    let brought = Brought::Taken(Ok(file));
    bench.event(Event::Brought { serial, brought });
    assert!(told(&bench));
}
