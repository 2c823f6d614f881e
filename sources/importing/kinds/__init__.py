"""Every kind of file, one module a family."""

from collections.abc import Mapping

from sources.importing.contract import Kind
from sources.importing.kinds import (
    catalogue,
    fulfilment,
    ordering,
    organisation,
    outside,
    retailers,
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for family in (organisation, retailers, catalogue, ordering, fulfilment, outside)
    for kind in family.KINDS
}
