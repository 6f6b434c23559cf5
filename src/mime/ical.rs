//! The lines that calendars (RFC 5545 §3.1) and vCards (RFC 6350 §3.2) are made of, cut into
//! components and properties, and written again.
//!
//! Whatever comes is read: what is no property is left out, what is too deep or too much is
//! counted and left out, and nothing takes more than time in proportion to its length. What is
//! written holds no line break that we did not mean.

use super::tree::Part;
use super::{charset, transfer};

/// Octets of a file that are looked at.
const MAX_BYTES: usize = 2 << 20;
/// Properties that are kept of a file.
const MAX_PROPERTIES: usize = 20_000;
/// Properties that are kept of one component; guests are properties.
const MAX_OF_ONE: usize = 2_000;
/// Components that are kept of a file.
const MAX_COMPONENTS: usize = 500;
/// How deep components may lie in one another: calendar, zone or event, rule or alarm.
const MAX_DEPTH: usize = 3;
/// Octets of a value that are kept.
const MAX_VALUE: usize = 32 << 10;
/// Parameters that are kept of a property.
const MAX_PARAMS: usize = 40;
/// Octets of a line that is written, without its end (RFC 5545 §3.1).
const COLUMNS: usize = 73;

/// A property: `NAME;PARAM=value:VALUE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Property {
    /// Upper case, without a group before a dot.
    pub name: String,
    /// Names in upper case, values without quotes and `^`-escapes (RFC 6868).
    pub params: Vec<(String, String)>,
    /// As it stands.
    pub value: String,
}

impl Property {
    /// A property without parameters.
    pub fn new(name: &str, value: &str) -> Property {
        Property {
            name: name.to_owned(),
            params: Vec::new(),
            value: value.to_owned(),
        }
    }

    /// A parameter's value.
    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(n, _)| n == name);
        found.map(|(_, v)| v.as_str())
    }

    /// The value as text (RFC 5545 §3.3.11), its line breaks kept as `\n`.
    pub fn text(&self) -> String {
        unescape(&self.value)
    }

    /// Whether its value is quoted-printable, as in vCard 2.1.
    pub fn is_quoted_printable(&self) -> bool {
        self.is_encoded("QUOTED-PRINTABLE")
    }

    /// The octets of a value that older vCards encode; `None` if its parameters name no encoding.
    pub fn octets(&self, value: &[u8]) -> Option<Vec<u8>> {
        if self.is_quoted_printable() {
            Some(transfer::quoted_printable(value))
        } else if self.is_encoded("BASE64") || self.is_encoded("B") {
            Some(transfer::base64(value))
        } else {
            None
        }
    }

    /// 2.1 has the name of an encoding alone, too, as it has that of a type.
    fn is_encoded(&self, encoding: &str) -> bool {
        self.params.iter().any(|(name, value)| {
            matches!(name.as_str(), "ENCODING" | "TYPE") && value.eq_ignore_ascii_case(encoding)
        })
    }
}

/// What stands between BEGIN and END.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// Upper case, e.g. `VEVENT`; empty for what holds the whole file.
    pub name: String,
    /// Its properties in order.
    pub properties: Vec<Property>,
    /// The components inside.
    pub inside: Vec<Component>,
}

impl Component {
    /// The first property of this name.
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|p| p.name == name)
    }

    /// Every property of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |p| p.name == name)
    }

    /// The text of the first property of this name, trimmed; empty if there is none.
    pub fn text(&self, name: &str) -> String {
        let found = self.get(name).map(Property::text);
        found.map(|t| t.trim().to_owned()).unwrap_or_default()
    }

    /// The value of the first property of this name in upper case, for what is a word of the
    /// standard's.
    pub fn word(&self, name: &str) -> String {
        let found = self.get(name).map(|p| p.value.trim().to_ascii_uppercase());
        found.unwrap_or_default()
    }
}

/// The components of a part. A fold may cut a character in two, so lines are joined before the
/// octets become text; a calendar without a charset is UTF-8 (RFC 5545 §3.1.4).
pub fn of_part(part: &Part<'_>) -> Component {
    let bytes = part.bytes();
    let joined = joined(bytes.get(..MAX_BYTES).unwrap_or(&bytes));
    let text = charset::decode(&joined, part.media.param("charset"));
    read(&text)
}

