//! The index by itself: a store of numbers answers its questions.

use super::*;
use crate::model::view::Order;
use crate::model::{Done, LocationId, Query, Target, Verb};
use crate::store::Stub;
use crate::tui::question::tests::row;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// Answers questions from rows numbered `1..=count`, the highest newest.
fn answer(all: &[IndexRow], page: Page, limit: usize) -> (Vec<IndexRow>, bool) {
    let pick = |keep: &dyn Fn(&IndexRow) -> bool, from_end: bool| {
        let mut rows: Vec<_> = all.iter().filter(|r| keep(r)).cloned().collect();
        rows.sort_by_key(|r| std::cmp::Reverse(r.key));
        let more = rows.len() > limit;
        if from_end {
            rows.drain(..rows.len().saturating_sub(limit));
        }
        rows.truncate(limit);
        (rows, more)
    };
    match page {
        Page::Newest => pick(&|_| true, false),
        Page::Oldest => pick(&|_| true, true),
        Page::After(k) => pick(&|r| r.key < k, false),
        Page::Before(k) => pick(&|r| r.key > k, true),
        Page::From(k) => pick(&|r| r.key <= k, false),
    }
}

struct Bench {
    index: Index,
    all: Vec<IndexRow>,
    overlay: Overlay,
    now: Instant,
}

impl Bench {
    fn new(count: i64, threaded: bool) -> Bench {
        let listing = Listing::Scope {
            scope: Scope::Mailbox(MailboxId(1)),
            threaded,
            sort: crate::model::view::Sort::default(),
        };
        let now = Instant::now();
        let mut bench = Bench {
            index: Index::new(Listing::Search(String::new(), Order::Best)),
            all: (1..=count).map(|n| row(n, n * 10)).collect(),
            overlay: Overlay::default(),
            now,
        };
        let asked = bench.index.show(listing, now);
        bench.settle(asked);
        bench
    }

    fn settle(&mut self, mut questions: Vec<Question>) {
        while let Some(question) = questions.pop() {
            match question {
                Question::Window {
                    serial,
                    page,
                    limit,
                    ..
                } => {
                    let (rows, more) = answer(&self.all, page, limit);
                    let next =
                        self.index
                            .window(serial, page, rows, more, &mut self.overlay, self.now);
                    questions.extend(next);
                }
                Question::NextUnread { serial, after, .. } => {
                    let mut all: Vec<_> = self.all.iter().filter(|r| r.unread > 0).collect();
                    all.sort_by_key(|r| std::cmp::Reverse(r.key));
                    let found = all.into_iter().find(|r| after.is_none_or(|a| r.key < a));
                    let key = found.map(|r| r.key);
                    questions.extend(self.index.unread_at(serial, key, self.now).0);
                }
                Question::Thread { serial, thread, .. } => {
                    let rows = self.all.iter().filter(|r| r.thread == thread).cloned();
                    let rows = rows.collect();
                    self.index.thread(serial, thread, rows, &self.overlay);
                }
                Question::Pick {
                    serial,
                    ticket,
                    which,
                    how,
                    ..
                } => {
                    let there = |place: LocationId| self.all.iter().any(|r| r.location == place);
                    let within = |r: &&IndexRow| match &which {
                        Which::Between(a, b) => r.key >= *a.min(b) && r.key <= *a.max(b),
                        Which::Fitting(_, fits) => (r.unread > 0) == *fits,
                        _ => true,
                    };
                    let found = match &which {
                        Which::Gone(stubs) => stubs
                            .iter()
                            .copied()
                            .filter(|s| !matches!(s, Stub::Place(p) if there(*p)))
                            .collect(),
                        _ => {
                            let rows = self.all.iter().filter(within);
                            rows.map(|r| Stub::Place(r.location)).collect()
                        }
                    };
                    let (next, told) = self.index.picked((serial, ticket), how, Ok(found));
                    told.unwrap();
                    questions.extend(next);
                }
                _ => {}
            }
        }
    }

    fn step(&mut self, by: isize) {
        let asked = self.index.step(by, self.now);
        self.settle(asked);
    }

    fn selected(&self) -> i64 {
        self.index.selected().map_or(0, |l| l.row.location.0)
    }
}

