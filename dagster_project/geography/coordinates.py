"""Reads a pair of coordinates and finds the country of the nearest town.

Not here: names of places. A point at sea, or far from any town, has no country.
"""

from __future__ import annotations

import math
import re

import numpy as np
import polars as pl

MAX_KILOMETRES = 60
KILOMETRES_PER_DEGREE = 111.2
MAX_LATITUDE, MAX_LONGITUDE = 90, 180
_NUMBER = r"([-+−]?\d{1,3}\.\d{1,15})\s?°?\s?"
_PAIR = re.compile(rf"^\D{{0,20}}?{_NUMBER}([nNsS]?)[\s,;/|&]{{1,4}}{_NUMBER}([eEwWoO]?)\W{{0,10}}$")


def country_at(text: str, points: pl.DataFrame) -> str | None:
    """Give the country of a text that is latitude and longitude in decimal degrees; None for any other text or no town near."""
    found = _PAIR.match(text)
    if not found:
        return None
    latitude = _signed(found[1], found[2], "sS")
    longitude = _signed(found[3], found[4], "wWoO")
    if abs(latitude) > MAX_LATITUDE or abs(longitude) > MAX_LONGITUDE:
        return None
    return _nearest(latitude, longitude, points)


def _signed(digits: str, side: str, negative: str) -> float:
    number = float(digits.replace("−", "-"))
    return -abs(number) if side and side in negative else number


def _nearest(latitude: float, longitude: float, points: pl.DataFrame) -> str | None:
    north = points["latitude"].to_numpy() - latitude
    east = (points["longitude"].to_numpy() - longitude + MAX_LONGITUDE) % (2 * MAX_LONGITUDE) - MAX_LONGITUDE
    squares = north**2 + (east * math.cos(math.radians(latitude))) ** 2
    nearest = int(np.argmin(squares))
    if math.sqrt(squares[nearest]) * KILOMETRES_PER_DEGREE > MAX_KILOMETRES:
        return None
    return str(points["country"][nearest])
