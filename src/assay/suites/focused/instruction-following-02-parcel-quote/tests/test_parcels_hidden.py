import ast

import parcels as module
import pytest
from parcels import Parcel, ParcelError, quote, split_cost, total_weight


def light(weight=1000):
    return Parcel(weight, 1, 1, 1)


def tree_of(workspace):
    return ast.parse((workspace / "parcels.py").read_text(encoding="utf-8"))


def test_one_parcel():
    # 390 + 55 = 445; surcharge 33.375
    assert quote([light()], zone="domestic") == 478


def test_started_kilograms():
    # 390 + 2 * 55 = 500; surcharge 37.5, rounded up
    assert quote([light(1001)], zone="domestic") == 538
    assert quote([light(2000)], zone="domestic") == 538


def test_size_counts_when_it_weighs_more():
    # 300 x 300 x 300 mm are billed as 5400 g: 890 + 6 * 120 = 1610; surcharge 120.75
    assert quote([Parcel(800, 300, 300, 300)], zone="near") == 1731


def test_surcharge_is_rounded_once_for_the_whole_shipment():
    # 3 * 445 = 1335; surcharge 100.125, while 3 * 33.375 would be rounded to 99
    assert quote([light()] * 3, zone="domestic") == 1435


def test_half_a_cent_is_rounded_up():
    # 4 * 445 = 1780; surcharge 133.5
    assert quote([light()] * 4, zone="domestic") == 1914


def test_insurance_has_a_minimum_for_each_parcel():
    assert quote([light()], zone="domestic", insured=True) == 478 + 150
    assert quote([light()] * 3, zone="domestic", insured=True) == 1435 + 450


def test_insurance_is_rounded_up():
    # 1690 + 31 * 310 = 11300: surcharge 847.5, insurance 226; 1690 + 25 * 310 = 9440: surcharge 708, insurance 188.8
    assert quote([light(30_001)], zone="far", insured=True) == 11300 + 848 + 226
    assert quote([light(25_000)], zone="far", insured=True) == 9440 + 708 + 189


def test_split_in_proportion():
    assert split_cost(1000, weights=[1, 3]) == [250, 750]
    assert split_cost(7, weights=[5]) == [7]
    assert split_cost(0, weights=[2, 1]) == [0, 0]


def test_cents_left_over_go_where_most_was_lost():
    # exact parts: 28.57.., 28.57.., 42.85..
    assert split_cost(100, weights=[2, 2, 3]) == [29, 28, 43]
    assert split_cost(100, weights=[1, 1, 1]) == [34, 33, 33]
    assert split_cost(5, weights=[1, 0, 1, 1, 1]) == [2, 0, 1, 1, 1]


def test_split_is_exact_for_large_amounts():
    cost = 10**17 + 1
    parts = split_cost(cost, weights=[1, 1])
    assert parts == [5 * 10**16 + 1, 5 * 10**16]


def test_rule_1_signatures(workspace):
    wanted = {
        "quote": "def quote(parcels: Sequence[Parcel], *, zone: str, insured: bool=False) -> int",
        "split_cost": "def split_cost(cost: int, *, weights: Sequence[int]) -> list[int]",
    }
    found = {
        node.name: f"def {node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
        for node in tree_of(workspace).body
        if isinstance(node, ast.FunctionDef) and node.name in wanted and node.returns is not None
    }
    assert found == wanted


def test_rule_2_whole_numbers_only(workspace):
    nodes = list(ast.walk(tree_of(workspace)))
    floats = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    divisions = [node for node in nodes if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert floats == []
    assert divisions == []
    assert names & {"float", "round", "math", "decimal", "fractions"} == set()


def test_rule_3_constants_stand_above_the_first_class(workspace):
    body = tree_of(workspace).body
    first_class = next(at for at, node in enumerate(body) if isinstance(node, ast.ClassDef))
    above = {
        target.id
        for node in body[:first_class]
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    assert {"FUEL_PER_MILLE", "INSURANCE_PERCENT", "INSURANCE_LEAST"} <= above
    assert (module.FUEL_PER_MILLE, module.INSURANCE_PERCENT, module.INSURANCE_LEAST) == (75, 2, 150)


def test_rule_3_constants_are_read_at_the_time_of_the_call(monkeypatch):
    monkeypatch.setattr(module, "FUEL_PER_MILLE", 0)
    assert quote([light()], zone="domestic") == 445
    monkeypatch.setattr(module, "INSURANCE_LEAST", 7)
    assert quote([light()], zone="domestic", insured=True) == 445 + 9
    monkeypatch.setattr(module, "INSURANCE_PERCENT", 10)
    assert quote([light()], zone="domestic", insured=True) == 445 + 45
    monkeypatch.setattr(module, "BASE", {"domestic": 100})
    assert quote([light()], zone="domestic") == 155


def test_rule_4_error_texts():
    heavy = [light(), light(31_501), light(40_000)]
    cases = [
        (lambda: quote([], zone="mars"), "nothing to send"),
        (lambda: quote(heavy, zone="mars"), "unknown zone: mars"),
        (lambda: quote(heavy, zone="far"), "parcel 2 is too heavy: 31501 g"),
        (lambda: split_cost(10, weights=[]), "no weight to share by"),
        (lambda: split_cost(10, weights=[0, 0]), "no weight to share by"),
    ]
    for call, text in cases:
        with pytest.raises(ParcelError) as caught:
            call()
        assert str(caught.value) == text


def test_heaviest_parcel_and_large_light_one_are_taken():
    # 390 + 32 * 55 = 2150; surcharge 161.25. Billed by size, 40000 g: 390 + 40 * 55 = 2590; surcharge 194.25
    assert quote([light(31_500)], zone="domestic") == 2311
    assert quote([Parcel(900, 1000, 1000, 200)], zone="domestic") == 2784


def test_rule_5_arguments_are_left_alone():
    parcels, weights = [light(3000), light(1000), light(2000)], [3, 1, 2]
    quote(parcels, zone="near", insured=True)
    split_cost(100, weights=weights)
    assert parcels == [light(3000), light(1000), light(2000)]
    assert weights == [3, 1, 2]
    assert quote(tuple(parcels), zone="near") == quote(parcels, zone="near")
    assert split_cost(100, weights=(3, 1, 2)) == [50, 17, 33]


def test_rule_6_docstrings(workspace):
    nodes = [node for node in ast.walk(tree_of(workspace)) if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in nodes if not ast.get_docstring(node)] == []


def test_what_was_there_still_works():
    assert total_weight([light(100), light(250)]) == 350
    assert Parcel(100, 100, 100, 101).volume_weight == 202
