use proptest::prelude::*;

use crate::text::linear_time::assert_linear;

use super::*;

/// The expected tables are those of Beautiful Soup 4.15.0 with `html.parser` of Python 3.11.
#[test]
fn tables_are_those_of_beautiful_soup() {
    let rows = |html: &str| serde_json::to_string(&rows_of_tables(html, true).unwrap()).unwrap();
    let cases = [
        ("no <tables>", "[]"),
        ("<TABLE><tr><td>a<td>b</table>", r#"[[["ab"]]]"#),
        (
            "<table><tr><td>&unknown; &#150; &lt &amp;amp;",
            r#"[[["&unknown – < &amp;"]]]"#,
        ),
        (
            "<table><tr><td>x<script>s</script><rt>r</rt><![CDATA[ c ]]><!-- d --></td></tr>",
            r#"[[["xc"]]]"#,
        ),
        (
            "<table><tr><td/><td a='>'> y </td><th x</table>",
            r#"[[["","y",""]]]"#,
        ),
        ("<table><tr><td>a</ td >b</td></tr></table>", r#"[[["a"]]]"#),
        ("<table><tr><td>a<style><td>b", r#"[[["a"]]]"#),
    ];
    for (html, expected) in cases {
        assert_eq!(rows(html), expected, "{html}");
    }
    let markup = "<table B=1 a='x\"y' b=2 class=' p  q'><br><tr / ><!--c-->&amp;&eacute; \n </tr></img></table>";
    assert_eq!(
        markup_of_tables(markup).unwrap(),
        ["<table a='x\"y' b=\"2\" class=\"p q\"><br/><tr><!--c-->&amp;é \n </tr></table>"]
    );
}

#[test]
fn tables_in_tables_are_written_again_up_to_a_limit() {
    let nested = |depth: usize| "<table><tr><td>x".repeat(depth);
    assert_eq!(rows_of_tables(&nested(10), true).unwrap().len(), 10);
    assert_eq!(rows_of_tables(&nested(5000), true), Err(Nested));
    assert_eq!(markup_of_tables(&nested(5000)), Err(Nested));
}

#[test]
fn hostile_documents_take_linear_time() {
    for part in [
        "<table>",
        "<table><tr><td>x",
        "</p>",
        "<p>",
        "<a ",
        "<a b='",
        "<a b=\"",
        "<a c=\">\"",
        "<!--",
        "<![CDATA[",
        "<?",
        "&#",
        "&x",
        "<",
        "</",
        "</ ",
        "<script>",
        "<script></",
        "<br>",
        "</br>",
        "<td a=&#1",
        "<a b=c",
        "<pre> ",
        "--",
        "&a.",
    ] {
        assert_linear(part, 1_500, |html| {
            let html = format!("<table>{html}");
            let _ = rows_of_tables(&html, true);
            let _ = markup_of_tables(&html);
        });
    }
}

proptest! {
    #[test]
    fn nothing_panics(html in "(<table>|<[/!?]?|[a-z&;#'\"=> \n\0-]|tr|td|br|script|&#6?|é){0,60}") {
        let _ = rows_of_tables(&html, true);
        let _ = markup_of_tables(&html);
    }

    #[test]
    fn markup_that_was_written_is_written_the_same(html in "(<(table|tr|td|b|br)>|</(tr|td|b)>|[a-zé&;<>]){0,40}") {
        let whole = format!("<table>{html}</table>");
        for markup in markup_of_tables(&whole).unwrap() {
            prop_assert_eq!(&markup_of_tables(&markup).unwrap()[0], &markup);
        }
    }
}
