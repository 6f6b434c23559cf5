//! Attachments of messages in a real cache: what is saved, shown, piped, asked about.

use super::*;
use crate::config::Images;
use crate::mime::hollow;
use crate::model::{Envelope, MessageId, MsgId};
use crate::store::shelf::{Shelf, V, message};
use crate::store::{Cache, NewBody, PackedBody};
use crate::tui::picture::Form;
use crate::tui::theme::Surroundings;
use crossbeam_channel::{Receiver, unbounded};
use tempfile::TempDir;

struct Desk {
    dir: TempDir,
    parts: Parts,
    inbox: Receiver<Event>,
    message: MsgId,
}

impl Desk {
    /// A message with these attachments: name, type, content.
    fn new(files: &[(&str, &str, &[u8])]) -> Desk {
        Desk::holding(files, false)
    }

    /// The same, or without what is attached to it.
    fn holding(files: &[(&str, &str, &[u8])], hollow: bool) -> Desk {
        let mut raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee.\n".to_vec();
        for (name, media, bytes) in files {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            let head = format!(
                "--b\nContent-Type: {media}\nContent-Disposition: attachment; \
                 filename=\"{name}\"\nContent-Transfer-Encoding: base64\n\n{text}\n"
            );
            raw.extend_from_slice(head.as_bytes());
        }
        raw.extend_from_slice(b"--b--\n");
        let shelf = Shelf::new(&[("INBOX", None)]);
        let (path, mailbox) = (shelf.path(), shelf.mailbox("INBOX"));
        let Shelf { dir, mut cache } = shelf;
        let envelope = Envelope {
            message_id: MessageId::new("1@x"),
            ..Envelope::default()
        };
        let new = message(1, envelope);
        cache.ingest(mailbox, V, &[new], None).unwrap();
        let (message, _) = cache.read().previews_wanted(mailbox, 1).unwrap()[0];
        let mut body = NewBody {
            message,
            raw,
            text: String::new(),
            snippet: String::new(),
            attachments: Vec::new(),
        };
        let body = match hollow && hollow::hollow(&mut body.raw) > 0 {
            true => PackedBody::new(&body, None).hollow(),
            false => PackedBody::new(&body, None),
        };
        assert_eq!(cache.store_packed(&[body]).unwrap(), 1);
        let (events, inbox) = unbounded();
        let ability = Ability::new(Images::Kitty, Surroundings::read(|_| None), |_| None);
        let downloads = dir.path().join("downloads");
        let local = dir.path().join("local.db");
        let gif = |url: &str, _: usize, _: std::time::Instant| match url.contains("none") {
            true => Err("nothing is there".to_owned()),
            false => Ok(b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()),
        };
        let shows = (ability, Loader::new(Arc::new(gif)));
        let told = (events, Teller::new(unbounded().0));
        let parts = Parts::new((&path, &local), downloads, Vec::new(), shows, told);
        Desk {
            dir,
            parts,
            inbox,
            message,
        }
    }

    fn part(&self, n: u32) -> PartOf {
        PartOf {
            message: self.message,
            path: vec![n + 1],
            name: String::new(),
            url: None,
        }
    }

