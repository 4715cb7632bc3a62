//! Unions, from objects that name the member and its value.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, UnionArray};
use arrow::datatypes::{UnionFields, UnionMode};
use arrow::error::ArrowError;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::child::{Child, Leaf, Storage};
use super::fault::Trouble;

/// Values of one of several members.
pub(super) struct Union {
    fields: UnionFields,
    mode: UnionMode,
    /// The members in the order of the fields.
    members: Vec<Member>,
    /// The member of each value.
    places: Vec<usize>,
}

struct Member {
    id: i8,
    child: Child,
}

impl Union {
    /// Creates unions of `fields`, with one column for each in `children`, and at least one.
    pub(super) fn new(fields: UnionFields, mode: UnionMode, children: Vec<Child>) -> Self {
        let ids = fields.iter().map(|(id, _)| id);
        let members = ids.zip(children).map(|(id, child)| Member { id, child });
        Self {
            members: members.collect(),
            fields,
            mode,
            places: Vec::new(),
        }
    }

    /// Records that the next value belongs to the member at `place`, which already has it.
    fn end_value(&mut self, place: usize) -> Result<(), Trouble> {
        if self.mode == UnionMode::Sparse {
            for (at, member) in self.members.iter_mut().enumerate() {
                if at != place {
                    member.child.storage_mut().push_null()?;
                }
            }
        }
        self.places.push(place);
        Ok(())
    }
}

impl Leaf for Union {
    fn push(&mut self, json: &str) -> Result<(), Trouble> {
        // The parts may be named rather than listed.
        if !json.starts_with('{') {
            return Err(Trouble::Misfit);
        }
        let wrong = |_| Trouble::Is("an object without `type` and `value` alone".to_owned());
        let value: Value<'_> = serde_json::from_str(json).map_err(wrong)?;
        let mut members = self.members.iter();
        let place = members
            .position(|member| *member.child.field().name() == *value.name)
            .ok_or_else(|| {
                Trouble::Is("an object whose type is not that of a member".to_owned())
            })?;
        let child = &mut self.members[place].child;
        let pushed = child.push(value.value.get());
        pushed.map_err(|fault| Trouble::Within(fault.within("value")))?;
        self.end_value(place)
    }
}

impl Storage for Union {
    fn push_null(&mut self) -> Result<(), Trouble> {
        // A union has no nulls of its own, so a member must hold it.
        let place = self.nullable_member();
        if let Some(member) = self.members.get_mut(place) {
            member.child.storage_mut().push_null()?;
        }
        self.end_value(place)
    }

    fn len(&self) -> usize {
        self.places.len()
    }

    fn truncate(&mut self, len: usize) {
        self.places.truncate(len);
        for (place, member) in self.members.iter_mut().enumerate() {
            let values = match self.mode {
                UnionMode::Sparse => len,
                UnionMode::Dense => self.places.iter().filter(|at| **at == place).count(),
            };
            member.child.storage_mut().truncate(values);
        }
    }

    fn bytes(&self) -> usize {
        let members = self.members.iter();
        let values = members.map(|member| member.child.storage().bytes());
        values.sum::<usize>() + size_of_val(self.places.as_slice())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let places = std::mem::take(&mut self.places);
        let mut counts = vec![0_i32; self.members.len()];
        let offsets = places.iter().map(|place| {
            let offset = counts[*place];
            counts[*place] += 1;
            offset
        });
        let offsets = match self.mode {
            UnionMode::Dense => Some(offsets.collect::<Vec<_>>().into()),
            UnionMode::Sparse => None,
        };
        let ids = places.iter().map(|place| self.members[*place].id);
        let ids = ids.collect::<Vec<_>>().into();
        let members = self.members.iter_mut();
        let children = members
            .map(|member| member.child.storage_mut().finish())
            .collect::<Result<Vec<_>, _>>()?;
        let array = UnionArray::try_new(self.fields.clone(), ids, offsets, children)?;
        Ok(Arc::new(array))
    }
}

impl Union {
    fn nullable_member(&self) -> usize {
        let mut members = self.members.iter();
        members
            .position(|member| member.child.field().is_nullable())
            .unwrap_or(0)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Value<'a> {
    #[serde(rename = "type", borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    value: &'a RawValue,
}