#[test]
fn paging_reaches_the_oldest_and_comes_back() {
    let mut bench = Bench::new(5000, false);
    assert_eq!(bench.selected(), 5000);
    for _ in 0..400 {
        bench.step(20);
    }
    assert_eq!(bench.selected(), 1);
    assert!(bench.index.lines().len() <= KEPT);
    for _ in 0..400 {
        bench.step(-20);
    }
    assert_eq!(bench.selected(), 5000);
    let asked = bench.index.last(bench.now);
    bench.settle(asked);
    assert_eq!(bench.selected(), 1);
    let asked = bench.index.first(bench.now);
    bench.settle(asked);
    assert_eq!(bench.selected(), 5000);
}

/// Steps until a page is asked for that the window has no room for; it is still to come.
fn until_full(bench: &mut Bench, by: isize) -> Vec<Question> {
    loop {
        let asked = bench.index.step(by, bench.now);
        if bench.index.lines().len() == KEPT && !asked.is_empty() {
            return asked;
        }
        bench.settle(asked);
    }
}

#[test]
fn a_page_that_comes_late_takes_nothing_from_the_screen() {
    let mut bench = Bench::new(5000, false);
    let late = until_full(&mut bench, 20);
    let asked = bench.index.first(bench.now);
    assert_eq!((asked.len(), bench.selected()), (0, 5000));
    bench.settle(late);
    assert_eq!((bench.selected(), bench.index.cursor()), (5000, 0));
    assert!(bench.index.at_newest && !bench.index.at_oldest);
    assert_eq!(bench.index.lines().len(), KEPT);
    // And from there everything is reached all the same.
    for _ in 0..400 {
        bench.step(20);
    }
    assert_eq!(bench.selected(), 1);
    for _ in 0..400 {
        bench.step(-20);
    }
    assert_eq!(bench.selected(), 5000);
    let asked = bench.index.last(bench.now);
    bench.settle(asked);
    let late = until_full(&mut bench, -20);
    let asked = bench.index.last(bench.now);
    assert_eq!((asked.len(), bench.selected()), (0, 1));
    bench.settle(late);
    assert_eq!((bench.selected(), bench.index.cursor()), (1, KEPT - 1));
    assert!(bench.index.at_oldest && !bench.index.at_newest);
    for _ in 0..400 {
        bench.step(-20);
    }
    assert_eq!(bench.selected(), 5000);
}

#[test]
fn the_selection_follows_its_message_when_mail_arrives() {
    let mut bench = Bench::new(50, false);
    bench.step(30);
    let (held, at) = (bench.selected(), bench.index.cursor() - bench.index.top());
    bench.all.push(row(51, 9000));
    let asked = bench.index.reload(bench.now);
    bench.settle(asked);
    assert_eq!(bench.selected(), held);
    assert_eq!(bench.index.cursor() - bench.index.top(), at);
}

#[test]
fn at_the_top_new_mail_comes_into_sight() {
    let mut bench = Bench::new(50, false);
    bench.index.touch();
    bench.all.push(row(51, 9000));
    let asked = bench.index.reload(bench.now);
    bench.settle(asked);
    assert_eq!((bench.selected(), bench.index.top()), (50, 0));
}

#[test]
fn until_somebody_is_there_the_newest_is_selected() {
    let mut bench = Bench::new(50, false);
    bench.all.push(row(51, 9000));
    let asked = bench.index.reload(bench.now);
    bench.settle(asked);
    assert_eq!((bench.selected(), bench.index.top()), (51, 0));
    let _ = bench.index.select(0, bench.now);
    bench.all.push(row(52, 9100));
    let asked = bench.index.reload(bench.now);
    bench.settle(asked);
    assert_eq!(bench.selected(), 51);
}

#[test]
fn what_goes_leaves_the_selection_on_the_next() {
    let mut bench = Bench::new(5, false);
    bench.step(1);
    let done = Done {
        gone: vec![LocationId(4)],
        ..Done::default()
    };
    bench.overlay.add(&Verb::Archive, &[], &done, bench.now);
    bench.index.rebuild(&bench.overlay);
    assert_eq!(bench.selected(), 3);
}

