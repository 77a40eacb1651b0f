"""When the sun sets, or stands so far below the horizon: NOAA's solar position.

Good to a minute below the polar circles. It decides no holiday and no custom; which depression means nightfall is an
argument. Source of the formulas: NOAA's solar calculator (Meeus, Astronomical Algorithms).
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

SUNSET_DEGREES = 0.833  # refraction, and half the sun's disc
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_CENTURY_S = 36_525 * 86_400


def below_horizon(day: date, latitude: float, longitude: float, degrees: float = SUNSET_DEGREES) -> datetime | None:
    """The UTC instant of an evening at which the sun's centre is so far below the horizon; None: never on that day.

    Args:
        day: The local date of the evening.
        latitude: Degrees north.
        longitude: Degrees east.
        degrees: Of the sun's centre below the horizon; the default is sunset.
    """
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    found = noon - timedelta(minutes=4 * longitude)  # the mean sun's noon there
    for _ in range(3):  # the sun moves while the day passes: start again from where it then stands
        minutes = _minutes_after_midnight(found, latitude, longitude, degrees)
        if minutes is None:
            return None
        found = noon - timedelta(hours=12) + timedelta(minutes=minutes)
    return found


def _minutes_after_midnight(at: datetime, latitude: float, longitude: float, degrees: float) -> float | None:
    """Minutes from 00:00 UTC of the day to the evening, by the sun's position at an instant."""
    declination, equation_min = _sun((at - _J2000).total_seconds() / _CENTURY_S)
    here = math.radians(latitude)
    cosine = math.cos(math.radians(90 + degrees)) / (math.cos(here) * math.cos(declination))
    cosine -= math.tan(here) * math.tan(declination)
    if not -1 <= cosine <= 1:
        return None
    return 720 - 4 * (longitude - math.degrees(math.acos(cosine))) - equation_min


def _sun(century: float) -> tuple[float, float]:
    """The sun's declination in radians and the equation of time in minutes, by Julian centuries since 2000."""
    longitude = math.radians((280.46646 + century * (36000.76983 + century * 0.0003032)) % 360)
    anomaly = math.radians(357.52911 + century * (35999.05029 - 0.0001537 * century))
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    node = math.radians(125.04 - 1934.136 * century)
    apparent = longitude + math.radians(_centre(century, anomaly) - 0.00569 - 0.00478 * math.sin(node))
    tilt = math.radians(_obliquity(century) + 0.00256 * math.cos(node))
    declination = math.asin(math.sin(tilt) * math.sin(apparent))
    y = math.tan(tilt / 2) ** 2
    equation = (
        y * math.sin(2 * longitude)
        - 2 * eccentricity * math.sin(anomaly)
        + 4 * eccentricity * y * math.sin(anomaly) * math.cos(2 * longitude)
        - 0.5 * y * y * math.sin(4 * longitude)
        - 1.25 * eccentricity * eccentricity * math.sin(2 * anomaly)
    )
    return declination, 4 * math.degrees(equation)


def _centre(century: float, anomaly: float) -> float:
    """The equation of the centre, in degrees."""
    return (
        math.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + math.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + math.sin(3 * anomaly) * 0.000289
    )


def _obliquity(century: float) -> float:
    """The mean tilt of the earth's axis, in degrees."""
    seconds = 21.448 - century * (46.8150 + century * (0.00059 - century * 0.001813))
    return 23 + (26 + seconds / 60) / 60
