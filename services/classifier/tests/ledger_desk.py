"""A book with a table of bytes under it, as the clerk keeps it; a new desk on the same table is a restart."""

from collections.abc import Mapping

from siaga_classifier.ledger.adapters.table_codec import (
    decode_account,
    decode_suspension,
    encode_account,
    encode_key,
    encode_suspension,
    is_suspension,
    read_due,
    recent_callers,
    suspension_key,
)
from siaga_classifier.ledger.book import Account, Book, Caller, Posting
from siaga_classifier.ledger.core.entries import Word
from siaga_classifier.ledger.core.policy import Policy, Span
from siaga_classifier.ledger.core.view import View

WALL = 1_795_000_000_000
PARTITION = 3


class Desk:
    """Keeps every posting, and remembers what was last told of each caller."""

    def __init__(
        self,
        policies: Mapping[str, Policy],
        table: dict[bytes, bytes] | None = None,
        shared: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self.table = {} if table is None else table
        self.told: dict[Caller, View] = {}
        self.book = Book(
            policies, shared or {}, self._read, lambda tenant, since: recent_callers(self.table.items(), tenant, since)
        )
        self.book.restore(
            [read_due(key, value) for key, value in self.table.items() if not is_suspension(key)],
            [decode_suspension(key, value) for key, value in self.table.items() if is_suspension(key)],
        )

    def post(self, caller: Caller, word: Word, wall_ms: int = WALL, *, keep: bool = True) -> Posting | None:
        """Take a word in; without `keep` the table never hears of it, as in a crash right after publishing."""
        posting = self.book.post(caller, PARTITION, word, wall_ms, wall_ms)
        if posting is not None:
            self._keep([posting], keep=keep)
        return posting

    def suspend(self, tenant: str, span: Span, wall_ms: int = WALL, partition: int = PARTITION) -> list[Posting]:
        """Let sanctions rest."""
        key = suspension_key(tenant, partition)
        kept = decode_suspension(key, self.table[key]).spans if key in self.table else ()
        changed, postings = self.book.suspend(tenant, partition, span, kept, wall_ms)
        self._keep(postings)
        if changed is not None:
            self.table[key] = encode_suspension(changed)
        return postings

    def fall_due(self, wall_ms: int) -> list[Posting]:
        """Settle what time has changed."""
        postings = self.book.fall_due(wall_ms, 100)
        self._keep(postings)
        return postings

    def account(self, caller: Caller) -> Account:
        """What the table has of a caller."""
        return decode_account(self.table[encode_key(caller)])

    def _read(self, caller: Caller) -> Account | None:
        value = self.table.get(encode_key(caller))
        return None if value is None else decode_account(value)

    def _keep(self, postings: list[Posting], *, keep: bool = True) -> None:
        for posting in postings:
            if posting.view is not None:
                self.told[posting.caller] = posting.view
            if not keep:
                continue
            if posting.account is None:
                self.table.pop(encode_key(posting.caller))
            else:
                self.table[encode_key(posting.caller)] = encode_account(posting.account)
