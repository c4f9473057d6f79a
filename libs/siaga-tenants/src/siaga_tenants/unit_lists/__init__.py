"""A centre's list of units from a file (CSV, GeoJSON): read, compared with what is there, and put into `units.yaml`."""

from siaga_tenants.unit_lists.comparing import Change, Import, compared
from siaga_tenants.unit_lists.reading import Finding, UnitFile, UnreadableFile, read_file
from siaga_tenants.unit_lists.writing import write

__all__ = ["Change", "Finding", "Import", "UnitFile", "UnreadableFile", "compared", "read_file", "write"]
