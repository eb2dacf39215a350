"""MovieLens files: what they say, and the line that is not whole."""

import numpy as np
import pytest

from mmlcore.datasets import load_movielens

MOVIES = "1::Toy Story (1995)::Animation|Comedy\n4::Les Misérables (1995)::Drama|Musical\n"
RATINGS = "1::4::5::978300760\n2::1::3::978302109\n2::4::1::978301968\n"


@pytest.fixture
def folder(tmp_path):
    def write(ratings=RATINGS, movies=MOVIES, ending="\n"):
        (tmp_path / "movies.dat").write_bytes(movies.encode("latin-1"))
        (tmp_path / "ratings.dat").write_bytes(ratings.replace("\n", ending).encode("latin-1"))
        return tmp_path

    return write


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_ratings_and_titles(folder, ending):
    data = load_movielens(folder(ending=ending))
    assert data.titles == {1: "Toy Story (1995)", 4: "Les Misérables (1995)"}
    assert data.user_ids.tolist() == [1, 2, 2]
    assert data.movie_ids.tolist() == [4, 1, 4]
    assert data.ratings.tolist() == [5, 3, 1]
    matrix = data.matrix()
    assert matrix.dtype == np.uint8
    np.testing.assert_array_equal(matrix, [[0, 3], [0, 0], [0, 0], [5, 1]])


def test_no_newline_at_the_end_and_no_ratings(folder):
    assert len(load_movielens(folder(RATINGS.rstrip())).ratings) == 3
    assert load_movielens(folder("")).matrix().shape == (0, 0)


BAD = [
    "1::99999999999999999999::5::9",
    "2::1::3",
    "2::1::3::",
    "2::1::6::978302109",
    "0::1::3::978302109",
    "2::1::3::978302109::7",
    "2:1::3::978302109:",
    "2::1:::3::97830210",
    "2::1::three::978302109",
    "2::-1::3::978302109",
    "",
    "2\t1\t3\t978302109",
]


@pytest.mark.parametrize("line", BAD)
def test_malformed_ratings_name_file_and_line(folder, line):
    lines = RATINGS.splitlines()
    lines[1] = line
    with pytest.raises(ValueError, match=r"load_movielens: .*ratings.dat, line 2 must be user id::movie id::rating"):
        load_movielens(folder("\n".join(lines)))


def test_faults_that_cancel_are_found(folder):
    with pytest.raises(ValueError, match=r"ratings.dat, line 1 must be .*, got '1::4::5'"):
        load_movielens(folder("1::4::5\n2::1::3::978302109::978301968\n"))


def test_malformed_titles_and_missing_files(folder, tmp_path):
    with pytest.raises(ValueError, match=r"load_movielens: .*movies.dat, line 2 must be movie id::title::genres"):
        load_movielens(folder(movies="1::Toy Story (1995)::Comedy\n2::Heat"))
    with pytest.raises(FileNotFoundError):
        load_movielens(tmp_path / "nowhere")
