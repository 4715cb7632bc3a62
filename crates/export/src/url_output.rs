//! An output in a store: what is in its place, how it gets there, and how it is signed.
//!
//! A store has no rename, so an output of several objects is put into place one object after another. Before the first one, the
//! ownership object is written with everything that may be there from now on besides what is there. After the last one, it is
//! written with what the output is, and that is the commit. What a crash leaves can therefore be told from what others put there.
//! Each step has a condition: what it replaces must be what was seen.

use std::io::Read as _;

use coldpress_storage::{
    Digest, Error as StorageError, Expected, FileStamp, Hasher, ObjectName, ObjectReader,
    ObjectVersion, SealedUpload, crash_point, put_if,
};

use crate::error::{Error, Result};
use crate::listing::list;
use crate::ownership::{OwnedObject, Ownership};
use crate::place::UrlPlace;
use crate::standing::Standing;

/// The size limit of an ownership object, which lists the shards.
const MAX_BYTES: u64 = 64 << 20;
/// The number of bytes of an object that are read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// An output at a place in a store.
pub(crate) struct UrlOutput<'a> {
    place: &'a UrlPlace,
    is_directory: bool,
}

/// Objects that were put into place under an ownership object of this version.
#[derive(Debug)]
pub(crate) struct Completed {
    objects: Vec<OwnedObject>,
    signed: String,
}

/// The objects that were found at the place.
struct Seen {
    objects: Vec<ObjectVersion>,
    signature: Signature,
}

/// The content of the ownership object, and its version.
enum Signature {
    None,
    Read(Box<Ownership>, String),
    /// The reason why it cannot be read.
    Unreadable(String, String),
}

impl UrlPlace {
    pub(crate) fn output(&self, is_directory: bool) -> UrlOutput<'_> {
        UrlOutput {
            place: self,
            is_directory,
        }
    }

    /// Returns the ownership object, as a name and as a URL for people.
    pub(crate) fn ownership(&self) -> Result<(ObjectName, String)> {
        let name = format!(".{}.coldpress.json", self.name());
        let folder = self.url().strip_suffix(self.name().as_str());
        let shown = format!("{}{name}", folder.unwrap_or_default());
        Ok((self.beside(&name)?, shown))
    }
}

