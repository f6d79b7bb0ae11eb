//! The command line of `report`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::Search;

/// `report`.
#[derive(Debug, Args)]
#[command(mut_arg("sources", |source| source.help(
    "Files, directories (recursive), s3://bucket/prefix, or - for stdin; gzip and zstd are told by \
     content. With --state none means: report what earlier runs found"
)))]
pub struct Report {
    /// Write the report to this file: .html, .md or .json; again for each form. The alerts go beside
    /// the first one, to FILE.alerts.ndjson. All are replaced when all is done
    #[arg(short, long, value_name = "FILE", required = true, value_parser = file())]
    pub output: Vec<File>,
    /// Say what is new, gone and growing since this earlier report, a .json
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// What to look for, and where.
    #[command(flatten)]
    pub search: Search,
}

/// A report that is to be written.
#[derive(Debug, Clone)]
pub struct File {
    /// Where.
    pub path: PathBuf,
    /// How.
    pub form: Form,
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A page for a browser.
    Html,
    /// A text for a ticket or a chat.
    Markdown,
    /// For programs, and to compare with.
    Json,
}

/// Forms by what file names end in.
const FORMS: [(&str, Form); 5] = [
    ("html", Form::Html),
    ("htm", Form::Html),
    ("md", Form::Markdown),
    ("markdown", Form::Markdown),
    ("json", Form::Json),
];

fn file() -> impl TypedValueParser<Value = File> {
    PathBufValueParser::new().try_map(|path| {
        let end = path.extension().unwrap_or_default();
        let known = |(name, _): &&(&str, Form)| end.eq_ignore_ascii_case(name);
        match FORMS.iter().find(known) {
            Some((_, form)) => Ok(File { form: *form, path }),
            None => Err("the form of a report is told by how its name ends: .html, .md or .json"),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        report: Report,
    }

    fn form(file: &str) -> Option<Form> {
        let only = Only::try_parse_from(["report", "-o", file]).ok()?;
        Some(only.report.output[0].form)
    }

    #[test]
    fn forms_are_told_by_the_name() {
        assert_eq!(form("a/r.html"), Some(Form::Html));
        assert_eq!(form("r.HTM"), Some(Form::Html));
        assert_eq!(form("r.json.md"), Some(Form::Markdown));
        assert_eq!(form("r.markdown"), Some(Form::Markdown));
        assert_eq!(form("r.json"), Some(Form::Json));
        for wrong in ["-", "r", "r.pdf", "html", ".json", "r.html.alerts.ndjson"] {
            assert_eq!(form(wrong), None, "{wrong}");
        }
    }
}
