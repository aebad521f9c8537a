"""A number -> torch computes with so many threads from here on."""


def compute_with(threads: int | None) -> None:
    """For the thread that computes, which torch's setting belongs to; None leaves it."""
    if threads:
        import torch

        torch.set_num_threads(threads)
