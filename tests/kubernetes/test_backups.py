"""A backup of the bucket or of the database, brought back beside a newer one of the other."""

from pathlib import Path

import pytest

from backups import (
    bring_back_database,
    checked,
    dump_database,
    names_in_bucket,
    no_site,
    take_out_of_bucket,
)
from release import NAME, Release
from runs import fetched, sent
from small_show import SmallShow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_a_database_older_than_its_bucket_knows_the_videos_again(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    dump_database(release)
    video = sent(release, token, small_show, 2.25)
    made = fetched(release, token, video, tmp_path / "out")
    with no_site(release):
        bring_back_database(release)
    assert fetched(release, token, video, tmp_path / "again") == made
    assert checked(release) == "every run has what it promises\n"


def test_a_bucket_older_than_its_database_forgets_and_says_so(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    before = names_in_bucket(release)
    video = sent(release, token, small_show, 2.125)
    made = fetched(release, token, video, tmp_path / "out")
    later = names_in_bucket(release) - before
    pieces = {name for name in later if name.startswith("pieces/")}
    take_out_of_bucket(release, pieces)
    told = checked(release)
    assert sorted(name for name in pieces if f"  lacks {name}\n" not in told) == []
    with no_site(release):
        take_out_of_bucket(release, later - pieces)
    said = release.kubectl("logs", f"deploy/{NAME}-inyourarea-gateway")
    assert f"the catalog knew more of video {video} than the store does" in said
    assert checked(release) == "every run has what it promises\n"
    assert sent(release, token, small_show, 2.125) == video
    assert fetched(release, token, video, tmp_path / "again") == made


def test_a_bucket_that_lacks_pieces_has_them_again(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = sent(release, token, small_show, 2)
    made = fetched(release, token, video, tmp_path / "out")
    run = {name for name in names_in_bucket(release) if name.startswith("pieces/")}
    take_out_of_bucket(release, run)
    assert "lacks pieces/" in checked(release)
    assert "what can be made again is" in checked(release, "--mend")
    assert sent(release, token, small_show, 2) == video
    assert fetched(release, token, video, tmp_path / "again") == made
