"""Stage and fancam side by side: which frames they show, read from pictures of the page."""

from collections.abc import Callable

import pytest

from watching import Watching

Watch = Callable[..., Watching]


@pytest.mark.parametrize("search", ["", "?rate=0.5", "?mirror=1", "?person=Bo"])
def test_the_virtual_fancam_is_never_apart(watching: Watch, search: str) -> None:
    page = watching(search)
    page.play()
    pairs = page.record(4)
    print(len(pairs.stage), pairs.unread, pairs.share_equal, pairs.stage[:10], pairs.fancam[:10])
    assert len(pairs.stage) >= 20
    assert pairs.share_equal >= 0.999
