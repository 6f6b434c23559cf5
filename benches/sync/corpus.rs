//! Mail that is made up and always the same: any message of a corpus can be written by itself, from
//! its number. In the proportions of a real archive: conversations, mailing lists, addresses and
//! subjects beyond ASCII, and sizes of which few are large (RFC 5322, 2045, 2047).

use std::fmt::Write as _;

/// How many of the newest messages stand alone and carry a [`mark`], so that a screen can be read.
pub const MARKED: usize = 200;
/// Of so many messages one is unread.
pub const UNREAD: usize = 5;
/// The newest message is of 2025-06-01, the oldest ten years before.
const NEWEST: i64 = 1_748_736_000;
const SPAN: i64 = 10 * 365 * 86_400;

/// How large the messages are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A line or two: for what fetches headers only.
    Small,
    /// A median of some 5 KiB and a mean of some 14, up to some megabytes.
    Real,
}

/// Numbers that are always the same.
pub struct Dice(u64);

impl Dice {
    /// Every seed gives a sequence of its own.
    pub fn new(seed: u64) -> Dice {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x51_7c_c1_b7);
        for _ in 0..3 {
            dice.next();
        }
        dice
    }

    /// xorshift64*.
    pub fn next(&mut self) -> u64 {
        let x = &mut self.0;
        *x ^= *x >> 12;
        *x ^= *x << 25;
        *x ^= *x >> 27;
        x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// Below this.
    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }
}

/// Who answers whom, and how to write each.
pub struct Corpus {
    size: Size,
    parents: Vec<u32>,
}

