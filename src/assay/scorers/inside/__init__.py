"""Programs that run inside the verifier's sandbox: standard library and the toolchain only, no imports of Assay."""
