//! Conditions on copies, which `object_store` has no words for: it knows that nothing may be there, and this crate replaces
//! versions too.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use http::header::{AUTHORIZATION, HeaderMap};
use object_store::azure::{AzureAuthorizer, AzureCredential, AzureCredentialProvider};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};

use crate::wire::Wire;

tokio::task_local! {
    /// What the copies of this task are conditional on.
    static CONDITIONS: HeaderMap;
}

/// Does work whose copies are conditional on these headers.
pub(crate) fn under<F: Future>(headers: HeaderMap, work: F) -> impl Future<Output = F::Output> {
    CONDITIONS.scope(headers, work)
}

/// Makes requests, and adds the conditions of copies.
#[derive(Clone)]
pub(crate) struct Conditions {
    wire: Wire,
    signer: Arc<OnceLock<Signer>>,
}

/// What requests of Azure are signed with: their conditions are part of what is signed.
struct Signer {
    credentials: AzureCredentialProvider,
    account: String,
}

impl Conditions {
    pub(crate) fn new(wire: Wire) -> Self {
        Self {
            wire,
            signer: Arc::default(),
        }
    }

    /// Sets what requests are signed with, once.
    pub(crate) fn sign_with(&self, credentials: AzureCredentialProvider, account: String) {
        let _ = self.signer.set(Signer {
            credentials,
            account,
        });
    }

    async fn add(&self, headers: HeaderMap, request: &mut HttpRequest) -> Result<(), HttpError> {
        request.headers_mut().extend(headers);
        let Some(Signer {
            credentials,
            account,
        }) = self.signer.get()
        else {
            return Ok(());
        };
        let refused = |error| HttpError::new(HttpErrorKind::Unknown, error);
        let credential = credentials.get_credential().await.map_err(refused)?;
        // Tokens and signed URLs sign no headers.
        if matches!(*credential, AzureCredential::AccessKey(_)) {
            request.headers_mut().remove(AUTHORIZATION);
            let authorizer = AzureAuthorizer::new(&credential, account);
            authorizer.try_authorize(request).map_err(refused)?;
        }
        Ok(())
    }
}

#[async_trait]
impl HttpService for Conditions {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_copy = ["x-ms-copy-source", "x-goog-copy-source"]
            .iter()
            .any(|header| request.headers().contains_key(*header));
        if let (true, Ok(headers)) = (is_copy, CONDITIONS.try_with(HeaderMap::clone)) {
            self.add(headers, &mut request).await?;
        }
        self.wire.call(request).await
    }
}

impl HttpConnector for Conditions {
    fn connect(&self, _: &object_store::ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl fmt::Debug for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Conditions").field(&self.wire).finish()
    }
}