/// Octets without folds, lines ended by `\n`.
fn joined(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line {
            [b' ' | b'\t', rest @ ..] if !out.is_empty() => out.extend_from_slice(rest),
            _ => {
                if !out.is_empty() {
                    out.push(b'\n');
                }
                out.extend_from_slice(line);
            }
        }
    }
    out
}

/// The components of a text without folds. The outermost has no name and holds the others.
fn read(text: &str) -> Component {
    // The open components from the outside in; those that are too deep are only counted.
    let mut open = vec![Component::default()];
    let (mut beyond, mut properties, mut components) = (0usize, 0usize, 0usize);
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        let Some(mut p) = property(line) else {
            continue;
        };
        let soft = |p: &Property| p.value.ends_with('=') && p.is_quoted_printable();
        // vCard 2.1 goes on after a soft line break.
        while soft(&p) && p.value.len() < MAX_VALUE {
            let Some(next) = lines.next() else { break };
            p.value.pop();
            p.value.push_str(next.trim_end_matches('\r'));
        }
        match p.name.as_str() {
            "BEGIN" if beyond > 0 || open.len() > MAX_DEPTH || components >= MAX_COMPONENTS => {
                beyond += 1;
            }
            "BEGIN" => {
                components += 1;
                open.push(Component {
                    name: p.value.trim().to_ascii_uppercase(),
                    ..Component::default()
                });
            }
            "END" if beyond > 0 => beyond -= 1,
            "END" => close(&mut open, &p.value.trim().to_ascii_uppercase()),
            _ if beyond > 0 || properties >= MAX_PROPERTIES => {}
            _ => {
                let last = open.last_mut();
                if let Some(last) = last.filter(|c| c.properties.len() < MAX_OF_ONE) {
                    properties += 1;
                    last.properties.push(p);
                }
            }
        }
    }
    // What nobody ended ends with the file.
    while open.len() > 1 {
        close(&mut open, "");
    }
    open.pop().unwrap_or_default()
}

/// Ends the innermost component; an END of something else that is open ends that, too.
fn close(open: &mut Vec<Component>, name: &str) {
    let at = open.iter().rposition(|c| c.name == name);
    let down_to = match at {
        Some(at) if at > 0 => at,
        _ if name.is_empty() => open.len().saturating_sub(1),
        _ => return,
    };
    while open.len() > down_to.max(1) {
        let Some(done) = open.pop() else { return };
        if let Some(outer) = open.last_mut() {
            outer.inside.push(done);
        }
    }
}

/// One line without folds.
pub(super) fn property(line: &str) -> Option<Property> {
    let line = line.trim_end_matches('\r');
    let mut quoted = false;
    let (mut cuts, mut colon) = (Vec::new(), None);
    for (at, c) in line.char_indices().take(MAX_VALUE) {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted && cuts.len() < MAX_PARAMS => cuts.push(at),
            ':' if !quoted => {
                colon = Some(at);
                break;
            }
            _ => {}
        }
    }
    // A quote that nobody ended is none.
    let colon = colon.or_else(|| line.find(':').filter(|_| quoted))?;
    cuts.retain(|at| *at < colon);
    cuts.push(colon);
    let first = *cuts.first()?;
    let name = line.get(..first)?.trim();
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let params = cuts.windows(2).filter_map(|w| {
        let (from, to) = (w.first()? + 1, *w.last()?);
        let text = line.get(from..to)?;
        let (name, value) = text.split_once('=').unwrap_or(("TYPE", text));
        let plain = value.trim().trim_matches('"');
        Some((name.trim().to_ascii_uppercase(), uncaret(plain)))
    });
    let value = line.get(colon + 1..)?;
    let (value, _) = value.split_at(value.floor_char_boundary(MAX_VALUE));
    Some(Property {
        name: name.to_ascii_uppercase(),
        params: params.collect(),
        value: value.to_owned(),
    })
}

/// RFC 6868: `^n`, `^^` and `^'` in a parameter.
fn uncaret(text: &str) -> String {
    match text.contains('^') {
        true => text
            .replace("^n", " ")
            .replace("^'", "\"")
            .replace("^^", "^"),
        false => text.to_owned(),
    }
}

/// TEXT values escape commas, semicolons, backslashes and line ends.
pub fn unescape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => '\n',
                other => other.unwrap_or('\\'),
            },
            c => c,
        });
    }
    out
}

