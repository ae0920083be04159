import ast

import pytest
from masking import mask_account, mask_email, mask_fields, mask_phone

OLD_FUNCTIONS = '''
def mask_email(address: str) -> str:
    """Return the address with its local part hidden, except for the first character."""
    local, at, domain = address.rpartition("@")
    if not local or not domain:
        raise ValueError("e-mail address has no @ between two parts")
    return local[:EMAIL_SHOWN] + HIDDEN + at + domain


def mask_phone(number: str) -> str:
    """Return the phone number as stars, except for its last digits; blanks and the leading + stay."""
    digits = sum(character.isdigit() for character in number)
    masked = []
    for character in number:
        if character.isdigit():
            masked.append(character if digits <= PHONE_SHOWN else "*")
            digits -= 1
        else:
            masked.append(character)
    return "".join(masked)


def mask_fields(record: Mapping[str, str], secret: Collection[str]) -> dict[str, str]:
    """Return a copy of ``record`` in which the fields named in ``secret`` are hidden altogether."""
    return {name: HIDDEN if name in secret else value for name, value in record.items()}
'''
OLD_CONSTANTS = {"HIDDEN": "***", "EMAIL_SHOWN": 1, "PHONE_SHOWN": 2}
OLD_IMPORTS = {("__future__", "annotations"), ("collections.abc", "Collection"), ("collections.abc", "Mapping")}


def tree_of(workspace):
    return ast.parse((workspace / "masking.py").read_text(encoding="utf-8"))


def functions_of(tree):
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def constants_of(tree):
    """Value nodes of plain and annotated assignments of one name at the top level."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
    return found


def is_number(node):
    return isinstance(node, ast.Constant) and type(node.value) in (int, float, complex)


def test_given_example():
    assert mask_account("DE89 3704 0044 0532 0130 00") == "**** **** **** **** **30 00"


def test_shortest_number():
    assert mask_account("12345678") == "**** 5678"


def test_nine_characters():
    assert mask_account("123456789") == "**** *678 9"


def test_hyphens_and_spaces_do_not_count():
    assert mask_account(" 1234-5678 - 90 ") == "**** **78 90"


def test_letters_of_both_cases_are_kept():
    assert mask_account("aaaabbbbCdeF") == "**** **** CdeF"


def test_too_short():
    for number in ("1234567", "", "  - ", "1-2-3-4-5-6-7"):
        with pytest.raises(ValueError) as caught:
            mask_account(number)
        assert str(caught.value) == "account number is too short"


def test_invalid_character():
    for number in ("1234.5678", "12345678/", "1234\t5678", "DE89370400440532\u0663\u0663\u0663\u0663", "\u00c4BCDEFGH"):
        with pytest.raises(ValueError) as caught:
            mask_account(number)
        assert str(caught.value) == "account number has an invalid character"


def test_invalid_character_comes_before_too_short():
    with pytest.raises(ValueError) as caught:
        mask_account("12_")
    assert str(caught.value) == "account number has an invalid character"


def test_old_functions_still_work():
    assert mask_email("rosa@example.org") == "r***@example.org"
    assert mask_phone("+49 30 1234567") == "+** ** *****67"
    assert mask_fields({"user": "rosa", "pin": "4711"}, {"pin"}) == {"user": "rosa", "pin": "***"}


def test_rule_1_old_functions_are_untouched(workspace):
    now = functions_of(tree_of(workspace))
    for name, node in functions_of(ast.parse(OLD_FUNCTIONS)).items():
        assert ast.dump(now[name]) == ast.dump(node)


def test_rule_1_old_constants_are_untouched(workspace):
    now = constants_of(tree_of(workspace))
    assert {name: now[name].value for name in OLD_CONSTANTS} == OLD_CONSTANTS


def test_rule_2_no_new_imports(workspace):
    found = set()
    for node in ast.walk(tree_of(workspace)):
        if isinstance(node, ast.Import):
            found |= {(alias.name, None) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module, alias.name) for alias in node.names}
    assert found <= OLD_IMPORTS


def test_rule_3_no_numbers_in_the_function(workspace):
    function = functions_of(tree_of(workspace))["mask_account"]
    numbers = [node.value for node in ast.walk(function) if is_number(node)]
    assert [number for number in numbers if number not in (0, 1)] == []


def test_rule_3_numbers_are_constants_in_upper_case(workspace):
    constants = constants_of(tree_of(workspace))
    numbers = {name: node.value for name, node in constants.items() if is_number(node)}
    assert {4, 8} <= set(numbers.values())
    assert all(name == name.upper() for name in numbers)


def test_rule_4_docstring_of_one_line(workspace):
    text = ast.get_docstring(functions_of(tree_of(workspace))["mask_account"], clean=False)
    assert text is not None
    assert len(text.splitlines()) == 1
    assert text.endswith(".")
