use proptest::prelude::*;

use crate::text::linear_time::assert_linear;

use super::*;

/// The expected texts are those of `selectolax` 1.0.2 (lexbor).
#[test]
fn the_text_is_that_of_a_browser() {
    let cases = [
        ("<b> x</b>", " x"),
        ("\n\na\rb", "a\nb"),
        ("<pre>\n\nx</pre>", "\nx"),
        ("a<frameset>b", "ab"),
        ("<frameset> x y</frameset>", "  "),
        ("<table>a<b>x<tr><td>c</b>d</table>e", "axcde"),
        ("<svg><title>t<b>x</svg>y", "txy"),
        ("<svg><style><b>q</b></style></svg>z", "qz"),
        ("<svg><![CDATA[c]]></svg>", "c"),
        ("<select><b>x</b><div>y</select>", "xy"),
        ("x</body> y </html> z", "x y  z"),
        ("<head> <noscript><b>q</b></noscript>", " q"),
        ("<plaintext>a<b>", "a<b>"),
        ("<iframe><b>x</b></iframe>", "<b>x</b>"),
        ("<template><p>x</p></template>y", "y"),
        (" <!--c--> <!doctype html> <p> q", " q"),
        (
            "&notit; &amp &ampx &#x110000; &#13;",
            "¬it; & &x \u{fffd} \r",
        ),
        ("<table> <tr> <td> x </td> </tr> </table>", "   x   "),
        ("<svg>a\0b</svg>c\0", "a\u{fffd}bc"),
        (
            "<script><!--<script>x</script>--></script>y",
            "<!--<script>x</script>-->y",
        ),
        (
            "<math><annotation-xml encoding='text/html'><b>x</b></annotation-xml></math>",
            "x",
        ),
        ("\u{feff}x", "\u{feff}x"),
        ("<a <b>x</a>y", "xy"),
        ("", ""),
    ];
    for (html, text) in cases {
        assert_eq!(html_text(html), text, "{html}");
    }
}

#[test]
fn what_is_nested_too_deeply_keeps_its_text() {
    let html = format!("{}x{}y", "<div>".repeat(5000), "</div>".repeat(5000));
    assert_eq!(html_text(&html), "xy");
    let html = format!("{}<script><b></script>x", "<div>".repeat(5000));
    assert_eq!(html_text(&html), "<b>x");
}

#[test]
fn very_many_attributes_change_nothing() {
    let many = " b".repeat(attributes::MOST_ATTRIBUTES + 1);
    assert_eq!(html_text(&format!("x<a{many}>y</a>z")), "xyz");
    assert_eq!(html_text(&format!("x<!-- <a{many}-->y")), "xy");
    assert_eq!(
        html_text(&format!("<svg><desc{many}/>x</desc></svg>y")),
        "xy"
    );
    // A tag that isn't closed isn't text, but in a script it isn't a tag.
    assert_eq!(html_text(&format!("x<a{many}")), "x");
    let script = format!("i<a{many}");
    assert_eq!(html_text(&format!("<script>{script}")), script);
    assert_eq!(
        html_text(&format!("<script>{script}></script>x")),
        format!("{script}>x")
    );
}

#[test]
fn hostile_documents_take_linear_time() {
    for part in [
        "<div>",
        "<b>",
        "<font size=1>",
        "<p><font a=1>",
        "<a>",
        "</p>",
        "<table>",
        "<table><tr><td>",
        "<td>",
        "<svg>",
        "<math><mi>",
        "<select><option>",
        "<button>",
        "<li>",
        "<template>",
        "<form>",
        "</form><form>",
        "<b><p></b>",
        "x<table>",
        "<svg><style>",
        "<applet>",
        "<!--",
        "<![CDATA[",
        "&",
        "&amp",
        "&#",
        "<",
        "</",
        "<a b=",
        "<script>",
        "<title>",
        "<h1>",
        "<table>x",
        "<body a=1>",
        "<frameset>",
        "<a b='",
        "<option>",
        "<ruby><rt>",
        "<dd><dt>",
        "<nobr>",
        "<a><table>",
        "</br>",
    ] {
        // Both texts are nested more deeply than the limit.
        assert_linear(part, 3_000, |html| {
            html_text(html);
        });
    }
}

proptest! {
    #[test]
    fn nothing_panics(html in "(<[/!?]?|[a-z&;#'\"=> \n\r\0-]|table|tr|td|b|svg|script|select|template|é){0,60}") {
        html_text(&html);
    }

    #[test]
    fn texts_without_markup_lose_only_leading_blanks(text in "[^<&\r\0]*") {
        let blank = ['\t', '\n', '\x0c', ' '];
        prop_assert_eq!(html_text(&text), text.trim_start_matches(blank));
    }
}