impl Corpus {
    /// So many messages.
    pub fn new(count: usize, size: Size) -> Corpus {
        let mut dice = Dice::new(count as u64);
        let mut live: Vec<u32> = Vec::new();
        let mut parents = Vec::with_capacity(count);
        for at in 0..u32::try_from(count).unwrap() {
            let alone = at as usize + MARKED >= count;
            if !alone && !live.is_empty() && dice.below(100) < 55 {
                let near = dice.below(live.len().min(400));
                parents.push(live[live.len() - 1 - near]);
                live.push(at);
            } else {
                parents.push(at);
                if dice.below(10) >= 4 {
                    live.push(at);
                }
            }
        }
        Corpus { size, parents }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// When a message was sent, seconds since 1970.
    pub fn date(&self, at: usize) -> i64 {
        let span = SPAN / self.len().max(1) as i64;
        NEWEST - (self.len() - at) as i64 * span
    }

    /// Those a message refers to, oldest first.
    fn chain(&self, at: usize) -> Vec<usize> {
        let mut chain = Vec::new();
        let mut now = at;
        while self.parents[now] as usize != now {
            now = self.parents[now] as usize;
            chain.push(now);
        }
        chain.reverse();
        chain
    }

    /// The message, with line feeds only, as files hold it.
    pub fn message(&self, at: usize) -> String {
        let mut dice = Dice::new(0xabc + at as u64);
        let chain = self.chain(at);
        let mut m = String::with_capacity(4_000);
        let day = jiff::Timestamp::from_second(self.date(at)).unwrap();
        let day = day.strftime("%a, %d %b %Y %H:%M:%S +0000");
        let from = person(&mut dice);
        let domain = DOMAINS[at % DOMAINS.len()];
        let _ = write!(
            m,
            "Return-Path: <bounce-{at}@{domain}>\nDelivered-To: bench@example.test\n\
             Received: from mx{}.{domain} (mx.{domain} [192.0.2.{}])\n\tby mail.example.test (Postfix) with ESMTPS id {:012X}\n\
             \tfor <bench@example.test>; {day}\n\
             DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s{};\n\
             \th=From:To:Subject:Date:Message-ID;\n\tb={}\n",
            dice.below(9),
            dice.below(250),
            dice.next(),
            dice.below(99),
            letters(&mut dice, 172),
        );
        if dice.below(2) == 0 {
            let _ = write!(
                m,
                "Authentication-Results: relay0.example.net;\n\tdkim=pass header.d={domain};\n\tspf=pass smtp.mailfrom=u@{domain}\n"
            );
        }
        let _ = write!(m, "Date: {day}\nFrom: {from}\nTo: {}", person(&mut dice));
        for _ in 0..[0, 0, 0, 0, 1, 2][dice.below(6)] {
            let _ = write!(m, ",\n {}", person(&mut dice));
        }
        m.push('\n');
        let copies = [0, 0, 0, 0, 1, 2, 4, 18][dice.below(8)];
        for n in 0..copies {
            m.push_str(if n == 0 { "Cc: " } else { ",\n " });
            m.push_str(&person(&mut dice));
        }
        if copies > 0 {
            m.push('\n');
        }
        let _ = writeln!(m, "Message-ID: {}", identifier(at));
        if let Some(parent) = chain.last() {
            let _ = write!(m, "In-Reply-To: {}\nReferences:", identifier(*parent));
            // The first and the last 24, as programs cut it.
            let tail = chain.len().saturating_sub(24).max(1);
            for id in chain.iter().take(1).chain(chain.iter().skip(tail)) {
                let _ = write!(m, "\n {}", identifier(*id));
            }
            m.push('\n');
        }
        let again = if chain.is_empty() { "" } else { "Re: " };
        let root = chain.first().copied().unwrap_or(at);
        let _ = writeln!(m, "Subject: {again}{}", self.subject(root));
        if at % 5 == 2 {
            let _ = writeln!(m, "List-Id: <dev.{domain}>");
        }
        m.push_str("MIME-Version: 1.0\n");
        match self.size {
            Size::Small => {
                m.push_str("Content-Type: text/plain; charset=utf-8\n\n");
                prose(&mut dice, 120, &mut m);
            }
            Size::Real => body(&mut dice, &mut m),
        }
        m
    }

    fn subject(&self, at: usize) -> String {
        if at + MARKED >= self.len() {
            return mark(at);
        }
        let mut dice = Dice::new(0xdef + at as u64);
        match dice.below(10) {
            0 => "=?utf-8?b?5Lya6K2w44Gu6LOH5paZ44KS5re75LuY44GX44G+44GZ44GU56K66KqN44GP44Gg?=\n =?utf-8?b?44GV44GE5p2l6YCx44Gu5LqI5a6a?=".to_owned(),
            1 => "=?koi8-r?b?z9TexdQg09LP3sXO3sUg?=".to_owned(),
            _ => {
                let words = 2 + dice.below(8);
                let all: Vec<String> = (0..words).map(|_| word(&mut dice)).collect();
                all.join(" ")
            }
        }
    }
}

/// The subject of one of the newest messages.
pub fn mark(at: usize) -> String {
    format!("mark-{at:07}")
}

fn identifier(at: usize) -> String {
    let letters = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 4;
    format!("<{letters:015x}.{at}@{}>", DOMAINS[at % DOMAINS.len()])
}

const DOMAINS: [&str; 5] = [
    "example.com",
    "example.org",
    "lists.example.net",
    "corp.example",
    "mail.example.co.jp",
];
const FIRST: [&str; 8] = [
    "Ada",
    "Brian",
    "Chen",
    "Dmitri",
    "=?utf-8?q?J=C3=B6rg_M=C3=BCller?=",
    "Hiro",
    "Priya",
    "=?utf-8?b?576O5ZKyIERpYXo=?=",
];

fn person(dice: &mut Dice) -> String {
    let (first, n) = (FIRST[dice.below(FIRST.len())], dice.below(400));
    let domain = DOMAINS[n % DOMAINS.len()];
    if first.starts_with("=?") {
        return format!("{first} <u{n}@{domain}>");
    }
    let mut last = syllables(n as u64 + 1_000);
    last[..1].make_ascii_uppercase();
    match n % 3 {
        0 => format!("\"{last}, {first}\" <u{n}@{domain}>"),
        _ => format!("{first} {last} <u{n}@{domain}>"),
    }
}

/// Some word; a few are frequent and most are rare, as in every language.
fn word(dice: &mut Dice) -> String {
    let roll = dice.below(1_000_000) as f64 / 1e6;
    // A rank between 1 and 40,000 whose frequency falls with the rank.
    syllables(40_000f64.powf(roll) as u64)
}

fn syllables(mut n: u64) -> String {
    const ON: [&str; 16] = [
        "b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr",
    ];
    const IN: [&str; 8] = ["a", "e", "i", "o", "u", "ai", "er", "on"];
    let mut word = String::new();
    while word.is_empty() || n > 0 {
        word.push_str(ON[(n % 16) as usize]);
        word.push_str(IN[(n / 16 % 8) as usize]);
        n /= 128;
    }
    word
}

/// Some lines of text, at least so many octets.
fn prose(dice: &mut Dice, octets: usize, out: &mut String) {
    let end = out.len() + octets;
    let mut line = 0;
    while out.len() < end {
        let word = word(dice);
        line += word.len() + 1;
        out.push_str(&word);
        if line > 66 {
            out.push('\n');
            line = 0;
        } else {
            out.push(' ');
        }
    }
    out.push('\n');
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn letters(dice: &mut Dice, count: usize) -> String {
    let mut out = String::with_capacity(count);
    while out.len() < count {
        let roll = dice.next();
        for shift in 0..7 {
            out.push(char::from(BASE64[(roll >> (6 * shift) & 63) as usize]));
        }
    }
    out.truncate(count);
    out
}

/// Plain, alternative, HTML only, or with an attachment.
fn body(dice: &mut Dice, m: &mut String) {
    let roll = dice.below(1_000);
    // Octets of text: a median of 1.5 KiB, one in ten above 9; HTML doubles it.
    let spread = dice.below(1_000) as f64 / 1e3;
    let text = (700.0 * 25f64.powf(spread * spread)) as usize;
    match roll {
        0..340 => {
            m.push_str("Content-Type: text/plain; charset=utf-8\n\n");
            prose(dice, text * 2, m);
        }
        340..840 => {
            m.push_str("Content-Type: multipart/alternative; boundary=\"=_b1\"\n\n--=_b1\nContent-Type: text/plain; charset=utf-8\n\n");
            let from = m.len();
            prose(dice, text, m);
            let plain = m[from..].to_owned();
            m.push_str("--=_b1\nContent-Type: text/html; charset=utf-8\n\n");
            html(&plain, m);
            m.push_str("--=_b1--\n");
        }
        840..940 => {
            m.push_str("Content-Type: text/html; charset=utf-8\n\n");
            let mut plain = String::new();
            prose(dice, text, &mut plain);
            html(&plain, m);
        }
        _ => {
            m.push_str("Content-Type: multipart/mixed; boundary=\"=_b2\"\n\n--=_b2\nContent-Type: text/plain; charset=utf-8\n\n");
            prose(dice, text, m);
            m.push_str("--=_b2\nContent-Type: application/octet-stream; name=\"data.bin\"\nContent-Disposition: attachment; filename=\"data.bin\"\nContent-Transfer-Encoding: base64\n\n");
            let lines = [100, 200, 500, 1_200, 2_200, 50_000][if dice.below(100) == 0 {
                5
            } else {
                dice.below(5)
            }];
            for _ in 0..lines {
                m.push_str(&letters(dice, 76));
                m.push('\n');
            }
            m.push_str("--=_b2--\n");
        }
    }
}

fn html(plain: &str, m: &mut String) {
    m.push_str("<html><head><style>p { margin: 0 0 1em; font-family: sans-serif }</style></head><body>\n<table width=\"600\"><tr><td>\n");
    for line in plain.lines() {
        let _ = writeln!(m, "<p style=\"color: #333333\">{line}</p>");
    }
    m.push_str("</td></tr></table>\n</body></html>\n");
}
