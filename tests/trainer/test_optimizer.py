"""Groups and clipping, by hand."""

import pytest
import torch
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import distribute_tensor
from training_world import write_language

from lamella.schemas.errors import TrainingError
from lamella.trainer.core.optimizer import BadSteps, Group, clip, make_optimizer, set_rate
from lamella.trainer.flamingo.config import resolve
from lamella.trainer.flamingo.model import build
from lamella.trainer.flamingo.train import _group

CONFIG = resolve("demo", {"learning_rate": "0.5", "warmup_steps": "4", "weight_decay": "0.25"})


def test_a_group_has_a_rate_and_a_decay_of_its_own():
    slow, fast = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    groups = {"slow": Group(weight_decay=0.5), "fast": Group(rate_scale=20.0)}
    optimizer = make_optimizer({"slow": slow, "fast": fast}, groups.__getitem__, CONFIG)
    set_rate(optimizer, 0.25)
    found = {id(group["params"][0]): (group["lr"], group["weight_decay"]) for group in optimizer.param_groups}
    assert found == {id(slow): (0.25, 0.5), id(fast): (5.0, 0.0)}


def test_steps_without_a_finite_loss_end_a_training_when_they_follow_one_another(capsys):
    bad_steps = BadSteps(CONFIG.model_copy(update={"max_bad_steps": 2}))
    for step, finite in enumerate((True, False, True, False), start=1):
        bad_steps.note(step, finite)
    assert capsys.readouterr().err.count("the loss is not finite; no update") == 2
    with pytest.raises(TrainingError, match=r"learning_rate=0.5: 2 steps in a row without a finite loss"):
        bad_steps.note(5, False)


def test_matrices_of_gated_blocks_decay_and_nothing_else(tmp_path):
    config = CONFIG.model_copy(update={"language": write_language(tmp_path), "latents": 4, "resampler_layers": 1})
    model = build(config, torch.device("cpu"))
    parameters = model.trained()
    optimizer = make_optimizer(parameters, lambda name: _group(name, config), config)
    decay = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert len(decay) == len(parameters)
    decayed = {name for name, parameter in parameters.items() if decay[id(parameter)]}
    assert set(decay.values()) == {0.0, 0.25}
    expected = ("attention.to_q", "attention.to_kv", "attention.to_out", "feedforward.up", "feedforward.down")
    assert decayed == {f"cross_attention.{gate}.{name}.weight" for gate in (0, 1) for name in expected}


def test_a_state_that_stands_from_the_start_changes_no_update():
    first, second = (torch.nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
    mine = make_optimizer({"a": first}, lambda name: Group(weight_decay=0.25), CONFIG)
    plain = torch.optim.AdamW([second], lr=0.5, betas=CONFIG.betas, eps=CONFIG.epsilon, weight_decay=0.25)
    for step in range(3):
        for parameter, optimizer in ((first, mine), (second, plain)):
            parameter.grad = torch.tensor([0.3, -0.1 * step])
            optimizer.step()
    assert torch.equal(first, second)


def test_sharded_and_whole_parameters_update_together_as_on_a_gpu(tmp_path):
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        sharded = torch.nn.Parameter(distribute_tensor(torch.ones(4), init_device_mesh("cpu", (1,))))
        whole = torch.nn.Parameter(torch.ones(4))
        optimizer = make_optimizer({"a": sharded, "b": whole}, lambda name: Group(), CONFIG)
        for group in optimizer.param_groups:
            group["fused"] = True
        sharded.grad, whole.grad = torch.full_like(sharded, 0.5), torch.full_like(whole, 0.5)
        optimizer.step()
        assert torch.equal(sharded.full_tensor(), whole) and whole[0] < 1
    finally:
        distributed.destroy_process_group()


@pytest.mark.parametrize(("longest", "scale"), [(1.0, 1 / 13), (26.0, 1.0)])
def test_the_gradient_is_clipped_as_one(longest, scale):
    parameters = [torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(3))]
    parameters[0].grad, parameters[1].grad = torch.tensor([3.0, 4.0]), torch.tensor([12.0])
    assert clip(parameters, longest).item() == 13.0
    assert parameters[0].grad.tolist() == pytest.approx([3 * scale, 4 * scale], rel=1e-5)
    assert parameters[1].grad.tolist() == pytest.approx([12 * scale], rel=1e-5)
    assert parameters[2].grad is None


def test_a_norm_that_is_not_finite_is_told():
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([1.0, float("nan")])
    assert not clip([parameter], 1.0).isfinite()
