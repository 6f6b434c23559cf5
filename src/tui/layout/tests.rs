//! The layout thread: large messages in two steps, and what takes too long.

use super::*;
use crate::mime::parse::digest;
use crate::mime::quote::Pages;
use crate::mime::render::{Line, Rendered};
use crate::model::{AccountName, Draft, MDN_SENT, MailboxName, MessageKey, Role, Uid};
use crate::store::shelf::{Shelf, V, message};
use crate::store::{Cache, Local, NewBody, NewMessage};
use tempfile::TempDir;

/// A cache with these messages, and the thread that lays them out.
struct Desk {
    dir: TempDir,
    layout: Layout,
    inbox: Receiver<Event>,
    messages: Vec<MsgId>,
}

impl Desk {
    fn new(mail: &[String]) -> Desk {
        Desk::of(mail, Vec::new())
    }

    fn of(mail: &[String], accounts: Vec<Account>) -> Desk {
        Desk::lying(mail, accounts, None)
    }

    /// With all of the mail in a mailbox that is for this.
    fn lying(mail: &[String], accounts: Vec<Account>, role: Option<Role>) -> Desk {
        let shelf = Shelf::new(&[("INBOX", role)]);
        let (path, local) = (shelf.path(), shelf.dir.path().join("local.db"));
        drop(Local::open(&local).unwrap());
        let mailbox = shelf.mailbox("INBOX");
        let Shelf { dir, mut cache } = shelf;
        let new: Vec<NewMessage> = (1..)
            .zip(mail)
            .map(|(n, raw)| message(n, digest(raw.as_bytes()).envelope))
            .collect();
        cache.ingest(mailbox, V, &new, None).unwrap();
        let wanted = cache.read().previews_wanted(mailbox, 9).unwrap();
        let mut messages: Vec<MsgId> = wanted.into_iter().map(|(m, _)| m).collect();
        messages.sort_unstable();
        let bodies = messages.iter().zip(mail);
        let bodies: Vec<NewBody> = bodies.map(|(m, raw)| body(*m, raw.clone())).collect();
        assert_eq!(cache.store_bodies(&bodies).unwrap(), mail.len());
        let (events, inbox) = unbounded();
        let databases = (path.as_path(), local.as_path());
        let patient = Duration::from_secs(600);
        let layout = Layout::start_within(patient, databases, accounts, PathBuf::new(), events);
        let layout = layout.unwrap();
        Desk {
            dir,
            layout,
            inbox,
            messages,
        }
    }

    fn cache(&self) -> Cache {
        let path = self.dir.path().join("cache.db");
        Cache::open(&path, 100).unwrap().cache
    }

    fn job(&self, n: usize, mode: Mode) -> Job {
        Job {
            message: self.messages[n],
            width: 60,
            mode,
            reach: 0,
        }
    }

    /// The next message that is laid out.
    fn next(&self) -> (Job, Arc<Rendered>) {
        match self.inbox.recv_timeout(Duration::from_secs(600)).unwrap() {
            Event::Laid(job, LaidOut::Message(rendered)) => (job, rendered),
            other => panic!("{other:?}"),
        }
    }
}

fn body(message: MsgId, raw: String) -> NewBody {
    let digest = digest(raw.as_bytes());
    NewBody {
        message,
        raw: raw.into_bytes(),
        text: digest.text,
        snippet: digest.snippet,
        attachments: digest.attachments,
    }
}

/// Leaves what is attached out of what is kept of it.
fn hollow_out(cache: &mut Cache, body: &NewBody) {
    cache.drop_bodies(&[body.message]).unwrap();
    let hollow = crate::store::PackedBody::new(body, None).hollow();
    cache.store_packed(&[hollow]).unwrap();
}

fn words(rendered: &Rendered) -> Vec<String> {
    rendered.lines.iter().map(Line::text).collect()
}

