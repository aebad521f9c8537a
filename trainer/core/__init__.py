"""What every training stands on, once: config, checkpoint, order of samples, optimizer, meter, stop, console."""
