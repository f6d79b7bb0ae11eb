//! What has come since the last report: what was read, and alerts that it does not
//! have as they stand now.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::error::At;
use super::{Commit, Error, State, count, number};

/// What was read, in sums that add up over commits and runs. Where lines are read
/// again for the records that an earlier run left out, only the lines of these count;
/// bytes, and what is wrong with lines, count again. So do inputs, each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Intake {
    /// Lines that are not blank, without records that an earlier run took and those
    /// outside the span that was asked for.
    pub lines: u64,
    /// Decompressed bytes.
    pub bytes: u64,
    /// Lines that are no record.
    pub malformed: u64,
    /// Records whose quoted fields have more than one reading.
    pub ambiguous: u64,
    /// Records without a time.
    pub undated: u64,
    /// Records that came too late for rules that count.
    pub late: u64,
    /// Keys that were forgotten for lack of memory.
    pub evicted: u64,
    /// Files, pipes and objects that were read.
    pub read: u64,
    /// Those that were skipped.
    pub skipped: u64,
    /// Those that could not be read.
    pub failed: u64,
    /// Time of the earliest and the latest record that was counted, seconds since
    /// the Unix epoch.
    pub span: Option<(i64, i64)>,
}

/// The sums, in the order of [`Intake::sums`].
const SUMS: [&str; 10] = [
    "lines",
    "bytes",
    "malformed",
    "ambiguous",
    "undated",
    "late",
    "evicted",
    "inputs_read",
    "inputs_skipped",
    "inputs_failed",
];

impl Intake {
    fn sums(&self) -> [u64; SUMS.len()] {
        [
            self.lines,
            self.bytes,
            self.malformed,
            self.ambiguous,
            self.undated,
            self.late,
            self.evicted,
            self.read,
            self.skipped,
            self.failed,
        ]
    }

    fn of(sums: [u64; SUMS.len()], span: Option<(i64, i64)>) -> Self {
        let [
            lines,
            bytes,
            malformed,
            ambiguous,
            undated,
            late,
            evicted,
            read,
            skipped,
            failed,
        ] = sums;
        Self {
            lines,
            bytes,
            malformed,
            ambiguous,
            undated,
            late,
            evicted,
            read,
            skipped,
            failed,
            span,
        }
    }

    /// What has come beside what an earlier look at the same sums found; the span is
    /// this one.
    #[must_use]
    pub fn since(&self, earlier: &Intake) -> Intake {
        let mut sums = self.sums();
        for (sum, before) in sums.iter_mut().zip(earlier.sums()) {
            *sum = sum.saturating_sub(before);
        }
        Self::of(sums, self.span)
    }

    /// The same with so many more inputs read to their end.
    #[must_use]
    pub fn with(mut self, read: u64) -> Intake {
        self.read += read;
        self
    }
}

/// What runs have read since the last report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SinceReport {
    /// When that was made, seconds since the Unix epoch; none where there was none.
    pub made: Option<i64>,
    /// Runs that read anything.
    pub runs: u64,
    /// What they read.
    pub intake: Intake,
}

/// Alerts that the last report does not have as they stand: new ones, grown ones, and
/// those that it has and that hold no longer. That an alert is final is no news.
pub(super) const NEWS: &str = "(reported_rev IS NOT rev OR reported_status IS NOT status) AND CASE status \
     WHEN 'withdrawn' THEN reported_status IN ('open', 'closed') \
     ELSE reported_rev IS NOT rev OR reported_status = 'withdrawn' END";

impl State {
    /// What runs have read since the last report.
    pub fn since_report(&self) -> Result<SinceReport, Error> {
        let sql = format!(
            "SELECT made, runs, first_record, last_record, {} FROM since_report",
            SUMS.join(", ")
        );
        let found = self.connection.query_row(&sql, [], |row| {
            let mut sums = [0; SUMS.len()];
            for (place, sum) in sums.iter_mut().enumerate() {
                *sum = count(row.get(4 + place)?);
            }
            let span = row.get::<_, Option<i64>>(2)?.zip(row.get(3)?);
            Ok(SinceReport {
                made: row.get(0)?,
                runs: count(row.get(1)?),
                intake: Intake::of(sums, span),
            })
        });
        found.at(&self.path)
    }

    /// Calls for every alert that a report has to tell of, with its id and its JSON: by
    /// end of period, rule and key. The first error of who is called ends it.
    pub fn each_unreported<E>(
        &self,
        mut each: impl FnMut(&str, &str) -> Result<(), E>,
    ) -> Result<Result<(), E>, Error> {
        let sql =
            format!("SELECT id, json FROM alerts WHERE {NEWS} ORDER BY period_end, rule, key, id");
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path)?;
        let mut rows = statement.query([]).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let text = |column| row.get_ref(column).and_then(|text| Ok(text.as_str()?));
            let (id, json) = (text(0).at(&self.path)?, text(1).at(&self.path)?);
            if let Err(stop) = each(id, json) {
                return Ok(Err(stop));
            }
        }
        Ok(Ok(()))
    }
}

impl Commit<'_> {
    /// Adds what a run has read since its last commit.
    pub fn add_intake(&self, run: i64, intake: &Intake) -> Result<(), Error> {
        let begins = "UPDATE since_report SET runs = runs + 1 \
             WHERE ?2 > 0 AND (SELECT bytes FROM runs WHERE id = ?1) = 0";
        let begun = self
            .transaction
            .execute(begins, params![run, number(intake.bytes)]);
        begun.at(self.path)?;
        let (first, last) = intake.span.unzip();
        let sums = intake.sums().map(|sum| Value::Integer(number(sum)));
        let span = [first, last].map(Value::from);
        let given: Vec<Value> = span.into_iter().chain(sums).chain([run.into()]).collect();
        // The lines of a run are noted with its end.
        for (table, from, condition) in [
            ("since_report", 0, "WHERE ?13 IS NOT NULL"),
            ("runs", 1, "WHERE id = ?13"),
        ] {
            let sums = SUMS.iter().enumerate().skip(from);
            let sums = sums.map(|(place, sum)| format!("{sum} = {sum} + ?{}", place + 3));
            let sums: Vec<String> = sums.collect();
            let sql = format!(
                "UPDATE {table} SET first_record = min(ifnull(first_record, ?1), \
                 ifnull(?1, first_record)), last_record = max(ifnull(last_record, ?2), \
                 ifnull(?2, last_record)), {} {condition}",
                sums.join(", ")
            );
            let mut statement = self.transaction.prepare_cached(&sql).at(self.path)?;
            let updated = statement.execute(params_from_iter(&given));
            updated.at(self.path)?;
        }
        Ok(())
    }

    /// Notes that a report was made of all that there is, at a time in seconds since
    /// the Unix epoch.
    pub fn put_reported(&self, made: i64) -> Result<(), Error> {
        self.report_hours()?;
        let sql = "UPDATE alerts SET reported_rev = rev, reported_status = status \
             WHERE reported_rev IS NOT rev OR reported_status IS NOT status";
        self.transaction.execute(sql, []).at(self.path)?;
        let sums = SUMS.map(|sum| format!("{sum} = 0")).join(", ");
        let sql = format!(
            "UPDATE since_report SET made = ?1, runs = 0, first_record = NULL, \
             last_record = NULL, {sums}"
        );
        self.transaction.execute(&sql, [made]).at(self.path)?;
        Ok(())
    }
}
