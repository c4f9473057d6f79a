"""Why something that was asked of the dispatcher cannot be done."""


class UnknownTenantError(ValueError):
    """No tenant of that code is configured."""


class UnknownUnitError(ValueError):
    """The tenant has no unit of that id."""


class UnknownIncidentError(LookupError):
    """The tenant has no incident of that id."""


class WrongVersion(Exception):  # noqa: N818  (an answer to whoever asked, not a fault)
    """The incident has moved on since it was read."""
