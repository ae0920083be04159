"""Programs that run inside a sandbox: standard library only, started with ``python3 -I -S``.

They are compiled once and shown to the sandbox as the package ``inside``, so they import one another
relatively and nothing else of Assay. Start-up is the price of every attempt: C modules (``_socket``,
``_signal``, ``_json``, ``_ctypes``) are used instead of their public wrappers, because the wrappers load
``enum``, ``re`` and ``selectors`` (measured: 9 ms against 21 ms of CPU).
"""
