//! What styles say that matters to a reader of text: what is hidden, what is a line of its own,
//! what is strong, and where there is room between things.
//!
//! Of a style sheet (CSS 2.2) only rules for a tag, a class or an id count, outside of `@media`:
//! that is how mail hides its preheaders. What an element says itself goes before.

use std::collections::BTreeMap;

/// The most rules of a page's sheets that are read.
const MAX_RULES: usize = 5_000;
/// The most rules for one tag, class or id: of each element all of them are looked at.
const MAX_ALIKE: usize = 32;
/// The most octets of a sheet that are read.
const MAX_SHEET: usize = 512 << 10;
/// The most octets of one element's own style that are read.
const MAX_OWN: usize = 4 << 10;
/// Room above or below, in pixels, that an eye takes for the end of a paragraph.
const ROOM: f32 = 8.0;

/// What is said of one element; nothing where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Look {
    /// Whether it is not to be seen, with all that is in it.
    pub hidden: Option<bool>,
    /// The size of its letters; elements inside may have another.
    pub size: Option<Size>,
    /// Bold.
    pub strong: Option<bool>,
    /// Italic.
    pub emphasis: Option<bool>,
    /// Struck out.
    pub strike: Option<bool>,
    /// Blanks and line ends stay.
    pub pre: Option<bool>,
    /// Stands on lines of its own.
    pub block: Option<bool>,
    /// Set to the right.
    pub right: Option<bool>,
    /// Whether there is room above and below, or explicitly none.
    pub above: Option<bool>,
    /// As `above`.
    pub below: Option<bool>,
    /// A line is drawn above it.
    pub line_above: Option<bool>,
    /// No line is drawn beside it: a quotation that is only an indent.
    pub no_border: Option<bool>,
    /// A list without signs.
    pub unsigned: Option<bool>,
    /// Width in pixels.
    pub width: Option<f32>,
    /// Height in pixels.
    pub height: Option<f32>,
}

/// The size of letters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// In pixels, roughly.
    pub pixels: f32,
    /// Whether that holds only if the letters around are of the usual size: it is so many times
    /// theirs.
    pub relative: bool,
}

impl Size {
    /// What a page says of letters that it can be read of no further: they are to be seen.
    const USUAL: f32 = 16.0;

    /// The value of `font-size`; `None` if it is that of what is around, or a share of that.
    fn read(value: &str) -> Option<Size> {
        let value = value.split('!').next().unwrap_or_default().trim();
        let relative = value.ends_with("em") && !value.ends_with("rem");
        let (pixels, relative) = match value {
            "" | "inherit" | "unset" | "revert" | "revert-layer" | "smaller" | "larger" => {
                return None;
            }
            "xx-small" => (9.0, false),
            "x-small" => (10.0, false),
            "small" => (13.0, false),
            "large" => (18.0, false),
            "x-large" => (24.0, false),
            "xx-large" | "xxx-large" => (32.0, false),
            value => match pixels(value) {
                Some(pixels) => (pixels, relative && pixels > 0.0),
                None if value.ends_with('%') || relative => return None,
                None => (Size::USUAL, false),
            },
        };
        Some(Size { pixels, relative })
    }

    /// The size in the value of `font`, behind which a height may stand (CSS 2.2 §15.8).
    fn of_font(value: &str) -> Option<Size> {
        let words = value.split_ascii_whitespace();
        let mut sizes = words.map(|w| w.split('/').next().unwrap_or(w));
        // A number alone is a weight.
        let size = sizes.find(|w| match number(w) {
            Some(n) => n == 0.0 || !w.ends_with(|c: char| c.is_ascii_digit()),
            None => {
                w.ends_with("small") || w.ends_with("large") || *w == "medium" || w.contains('(')
            }
        })?;
        Size::read(size)
    }
}

impl Look {
    /// Reads declarations: `display:none; color: red`.
    pub fn read(text: &str) -> Look {
        let mut look = Look::default();
        let text = cut(text, MAX_OWN);
        for declaration in text.split(';') {
            if let Some((name, value)) = declaration.split_once(':') {
                look.declare(name.trim(), value.trim());
            }
        }
        look
    }