/// A large text, and a large file behind it.
fn large(id: u32, media: &str, text: &str) -> String {
    let text = text.repeat((300 << 10) / text.len());
    let file = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\n";
    let file = file.repeat((400 << 10) / file.len());
    format!(
        "Message-ID: <{id}@x>\nFrom: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: {media}\n\n{text}\n\n--b\nContent-Type: application/zip; name=x.zip\nContent-Transfer-Encoding: base64\n\n{file}--b--\n"
    )
}

#[test]
fn a_large_message_is_begun_and_then_whole() {
    let mail = [
        large(1, "text/plain; charset=utf-8", "A line of words, größer.\n"),
        large(
            2,
            "text/html; charset=utf-8",
            "<p>A paragraph, größer.</p>\n",
        ),
        large(3, "text/html", "<table><tr><td>cell<td>by cell</table>\n"),
    ];
    let desk = Desk::new(&mail);
    for n in 0..mail.len() {
        let job = desk.job(n, Mode::Best);
        desk.layout.lay(vec![job]);
        let (first, begun) = desk.next();
        let (second, whole) = desk.next();
        assert_eq!((first, second), (job, job));
        assert!(begun.more && !whole.more);
        let (some, all) = (words(&begun), words(&whole));
        assert!(some.len() > 500, "{n}: {}", some.len());
        assert!(
            2 * all.len() > 3 * some.len(),
            "{n}: {} of {}",
            some.len(),
            all.len()
        );
        // The line that was cut is another one.
        let sure = some.len() - 3;
        assert_eq!(some[..sure], all[..sure], "{n}");
        assert_eq!(begun.headers, whole.headers);
        assert_eq!(begun.trust, whole.trust);
        assert_eq!(begun.attachments, whole.attachments, "sizes too");
        assert_eq!(whole.attachments.len(), 1);
    }
    // What was laid out is kept whole.
    desk.layout.lay(vec![desk.job(0, Mode::Best)]);
    assert!(!desk.next().1.more);
}

#[test]
fn what_was_begun_goes_on_beside_others_and_is_left_for_others() {
    let text = "A line of words.\n";
    let mail = [large(1, "text/plain", text), large(2, "text/plain", text)];
    let desk = Desk::new(&mail);
    let (one, two) = (desk.job(0, Mode::Best), desk.job(1, Mode::Best));
    desk.layout.lay(vec![one, two]);
    let seen: Vec<_> = (0..4).map(|_| desk.next()).collect();
    let seen: Vec<_> = seen.iter().map(|(job, r)| (*job, r.more)).collect();
    assert_eq!(seen, [(one, true), (one, false), (two, true), (two, false)]);
}

#[test]
fn a_beginning_that_says_too_little_is_not_shown() {
    let style = format!("<style>{}</style>", "p{color:red}".repeat(50_000));
    let page = format!("Message-ID: <1@x>\nContent-Type: text/html\n\n{style}<p>At last.");
    let plain = large(2, "text/plain", "A line.\n");
    let forms = plain.replace("multipart/mixed", "multipart/alternative");
    let forms = forms.replace("application/zip; name=x.zip", "text/html");
    let header = format!(
        "Message-ID: <3@x>\nX-Long: {}\n\nText.\n",
        "x\n y".repeat(300_000)
    );
    let desk = Desk::new(&[page, forms, header]);
    for (n, mode) in [(0, Mode::Best), (1, Mode::Html), (2, Mode::Best)] {
        desk.layout.lay(vec![desk.job(n, mode)]);
        assert!(!desk.next().1.more, "{n}");
    }
}

#[test]
fn what_takes_too_long_to_lay_out_is_quoted_bare() {
    let (events, told) = unbounded();
    let worker = Worker {
        shelves: Shelves::new(Path::new(""), Path::new("")),
        accounts: Vec::new(),
        templates: PathBuf::new(),
        kept: VecDeque::new(),
        begun: None,
        budget: BUDGET,
        runaways: Runaways::default(),
        events,
    };
    let (go, wait) = crossbeam_channel::bounded::<()>(0);
    let draft = worker.repeated(move |pages| {
        if pages == Pages::LaidOut {
            let _ = wait.recv();
        }
        Draft {
            body: format!("{pages:?}"),
            ..Draft::new(AccountName("work".to_owned()))
        }
    });
    drop(go);
    assert_eq!(draft.unwrap().body, "Bare");
    assert!(matches!(told.try_recv(), Ok(Event::Told(Ok(_)))));
}

