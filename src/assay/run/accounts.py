"""Who pays for an experiment's arms, and whether what opens their providers is there: all before anything is spent."""

from __future__ import annotations

from assay.errors import ExperimentError
from assay.experiment.arm_models import arm_models
from assay.gateway.credentials import read_key
from assay.gateway.logins import client_of
from assay.gateway.signing import signer_for
from assay.providers import SUBSCRIPTION, Provider
from assay.run.design import Design


def check_accounts(design: Design) -> None:
    """Look for every key, log-in and signature that the arms need.

    Raises ``ExperimentError`` for kinds of account that are mixed without being said, and for a log-in given to an
    agent that is not its own; ``CredentialError`` for what is missing, with the remedy.
    """
    used: dict[str, list[str]] = {}
    providers: dict[str, Provider] = {}
    for arm in design.arms:
        for name in dict.fromkeys(name for name, _ in arm_models(arm)):
            provider = design.providers[name]
            providers[provider.name] = provider
            used.setdefault(provider.billing, []).append(arm.label)
            if provider.billing == SUBSCRIPTION and arm.agent != client_of(provider).agent:
                raise ExperimentError(
                    f"arm '{arm.label}': the log-in of {client_of(provider).agent} serves that agent only, "
                    f"not {arm.agent}",
                    where=design.experiment.place("providers", provider.name),
                    remedy=f"Use a key for it (auth: key), or agent: {client_of(provider).agent}",
                )
    if SUBSCRIPTION in used and "api" in used and not design.experiment.mixed_accounts:
        raise ExperimentError(
            f"'{used[SUBSCRIPTION][0]}' is paid by subscription and '{used['api'][0]}' by use: their costs, limits and "
            "speeds are not alike",
            where=design.experiment.place("providers"),
            remedy="Use one kind of account, or say that it is meant: mixed_accounts: true",
        )
    for provider in providers.values():
        open_with(provider)


def open_with(provider: Provider) -> None:
    """Look for what opens a provider. Raises ``CredentialError`` saying what is missing."""
    if signer_for(provider) is None:
        read_key(provider)
