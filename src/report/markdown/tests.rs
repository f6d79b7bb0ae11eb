//! What a program that reads Markdown makes of a report.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{markdown, text};
use crate::report::sample;

/// Texts that callers chose to be more than texts.
const HOSTILE: [&str; 44] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</code></pre><b>",
    "<!-- comment",
    "<?php ?>",
    "<![CDATA[x]]>",
    "<https://evil.example>",
    "https://evil.example/a_b_c",
    "www.evil.example",
    "mailto:a@evil.example",
    "a@evil.example",
    "[text](https://evil.example)",
    "![image](https://evil.example/x.png)",
    "[text][1]\n\n[1]: https://evil.example",
    "[^1]\n\n[^1]: note",
    "[[wiki]]",
    "![[wiki]]",
    "`code`",
    "``` fence",
    "```\n<b>out</b>\n```",
    "~~~\n<b>out</b>\n~~~",
    "`",
    "```````````",
    "` [x](y) `",
    "\\`[x](y)\\`",
    "\\",
    "\\\\`<b>`",
    "a | b | <b>",
    "| --- | --- |",
    "\\| [x](y) \\|",
    "# heading",
    "heading\n===",
    "---",
    "- item",
    "1. item",
    "> quote",
    "    indented <b>",
    "*a* _b_ **c** ~~d~~ ^e^ $f$ $$g$$",
    ":smile: @somebody #123 &lt;b&gt; &#60;",
    "{{ template }} {% raw %} ${x} <%= y %>",
    "\u{1b}[31mred\u{7}\r\n\t",
    "gpj.\u{202E}exe\u{2066}\u{200B}",
    "(javascript:alert(1))",
    "",
];

/// Everything that is markup and not ours.
fn foreign(page: &str) -> Vec<String> {
    let parser = Parser::new_ext(page, Options::all());
    let foreign = |event: &Event<'_>| match event {
        Event::Html(_)
        | Event::InlineHtml(_)
        | Event::InlineMath(_)
        | Event::DisplayMath(_)
        | Event::FootnoteReference(_)
        | Event::Rule
        | Event::HardBreak
        | Event::TaskListMarker(_) => true,
        Event::Start(tag) => !matches!(
            tag,
            Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::List(None)
                | Tag::Item
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell
                | Tag::Strong
                | Tag::CodeBlock(_)
        ),
        _ => false,
    };
    let events = parser.filter(foreign);
    events.map(|event| format!("{event:?}")).collect()
}

/// What the parser found, without its texts.
fn shape(page: &str) -> Vec<String> {
    let parser = Parser::new_ext(page, Options::all());
    let shape = |event: Event<'_>| match event {
        Event::Start(tag) => Some(format!("{tag:?}")),
        Event::End(tag) => Some(format!("{tag:?}")),
        _ => None,
    };
    parser.filter_map(shape).collect()
}

#[test]
fn nothing_of_the_log_is_markup() {
    let calm = shape(&markdown(&sample::report("calm", 3)));
    for hostile in HOSTILE {
        for around in ["", "x ", " x"] {
            let text = match around {
                " x" => format!("{hostile}{around}"),
                _ => format!("{around}{hostile}"),
            };
            let page = markdown(&sample::report(&text, 3));
            assert_eq!(foreign(&page), Vec::<String>::new(), "{text:?}\n{page}");
            assert!(!page.contains(char::is_control) || !page.contains('\u{1b}'));
            assert!(!page.contains(['\u{202E}', '\u{2066}', '\u{200B}', '\r', '\t']));
            // Lists of one text several times differ only where there is none.
            if !text.trim().is_empty() && !text.contains('\n') {
                assert_eq!(shape(&page), calm, "{text:?}\n{page}");
            }
        }
    }
}

/// The text of the first code span.
fn read_back(page: &str) -> Option<String> {
    let parser = Parser::new_ext(page, Options::all());
    let mut codes = parser.filter_map(|event| match event {
        Event::Code(code) => Some(code.to_string()),
        _ => None,
    });
    codes.next()
}

#[test]
fn names_can_be_read_back() {
    for name in [
        "acme", "`a`", "a``b", " a ", "`", "\\", "a\\", "<b>", "[x](y)", "*",
    ] {
        assert_eq!(read_back(&text::code(name)).unwrap(), name);
        let cell = format!("| a |\n|---|\n| {} |", text::code(name));
        assert_eq!(read_back(&cell).unwrap(), name, "{cell}");
    }
    assert_eq!(text::code("a|b"), "`a\\x7Cb`");
}

#[test]
fn sentences_stay_readable() {
    assert_eq!(
        text::prose("203.0.113.77, a stranger, was refused 1,200 times in bucket acme-backups."),
        "`203.0.113.77`, a stranger, was refused 1,200 times in bucket `acme-backups`."
    );
    assert_eq!(
        text::prose("AWS's own (S3) in 24h"),
        "AWS's own (S3) in 24h"
    );
    assert_eq!(text::prose("1. x"), "`1`. x");
    assert_eq!(
        text::documented("Ask `s3:GetObject` of it,\nthen `aws s3 ls`."),
        "Ask `s3:GetObject` of it, then `aws s3 ls`."
    );
}

#[test]
fn a_ticket_has_room_for_it() {
    let long = [
        "x".repeat(1_000),
        "a-b ".repeat(250),
        "\u{202E}".repeat(300),
    ];
    for text in long {
        let page = markdown(&sample::report(&text, 30));
        assert!(page.chars().count() < 60_000, "{}", page.chars().count());
    }
}

proptest! {
    // A page is made and parsed for each.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_is_markup(text: String, parts in prop::collection::vec(
        prop::sample::select(vec!["`", "``", "[", "]", "(", ")", "<", ">", "!", "|", "\\", " ", "\n",
            "*", "_", "~", "#", "-", "1.", "a", "://", "www.", "@", "$", "^", ":", "=", "&", ";"]),
        0..16)) {
        for text in [text, parts.concat()] {
            let page = markdown(&sample::report(&text, 1));
            prop_assert_eq!(foreign(&page), Vec::<String>::new(), "{:?}", text);
        }
    }
}