    /// What `other` says, and where it says nothing, this.
    #[must_use]
    pub fn under(self, other: Look) -> Look {
        Look {
            hidden: other.hidden.or(self.hidden),
            size: other.size.or(self.size),
            strong: other.strong.or(self.strong),
            emphasis: other.emphasis.or(self.emphasis),
            strike: other.strike.or(self.strike),
            pre: other.pre.or(self.pre),
            block: other.block.or(self.block),
            right: other.right.or(self.right),
            above: other.above.or(self.above),
            below: other.below.or(self.below),
            line_above: other.line_above.or(self.line_above),
            no_border: other.no_border.or(self.no_border),
            unsigned: other.unsigned.or(self.unsigned),
            width: other.width.or(self.width),
            height: other.height.or(self.height),
        }
    }

    fn declare(&mut self, name: &str, value: &str) {
        // Names are short, and most are of no interest.
        if name.len() > 20 || value.len() > 200 {
            return;
        }
        let name = name.to_ascii_lowercase();
        let value = || value.to_ascii_lowercase();
        match name.as_str() {
            "display" => match value().split('!').next().unwrap_or_default().trim() {
                "none" => self.hidden = Some(true),
                "block" | "flex" | "grid" | "list-item" => {
                    self.hidden = Some(false);
                    self.block = Some(true);
                }
                "inline" => {
                    self.hidden = Some(false);
                    self.block = Some(false);
                }
                _ => self.hidden = Some(false),
            },
            "visibility" if value().starts_with("hidden") => self.hidden = Some(true),
            "opacity" | "max-height" if is_zero(&value()) => self.hidden = Some(true),
            "font-size" => self.size = Size::read(&value()).or(self.size),
            "font" => self.size = Size::of_font(&value()).or(self.size),
            "font-weight" => {
                let value = value();
                let heavy = number(&value).is_some_and(|n| n >= 600.0);
                self.strong = Some(heavy || value.starts_with("bold"));
            }
            "font-style" => self.emphasis = Some(value().starts_with("italic")),
            "text-decoration" | "text-decoration-line" => {
                self.strike = Some(value().contains("line-through"));
            }
            "white-space" => self.pre = Some(value().starts_with("pre")),
            "text-align" => self.right = Some(matches!(value().as_str(), "right" | "end")),
            "padding" | "margin" => self.room(&value()),
            "padding-top" | "margin-top" => self.above = Some(is_room(&value())),
            "padding-bottom" | "margin-bottom" => self.below = Some(is_room(&value())),
            "border-top" => self.line_above = Some(value().contains("solid")),
            "border" | "border-left" | "border-left-width" => {
                let value = value();
                self.no_border = Some(value.contains("none") || is_zero(&value));
            }
            "list-style" | "list-style-type" => self.unsigned = Some(value().contains("none")),
            "width" => self.width = pixels(&value()).or(self.width),
            "height" => self.height = pixels(&value()).or(self.height),
            _ => {}
        }
    }

    fn room(&mut self, value: &str) {
        let all: Vec<&str> = value.split_ascii_whitespace().collect();
        if let Some(above) = all.first() {
            let room = is_room(above);
            // Margins and paddings add up; what one grants the other does not take away.
            let both = |had: Option<bool>, new: bool| Some(had.unwrap_or(false) || new);
            self.above = both(self.above, room);
            let below = all.get(2).map_or(room, |v| is_room(v));
            self.below = both(self.below, below);
        }
    }
}

/// The rules of a page's style sheets.
#[derive(Debug, Default)]
pub struct Sheet {
    tags: BTreeMap<String, Vec<Rule>>,
    classes: BTreeMap<String, Vec<Rule>>,
    ids: BTreeMap<String, Vec<Rule>>,
    count: usize,
}

#[derive(Debug)]
struct Rule {
    /// The tag that it is for, if it is for a class or an id of one tag only.
    tag: Option<String>,
    look: Look,
}

impl Sheet {
    /// Adds the rules of one sheet.
    pub fn add(&mut self, sheet: &str) {
        let sheet = without_comments(cut(sheet, MAX_SHEET));
        let mut rest = sheet.as_str();
        while let Some((selectors, after)) = rest.split_once('{') {
            let selectors = selectors.trim();
            // A statement (`@import …;`) may stand before.
            let selectors = selectors.rsplit(';').next().unwrap_or_default().trim();
            if selectors.starts_with('@') && !selectors.starts_with("@font-face") {
                rest = after_block(after);
                continue;
            }
            let (body, after) = after.split_once('}').unwrap_or((after, ""));
            rest = after;
            let look = Look::read(body);
            if look == Look::default() {
                continue;
            }
            for selector in selectors.split(',').take(50) {
                self.rule(selector.trim(), look);
            }
            if self.count > MAX_RULES {
                return;
            }
        }
    }

