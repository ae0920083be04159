import pytest
from bookings import Slot, busy_slots, first_free, free_slots, is_free, usage


def test_overlapping_bookings_are_joined():
    assert busy_slots([Slot(600, 660), Slot(540, 630)]) == [Slot(540, 660)]


def test_touching_bookings_are_joined():
    assert busy_slots([Slot(540, 600), Slot(600, 660)]) == [Slot(540, 660)]


def test_free_between_bookings():
    assert free_slots([Slot(540, 600), Slot(660, 720)], 480, 780) == [Slot(480, 540), Slot(600, 660), Slot(720, 780)]


def test_first_free_is_long_enough():
    assert first_free([Slot(500, 600), Slot(630, 700)], 480, 800, 30) == Slot(600, 630)


def test_is_free():
    assert is_free([Slot(540, 600)], Slot(600, 660))
    assert not is_free([Slot(540, 600)], Slot(590, 660))


def test_usage():
    assert usage([Slot(540, 600)], 480, 600) == 0.5


def test_empty_slot_is_refused():
    with pytest.raises(ValueError):
        Slot(600, 600)
