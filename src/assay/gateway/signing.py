"""Which providers a static key does not open, and what signs their requests."""

from __future__ import annotations

from assay.gateway.logins import LoginSigner
from assay.gateway.signed import Signer
from assay.gateway.signing_azure import AzureSigner
from assay.gateway.signing_bedrock import BedrockSigner
from assay.gateway.signing_vertex import VertexSigner
from assay.providers import SUBSCRIPTION, Provider


def signer_for(provider: Provider) -> Signer | None:
    """Return the signer of a provider; None where a static key, or none, is all it takes.

    Raises ``CredentialError`` when the package that signs is not installed, or no log-in is found.
    """
    if provider.auth == SUBSCRIPTION:
        return LoginSigner(provider)
    if provider.kind == "bedrock":
        return BedrockSigner(provider)
    if provider.kind == "vertex":
        return VertexSigner(provider)
    if provider.kind == "azure":
        return AzureSigner(provider)
    return None
