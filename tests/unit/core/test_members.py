"""Names of people, and file names made of them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.core.errors import UnknownMember
from inyourarea.core.members import file_names, fold, match_members, tidy

names = st.text(max_size=400)


def test_composed_and_decomposed_hangul_are_one_name():
    composed = "지수"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert match_members([decomposed], [composed]) == (composed,)
    assert tidy(decomposed) == composed


def test_case_and_width_do_not_count():
    assert match_members(["LISA", "ｊｅｎｎｉｅ"], ["Jennie", "Lisa"]) == ("Lisa", "Jennie")


def test_a_member_asked_for_twice_is_given_once():
    assert match_members(["Lisa", "lisa"], ["Lisa"]) == ("Lisa",)


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(UnknownMember, match=r"'Rosa'.*Rosé, Lisa"):
        match_members(["Lisa", "Rosa"], ["Rosé", "Lisa"])
    with pytest.raises(UnknownMember, match="nobody"):
        match_members(["Lisa"], [])


def test_the_exact_spelling_wins_between_two_that_are_alike():
    assert match_members(["lisa"], ["Lisa", "lisa"]) == ("lisa",)
    with pytest.raises(UnknownMember, match="any of Lisa, lisa"):
        match_members(["LISA"], ["Lisa", "lisa"])


@given(names)
def test_folding_twice_is_folding_once(name):
    assert fold(fold(name)) == fold(name)


def test_a_plain_name_is_its_file_name_in_any_script():
    assert file_names(["person-1", "Rosé", "지수", "M.J"]) == ("person-1", "Rosé", "지수", "M.J")


@pytest.mark.parametrize(
    "name",
    ["../etc/passwd", "a\nb", 'say "hi"', "x" * 300, "가" * 300, "..", "", " ", "con", "a/b", "\0"],
)
def test_a_dangerous_name_becomes_a_safe_file_name(name):
    (file_name,) = file_names([name])
    assert file_name
    assert not set(file_name) & set('/\\\n\r\0"<>|:*?')
    assert not file_name.startswith((".", "-", " "))
    assert len(file_name.encode()) <= 120
    assert file_name.casefold() != "con"


@given(st.lists(names, max_size=6))
def test_no_two_people_share_a_file_whatever_the_case(people):
    made = file_names(people)
    assert len({unicodedata.normalize("NFKC", name).casefold() for name in made}) == len(people)
    assert all(0 < len(name.encode()) <= 120 for name in made)


def test_a_file_name_does_not_depend_on_who_else_is_there():
    assert file_names(["a/b", "Lisa"]) == file_names(["a/b"]) + file_names(["Lisa"])
    assert file_names(["a/b"]) != file_names(["a-b"])