    fn rule(&mut self, selector: &str, look: Look) {
        let plain = |c: char| c.is_alphanumeric() || "-_.#".contains(c);
        if selector.is_empty() || selector.len() > 100 || !selector.chars().all(plain) {
            return;
        }
        let at = selector.find(['.', '#']).unwrap_or(0);
        let (tag, key) = selector.split_at(at);
        if key.get(1..).unwrap_or_default().contains(['.', '#']) {
            return;
        }
        self.count += 1;
        let tag = (!tag.is_empty()).then(|| tag.to_ascii_lowercase());
        let rules = match (key.strip_prefix('.'), key.strip_prefix('#')) {
            (Some(class), _) => self.classes.entry(class.to_owned()),
            (_, Some(id)) => self.ids.entry(id.to_owned()),
            _ => self.tags.entry(key.to_ascii_lowercase()),
        };
        let rules = rules.or_default();
        // One after another for the same are one rule; so no page can have each of its elements
        // compared with thousands.
        let count = rules.len();
        match rules.last_mut() {
            Some(last) if last.tag == tag => last.look = last.look.under(look),
            _ if count < MAX_ALIKE => rules.push(Rule { tag, look }),
            _ => {}
        }
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The most rules that any element is compared with for one of its names.
    #[cfg(test)]
    fn alike(&self) -> usize {
        let all = [&self.tags, &self.classes, &self.ids];
        let all = all.into_iter().flat_map(BTreeMap::values);
        all.map(Vec::len).max().unwrap_or(0)
    }

    /// What the sheets and the element itself say of it. `attribute` gives its attributes, and
    /// `read` is [`Look::read`], or who remembers what that said.
    pub fn look<'a>(
        &self,
        tag: &str,
        attribute: impl Fn(&str) -> Option<&'a str>,
        read: impl FnOnce(&'a str) -> Look,
    ) -> Look {
        let mut look = Look::default();
        if !self.is_empty() {
            apply(self.tags.get(tag), tag, &mut look);
            let classes = attribute("class").unwrap_or_default();
            for class in classes.split_ascii_whitespace().take(20) {
                apply(self.classes.get(class), tag, &mut look);
            }
            if let Some(id) = attribute("id") {
                apply(self.ids.get(id), tag, &mut look);
            }
        }
        if let Some(own) = attribute("style") {
            look = look.under(read(own));
        }
        if attribute("hidden").is_some() {
            look.hidden = Some(true);
        }
        if let Some(align) = attribute("align") {
            look.right = Some(align.eq_ignore_ascii_case("right"));
        }
        look
    }
}

/// Adds what rules say of an element with this tag.
fn apply(rules: Option<&Vec<Rule>>, tag: &str, look: &mut Look) {
    for rule in rules.into_iter().flatten() {
        if rule.tag.as_deref().is_none_or(|t| t == tag) {
            *look = look.under(rule.look);
        }
    }
}

/// What follows a block in braces that has begun.
fn after_block(text: &str) -> &str {
    let mut depth = 1usize;
    for (n, b) in text.bytes().enumerate() {
        match b {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(n + 1..).unwrap_or_default();
        }
    }
    ""
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim_start().trim_start_matches("<!--");
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

fn cut(text: &str, most: usize) -> &str {
    text.split_at(text.floor_char_boundary(most)).0
}

/// The number at the beginning of a value.
fn number(value: &str) -> Option<f32> {
    let end = value
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(value.len());
    value.get(..end)?.parse().ok()
}

/// A length in pixels, roughly; nothing for shares of something else.
pub fn pixels(value: &str) -> Option<f32> {
    let n = number(value)?;
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let unit = unit.split(['!', ' ']).next().unwrap_or_default();
    match unit {
        _ if n == 0.0 => Some(0.0),
        "px" | "" => Some(n),
        "pt" => Some(n * 4.0 / 3.0),
        "em" | "rem" => Some(n * 16.0),
        "in" => Some(n * 96.0),
        "cm" => Some(n * 38.0),
        _ => None,
    }
}

fn is_zero(value: &str) -> bool {
    pixels(value) == Some(0.0)
}

fn is_room(value: &str) -> bool {
    pixels(value).is_some_and(|n| n >= ROOM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn s41_no_element_is_compared_with_thousands_of_rules() {
        let mut sheet = Sheet::default();
        sheet.add(&".a{font-weight:bold} b.a{display:none} i.a{display:block}".repeat(2_000));
        assert!(sheet.alike() <= MAX_ALIKE);
        let look = |sheet: &Sheet, tag: &str| {
            sheet.look(tag, |name| (name == "class").then_some("a"), Look::read)
        };
        assert_eq!(look(&sheet, "b").hidden, Some(true));
        assert_eq!(look(&sheet, "p").strong, Some(true));
        // One after another they are one rule.
        let mut sheet = Sheet::default();
        sheet.add(&".a{width:1px}".repeat(4_000));
        sheet.add(".a{width:2px}");
        assert_eq!((sheet.alike(), look(&sheet, "p").width), (1, Some(2.0)));
        // What would have to be looked for among all that is around is not.
        let mut sheet = Sheet::default();
        sheet.add(&"* * * * b{display:none} a > b + b ~ b{display:none}".repeat(1_000));
        assert_eq!((sheet.alike(), look(&sheet, "b")), (0, Look::default()));
    }

    #[test]
    fn what_hides_is_known() {
        for hides in [
            "display : NONE !important",
            "max-height:0;overflow:hidden",
            "opacity:0.0",
            "visibility:hidden",
        ] {
            assert_eq!(Look::read(hides).hidden, Some(true), "{hides}");
        }
        for shows in [
            "opacity:0.5",
            "max-height:10px",
            "display:block",
            "color:red",
            // For one program only, which is shown a button of its own instead.
            "mso-hide:all",
        ] {
            assert_ne!(Look::read(shows).hidden, Some(true), "{shows}");
        }
        let size = |style: &str| Look::read(style).size.map(|s| (s.pixels, s.relative));
        for (style, want) in [
            ("font-size:0px;x", Some((0.0, false))),
            ("font-size:0em", Some((0.0, false))),
            ("font-size:14px !important", Some((14.0, false))),
            ("font-size:medium", Some((16.0, false))),
            ("font-size:calc(1px + 1vw)", Some((16.0, false))),
            ("font-size:2em", Some((32.0, true))),
            ("font-size:90%", None),
            ("font-size:inherit", None),
            ("font:bold 700 14px/20px Arial", Some((14.0, false))),
            ("font:0/0 a", Some((0.0, false))),
            ("font:italic bold large serif", Some((18.0, false))),
            ("font:inherit", None),
        ] {
            assert_eq!(size(style), want, "{style}");
        }
    }

    #[test]
    fn sheets_speak_outside_of_media() {
        let mut sheet = Sheet::default();
        sheet.add("@import url(x); p{} .pre, td.x { display: none; } /* .no{display:none} */ @media print { .no { display:none } } #z{font-weight:bold} a:hover{display:none}");
        let look = |tag: &str, class: &'static str| {
            sheet.look(tag, |name| (name == "class").then_some(class), Look::read)
        };
        assert_eq!(look("p", "a pre").hidden, Some(true));
        assert_eq!(look("td", "x").hidden, Some(true));
        assert_eq!(look("p", "x").hidden, None);
        assert_eq!(look("p", "no").hidden, None);
        assert_eq!(look("a", "").hidden, None);
        let by_id = sheet.look("b", |name| (name == "id").then_some("z"), Look::read);
        assert_eq!(by_id.strong, Some(true));
    }

    #[test]
    fn room_is_seen() {
        assert_eq!(Look::read("padding:20px 0 4px").above, Some(true));
        assert_eq!(Look::read("padding:20px 0 4px").below, Some(false));
        assert_eq!(
            Look::read("margin:0in;margin-bottom:.0001pt").above,
            Some(false)
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(\\{|\\}|;|:|@|/\\*|\\*/|\\.|#|a|0|px|display|none| |é|,){0,60}") {
            Sheet::default().add(&text);
            Look::read(&text);
        }
    }
}
