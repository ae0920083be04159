import random

import pytest
from bookings import Slot, busy_slots, first_free, free_slots, is_free, usage

WORKSHOP = Slot(540, 1020)
CALL = Slot(600, 660)


def test_reported_case():
    assert free_slots([WORKSHOP, CALL], 480, 1080) == [Slot(480, 540), Slot(1020, 1080)]


def test_order_of_bookings_does_not_matter():
    assert free_slots([CALL, WORKSHOP], 480, 1080) == [Slot(480, 540), Slot(1020, 1080)]


def test_booking_inside_another_keeps_the_longer_end():
    assert busy_slots([WORKSHOP, CALL]) == [WORKSHOP]


def test_several_bookings_inside_one():
    assert busy_slots([WORKSHOP, CALL, Slot(650, 700), Slot(900, 930)]) == [WORKSHOP]


def test_chain_of_overlaps_after_a_contained_booking():
    assert busy_slots([Slot(0, 100), Slot(10, 20), Slot(90, 120), Slot(120, 130)]) == [Slot(0, 130)]


def test_same_start_and_different_ends():
    assert busy_slots([Slot(540, 700), Slot(540, 600)]) == [Slot(540, 700)]


def test_same_booking_twice():
    assert busy_slots([CALL, CALL]) == [CALL]


def test_is_free_sees_the_outer_booking():
    assert not is_free([WORKSHOP, CALL], Slot(700, 760))
    assert is_free([WORKSHOP, CALL], Slot(1020, 1050))


def test_first_free_does_not_fall_into_the_outer_booking():
    assert first_free([WORKSHOP, CALL], 540, 1080, 30) == Slot(1020, 1050)
    assert first_free([WORKSHOP, CALL], 540, 1040, 30) is None


def test_usage_counts_the_outer_booking_once():
    assert usage([WORKSHOP, CALL], 480, 1080) == pytest.approx(480 / 600)


def test_touching_bookings_stay_joined():
    assert busy_slots([Slot(0, 60), Slot(60, 120), Slot(121, 130)]) == [Slot(0, 120), Slot(121, 130)]


def test_separate_bookings_stay_apart():
    assert busy_slots([Slot(700, 710), Slot(0, 10)]) == [Slot(0, 10), Slot(700, 710)]


def test_bookings_outside_the_opening_time():
    assert free_slots([Slot(0, 500), Slot(590, 900)], 480, 600) == [Slot(500, 590)]
    assert free_slots([Slot(900, 1000)], 480, 600) == [Slot(480, 600)]
    assert free_slots([Slot(0, 1000)], 480, 600) == []


def test_no_bookings():
    assert busy_slots([]) == []
    assert free_slots([], 480, 600) == [Slot(480, 600)]
    assert usage([], 480, 600) == 0


def test_any_iterable_is_accepted_and_left_alone():
    taken = [CALL, WORKSHOP]
    busy_slots(taken)
    assert taken == [CALL, WORKSHOP]
    assert busy_slots(iter(taken)) == [WORKSHOP]


def test_agrees_with_counting_minutes():
    source = random.Random(4)
    for _ in range(60):
        taken = []
        for _ in range(source.randrange(1, 7)):
            start = source.randrange(0, 50)
            taken.append(Slot(start, start + source.randrange(1, 25)))
        minutes = {minute for slot in taken for minute in range(slot.start, slot.end)}
        assert {minute for slot in busy_slots(taken) for minute in range(slot.start, slot.end)} == minutes
        assert sum(slot.minutes for slot in free_slots(taken, 0, 80)) == 80 - len(minutes)
        assert usage(taken, 0, 80) == pytest.approx(len(minutes) / 80)