impl UrlOutput<'_> {
    /// Returns what is there now. Objects whose version does not prove that they are ours are read in full.
    pub(crate) fn standing(&self) -> Result<Standing> {
        let seen = self.look()?;
        let shown = self.place.ownership()?.1;
        let ownership = match seen.signature {
            Signature::Unreadable(..) if seen.objects.is_empty() => {
                return Ok(Standing::Foreign(format!(
                    "cannot be signed: `{shown}`, where its ownership file goes, was not made by Coldpress; move that away"
                )));
            }
            _ if seen.objects.is_empty() => return Ok(Standing::Free),
            Signature::None => {
                let reason = "exists and was not made by Coldpress".to_owned();
                return Ok(Standing::Foreign(reason));
            }
            Signature::Unreadable(reason, _) => return Ok(Standing::Foreign(reason)),
            Signature::Read(ownership, _) => ownership,
        };
        let mut known = 0;
        for found in &seen.objects {
            match self.known(found, &ownership)? {
                Some(_) => known += 1,
                None => return Ok(changed()),
            }
        }
        // While it is being replaced, earlier objects may be missing.
        if ownership.passing.is_empty() && known != ownership.objects.len() {
            return Ok(changed());
        }
        Ok(Standing::Ours(*ownership))
    }

    /// Returns whether anything is there.
    pub(crate) fn exists(&self) -> bool {
        self.objects().is_ok_and(|objects| !objects.is_empty())
    }

    /// Returns the length and digest of what is there; none if there is nothing.
    pub(crate) fn measure(&self) -> Result<Option<(u64, Digest)>> {
        let objects = self.output_objects(&self.look()?)?;
        if objects.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.digest_of(&objects)))
    }

    /// Returns the signature of an output that is complete and signed, according to the signature.
    pub(crate) fn signed(&self) -> Result<Option<Ownership>> {
        Ok(match self.look()?.signature {
            Signature::Read(ownership, _) if ownership.passing.is_empty() => Some(*ownership),
            _ => None,
        })
    }

    /// Completes uploads, which makes them the objects of the output.
    pub(crate) fn complete(
        &self,
        uploads: Vec<Box<dyn SealedUpload>>,
        job_id: &str,
    ) -> Result<Completed> {
        let seen = self.look()?;
        let (mut ownership, expected) = match seen.signature {
            Signature::None => (none_of(job_id), Expected::Nothing),
            Signature::Unreadable(_, version) => (none_of(job_id), Expected::Version(version)),
            Signature::Read(ownership, version) => (*ownership, Expected::Version(version)),
        };
        let coming = uploads.iter().map(|upload| OwnedObject {
            name: self.relative(upload.name()),
            length: upload.stamp().length,
            digest: upload.stamp().digest,
            version: None,
        });
        let coming: Vec<OwnedObject> = coming.collect();
        for object in &coming {
            if !ownership.passing.contains(object) {
                ownership.passing.push(object.clone());
            }
        }
        let signed = self.write(&ownership, &expected)?;
        // From here on the ownership object lists old and new objects, so a crash leaves nothing that cannot be recognized as ours.
        crash_point!("export.begun");
        let mut objects = Vec::new();
        for (upload, object) in uploads.into_iter().zip(coming) {
            let name = upload.name().clone();
            let found = seen.objects.iter().find(|found| found.name == name);
            let version = upload.complete(&Expected::of(found));
            let version = Some(version.map_err(|error| self.refused(error))?);
            objects.push(OwnedObject { version, ..object });
            crash_point!("export.uploaded");
        }
        Ok(Completed { objects, signed })
    }

    /// Signs an output that is in place, and removes what was there before it.
    pub(crate) fn sign(&self, signature: &Ownership, completed: Option<Completed>) -> Result<()> {
        let seen = match &completed {
            // One object replaced another, so there is nothing to remove.
            Some(_) if !self.is_directory => Seen {
                objects: Vec::new(),
                signature: Signature::None,
            },
            _ => self.look()?,
        };
        let (objects, expected) = match (completed, &seen.signature) {
            (Some(completed), _) => (completed.objects, Expected::Version(completed.signed)),
            (None, Signature::None) => (self.output_objects(&seen)?, Expected::Nothing),
            (None, Signature::Read(_, version) | Signature::Unreadable(_, version)) => {
                let expected = Expected::Version(version.clone());
                (self.output_objects(&seen)?, expected)
            }
        };
        let mut surplus = Vec::new();
        if let Signature::Read(earlier, _) = &seen.signature {
            let is_surplus =
                |name: &str| self.is_directory && objects.iter().all(|object| object.name != name);
            for found in &seen.objects {
                if !is_surplus(&self.relative(&found.name)) {
                    continue;
                }
                // Objects that others put there meanwhile stay.
                if let Some(known) = self.known(found, earlier)? {
                    let version = Some(found.version.clone());
                    surplus.push(OwnedObject { version, ..known });
                }
            }
        }
        let mut signature = Ownership {
            objects,
            passing: surplus,
            ..signature.clone()
        };
        let signed = self.write(&signature, &expected)?;
        // The output is committed. A crash here leaves surplus objects, which `passing` still lists as ours.
        crash_point!("export.listed");
        if signature.passing.is_empty() {
            return Ok(());
        }
        for surplus in std::mem::take(&mut signature.passing) {
            let name = self.place.below(&surplus.name)?;
            let found = self.place.store().version_of(&name)?;
            if found.is_some_and(|found| Some(found.version) == surplus.version) {
                self.place.store().delete(&name)?;
            }
        }
        self.write(&signature, &Expected::Version(signed))?;
        Ok(())
    }

    /// Removes an output of ours and its signature.
    pub(crate) fn remove(&self) -> Result<()> {
        for found in self.look()?.objects {
            self.place.store().delete(&found.name)?;
        }
        Ok(self.place.store().delete(&self.place.ownership()?.0)?)
    }

    /// Removes what uploads left when their process ended, and returns how many there were.
    pub(crate) fn abandon(&self) -> Result<u64> {
        let name = self.place.name().as_str();
        let prefix = match self.is_directory {
            true => format!("{name}/"),
            false => name.to_owned(),
        };
        Ok(self.place.store().abandon_uploads(&prefix)?)
    }

    fn objects(&self) -> Result<Vec<ObjectVersion>> {
        let (store, name) = (self.place.store(), self.place.name());
        Ok(match self.is_directory {
            true => store.versions(&format!("{name}/"))?,
            false => store.version_of(name)?.into_iter().collect(),
        })
    }

    fn look(&self) -> Result<Seen> {
        Ok(Seen {
            objects: self.objects()?,
            signature: self.signature()?,
        })
    }

    fn signature(&self) -> Result<Signature> {
        let (name, shown) = self.place.ownership()?;
        let store = self.place.store();
        let Some(found) = store.version_of(&name)? else {
            return Ok(Signature::None);
        };
        let read = store.get(&name).and_then(|reader| {
            let mut bytes = vec![0; usize::try_from(reader.len().min(MAX_BYTES)).unwrap_or(0)];
            reader.read_at(0, &mut bytes).map(|()| bytes)
        });
        let bytes = match read {
            Err(error) if error.is_not_found() => return Ok(Signature::None),
            read => read?,
        };
        Ok(match Ownership::understood(&bytes, &shown) {
            Ok(ownership) => Signature::Read(Box::new(ownership), found.version),
            Err(reason) => Signature::Unreadable(reason, found.version),
        })
    }

    /// Returns the objects of the output with their digests: those of the signature, if all of them are there and nothing else
    /// except objects to be removed, or else all that are there.
    fn output_objects(&self, seen: &Seen) -> Result<Vec<OwnedObject>> {
        let mut found = Vec::new();
        for object in &seen.objects {
            let known = match &seen.signature {
                Signature::Read(ownership, _) => self.known(object, ownership)?,
                _ => None,
            };
            let (length, digest) = match known {
                Some(known) => (known.length, known.digest),
                None => self.read(object)?,
            };
            found.push(OwnedObject {
                name: self.relative(&object.name),
                length,
                digest,
                version: Some(object.version.clone()),
            });
        }
        let Signature::Read(ownership, _) = &seen.signature else {
            return Ok(found);
        };
        let is_signed = |found: &OwnedObject| ownership.objects.iter().any(|one| one.is(found));
        let may_go = |found: &OwnedObject| ownership.passing.iter().any(|one| one.is(found));
        let signed = found.iter().filter(|found| is_signed(found)).count();
        let is_whole = !ownership.objects.is_empty()
            && signed == ownership.objects.len()
            && found.iter().all(|found| is_signed(found) || may_go(found));
        if is_whole {
            found.retain(is_signed);
        }
        Ok(found)
    }

    /// Returns what the signature says about an object, by its version, or by its digest if the version differs.
    fn known(&self, found: &ObjectVersion, signed: &Ownership) -> Result<Option<OwnedObject>> {
        let name = self.relative(&found.name);
        let said = signed.objects.iter().chain(&signed.passing);
        let said: Vec<&OwnedObject> = said
            .filter(|said| said.name == name && said.length == found.length)
            .collect();
        let is_version = |said: &&&OwnedObject| said.version.as_ref() == Some(&found.version);
        if let Some(known) = said.iter().find(is_version) {
            return Ok(Some((*known).clone()));
        }
        if said.is_empty() {
            return Ok(None);
        }
        let (_, digest) = self.read(found)?;
        Ok(said.into_iter().find(|said| said.digest == digest).cloned())
    }

    /// Returns the length and digest of an object.
    fn read(&self, found: &ObjectVersion) -> Result<(u64, Digest)> {
        let mut reader = ObjectReader::new(self.place.store().get(&found.name)?);
        let (mut hasher, mut buffer) = (Hasher::new(), vec![0; PIECE_BYTES]);
        loop {
            let length = reader
                .read(&mut buffer)
                .map_err(Error::io("read", self.place.url()))?;
            if length == 0 {
                let FileStamp { length, digest } = hasher.stamp();
                return Ok((length, digest));
            }
            hasher.update(&buffer[..length]);
        }
    }

    /// Returns the length and digest of all of them together, which equal those of the same files in a folder.
    fn digest_of(&self, objects: &[OwnedObject]) -> (u64, Digest) {
        if let (false, [object]) = (self.is_directory, objects) {
            return (object.length, object.digest);
        }
        let (mut length, mut listing) = (0, String::new());
        for object in objects {
            length += object.length;
            list(&mut listing, &object.name, object.digest);
        }
        (length, Digest::of(listing.as_bytes()))
    }

    fn write(&self, ownership: &Ownership, expected: &Expected) -> Result<String> {
        let json = serde_json::to_vec_pretty(ownership).unwrap_or_default();
        let name = self.place.ownership()?.0;
        let written = put_if(self.place.store(), &name, &json, expected);
        written.map_err(|error| self.refused(error))
    }

    /// Returns the error for a write that another writer preceded.
    fn refused(&self, error: StorageError) -> Error {
        match error {
            StorageError::AlreadyExists { .. } | StorageError::Changed { .. } => Error::NotOurs {
                path: self.place.url().into(),
                reason: "was written to by somebody else while the job ran; see what is there, and resume".to_owned(),
            },
            error => error.into(),
        }
    }

    /// Returns the name within the output: of a shard in its folder, or of the only object.
    fn relative(&self, name: &ObjectName) -> String {
        let name = name.as_str();
        let inside = name.strip_prefix(self.place.name().as_str());
        let inside = inside.and_then(|inside| inside.strip_prefix('/'));
        inside.unwrap_or(name).to_owned()
    }
}

fn changed() -> Standing {
    Standing::Foreign("was changed since Coldpress made it".to_owned())
}

/// Returns the signature of an empty output.
fn none_of(job_id: &str) -> Ownership {
    Ownership::new(job_id, 0, Digest::of(b""))
}