#[test]
fn an_answer_to_another_list_is_dropped() {
    let mut bench = Bench::new(5, false);
    let serial = bench.index.serial;
    let search = Listing::Search("x".into(), Order::Best);
    let _ = bench.index.show(search, bench.now);
    let (rows, more) = answer(&bench.all, Page::Newest, 10);
    let mut overlay = Overlay::default();
    let now = bench.now;
    bench
        .index
        .window(serial, Page::Newest, rows, more, &mut overlay, now);
    assert!(bench.index.lines().is_empty() && !bench.index.loaded());
}

#[test]
fn what_is_found_soon_stands_there_until_all_of_it_comes() {
    let mut bench = Bench::new(9, false);
    let search = Listing::Search("x".into(), Order::Best);
    let _ = bench.index.show(search, bench.now);
    let serial = bench.index.serial;
    let (newest, _) = answer(&bench.all, Page::Newest, 3);
    bench.index.soon(serial - 1, newest.clone(), &bench.overlay);
    assert!(bench.index.lines().is_empty());
    bench.index.soon(serial, newest.clone(), &bench.overlay);
    assert_eq!(bench.index.lines().len(), 3);
    assert_eq!(bench.selected(), 9);
    let (all, more) = answer(&bench.all, Page::Newest, 10);
    let (overlay, now) = (&mut bench.overlay, bench.now);
    bench
        .index
        .window(serial, Page::Newest, all, more, overlay, now);
    assert_eq!((bench.index.lines().len(), bench.selected()), (9, 9));
    // The same search once more, because there is news: nothing goes away for it.
    let asked = bench.index.reload(bench.now);
    assert_eq!(asked.len(), 1);
    bench.index.soon(serial, newest, &bench.overlay);
    assert_eq!(bench.index.lines().len(), 9);
}

#[test]
fn a_change_during_a_question_asks_again() {
    let mut bench = Bench::new(5, false);
    let asked = bench.index.reload(bench.now);
    assert!(bench.index.reload(bench.now).is_empty());
    bench.all.push(row(6, 600));
    let Some(Question::Window { serial, page, .. }) = asked.first() else {
        panic!("no question")
    };
    let next = bench.index.window(
        *serial,
        *page,
        Vec::new(),
        false,
        &mut bench.overlay,
        bench.now,
    );
    assert_eq!(next.len(), 1);
    bench.settle(next);
    assert_eq!(bench.index.lines().len(), 6);
}

#[test]
fn a_thread_unfolds_in_place() {
    let mut bench = Bench::new(10, true);
    let mut children: Vec<_> = (100..103).map(|n| row(n, n - 100)).collect();
    for child in &mut children {
        child.thread = ThreadId(9);
    }
    children[0].unread = 0;
    bench.all[8].count = 3;
    bench.all.extend(children);
    // The store of numbers lists children too; only what stands in the window counts here.
    let asked = bench.index.reload(bench.now);
    bench.settle(asked);
    bench.step(1);
    assert_eq!(bench.index.selected().unwrap().kind, Kind::Folded);
    let questions = bench.index.fold(&bench.overlay);
    let Some(Question::Thread { serial, thread, .. }) = questions.first() else {
        panic!("no question")
    };
    let rows: Vec<_> = bench.all[10..].to_vec();
    bench.index.thread(*serial, *thread, rows, &bench.overlay);
    assert_eq!(bench.index.selected().unwrap().kind, Kind::Unfolded);
    bench.step(2);
    assert_eq!(bench.selected(), 101);
    let _ = bench.index.fold(&bench.overlay);
    assert_eq!(bench.index.selected().unwrap().kind, Kind::Folded);
    assert_eq!(bench.selected(), 9);
}

#[test]
fn the_next_unread_is_found_far_below() {
    let mut bench = Bench::new(1000, false);
    for row in &mut bench.all {
        row.unread = u32::from(row.location.0 == 3);
    }
    let asked = bench.index.reload(bench.now);
    bench.settle(asked);
    let (asked, _) = bench.index.next_unread(bench.now);
    bench.settle(asked);
    assert_eq!(bench.selected(), 3);
}

