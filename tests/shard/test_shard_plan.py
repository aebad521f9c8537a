"""Where records fall: counts, splits by page, shards by key, and an order that depends on keys alone."""

from lamella.schemas.config import ShardConfig
from lamella.schemas.pair import Dataset
from lamella.transforms.shard.plan import ShardPlan, order_in_shard, page_key, place_of, plan_shards

CONFIG = ShardConfig(samples_per_shard=10, validation_share=0.25)


def test_plan_counts_shards_of_each_split():
    assert plan_shards(Dataset.M3W, 100, CONFIG) == ShardPlan(dataset=Dataset.M3W, train_shards=8, validation_shards=3)
    assert plan_shards(Dataset.VTP, 1, CONFIG) == ShardPlan(dataset=Dataset.VTP, train_shards=1, validation_shards=1)
    assert plan_shards(Dataset.VTP, 0, CONFIG) == ShardPlan(dataset=Dataset.VTP, train_shards=0, validation_shards=0)
    none = ShardConfig(validation_share=0.0)
    assert plan_shards(Dataset.VTP, 1001, none) == ShardPlan(dataset=Dataset.VTP, train_shards=2, validation_shards=0)
    every = ShardConfig(validation_share=1.0)
    assert plan_shards(Dataset.VTP, 1001, every) == ShardPlan(dataset=Dataset.VTP, train_shards=0, validation_shards=2)


def test_a_page_is_in_one_split_in_every_dataset(world):
    places = {"train": 0, "validation": 0}
    for number in range(400):
        plan = plan_shards(Dataset.M3W, 400, CONFIG)
        split, shard = place_of(world.document(number), plan, CONFIG)
        assert 0 <= shard < plan.shards(split)
        records = [world.pair(number), world.pair(number, Dataset.LTIP), world.film(number)]
        assert {page_key(record) for record in records} == {world.document(number).key}
        assert {place_of(record, plan, CONFIG)[0] for record in records} == {split}
        places[split] += 1
    assert abs(places["validation"] - 100) < 30


def test_order_is_by_hash_and_total(world):
    pairs = [world.pair(number) for number in range(20)]
    assert sorted(pairs, key=order_in_shard) == sorted(pairs[10:] + pairs[:10], key=order_in_shard)
    assert sorted(pairs, key=order_in_shard) != sorted(pairs, key=lambda pair: pair.key)
