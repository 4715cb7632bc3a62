//! Finds texts that identify somebody or grant access: addresses, numbers, paths, keys and secrets.
//!
//! The kinds are those of Data-Juicer's `pii_redaction_mapper`, and each finder finds the matches of its backtracking pattern. Most
//! are written by hand, because a linear engine has no look-around, and its word boundaries are slow in texts that aren't ASCII.

mod boundary;
mod contacts;
mod keys;
mod numbers;
mod paths;
mod secrets;

use std::borrow::Cow;
use std::ops::Range;

pub use boundary::Words;

use super::substitution::Substitution;
use coldpress_pattern::{Error, Groups, Template, TooManySteps};

/// Appends the ranges to replace, in order and without overlap.
type Finder = fn(Words, &str, &mut Vec<Range<usize>>);

/// A kind of information that can be redacted. The kinds are redacted in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Blocks of keys and certificates.
    Pem,
    /// JSON web tokens.
    Jwt,
    /// Links.
    Url,
    /// IPv4 addresses, and IPv6 addresses in brackets.
    Ip,
    /// Hardware addresses.
    Mac,
    /// Paths of Unix and Windows.
    Path,
    /// E-mail addresses.
    Email,
    /// The text after words such as `password:`.
    Secret,
    /// The text after words such as `session_id:`.
    Id,
    /// The channel that somebody writes from.
    Channel,
    /// User ids of messaging platforms.
    OpenId,
    /// Telephone numbers.
    Phone,
    /// Numbers of Chinese identity cards.
    IdCard,
}

impl Kind {
    /// Returns the finders, which work one after the other: each sees the text that those before it left.
    fn finders(self) -> &'static [Finder] {
        match self {
            Self::Pem => &[keys::pem],
            Self::Jwt => &[keys::jwt],
            Self::Url => &[contacts::url],
            Self::Ip => &[numbers::ipv4, numbers::ipv6],
            Self::Mac => &[numbers::mac],
            Self::Path => &[paths::unix, paths::windows, paths::share],
            Self::Email => &[contacts::email],
            Self::Secret => &[secrets::secret],
            Self::Id => &[secrets::id],
            Self::Channel => &[secrets::channel],
            Self::OpenId => &[keys::feishu_id, keys::platform_id],
            Self::Phone => &[contacts::chinese_phone, contacts::phone],
            Self::IdCard => &[numbers::id_card],
        }
    }

    /// Returns bytes of which a text must have at least one, or there is nothing to find.
    fn needs(self) -> &'static [u8] {
        match self {
            Self::Pem => b"-",
            Self::Jwt | Self::Email => b".@",
            Self::Url | Self::Mac => b":-",
            Self::Ip => b".[",
            Self::Path => b"/\\",
            Self::Secret | Self::Id => b":=",
            Self::Channel => b":=\xef",
            Self::OpenId => b"_",
            // Digits of other scripts may begin with any byte that isn't ASCII.
            Self::Phone | Self::IdCard => b"0123456789+",
        }
    }
}

/// Replaces information of some kinds.
#[derive(Clone, Debug)]
pub struct Redactor {
    words: Words,
    rules: Vec<Rule>,
    extra: Vec<Substitution>,
    found: Vec<Range<usize>>,
}

#[derive(Clone, Debug)]
struct Rule {
    kind: Kind,
    needs: u128,
    finders: &'static [Finder],
    template: Template,
}

impl Redactor {
    /// Returns a redactor that finds nothing yet.
    pub fn new(words: Words) -> Self {
        Self {
            words,
            rules: Vec::new(),
            extra: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Replaces information of a kind with `template`, which is in Python's syntax.
    ///
    /// # Errors
    /// [`Error::Template`].
    pub fn add(&mut self, kind: Kind, template: &str) -> Result<(), Error> {
        let needs = kind.needs().iter().filter(|byte| byte.is_ascii());
        self.rules.push(Rule {
            kind,
            needs: needs.fold(0, |needs, byte| needs | 1 << byte),
            finders: kind.finders(),
            template: Template::parse(template, Groups::Whole(1))?,
        });
        Ok(())
    }

    /// Replaces the matches of a pattern, after everything else.
    pub fn add_pattern(&mut self, substitution: Substitution) {
        self.extra.push(substitution);
    }

    /// Returns the text without the information; `None` if there was nothing to replace.
    ///
    /// # Errors
    /// [`TooManySteps`] if a pattern that was [added](Self::add_pattern) takes too long.
    pub fn redacted(&mut self, text: &str) -> Result<Option<String>, TooManySteps> {
        let Self {
            words,
            rules,
            extra,
            found,
        } = self;
        // The ASCII characters that occur. Replacements may add others, so a text that changed is searched for everything.
        let (mut has, mut is_ascii) = (0_u128, true);
        for byte in text.bytes() {
            has |= 1_u128.checked_shl(u32::from(byte)).unwrap_or_default();
            is_ascii &= byte.is_ascii();
        }
        let mut now = Cow::Borrowed(text);
        for rule in rules.iter() {
            let reads_others = matches!(
                rule.kind,
                Kind::Phone | Kind::IdCard | Kind::Channel | Kind::Ip
            );
            if matches!(now, Cow::Borrowed(_))
                && has & rule.needs == 0
                && (is_ascii || !reads_others)
            {
                continue;
            }
            for finder in rule.finders {
                found.clear();
                finder(*words, &now, found);
                if !found.is_empty() {
                    now = Cow::Owned(replaced(&now, found, &rule.template));
                }
            }
        }
        for substitution in extra {
            let (mut out, mut done) = (String::new(), 0);
            substitution.replace_all(&now, |range, with| {
                out.push_str(&now[done..range.start]);
                out.push_str(with);
                done = range.end;
            })?;
            if done > 0 || !out.is_empty() {
                out.push_str(&now[done..]);
                now = Cow::Owned(out);
            }
        }
        Ok(match now {
            Cow::Owned(new) if new != text => Some(new),
            _ => None,
        })
    }
}

fn replaced(text: &str, found: &[Range<usize>], template: &Template) -> String {
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for range in found {
        out.push_str(&text[done..range.start]);
        match template.as_literal() {
            Some(literal) => out.push_str(literal),
            None => template.expand_whole(&text[range.clone()], &mut out),
        }
        done = range.end;
    }
    out.push_str(&text[done..]);
    out
}

/// Returns the number of bytes at the start of `text` whose characters pass `holds`.
fn run(text: &str, holds: impl Fn(char) -> bool) -> usize {
    text.find(|ch| !holds(ch)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
