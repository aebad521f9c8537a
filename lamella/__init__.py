"""The door: what a program that uses Lamella imports. Everything heavy is imported by what needs it."""

import os

# OpenMP's threads spin while they wait for each other, and beside other work on the same cores they then wait for threads that
# do not run: a training was slowed down five-fold to fifty-fold. This is read when torch is loaded, and nothing of ours loads
# it before this line has run. What the user has set stays.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