#[test]
fn a_change_while_the_next_unread_is_fetched_asks_again() {
    let mut bench = Bench::new(1000, false);
    for row in &mut bench.all {
        row.unread = u32::from(row.location.0 == 300);
    }
    let asked = bench.index.reload(bench.now);
    bench.settle(asked);
    let key = bench.all[299].key;
    let serial = bench.index.serial;
    bench.index.touch();
    let (asked, _) = bench.index.unread_at(serial, Some(key), bench.now);
    assert_eq!(asked.len(), 1);
    let (before, more) = answer(&bench.all, Page::From(key), WINDOW);
    assert!(bench.index.reload(bench.now).is_empty(), "it waits");
    bench.all.retain(|r| r.location.0 != 299);
    let (overlay, now) = (&mut bench.overlay, bench.now);
    let next = bench
        .index
        .window(serial, Page::From(key), before, more, overlay, now);
    bench.settle(next);
    assert_eq!(bench.selected(), 300);
    let mut lines = bench.index.lines().iter();
    assert!(lines.all(|l| l.row.location.0 != 299));
}

#[test]
fn marks_are_what_actions_are_done_to() {
    let mut bench = Bench::new(5, true);
    bench.index.mark();
    assert_eq!(bench.selected(), 5, "x j x marks two that are neighbours");
    bench.step(1);
    bench.index.mark();
    bench.step(1);
    let both = [4, 5].map(|n| Target::Location(LocationId(n)));
    assert_eq!(bench.index.targets(), both);
    assert!(bench.index.unmark_all() && !bench.index.unmark_all());
    assert_eq!(bench.index.targets(), [Target::Location(LocationId(3))]);
}

#[test]
fn marks_stay_wherever_one_scrolls_and_go_with_their_message() {
    let mut bench = Bench::new(5000, false);
    bench.index.mark();
    bench.step(1);
    bench.index.mark();
    let asked = bench.index.last(bench.now);
    bench.settle(asked);
    assert_eq!((bench.selected(), bench.index.marked()), (1, 2));
    bench.all.push(row(5001, 50_010));
    bench.all.retain(|r| r.location.0 != 4999);
    let asked = bench.index.reload(bench.now);
    bench.settle(asked);
    assert_eq!(bench.index.targets(), [Target::Location(LocationId(5000))]);
}

#[test]
fn a_range_reaches_over_pages_that_are_not_here() {
    let mut bench = Bench::new(5000, false);
    bench.step(9);
    bench.index.mark();
    bench.step(-5);
    let asked = bench.index.mark_range();
    assert_eq!((asked.len(), bench.index.marked()), (0, 6));
    let asked = bench.index.last(bench.now);
    bench.settle(asked);
    let asked = bench.index.mark_range();
    bench.settle(asked);
    assert_eq!(
        bench.index.marked(),
        4996,
        "from the row that was marked last to the end"
    );
    let asked = bench.index.mark_all();
    bench.settle(asked);
    assert_eq!(bench.index.marked(), 5000);
    let unread = Arc::new(Query::typed("is:unread").unwrap());
    let asked = bench
        .index
        .mark_fitting(Arc::clone(&unread), false, How::Only);
    bench.settle(asked);
    assert_eq!(bench.index.marked(), 0);
    let all = bench.index.mark_all();
    let fewer = bench.index.mark_fitting(unread, true, How::Remove);
    assert!(fewer.is_empty(), "one after another");
    bench.settle(all);
    assert_eq!(bench.index.marked(), 0);
}

proptest! {
    #[test]
    fn the_selection_is_always_a_line_on_the_screen(
        steps in prop::collection::vec((0u8..7, -40isize..40), 0..60),
        count in 0i64..500,
    ) {
        let mut bench = Bench::new(count, false);
        for (what, by) in steps {
            bench.now += Duration::from_millis(1);
            let now = bench.now;
            match what {
                0 => bench.index.resize(by.unsigned_abs()),
                1 => { let q = bench.index.first(now); bench.settle(q) }
                2 => { let q = bench.index.last(now); bench.settle(q) }
                3 => { let n = bench.all.len() as i64 + 1; bench.all.push(row(n, n * 10)); let q = bench.index.reload(now); bench.settle(q) }
                4 => { bench.all.truncate(bench.all.len() / 2); let q = bench.index.reload(now); bench.settle(q) }
                5 => bench.index.mark(),
                _ => bench.step(by),
            }
            let (cursor, top) = (bench.index.cursor(), bench.index.top());
            let lines = bench.index.lines().len();
            prop_assert!(cursor < lines.max(1));
            prop_assert!(top <= cursor && cursor < top + bench.index.height());
        }
    }
}

