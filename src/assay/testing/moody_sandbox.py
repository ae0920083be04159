"""Sandboxes of a machine that fails for a while: real ones, of which a test refuses some."""

from __future__ import annotations

from typing import ClassVar

from assay.errors import SandboxError
from assay.sandboxes.base import SandboxSpec
from assay.sandboxes.unsafe_host import UnsafeHostKind, UnsafeHostSandbox

VERIFY = "verify-"


class MoodyKind(UnsafeHostKind):
    """Refuses the next ``refused`` sandboxes whose label begins with ``of``; counts those that were to verify."""

    name: ClassVar[str] = "moody"

    def __init__(self) -> None:
        self.refused = 0
        self.of = VERIFY
        self.verifications = 0

    def open(self, spec: SandboxSpec) -> UnsafeHostSandbox:
        """Return a real sandbox. Raises ``SandboxError`` while it is in the mood."""
        self.verifications += spec.label.startswith(VERIFY)
        if self.refused and spec.label.startswith(self.of):
            self.refused -= 1
            raise SandboxError("no more processes")
        return super().open(spec)
