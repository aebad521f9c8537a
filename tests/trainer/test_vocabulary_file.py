"""The vocabulary that a training leaves behind tells its own from another's."""

from flamingo_world import world_vocabulary

from lamella.trainer.loading.tokenizer import is_saved, save_vocabulary


def test_another_vocabulary_is_not_the_saved_one(tmp_path):
    path = tmp_path / "vocabulary.json"
    save_vocabulary(world_vocabulary(()), path)
    assert is_saved(world_vocabulary(()), path)
    assert not is_saved(world_vocabulary(("another",)), path)
