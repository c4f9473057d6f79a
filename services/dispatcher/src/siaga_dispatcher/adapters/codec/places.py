"""Places between messages and values."""

from siaga.v1 import place_pb2

from siaga_dispatcher.core.values import Place, Position


def position_of(message: place_pb2.Position) -> Position:
    """The point."""
    return Position(message.lat, message.lon, message.radius_m, message.fixed_at_ms, message.source)


def position_message(position: Position) -> place_pb2.Position:
    """The point as a message."""
    return place_pb2.Position(
        lat=position.lat,
        lon=position.lon,
        radius_m=position.radius_m,
        fixed_at_ms=position.fixed_at_ms,
        source=position.source,
    )


def place_of(message: place_pb2.Place) -> Place:
    """The place."""
    position = position_of(message.position) if message.HasField("position") else None
    return Place(position, message.address, message.area_code, message.area_name)


def place_message(place: Place) -> place_pb2.Place:
    """The place as a message."""
    position = position_message(place.position) if place.position is not None else None
    return place_pb2.Place(
        position=position, address=place.address, area_code=place.area_code, area_name=place.area_name
    )
