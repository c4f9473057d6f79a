"""What may keep the stack from running; each says what, where and what to do about it."""


class StackError(Exception):
    """The stack cannot do what was asked."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}\n  → {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class PrerequisiteError(StackError):
    """Something the machine should have is missing: a package, a registry, disk space."""
