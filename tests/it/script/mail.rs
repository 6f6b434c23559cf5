//! The mail of the scripted server: mailboxes and messages, with modification sequences and what
//! was expunged, so that CONDSTORE and QRESYNC (RFC 7162) can be answered.

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its UID.
    pub uid: u32,
    /// Its flags as the wire spells them.
    pub flags: Vec<String>,
    /// The last change.
    pub modseq: u64,
    /// All of it.
    pub raw: Vec<u8>,
    /// What RFC822.SIZE says, if not the truth.
    pub claimed: Option<u64>,
}

impl Message {
    /// Its subject.
    pub fn subject(&self) -> String {
        let text = String::from_utf8_lossy(&self.raw);
        let line = text.lines().find_map(|l| l.strip_prefix("Subject: "));
        line.unwrap_or("").to_owned()
    }
}

/// One mailbox.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its name on the wire.
    pub name: Vec<u8>,
    /// Attributes of LIST, as they are written.
    pub attributes: String,
    /// UIDVALIDITY
    pub validity: u32,
    /// UIDNEXT
    pub next: u32,
    /// Its messages, by UID.
    pub messages: Vec<Message>,
    /// What was expunged, and when.
    pub gone: Vec<(u32, u64)>,
    /// Whether SELECT opens it for reading only.
    pub read_only: bool,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// The mailboxes, in the order of LIST.
    pub folders: Vec<Folder>,
    /// What the server can do once somebody is signed in.
    pub caps: String,
    /// What it says before, in its greeting.
    pub greeting: String,
    /// Whether the answer to the sign-in names the capabilities.
    pub tells_caps: bool,
    /// The delimiter as LIST writes it: `"/"` or `NIL`.
    pub delimiter: String,
    /// The last modification sequence.
    pub modseq: u64,
    /// Whether STATUS of the open mailbox tells it as it was when it was looked at last.
    pub looks_back: bool,
    /// By so many octets RFC822.SIZE is too large of what is put there, as where it is estimated.
    pub beyond: u64,
}

/// A letter with this subject; its Message-ID is made of it.
pub fn letter(subject: &str) -> Vec<u8> {
    format!(
        "Date: Mon, 2 Nov 2026 10:00:00 +0000\r\nFrom: Bo <bo@example.test>\r\n\
         To: ada@example.test\r\nSubject: {subject}\r\n\
         Message-ID: <{}@example.test>\r\n\r\nThe text of {subject}.\r\n",
        subject.replace(' ', "-")
    )
    .into_bytes()
}

impl Mail {
    /// An empty inbox on a server that can do this.
    pub fn new(caps: &str) -> Mail {
        let mut mail = Mail {
            caps: caps.to_owned(),
            greeting: "IMAP4rev1 AUTH=PLAIN SASL-IR".to_owned(),
            tells_caps: true,
            delimiter: "\"/\"".to_owned(),
            modseq: 10,
            ..Mail::default()
        };
        mail.make("INBOX", "");
        mail
    }

    /// Makes a mailbox with attributes of LIST.
    pub fn make(&mut self, name: impl AsRef<[u8]>, attributes: &str) {
        self.modseq += 1;
        self.folders.push(Folder {
            name: name.as_ref().to_vec(),
            attributes: attributes.to_owned(),
            validity: 7,
            next: 1,
            messages: Vec::new(),
            gone: Vec::new(),
            read_only: false,
        });
    }

    /// A mailbox, which must be there.
    #[track_caller]
    pub fn folder(&mut self, name: impl AsRef<[u8]>) -> &mut Folder {
        self.find(name.as_ref()).expect("a mailbox")
    }

    /// A mailbox if it is there; INBOX in any case.
    pub fn find(&mut self, name: &[u8]) -> Option<&mut Folder> {
        let inbox = name.eq_ignore_ascii_case(b"INBOX");
        self.folders
            .iter_mut()
            .find(|f| f.name == name || (inbox && f.name.eq_ignore_ascii_case(b"INBOX")))
    }

    /// Adds a letter.
    #[track_caller]
    pub fn add(&mut self, folder: impl AsRef<[u8]>, subject: &str) {
        self.put(folder.as_ref(), letter(subject), Vec::new());
    }

    /// Adds letters `{what}1` to `{what}n`.
    pub fn fill(&mut self, folder: impl AsRef<[u8]>, what: &str, count: usize) {
        (1..=count).for_each(|n| self.add(&folder, &format!("{what}{n}")));
    }

    /// Adds a message; its UIDVALIDITY and UID.
    #[track_caller]
    pub fn put(&mut self, folder: &[u8], raw: Vec<u8>, flags: Vec<String>) -> (u32, u32) {
        self.modseq += 1;
        let modseq = self.modseq;
        let estimate = raw.len() as u64 + self.beyond;
        let claimed = (self.beyond > 0).then_some(estimate);
        let folder = self.find(folder).expect("a mailbox");
        let uid = folder.next;
        folder.next += 1;
        folder.messages.push(Message {
            uid,
            flags,
            modseq,
            raw,
            claimed,
        });
        (folder.validity, uid)
    }

    /// Sets or clears a flag.
    #[track_caller]
    pub fn flag(&mut self, folder: impl AsRef<[u8]>, uid: u32, flag: &str, on: bool) {
        self.modseq += 1;
        let modseq = self.modseq;
        let all = &mut self.folder(folder).messages;
        let message = all.iter_mut().find(|m| m.uid == uid).expect("a message");
        message.flags.retain(|f| !f.eq_ignore_ascii_case(flag));
        if on {
            message.flags.push(flag.to_owned());
        }
        message.modseq = modseq;
    }

    /// Expunges messages.
    #[track_caller]
    pub fn expunge(&mut self, folder: impl AsRef<[u8]>, uids: &[u32]) {
        self.modseq += 1;
        let modseq = self.modseq;
        let folder = self.folder(folder);
        folder.messages.retain(|m| !uids.contains(&m.uid));
        folder.gone.extend(uids.iter().map(|uid| (*uid, modseq)));
    }

    /// Gives a mailbox a new generation of UIDs, which begin at `first`.
    #[track_caller]
    pub fn renumber(&mut self, folder: impl AsRef<[u8]>, validity: u32, first: u32) {
        self.modseq += 1;
        let modseq = self.modseq;
        let folder = self.folder(folder);
        folder.validity = validity;
        folder.gone.clear();
        for (n, message) in (first..).zip(&mut folder.messages) {
            (message.uid, message.modseq) = (n, modseq);
        }
        folder.next = first + u32::try_from(folder.messages.len()).unwrap();
    }

    /// The subjects in a mailbox, sorted.
    #[track_caller]
    pub fn subjects(&mut self, folder: impl AsRef<[u8]>) -> Vec<String> {
        let all = self.folder(folder).messages.iter();
        let mut all: Vec<String> = all.map(Message::subject).collect();
        all.sort();
        all
    }

    /// The flags of the message of that subject, sorted.
    #[track_caller]
    pub fn flags(&mut self, folder: impl AsRef<[u8]>, subject: &str) -> Vec<String> {
        let mut all = self.folder(folder).messages.iter();
        let message = all.find(|m| m.subject() == subject).expect("a message");
        let mut flags = message.flags.clone();
        flags.sort();
        flags
    }

    /// Whether a capability is offered.
    pub fn can(&self, name: &str) -> bool {
        self.caps
            .split_whitespace()
            .any(|c| c.eq_ignore_ascii_case(name))
    }
}
