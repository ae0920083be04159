from assay.names import LISTED, nearest, same_but_for_number, suggestion


def test_the_nearest_name_does_not_mind_case_and_none_is_better_than_a_wild_guess() -> None:
    assert nearest("Modles", ["models", "MODE", "agents"]) == "models"
    assert nearest("meta-llama", ["ollama", "openai"], 0.75) is None
    assert nearest("x", []) is None


def test_letters_in_another_order_are_the_likeliest_slip() -> None:
    assert nearest("modle", ["mode", "model", "models"]) == "model"
    assert nearest("Modle", ["mode", "models", "MODEL"]) == "MODEL"
    assert nearest("modee", ["mode", "model"]) == "mode"


def test_a_suggestion_is_the_nearest_name_or_what_there_is() -> None:
    assert suggestion("swft", ["swift", "deep"]) == "Did you mean 'swift'?"
    assert suggestion("claude", ["swift", "deep"]) == "Valid: deep, swift"
    assert suggestion("claude", ["swift"], otherwise="See: assay --help") == "See: assay --help"
    assert suggestion("claude", []) == ""


def test_a_suggestion_stays_one_line_for_a_large_suite() -> None:
    told = suggestion("?", [f"task-{n:03}" for n in range(500)])
    assert told.startswith("Valid: task-000, ")
    assert told.endswith(f"task-{LISTED - 1:03} and {500 - LISTED} more")


def test_number_is_no_difference() -> None:
    assert same_but_for_number("model", "models")
    assert not same_but_for_number("s", "")
    assert not same_but_for_number("model", "mode")
