//! What comes in pieces: a beginning before the whole, pictures after the text, a source as it is read.

use super::*;
use crate::tui::part::{PartJob, PartOf};
use crate::tui::picture::Inlay;
use crate::tui::question::Source;

/// How a message begins: so many lines of it, with so many attachments that are known so far.
fn beginning(lines: usize, more: bool, attachments: u32) -> LaidOut {
    let LaidOut::Message(mut message) = plain(lines) else {
        unreachable!()
    };
    let it = Arc::make_mut(&mut message);
    it.more = more;
    it.attachments = (0..attachments)
        .map(|part| AttachmentRow {
            part,
            name: "x.zip".to_owned(),
            media_type: "application/zip".to_owned(),
            size: 1,
        })
        .collect();
    LaidOut::Message(message)
}

fn begun(lines: usize) -> (Pager, Job) {
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 20);
    let job = pager.ask(None).unwrap()[0];
    pager.laid(job, beginning(lines, true, 0));
    (pager, job)
}

#[test]
fn the_whole_takes_the_place_of_the_beginning_and_nothing_moves() {
    let (mut pager, job) = begun(100);
    assert_eq!(pager.ask(None), None, "the rest was asked for already");
    assert_eq!(pager.text(), None, "half a message is not copied");
    pager.scroll_by(30);
    let top = text(&pager)[0].clone();
    assert!(top.starts_with("line "), "{top}");
    pager.laid(job, beginning(5_000, false, 3));
    assert_eq!(text(&pager)[0], top);
    assert_eq!(pager.text().unwrap().lines().count(), 5_000);
    assert_eq!(pager.ask(None), None);
    // Who has not moved stays at the top.
    let (mut pager, job) = begun(100);
    pager.laid(job, beginning(5_000, false, 3));
    assert!(text(&pager)[0].starts_with("To:"));
}

#[test]
fn the_end_and_words_that_are_still_to_come_are_gone_to_once_they_are_here() {
    let (mut pager, job) = begun(100);
    pager.scroll_to(true);
    assert!(text(&pager).last().unwrap().contains("is being read"));
    pager.laid(job, beginning(5_000, false, 1));
    assert_eq!(text(&pager).last().unwrap(), "line 4999");
    // Whoever has gone elsewhere meanwhile stays there.
    let (mut pager, job) = begun(100);
    pager.scroll_to(true);
    pager.scroll_by(-30);
    let top = text(&pager)[0].clone();
    pager.laid(job, beginning(5_000, false, 1));
    assert_eq!(text(&pager)[0], top);

    let (mut pager, job) = begun(100);
    pager.find(Some("line 4321"));
    assert_eq!(pager.finding().unwrap().place(), None);
    pager.laid(job, beginning(5_000, false, 1));
    assert_eq!(pager.finding().unwrap().place(), Some((1, 1)));
    assert!(text(&pager).contains(&"line 4321".to_owned()));
}

/// A picture of a colour, for so many columns and rows.
fn inlay(columns: u16, rows: u16) -> Arc<Inlay> {
    use crate::tui::picture::{Form, Shown};
    use crate::tui::theme::Surroundings;
    let count = usize::from(columns) * usize::from(rows);
    let shown = Shown {
        moves: false,
        columns,
        rows,
        form: Form::Cells(vec![([255; 3], [255; 3]); count]),
    };
    let around = Surroundings::read(|_| None);
    Arc::new(Inlay::of(&shown, around).unwrap())
}

#[test]
fn pictures_stand_in_the_text_once_they_are_ready() {
    use crate::mime::render::Standing;
    use crate::tui::part::Leave;
    let url = "https://x.example/a.png".to_owned();
    let LaidOut::Message(mut message) = plain(3) else {
        unreachable!()
    };
    let it = Arc::make_mut(&mut message);
    it.pictures = vec![
        Standing::Part(4),
        Standing::Web(url.clone()),
        Standing::Nowhere,
    ];
    it.remote.pictures = vec![url.clone()];
    it.lines[0].pictures = vec![0];
    it.lines[2].pictures = vec![1, 2];
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 20);
    let job = pager.ask(None).unwrap()[0];
    assert_eq!(pager.ask_pictures(), [], "nothing is known yet");
    pager.laid(job, LaidOut::Message(message));
    // What it brings is made ready; what lies on the web only where that was said once for all.
    let asked = pager.ask_pictures();
    let [
        PartJob::Load { what, leave },
        PartJob::Inlays { pictures, .. },
    ] = asked.as_slice()
    else {
        panic!("{asked:?}")
    };
    assert_eq!(
        (what.urls.as_slice(), *leave),
        (&[url.clone()][..], Leave::Standing)
    );
    let numbers: Vec<_> = pictures.iter().map(|(n, p)| (*n, p.path.clone())).collect();
    assert_eq!(numbers, [(0, vec![4])]);
    assert_eq!(pager.ask_pictures(), [], "once");
    let before = text(&pager);
    pager.inlaid(MsgId(1), 59, &BTreeMap::from([(0, inlay(8, 2))]));
    assert_eq!(text(&pager), before, "for another width");
    pager.inlaid(MsgId(1), 60, &BTreeMap::from([(0, inlay(8, 2))]));
    assert_eq!(text(&pager).len(), before.len() + 2);
    let row = text(&pager).iter().position(|l| l == "line 0").unwrap();
    assert_eq!(pager.inlay(row - 1, 0).unwrap().columns, 8);
    assert_eq!(
        pager.text().unwrap(),
        "line 0\nline 1\nline 2",
        "words alone are copied"
    );
    let here = PartOf {
        message: MsgId(1),
        path: Vec::new(),
        name: "a.png".to_owned(),
        url: Some(url),
    };
    assert!(
        pager.set_loaded(MsgId(1), vec![here.clone()]),
        "it stands in the text"
    );
    let asked = pager.ask_pictures();
    assert!(
        matches!(asked.as_slice(), [PartJob::Inlays { pictures, .. }] if pictures.len() == 2),
        "{asked:?}"
    );
    let other = PartOf {
        url: Some("https://x.example/other.png".to_owned()),
        ..here
    };
    assert!(!pager.set_loaded(MsgId(1), vec![other]));
}

