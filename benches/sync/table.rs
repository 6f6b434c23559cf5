//! What was found, as it is found, and at the end as a table for docs/performance.md.

use std::time::Duration;

/// Several measurements of one thing.
#[derive(Clone, Default)]
pub struct Several(Vec<f64>);

impl Several {
    /// One more.
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// One more, in seconds.
    pub fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64());
    }

    fn sorted(&self) -> Vec<f64> {
        let mut all = self.0.clone();
        all.sort_by(f64::total_cmp);
        all
    }

    /// The middle one, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let all = self.sorted();
        let half = all.len() / 2;
        if all.len() % 2 == 1 {
            all[half]
        } else {
            f64::midpoint(all[half - 1], all[half])
        }
    }

    /// The largest.
    pub fn worst(&self) -> f64 {
        *self.sorted().last().unwrap()
    }

    /// The middle and, in brackets, the ends: `1.20 [1.10-1.42]`, in this unit.
    pub fn tell(&self, unit: Unit) -> String {
        let all = self.sorted();
        let (low, high) = (all[0], *all.last().unwrap());
        let middle = unit.tell(self.median());
        if all.len() == 1 {
            return middle;
        }
        format!("{middle} [{}–{}]", unit.number(low), unit.number(high))
    }
}

/// How a number is shown.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Given in seconds.
    Seconds,
    /// Given in seconds.
    Millis,
    /// Given in octets.
    Megabytes,
}

impl Unit {
    /// The number alone.
    pub fn number(self, value: f64) -> String {
        match self {
            Unit::Seconds => format!("{value:.2}"),
            Unit::Millis => format!("{:.1}", value * 1e3),
            Unit::Megabytes => format!("{:.1}", value / 1e6),
        }
    }

    /// With its name.
    pub fn tell(self, value: f64) -> String {
        let name = match self {
            Unit::Seconds => " s",
            Unit::Millis => " ms",
            Unit::Megabytes => " MB",
        };
        self.number(value) + name
    }
}

/// A row of the table.
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What the program took or needs.
    pub program: String,
    /// What it is to be compared with, of the same run.
    pub floor: String,
    /// The one divided by the other.
    pub ratio: String,
    /// What is wanted.
    pub wanted: &'static str,
}

/// The rows so far.
#[derive(Default)]
pub struct Table(Vec<String>);

impl Table {
    /// Adds a row and shows it.
    pub fn row(&mut self, row: &Row) {
        let line = format!(
            "| {} | {} | {} | {} | {} |",
            row.what, row.program, row.floor, row.ratio, row.wanted
        );
        println!("{line}");
        self.0.push(line);
    }

    /// A row without anything to compare with.
    pub fn plain(&mut self, what: &str, program: String, wanted: &'static str) {
        self.row(&Row {
            what: what.to_owned(),
            program,
            floor: String::new(),
            ratio: String::new(),
            wanted,
        });
    }

    /// A row with a ratio of two medians.
    pub fn ratio(&mut self, what: &str, program: &Several, floor: &Several, wanted: &'static str) {
        self.row(&Row {
            what: what.to_owned(),
            program: program.tell(Unit::Seconds),
            floor: floor.tell(Unit::Seconds),
            ratio: format!("**{:.2}**", program.median() / floor.median()),
            wanted,
        });
    }

    /// All of it as Markdown.
    pub fn print(&self) {
        println!("\n| | program | beside it, same run | ratio | wanted |");
        println!("| --- | --- | --- | --- | --- |");
        for line in &self.0 {
            println!("{line}");
        }
    }
}
