"""The caller ledger: counts what each caller's calls were, and says where the caller stands.

`core/` decides (pure), `adapters/` keep the book in a changelog-backed faust table, `app.py` wires them.
"""
