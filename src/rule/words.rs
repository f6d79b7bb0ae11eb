//! The tables of what may stand in a rule file.
//!
//! One row a word: its key, what its value must be, whether it must be there.
//! Words that Sigma or the design has and this version does not read are rows
//! of shape [`Shape::Later`]: they are errors that say so. To support one is to
//! give its row a shape. How rows are checked is [`super::check`]'s business.

use rsigma_parser::SelectorPattern;

use crate::settings::list;

use super::document::Kind;

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Text.
    Text,
    /// Text of one line.
    Line,
    /// Text or a list of texts.
    Texts,
    /// Exactly this text.
    Exactly(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A UUID.
    Uuid,
    /// What other rules call the rule.
    Name,
    /// `YYYY-MM-DD`.
    Date,
    /// `namespace.tag`, or a list of them.
    Tags,
    /// `true` or `false`.
    Flag,
    /// A duration such as `5m`, no longer than a window may be.
    Span,
    /// A number of whole days, such as `7d`.
    Days,
    /// A whole number in this range.
    Whole(u64, u64),
    /// The name of a field.
    Field,
    /// The name of a field, or a list of them without repetition.
    Fields,
    /// Fields or aliases, which the correlation as a whole decides.
    Keys,
    /// For each alias a map of rules to what it is called there.
    Aliases,
    /// Names or ids of rules, at least one.
    References,
    /// A correlation type.
    Type,
    /// A mapping of these rows.
    Map(&'static [Row]),
    /// A list, not empty, of mappings of these rows.
    Maps(&'static [Row]),
    /// A threshold: a mapping of these rows with at least one comparison.
    Threshold(&'static [Row]),
    /// The `detection:` of a rule.
    Detection,
    /// One selection of it.
    Selection,
    /// The template of a summary.
    Template,
    /// Names or ids of rules, at least one, or the word `any`.
    Targets,
    /// The `filter:` of a filter.
    Filter,
    /// Known, but an error in this version; the text says what it is.
    Later(&'static str),
    /// Known, and an error for good; the text says why.
    Refused(&'static str),
    /// Another tool's word for this one.
    Instead(&'static str),
}

/// One word.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The key.
    pub key: &'static str,
    /// What its value must be.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
}

const fn may(key: &'static str, shape: Shape) -> Row {
    Row {
        key,
        shape,
        required: false,
    }
}

const fn must(key: &'static str, shape: Shape) -> Row {
    Row {
        key,
        shape,
        required: true,
    }
}

/// The longest timespan: what a bounded memory can hold of a window.
pub const MAX_SPAN: i64 = 30 * 86_400;
/// The longest title or summary, characters.
pub const MAX_LINE: usize = 500;
/// The most records that an alert shows.
pub const MAX_EVIDENCE: u64 = 100;

/// What every rule says of how bad it is.
const LEVEL: &[Row] = &[may("level", Shape::Word(LEVELS))];

/// What every document may say of itself.
const METADATA: &[Row] = &[
    must("title", Shape::Line),
    may("id", Shape::Uuid),
    may("name", Shape::Name),
    may("related", Shape::Maps(RELATED)),
    may("taxonomy", Shape::Exactly("sigma")),
    may("status", Shape::Word(STATUS)),
    may("description", Shape::Text),
    may("license", Shape::Text),
    may("author", Shape::Text),
    may("references", Shape::Texts),
    may("date", Shape::Date),
    may("modified", Shape::Date),
    may("fields", Shape::Fields),
    may("falsepositives", Shape::Texts),
    may("tags", Shape::Tags),
    may("scope", Shape::Texts),
    may("sigma-version", Shape::Later("\"sigma-version\"")),
    may("action", Shape::Later("\"action\" (a Sigma collection)")),
];

/// A rule that matches records.
pub const DETECTION: &[&[Row]] = &[
    METADATA,
    LEVEL,
    &[
        must("logsource", Shape::Map(LOGSOURCE)),
        must("detection", Shape::Detection),
        may("s3sentry", Shape::Map(EXTENSION)),
    ],
];

/// A rule that counts what others match.
pub const CORRELATION: &[&[Row]] = &[
    METADATA,
    LEVEL,
    &[
        must("correlation", Shape::Map(CORRELATION_BLOCK)),
        may("generate", Shape::Flag),
        may("s3sentry", Shape::Map(EXTENSION)),
    ],
];

/// Exclusions for other rules: it raises nothing, so it has no level.
pub const FILTER: &[&[Row]] = &[
    METADATA,
    &[
        must("logsource", Shape::Map(LOGSOURCE)),
        must("filter", Shape::Filter),
        may("level", Shape::Refused(NO_LEVEL)),
    ],
];

const NO_LEVEL: &str =
    "a filter raises no alert, so it has no \"level\": the rules that it names have theirs";

/// What stands in a `filter:` beside its selections and its condition.
pub const FILTER_BLOCK: &[Row] = &[must("rules", Shape::Targets)];

const RELATED: &[Row] = &[
    must("id", Shape::Uuid),
    must("type", Shape::Word(RELATIONS)),
];

const RELATIONS: &[&str] = &[
    "correlation",
    "derived",
    "obsolete",
    "merged",
    "renamed",
    "similar",
];

const STATUS: &[&str] = &[
    "stable",
    "test",
    "experimental",
    "deprecated",
    "unsupported",
];

const LEVELS: &[&str] = &["informational", "low", "medium", "high", "critical"];

const LOGSOURCE: &[Row] = &[
    must("product", Shape::Exactly("aws")),
    must("service", Shape::Exactly("s3_server_access")),
    may("definition", Shape::Text),
    may("category", Shape::Later("\"category\" of a log source")),
];

const CORRELATION_BLOCK: &[Row] = &[
    must("type", Shape::Type),
    must("rules", Shape::References),
    may("group-by", Shape::Keys),
    may("aliases", Shape::Aliases),
    must("timespan", Shape::Span),
    may("timeframe", Shape::Instead("timespan")),
    may("condition", Shape::Threshold(THRESHOLD)),
    may("generate", Shape::Flag),
    may("window", Shape::Later("\"window\" of a correlation")),
    may("gap", Shape::Later("\"gap\" of a correlation")),
];

const COMPARISON: Shape = Shape::Whole(0, u64::MAX);

/// The comparisons of a threshold.
pub const COMPARISONS: &[&str] = &["gt", "gte", "lt", "lte", "eq", "neq"];

/// A threshold: its comparisons, and what is compared.
pub const THRESHOLD: &[Row] = &[
    may("gt", COMPARISON),
    may("gte", COMPARISON),
    may("lt", COMPARISON),
    may("lte", COMPARISON),
    may("eq", COMPARISON),
    may("neq", COMPARISON),
    may("field", Shape::Line),
    may("percentile", Shape::Whole(0, 100)),
];

/// A type of correlation.
#[derive(Debug, Clone, Copy)]
pub struct TypeRow {
    /// Its name.
    pub name: &'static str,
    /// What it counts; `None` where this version has it not.
    pub kind: Option<Kind>,
    /// Whether an aggregate of `and` or `any` may be of it.
    pub aggregate: bool,
    /// Which parts its condition has.
    pub condition: ConditionShape,
}

/// Which parts the condition of a correlation type has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionShape {
    /// A comparison.
    Plain,
    /// A comparison of the values of a field.
    OfField,
    /// A comparison of the values of a field of numbers.
    OfNumber,
    /// The same, and which percentile.
    OfPercentile,
    /// A comparison, or none.
    Optional,
    /// None.
    Without,
}

const fn kind(name: &'static str, kind: Option<Kind>, condition: ConditionShape) -> TypeRow {
    let aggregate = matches!(
        condition,
        ConditionShape::Plain
            | ConditionShape::OfField
            | ConditionShape::OfNumber
            | ConditionShape::OfPercentile
    );
    TypeRow {
        name,
        kind,
        aggregate,
        condition,
    }
}

/// The types of correlations.
pub const TYPES: &[TypeRow] = &[
    kind("event_count", Some(Kind::EventCount), ConditionShape::Plain),
    kind(
        "value_count",
        Some(Kind::ValueCount),
        ConditionShape::OfField,
    ),
    kind("value_sum", Some(Kind::ValueSum), ConditionShape::OfNumber),
    kind("value_avg", Some(Kind::ValueAvg), ConditionShape::OfNumber),
    kind(
        "value_percentile",
        Some(Kind::ValuePercentile),
        ConditionShape::OfPercentile,
    ),
    kind("temporal", Some(Kind::Temporal), ConditionShape::Optional),
    kind(
        "temporal_ordered",
        Some(Kind::TemporalOrdered),
        ConditionShape::Without,
    ),
    kind("value_median", None, ConditionShape::OfNumber),
];

/// The `s3sentry:` block.
pub const EXTENSION: &[Row] = &[
    may("suppress", Shape::Span),
    may("evidence", Shape::Whole(0, MAX_EVIDENCE)),
    may("summary", Shape::Template),
    may("and", Shape::Maps(AGGREGATE)),
    may("any", Shape::Maps(AGGREGATE)),
    may("different", Shape::Field),
    may("none_before", Shape::Map(NONE_BEFORE)),
    may("new_value", Shape::Map(NEW_VALUE)),
    may("baseline", Shape::Map(USUAL)),
];

const NONE_BEFORE: &[Row] = &[
    must("selection", Shape::Selection),
    must("timespan", Shape::Span),
    may("group-by", Shape::Keys),
];

const NEW_VALUE: &[Row] = &[
    must("field", Shape::Fields),
    may("group-by", Shape::Fields),
    may("learn", Shape::Days),
    may("memory", Shape::Days),
];

const USUAL: &[Row] = &[
    must("times", Shape::Whole(1, 1_000_000)),
    may("hours", Shape::Whole(1, 24)),
    may("otherwise", COMPARISON),
];

const AGGREGATE: &[Row] = &[
    must("type", Shape::Type),
    may("selection", Shape::Selection),
    may("timespan", Shape::Span),
    must("condition", Shape::Threshold(THRESHOLD)),
];

/// What the settings may say of a rule, below `[rules.NAME]`.
pub const OVERRIDE: &[Row] = &[
    may("enabled", Shape::Flag),
    may("level", Shape::Word(LEVELS)),
    may("threshold", COMPARISON),
    may("otherwise", COMPARISON),
    may("timespan", Shape::Span),
    may("suppress", Shape::Span),
    may("evidence", Shape::Whole(0, MAX_EVIDENCE)),
    may("exclude", Shape::Selection),
];

/// What stands in a `detection:` beside its selections.
pub const TIMEFRAME: &[Row] = &[may(
    "timeframe",
    Shape::Refused(
        "\"timeframe\" belonged to the aggregations of Sigma 1: write a correlation with a \"timespan\"",
    ),
)];

/// What a list of the settings holds, which decides what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Networks: the field of the address.
    Networks,
    /// Texts: a field of text.
    Texts,
    /// Hours: a field of the time.
    Hours,
}

/// The fields that hours are compared with. Both stand for the record's time.
pub const TIME_FIELDS: &[&str] = &["hour_of_week", "request_time"];

/// Lists of the settings that a rule can name as `%name%`.
pub const PLACEHOLDERS: &[(&str, Holds)] = &[
    ("trusted_networks", Holds::Networks),
    ("accounts", Holds::Texts),
    ("trusted_accounts", Holds::Texts),
    ("public_buckets", Holds::Texts),
    ("buckets", Holds::Texts),
    ("watched_keys", Holds::Texts),
    ("log_buckets", Holds::Texts),
    ("vpc_only_buckets", Holds::Texts),
    ("work_hours", Holds::Hours),
];

/// Whether a selector of a condition (`them`, or a pattern of names in which
/// `*` stands for any letters) means a selection of this name.
#[must_use]
pub fn selects(selector: &SelectorPattern, name: &str) -> bool {
    match selector {
        SelectorPattern::Them => !name.starts_with('_'),
        SelectorPattern::Pattern(pattern) => list::matches(pattern.as_bytes(), name.as_bytes()),
    }
}
