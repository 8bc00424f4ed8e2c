"""The embedded AWS: MiniStack with what it does otherwise than AWS put right.

Runs in an environment of its own (requirements.txt) and so imports nothing that is not there. Each module corrects one service,
and stops with a clear message if MiniStack no longer has what it corrects.
"""
