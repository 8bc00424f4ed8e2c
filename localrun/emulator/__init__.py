"""The embedded AWS: MiniStack with what it does otherwise than AWS put right.

Runs in an environment of its own (requirements.txt) and so imports only MiniStack and the standard library. Each module corrects
one service, and stops with a clear message if MiniStack no longer has what it corrects.
"""