#[test]
fn how_much_there_is_and_where_one_is_in_it_is_told_of_what_is_known() {
    let mut bench = Bench::new(5000, false);
    let all = Some(5000);
    let seen = bench.index.height();
    let at = |bench: &Bench| (bench.index.extent(all).whole, bench.index.extent(all).top);
    assert_eq!(at(&bench), (5000, 0));
    // Without that number there is more than is here, and nobody knows how much.
    let unknown = bench.index.extent(None);
    assert_eq!(unknown.whole, bench.index.lines().len() + WINDOW);
    for _ in 0..150 {
        bench.step(20);
    }
    assert_eq!(at(&bench), (5000, 3001 - seen));
    let asked = bench.index.to(5000 - seen, all, bench.now);
    bench.settle(asked);
    assert_eq!((bench.selected(), at(&bench)), (1, (5000, 5000 - seen)));
    let asked = bench.index.to(0, all, bench.now);
    bench.settle(asked);
    assert_eq!((bench.selected(), at(&bench)), (5000, (5000, 0)));
    // What is selected comes along, and so does the next page.
    let asked = bench.index.to(150, all, bench.now);
    assert!(!asked.is_empty());
    bench.settle(asked);
    assert_eq!((bench.selected(), at(&bench)), (4850, (5000, 150)));
    // Beyond what is here it is shown as far as it is.
    let asked = bench.index.to(3000, all, bench.now);
    bench.settle(asked);
    let (_, top) = at(&bench);
    assert!(150 < top && top < 3000, "{top}");
    let few = Bench::new(9, false);
    assert!(!few.index.extent(Some(9)).is_longer());
    assert!(!few.index.extent(None).is_longer());
}

#[test]
fn a_reload_leaves_the_bar_where_it_is() {
    let mut bench = Bench::new(5000, false);
    for _ in 0..100 {
        bench.step(20);
    }
    let before = bench.index.extent(Some(5000));
    assert!(before.top > KEPT, "{before:?}");
    let asked = bench.index.reload(bench.now);
    bench.settle(asked);
    assert_eq!(bench.index.extent(Some(5000)), before);
    // A window that begins elsewhere is counted by nobody.
    let key = bench.all[10].key;
    let asked = bench
        .index
        .unread_at(bench.index.serial, Some(key), bench.now);
    bench.settle(asked.0);
    assert_eq!(bench.index.above, None);
}

#[test]
fn who_goes_to_the_other_end_before_one_is_here_comes_to_the_other_end() {
    let answered = |bench: &mut Bench, questions: Vec<Question>| {
        // In the order in which they were asked.
        questions.into_iter().for_each(|q| bench.settle(vec![q]));
    };
    let mut bench = Bench::new(5000, false);
    let (all, now) = (Some(5000), bench.now);
    let end = bench.index.extent(all).whole;
    let mut asked = bench.index.to(end, all, now);
    assert_eq!(asked.len(), 1);
    assert!(bench.index.to(end, all, now).is_empty(), "asked for once");
    asked.extend(bench.index.to(0, all, now));
    assert_eq!(asked.len(), 2);
    answered(&mut bench, asked);
    assert_eq!(bench.selected(), 5000);
    // By keys as well.
    let mut asked = bench.index.last(now);
    asked.extend(bench.index.first(now));
    asked.extend(bench.index.last(now));
    answered(&mut bench, asked);
    assert_eq!(bench.selected(), 1);
    let mut asked = bench.index.first(now);
    asked.extend(bench.index.to(end, all, now));
    answered(&mut bench, asked);
    assert_eq!(bench.selected(), 1);
}