/// A source of so many lines.
fn source(lines: usize, more: bool) -> LaidOut {
    let line = |n: usize| Clean::line(&format!("line {n}"));
    let lines = (0..lines).map(line).collect();
    LaidOut::Source(Arc::new(Source { lines, more }))
}

#[test]
fn of_a_source_more_is_read_where_who_reads_comes_near() {
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 20);
    pager.toggle_mode(Mode::Raw);
    let first = pager.ask(None).unwrap()[0];
    assert_eq!(first.mode, Mode::Raw);
    pager.laid(first, source(1_000, true));
    assert_eq!(pager.ask(None), None, "only the beginning is looked at");
    assert_eq!(pager.text(), None, "half a source is not copied");
    pager.scroll_by(950);
    let top = text(&pager)[0].clone();
    assert_eq!(top, "line 950");
    let second = pager.ask(None).unwrap()[0];
    assert!(second.reach > first.reach);
    assert_eq!(pager.ask(None), None, "once");
    pager.laid(second, source(8_000, true));
    assert_eq!(text(&pager)[0], top, "and nothing moves");
    assert_eq!(pager.ask(None), None);
    // The end is gone to, however many pieces that takes.
    pager.scroll_to(true);
    let third = pager.ask(None).unwrap()[0];
    pager.laid(third, source(60_000, true));
    let fourth = pager.ask(None).unwrap()[0];
    pager.laid(fourth, source(70_000, false));
    assert_eq!(text(&pager).last().unwrap(), "line 69999");
    assert_eq!(pager.ask(None), None);
    assert_eq!(pager.text().unwrap().lines().count(), 70_000);
    // Words that stand further on are looked for there, up to a bound that is told.
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 20);
    pager.toggle_mode(Mode::Raw);
    let mut job = pager.ask(None).unwrap()[0];
    pager.laid(job, source(1_000, true));
    pager.find(Some("nowhere"));
    let mut pieces = 1;
    while let Some(jobs) = pager.ask(None) {
        job = jobs[0];
        pieces += 1;
        pager.laid(job, source(1_000 * pieces, true));
    }
    assert!(
        (3..=6).contains(&pieces) && job.reach <= 64 << 20,
        "{pieces}"
    );
    pager.scroll_to(true);
    assert!(
        text(&pager)
            .last()
            .unwrap()
            .contains("too long to be shown")
    );
    assert_eq!(pager.ask(None), None);
}

#[test]
fn news_that_move_nothing_leave_a_search_at_its_work() {
    let mut pager = conversation(1, 1, 10);
    lay_all(&mut pager, 40_000);
    pager.find(Some("nowhere at all"));
    let mut turns = 0;
    while pager.is_finding() && turns < 1_000 {
        pager.gather(ThreadId(1), vec![letter(1, false)], &Overlay::default());
        pager.overlay(&Overlay::default());
        pager.find_more();
        turns += 1;
    }
    assert!(pager.take_nowhere() || !pager.is_finding(), "{turns}");
    // What comes before it is looked through as well.
    pager.find(Some("line 7"));
    let before = pager.finding().unwrap().line();
    let rows = vec![letter(0, true), letter(1, false)];
    pager.gather(ThreadId(1), rows, &Overlay::default());
    while pager.is_finding() {
        pager.find_more();
    }
    assert_ne!(pager.finding().unwrap().line(), before);
}

#[test]
fn who_moves_or_clicks_is_not_taken_to_a_hit_that_was_asked_for_before() {
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 10);
    lay_all(&mut pager, 40_000);
    let by_hand: [fn(&mut Pager); 3] = [
        |pager| _ = pager.scroll_by(5),
        |pager| pager.scroll_to(false),
        |pager| pager.click(4),
    ];
    for moves in by_hand {
        pager.scroll_to(false);
        pager.find(Some("line 39999"));
        pager.find_on(1);
        moves(&mut pager);
        let there = text(&pager);
        while pager.is_finding() {
            pager.find_more();
        }
        assert_eq!(text(&pager), there);
    }
}
