"""Reading YAML with places, and writing folders all or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from recutis.errors import InputError
from recutis.files import Document, read_yaml, validate, writing_folder


class Inner(BaseModel):
    """A block in a list."""

    model_config = ConfigDict(extra="forbid")
    depth_um: float


class Outer(BaseModel):
    """A file."""

    model_config = ConfigDict(extra="forbid")
    name: str
    layers: tuple[Inner, ...] = ()
    more: dict[str, Inner] | None = None


def _write(tmp_path, text):
    path = tmp_path / "f.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_places_have_lines(tmp_path):
    """A place is found with its line; an absent one with the line of its nearest parent."""
    document = read_yaml(_write(tmp_path, "name: a\nlayers:\n  - depth_um: 3\n"))

    assert document.place("layers.0.depth_um") == "layers.0.depth_um (line 3 of f.yaml)"
    assert document.place("layers.0.width") == "layers.0.width (line 3 of f.yaml)"
    assert document.place("nothing") == "nothing (f.yaml)"
    assert document.place("") == "f.yaml"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must hold keys and values at the top .* found nothing"),
        ("[]", "found nothing"),
        ("- a\n", "found a list"),
        ("just words", "found a text"),
        ("42", "found a number"),
        ("a: 1\na: 2", r"the key 'a' stands twice \(line 2\)"),
        ("a: {b: 1, b: 2}", r"the key 'b' stands twice \(line 1\)"),
        ("a: &x 1\nb: *x", "uses a YAML alias"),
        ("a: [1", "is not valid YAML at line"),
        ("a: !!timestamp x", "is not valid YAML"),
        ("a: !!bool maybe", "is not valid YAML"),
        ("a: \t- b", "is not valid YAML at line 1"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("{" * 3000 + "a: 1" + "}" * 3000, "nested too deeply"),
    ],
)
def test_what_is_no_mapping_is_told(tmp_path, text, says):
    """Each way of being no YAML mapping has its sentence."""
    with pytest.raises(InputError, match=says):
        read_yaml(_write(tmp_path, text))


def test_unreadable_paths(tmp_path):
    """Absent files, folders, other encodings and huge files are told by path."""
    with pytest.raises(InputError, match=r"Cannot read .*absent\.yaml: No such file"):
        read_yaml(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match=r"Cannot read .*: Is a directory"):
        read_yaml(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"name: d\xe9collet\xe9")
    with pytest.raises(InputError, match="it is not UTF-8 text"):
        read_yaml(latin)
    with pytest.raises(InputError, match="larger than 2000000 bytes"):
        read_yaml(_write(tmp_path, "a: " + "x" * 2_000_001))
    with pytest.raises(InputError, match="a character that no path may hold"):
        read_yaml(tmp_path / "a\0b.yaml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: a\nlayer: []", r"Unknown key layer \(line 2 of f\.yaml\): did you mean 'layers'\?"),
        ("name: a\nlayers: [{depth: 1}]", r"Unknown key layers\.0\.depth \(line 2 of f\.yaml\): did you mean 'depth_um'\?"),
        ("name: a\nmore: {x: {deep: 1}}", r"Unknown key more\.x\.deep .*: did you mean 'depth_um'\?"),
        ("name: a\nzzz: 1", r"Unknown key zzz .*: known keys are name, layers, more\."),
        ("layers: []", r"Missing name .*: this must be answered"),
        ("name: 3", r"name \(line 1 of f\.yaml\) is 3: write a word"),
        (
            "name: a\nlayers: [{depth_um: deep}]",
            r"layers\.0\.depth_um \(line 2 of f\.yaml\) is 'deep': it should be a valid number",
        ),
        ('name: a\n"b\\a\\n": 1', r"Unknown key b\\x07\\n"),
    ],
)
def test_what_does_not_fit_the_model_is_told(tmp_path, text, says):
    """Unknown keys name the nearest, missing and wrong answers their place, always on one line."""
    with pytest.raises(InputError, match=says) as caught:
        validate(Outer, read_yaml(_write(tmp_path, text)))

    assert str(caught.value).isprintable()


def test_other_mistakes_are_counted():
    """The first mistake is told and the number of the others."""
    document = Document(name="f", data={"layers": [{"depth_um": "a"}, {"depth_um": "b"}]}, lines={})
    with pytest.raises(InputError, match=r"\(2 more to correct after this\.\)"):
        validate(Outer, document)


@given(st.binary(max_size=60) | st.text(alphabet="!&*{}[]:-,'\"\n \t#|>%@`ab0.?<~=", max_size=40).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_read_or_told(tmp_path_factory, content):
    """Any file gives a document or an InputError in one printable line."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    told = "read"
    try:
        validate(Outer, read_yaml(path))
    except InputError as error:
        told = str(error)
    assert told.isprintable()


def _write_half(target):
    with writing_folder(target) as folder:
        (folder / "a.txt").write_text("half")
        raise RuntimeError("half way")


def test_folder_appears_only_when_all_went_well(tmp_path):
    """A block that fails leaves nothing; one that ends well leaves the folder, and old files of other names stay."""
    target = tmp_path / "out"
    with pytest.raises(RuntimeError, match="half way"):
        _write_half(target)
    assert list(tmp_path.iterdir()) == []

    with writing_folder(target) as folder:
        (folder / "a.txt").write_text("new")
    (target / "mine.txt").write_text("kept")
    with writing_folder(target) as folder:
        (folder / "figures").mkdir()
        (folder / "figures" / "b.txt").write_text("b")
        (folder / "a.txt").write_text("newer")

    assert (target / "a.txt").read_text() == "newer"
    assert (target / "mine.txt").read_text() == "kept"
    assert (target / "figures" / "b.txt").read_text() == "b"
    assert list(tmp_path.iterdir()) == [target]


def test_folder_that_cannot_be_written(tmp_path):
    """A file in the way, or a file among the parents, is told with what to do."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file; give a folder with --out"), writing_folder(tmp_path / "file"):
        pass
    with pytest.raises(InputError, match=r"Cannot write to .* Give a writable folder"), writing_folder(tmp_path / "file" / "out"):
        pass
