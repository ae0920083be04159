from parcels import Parcel, total_weight


def test_volume_weight_is_rounded_up():
    assert Parcel(100, 100, 100, 100).volume_weight == 200
    assert Parcel(100, 100, 100, 101).volume_weight == 202
    assert Parcel(100, 1, 1, 1).volume_weight == 1


def test_billed_weight():
    assert Parcel(100, 100, 100, 100).billed_weight == 200
    assert Parcel(300, 100, 100, 100).billed_weight == 300


def test_total_weight():
    assert total_weight([Parcel(100, 1, 1, 1), Parcel(250, 1, 1, 1)]) == 350
