"""Programs that run inside the sandbox: the standard library only, and nothing of Assay but this folder."""