    fn job(&self, job: PartJob) -> Event {
        self.parts.begin(job, None);
        self.inbox.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    fn shown(&self, n: u32) -> Vec<String> {
        let (part, width) = (self.part(n), 60);
        self.lines(PartJob::Peek { part, width })
    }

    fn lines(&self, job: PartJob) -> Vec<String> {
        match self.job(job) {
            Event::Part(PartCame::Paper { lines, .. }) => lines.iter().map(Line::text).collect(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn files_are_saved_under_safe_names_and_where_one_says() {
    let desk = Desk::new(&[
        ("../../.rc", "text/plain", b"x"),
        ("b.txt", "text/plain", b"yy"),
    ]);
    let save = |parts: Vec<PartOf>, to: Option<String>| match desk.job(PartJob::Save { parts, to })
    {
        Event::Told(told) => told,
        other => panic!("{other:?}"),
    };
    save(vec![desk.part(1), desk.part(2)], None).unwrap();
    let at = |path: &str| std::fs::read(desk.dir.path().join(path)).unwrap();
    assert_eq!(
        (at("downloads/rc"), at("downloads/b.txt")),
        (b"x".to_vec(), b"yy".to_vec())
    );
    let there = desk.dir.path().join("mine.txt").display().to_string();
    save(vec![desk.part(2)], Some(there.clone())).unwrap();
    assert_eq!(at("mine.txt"), b"yy");
    // Never over what is there.
    assert!(
        save(vec![desk.part(1)], Some(there.clone()))
            .unwrap()
            .contains("mine (2).txt")
    );
    assert_eq!(at("mine.txt"), b"yy");
    assert!(save(vec![desk.part(1), desk.part(2)], Some(there)).is_err());
    assert!(save(vec![desk.part(7)], None).is_err());
}

#[test]
fn s34_a_program_is_asked_about_before_anything_is_written() {
    let desk = Desk::new(&[
        ("invoice.pdf.exe", "application/pdf", b"x"),
        ("photo.jpg", "image/jpeg", b"\x7fELF\x02"),
        (
            "a.pdf",
            "application/pdf; name=\"a.desktop\"",
            b"[Desktop Entry]\nExec=x",
        ),
    ]);
    for n in 1..=3 {
        let part = desk.part(n);
        match desk.job(PartJob::Open { part, sure: false }) {
            Event::Part(PartCame::Doubt { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(!desk.dir.path().join("downloads").exists());
}

#[test]
fn a_message_is_opened_as_a_page_by_the_program_for_pages() {
    let mut desk = Desk::new(&[]);
    let programs = |name: &str| vec![("text/html".to_owned(), vec![name.to_owned()])];
    desk.parts.programs = programs("true").into();
    let message = desk.message;
    match desk.job(PartJob::Browse { message }) {
        Event::Told(Ok(said)) => assert!(said.contains("message.html"), "{said}"),
        other => panic!("{other:?}"),
    }
    let page = std::fs::read(desk.dir.path().join("downloads/message.html")).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(
        page.contains("default-src 'none'") && page.contains("See."),
        "{page}"
    );
    desk.parts.programs = programs("/nothing/is/here").into();
    match desk.job(PartJob::Browse { message }) {
        Event::Told(Err(why)) => assert!(why.contains("message (2).html"), "{why}"),
        other => panic!("{other:?}"),
    }
    // What is not here is fetched first.
    let desk = Desk::holding(&[("a.pdf", "application/pdf", &vec![7; 20_000])], true);
    let job = PartJob::Browse {
        message: desk.message,
    };
    match desk.job(job.clone()) {
        Event::Lacking(lacking, None) => assert_eq!(lacking.then, Then::Part(job)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_in_them_is_shown() {
    let inner = b"Subject: Inner\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nhello\n--i\nContent-Type: text/csv; name=deep.csv\n\na,b\n1,2\n--i--\n";
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::new(64, 32)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let desk = Desk::new(&[
        ("a.csv", "text/csv", b"k;v\nlong;1\n"),
        ("m.eml", "message/rfc822", inner),
        ("p.png", "image/png", png.get_ref()),
    ]);
    assert_eq!(desk.shown(1), ["k     v", "long  1"]);
    let (part, width) = (desk.part(2), 60);
    let deep = match desk.job(PartJob::Peek { part, width }) {
        Event::Part(PartCame::Paper { lines, inside, .. }) => {
            assert!(lines.iter().any(|l| l.text() == "hello"));
            inside.into_iter().map(|(_, part)| part).next().unwrap()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!((deep.path.len(), deep.name.as_str()), (2, "deep.csv"));
    assert_eq!(
        desk.lines(PartJob::Peek { part: deep, width }),
        ["a  b", "1  2"]
    );
    let part = desk.part(3);
    let came = desk.job(PartJob::Peek {
        part: part.clone(),
        width,
    });
    assert!(
        matches!(came, Event::Part(PartCame::IsPicture(_))),
        "{came:?}"
    );
    let (room, serial) = ((4, 4), 9);
    match desk.job(PartJob::Picture { part, room, serial }) {
        Event::Part(PartCame::Picture { serial: 9, result }) => {
            let shown = result.unwrap();
            assert!(shown.columns <= 4 && shown.rows <= 4);
            assert!(matches!(&shown.form, Form::Octets(o) if o.starts_with(b"\x1b_G")));
        }
        other => panic!("{other:?}"),
    }
    // Whoever waits for a picture hears that there is none.
    desk.parts.running.store(JOBS, Ordering::SeqCst);
    let part = desk.part(3);
    let refused = desk.job(PartJob::Picture { part, room, serial });
    assert!(
        matches!(&refused, Event::Part(PartCame::Picture { serial: 9, result: Err(why) })
            if why.as_str().contains("still being worked on")),
        "{refused:?}"
    );
}

#[test]
fn s34_a_program_gets_the_octets_and_no_shell_its_words() {
    let desk = Desk::new(&[("a.txt", "text/plain", b"b\na\n")]);
    let pipe = |command: &str| {
        let (part, command) = (desk.part(1), command.to_owned());
        desk.job(PartJob::Pipe { part, command })
    };
    let (part, command) = (desk.part(1), "sort".to_owned());
    assert_eq!(desk.lines(PartJob::Pipe { part, command }), ["a", "b"]);
    let out = desk.dir.path().join("made by a shell");
    let trick = format!("cat - $(touch '{}')", out.display());
    assert!(matches!(pipe(&trick), Event::Told(Err(_))));
    assert!(!out.exists());
    for bad in ["", "'", "no-such-program-here"] {
        assert!(matches!(pipe(bad), Event::Told(Err(_))), "{bad}");
    }
    assert!(matches!(pipe("true"), Event::Told(Ok(_))));
}

#[test]
fn a_typed_place_is_a_folder_or_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().to_str().unwrap();
    let folder = dir.path().to_owned();
    assert_eq!(place(at, None).unwrap(), (folder.clone(), None));
    let named = place(&format!("{at}/x.pdf"), None).unwrap();
    assert_eq!(named, (folder.clone(), Some("x.pdf".into())));
    assert_eq!(place(&format!("{at}/new/"), None).unwrap().1, None);
    assert_eq!(place("~/x", Some(&folder)).unwrap().0, folder);
}

#[test]
fn s34_programs_are_found_by_type_and_get_the_path_as_one_argument() {
    let desk = Desk::new(&[]);
    let argv = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let parts = Parts {
        programs: vec![
            ("image/*".to_owned(), argv(&["imv"])),
            ("application/pdf".to_owned(), argv(&["zathura", "{}"])),
        ]
        .into(),
        ..desk.parts.clone()
    };
    assert_eq!(parts.program("image/png").unwrap(), ["imv"]);
    assert_eq!(parts.program("application/pdf").unwrap(), ["zathura", "{}"]);
    assert_eq!(parts.program("text/plain"), None);
    let dir = desk.dir.path();
    let (file, out) = (dir.join("a b;$(x).txt"), dir.join("out"));
    std::fs::write(&file, "here").unwrap();
    run_with(&argv(&["cp", "{}", out.to_str().unwrap()]), &file).unwrap();
    let bound = std::time::Instant::now() + Duration::from_secs(60);
    while std::fs::read(&out).map_or(true, |b| b != b"here") {
        assert!(
            std::time::Instant::now() < bound,
            "the program did not get the file"
        );
        std::thread::yield_now();
    }
}

#[test]
fn what_a_program_prints_is_clean() {
    let lines = text_lines(b"a\tb\x1b[2J\r\nc\n".to_vec(), 0);
    let shown: Vec<_> = lines.iter().map(Line::text).collect();
    assert_eq!(shown, ["a        b\u{241b}[2J", "c"]);
}

#[test]
fn s35_pictures_on_the_web_are_loaded_at_a_word_and_always_only_of_a_proved_sender() {
    let desk = Desk::new(&[]);
    let what = |name: &str, verified: bool| Remotely {
        message: desk.message,
        sender: "news@x.example".to_owned(),
        verified,
        urls: vec![format!("https://x.example/{name}.gif")],
    };
    let load = |what: Remotely, sure: bool| {
        let leave = if sure { Leave::Given } else { Leave::Asked };
        desk.job(PartJob::Load { what, leave })
    };
    let asks = |event: &Event| matches!(event, Event::Part(PartCame::MayLoad(_)));
    let loads = |event: &Event| matches!(event, Event::Part(PartCame::Loaded { here, .. }) if here.len() == 1);
    assert!(asks(&load(what("a", true), false)));
    assert!(loads(&load(what("a", true), true)));
    // What is here tells nobody anything.
    assert!(loads(&load(what("a", false), false)));
    assert!(asks(&load(what("b", true), false)));
    let mut local = crate::store::Local::open(&desk.dir.path().join("local.db")).unwrap();
    local.load_pictures_of("News@X.example", true, 1).unwrap();
    assert!(
        asks(&load(what("b", false), false)),
        "nothing proves the sender"
    );
    assert!(loads(&load(what("b", true), false)));
    assert!(
        matches!(desk.job(PartJob::Senders), Event::Part(PartCame::Senders(s)) if s == ["news@x.example"])
    );
    let missing = load(what("none", true), true);
    assert!(
        matches!(&missing, Event::Part(PartCame::Loaded { here, why: Some(_), .. }) if here.is_empty()),
        "{missing:?}"
    );
}

#[test]
fn what_is_not_here_is_asked_for_and_nothing_of_it_is_saved() {
    let large = vec![7; 20_000];
    let files: [(&str, &str, &[u8]); 2] = [
        ("a.pdf", "application/pdf", &large),
        ("b.bin", "application/x-b", b"yy"),
    ];
    let desk = Desk::holding(&files, true);
    let (part, small) = (desk.part(1), desk.part(2));
    for job in [
        PartJob::Save {
            parts: vec![small.clone(), part.clone()],
            to: None,
        },
        PartJob::Open {
            part: part.clone(),
            sure: true,
        },
        PartJob::Peek { part, width: 60 },
    ] {
        match desk.job(job.clone()) {
            Event::Lacking(lacking, None) => {
                assert_eq!(lacking.message, desk.message);
                assert_eq!(lacking.then, Then::Part(job));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(!desk.dir.path().join("downloads").exists());
    // What is small stayed.
    let save = PartJob::Save {
        parts: vec![small],
        to: None,
    };
    assert!(matches!(desk.job(save), Event::Told(Ok(_))));
}

#[test]
fn of_what_would_be_left_out_once_it_was_read_it_is_told_that_it_is_used() {
    let desk = Desk::new(&[("a.pdf", "application/pdf", &[7; 20_000])]);
    let save = || PartJob::Save {
        parts: vec![desk.part(1)],
        to: None,
    };
    assert!(matches!(desk.job(save()), Event::Told(Ok(_))));
    let path = desk.dir.path().join("cache.db");
    let mut cache = Cache::open(&path, 100).unwrap().cache;
    let body = NewBody {
        message: desk.message,
        raw: cache.read().body(desk.message).unwrap().unwrap(),
        text: String::new(),
        snippet: String::new(),
        attachments: Vec::new(),
    };
    cache.drop_bodies(&[desk.message]).unwrap();
    cache
        .store_packed(&[PackedBody::new(&body, None).again(true)])
        .unwrap();
    assert!(matches!(desk.job(save()), Event::Used(m) if m == desk.message));
    let told = desk.inbox.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(matches!(told, Event::Told(Ok(_))));
}