/// The parts of a value that semicolons divide, such as a name's (RFC 6350 §3.4), as texts.
pub fn parts(value: &str) -> Vec<String> {
    let mut escaped = false;
    let divides = |c: char| {
        let divides = c == ';' && !escaped;
        escaped = c == '\\' && !escaped;
        divides
    };
    value.split(divides).map(unescape).collect()
}

/// A text as a TEXT value.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\\' | ',' | ';' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Writes a component with everything inside, lines folded and ended by CRLF.
pub fn write(component: &Component, out: &mut String) {
    line(out, &format!("BEGIN:{}", component.name));
    for p in &component.properties {
        let mut text = p.name.clone();
        for (name, value) in &p.params {
            let value: String = value.chars().filter(|c| *c != '"').collect();
            match value.contains([':', ';', ',']) {
                true => text.push_str(&format!(";{name}=\"{value}\"")),
                false => text.push_str(&format!(";{name}={value}")),
            }
        }
        text.push(':');
        text.push_str(&p.value);
        line(out, &text);
    }
    for inside in &component.inside {
        write(inside, out);
    }
    line(out, &format!("END:{}", component.name));
}

fn line(out: &mut String, text: &str) {
    let mut used = 0;
    for c in text.chars().filter(|c| !c.is_control()) {
        if used + c.len_utf8() > COLUMNS {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub fn component(text: &str) -> Component {
        read(std::str::from_utf8(&joined(text.as_bytes())).unwrap())
    }

    #[test]
    fn lines_are_joined_and_cut() {
        let text = "BEGIN:VCALENDAR\r\nitem1.SUMMARY:Te\r\n a\\, now\\nthen\r\n\
            ORGANIZER;CN=\"Ada: W^'\";X=y:mailto:a@x.example\r\nnonsense\r\nEND:VCALENDAR\r\n";
        let whole = component(text);
        let calendar = &whole.inside[0];
        assert_eq!(calendar.text("SUMMARY"), "Tea, now\nthen");
        let organizer = calendar.get("ORGANIZER").unwrap();
        assert_eq!(organizer.param("CN"), Some("Ada: W\""));
        assert_eq!(organizer.value, "mailto:a@x.example");
        assert_eq!(calendar.properties.len(), 2);
    }

    #[test]
    fn a_fold_may_cut_a_character() {
        let part = Part {
            body: b"BEGIN:V\nSUMMARY:caf\xc3\n \xa9\nEND:V\n",
            ..Part::default()
        };
        assert_eq!(of_part(&part).inside[0].text("SUMMARY"), "café");
    }

    #[test]
    fn bombs_are_bounded() {
        let deep = component(&"BEGIN:A\n".repeat(100_000));
        let mut depth = 0;
        let mut at = &deep;
        while let Some(inner) = at.inside.first() {
            (depth, at) = (depth + 1, inner);
        }
        assert_eq!(depth, MAX_DEPTH);
        let wide = component(&"BEGIN:A\nEND:A\n".repeat(100_000));
        assert_eq!(wide.inside.len(), MAX_COMPONENTS);
        let many = component(&format!("BEGIN:A\n{}", "X:1\n".repeat(100_000)));
        assert_eq!(many.inside[0].properties.len(), MAX_OF_ONE);
        let crossed = component("BEGIN:A\nBEGIN:B\nX:1\nEND:A\nY:2\nEND:C\n");
        assert_eq!(crossed.inside.len(), 1);
        assert_eq!(crossed.inside[0].inside[0].word("X"), "1");
        assert_eq!(crossed.word("Y"), "2");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_is_written_is_read(text in "(BEGIN:|END:|[AB]|;|=|:|\"|\\\\|\\^|\n| |\\PC){0,80}") {
            let whole = component(&text);
            let mut out = String::new();
            for c in &whole.inside {
                write(c, &mut out);
            }
            prop_assert!(!out.replace("\r\n", "").contains(['\r', '\n']));
            prop_assert!(out.split("\r\n").all(|l| l.len() <= 75));
            prop_assert_eq!(component(&out).inside.len(), whole.inside.len());
        }

        #[test]
        fn text_comes_back(text in "[a-z,;\\\\\n \"é]{0,40}") {
            let p = Property::new("X", &escape(&text));
            prop_assert_eq!(p.text(), text.trim());
        }
    }
}