#[test]
fn s40_a_source_comes_in_pieces_of_whole_lines() {
    let raw = large(1, "text/plain", "A line of words, größer.\n");
    let desk = Desk::new(std::slice::from_ref(&raw));
    let all: Vec<&str> = raw.lines().collect();
    let source = |reach: u64| {
        let job = Job {
            reach,
            ..desk.job(0, Mode::Raw)
        };
        desk.layout.lay(vec![job]);
        match desk.inbox.recv_timeout(Duration::from_secs(600)).unwrap() {
            Event::Laid(got, LaidOut::Source(source)) if got == job => source,
            other => panic!("{other:?}"),
        }
    };
    for reach in [1 << 10, 128 << 10] {
        let source = source(reach);
        let lines: Vec<&str> = source.lines.iter().map(Clean::as_str).collect();
        let octets: u64 = lines.iter().map(|l| l.len() as u64 + 1).sum();
        assert!(
            source.more && octets <= reach && octets + 200 > reach,
            "{octets} of {reach}"
        );
        assert_eq!(lines, all[..lines.len()]);
    }
    let source = source(16 << 20);
    assert!(!source.more);
    assert_eq!(source.lines.len(), all.len());
}

#[test]
fn what_is_not_here_is_told_only_of_what_is_left_out_and_until_it_comes() {
    // What is nothing but zeros behind its first octets looks as if it were left out.
    let zeros = format!("TWFy{}", "AAAA".repeat(5_000));
    let mail = format!(
        "Message-ID: <1@x>\nFrom: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n\
         --b\nContent-Type: application/zip; name=x.zip\nContent-Transfer-Encoding: base64\n\n{zeros}\n--b--\n"
    );
    let desk = Desk::new(std::slice::from_ref(&mail));
    let mut cache = desk.cache();
    let body = body(desk.messages[0], mail);
    let job = desk.job(0, Mode::Best);
    let absent = || {
        desk.layout.lay(vec![job]);
        let (first, again) = (desk.next().1, {
            desk.layout.lay(vec![job]);
            desk.next().1
        });
        assert!(Arc::ptr_eq(&first, &again), "it is kept laid out");
        first.absent.clone()
    };
    let take = || {
        let errand = Errand::Take(desk.messages[0], vec![2]);
        desk.layout.errand(9, errand);
        desk.inbox.recv_timeout(Duration::from_secs(600)).unwrap()
    };
    assert_eq!(absent(), [] as [u32; 0]);
    assert!(matches!(
        take(),
        Event::Brought {
            serial: 9,
            brought: crate::tui::errand::Brought::Taken(Ok(_))
        }
    ));
    hollow_out(&mut cache, &body);
    assert_eq!(absent(), [2]);
    assert!(
        matches!(take(), Event::NotHere(9, message, path) if message == desk.messages[0] && path == [2]),
        "it has to be fetched"
    );
    cache.store_bodies(&[body]).unwrap();
    assert_eq!(absent(), [] as [u32; 0]);
}

