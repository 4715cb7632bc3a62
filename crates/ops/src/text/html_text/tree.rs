//! The tree that the parser builds. It has only what is needed to know the order of the texts.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, ExpandedName, QualName, local_name, ns};

/// A node as the parser knows it.
pub(super) type Handle = Rc<Named>;

/// The number and the name of a node.
pub(super) struct Named {
    id: usize,
    /// The name; empty unless the node is an element.
    name: QualName,
    /// True if it is a place in a formula where HTML is allowed.
    holds_html: bool,
}

/// A tree of nodes, linked by their numbers.
pub(super) struct Tree {
    nodes: RefCell<Vec<Links>>,
    document: Handle,
    /// The contents of templates, which are not part of the document.
    contents: Handle,
}

#[derive(Default)]
struct Links {
    parent: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    previous: Option<usize>,
    next: Option<usize>,
    /// The text; empty for elements.
    text: StrTendril,
}

impl Default for Tree {
    fn default() -> Self {
        let handle = |id| {
            Rc::new(Named {
                id,
                name: no_name(),
                holds_html: false,
            })
        };
        Self {
            nodes: RefCell::new(vec![Links::default(), Links::default()]),
            document: handle(0),
            contents: handle(1),
        }
    }
}

impl Tree {
    /// Returns all texts in the order of the document. `size_bytes` is a guess at their size.
    pub(super) fn text(&self, size_bytes: usize) -> String {
        let nodes = self.nodes.borrow();
        let mut text = String::with_capacity(size_bytes);
        let mut at = self.document.id;
        loop {
            text.push_str(&nodes[at].text);
            // No recursion, because a document may be nested deeply.
            let mut next = nodes[at].first;
            while next.is_none() {
                next = nodes[at].next;
                match nodes[at].parent {
                    _ if next.is_some() => {}
                    Some(parent) => at = parent,
                    None => return text,
                }
            }
            at = next.unwrap_or_default();
        }
    }

    fn add(&self, name: QualName, holds_html: bool) -> Handle {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Links::default());
        Rc::new(Named {
            id: nodes.len() - 1,
            name,
            holds_html,
        })
    }

    /// Returns the number of a node. If it is a text, the node is made first.
    fn id(&self, node: NodeOrText<Handle>) -> usize {
        match node {
            NodeOrText::AppendNode(node) => node.id,
            NodeOrText::AppendText(text) => {
                let mut nodes = self.nodes.borrow_mut();
                nodes.push(Links {
                    text,
                    ..Links::default()
                });
                nodes.len() - 1
            }
        }
    }

    /// Puts a node without a parent below `parent`, before its child `next` or at the end.
    fn link(&self, parent: usize, id: usize, next: Option<usize>) {
        let nodes = &mut *self.nodes.borrow_mut();
        let previous = match next {
            Some(next) => nodes[next].previous.replace(id),
            None => nodes[parent].last.replace(id),
        };
        match previous {
            Some(previous) => nodes[previous].next = Some(id),
            None => nodes[parent].first = Some(id),
        }
        let links = &mut nodes[id];
        (links.parent, links.previous, links.next) = (Some(parent), previous, next);
    }

    fn unlink(&self, id: usize) {
        let nodes = &mut *self.nodes.borrow_mut();
        let links = &mut nodes[id];
        let (previous, next) = (links.previous.take(), links.next.take());
        let Some(parent) = links.parent.take() else {
            return;
        };
        match previous {
            Some(previous) => nodes[previous].next = next,
            None => nodes[parent].first = next,
        }
        match next {
            Some(next) => nodes[next].previous = previous,
            None => nodes[parent].last = previous,
        }
    }

    fn parent(&self, id: usize) -> Option<usize> {
        self.nodes.borrow()[id].parent
    }
}

fn no_name() -> QualName {
    QualName::new(None, ns!(), local_name!(""))
}

impl TreeSink for Tree {
    type Handle = Handle;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Rc::clone(&self.document)
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, _: Vec<Attribute>, flags: ElementFlags) -> Handle {
        self.add(name, flags.mathml_annotation_xml_integration_point)
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.add(no_name(), false)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.add(no_name(), false)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        let child = self.id(child);
        self.unlink(child);
        self.link(parent.id, child, None);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Handle,
        previous: &Handle,
        child: NodeOrText<Handle>,
    ) {
        if self.parent(element.id).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, _: &Handle) -> Handle {
        Rc::clone(&self.contents)
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.id == y.id
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, new: NodeOrText<Handle>) {
        let new = self.id(new);
        self.unlink(new);
        if let Some(parent) = self.parent(sibling.id) {
            self.link(parent, new, Some(sibling.id));
        }
    }

    fn add_attrs_if_missing(&self, _: &Handle, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, target: &Handle) {
        self.unlink(target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        loop {
            let first = self.nodes.borrow()[node.id].first;
            let Some(child) = first else { return };
            self.unlink(child);
            self.link(new_parent.id, child, None);
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        handle.holds_html
    }
}