#[test]
fn a_draft_that_is_here_is_worked_on_though_its_copy_is_not_whole_here() {
    let raw = large(1, "text/plain", "word ");
    let desk = Desk::new(std::slice::from_ref(&raw));
    hollow_out(&mut desk.cache(), &body(desk.messages[0], raw));
    let go_on = || {
        let since = Since { hands: 3, act: 4 };
        let from = DraftFrom::GoOn;
        desk.layout
            .draft(from, desk.messages[0], false, Some(since));
        desk.inbox.recv_timeout(Duration::from_secs(600)).unwrap()
    };
    // Since when it waits comes back with it.
    assert!(matches!(
        go_on(),
        Event::Lacking(_, Some(Since { hands: 3, act: 4 }))
    ));
    let account = AccountName("work".into());
    let mine = Draft {
        subject: "mine".to_owned(),
        ..Draft::new(account.clone())
    };
    let copy = MessageKey {
        mailbox: MailboxName::new("INBOX"),
        uidvalidity: V,
        uid: Uid::new(1).unwrap(),
        message_id: None,
        size: 1,
    };
    let mut local = Local::open(&desk.dir.path().join("local.db")).unwrap();
    local.save_draft_of(&mine, &account, &copy, 0).unwrap();
    match go_on() {
        Event::Drafted {
            draft: Ok(draft), ..
        } => assert_eq!(draft.subject, "mine"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_a_draft_is_replaced_by_what_is_written_on() {
    let mut account = crate::mime::wire::tests::account();
    account.name = AccountName("work".into());
    let mail = "From: bob@x.example\nSubject: Hello\n\nHello.\n";
    let desk = Desk::of(&[mail.to_owned()], vec![account]);
    let replaces = || {
        desk.layout
            .draft(DraftFrom::GoOn, desk.messages[0], false, None);
        match desk.inbox.recv_timeout(Duration::from_secs(600)).unwrap() {
            Event::Drafted { draft, .. } => draft.unwrap().replaces,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(replaces(), None, "nothing calls it a draft");
}

#[test]
fn what_is_taken_up_stays_as_it_is_where_the_user_wrote_it() {
    let mut account = crate::mime::wire::tests::account();
    account.name = AccountName("work".into());
    let taken = |role, from: &str, way| {
        let mail = format!(
            "Message-ID: <1@x.example>\nFrom: {from}\nContent-Type: text/plain; charset=utf-8\n\na\u{202e}b\n"
        );
        let desk = Desk::lying(&[mail], vec![account.clone()], role);
        desk.layout.draft(way, desk.messages[0], false, None);
        match desk.inbox.recv_timeout(Duration::from_secs(600)).unwrap() {
            Event::Drafted { draft, .. } => draft.unwrap().body,
            other => panic!("{other:?}"),
        }
    };
    // A stranger may have written our name, and an alias of ours may be named nowhere.
    let (own, alias) = ("ada@x.example", "alias@z.example");
    for role in [None, Some(Role::Inbox), Some(Role::Junk)] {
        for way in [DraftFrom::Edit, DraftFrom::GoOn] {
            assert_eq!(taken(role, own, way), "ab\n");
        }
    }
    for role in [Role::Sent, Role::Drafts] {
        let kept = taken(Some(role), alias, DraftFrom::Edit);
        assert_eq!(kept, "a\u{202e}b\n");
    }
    let kept = taken(Some(Role::Drafts), alias, DraftFrom::GoOn);
    assert_eq!(kept, "a\u{202e}b\n");
}

#[test]
fn what_answers_a_message_says_itself_what_that_one_is_marked_with() {
    let mut account = crate::mime::wire::tests::account();
    account.name = AccountName("work".into());
    let mail = "Message-ID: <1@x.example>\nFrom: bob@x.example\nTo: ada@x.example\n\
        Disposition-Notification-To: bob@x.example\n\nHello.\n";
    let desk = Desk::of(&[mail.to_owned()], vec![account]);
    let built = |outward: Outward| {
        desk.layout.build(outward, desk.messages[0], None);
        match desk.inbox.recv_timeout(Duration::from_secs(600)).unwrap() {
            Event::Built(built) => built.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let (key, mark) = built(Outward::Receipt).source.unwrap();
    assert_eq!(key.uid.get(), 1);
    assert!(mark.add.keywords.contains(MDN_SENT));
    let redirected = built(Outward::Redirect("eve@x.example".to_owned()));
    assert_eq!(redirected.source, None);
}
